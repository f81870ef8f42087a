"""The charts of a run: accuracy and loss by epoch, calibration, learning curve, confusion matrix, and a grid of answered test photos.

Each ``draw_...`` fills a matplotlib ``Axes`` with the `Inks` given; each ``describe_...`` says the same for those who cannot see it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.learning_curve import LearningCurve
from whosthat.evaluation.metrics import Bin, Matrix
from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.plots.canvas import Inks, drawable, sentence_of
from whosthat.translation import _
from whosthat.types import Image
from whosthat.wording import confidence_text, counted, percent

REFERENCE_LIMITS = (0.1, 5.0)
"""The loss axis of the reference; what lies outside runs along the edge."""

LOWEST_LOSS = 1e-6
"""A logarithm has no 0."""

MOST_TICKS = 9

FEW_EPOCHS = 15
"""Up to this many epochs each one gets a dot: a single epoch has no line."""

COLUMNS = 5
GRID_PHOTOS = COLUMNS * COLUMNS
_CELL, _CAPTION, _STEP = 1.0, 0.34, 1.08
_OFFSET, _FRACTION = "offset points", "axes fraction"  # not translated: matplotlib's words

History = Sequence[Mapping[str, float]]


def draw_accuracy(axes: Any, history: History, best_epoch: int, inks: Inks) -> None:
    """Draw training and validation accuracy, in per cent; ``best_epoch``, counted from 1, was kept, and 0 marks none."""
    axes.set_title(_("Accuracy in per cent"))
    axes.set_ylim(0, 102)
    _draw_lines(axes, history, ("accuracy", "val_accuracy"), lambda values: 100 * values, inks)
    _mark_best(axes, best_epoch, "", inks)
    axes.legend(loc="lower center", labelcolor=inks.ink)  # not translated: matplotlib's word


def draw_loss(axes: Any, history: History, best_epoch: int, inks: Inks, limits: tuple[float, float] | None = None) -> None:
    """Draw training and validation loss on a logarithmic axis, which holds every loss or ends at limits such as `REFERENCE_LIMITS`."""
    losses = np.array([[row["loss"], row["val_loss"]] for row in history], float)
    losses = np.maximum(losses[np.isfinite(losses)], LOWEST_LOSS)
    ticks = _loss_ticks(*(limits or ((losses.min(), losses.max()) if losses.size else REFERENCE_LIMITS)))
    axes.set_title(_("Loss"))
    axes.set_yscale("log")
    axes.set_ylim(ticks[0] * 0.95, ticks[-1] * 1.05)
    shown = ticks if len(ticks) <= MOST_TICKS else [tick for tick in ticks if f"{tick:e}".startswith("1")]
    axes.set_yticks(shown, [f"{tick:g}" for tick in shown])
    axes.minorticks_off()
    _draw_lines(axes, history, ("loss", "val_loss"), lambda values: np.clip(values, ticks[0], ticks[-1]), inks)
    _mark_best(axes, best_epoch, _("kept: epoch {best_epoch}", best_epoch=best_epoch), inks)
    axes.legend(loc="lower left", labelcolor=inks.ink)  # not translated: matplotlib's word


def describe_curves(history: History, names: tuple[str, str]) -> str:
    """Say in words what a pair of curves shows."""
    first, last = history[0], history[-1]
    train, validation = (_("from {first:.2f} to {last:.2f}", first=first[name], last=last[name]) for name in names)
    epochs = counted(len(history), "epoch")
    return _("{epochs}; training photos {train}, validation photos {validation}.", epochs=epochs, train=train, validation=validation)


def draw_reliability(axes: Any, bins: Sequence[Bin], inks: Inks) -> None:
    """Draw how many names of each confidence were correct; on the diagonal, confidence means what it says."""
    filled = [one for one in bins if one.n]
    left, height = [100 * one.low for one in filled], [100 * one.accuracy for one in filled]
    width = 0.9 * (100 * (bins[0].high - bins[0].low))
    axes.plot([0, 100], [0, 100], color=inks.muted, linewidth=1.2, linestyle=(0, (4, 2)), label=_("as promised"))
    axes.bar(left, height, width=width, align="edge", color=inks.validation, alpha=0.75, label=_("correct, of these names"))
    above: dict[str, Any] = {"xytext": (0, 2), "textcoords": _OFFSET, "ha": "center", "color": inks.ink, "fontsize": 8}
    for one in filled:
        axes.annotate(one.n, (50 * (one.low + one.high), 100 * one.accuracy), **above)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 112)
    axes.set_yticks(range(0, 101, 20))
    axes.set_title(_("Correct, in per cent"))
    _plain_axes(axes, _("confidence in per cent; on each bar its number of photos"))
    axes.legend(loc="upper left", labelcolor=inks.ink)  # not translated: matplotlib's word


def describe_reliability(bins: Sequence[Bin]) -> str:
    """Say in words what the diagram shows."""
    words = [
        _(
            "{n} names of {confidence} mean confidence were correct in {share:.0%}",
            n=one.n,
            confidence=confidence_text(one.confidence),
            share=one.accuracy,
        )
        for one in bins
        if one.n
    ]
    return sentence_of(words or [_("no photo got a name")])


def draw_learning_curve(axes: Any, curve: LearningCurve, inks: Inks) -> None:
    """Draw accuracy by photos per person or class, the mean of several draws and the band from the worst to the best.

    The axis of counts is logarithmic, because each photo brings less than the one before.
    """
    counts = [point.count for point in curve.points]
    lowest, mean, highest = 100 * np.array([(point.lowest, point.accuracy, point.highest) for point in curve.points]).T
    axes.set_title(_("Correct test photos, in per cent"))
    axes.set_xscale("log")
    axes.fill_between(counts, lowest, highest, color=inks.soft)
    axes.plot(counts, mean, color=inks.validation, linewidth=2.2, marker="o", markersize=4)
    axes.set_xticks(counts, [*map(str, counts[:-1]), _("all")])
    axes.minorticks_off()
    axes.set_ylim(max(0, lowest.min() - 5), 101)
    _plain_axes(axes, _("photos of each person") if curve.each == "person" else _("photos of each class"))


def describe_learning_curve(curve: LearningCurve) -> str:
    """Say in words what the curve shows."""
    return sentence_of([_("{count} of each: {accuracy}", count=point.count, accuracy=percent(point.accuracy)) for point in curve.points])


def confusion_size(matrix: Matrix) -> tuple[float, float]:
    """Return width and height, in inches, at which the matrix can be read."""
    rows, columns = matrix.counts.shape
    cell = 1.0 if columns <= 4 else 0.7 if columns <= 8 else 0.45
    return 3.4 + cell * columns, max(3.0, 2.4 + cell * rows)


def draw_confusion(axes: Any, matrix: Matrix, inks: Inks) -> None:
    """Draw the confusion matrix: a row for each true class, a column for each answer; only counts above 0 are written."""
    from matplotlib.colors import LinearSegmentedColormap

    counts, n_rows = matrix.counts, len(matrix.rows)
    shares = counts / np.maximum(matrix.n[:, None], 1)
    shades = LinearSegmentedColormap.from_list("shares", [inks.soft, inks.validation])
    picture = axes.imshow(shares, cmap=shades, vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        ink = inks.paper if shares[row, column] > 0.5 else inks.ink
        axes.text(column, row, counts[row, column], ha="center", va="center", color=ink)
    names = [drawable(name) for name in matrix.columns]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(n_rows), names[:n_rows])
    if len(names) > n_rows:
        axes.axvline(n_rows - 0.5, color=inks.line)
    axes.tick_params(length=0, labelcolor=inks.ink)
    axes.set_xlabel(_("predicted"))
    axes.set_ylabel(_("true class"))
    axes.set_title(_("Confusion matrix of the test photos") if matrix.whole else _("Confusion matrix: the most confused classes"))
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.7, label=_("share of the true class's photos"))
    bar.outline.set_visible(False)


def grid_size(n_answers: int) -> tuple[float, float]:
    """Return width and height of the grid, in inches."""
    return 7.2, 7.2 / (COLUMNS * _STEP) * -(-n_answers // COLUMNS) * (_CELL + _CAPTION)


def draw_grid(axes: Any, answers: Sequence[Answer], images: Mapping[int, Image], inks: Inks) -> None:
    """Draw at most `GRID_PHOTOS` photos, each with a tick or a cross, what was answered, and what it is when that is something else.

    The photos, RGB uint8 ``(height, width, 3)``, are found by `Answer.index`.
    """
    height = _CELL + _CAPTION
    rows = -(-len(answers) // COLUMNS)
    for place, answer in enumerate(answers):
        left, top = (place % COLUMNS) * _STEP, -(place // COLUMNS) * height
        axes.imshow(images[answer.index], extent=(left, left + _CELL, top - _CELL, top), aspect="equal", zorder=1)
        ink, sign = (inks.good, "✓") if answer.correct else (inks.bad, "✗")
        words = f"{sign} {drawable(answer.words)}"
        if not answer.correct:
            truth = _("is {name}", name=drawable(answer.truth))
            words = f"{words}\n{truth}"
        axes.text(left, top - _CELL - 0.03, words, ha="left", va="top", color=ink, fontsize=7.5, linespacing=1.1)
    axes.set_xlim(0, COLUMNS * _STEP - 0.08)
    axes.set_ylim(-rows * height, 0)
    axes.set_axis_off()


def _loss_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5, 10... from the last that is not above ``low`` to the first that is not below ``high``; at least two."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    first = max(place for place, step in enumerate(steps) if step <= low * 1.001)
    last = min(place for place, step in enumerate(steps) if step >= high * 0.999)
    return steps[first : max(last, first + 1) + 1]


def _draw_lines(axes: Any, history: History, names: tuple[str, str], scaled: Any, inks: Inks) -> None:
    epochs = np.arange(1, len(history) + 1)
    dot = "o" if len(history) <= FEW_EPOCHS else None
    train, validation = (scaled(np.array([row[name] for row in history], float)) for name in names)
    axes.plot(
        epochs, train, color=inks.train, linewidth=1.6, linestyle=(0, (4, 1.6)), marker=dot, markersize=3.5, label=_("training photos")
    )
    axes.plot(epochs, validation, color=inks.validation, linewidth=2.2, marker=dot, markersize=4, label=_("validation photos"))
    axes.set_xlim(0.5, max(len(history), 1) + 0.5)
    axes.locator_params(axis="x", integer=True, nbins=8) if len(history) > 1 else axes.set_xticks([1])
    _plain_axes(axes, _("epoch"))


def _plain_axes(axes: Any, label: str) -> None:
    """Leave horizontal lines alone, without an axis or ticks at the left, and say what runs along the bottom."""
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label)


def _mark_best(axes: Any, best_epoch: int, words: str, inks: Inks) -> None:
    if not best_epoch:
        return
    axes.axvline(best_epoch, color=inks.good, linewidth=1.2, linestyle=(0, (1, 2)), zorder=0)
    late = best_epoch > sum(axes.get_xlim()) / 2
    shift, side = (-5, "right") if late else (5, "left")
    place: dict[str, Any] = {"xycoords": ("data", _FRACTION), "xytext": (shift, -2), "textcoords": _OFFSET}
    axes.annotate(words, (best_epoch, 1), **place, ha=side, va="top", color=inks.good)
