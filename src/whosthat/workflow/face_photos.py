"""The faces of many photos: remembered where a photo was read before, else found and embedded on all cores.

What belongs here: threads, batches and the cache; opening the reader that a recipe asks for. What does not: finding a face in one photo
(`whosthat.faces.finding`), what is done with the embeddings.

Threads, not processes: finding and embedding spend nine tenths of their time outside Python's lock, and a process would first have to load
the libraries and the weights, which takes as long as two hundred photos.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from whosthat.dataset.threads import in_order
from whosthat.errors import CacheError, DatasetError, PhotoError
from whosthat.faces.embedder import DLIB, OnnxEmbedder
from whosthat.faces.finding import CutFaces, FaceCropper, FaceReader, Portrait, SeenFaces, embedded_if_crowd, sharpness
from whosthat.faces.models import AUTO, detector_facts, detector_files, embedder_model
from whosthat.faces.reader_files import ReaderFiles
from whosthat.faces.remembered import Memory, PhotoFaces, RememberedFaces, RememberedSightings
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import BundleFacts, save_bundle
from whosthat.recognition.enrolling import Strangers
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, bundle_files
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import Index, index_of
from whosthat.translation import _
from whosthat.types import Face, FloatArray
from whosthat.workflow.cluster_faces import ClusterReader
from whosthat.workflow.strangers import stranger_photos

if TYPE_CHECKING:
    from whosthat.cluster import Cluster

BATCH = 8
"""Crops that are embedded at once."""

Found = TypeVar("Found", PhotoFaces, SeenFaces)
Seen = TypeVar("Seen")
Looked = TypeVar("Looked")

KEPT_EVERY = 64
"""After so many photos, what was found is remembered: Ctrl-C loses no more."""


@dataclass(frozen=True)
class OpenedReader:
    """A reader, and the bytes that a bundle needs to open the same one again."""

    reader: FaceReader
    graph: bytes
    detector_files: dict[str, bytes]

    def facts(self, identifier: Identifier) -> dict[str, Any]:
        """Return what `BundleFacts` say of a recogniser that names the faces of this reader."""
        detector, facts, gallery = self.reader.detector, self.reader.embedder.facts, identifier.gallery
        faces = FaceFacts.with_template(
            self.reader.template,
            detector=detector.name,
            detector_files=tuple(self.detector_files),
            embedder=facts.name,
            dimensions=facts.dimensions,
            looks=facts.looks,
            head=identifier.head,
            n_enrolled=len(gallery.photos),
        )
        return {
            "kind": KIND,
            "network": facts.name,
            "labels": gallery.people,
            "faces": faces,
            "temperature": identifier.temperature,
            "threshold": identifier.threshold,
            "licences": {detector.name: detector.licence, facts.name: facts.licence},
        }

    def save(self, folder: Path, facts: BundleFacts, gallery: Gallery) -> Index | None:
        """Save a recogniser, with an index where that pays, which is returned; BundleError as of `save_bundle`."""
        index = index_of(gallery.vectors, gallery.labels)
        save_bundle(folder, facts, graph=self.graph, more=bundle_files(gallery, self.detector_files, index))
        return index


def open_reader(detector: str = AUTO, embedder: str = AUTO, cluster: Cluster | None = None) -> OpenedReader:
    """Open a detector and an embedder by name, or those that ``auto`` stands for; with a cluster, that looks at many photos.

    Raises UsageError when there is no such detector or embedder, WeightsError when weights are missing or wrong.
    """
    facts, model = detector_facts(detector), embedder_model(embedder)
    files, graph = detector_files(facts), model.graph()
    reader = FaceReader(facts.open(files), OnnxEmbedder(model.facts, graph))
    if cluster is not None:
        reader = ClusterReader(reader, ReaderFiles(reader.key, facts.name, files, model.facts, graph, reader.template), cluster)
    return OpenedReader(reader, graph, files)


def open_cropper(detector: str, size: int) -> tuple[FaceCropper, dict[str, bytes]]:
    """Open a detector, and cut faces out as for dlib's network, whose frame leaves forehead and chin in view.

    ``size`` is the side of the crops in pixels; with the cropper come the bytes that a bundle needs to open the same detector again. Raises
    UsageError when there is no such detector, WeightsError when weights are missing or wrong.
    """
    facts = detector_facts(detector)
    files = detector_files(facts)
    return FaceCropper(facts.open(files), DLIB.template(facts.name).scaled(size)), files


def faces_of_photos(
    photos: Mapping[str, Path], reader: FaceReader, *, file: Path | None = None, progress: Progress = SILENT
) -> dict[str, PhotoFaces]:
    """Find the face that each photo is about, and embed it; a photo that was read before is not read again.

    Photos, each known to show a person, go by SHA-256, and so does what each gave; those that cannot be read any more are not there. What
    was found is remembered in ``file``, by default in the user's cache folder. Raises CacheError when that cannot be used.
    """
    with RememberedFaces(reader.key, file) as remembered:
        return _looked_up(photos, remembered, partial(_spread, _taken_faces, reader), progress, _("faces found"))


def seen_in_photos(
    photos: Mapping[str, Path],
    reader: FaceReader,
    *,
    what: str,
    searched: Mapping[str, PhotoFaces] = MappingProxyType({}),
    progress: Progress = SILENT,
) -> dict[str, SeenFaces]:
    """Find and embed every face of photos of anybody, as ``predict`` does, by SHA-256; ``what`` they are is said with the progress.

    A photo that cannot be read any more, or was replaced, is not there.
    ``searched`` is what `faces_of_photos` gave: where it shows one face, and nothing else would be found, the photo is not looked at again.
    """
    known = {digest: seen for digest in photos if (one := searched.get(digest)) is not None and (seen := _seen_already(one, reader))}
    left = {digest: path for digest, path in photos.items() if digest not in known}
    with RememberedSightings(reader.key) as remembered:
        return known | _looked_up(left, remembered, partial(_spread, _sightings, reader), progress, what)


def _seen_already(photo: PhotoFaces, reader: FaceReader) -> SeenFaces | None:
    if len(photo.faces) != 1 or not reader.finds_the_same(photo.size, photo.faces, photo.way):
        return None
    return SeenFaces(photo.faces, photo.vector[None], (photo.sharpness,))


def read_strangers(folder: Path, known: Collection[str], reader: FaceReader, *, progress: Progress = SILENT) -> Strangers:
    """Embed the faces of people who are in none of the folders, as ``predict`` finds them: the largest of each photo.

    ``known`` are the SHA-256 of enrolled photos: the same photo is no stranger's. Raises DatasetError when the folder does not exist, or no
    photo in it shows a face.
    """
    photos = stranger_photos(folder, known)
    seen = seen_in_photos(photos.paths, reader, what=_("photos of strangers"), progress=progress)
    shown = [(person, seen[digest]) for person, digest in zip(photos.people, photos.paths, strict=True) if digest in seen]
    largest = [(person, faces.vectors[_largest(faces.faces)]) for person, faces in shown if faces.faces]
    if not largest:
        raise DatasetError(
            "No photo in {folder} shows a stranger's face. Choose a folder with photos of people who are not in your folders.",
            folder=folder,
        )
    people, vectors = zip(*largest, strict=True)
    return Strangers(np.stack(vectors), np.array(people, np.int64))


def stacked(photos: Sequence[PhotoFaces]) -> FloatArray:
    """Return the embeddings of photos that have one, float32 (n, dimensions)."""
    return np.stack([photo.vector for photo in photos]).astype(np.float32)


def _looked_up(
    photos: Mapping[str, Path],
    remembered: Memory[Found],
    look: Callable[[Iterable[Sequence[tuple[str, Path]]]], Iterator[list[tuple[str, Found | None]]]],
    progress: Progress,
    what: str,
) -> dict[str, Found]:
    """Return what the cache knows of photos, and look at the others, a few photos at a time."""
    if remembered.was_damaged:
        progress.say(_("The face cache is damaged and is rebuilt."))
    found = remembered.get(photos)
    new = [(digest, path) for digest, path in photos.items() if digest not in found]
    size = max(1, min(BATCH, math.ceil(len(new) / (os.cpu_count() or 1))))
    batches = [new[start : start + size] for start in range(0, len(new), size)]
    fresh: dict[str, Found] = {}
    for done, (digest, faces) in enumerate(itertools.chain.from_iterable(look(batches)), start=1):
        if faces is not None:
            fresh[digest] = faces
        progress.step(what, done, len(new))
        if len(fresh) >= KEPT_EVERY or done == len(new):
            try:
                remembered.put(fresh)
            except CacheError as error:
                progress.say(_("The next training will find faces in these photos again. {error}", error=error))
            found |= fresh
            fresh = {}
    return found


def _spread(
    work: Callable[[Sequence[tuple[str, Path]], FaceReader], list[Looked]],
    reader: FaceReader,
    batches: Iterable[Sequence[tuple[str, Path]]],
) -> Iterator[list[Looked]]:
    """Look at batches of photos, in order: in threads, or on the reader's cluster."""
    if isinstance(reader, ClusterReader):
        return reader.look(work, batches)
    return in_order(lambda batch: work(batch, reader), batches)


