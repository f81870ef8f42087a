"""A library's own recogniser: learnt from what people said of its faces, and saved as a bundle in the library's folder.

What belongs here: which faces it may learn from, fitting, saving, and whether a correction does harm. What does not: the fit itself
(`recognition.enrolling`), saying facts (`correcting`), answering (`answering`).

It learns from names of groups, from people tagged by other programs, and from corrections that somebody gave leave to learn from. There is
no test: every photo is learnt from, and the figures are those of cross-validation.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.checking.costly import Answered, lost_to
from whosthat.checking.suspects import judge_photos
from whosthat.dataset.duplicates import BURST_SECONDS, Groups
from whosthat.errors import BundleError, LibraryError
from whosthat.library.contents import LibraryFace, faces_of, set_setting
from whosthat.library.facts import key_of, people_of, rows_of_people, said_of_faces
from whosthat.library.store import Library
from whosthat.recognition.bundle import BundleFacts, DataFacts, open_bundle
from whosthat.recognition.enrolling import FittedIdentifier, fit_identifier
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.heads import compared
from whosthat.translation import _
from whosthat.wording import counted, percent
from whosthat.workflow.face_notes import how_named
from whosthat.workflow.face_photos import OpenedReader, open_reader
from whosthat.workflow.gallery_bundle import lock_of
from whosthat.workflow.library.in_use import LEARNT, OWN, bundle_in_use, face_recogniser, networks_in_use, own_is_whole
from whosthat.workflow.training_run import versions

if TYPE_CHECKING:
    from whosthat.types import FloatArray, IntArray

_OWN = re.compile(r"/[0-9a-f]{64}-\d+$")
"""The name of an enrolled photo that is a face of the library."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a correction that is learnt from does.

    Attributes:
        fact: The number of the correction.
        person: Who the face is said to be.
        with_it, without_it: How many of the other faces are answered right with it, and without.
        n: How many others there are.
        likeliest: Who the face would sooner be than anybody else without it; None where nobody can tell.
    """

    fact: int
    person: str
    with_it: int
    without_it: int
    n: int
    likeliest: str | None

    @property
    def is_doubtful(self) -> bool:
        """Whether the other faces speak for somebody else."""
        return self.likeliest not in (None, self.person)

    @property
    def harms(self) -> bool:
        """Whether more of the others are right without it, and they do not speak for it: one answer more or less may be chance."""
        return self.without_it > self.with_it and self.likeliest != self.person


@dataclass(frozen=True)
class Learnt:
    """What a library's recogniser has learnt from.

    Attributes:
        people: How many people it knows.
        faces: How many faces are enrolled.
        left_out: How many are not, because they probably show somebody else than was said of their group.
        is_new: Whether it was learnt just now; otherwise nothing that it may learn from had changed.
        notes: How well it does in cross-validation, and how names are given.
        effects: What single corrections do, by the number of the fact.
    """

    people: int = 0
    faces: int = 0
    left_out: int = 0
    is_new: bool = False
    notes: tuple[str, ...] = ()
    effects: Mapping[int, Effect] = field(default_factory=dict)


class _Lesson(NamedTuple):
    """A face that may be learnt from: who it is, the fact that says so, and whether it is a correction of this one face."""

    face: LibraryFace
    person: str
    fact: int
    corrected: bool
    taken_at: float | None


class _Kept(NamedTuple):
    """An enrolled photo of the recogniser, with its embedding, float32 (dimensions,)."""

    person: str
    photo: EnrolledPhoto
    vector: FloatArray


class _Lessons(NamedTuple):
    """All of them, and the faces of which it may be learnt who they are not."""

    lessons: tuple[_Lesson, ...]
    ruled_out: tuple[tuple[LibraryFace, str], ...]

    @property
    def checksum(self) -> str:
        """Changes whenever something else is to be learnt."""
        taught = [(one.face.id, one.person, one.fact, hashlib.sha256(one.face.vector.tobytes()).hexdigest()) for one in self.lessons]
        out = [(face.id, person) for face, person in self.ruled_out]
        return hashlib.sha256(repr((sorted(taught), sorted(out))).encode()).hexdigest()


def learn(library: Library, *, replace: bool = False) -> Learnt | None:
    """Learn the library's own recogniser where that is due, and let the library use it; whoever calls holds `Library.alone`.

    Where nothing is left to learn from, the library has no recogniser any more. Answers follow with `answering.answer_again`.

    Args:
        library: The library.
        replace: Whether it takes the place of another recogniser that the library uses.

    Returns:
        What it has learnt; None where the library uses another recogniser, and where nothing may be learnt from.

    Raises:
        BundleError: It cannot be saved; the old one is then still there.
        LibraryError: The library is damaged or cannot be written.
        WeightsError: The weights of the networks, which go into the bundle, are missing.
    """
    reader = library.setting("reader")
    if reader is None or (library.setting("bundle") not in (None, OWN) and not replace):
        return None
    lessons, before = _lessons(library, reader), _remembered(library)
    there = library.setting("bundle") == OWN and own_is_whole(library)
    if before is not None and before[0] == lessons.checksum and there:
        return before[1]
    with lock_of(library.folder / OWN):
        opened, kept = _opened(library) if lessons.lessons or there else (None, [])
        if opened is None or not (lessons.lessons or kept):
            unlearn(library)
            return None
        return _learn(library, lessons, opened, kept)


def effects_of(library: Library) -> Mapping[int, Effect]:
    """Return what was found, when the recogniser last learnt, of the corrections that it learnt from, by the number of the fact."""
    before = _remembered(library)
    return {} if before is None else before[1].effects


def _lessons(library: Library, reader: str) -> _Lessons:
    told, people = said_of_faces(library, reader), people_of(library)
    teaching = {face for face, one in told.items() if one.teaches or one.ruled_out}
    photos = {row for (row,) in library.rows_of("SELECT photo FROM faces WHERE id IN ({})", sorted(teaching))}
    corrected = {number for (number,) in library.rows("SELECT id FROM facts WHERE how = 'face' AND enrolled")}
    times = dict(library.rows("SELECT id, taken_at FROM photos WHERE taken_at IS NOT NULL"))
    lessons, ruled_out = [], []
    for face in faces_of(library, reader, photos):
        if face.row not in teaching:
            continue
        one = told[face.row]
        if one.teaches and one.person is not None:
            lessons.append(_Lesson(face, people[one.person], one.fact, one.fact in corrected, times.get(face.photo)))
        ruled_out += [(face, people[person]) for person in sorted(one.ruled_out)]
    return _Lessons(tuple(lessons), tuple(ruled_out))


def _learn(library: Library, lessons: _Lessons, opened: OpenedReader, kept: Sequence[_Kept]) -> Learnt:
    gallery, groups, rows = _gallery(lessons, kept)
    fitted = fit_identifier(gallery, groups, embedder=opened.reader.embedder.facts.name)
    effects = effects_in(gallery, Answered.by(fitted, groups), {row: lesson.fact for row, lesson in rows.items() if lesson.corrected})
    data = DataFacts.of(library.folder.name, {"train": {photo.sha256 for photo in gallery.photos}})
    facts = BundleFacts(data=data, versions=versions(), **opened.facts(fitted.identifier))
    opened.save(library.folder / OWN, facts, gallery)
    learnt = Learnt(len(gallery.people), len(gallery.photos), len(lessons.lessons) - len(rows), True, _notes(fitted), effects)
    with library.changing() as change:
        set_setting(change, "bundle", OWN)
        rows_of = rows_of_people(change, {name for one in effects.values() for name in (one.person, one.likeliest) if name})
        plain = [{**asdict(one), "person": rows_of[one.person], "likeliest": rows_of.get(one.likeliest or "")} for one in effects.values()]
        noted = {"checksum": lessons.checksum, "people": learnt.people, "faces": learnt.faces, "left_out": learnt.left_out}
        set_setting(change, LEARNT, json.dumps({**noted, "effects": plain}))  # no names: they must go with the person
    return learnt


def effects_in(gallery: Gallery, answered: Answered, corrected: Mapping[int, int]) -> dict[int, Effect]:
    """Say what corrections do, by the number of the fact; ``corrected`` are the rows of their faces in the gallery, with these numbers."""
    whose, effects = gallery.templates[1], {}
    lost = lost_to(answered, [np.array([row]) for row in corrected])
    for (row, fact), more in zip(corrected.items(), lost, strict=True):
        own, nearest, other = (values[row] for values in answered.compared)
        likeliest = gallery.people[gallery.labels[row] if own <= nearest else whose[other]]
        effects[fact] = Effect(
            fact,
            person=gallery.people[gallery.labels[row]],
            with_it=(with_it := int(answered.right.sum() - answered.right[row])),
            without_it=with_it + more,
            n=len(gallery.photos) - 1,
            likeliest=likeliest if np.isfinite(own) else None,
        )
    return effects


def _gallery(lessons: _Lessons, kept: Sequence[_Kept]) -> tuple[Gallery, IntArray, dict[int, _Lesson]]:
    """Return what is enrolled, groups of photos that tell the same, int64 (n,), and which rows come from which lesson."""
    photos = [EnrolledPhoto(f"{one.person}/{one.face.id}", _digest(one.face)) for one in lessons.lessons]
    everything = [_Kept(one.person, photo, one.face.vector) for one, photo in zip(lessons.lessons, photos, strict=True)] + [*kept]
    names = {key_of(one.person): one.person for one in reversed(everything)}  # the library's own writing of a name counts
    people = tuple(sorted(names.values()))
    label_of = {key_of(name): label for label, name in enumerate(people)}
    labels = np.array([label_of[key_of(one.person)] for one in everything], np.int64)
    vectors, groups = np.stack([one.vector for one in everything]), _groups(lessons.lessons, len(kept))
    wrong, _unlike, ages = judge_photos(vectors, labels, groups, compared(vectors, labels, groups, len(people)))
    # faces are named group by group, or one by one: so people said of those of another age who it is
    gallery = Gallery(people, vectors, labels, tuple(one.photo for one in everything), ages=ages)
    wrong[[row for row, one in enumerate(lessons.lessons) if one.corrected]] = False  # somebody looked at this very face
    left = np.flatnonzero(~wrong)
    rows = {new: lessons.lessons[row] for new, row in enumerate(left.tolist()) if row < len(lessons.lessons)}
    gallery = gallery.of(left)
    for face, person in lessons.ruled_out:
        if key_of(person) in label_of:
            gallery = gallery.ruling_out(people[label_of[key_of(person)]], face.vector, _digest(face))
    return gallery, groups[left], rows


def _groups(lessons: Sequence[_Lesson], n_others: int) -> IntArray:
    """Number the photos so that those of one person that tell the same, of a burst, share a number."""
    groups = Groups(len(lessons) + n_others)
    order = sorted(range(len(lessons)), key=lambda row: (lessons[row].person, lessons[row].taken_at or 0.0, lessons[row].face.photo))
    for before, after in itertools.pairwise(order):
        one, other = lessons[before], lessons[after]
        timed = one.taken_at is not None and other.taken_at is not None and other.taken_at - one.taken_at <= BURST_SECONDS
        if one.person == other.person and (timed or one.face.photo == other.face.photo):
            groups.join(before, after)
    return np.array(groups.numbers(), np.int64)


def _opened(library: Library) -> tuple[OpenedReader, list[_Kept]]:
    """Open the library's reader, from a bundle where one has it, and give the photos of the own recogniser that are kept."""
    key = library.setting("reader")
    own, used = library.folder / OWN, bundle_in_use(library)
    kept: list[_Kept] = []
    found: OpenedReader | None = None
    places = [own] * own_is_whole(library) + [used] * (used is not None and used != own and used.exists())
    for bundle in filter(None, places):
        recogniser, files = face_recogniser(bundle), open_bundle(bundle)
        if recogniser is not None and files.facts.faces is not None and recogniser.reader.key == key:
            found = found or OpenedReader(recogniser.reader, files.graph(), files.detector_files(files.facts.faces.detector_files))
            if bundle == own:
                kept = _kept(recogniser.identifier.gallery)
    found = found or open_reader(*networks_in_use(library))
    if found.reader.key != key:
        raise LibraryError("The faces of this library were found by other networks ({key}). Scan again, then learn.", key=key)
    return found, kept


