"""The recogniser that finds every face of a photo and names those that it knows.

What does not belong here: finding and embedding (`whosthat.faces`), naming single embeddings (`identifier`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import BundleError, PhotoError
from whosthat.faces.embedder import EmbedderFacts, OnnxEmbedder
from whosthat.faces.finding import CutFaces, FaceReader, main_face
from whosthat.recognition import gallery as galleries
from whosthat.recognition import index as indexes
from whosthat.recognition.bundle import GRAPH, Bundle
from whosthat.recognition.face_facts import FaceFacts, as_bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold, corrected, uncorrected
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.ranking import sightings_of_faces
from whosthat.recognition.recogniser import FaceFinding, blaming_the_bundle, checked_threshold, image_of
from whosthat.translation import _
from whosthat.types import Face, Sighting, Verification

if TYPE_CHECKING:
    from whosthat.inference import Session
    from whosthat.recognition.recogniser import PhotoSource
    from whosthat.types import FloatArray

KIND = "face-recogniser"


class FaceRecogniser(FaceFinding):
    """Every face gets a box and a name or None; one person is named at most once in a photo."""

    __slots__ = ("identifier", "reader")

    def __init__(self, reader: FaceReader, identifier: Identifier) -> None:
        super().__init__(reader)
        self.reader = reader
        self.identifier = identifier

    @classmethod
    def open(cls, bundle: Bundle) -> FaceRecogniser:
        """Open a bundle of the kind ``face-recogniser``; BundleError where it does not fit together or is damaged."""
        facts = bundle.facts
        if facts.faces is None or not isinstance(facts.threshold, DistanceThreshold):
            raise BundleError("The bundle {folder} does not say how faces are identified. Train again.", folder=bundle.folder)
        with bundle.opening():
            reader = _reader(bundle, facts.faces)
        gallery = _gallery(bundle)
        return cls(
            reader, Identifier(gallery, facts.faces.head, facts.threshold, facts.temperature, index_in(bundle, gallery.vectors.shape))
        )

    @property
    def labels(self) -> tuple[str, ...]:
        """The enrolled people; the index is the label."""
        return self.identifier.gallery.people

    @property
    def network(self) -> Session:
        """The network that embeds crops, each as it is, not mirrored; see `Recogniser.network`."""
        return self.reader.embedder.session

    @property
    def threshold(self) -> float:
        """The largest distance to a person that gets their name; templates of one or two photos are allowed a little more."""
        return self.identifier.threshold.value

    @threshold.setter
    def threshold(self, value: float) -> None:
        limit = checked_threshold(value, 10, _("the largest distance that gets a name"))
        self._use(self.identifier.gallery, self.identifier.index, limit)

    def take_people(self, bundle: Bundle) -> None:
        """Take over the people of a bundle that was changed; see `Recogniser.take_people`."""
        gallery = _gallery(bundle)
        self._use(gallery, index_in(bundle, gallery.vectors.shape), self.threshold)

    def _use(self, gallery: galleries.Gallery, index: indexes.Index | None, threshold: float) -> None:
        """Answer by another gallery or threshold; other threads see the old ones or the new ones, never a mixture."""
        limit = self.identifier.threshold.model_copy(update={"value": threshold})
        self.identifier = replace(self.identifier, gallery=gallery, index=index, threshold=limit)

    def embed(self, photo: PhotoSource, *, bgr: bool = False) -> FloatArray:
        """Return the embedding of every face; see `Recogniser.embed`."""
        prepared = self.prepare(photo, bgr=bgr)
        with blaming_the_bundle():
            return self.reader.embed(prepared.crops)

    def verify(self, first: PhotoSource, second: PhotoSource, *, bgr: bool = False) -> Verification:
        """Tell whether two photos show the same person; see `Recogniser.verify`."""
        distance = np.linalg.norm(self._main_vector(first, bgr) - self._main_vector(second, bgr))
        threshold = self.identifier.threshold
        alike = corrected(np.array([distance], np.float32), np.array([1]))  # one photo on each side
        same = threshold.accepts(float(alike[0]))
        return Verification(same, float(distance), uncorrected(threshold.value, 1), float(threshold.confidence(alike)[0]))

    def _main_vector(self, photo: PhotoSource, bgr: bool) -> FloatArray:
        with image_of(photo, bgr=bgr) as image, blaming_the_bundle():
            cut = self.reader.cut(image)
            if not cut.faces:
                raise PhotoError(Path(photo) if isinstance(photo, str | os.PathLike) else None, self.reader.missing)
            main = cut.faces.index(main_face(cut.faces, image.shape[1], image.shape[0]))
            vector: FloatArray = self.reader.embed(cut.crops[main : main + 1])[0]
        return vector

    def identify_prepared(self, prepared: Sequence[CutFaces]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, in order."""
        with blaming_the_bundle():
            seen = self.reader.see(prepared)
        return [self.name(photo.faces, photo.vectors) for photo in seen]

    def name(self, faces: Sequence[Face], vectors: FloatArray) -> list[Sighting]:
        """Name the n faces of one photo by their embeddings, float32 (n, dimensions)."""
        if not faces:
            return []
        columns, probabilities, confidence, allowed = self.identifier.decide(vectors).table()
        labels = [self.labels[column] for column in columns]
        sightings = sightings_of_faces(labels, faces, probabilities, confidence, allowed, self.identifier.nearest(vectors))
        return [replace(sighting, embedding=vector) for sighting, vector in zip(sightings, vectors, strict=True)]


def _gallery(bundle: Bundle) -> galleries.Gallery:
    facts = bundle.facts
    if facts.faces is None:
        raise BundleError("The bundle {folder} holds no gallery of people any more. Train again.", folder=bundle.folder)
    return galleries.read_gallery(bundle.mapped(galleries.FILE), facts.labels, facts.faces.dimensions)


def index_in(bundle: Bundle, shape: tuple[int, ...]) -> indexes.Index | None:
    """Return the index of a bundle's gallery, whose embeddings have this shape; BundleError where it does not fit or is damaged.

    None where there is none, or nothing to ask it with: every photo is then compared.
    """
    files = bundle.manifest.files
    if indexes.FILE not in files or not indexes.available():
        return None
    return indexes.read_index(bundle.mapped(indexes.FILE), files[galleries.FILE].sha256, shape)


def _reader(bundle: Bundle, facts: FaceFacts) -> FaceReader:
    templates = {facts.detector: facts.template}
    embedder = EmbedderFacts(facts.embedder, facts.dimensions, templates, bundle.facts.licences.get(facts.embedder, ""), "", facts.looks)
    with ThreadPoolExecutor(1) as beside:  # reading and checking 20 MB and building the network need no Python: a tenth of a cold predict
        sha256 = bundle.manifest.files[GRAPH].sha256
        opening = beside.submit(copy_context().run, lambda: OnnxEmbedder(embedder, bundle.graph(), sha256=sha256))
        detector = bundle.detector(facts.detector)
    return FaceReader(detector, opening.result(), facts.template)


def bundle_files(gallery: galleries.Gallery, detector_files: Mapping[str, bytes], index: indexes.Index | None = None) -> dict[str, bytes]:
    """Return what a face recogniser's bundle holds besides its facts and the embedder's graph, by file name."""
    content = gallery.to_bytes()
    files = {galleries.FILE: content, **as_bundle_files(detector_files)}
    if index is not None:
        files[indexes.FILE] = index.to_bytes(hashlib.sha256(content).hexdigest())
    return files
