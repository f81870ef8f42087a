"""What was answered for each class: the confusion matrix with counts and a colour bar; of many classes, the most confused ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from whosthat.evaluation.metrics import Matrix
from whosthat.evaluation.plots.canvas import Inks, drawable


def confusion_size(matrix: Matrix) -> tuple[float, float]:
    """Return width and height, in inches, at which it can be read."""
    rows, columns = matrix.counts.shape
    cell = 1.0 if columns <= 4 else 0.7 if columns <= 8 else 0.45
    return 3.4 + cell * columns, max(3.0, 2.0 + cell * rows)


def draw_confusion(axes: Any, matrix: Matrix, inks: Inks) -> None:
    """Draw the confusion matrix: a row for each true class, a column for each answer; only counts above 0 are written.

    Args:
        axes: A matplotlib ``Axes``.
        matrix: The counts.
        inks: The colours.
    """
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
    axes.set_xlabel("predicted")
    axes.set_ylabel("true class")
    axes.set_title("Confusion matrix of the test photos" if matrix.whole else "Confusion matrix: the most confused classes")
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.7, label="share of the true class's photos")
    bar.outline.set_visible(False)
