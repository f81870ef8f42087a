"""The recogniser that cuts every face out of a photo and asks a trained network who it is.

What belongs here: from a photo to its sightings, opening such a recogniser from a bundle. What does not: finding faces
(`whosthat.faces`), running the network (`image_classifier`), naming by distance (`face_recogniser`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import BundleError
from whosthat.faces.finding import CutFaces, FaceCropper
from whosthat.photos.preparing import prepare
from whosthat.recognition.bundle import Bundle
from whosthat.recognition.face_facts import open_detector
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.recognition.ranking import given_to_better, people_of_faces, sighting_of
from whosthat.recognition.recogniser import FaceFinding
from whosthat.types import Sighting

if TYPE_CHECKING:
    from whosthat.types import FloatArray, Image

KIND = "face-classifier"


class FaceClassifier(FaceFinding):
    """Every face gets a box and a name or None; one person is named at most once in a photo.

    Args:
        cropper: Finds faces and cuts them out.
        classifier: The network that learnt from such crops, with its labels, calibration and threshold.
    """

    __slots__ = ("classifier", "cropper")

    def __init__(self, cropper: FaceCropper, classifier: ImageClassifier) -> None:
        self.cropper = cropper
        self.classifier = classifier

    @classmethod
    def open(cls, bundle: Bundle, *, threads: int = 1) -> FaceClassifier:
        """Open a bundle of the kind ``face-classifier``; nothing outside it is needed.

        Args:
            bundle: An opened bundle.
            threads: Threads of the network.

        Raises:
            BundleError: It does not fit together or is damaged.
        """
        if bundle.facts.crop is None:
            raise BundleError(f"The bundle {bundle.folder} does not say how faces are cropped. Train again.")
        cropper = FaceCropper(open_detector(bundle, bundle.facts.crop), bundle.facts.crop.template)
        return cls(cropper, ImageClassifier.open(bundle, threads=threads))

    @property
    def labels(self) -> tuple[str, ...]:
        """The people; the index is the label."""
        return self.classifier.labels

    @property
    def finder(self) -> FaceCropper:
        """Finds faces and cuts them out."""
        return self.cropper

    @property
    def threshold(self) -> float | None:
        """The smallest confidence that gets a name; None where every face gets one."""
        return self.classifier.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.classifier.threshold = value

    def identify_prepared(self, prepared: Sequence[CutFaces]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, in order."""
        answers = self._probabilities([crop for photo in prepared for crop in photo.crops])
        ends = np.cumsum([len(photo.faces) for photo in prepared])
        return [self._named(photo, own) for photo, own in zip(prepared, np.split(answers, ends[:-1]), strict=True)]

    def _probabilities(self, crops: Sequence[Image]) -> FloatArray:
        if not crops:
            return np.empty((0, len(self.labels)), np.float32)
        return self.classifier.probabilities(np.stack([prepare(crop, self.classifier.spec) for crop in crops]))

    def _named(self, photo: CutFaces, probabilities: FloatArray) -> list[Sighting]:
        if not photo.faces:
            return []
        allowed = probabilities >= (self.threshold or 0.0)
        people = people_of_faces(probabilities, probabilities, allowed)
        better = given_to_better(probabilities, probabilities, allowed, people)
        return [
            sighting_of(self.labels, row, person, given_to_better=other, box=face.box)
            for face, row, person, other in zip(photo.faces, probabilities, people, better, strict=True)
        ]
