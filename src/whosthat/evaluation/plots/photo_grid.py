"""Photos with their answers: a 5 x 5 grid of test photos, and the answer for a single photo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.plots.canvas import PRINT, Inks, drawable, new_figure, png, style
from whosthat.types import Image, Sighting
from whosthat.wording import confidence_text

COLUMNS = 5
GRID_PHOTOS = COLUMNS * COLUMNS
_CELL, _CAPTION = 1.0, 0.34
_MOST_BARS = 7


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


def answer_picture(image: Image, sighting: Sighting, *, title: str = "", inks: Inks = PRINT) -> bytes:
    """Draw one photo with its answer and a bar for each of the most probable classes, as a PNG.

    Args:
        image: The photo, RGB uint8 ``(height, width, 3)``.
        sighting: What was said about it.
        title: A line above the photo, such as its file name.
        inks: The colours.

    Returns:
        The bytes of a PNG file.
    """
    bars = list(sighting.probabilities.items())[:_MOST_BARS] or [(sighting.name or "unknown", sighting.confidence)]
    with style(inks):
        figure = new_figure(7.2, 3.6, inks)
        photo, chart = figure.subplots(1, 2)
        photo.imshow(image)
        photo.set_axis_off()
        photo.set_title(drawable(title))
        positions = np.arange(len(bars))[::-1]
        colours = [inks.validation if name == sighting.name else inks.train for name, _ in bars]
        chart.barh(positions, [100 * share for _, share in bars], color=colours, height=0.62)
        for position, (_, share) in zip(positions, bars, strict=True):
            chart.text(100 * share + 1.5, position, confidence_text(share), va="center", color=inks.muted, fontsize=8.5)
        chart.set_yticks(positions, [drawable(name) for name, _ in bars])
        chart.set_xlim(0, 118)
        chart.set_xticks([])
        chart.tick_params(length=0, labelcolor=inks.ink)
        chart.spines[:].set_visible(False)
        chart.set_title(f"{drawable(sighting.name or 'unknown')}, {confidence_text(sighting.confidence)} sure")
        return png(figure)
