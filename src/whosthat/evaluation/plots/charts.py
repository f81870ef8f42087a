"""The charts of a run: accuracy and loss by epoch, calibration, learning curve, confusion matrix, and a grid of answered test photos.

Each ``..._chart`` says what a chart holds (`chart`), each ``draw_...`` fills a matplotlib ``Axes`` with the `Inks` given; each
``describe_...`` says the same for those who cannot see it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.learning_curve import LearningCurve, Point
from whosthat.evaluation.metrics import Bin, Matrix
from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.plots.canvas import Inks, drawable, sentence_of
from whosthat.evaluation.plots.chart import Axis, Bar, Chart, Line, count_axis, even_ticks, loss_axis
from whosthat.translation import _
from whosthat.types import Image
from whosthat.wording import confidence_text, counted, percent

USUAL_LOSSES = (0.1, 5.0)
"""The ends of the loss axis where no loss is a number."""

LOWEST_LOSS = 1e-6
"""A logarithm has no 0."""

FEW_EPOCHS = 15
"""Up to this many epochs each one gets a dot: a single epoch has no line."""

_PER_CENT = tuple((float(share), str(share)) for share in range(0, 101, 20))

COLUMNS = 5
GRID_PHOTOS = COLUMNS * COLUMNS
_CELL, _CAPTION, _STEP = 1.0, 0.34, 1.08
_LOW, _LOW_LEFT, _HIGH_LEFT = "lower center", "lower left", "upper left"  # not translated: where matplotlib puts a legend

History = Sequence[Mapping[str, float]]


def accuracy_chart(history: History, best_epoch: int) -> Chart:
    """Training and validation accuracy, in per cent; ``best_epoch``, counted from 1, was kept, and 0 marks none."""
    lines = _two_lines(history, ("accuracy", "val_accuracy"), 100.0)
    mark = (best_epoch, "") if best_epoch else None
    title, readings = _("Accuracy in per cent"), _readings(lines, percent, 0.01)
    return Chart(title, _epochs(history), Axis(0, 102, _PER_CENT), lines, mark=mark, readings=readings, corner=_LOW)


def loss_chart(history: History, best_epoch: int) -> Chart:
    """Training and validation loss on a logarithmic axis, which holds every loss."""
    losses = np.array([[row["loss"], row["val_loss"]] for row in history], float)
    losses = np.maximum(losses[np.isfinite(losses)], LOWEST_LOSS)
    up = loss_axis(*((losses.min(), losses.max()) if losses.size else USUAL_LOSSES))
    lines = _two_lines(history, ("loss", "val_loss"))
    mark = (best_epoch, _("kept: epoch {best_epoch}", best_epoch=best_epoch)) if best_epoch else None
    return Chart(_("Loss"), _epochs(history), up, lines, mark=mark, readings=_readings(lines, "{:.3g}".format), corner=_LOW_LEFT)


def describe_curves(history: History, names: tuple[str, str]) -> str:
    """Say in words what a pair of curves shows."""
    first, last = history[0], history[-1]
    train, validation = (_("from {first:.2f} to {last:.2f}", first=first[name], last=last[name]) for name in names)
    epochs = counted(len(history), "epoch")
    return _("{epochs}; training photos {train}, validation photos {validation}.", epochs=epochs, train=train, validation=validation)


def reliability_chart(bins: Sequence[Bin]) -> Chart:
    """How many names of each confidence were correct; on the diagonal, confidence means what it says."""
    width = 90 * (bins[0].high - bins[0].low)
    filled = [one for one in bins if one.n]
    return Chart(
        _("Correct, in per cent"),
        Axis(0, 100, _PER_CENT, _("confidence in per cent; on each bar its number of photos")),
        Axis(0, 112, _PER_CENT),
        (Line((0, 100), (0, 100), "muted", _("as promised"), "4.8 2.4", 1.2),),
        tuple(Bar(100 * one.low, 100 * one.low + width, 100 * one.accuracy, str(one.n)) for one in filled),
        _("correct, of these names"),
        readings=tuple(((50 * (one.low + one.high)), (_bin_words(one),)) for one in filled),
        corner=_HIGH_LEFT,
    )


def describe_reliability(bins: Sequence[Bin]) -> str:
    """Say in words what the diagram shows."""
    return sentence_of([_bin_words(one) for one in bins if one.n] or [_("no photo got a name")])


def _bin_words(one: Bin) -> str:
    confidence = confidence_text(one.confidence)
    return _("{n} names of {confidence} mean confidence were correct in {share:.0%}", n=one.n, confidence=confidence, share=one.accuracy)


def learning_chart(curve: LearningCurve) -> Chart:
    """Accuracy by photos per person or class, the mean of several draws and the band from the worst to the best.

    The axis of counts is logarithmic, because each photo brings less than the one before.
    """
    counts, last = [point.count for point in curve.points], len(curve.points) - 1
    label = _("photos of each person") if curve.each == "person" else _("photos of each class")
    words = [_("all") if place == last else str(count) for place, count in enumerate(counts)]
    room = max(counts[-1] / counts[0], 2) ** 0.05
    across = Axis(counts[0] / room, counts[-1] * room, tuple(zip(map(float, counts), words, strict=True)), label, log=True)
    lowest = max(0, 100 * min(point.lowest for point in curve.points) - 5)
    ticks = tuple(tick for tick in even_ticks(lowest, 100) if lowest <= tick[0] <= 100)
    return Chart(
        _("Correct test photos, in per cent"),
        across,
        Axis(lowest, 101, ticks),
        (Line(counts, [100 * point.accuracy for point in curve.points], "validation", dots=True),),
        band=tuple((point.count, 100 * point.lowest, 100 * point.highest) for point in curve.points),
        readings=tuple((point.count, (_point_words(point),)) for point in curve.points),
    )


def describe_learning_curve(curve: LearningCurve) -> str:
    """Say in words what the curve shows."""
    return sentence_of([_point_words(point) for point in curve.points])


def _point_words(point: Point) -> str:
    return _("{count} of each: {accuracy}", count=point.count, accuracy=percent(point.accuracy))


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


def _epochs(history: History) -> Axis:
    return count_axis(1, max(len(history), 1), _("epoch"))


def _two_lines(history: History, names: tuple[str, str], scale: float = 1.0) -> tuple[Line, Line]:
    epochs, dots = range(1, len(history) + 1), len(history) <= FEW_EPOCHS
    train, validation = ([scale * row[name] for row in history] for name in names)
    return (
        Line(epochs, train, "train", _("training photos"), "6.4 2.6", 1.6, dots),
        Line(epochs, validation, "validation", _("validation photos"), dots=dots),
    )


def _readings(lines: Sequence[Line], written: Callable[[float], str], scale: float = 1.0) -> tuple[tuple[float, tuple[str, ...]], ...]:
    """Return what is read off at each epoch: its number, and the value of each line."""
    return tuple(
        (
            epoch,
            (
                _("epoch {n}", n=epoch),
                *(_("{what}: {value}", what=line.label, value=written(scale * line.ys[place])) for line in lines),
            ),
        )
        for place, epoch in enumerate(lines[0].xs)
    )
