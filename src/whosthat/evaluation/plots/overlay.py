"""Validation curves of several runs, one over the other.

What belongs here: which line stands for which row, what the chart of them holds, and the words for those who cannot see them. What does
not: the curves of a single run (`charts`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from whosthat.evaluation.plots.chart import Chart, count_axis, loss_axis, value_axis
from whosthat.evaluation.plots.chart import Line as ChartLine
from whosthat.evaluation.plots.charts import FEW_EPOCHS, LOWEST_LOSS
from whosthat.evaluation.plots.page_chart import PageChart, laid_out
from whosthat.translation import _
from whosthat.wording import percent

if TYPE_CHECKING:
    from whosthat.evaluation.experiments import Experiments, Row

    Line: TypeAlias = tuple[Row, str, str]

COLOURS = ("#1f77b4", "#e07b00", "#2ca02c", "#d6453d", "#9467bd", "#8c6d5c", "#d45fae", "#7f8a94", "#a3a818", "#17a3b8")
"""Of the rows in turn: they can be told apart, on white and on black."""

DASHES = ("", "8 3", "2 2", "9 2 2 2")
"""Of each ten rows in turn: lengths of dashes and gaps, none for a whole line."""

MOST_TOLD = 8
"""Of so many runs the values at an epoch are told, the best first."""

MOST_LINES = len(COLOURS) * len(DASHES)
"""More rows than there are lines to tell apart are not drawn, but for the chosen one."""


def lines(experiments: Experiments) -> list[Line]:
    """Return the rows that have curves, each with the colour and the dashes of its line."""
    rows = [row for row in experiments.rows if row.accuracies]
    if experiments.choice is not None and len(rows) > MOST_LINES:
        rows = [*(row for row in rows[: MOST_LINES - 1] if row is not experiments.choice), experiments.choice]
    return [(row, COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS)]) for place, row in enumerate(rows)]


def curves(shown: Sequence[Line], choice: Row | None) -> list[PageChart]:
    """Lay out validation accuracy and validation loss by epoch for the page; there is a line at least, and that of the choice is thick."""
    told = _(", ").join(f"{row.name} {percent(row.mean)}" for row, *_rest in shown)
    description = _("One line a run. Validation accuracy in the best epoch: {runs}.", runs=told)
    titles = {"val_accuracy": _("Validation accuracy in per cent by epoch"), "val_loss": _("Validation loss by epoch")}
    return [laid_out(_chart(shown, choice, column), column, title, description, (5.6, 3.6)) for column, title in titles.items()]


def _chart(shown: Sequence[Line], choice: Row | None, column: str) -> Chart:
    accuracy = column == "val_accuracy"
    lines, named = [], []
    for row, colour, dashes in sorted(shown, key=lambda line: line[0] is choice):  # the thick line lies above the others
        for trial in row.trials:
            values = [100 * epoch[column] if accuracy else max(epoch[column], LOWEST_LOSS) for epoch in trial.history]
            width, dots = 2.8 if row is choice else 1.4, 0 < len(values) <= FEW_EPOCHS
            lines.append(ChartLine(range(1, len(values) + 1), values, colour, dashes=dashes, width=width, dots=dots))
            named.append(row.name)
    known = [value for line in lines for value in line.ys if math.isfinite(value)] or [1.0]
    return Chart(
        _("Validation accuracy in per cent") if accuracy else _("Validation loss"),
        count_axis(1, max([1, *(len(line.xs) for line in lines)]), _("epoch")),
        value_axis(known) if accuracy else loss_axis(min(known), max(known)),
        tuple(lines),
        readings=_readings(lines, named, accuracy=accuracy),
    )


def _readings(lines: Sequence[ChartLine], names: Sequence[str], *, accuracy: bool) -> tuple[tuple[float, tuple[str, ...]], ...]:
    """Return, for each epoch, its number and the best runs with their value."""
    readings = []
    for place in range(max([0, *(len(line.ys) for line in lines)])):
        values = [(line.ys[place], name) for line, name in zip(lines, names, strict=True) if place < len(line.ys)]
        values.sort(key=lambda one: one[0], reverse=accuracy)
        told = [_("{what}: {value}", what=name, value=percent(value / 100) if accuracy else f"{value:.3g}") for value, name in values]
        more = [_("and {n:,} more", n=len(told) - MOST_TOLD)] if len(told) > MOST_TOLD else []
        readings.append((place + 1, (_("epoch {n}", n=place + 1), *told[:MOST_TOLD], *more)))
    return tuple(readings)
