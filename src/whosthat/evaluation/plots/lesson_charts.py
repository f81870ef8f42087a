"""The lesson's own drawings: losses of several runs on one axis, and photos or maps of numbers in rows.

Each ``draw_...`` fills a matplotlib ``Axes`` with the `Inks` given, as those of `charts` do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from whosthat.evaluation.plots.canvas import Inks, boxed
from whosthat.types import FloatArray, Image

TILES_IN_ROW = 5
_CAPTION, _STEP = 0.3, 1.1


def draw_losses(axes: Any, losses: Mapping[str, Sequence[float]], words: tuple[str, str], first: int, inks: Inks) -> None:
    """Draw a line for each of at most four runs, labelled with its name: a loss for each epoch, or step, counted from ``first``.

    The words are the title and what is counted.
    """
    looks = ((inks.train, (0, (1, 1.5))), (inks.good, "solid"), (inks.bad, (0, (5, 1.5))), (inks.validation, (0, (3, 1, 1, 1))))
    for (name, values), (colour, line) in zip(losses.items(), looks, strict=False):
        axes.plot(range(first, first + len(values)), values, color=colour, linestyle=line, linewidth=2.2, label=boxed(name))
    axes.set_title(boxed(words[0]))
    axes.set_xlabel(boxed(words[1]))
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", integer=True)
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    axes.legend(labelcolor=inks.ink)


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
