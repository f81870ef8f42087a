"""What ``threshold.json`` of a run holds: what other thresholds than the chosen one would do, for whoever wants to move it.

What belongs here: the shape of this file, writing and reading it, and a point of the curve in words. What does not: computing the curve
(`recognition.threshold`, `recognition.distance_fitting`).

The file is one JSON object: ``format`` (1), ``kind`` (``distance`` or ``confidence``) and ``points``, each ``[value, strangers,
known_unknown]`` as in `CurvePoint`. Where the threshold was moved since, ``moved`` holds what training chose.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np

from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.threshold import CurvePoint, Threshold
from whosthat.runs.files import checked, read_document, read_file, save_file
from whosthat.translation import _

THRESHOLD_FILE = "threshold.json"

FORMAT = 1

LEAST_TOLD, ROUND_FROM = 0.001, 0.1
"""A smaller share than the first is told as "fewer than"; from the second on, without decimals."""

Kind = Literal["distance", "confidence"]
SomeThreshold = DistanceThreshold | Threshold


class Moved(NamedTuple):
    """What training chose before somebody moved the threshold, as it stood in the bundle with so many people."""

    fitted: SomeThreshold
    people: int


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """What thresholds would do, by rising value: largest distances that get a name, or smallest confidences."""

    kind: Kind
    points: tuple[CurvePoint, ...]
    moved: Moved | None = None

    def at(self, value: float) -> CurvePoint:
        """Return what a threshold between the points, or at one, would do; beyond the ends, what the last one does."""
        values = [point.value for point in self.points]

        def between(shares: Sequence[float | None]) -> float | None:
            known = [share for share in shares if share is not None]
            return float(np.interp(value, values, known)) if len(known) == len(values) else None

        return CurvePoint(
            value, between([point.strangers for point in self.points]), between([point.known_unknown for point in self.points])
        )


def in_words(point: CurvePoint) -> str:
    """Say what a threshold would do.

    Example:
        >>> in_words(CurvePoint(0.5, 0.01, 0.034))
        'Of 100 strangers about 1 would get a name; of 100 known photos about 3.4 would stay unknown.'
    """
    strangers, known = _of_a_hundred(point.strangers), _of_a_hundred(point.known_unknown)
    if strangers and known:
        return _(
            "Of 100 strangers {strangers} would get a name; of 100 known photos {known} would stay unknown.",
            strangers=strangers,
            known=known,
        )
    if known:
        return _("Of 100 known photos {known} would stay unknown. How many strangers would get a name is not known.", known=known)
    if strangers:
        return _("Of 100 strangers {strangers} would get a name.", strangers=strangers)
    return _("What this threshold would do is not known.")


def _of_a_hundred(share: float | None) -> str:
    """Say how many of a hundred a share is; nothing where it is not known."""
    if share is None:
        return ""
    if 0 < share < LEAST_TOLD:
        return _("fewer than {number}", number=100 * LEAST_TOLD)
    number = f"{100 * share:.0f}" if share >= ROUND_FROM else f"{100 * share:.1f}".removesuffix(".0")
    return _("about {number}", number=number) if share else "0"


def write_threshold_curve(run: Path, curve: ThresholdCurve) -> Path:
    """Write a run's ``threshold.json``, whole or not at all; a `RunError` says that it cannot be written."""
    document: dict[str, Any] = {"format": FORMAT, "kind": curve.kind, "points": curve.points}
    if curve.moved is not None:
        document["moved"] = {"fitted": curve.moved.fitted.model_dump(), "people": curve.moved.people}
    return save_file(run / THRESHOLD_FILE, json.dumps(document, allow_nan=False))


def read_threshold_curve(run: Path) -> ThresholdCurve | None:
    """Read a run's ``threshold.json``; None where there is none, as in runs of an older whosthat.

    Raises:
        RunError: The file is damaged, or a newer whosthat wrote it.
    """

    def parse(text: str) -> ThresholdCurve:
        curve = checked(ThresholdCurve, read_document(text, FORMAT))
        rising = all(one.value < next_one.value for one, next_one in itertools.pairwise(curve.points))
        if not curve.points or not rising:
            raise ValueError("no curve")  # not translated: told as damage
        return curve

    return read_file(run / THRESHOLD_FILE, parse, None)
