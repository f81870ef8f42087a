"""Removing somebody from a face recogniser, which a stop cannot leave half done.

What belongs here: the order of the steps, and finishing a removal that was stopped, before anything else is changed (`held`). What does
not: what is left of somebody elsewhere (`forgetting`), other changes of people (`people`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat import photo_cache
from whosthat.errors import UsageError
from whosthat.faces.remembered import RememberedFaces, RememberedSightings
from whosthat.recognition.bundle import Bundle, open_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.identifier import Identifier
from whosthat.translation import N_
from whosthat.types import FloatArray
from whosthat.workflow.forgetting import Erasure, Receipt, erase, erasure_of, note_erasure, plan_erasure
from whosthat.workflow.gallery_bundle import known_name, locked, normal_name, recogniser_of, refuse_of_library, save_gallery

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Removed:
    """What removing somebody did, where the receipt lies, and the threshold, which is unchanged."""

    receipt: Receipt
    file: Path
    threshold: float


def remove_person(bundle: str | Path, name: str, *, of_library: bool = False) -> Removed:
    """Remove somebody: embeddings, entries in the cache, pictures in the run; nothing is trained again.

    The cache forgets the photos that are enrolled, all others in the person's folder, and all in which the face is recognised. What is to
    be deleted is written down first: a removal that was stopped is finished by the same command, or by the next one that changes the
    bundle.

    From a library's own recogniser, which is learnt from what the library knows, a person is removed only with ``of_library``, by the
    library that forgets the person too.

    Raises BundleError when the bundle cannot be used or saved, UsageError when nobody has this name or nobody else is left, CacheError and
    RunError when something cannot be deleted there.
    """
    if not of_library:
        refuse_of_library(bundle, N_("Forget the person there: whosthat library {library} forget NAME"))
    with held(bundle) as (opened, removed):
        if removed is not None and removed.receipt.removed == normal_name(name):
            return removed
        recogniser = recogniser_of(opened)
        gallery = recogniser.identifier.gallery
        name = known_name(name, gallery.people)
        if len(gallery.people) == 1:
            raise UsageError(
                "{name} is the only person of this recogniser. Delete the folder {folder} to remove them.", name=name, folder=opened.folder
            )
        own = {photo.sha256 for photo in gallery.photos_of(name)}
        others = {photo.sha256 for photo in gallery.photos} - own
        erasure = plan_erasure(opened.folder, name, own, others, _recognised(recogniser, name))
        note_erasure(erasure, opened.folder)
        return _finish_removal(erasure, opened.folder, stopped=False)


@contextmanager
def held(path: str | Path) -> Iterator[tuple[Bundle, Removed | None]]:
    """Open a bundle that nobody else changes meanwhile, and give the removal that was stopped before and is finished now."""
    with locked(path) as home:
        erasure = erasure_of(home)
        removed = None if erasure is None else _finish_removal(erasure, home, stopped=True)
        yield open_bundle(home), removed


def _finish_removal(erasure: Erasure, home: Path, *, stopped: bool) -> Removed:
    """Do what a removal still has to do, which may be all of it."""
    opened = open_bundle(home)
    identifier = recogniser_of(opened).identifier
    if erasure.removed in identifier.gallery.people:
        gallery, label = identifier.gallery, identifier.gallery.people.index(erasure.removed)
        index = identifier.index and identifier.index.without(np.flatnonzero(gallery.labels == label))
        save_gallery(opened, _forgotten(identifier, erasure), index, gone=erasure.digests)
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
