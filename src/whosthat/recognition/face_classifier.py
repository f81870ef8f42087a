"""The recogniser that cuts every face out of a photo (`whosthat.faces`) and asks a trained network (`image_classifier`) who it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import BundleError
from whosthat.faces.finding import CutFaces, FaceCropper
from whosthat.photos.preparing import prepare
from whosthat.recognition.bundle import Bundle
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.recognition.ranking import sightings_of_faces
from whosthat.recognition.recogniser import FaceFinding
from whosthat.types import Sighting

if TYPE_CHECKING:
    from whosthat.inference import Session

KIND = "face-classifier"


class FaceClassifier(FaceFinding):
    """Every face gets a box and a name or None; one person is named at most once in a photo.

    The ``classifier`` learnt from such crops as the ``cropper`` cuts out.
    """

    __slots__ = ("classifier",)

    def __init__(self, cropper: FaceCropper, classifier: ImageClassifier) -> None:
        super().__init__(cropper)
        self.classifier = classifier

    @classmethod
    def open(cls, bundle: Bundle) -> FaceClassifier:
        """Open a bundle of the kind ``face-classifier``; BundleError where it does not fit together or is damaged."""
        if bundle.facts.crop is None:
            raise BundleError("The bundle {folder} does not say how faces are cropped. Train again.", folder=bundle.folder)
        cropper = FaceCropper(bundle.detector(bundle.facts.crop.detector), bundle.facts.crop.template)
        return cls(cropper, ImageClassifier.open(bundle))

    @property
    def labels(self) -> tuple[str, ...]:
        """The people; the index is the label."""
        return self.classifier.labels

    @property
    def network(self) -> Session:
        """The network that looks at crops; see `Recogniser.network`."""
        return self.classifier.network

    @property
    def threshold(self) -> float | None:
        """The smallest confidence that gets a name; None where every face gets one."""
        return self.classifier.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self.classifier.threshold = value

    def identify_prepared(self, prepared: Sequence[CutFaces]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, in order."""
        crops = [prepare(crop, self.classifier.spec) for photo in prepared for crop in photo.crops]
        answers = self.classifier.probabilities(np.stack(crops)) if crops else np.empty((0, len(self.labels)), np.float32)
        ends = np.cumsum([len(photo.faces) for photo in prepared])
        least = self.threshold or 0.0
        return [
            sightings_of_faces(self.labels, photo.faces, own, own, own >= least)
            for photo, own in zip(prepared, np.split(answers, ends[:-1]), strict=True)
        ]
