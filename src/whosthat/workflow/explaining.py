"""Why did it say that? For each photo that a network answered, a picture of the photo beside the heat map over it.

What belongs here: from a bundle and a photo to that picture, for whole photos and for faces. What does not: the heat itself
(`recognition.explaining`), how it is drawn (`photos.heat`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from whosthat.errors import UsageError
from whosthat.photos.heat import explained
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import opened
from whosthat.recognition.bundle import Bundle, open_bundle
from whosthat.recognition.explaining import Explainer
from whosthat.recognition.face_classifier import FaceClassifier
from whosthat.types import Image, Sighting
from whosthat.workflow.drawn_copies import save_copy
from whosthat.workflow.prediction import Prediction


def explain(predictions: Iterable[Prediction], bundle: Path, folder: Path) -> Iterator[Prediction]:
    """Save for each photo a picture that explains its answer, and pass its prediction on, unchanged and in order.

    A picture shows the photo beside its heat map for the class that was likeliest; of a network of faces, every face with its own. It
    replaces an earlier one of the same photo and nothing else. Photos without an answer, and videos, get none.

    The folder is made when it is not there. Raises UsageError when it cannot be written, or the bundle is a face recogniser, NetworkError
    when its network has no convolution, BundleError when the bundle cannot be used.
    """
    explaining = _Explaining(open_bundle(bundle))
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(folder, error) from error
    return _explained(predictions, explaining, folder)


def _explained(predictions: Iterable[Prediction], explaining: _Explaining, folder: Path) -> Iterator[Prediction]:
    for prediction in predictions:
        if prediction.sightings:
            path = prediction.path
            picture = explaining.picture(path, prediction.sightings)
            try:
                save_copy(picture, folder, f"{path.stem}.jpg", source=str(path.resolve()))
            except OSError as error:
                raise _cannot_write(folder, error) from error
        yield prediction


class _Explaining:
    """A network that can say where it looked."""

    def __init__(self, bundle: Bundle) -> None:
        facts = bundle.facts
        if facts.has_gallery:
            raise UsageError("A face recogniser compares faces with enrolled ones and has no heat map. Leave out --explain.")
        with bundle.opening():
            self._spec = PrepareSpec.from_dict(facts.prepare)
            self._explainer = Explainer(bundle.graph(), self._spec)
        self._labels = facts.labels
        self._faces = FaceClassifier.open(bundle) if facts.crop is not None else None

    def picture(self, path: Path, sightings: tuple[Sighting, ...]) -> Image:
        """Return the picture of a photo's answers, of faces from left to right, one below the other."""
        with opened(path) as photo:
            views = [photo.image] if self._faces is None else self._faces.prepare(photo.image).crops
            return np.concatenate([self._of_one(view, sighting) for view, sighting in zip(views, sightings, strict=True)])

    def _of_one(self, view: Image, sighting: Sighting) -> Image:
        name = sighting.name or max(sighting.probabilities, key=sighting.probabilities.__getitem__)
        heat = self._explainer.heat(prepare(view, self._spec), self._labels.index(name))
        return explained(view, heat, self._spec, sighting)


def _cannot_write(folder: Path, error: OSError) -> UsageError:
    return UsageError(f"{folder} cannot be written: {error.strerror or error}. Choose another folder for the pictures that explain.")
