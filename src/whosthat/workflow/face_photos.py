"""The faces of many photos: remembered where a photo was read before, else found and embedded on all cores.

What belongs here: threads, batches and the cache; opening the reader that a recipe asks for. What does not: finding a face in one
photo (`whosthat.faces.finding`), what is done with the embeddings.

Threads, not processes: finding and embedding spend nine tenths of their time outside Python's lock, and a process would first
have to load the libraries and the weights, which takes as long as two hundred photos.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from whosthat.dataset.threads import in_order
from whosthat.errors import CacheError, DatasetError, PhotoError
from whosthat.faces.embedder import DLIB, OnnxEmbedder
from whosthat.faces.finding import FaceCropper, FaceReader, principal, sharpness
from whosthat.faces.models import detector_facts, detector_files, embedder_model
from whosthat.faces.remembered import PhotoFaces, RememberedFaces
from whosthat.photos.reading import looks_like_photo, opened, sha256_of
from whosthat.progress import SILENT, Progress
from whosthat.recognition.enrolling import Strangers
from whosthat.types import FloatArray, Image

BATCH = 8
"""Crops that are embedded at once."""

KEPT_EVERY = 64
"""After so many photos, what was found is remembered: Ctrl-C loses no more."""


@dataclass(frozen=True)
class OpenedReader:
    """A reader, and the bytes that a bundle needs to open the same one again."""

    reader: FaceReader
    graph: bytes
    detector_files: dict[str, bytes]


def open_reader(detector: str = "auto", embedder: str = DLIB.name) -> OpenedReader:
    """Open a detector and an embedder.

    Args:
        detector: Name of a detector, or ``auto``.
        embedder: Name of an embedder.

    Raises:
        UsageError: There is no such detector or embedder.
        WeightsError: Weights are missing or wrong.
    """
    facts, model = detector_facts(detector), embedder_model(embedder)
    files, graph = detector_files(facts), model.graph()
    return OpenedReader(FaceReader(facts.open(files), OnnxEmbedder(model.facts, graph)), graph, files)


@dataclass(frozen=True)
class OpenedCropper:
    """A cropper, and the bytes that a bundle needs to open the same one again."""

    cropper: FaceCropper
    detector_files: dict[str, bytes]


def open_cropper(detector: str, size: int) -> OpenedCropper:
    """Open a detector, and cut faces out as for dlib's network, whose frame leaves forehead and chin in view.

    Args:
        detector: Name of a detector, or ``auto``.
        size: Side of the crops in pixels.

    Raises:
        UsageError: There is no such detector.
        WeightsError: Weights are missing or wrong.
    """
    facts = detector_facts(detector)
    files = detector_files(facts)
    return OpenedCropper(FaceCropper(facts.open(files), DLIB.template(facts.name).scaled(size)), files)


def faces_of_photos(
    photos: Mapping[str, Path], reader: FaceReader, *, file: Path | None = None, progress: Progress = SILENT
) -> dict[str, PhotoFaces]:
    """Find the face that each photo is about, and embed it; a photo that was read before is not read again.

    Args:
        photos: Where photos lie that are known to show a person each, by their SHA-256.
        reader: Finds and embeds.
        file: Where what was found is remembered; None for the user's cache folder.
        progress: Shows how far it is.

    Returns:
        What each photo gave, by its SHA-256; photos that cannot be read any more are not there.

    Raises:
        CacheError: The cache cannot be used.
    """
    with RememberedFaces(reader.key, file) as remembered:
        if remembered.was_damaged:
            progress.say("What was remembered of faces is damaged; all photos are looked at again.")
        found = remembered.get(photos)
        new = {digest: path for digest, path in photos.items() if digest not in found}
        fresh: dict[str, PhotoFaces] = {}
        for done, (digest, faces) in enumerate(_embedded(new, reader), start=1):
            if faces is not None:
                fresh[digest] = faces
            progress.step("faces found", done, len(new))
            if len(fresh) >= KEPT_EVERY or done == len(new):
                _remember(remembered, fresh, progress)
                found |= fresh
                fresh = {}
    return found


def read_strangers(folder: Path, known: frozenset[str], reader: FaceReader, *, progress: Progress = SILENT) -> Strangers:
    """Embed photos of people who are in none of the folders.

    Args:
        folder: Photos at any depth; each folder directly inside counts as a person, each loose photo as one of its own.
        known: SHA-256 of the photos that are enrolled: the same photo is no stranger's.
        reader: Finds and embeds.
        progress: Shows how far it is.

    Raises:
        DatasetError: The folder does not exist, or no photo in it shows a face.
    """
    photos = {sha256_of(path): path for path in _photos_below(folder)}
    new = {digest: path for digest, path in photos.items() if digest is not None and digest not in known}
    read_now = faces_of_photos(new, reader, progress=progress)
    found = {digest: faces for digest, faces in read_now.items() if faces.taken is not None}
    if not found:
        raise DatasetError(f"No photo in {folder} shows a stranger's face. Name a folder with photos of people who are in none of yours.")
    names = [new[digest].relative_to(folder).parts[0] for digest in found]
    return Strangers(stacked(list(found.values())), np.unique(names, return_inverse=True)[1])


def stacked(photos: Sequence[PhotoFaces]) -> FloatArray:
    """Return the embeddings of photos that have one, float32 (n, dimensions)."""
    return np.stack([photo.vector for photo in photos]).astype(np.float32)


def _embedded(photos: Mapping[str, Path], reader: FaceReader) -> Iterator[tuple[str, PhotoFaces | None]]:
    """Find and embed faces in threads, a few photos at a time, and give them in the order of the photos."""
    items = list(photos.items())
    size = max(1, min(BATCH, math.ceil(len(items) / (os.cpu_count() or 1))))
    batches = [items[start : start + size] for start in range(0, len(items), size)]
    for found in in_order(lambda batch: _embedded_batch(batch, reader), batches):
        yield from found


def _embedded_batch(photos: Sequence[tuple[str, Path]], reader: FaceReader) -> list[tuple[str, PhotoFaces | None]]:
    seen = [(digest, _seen(path, reader)) for digest, path in photos]
    crops = [crop for _, (faces, crop) in seen if faces is not None and faces.taken is not None]
    vectors = iter(reader.embed(np.stack(crops)) if crops else ())
    return [
        (digest, faces if faces is None or faces.taken is None else replace(faces, vector=next(vectors))) for digest, (faces, _) in seen
    ]


def _seen(path: Path, reader: FaceReader) -> tuple[PhotoFaces | None, Image]:
    """Look at a photo; None and no crop when it cannot be read any more: it was there a moment ago."""
    try:
        with opened(path) as photo:
            return _looked_at(photo.image, reader)
    except PhotoError:
        return None, np.empty((0, 0, 3), np.uint8)


def _looked_at(image: Image, reader: FaceReader) -> tuple[PhotoFaces, Image]:
    height, width = image.shape[:2]
    search = reader.search(image)
    if not search.faces:
        return PhotoFaces((width, height)), image[:0]
    face = principal(search.faces, width, height)
    crop = reader.crops(image, [face])[0]
    return PhotoFaces((width, height), search.faces, search.faces.index(face), search.way, sharpness(crop)), crop


def _remember(remembered: RememberedFaces, fresh: dict[str, PhotoFaces], progress: Progress) -> None:
    try:
        remembered.put(fresh)
    except CacheError as error:
        progress.say(f"The next training will look at these photos again. {error}")


def _photos_below(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Name a folder with photos of strangers.")
    found = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(place, name) for name in sorted(files) if not name.startswith(".") and looks_like_photo(Path(place, name))]
    return found