def _kept(gallery: Gallery) -> list[_Kept]:
    """Return the photos that were not learnt from facts of the library, but enrolled by somebody (`people.add_person`)."""
    rows = [row for row, photo in enumerate(gallery.photos) if not _OWN.search(photo.name)]
    return [_Kept(gallery.people[gallery.labels[row]], gallery.photos[row], np.array(gallery.vectors[row])) for row in rows]


def _notes(fitted: FittedIdentifier) -> tuple[str, ...]:
    """Say what cross-validation says, and how names are given."""
    if not fitted.accuracies:
        tested = _("There was no test, and too few photos for cross-validation.")
    else:
        tested = _(
            "In cross-validation, {share} of {faces} are nearest to the right person. There was no test: all are learnt from.",
            share=percent(fitted.accuracies[fitted.identifier.head]),
            faces=counted(int(np.isfinite(fitted.photos.own).sum()), "face"),
        )
    return tested, how_named(fitted)


def _remembered(library: Library) -> tuple[str, Learnt] | None:
    """Return what was noted when the recogniser last learnt; None where nothing was, or it makes no sense."""
    names = people_of(library)
    try:
        noted = json.loads(library.setting(LEARNT) or "null")
        known = [one for one in noted["effects"] if one["person"] in names]
        effects = {
            one["fact"]: Effect(**{**one, "person": names[one["person"]], "likeliest": names.get(one["likeliest"])}) for one in known
        }
        return noted["checksum"], Learnt(noted["people"], noted["faces"], noted["left_out"], effects=effects)
    except (ValueError, TypeError, KeyError):
        return None


def unlearn(library: Library) -> None:
    """Delete the library's own recogniser, of which nothing is left; BundleError where that cannot be."""
    own = library.folder / OWN
    if library.setting("bundle") != OWN and not own.exists():
        return
    shutil.rmtree(own, ignore_errors=True)
    if own.exists():
        raise BundleError("The recogniser {folder} cannot be deleted. Delete this folder yourself.", folder=own)
    with library.changing() as change:
        set_setting(change, "bundle", None)
        set_setting(change, LEARNT, None)


def _digest(face: LibraryFace) -> str:
    return face.id.rpartition("-")[0]
