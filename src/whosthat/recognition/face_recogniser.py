"""The recogniser that finds every face of a photo and names those that it knows.

What belongs here: from a photo to its sightings, opening such a recogniser from a bundle and saving it as one.
What does not: finding and embedding (`whosthat.faces`), naming single embeddings (`identifier`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from whosthat.errors import BundleError, UsageError, WeightsError
from whosthat.faces.embedder import EmbedderFacts, OnnxEmbedder
from whosthat.faces.finding import CutFaces, FaceReader
from whosthat.recognition import gallery as galleries
from whosthat.recognition.bundle import GRAPH, Bundle
from whosthat.recognition.face_facts import FaceFacts, as_bundle_files, open_detector
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.ranking import given_to_better, sighting_of
from whosthat.recognition.recogniser import blaming_the_bundle, image_of
from whosthat.types import Face, Sighting

if TYPE_CHECKING:
    from whosthat.recognition.recogniser import PhotoSource
    from whosthat.types import FloatArray

KIND = "face-recogniser"


class FaceRecogniser:
    """Every face gets a box and a name or None; one person is named at most once in a photo.

    Args:
        reader: Finds and embeds faces.
        identifier: Names embeddings.
    """

    def __init__(self, reader: FaceReader, identifier: Identifier) -> None:
        self.reader = reader
        self.identifier = identifier

    @classmethod
    def open(cls, bundle: Bundle, *, threads: int = 1) -> FaceRecogniser:
        """Open a bundle of the kind ``face-recogniser``; nothing outside it is needed.

        Args:
            bundle: An opened bundle.
            threads: Threads of the embedder.

        Raises:
            BundleError: It does not fit together or is damaged.
        """
        facts = bundle.facts
        if facts.faces is None or not isinstance(facts.threshold, DistanceThreshold):
            raise BundleError(f"The bundle {bundle.folder} does not say how faces are identified. Train again.")
        try:
            reader = _reader(bundle, facts.faces, threads)
        except (ValueError, UsageError, WeightsError) as error:
            raise BundleError(f"The bundle {bundle.folder} cannot be used: {error} Train again, or ask whoever made it.") from error
        gallery = galleries.read_gallery(bundle.file(galleries.FILE), facts.labels, facts.faces.dimensions)
        return cls(reader, Identifier(gallery, facts.faces.head, facts.threshold, facts.temperature))

    @property
    def labels(self) -> tuple[str, ...]:
        """The enrolled people; the index is the label."""
        return self.identifier.gallery.people

    def identify(self, photo: PhotoSource) -> list[Sighting]:
        """Answer for one photo: one sighting a face, from left to right; none for a photo without faces.

        Args:
            photo: A path, the bytes of a photo file, or an image (RGB uint8, upright).

        Raises:
            PhotoError: The photo cannot be read.
        """
        return self.identify_prepared([self.prepare(photo)])[0]

    def prepare(self, photo: PhotoSource) -> CutFaces:
        """Read a photo, find its faces and cut them out.

        Raises:
            PhotoError: The photo cannot be read.
        """
        with image_of(photo) as image, blaming_the_bundle():
            return self.reader.cut(image)

    def identify_prepared(self, prepared: Sequence[CutFaces]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, in order."""
        with blaming_the_bundle():
            seen = self.reader.see(prepared)
        return [self.name(photo.faces, photo.vectors) for photo in seen]

    def name(self, faces: Sequence[Face], vectors: FloatArray) -> list[Sighting]:
        """Name the faces of one photo.

        Args:
            faces: The n faces.
            vectors: Their embeddings, float32 (n, dimensions).
        """
        if not faces:
            return []
        decision = self.identifier.decide(vectors)
        people = decision.people()
        better = given_to_better(*decision, people)
        return [
            sighting_of(self.labels, row, person, given_to_better=other, box=face.box, nearest=self.identifier.nearest(vector))
            for face, vector, row, person, other in zip(faces, vectors, decision.confidence, people, better, strict=True)
        ]


def _reader(bundle: Bundle, facts: FaceFacts, threads: int) -> FaceReader:
    detector = open_detector(bundle, facts)
    templates = {facts.detector: facts.template}
    embedder = EmbedderFacts(facts.embedder, facts.dimensions, templates, bundle.facts.licences.get(facts.embedder, ""), "")
    opened = OnnxEmbedder(embedder, bundle.graph(), threads=threads, sha256=bundle.manifest.files[GRAPH].sha256)
    return FaceReader(detector, opened, facts.template)


def bundle_files(gallery: galleries.Gallery, detector_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what a face recogniser's bundle holds besides its facts and the embedder's graph, by file name."""
    return {galleries.FILE: gallery.to_bytes(), **as_bundle_files(detector_files)}
