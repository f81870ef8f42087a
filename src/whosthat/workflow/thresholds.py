"""The threshold of a run's recogniser: what it does, what others would do, moving it for good, and the way back to what training chose.

What belongs here: reading a run's threshold with its curve, and saving another one into the run's bundle, with what that states of
strangers. What does not: fitting (`recognition`), the curve's file and words (`evaluation.threshold_part`), a threshold that holds as long
as a recogniser is open (`Recogniser.threshold`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from whosthat.errors import UsageError, path_given
from whosthat.evaluation.threshold_part import Moved, SomeThreshold, ThresholdCurve, in_words, read_threshold_curve, write_threshold_curve
from whosthat.recognition.bundle import BundleFacts, open_bundle, save_facts
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.recogniser import checked_threshold
from whosthat.recognition.threshold import CurvePoint
from whosthat.translation import _
from whosthat.workflow.forgetting import run_of
from whosthat.workflow.removing import held


@dataclass(frozen=True)
class RunThreshold:
    """The threshold of a run's recogniser.

    Attributes:
        saved: What stands in the bundle.
        fitted: What training chose; the same unless it was moved.
        curve: What other thresholds would do with as many people as there are; None for runs of an older whosthat.
    """

    saved: SomeThreshold
    fitted: SomeThreshold
    curve: ThresholdCurve | None

    def at(self, value: float) -> CurvePoint:
        """Return what a threshold would do, as far as that is known."""
        if self.curve is not None:
            return self.curve.at(value)
        return CurvePoint(value, self.saved.fpir if value == self.saved.value else None, None)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        point = self.at(self.saved.value)
        return {
            "kind": self.saved.kind,
            "value": self.saved.value,
            "fitted": self.fitted.value,
            "strangers": point.strangers,
            "known_unknown": point.known_unknown,
            "how": self.saved.how,
            "curve": [] if self.curve is None else [one._asdict() for one in self.curve.points],
        }


def run_threshold(run: str | Path) -> RunThreshold | None:
    """Return the threshold of a run, ``runs/latest`` or a bundle; None where every photo gets a name.

    Raises:
        BundleError: There is no bundle, or it is damaged.
        RunError: The run's ``threshold.json`` is damaged.
        UsageError: ``run`` is no path.
    """
    bundle = open_bundle(path_given(run, _("The run")))
    home = run_of(bundle.folder)
    return _known(bundle.facts, None if home is None else read_threshold_curve(home))


def save_threshold(run: str | Path, value: float | None) -> RunThreshold:
    """Move the threshold of a run's recogniser for good; the bundle is replaced in one step, and says what the new threshold does.

    What training chose is kept in the run's ``threshold.json``.

    Args:
        run: The run, or ``runs/latest``.
        value: The largest distance, or the smallest confidence, that gets a name; None goes back to what training chose.

    Raises:
        BundleError: The bundle cannot be used or saved, or is being changed by another process.
        RunError: The run's ``threshold.json`` is damaged, or cannot be written.
        UsageError: The recogniser has no threshold, there is no curve that says what others would do, or it does not reach so far.
    """
    with held(path_given(run, _("The run"))) as (bundle, _rest):
        home = run_of(bundle.folder)
        curve = None if home is None else read_threshold_curve(home)
        before = _known(bundle.facts, curve)
        if before is None:
            raise UsageError("This recogniser has no threshold: every photo gets a name.")
        if home is None or curve is None or before.curve is None:
            raise UsageError("Nothing is known of other thresholds: {bundle} lies in no run with a threshold.json.", bundle=bundle.folder)
        chosen = before.fitted if value is None else _moved(before, before.curve, value)
        if chosen != before.saved:
            kept = curve.moved or Moved(before.saved, len(bundle.facts.labels))
            write_threshold_curve(home, replace(curve, moved=kept))  # first: a kill leaves what training chose twice, not lost
            save_facts(bundle, bundle.facts.model_copy(update={"threshold": chosen}))
        if chosen == before.fitted:
            write_threshold_curve(home, replace(curve, moved=None))
        return replace(before, saved=chosen)


def _known(facts: BundleFacts, curve: ThresholdCurve | None) -> RunThreshold | None:
    saved = facts.threshold
    if saved is None:
        return None
    fitted = saved
    if curve is not None and curve.moved is not None:
        fitted = curve.moved.fitted
        if isinstance(fitted, DistanceThreshold):
            fitted = fitted.among(curve.moved.people, len(facts.labels))
    return RunThreshold(saved, fitted, curve and _among_those_enrolled(curve, fitted))


def _among_those_enrolled(curve: ThresholdCurve, fitted: SomeThreshold) -> ThresholdCurve:
    """Bring a curve of distances to as many people as there are now, which a stranger meets one by one; for these, one point is known."""
    then, now = curve.at(fitted.value).strangers, fitted.fpir
    if not isinstance(fitted, DistanceThreshold) or not then or not now or then >= 1 or now >= 1:
        return curve
    times = math.log1p(-now) / math.log1p(-then)
    points = [point if point.strangers is None else point._replace(strangers=1 - (1 - point.strangers) ** times) for point in curve.points]
    return replace(curve, points=tuple(points))


def _moved(before: RunThreshold, curve: ThresholdCurve, value: float) -> SomeThreshold:
    """Return the threshold with another value, and with what is known of that; UsageError where nothing is."""
    fitted, of_distances = before.fitted, isinstance(before.fitted, DistanceThreshold)
    meaning = _("the largest distance that gets a name") if of_distances else _("the smallest confidence that gets a name")
    value = checked_threshold(value, 10 if of_distances else 1, meaning)
    if value == fitted.value:
        return fitted
    low, high = curve.points[0].value, curve.points[-1].value
    if not low <= value <= high:
        raise UsageError(
            "What a threshold of {value:.3f} would do is not known: the run's curve reaches from {low:.3f} to {high:.3f}.",
            value=value,
            low=low,
            high=high,
        )
    point = curve.at(value)
    how = _("Set by hand; training chose {fitted:.3f}. {expected}", fitted=fitted.value, expected=in_words(point))
    unknown = dict.fromkeys(("fpir_low", "fpir_high", "fnir"))  # an interval, and a test, are of what training chose
    changes = {"value": value, "how": how, "fpir": point.strangers, **unknown}
    if not of_distances:
        changes["known_named"] = 1 - (point.known_unknown or 0.0)
    return fitted.model_copy(update=changes)
