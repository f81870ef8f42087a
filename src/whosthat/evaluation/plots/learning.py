"""Accuracy by photos per person: the mean of several draws, and the band from the worst to the best."""

from __future__ import annotations

from typing import Any

import numpy as np

from whosthat.evaluation.learning_curve import LearningCurve
from whosthat.evaluation.plots.canvas import Inks
from whosthat.wording import percent


def draw_learning_curve(axes: Any, curve: LearningCurve, inks: Inks) -> None:
    """Draw the curve; the axis of counts is logarithmic, because each photo brings less than the one before.

    Args:
        axes: A matplotlib ``Axes``.
        curve: What to draw.
        inks: The colours.
    """
    counts = np.array([point.count for point in curve.points])
    axes.set_title("Correct test photos, in per cent")
    axes.set_xscale("log")
    axes.fill_between(
        counts, [100 * point.lowest for point in curve.points], [100 * point.highest for point in curve.points], color=inks.soft
    )
    axes.plot(counts, [100 * point.accuracy for point in curve.points], color=inks.validation, linewidth=2.2, marker="o", markersize=4)
    axes.set_xticks(counts, [*(str(count) for count in counts[:-1]), "all"])
    axes.minorticks_off()
    axes.set_ylim(max(0, 100 * min(point.lowest for point in curve.points) - 5), 101)
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("photos of each person")


def describe_learning_curve(curve: LearningCurve) -> str:
    """Say in words what the curve shows, for those who cannot see it."""
    return "; ".join(f"{point.count} of each: {percent(point.accuracy)}" for point in curve.points) + "."
