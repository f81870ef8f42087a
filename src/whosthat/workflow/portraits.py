"""Asking a recogniser about photos that show one thing each, as in training: one row of probabilities a photo.

What belongs here: what can be asked so, of each kind of bundle. What does not: which photos (`evaluate`, `strangers`), naming all
faces of any photo (`Recogniser.identify`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from whosthat.faces.finding import FaceCropper
from whosthat.recognition import face_classifier, face_recogniser
from whosthat.recognition.bundle import Bundle
from whosthat.recognition.face_classifier import FaceClassifier
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.types import FloatArray, Image


class Asked(Protocol):
    """What can be asked: it answers with one probability a class."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes; the index is the label."""

    def prepare(self, photo: Image) -> Image | None:
        """Shape an image as input, or None where there is nothing in it to be named."""

    def probabilities(self, inputs: Image) -> FloatArray:
        """Return float32 (b, n), rows summing to 1."""


class Portraits:
    """Asks about the face that a photo is about.

    Args:
        cropper: Finds it and cuts it out.
        labels: The people; the index is the label.
        probabilities: Answers for crops, uint8 (b, size, size, 3), with float32 (b, n).
        shape: Makes the network's input of a crop; None where the crop is the input.
    """

    def __init__(
        self,
        cropper: FaceCropper,
        labels: tuple[str, ...],
        probabilities: Callable[[Image], FloatArray],
        shape: Callable[[Image], Image] | None = None,
    ) -> None:
        self._cropper = cropper
        self._shape = shape
        self.labels = labels
        self.probabilities = probabilities

    def prepare(self, photo: Image) -> Image | None:
        """Cut the face out; None where no face is found."""
        crop = self._cropper.portrait(photo)
        return crop if crop is None or self._shape is None else self._shape(crop)


def with_crops(cropper: FaceCropper | None, classifier: ImageClassifier) -> Asked:
    """Ask a network about whole photos, or about the faces on which it was trained."""
    return classifier if cropper is None else Portraits(cropper, classifier.labels, classifier.probabilities, classifier.prepare)


def asked(bundle: Bundle) -> Asked:
    """Open the recogniser of a bundle so that it can be asked.

    Raises:
        BundleError: The bundle cannot be used.
    """
    return _OPENERS.get(bundle.facts.kind, ImageClassifier.open)(bundle)


def _open_face_recogniser(bundle: Bundle) -> Asked:
    recogniser = FaceRecogniser.open(bundle)
    return Portraits(recogniser.reader, recogniser.labels, lambda crops: recogniser.naming.shares(recogniser.reader.embed(crops)))


def _open_face_classifier(bundle: Bundle) -> Asked:
    recogniser = FaceClassifier.open(bundle)
    return with_crops(recogniser.cropper, recogniser.classifier)


_OPENERS: Mapping[str, Callable[[Bundle], Asked]] = {
    face_recogniser.KIND: _open_face_recogniser,
    face_classifier.KIND: _open_face_classifier,
}
