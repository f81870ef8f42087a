"""The recogniser that looks at a whole photo and gives each class a probability.

What belongs here: running the graph, calibration, the threshold. What does not: from file to input (`whosthat.photos`), training.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import BundleError
from whosthat.inference import Session, open_session
from whosthat.photos.clips import is_clip, prepare_clip
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.recognition.bundle import Bundle
from whosthat.recognition.calibration import apply_temperature
from whosthat.recognition.ranking import sighting_of
from whosthat.recognition.recogniser import PhotoSource, Recogniser, blaming_the_bundle, checked_threshold, image_of
from whosthat.recognition.threshold import Threshold
from whosthat.translation import _
from whosthat.types import FloatArray, Image, Sighting

INPUT_TYPES: dict[str, type[Any]] = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}
"""Graphs rescale inside; one that wants floats wants the very same numbers, 0 to 255."""


class ImageClassifier(Recogniser):
    """One answer for a whole photo.

    Args:
        session: The opened graph: one input ``(b, *spec.shape)``, one output ``(b, n)`` of probabilities.
        labels: The n classes; the index is the label.
        spec: How an image becomes input.
        temperature: Calibration; 1 changes nothing.
        threshold: The smallest confidence that gets a name; None gives a name to everything. It stands in ``fitted_threshold``, and
            `threshold` gives it as long as nobody sets that.
    """

    __slots__ = ("_by_hand", "_every", "_input_type", "_labels", "_session", "fitted_threshold", "spec", "temperature")

    def __init__(
        self, session: Session, labels: tuple[str, ...], spec: PrepareSpec, temperature: float = 1.0, threshold: Threshold | None = None
    ) -> None:
        self._session = session
        self._input_type = _input_type(session, spec)
        self._labels = labels
        self.spec = spec
        self.temperature = temperature
        self.fitted_threshold = threshold
        self._by_hand: float | None = None
        self._every: int | None = None

    @classmethod
    def open(cls, bundle: Bundle) -> ImageClassifier:
        """Open the graph of a bundle; BundleError where the graph or the prepare spec cannot be used."""
        facts = bundle.facts
        threshold = facts.threshold if isinstance(facts.threshold, Threshold) else None
        with bundle.opening():
            session = open_session(bundle.graph(), repack=False)
            opened = cls(session, facts.labels, PrepareSpec.from_dict(facts.prepare), facts.temperature, threshold)
        opened._every = facts.every
        return opened

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes; the index is the label."""
        return self._labels

    @property
    def network(self) -> Session:
        """The network that gives probabilities, before they are calibrated; see `Recogniser.network`."""
        return self._session

    @property
    def threshold(self) -> float | None:
        """The smallest confidence that gets a name; None where every photo gets one."""
        fitted = self.fitted_threshold
        return self._by_hand if fitted is None or self._by_hand is not None else fitted.value

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._by_hand = checked_threshold(value, 1, _("the smallest confidence that gets a name"))

    @property
    def frames(self) -> int:
        """How many frames the network sees of a clip; 1 for one that sees photos."""
        return self.spec.frames or 1

    @property
    def every(self) -> int | None:
        """How many frames lay between two that it saw of a training clip, in the median; None where it learnt from no clips."""
        return self._every

    def prepare(self, photo: PhotoSource, *, bgr: bool = False) -> Image:
        """Read a photo and shape it as the network wants it: uint8, `spec.shape`; see `Recogniser.prepare`.

        For a network that sees sequences it may be the path of a clip, from which frames are taken evenly.
        """
        if self.frames > 1 and isinstance(photo, str | os.PathLike) and is_clip(Path(photo)):
            return prepare_clip(Path(photo), self.spec)[0]
        with image_of(photo, bgr=bgr) as image:
            return prepare(image, self.spec)

    def identify_prepared(self, prepared: Sequence[Image]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, one sighting a photo, in order."""
        return [[self._sighting(row)] for row in self.probabilities(np.stack(prepared))]

    def probabilities(self, inputs: NDArray[np.uint8]) -> FloatArray:
        """Return calibrated probabilities, float32 ``(b, n)``, columns in the order of `labels`; BundleError where the graph gives no such.

        The inputs are a uint8 array ``(b, *spec.shape)``, as `prepare` or the loader of the training gives them.
        """
        if inputs.dtype != np.uint8 or inputs.shape[1:] != self.spec.shape:
            raise ValueError(
                _(
                    "Expected uint8 inputs of shape (b, {expected}), got {dtype} {shape}; prepare() makes them.",
                    expected=self.spec.shape,
                    dtype=inputs.dtype,
                    shape=inputs.shape,
                )
            )
        with blaming_the_bundle():
            scores = self._session.run(inputs.astype(self._input_type, copy=False))[0]
        expected = (len(inputs), len(self.labels))
        if scores.shape != expected or not ((scores >= 0) & (scores <= 1 + 1e-5)).all():
            raise BundleError(
                "The graph should give probabilities of the shape {expected}, but gave numbers from {lowest} to {highest} of the "
                "shape {shape}. The files of the bundle do not match; train again.",
                expected=expected,
                lowest=scores.min(),
                highest=scores.max(),
                shape=scores.shape,
            )
        return apply_temperature(scores, self.temperature).astype(np.float32)

    def _sighting(self, probabilities: FloatArray) -> Sighting:
        best = int(probabilities.argmax())
        named = self.threshold is None or float(probabilities[best]) >= self.threshold
        return sighting_of(self.labels, probabilities, best if named else None)


def _input_type(session: Session, spec: PrepareSpec) -> type[Any]:
    """Check that a graph takes what the spec prepares, and return the number type that it wants."""
    fits = len(session.inputs) == 1 and session.input_types[0] in INPUT_TYPES
    shape: tuple[Any, ...] = session.input_shapes[0][1:] if fits else ()
    if not fits or shape != spec.shape:
        raise BundleError(
            "The graph should take one input (b, {expected}) of bytes or floats, but takes {shapes} of "
            "{types}. The files of the bundle do not match; train again.",
            expected=", ".join(map(str, spec.shape)),
            shapes=session.input_shapes,
            types=session.input_types,
        )
    return INPUT_TYPES[session.input_types[0]]
