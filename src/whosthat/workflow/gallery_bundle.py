"""The bundle of a face recogniser whose people are changed: held by one process, opened, saved again with another gallery.

What belongs here: what every change of people does with a bundle, and the names that people may have. What does not: the changes
themselves (`people`, `people_photos`, `removing`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from whosthat.errors import BundleError, UsageError, did_you_mean, system_reason, type_given
from whosthat.library.store import is_library
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
from whosthat.recognition.face_recogniser import FaceRecogniser, bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import FILE, Gallery, read_gallery
from whosthat.recognition.index import Index
from whosthat.translation import _


@contextmanager
def locked(path: str | Path) -> Iterator[Path]:
    """Keep other processes from changing a bundle, clear up after one that was killed, and give its folder.

    Raises BundleError where there is no bundle, another process changes it, or the folder cannot be written.
    """
    home = home_of(open_bundle(path)).resolve()  # runs/latest may come to mean another run meanwhile
    with lock_of(home):
        clear_after_a_killed_save(home)
        yield home


@contextmanager
def lock_of(home: Path) -> Iterator[None]:
    """Keep other processes from changing the bundle of a folder, be it there or not yet; BundleError as of `locked`."""
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
        yield
    finally:
        lock.release()


def face_facts(bundle: Bundle) -> FaceFacts:
    """Return what a face recogniser's bundle says of faces; BundleError when it is no face recogniser."""
    if bundle.facts.faces is None:
        raise BundleError(
            "{folder} has no gallery: its network, {network}, learnt all people at once. Train a face recogniser with --model faces.",
            folder=bundle.folder,
            network=bundle.facts.network,
        )
    return bundle.facts.faces


def recogniser_of(bundle: Bundle) -> FaceRecogniser:
    """Open the face recogniser of a bundle; BundleError when it is none, or damaged."""
    face_facts(bundle)
    return FaceRecogniser.open(bundle)


def gallery_of(path: str | Path) -> Gallery:
    """Read the gallery of a face recogniser's bundle; BundleError when it is none, or damaged."""
    bundle = open_bundle(path)
    dimensions = face_facts(bundle).dimensions
    return read_gallery(bundle.mapped(FILE), bundle.facts.labels, dimensions)


def check_others_left(gallery: Gallery, name: str, photo: str | Path, n_photos: int) -> None:
    """Raise UsageError where so many enrolled photos of somebody, all that a photo stands for, are all that there are."""
    if n_photos == len(gallery.photos_of(name)):
        raise UsageError("{photo} is the only photo of {name}. Add others first, or remove {name}.", photo=photo, name=name)


def home_of(bundle: Bundle) -> Path:
    """Where the bundle belongs: a save that was killed may have left it beside, as ``.NAME.old``."""
    name = bundle.folder.name
    return bundle.folder.with_name(name[1:-4]) if name.startswith(".") and name.endswith(".old") else bundle.folder


def save_gallery(bundle: Bundle, gallery: Gallery, index: Index | None, *, gone: Set[str] = frozenset()) -> None:
    """Save the bundle with another gallery and its index; ``gone`` are the SHA-256 of photos that it must no longer know."""
    home = home_of(bundle)
    files = bundle.detector_files(face_facts(bundle).detector_files)
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


def refuse_of_library(path: str | Path, advice: str) -> None:
    """Raise UsageError where a bundle is a library's own recogniser: it is learnt again from what the library knows.

    ``advice`` says what to do in its place, as `translation._` takes it, with a place for the ``library``.
    """
    library = home_of(open_bundle(path)).resolve().parent
    if is_library(library):
        raise UsageError(
            "This recogniser is learnt from the library {library}. {advice}", library=library, advice=_(advice, library=library)
        )


def normal_name(name: str) -> str:
    """Return a name in Unicode's normal form C; UsageError where it is no text."""
    if not isinstance(name, str):
        raise UsageError("The name of a person is a text; got {type}.", type=type_given(name))
    return unicodedata.normalize("NFC", name)


def check_name(name: str, others: Sequence[str]) -> None:
    """Raise UsageError where a name cannot be one, or cannot be told from one of the others."""
    if problem := label_problem([name], old=others):
        raise UsageError("{problem}. Choose another name.", problem=problem)


def known_name(name: str, people: Sequence[str]) -> str:
    """Return a name as these people have it; UsageError where nobody is called so."""
    normal = normal_name(name)
    if normal not in people:
        raise UsageError("Nobody here is named {name!r}. {choice}", name=name, choice=did_you_mean(normal, people))
    return normal
