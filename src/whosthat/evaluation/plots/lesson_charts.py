"""The lesson's own drawings: losses of several runs on one axis, and photos or maps of numbers in rows.

As in `charts`, ``losses_chart`` says what a chart holds, and ``draw_tiles`` fills a matplotlib ``Axes`` with the `Inks` given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.plots.canvas import Inks, boxed
from whosthat.evaluation.plots.chart import Chart, Line, count_axis, value_axis
from whosthat.types import FloatArray, Image

TILES_IN_ROW = 5
_CAPTION, _STEP = 0.3, 1.1


def losses_chart(losses: Mapping[str, Sequence[float]], words: tuple[str, str], first: int) -> Chart:
    """A line for each of at most four runs, labelled with its name: a loss for each epoch, or step, counted from ``first``.

    The words are the title and what is counted.
    """
    looks = (("train", "2.2 3.3"), ("good", ""), ("bad", "11 3.3"), ("validation", "6.6 2.2 2.2 2.2"))
    lines = tuple(
        Line(range(first, first + len(values)), values, ink, name, dashes)
        for (name, values), (ink, dashes) in zip(losses.items(), looks, strict=False)
    )
    last = max(first + len(line.ys) - 1 for line in lines)
    up = value_axis([value for line in lines for value in line.ys], low=0)
    readings = tuple(
        (x, (f"{words[1]} {x}", *(f"{line.label}: {line.ys[x - first]:.3g}" for line in lines if x in line.xs)))
        for x in range(first, last + 1)
    )
    return Chart(words[0], count_axis(first, last, words[1]), up, lines, readings=readings)


def tiles_size(n_tiles: int) -> tuple[float, float]:
    """Return width and height, in inches, of a drawing of so many tiles."""
    columns, rows = _shape(n_tiles)
    return 1.4 * _STEP * columns, 1.4 * (1 + _CAPTION) * rows


def _shape(n_tiles: int) -> tuple[int, int]:
    """Return how many columns and rows of tiles there are."""
    return min(n_tiles, TILES_IN_ROW), -(-n_tiles // TILES_IN_ROW)


def draw_tiles(axes: Any, tiles: Sequence[tuple[str, Image | FloatArray]], inks: Inks) -> None:
    """Draw tiles in rows, each under its words: photos, RGB uint8 ``(side, side, 3)``, or maps, float32 ``(side, side)``.

    A map is drawn from its smallest number (dark) to its largest (bright).
    """
    height = 1 + _CAPTION
    for place, (words, tile) in enumerate(tiles):
        left, top = (place % TILES_IN_ROW) * _STEP, -(place // TILES_IN_ROW) * height - _CAPTION
        axes.imshow(np.asarray(tile), extent=(left, left + 1, top - 1, top), cmap="magma", interpolation="nearest")
        axes.text(left, top + 0.05, boxed(words), ha="left", va="bottom", fontsize=8.5, color=inks.ink)
    columns, rows = _shape(len(tiles))
    axes.set_xlim(0, columns * _STEP - 0.1)
    axes.set_ylim(-rows * height, 0)
    axes.set_axis_off()
