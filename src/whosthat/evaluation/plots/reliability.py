"""Whether the confidence that comes with a name can be believed: the reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from whosthat.evaluation.metrics import Bin
from whosthat.evaluation.plots.canvas import Inks
from whosthat.wording import confidence_text


def draw_reliability(axes: Any, bins: Sequence[Bin], inks: Inks) -> None:
    """Draw how many names of each confidence were correct; on the diagonal, confidence means what it says.

    Args:
        axes: A matplotlib ``Axes``.
        bins: The bins of an `Evaluation`.
        inks: The colours.
    """
    filled = [one for one in bins if one.n]
    width = 100 * (bins[0].high - bins[0].low)
    axes.plot([0, 100], [0, 100], color=inks.muted, linewidth=1.2, linestyle=(0, (4, 2)), label="as promised")
    axes.bar(
        [100 * one.low for one in filled],
        [100 * one.accuracy for one in filled],
        width=0.9 * width,
        align="edge",
        color=inks.validation,
        alpha=0.75,
        label="correct, of these names",
    )
    for one in filled:
        axes.annotate(
            one.n,
            (50 * (one.low + one.high), 100 * one.accuracy),
            xytext=(0, 2),
            textcoords="offset points",
            ha="center",
            color=inks.ink,
            fontsize=8,
        )
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 112)
    axes.set_yticks(range(0, 101, 20))
    axes.set_title("Correct, in per cent")
    axes.set_xlabel("confidence in per cent; on each bar its number of photos")
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(loc="upper left", labelcolor=inks.ink)


def describe_reliability(bins: Sequence[Bin]) -> str:
    """Say in words what the diagram shows."""
    bars = [
        f"{one.n} names of {confidence_text(one.confidence)} mean confidence were correct in {one.accuracy:.0%}" for one in bins if one.n
    ]
    return "; ".join(bars or ["no photo got a name"]) + "."
