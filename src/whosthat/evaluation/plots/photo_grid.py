"""Photos with their answers: a 5 x 5 grid of test photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.plots.canvas import Inks, drawable
from whosthat.types import Image

COLUMNS = 5
GRID_PHOTOS = COLUMNS * COLUMNS
_CELL, _CAPTION = 1.0, 0.34


def draw_grid(axes: Any, answers: Sequence[Answer], images: Mapping[int, Image], inks: Inks) -> None:
    """Draw up to 25 photos, each with a tick or a cross, what was answered, and what it is when that is something else.

    Args:
        axes: A matplotlib ``Axes``; it is emptied of its frame.
        answers: At most `GRID_PHOTOS` answers.
        images: The photos by `Answer.index`, RGB uint8 ``(height, width, 3)``.
        inks: The colours.
    """
    height = _CELL + _CAPTION
    rows = -(-len(answers) // COLUMNS)
    for place, answer in enumerate(answers):
        left, top = (place % COLUMNS) * 1.08, -(place // COLUMNS) * height
        axes.imshow(images[answer.index], extent=(left, left + _CELL, top - _CELL, top), aspect="equal", zorder=1)
        ink, sign = (inks.good, "✓") if answer.correct else (inks.bad, "✗")
        words = f"{sign} {drawable(answer.words)}" + ("" if answer.correct else f"\nis {drawable(answer.truth)}")
        axes.text(left, top - _CELL - 0.03, words, ha="left", va="top", color=ink, fontsize=7.5, linespacing=1.1)
    axes.set_xlim(0, COLUMNS * 1.08 - 0.08)
    axes.set_ylim(-rows * height, 0)
    axes.set_axis_off()


def grid_size(n_answers: int) -> tuple[float, float]:
    """Return width and height of the grid, in inches."""
    return 7.2, 7.2 / (COLUMNS * 1.08) * -(-n_answers // COLUMNS) * (_CELL + _CAPTION)