def _taken_faces(photos: Sequence[tuple[str, Path]], reader: FaceReader) -> list[tuple[str, PhotoFaces | None]]:
    seen = [_looked_at(path, reader.portrait_in_file) for _rest, path in photos]
    crops = [found.crop for found in seen if found is not None and found.crop is not None]
    vectors = iter(reader.embed(np.stack(crops)) if crops else ())
    return [(digest, None if one is None else _taken(one, vectors)) for (digest, _rest), one in zip(photos, seen, strict=True)]


def _sightings(photos: Sequence[tuple[str, Path]], reader: FaceReader) -> list[tuple[str, SeenFaces | None]]:
    found: dict[str, SeenFaces] = {}
    waiting: dict[str, CutFaces] = {}
    for digest, path in photos:
        cut = _looked_at(path, reader.cut_file)
        if cut is not None and cut.sha256 == digest:
            one = embedded_if_crowd(cut, reader)
            if isinstance(one, SeenFaces):
                found[digest] = one
            else:
                waiting[digest] = one
    found.update(zip(waiting, reader.see(list(waiting.values())), strict=True))
    return [(digest, found.get(digest)) for digest, _path in photos]


def _looked_at(path: Path, look: Callable[[Path], Seen]) -> Seen | None:
    """Look at a photo; None when it cannot be read any more: it was there a moment ago."""
    try:
        return look(path)
    except PhotoError:
        return None


def _taken(portrait: Portrait, vectors: Iterator[FloatArray]) -> PhotoFaces:
    """Say what a photo gave; where it shows a face, the next vector is its embedding."""
    faces, face, crop = portrait.search.faces, portrait.face, portrait.crop
    if face is None or crop is None:
        return PhotoFaces(portrait.size)
    return PhotoFaces(portrait.size, faces, faces.index(face), portrait.search.way, sharpness(crop), next(vectors))


def _largest(faces: Sequence[Face]) -> int:
    return max(range(len(faces)), key=lambda row: faces[row].box.width * faces[row].box.height)
