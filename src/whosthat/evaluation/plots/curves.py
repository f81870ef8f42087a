"""Accuracy and loss by epoch, for the photos that are trained on and those that are not."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.plots.canvas import Inks
from whosthat.wording import counted

REFERENCE_LIMITS = (0.1, 5.0)
"""The loss axis of the reference; what lies outside runs along the edge."""

LOWEST_LOSS = 1e-6
"""A logarithm has no 0."""

MOST_TICKS = 9

FEW_EPOCHS = 15
"""Up to this many epochs each one gets a dot: a single epoch has no line."""

History = Sequence[Mapping[str, float]]


def draw_accuracy(axes: Any, history: History, best_epoch: int, inks: Inks) -> None:
    """Draw training and validation accuracy, in per cent.

    Args:
        axes: A matplotlib ``Axes``.
        history: One row an epoch, with ``accuracy`` and ``val_accuracy``, 0 to 1.
        best_epoch: The epoch that was kept, counted from 1; 0 marks none.
        inks: The colours.
    """
    axes.set_title("Accuracy in per cent")
    axes.set_ylim(0, 102)
    _draw_lines(axes, history, ("accuracy", "val_accuracy"), lambda values: 100 * values, inks)
    _mark_best(axes, best_epoch, "", inks)
    axes.legend(loc="lower center", labelcolor=inks.ink)


def draw_loss(axes: Any, history: History, best_epoch: int, inks: Inks, limits: tuple[float, float] | None = None) -> None:
    """Draw training and validation loss on a logarithmic axis.

    Args:
        axes: As `draw_accuracy`, as are the next three.
        history: One row an epoch, with ``loss`` and ``val_loss``.
        best_epoch: The epoch that was kept.
        inks: The colours.
        limits: Ends of the axis, such as `REFERENCE_LIMITS`; None for an axis that holds every loss.
    """
    losses = np.array([[row["loss"], row["val_loss"]] for row in history], float)
    losses = np.maximum(losses[np.isfinite(losses)], LOWEST_LOSS)
    ticks = _loss_ticks(*(limits or ((losses.min(), losses.max()) if losses.size else REFERENCE_LIMITS)))
    axes.set_title("Loss")
    axes.set_yscale("log")
    axes.set_ylim(ticks[0] * 0.95, ticks[-1] * 1.05)
    shown = ticks if len(ticks) <= MOST_TICKS else [tick for tick in ticks if f"{tick:e}".startswith("1")]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    _draw_lines(axes, history, ("loss", "val_loss"), lambda values: np.clip(values, ticks[0], ticks[-1]), inks)
    _mark_best(axes, best_epoch, f"kept: epoch {best_epoch}", inks)
    axes.legend(loc="lower left", labelcolor=inks.ink)


def _loss_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10... from the last that is not above ``low`` to the first that is not below ``high``; at least two."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    first = max(place for place, step in enumerate(steps) if step <= low * 1.001)
    last = min(place for place, step in enumerate(steps) if step >= high * 0.999)
    return steps[first : max(last, first + 1) + 1]


def describe_curves(history: History, names: tuple[str, str]) -> str:
    """Say in words what a pair of curves shows, for those who cannot see it."""
    first, last = history[0], history[-1]
    train, validation = (f"from {first[name]:.2f} to {last[name]:.2f}" for name in names)
    return f"{counted(len(history), 'epoch')}; training photos {train}, validation photos {validation}."


def _draw_lines(axes: Any, history: History, names: tuple[str, str], scaled: Any, inks: Inks) -> None:
    epochs = np.arange(1, len(history) + 1)
    dot = "o" if len(history) <= FEW_EPOCHS else None
    train, validation = (scaled(np.array([row[name] for row in history], float)) for name in names)
    axes.plot(epochs, train, color=inks.train, linewidth=1.6, linestyle=(0, (4, 1.6)), marker=dot, markersize=3.5, label="training photos")
    axes.plot(epochs, validation, color=inks.validation, linewidth=2.2, marker=dot, markersize=4, label="validation photos")
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(0.5, max(len(history), 1) + 0.5)
    axes.locator_params(axis="x", integer=True, nbins=8) if len(history) > 1 else axes.set_xticks([1])
    axes.set_xlabel("epoch")


def _mark_best(axes: Any, best_epoch: int, words: str, inks: Inks) -> None:
    if not best_epoch:
        return
    axes.axvline(best_epoch, color=inks.good, linewidth=1.2, linestyle=(0, (1, 2)), zorder=0)
    left, right = axes.get_xlim()
    late = best_epoch > (left + right) / 2
    axes.annotate(
        words,
        (best_epoch, 1),
        xycoords=("data", "axes fraction"),
        xytext=(-5 if late else 5, -2),
        textcoords="offset points",
        ha="right" if late else "left",
        va="top",
        color=inks.good,
    )
