"""Validation curves of several runs, one over the other.

What belongs here: which line stands for which row, drawing them, and the words for those who cannot see them. What does not: the curves of
a single run (`charts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from whosthat.evaluation.plots.canvas import THEMED, Inks, drawn, svg
from whosthat.evaluation.plots.charts import FEW_EPOCHS, LOWEST_LOSS
from whosthat.translation import _
from whosthat.wording import percent

if TYPE_CHECKING:
    from whosthat.evaluation.experiments import Experiments, Row

    Line: TypeAlias = tuple[Row, str, str]

COLOURS = ("#1f77b4", "#e07b00", "#2ca02c", "#d6453d", "#9467bd", "#8c6d5c", "#d45fae", "#7f8a94", "#a3a818", "#17a3b8")
"""Of the rows in turn: they can be told apart, on white and on black."""

DASHES = ("", "8 3", "2 2", "9 2 2 2")
"""Of each ten rows in turn: lengths of dashes and gaps, none for a whole line."""

MOST_LINES = len(COLOURS) * len(DASHES)
"""More rows than there are lines to tell apart are not drawn, but for the chosen one."""


def lines(experiments: Experiments) -> list[Line]:
    """Return the rows that have curves, each with the colour and the dashes of its line."""
    rows = [row for row in experiments.rows if row.accuracies]
    if experiments.choice is not None and len(rows) > MOST_LINES:
        rows = [*(row for row in rows[: MOST_LINES - 1] if row is not experiments.choice), experiments.choice]
    return [(row, COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS)]) for place, row in enumerate(rows)]


def curves(shown: Sequence[Line], choice: Row | None) -> list[Any]:
    """Draw validation accuracy and validation loss by epoch, each an ``<svg>`` element that can stand in a page; there is a line at least.

    The line of the choice is thick.
    """
    from markupsafe import Markup

    told = _(", ").join(f"{row.name} {percent(row.mean)}" for row, *_rest in shown)
    description = _("One line a run. Validation accuracy in the best epoch: {runs}.", runs=told)

    def drawing(column: str, title: str) -> Any:
        page = drawn((5.6, 3.6), THEMED, lambda figure: svg(figure, column, title, description), _draw, shown, choice, column)
        return Markup(page)  # noqa: S704  made of numbers; the words are escaped

    return [
        drawing("val_accuracy", _("Validation accuracy in per cent by epoch")),
        drawing("val_loss", _("Validation loss by epoch")),
    ]


def _draw(axes: Any, shown: Sequence[Line], choice: Row | None, column: str, inks: Inks) -> None:
    longest = 1
    for row, colour, dashes in shown:
        style: Any = (0, [float(length) / 2 for length in dashes.split()]) if dashes else "solid"
        for trial in row.trials:
            values = np.array([epoch[column] for epoch in trial.history], float)
            values = 100 * values if column == "val_accuracy" else np.maximum(values, LOWEST_LOSS)
            dot = "o" if 0 < len(values) <= FEW_EPOCHS else None
            width, above = (2.8, 3) if row is choice else (1.4, 2)
            axes.plot(
                range(1, len(values) + 1), values, color=colour, linestyle=style, linewidth=width, marker=dot, markersize=3, zorder=above
            )
            longest = max(longest, len(values))
    if column == "val_loss":
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _place: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda value, _place: f"{value:g}" if f"{value:e}"[0] in "25" else "")
    axes.set_title(_("Validation loss") if column == "val_loss" else _("Validation accuracy in per cent"))
    axes.grid(axis="y", which="major")
    axes.tick_params(which="both", length=0, labelcolor=inks.muted)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(_("epoch"))
    axes.set_xlim(0.5, longest + 0.5)
    axes.locator_params(axis="x", integer=True, nbins=8) if longest > 1 else axes.set_xticks([1])
