"""Who every face of a library is: worked out from facts, the recogniser in use and the names of groups.

What belongs here: the order of precedence, and writing what changed. What does not: saying facts (`correcting`), learning from them
(`recogniser`), finding faces (`scanning`).

What somebody said of a face (`library.facts`) comes first and forbids what contradicts it, then the recogniser speaks, then the name that
other faces of the group have. Nobody is named twice in a photo by anything but a fact.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from whosthat.errors import LibraryError
from whosthat.library.contents import embeddings, files_of_photos, photos_by_digest, set_setting
from whosthat.library.facts import Said, key_of, names_by_key, people_of, rows_of_people, said_of_faces
from whosthat.library.store import Library
from whosthat.recognition.bundle import FACTS, find_bundle
from whosthat.recognition.distances import distances
from whosthat.recognition.gallery import FILE
from whosthat.recognition.grouping import ASIDE
from whosthat.recognition.identifier import Decision, Identifier
from whosthat.recognition.manifest import read_manifest
from whosthat.translation import _
from whosthat.workflow.library.in_use import LEARNT, OWN, bundle_in_use, face_recogniser, own_is_whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray

AT_ONCE = 8192
"""Faces whose embeddings are in memory at once, and those of one photo more."""

SHOWN = 10
"""So many answers that changed are told one by one."""


@dataclass(frozen=True, slots=True)
class ChangedAnswer:
    """A face that has another name than before; None is nobody.

    Attributes:
        photo: SHA-256 of the photo, in hexadecimal.
        face: The number of the face, from 1, from the left.
        before, after: The names.
        path: The photo, where it lies or last lay; None where no file of it is known.
    """

    photo: str
    face: int
    before: str | None
    after: str | None
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What answering again did.

    Attributes:
        faces: How many faces were looked at.
        changed: How many of them have another name than before.
        first: The first of these, photo by photo.
        note: What the user should know; empty where all is well.
    """

    faces: int
    changed: int
    first: tuple[ChangedAnswer, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    """Who a face is, empty for nobody; how sure, 0 to 1; and why."""

    name: str
    confidence: float
    why: str


class _Faces(NamedTuple):
    """Faces of whole photos, photo by photo, from left to right: rows in the library, photos' rows, embeddings, float32 (n, dimensions)."""

    rows: list[int]
    photos: list[int]
    vectors: FloatArray


def answer_again(library: Library, photos: Collection[int] | None = None, *, may_learn: bool = True) -> Answered:
    """Work out who every face is, and write what is new; whoever calls holds `Library.alone`.

    Where there is something else for the library's own recogniser to learn, it learns that first.

    Args:
        library: The library.
        photos: Rows of the photos that are new; None is all. Where facts or recogniser are others than the last time, all are answered.
        may_learn: False where it has just learnt.

    Returns:
        How many answers changed.

    Raises:
        BundleError: The recogniser in use cannot be opened or saved; the answers stay as they were.
        LibraryError: The library is damaged or cannot be written.
    """
    reader = library.setting("reader")
    if reader is None:
        return Answered(0, 0)
    if may_learn and library.setting("bundle") == OWN and library.setting(LEARNT) and not is_answered(library):
        from whosthat.workflow.library.recogniser import learn  # fitting is rare

        learn(library)
    bundle, state = bundle_in_use(library), _state(library)
    recogniser = None if bundle is None else face_recogniser(bundle)
    if bundle is not None and recogniser is None:
        raise LibraryError("{bundle} is no face recogniser. Scan again with another bundle.", bundle=bundle)
    if photos is None or library.setting("answered") != state:
        photos = [row for (row,) in library.rows("SELECT DISTINCT photo FROM faces WHERE reader = ?", (reader,))]
    photos, people, names = sorted(photos), people_of(library), names_by_key(library)
    told = said_of_faces(library, reader, photos)
    fits = recogniser is not None and recogniser.reader.key == reader
    answers: dict[int, _Answer] = {}
    if fits and recogniser is not None:
        for faces in _blocks(library, reader, photos):
            answers.update(_recognised(recogniser.identifier, faces, told, people, names))
    for face, one in told.items():
        if one.fact:
            answers[face] = _Answer("" if one.person is None else people[one.person], 1.0, "no_face" if one.no_face else "fact")
    answers.update(_of_groups(library, reader, photos, told, answers))
    note = "" if fits or recogniser is None else _("The recogniser in use knows other embeddings than this library. Scan again with it.")
    return _written(library, reader, photos, answers, state, note)


def is_answered(library: Library) -> bool:
    """Tell whether facts and recogniser are those by which the faces were answered last; BundleError as of `answer_again`."""
    return library.setting("answered") == _state(library)


def _state(library: Library) -> str:
    """Return what is another text whenever facts or recogniser are others."""
    facts = library.rows("SELECT count(*), count(undone_at), max(said_at), max(undone_at) FROM facts")[0]
    bundle = bundle_in_use(library)
    lost = library.setting("bundle") == OWN and not own_is_whole(library)
    files = {} if bundle is None or lost else read_manifest(find_bundle(bundle)).files
    return repr((*facts, library.setting("reader"), *(files[name].sha256 for name in (FACTS, FILE) if name in files)))


def _blocks(library: Library, reader: str, photos: Sequence[int]) -> Iterator[_Faces]:
    """Yield the faces of photos, at least `AT_ONCE` at once where there are so many."""
    found = library.rows_of("SELECT id, photo, vector FROM faces WHERE reader = ? AND photo IN ({}) ORDER BY photo, number", photos, reader)
    rows: list[tuple[int, int, bytes]] = []
    for row in found:
        if len(rows) >= AT_ONCE and row[1] != rows[-1][1]:
            yield _faces(library, rows)
            rows = []
        rows.append(row)
    if rows:
        yield _faces(library, rows)


def _faces(library: Library, rows: Sequence[tuple[int, int, bytes]]) -> _Faces:
    return _Faces([row[0] for row in rows], [row[1] for row in rows], embeddings(library, [row[2] for row in rows]))


def _recognised(
    identifier: Identifier, faces: _Faces, told: Mapping[int, Said], people: Mapping[int, str], known: Mapping[str, str]
) -> Iterator[tuple[int, _Answer]]:
    """Yield the answers of the recogniser, by face; what somebody said is respected. ``known`` is that of `facts.names_by_key`."""
    names = [known.get(key_of(name), name) for name in identifier.gallery.people]
    decision = _decided(identifier, faces, told, people, names)
    ends = np.flatnonzero(np.diff(np.array(faces.photos), append=-1)) + 1
    chosen = [person for photo in decision.people(ends) for person in photo]
    named = np.array([-1 if label is None else label for label in chosen], np.int64)
    own = np.where(decision.labels == named[:, None], decision.confidence, 0).sum(axis=1)
    sure = np.where(named >= 0, own, 1 - decision.confidence.sum(axis=1)).clip(0, 1).tolist()
    for row, label, confidence in zip(faces.rows, chosen, sure, strict=True):
        yield row, _Answer("" if label is None else names[label], confidence, "recogniser")


def _decided(identifier: Identifier, faces: _Faces, told: Mapping[int, Said], people: Mapping[int, str], names: Sequence[str]) -> Decision:
    """Decide, without the names that faces cannot have because of what somebody said of them or of others in their photo."""
    decision = identifier.decide(faces.vectors)
    row_of = {name: row for row, name in people.items()}
    labels: dict[int | None, set[int]] = defaultdict(set)  # several where people were merged
    for label, name in enumerate(names):
        labels[row_of.get(name)].add(label)
    labels.pop(None, None)
    heard = {at: told[row] for at, row in enumerate(faces.rows) if row in told}
    if denied := {at: own for at, one in heard.items() if (own := {label for person in one.never for label in labels[person]})}:
        never = np.zeros((len(denied), len(names)), bool)
        for place, own in enumerate(denied.values()):
            never[place, list(own)] = True
        again = identifier.decide(faces.vectors[list(denied)], never)
        parts: list[NDArray[Any]] = [part.copy() for part in decision]
        for part, new in zip(parts, again, strict=True):
            part[list(denied)] = new
        decision = Decision(*parts)
    allowed = np.array(decision.allowed)
    taken: dict[int, set[int]] = defaultdict(set)
    for at, one in heard.items():
        if one.fact:
            allowed[at] = False
        if one.person is not None and labels[one.person]:
            taken[faces.photos[at]] |= labels[one.person]
    for at, photo in enumerate(faces.photos) if taken else ():
        if photo in taken:
            allowed[at] &= ~np.isin(decision.labels[at], list(taken[photo]))
    return decision._replace(allowed=allowed)


def _of_groups(
    library: Library, reader: str, photos: Sequence[int], told: Mapping[int, Said], answers: Mapping[int, _Answer]
) -> Iterator[tuple[int, _Answer]]:
    """Yield the name of its group for each face that has none: that of the nearest face of which a fact says who it is.

    What was said of single faces alone names no other.
    """
    if not photos:
        return
    found = library.rows("SELECT face, photo, groups.number FROM groups JOIN faces ON faces.id = face WHERE reader = ?", (reader,))
    members: dict[int, list[int]] = defaultdict(list)
    for face, _photo, group in found:
        members[group].append(face)
    members.pop(ASIDE, None)
    photo_of, people, wanted = {face: photo for face, photo, _group in found}, people_of(library), set(photos)
    everything = said_of_faces(library, reader) if members else {}
    taken = {(photo_of[face], answer.name) for face, answer in answers.items() if face in photo_of}
    for faces in members.values():
        named = {face: everything[face].person for face in faces if face in everything and everything[face].person is not None}
        of_group = {everything[face].person for face in named if everything[face].of_group}
        open_faces = [face for face in faces if photo_of[face] in wanted and not (face in answers and answers[face].name)]
        open_faces = [face for face in open_faces if face not in told or not told[face].fact]
        for face, person in _nearest_named(library, named, open_faces):
            place = photo_of[face], people[person]
            if person in of_group and place not in taken and not (face in told and person in told[face].never):
                taken.add(place)
                yield face, _Answer(people[person], 0.0, "group")


def _nearest_named(library: Library, named: Mapping[int, int | None], faces: Sequence[int]) -> Iterator[tuple[int, int]]:
    people = {person for person in named.values() if person is not None}
    if len(people) == 1:
        yield from ((face, next(iter(people))) for face in faces)
    elif people and faces:
        vectors = dict(library.rows_of("SELECT id, vector FROM faces WHERE id IN ({})", [*named, *faces]))
        far = distances(*(embeddings(library, [vectors[face] for face in some]) for some in (faces, list(named))))
        whose = list(named.values())
        yield from ((face, whose[at] or 0) for face, at in zip(faces, far.argmin(axis=1).tolist(), strict=True))


def _written(library: Library, reader: str, photos: Sequence[int], answers: Mapping[int, _Answer], state: str, note: str) -> Answered:
    """Write the answers that are new, and say which."""
    before: dict[int, tuple[str, float, str]] = {}
    places: dict[int, tuple[str, int]] = {}
    for face, number, digest, name, confidence, why in library.rows_of(
        "SELECT faces.id, number, lower(hex(sha256)), coalesce(people.name, ''), confidence, why FROM faces "
        "JOIN photos ON photos.id = photo LEFT JOIN answers ON face = faces.id LEFT JOIN people ON people.id = person "
        "WHERE reader = ? AND photo IN ({}) "
        "ORDER BY photo, number",
        photos,
        reader,
    ):
        places[face] = digest, number
        if why is not None:
            before[face] = name, confidence, why
    new = {face: answer for face, answer in answers.items() if (answer.name, answer.confidence, answer.why) != before.get(face)}
    with library.changing() as change:
        rows = rows_of_people(change, {answer.name for answer in new.values() if answer.name})
        change.executemany("DELETE FROM answers WHERE face = ?", [(face,) for face in before if face not in answers])
        change.executemany(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)",
            [(face, rows.get(answer.name), answer.confidence, answer.why) for face, answer in new.items()],
        )
        set_setting(change, "answered", state)
    changed = []
    for face, (digest, number) in places.items():
        was, now = before.get(face, ("",))[0], answers[face].name if face in answers else ""
        if was != now:
            changed.append(ChangedAnswer(digest, number, was or None, now or None))
    return Answered(len(places), len(changed), tuple(_with_paths(library, changed[:SHOWN])), note)


def _with_paths(library: Library, changed: Sequence[ChangedAnswer]) -> Iterator[ChangedAnswer]:
    rows = photos_by_digest(library, {one.photo for one in changed})
    paths = files_of_photos(library, set(rows.values()), missing=True)
    yield from (replace(one, path=next(iter(paths.get(rows[one.photo], ())), None)) for one in changed)
