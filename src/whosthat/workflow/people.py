"""Who a face recogniser knows: list, add, remove, rename, rule out, in seconds and without training again.

What belongs here: changing the gallery of a saved bundle, and refusing what would make it worse. What does not: what is left of somebody
elsewhere (`forgetting`), the arithmetic of embeddings (`whosthat.recognition`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock, Timeout

from whosthat import photo_cache
from whosthat.errors import BundleError, DatasetError, UsageError, did_you_mean, system_reason, type_given
from whosthat.faces.remembered import RememberedFaces, RememberedSightings
from whosthat.photos.reading import sha256_of
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import (
    FINGERPRINT_DIGITS,
    Bundle,
    BundleFacts,
    clear_after_a_killed_save,
    label_problem,
    open_bundle,
    save_bundle,
)
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import FaceRecogniser, bundle_files, index_in
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import FILE, EnrolledPhoto, Gallery, read_gallery
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import Index, grown, search_words
from whosthat.translation import _
from whosthat.types import Added, Enrolled, FloatArray, SetAside
from whosthat.wording import counted, listing
from whosthat.workflow.doubts import check_not_somebody_else, check_one_person
from whosthat.workflow.face_choice import Chosen, choose_face, choose_faces
from whosthat.workflow.face_photos import faces_of_photos
from whosthat.workflow.forgetting import Erasure, Receipt, erase, erasure_of, note_erasure, plan_erasure
from whosthat.workflow.predict import find_photos, places_given
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Removed:
    """What removing somebody did, where the receipt lies, and the threshold, which is unchanged."""

    receipt: Receipt
    file: Path
    threshold: float


def list_people(bundle: str | Path) -> tuple[Enrolled, ...]:
    """Return everybody whom a recogniser knows; BundleError when it is no face recogniser."""
    opened = open_bundle(bundle)
    facts = _face_facts(opened)
    gallery = read_gallery(opened.mapped(FILE), opened.facts.labels, facts.dimensions)
    counts = np.bincount(gallery.labels, minlength=len(gallery.people))
    return tuple(Enrolled(name, int(n)) for name, n in zip(gallery.people, counts, strict=True))


def list_photos(bundle: str | Path) -> tuple[tuple[str, str], ...]:
    """Return every enrolled photo, whose it is and its SHA-256; errors as of `list_people`."""
    opened = open_bundle(bundle)
    gallery = read_gallery(opened.mapped(FILE), opened.facts.labels, _face_facts(opened).dimensions)
    return tuple((gallery.people[label], photo.sha256) for label, photo in zip(gallery.labels, gallery.photos, strict=True))


def how_searched(bundle: str | Path) -> str:
    """Say how the enrolled photos of a large gallery are searched, in a sentence or two; empty where they are few."""
    opened = open_bundle(bundle)
    facts = _face_facts(opened)
    return search_words(facts.n_enrolled, index_in(opened, (facts.n_enrolled, facts.dimensions)))


def add_person(
    bundle: str | Path,
    name: str,
    photos: str | Path | Sequence[str | Path],
    *,
    face: int | None = None,
    anyway: bool = False,
    progress: Progress = SILENT,
) -> Added:
    """Enrol photos, files and folders, of somebody, known or new; the bundle is replaced in one step, the threshold is unchanged.

    Of several faces in a photo, the one that fits the person's other photos is taken, or number ``face`` of the one photo, from 1, from
    left to right. Faces less than half as large as the largest are bystanders' and ask no question. ``anyway`` enrols also photos that do
    not seem to show one person, or that show somebody who is enrolled under another name.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        UsageError: The name cannot be used, there is no such face, or ``face`` is given with several photos.
        DatasetError: No photo shows a face, or it is not clear which face is meant, or it is enrolled already.
        DoubtError: The photos seem to show several people, or somebody else; ``anyway`` was not given.
    """
    name = _normal(name)
    with held(bundle) as (opened, _rest):
        recogniser = _opened(opened)
        gallery = recogniser.identifier.gallery
        _check_name(name, [one for one in gallery.people if one != name])
        places, left = _to_enrol(name, photos, gallery, one=face is not None)
        chosen, enrolled = _chosen(name, places, left, recogniser, face, progress)
        if not anyway:
            check_one_person(chosen.vectors, enrolled)
            check_not_somebody_else(name, chosen.vectors, recogniser.identifier)
        more = gallery.with_photos(name, chosen.vectors, enrolled)
        _save(opened, more, grown(recogniser.identifier.index, more.vectors, more.labels))
    threshold = recogniser.identifier.threshold
    notes = (*chosen.notes, *threshold.notes_on(len(gallery.people), len(more.people)))
    return Added(name, tuple(photo.name for photo in enrolled), tuple(left), threshold.value, notes)


def remove_person(bundle: str | Path, name: str) -> Removed:
    """Remove somebody: embeddings, entries in the cache, pictures in the run; nothing is trained again.

    The cache forgets the photos that are enrolled, all others in the person's folder, and all in which the face is recognised. What is to
    be deleted is written down first: a removal that was stopped is finished by the same command, or by the next one that changes the
    bundle.

    Raises BundleError when the bundle cannot be used or saved, UsageError when nobody has this name or nobody else is left, CacheError and
    RunError when something cannot be deleted there.
    """
    with held(bundle) as (opened, removed):
        if removed is not None and removed.receipt.removed == _normal(name):
            return removed
        recogniser = _opened(opened)
        gallery = recogniser.identifier.gallery
        name = _known(name, gallery.people)
        if len(gallery.people) == 1:
            raise UsageError(
                "{name} is the only person of this recogniser. Delete the folder {folder} to remove them.", name=name, folder=opened.folder
            )
        own = {photo.sha256 for photo in gallery.photos_of(name)}
        others = {photo.sha256 for photo in gallery.photos} - own
        erasure = plan_erasure(opened.folder, name, own, others, _recognised(recogniser, name))
        note_erasure(erasure, opened.folder)
        return _finish_removal(erasure, opened.folder, stopped=False)


def rename_person(bundle: str | Path, name: str, new_name: str) -> None:
    """Call somebody by another name; the bundle is replaced in one step.

    Raises BundleError when it cannot be used or saved, UsageError when nobody has the first name, or the second cannot be used.
    """
    new_name = _normal(new_name)
    with held(bundle) as (opened, _rest):
        identifier = _opened(opened).identifier
        name = _known(name, identifier.gallery.people)
        _check_name(new_name, [one for one in identifier.gallery.people if one != name])
        _save(opened, identifier.gallery.renamed(name, new_name), identifier.index)


def rule_out(bundle: str | Path, name: str, photo: str | Path) -> None:
    """Note that the face of a photo that gets somebody's name is not theirs; the bundle is replaced in one step.

    From then on this face, and every face that is nearer to it than to the person, does not get the name. Where the photo is enrolled by
    this face as one of the person, it is no longer.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        UsageError: Nobody has this name, no face of the photo gets it, or it is the only photo by which they are known.
        PhotoError: The photo cannot be read.
    """
    with held(bundle) as (opened, _rest):
        recogniser = _opened(opened)
        identifier, gallery = recogniser.identifier, recogniser.identifier.gallery
        name = _known(name, gallery.people)
        sightings = recogniser.identify(photo)
        vectors = [sighting.embedding for sighting in sightings if sighting.embedding is not None]
        own = next((row for row, sighting in enumerate(sightings) if sighting.name == name), None)
        if own is None:
            raise UsageError("No face in {photo} is called {name}. Nothing was changed.", photo=photo, name=name)
        digest = sha256_of(Path(photo))
        mistaken = [row for row in _rows_of(gallery, name, digest) if _nearest_row(gallery.vectors[row], vectors) == own]
        if len(mistaken) == len(gallery.photos_of(name)):
            raise UsageError("{photo} is the only photo of {name}. Add others first, or remove {name}.", photo=photo, name=name)
        index = identifier.index
        if mistaken:
            index = index and index.without(np.array(mistaken, np.int64))
            gallery = gallery.of(np.setdiff1d(np.arange(len(gallery.photos)), mistaken))
        _save(opened, gallery.ruling_out(name, vectors[own], digest), index)


def _rows_of(gallery: Gallery, name: str, digest: str) -> list[int]:
    rows = np.flatnonzero(gallery.labels == gallery.people.index(name)).tolist()
    return [row for row in rows if gallery.photos[row].sha256 == digest]


def _nearest_row(vector: FloatArray, vectors: Sequence[FloatArray]) -> int:
    return int(np.linalg.norm(np.stack(vectors) - vector, axis=1).argmin())


def _face_facts(bundle: Bundle) -> FaceFacts:
    if bundle.facts.faces is None:
        raise BundleError(
            "{folder} has no gallery: its network, {network}, learnt all people at once. Train a face recogniser with --model faces.",
            folder=bundle.folder,
            network=bundle.facts.network,
        )
    return bundle.facts.faces


def _opened(bundle: Bundle) -> FaceRecogniser:
    _face_facts(bundle)
    return FaceRecogniser.open(bundle)


def _home(bundle: Bundle) -> Path:
    """Where the bundle belongs: a save that was killed may have left it beside, as ``.NAME.old``."""
    name = bundle.folder.name
    return bundle.folder.with_name(name[1:-4]) if name.startswith(".") and name.endswith(".old") else bundle.folder


@contextmanager
def held(path: str | Path) -> Iterator[tuple[Bundle, Removed | None]]:
    """Open a bundle that nobody else changes meanwhile, and give the removal that was stopped before and is finished now.

    BundleError where another process changes it, or it cannot be opened or written.
    """
    home = _home(open_bundle(path)).resolve()  # runs/latest may come to mean another run meanwhile
    lock = FileLock(home.with_name(f".{home.name}.lock"), mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BundleError("The people of {folder} are being changed by another process. Wait until it ends.", folder=home) from None
    except OSError as error:
        raise BundleError(
            "The bundle {folder} cannot be changed: {error}. Copy it to a folder that can be written.",
            folder=home,
            error=system_reason(error),
        ) from error
    try:
        clear_after_a_killed_save(home)
        erasure = erasure_of(home)
        removed = None if erasure is None else _finish_removal(erasure, home, stopped=True)
        yield open_bundle(home), removed
    finally:
        lock.release()


def _finish_removal(erasure: Erasure, home: Path, *, stopped: bool) -> Removed:
    """Do what a removal still has to do, which may be all of it."""
    opened = open_bundle(home)
    identifier = _opened(opened).identifier
    if erasure.removed in identifier.gallery.people:
        gallery, label = identifier.gallery, identifier.gallery.people.index(erasure.removed)
        index = identifier.index and identifier.index.without(np.flatnonzero(gallery.labels == label))
        _save(opened, _forgotten(identifier, erasure), index, gone=erasure.digests)
    receipt = erase(erasure, home, stopped=stopped)
    return Removed(receipt, home.with_name(erasure.receipt), identifier.threshold.value)


def _forgotten(identifier: Identifier, erasure: Erasure) -> Gallery:
    """Return the gallery without somebody, and without their faces among those that were ruled out for others."""
    gallery = identifier.gallery
    if (out := gallery.ruled_out) is not None:
        theirs = _is_theirs(identifier, out.vectors, erasure.removed) | np.isin(out.digests, [*erasure.digests])
        gallery = replace(gallery, ruled_out=out.of(~theirs))
    return gallery.without(erasure.removed)


def _is_theirs(identifier: Identifier, vectors: FloatArray, name: str) -> NDArray[np.bool_]:
    """Tell which embeddings, float32 (n, dimensions), are nearest to somebody, and near enough."""
    far, who = identifier.nearest_people(vectors)
    theirs: NDArray[np.bool_] = (who == identifier.gallery.people.index(name)) & (far <= identifier.threshold.value)
    return theirs


def _recognised(recogniser: FaceRecogniser, name: str) -> set[str]:
    """Return the photos that the cache remembers, wherever they lay, in which somebody is recognised."""
    if not photo_cache.place().exists():
        return set()
    identifier, found = recogniser.identifier, []
    with RememberedFaces(recogniser.reader.key) as remembered:
        found += [(digest, faces.vector[None]) for digest, faces in remembered.get(remembered.digests()).items() if faces.face]
    with RememberedSightings(recogniser.reader.key) as seen:
        found += [(digest, faces.vectors) for digest, faces in seen.get(seen.digests()).items() if faces.faces]
    found = [(digest, vectors) for digest, vectors in found if vectors.shape[1:] == identifier.gallery.vectors.shape[1:]]
    if not found:
        return set()
    theirs = _is_theirs(identifier, np.concatenate([vectors for _rest, vectors in found]), name)
    return set(np.repeat([digest for digest, _rest in found], [len(vectors) for _rest, vectors in found])[theirs].tolist())


def _normal(name: str) -> str:
    if not isinstance(name, str):
        raise UsageError("The name of a person is a text; got {type}.", type=type_given(name))
    return unicodedata.normalize("NFC", name)


def _check_name(name: str, others: Sequence[str]) -> None:
    if problem := label_problem([name], old=others):
        raise UsageError("{problem}. Choose another name.", problem=problem)


def _known(name: str, people: Sequence[str]) -> str:
    normal = _normal(name)
    if normal not in people:
        raise UsageError("Nobody here is named {name!r}. {choice}", name=name, choice=did_you_mean(normal, people))
    return normal


def _to_enrol(
    name: str, photos: str | Path | Sequence[str | Path], gallery: Gallery, *, one: bool
) -> tuple[dict[str, Path], list[SetAside]]:
    """Return where the photos to enrol lie, by SHA-256, and those that cannot be enrolled.

    ``one``: a face of one photo is to be enrolled; somebody else in that photo may then be enrolled by it, too.
    """
    left: list[SetAside] = []
    places: dict[str, Path] = {}
    found = list(find_photos(places_given(photos)))
    if one and len(found) != 1:
        raise UsageError(
            "--face chooses a face of one photo, but {photos} were given. Add them one by one.", photos=counted(len(found), "photo")
        )
    for path in found:
        if isinstance(path, Prediction):
            left.append(SetAside(path.path, path.error))
        elif not (digest := sha256_of(path)):
            left.append(SetAside(path, _("it cannot be read")))
        else:
            places.setdefault(digest, path)
    _drop_enrolled(name, places, gallery, left, others_too=one)
    return places, left


def _chosen(
    name: str, places: Mapping[str, Path], left: list[SetAside], recogniser: FaceRecogniser, face: int | None, progress: Progress
) -> tuple[Chosen, tuple[EnrolledPhoto, ...]]:
    """Return the embeddings of the photos that show a face, and which photos these are; the others join those that are left."""
    found = faces_of_photos(places, recogniser.reader, progress=progress)
    kept = {digest: path for digest, path in places.items() if digest in found and found[digest].face is not None}
    reasons = {True: _("no face was found"), False: _("it cannot be read")}
    left += [SetAside(path, reasons[digest in found]) for digest, path in places.items() if digest not in kept]
    if not kept:
        why = listing([_("{path}: {reason}", path=item.path, reason=_(item.reason)) for item in left]) or _("no photo was given")
        raise DatasetError("No photo of {name} can be enrolled ({why}). Give photos in which the face can be seen.", name=name, why=why)
    enrolled = tuple(EnrolledPhoto(f"{name}/{path.name}", digest) for digest, path in kept.items())
    if face is None:
        return choose_faces(name, kept, found, recogniser.identifier, recogniser.reader), enrolled
    ((digest, path),) = kept.items()
    return Chosen(choose_face(name, path, found[digest], recogniser.identifier, recogniser.reader, face)), enrolled


def _drop_enrolled(name: str, places: dict[str, Path], gallery: Gallery, left: list[SetAside], *, others_too: bool) -> None:
    """Leave out photos that are enrolled for this person; refuse those of somebody else, unless ``others_too``."""
    own = {photo.sha256 for photo in gallery.photos_of(name)} if name in gallery.people else set()
    owner_of = {photo.sha256: gallery.people[owner] for photo, owner in zip(gallery.photos, gallery.labels, strict=True)}
    for digest, path in list(places.items()):
        owner = owner_of.get(digest, "")
        if digest in own:
            left.append(SetAside(places.pop(digest), _("it is enrolled already")))
        elif owner and not others_too:
            raise DatasetError(
                "{path} is enrolled as a photo of {owner}. Remove it from the photos of {name}, or remove {owner} first.",
                path=path,
                owner=owner,
                name=name,
            )


def _save(bundle: Bundle, gallery: Gallery, index: Index | None, *, gone: Set[str] = frozenset()) -> None:
    """Save the bundle with another gallery and its index; ``gone`` are the SHA-256 of photos that it must no longer know."""
    home = _home(bundle)
    files = {name: bundle.file(f"{name}.onnx") for name in _face_facts(bundle).detector_files}
    save_bundle(home, _changed_facts(bundle.facts, gallery, gone), graph=bundle.graph(), more=bundle_files(gallery, files, index))
    old = home.with_name(f".{home.name}.old")
    if old.exists():
        raise BundleError(
            "The new bundle was saved, but the old one, {folder}, cannot be deleted. Delete this folder yourself.", folder=old
        )


def _changed_facts(facts: BundleFacts, gallery: Gallery, gone: Set[str]) -> BundleFacts:
    """Return what a bundle says of itself; it has seen what it knew, less what is gone, and everything that is enrolled."""
    document = facts.model_dump()
    document["labels"] = gallery.people
    document["faces"]["n_enrolled"] = len(gallery.photos)
    lost = {digest[:FINGERPRINT_DIGITS] for digest in gone}
    kept = {part: tuple(digest for digest in digests if digest not in lost) for part, digests in facts.data.parts.items()}
    new = {photo.sha256[:FINGERPRINT_DIGITS] for photo in gallery.photos}.difference(*kept.values())
    document["data"]["parts"] = {**kept, "train": tuple(sorted((*kept.get("train", ()), *new)))}
    if isinstance(facts.threshold, DistanceThreshold):
        document["threshold"] = facts.threshold.among(len(facts.labels), len(gallery.people)).model_dump()
    return BundleFacts.model_validate(document)
