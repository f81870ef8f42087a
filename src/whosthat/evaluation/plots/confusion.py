"""What was answered for each class: the confusion matrix with counts and a colour bar, with columns for unknown and no face."""

from __future__ import annotations

from typing import Any

import numpy as np

from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.canvas import Inks, drawable


def confusion_size(n_classes: int) -> tuple[float, float]:
    """Return width and height, in inches, at which so many classes can be read."""
    side = min(22.0, 2.2 + 0.42 * max(n_classes, 4))
    return side + 1.6, side


def draw_confusion(axes: Any, evaluation: Evaluation, inks: Inks) -> None:
    """Draw the confusion matrix: a row for each true class, a column for each answer; only counts above 0 are written.

    Args:
        axes: A matplotlib ``Axes``.
        evaluation: The test.
        inks: The colours.
    """
    from matplotlib.colors import LinearSegmentedColormap

    counts = np.array(evaluation.confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shades = LinearSegmentedColormap.from_list("shares", [inks.soft, inks.validation])
    picture = axes.imshow(shares, cmap=shades, vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        ink = inks.paper if shares[row, column] > 0.5 else inks.ink
        axes.text(column, row, counts[row, column], ha="center", va="center", color=ink)
    names = [drawable(name) for name in evaluation.columns]
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(counts)), names[: len(counts)])
    axes.axvline(len(counts) - 0.5, color=inks.line)
    axes.tick_params(length=0, labelcolor=inks.ink)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true class")
    axes.set_title("Confusion matrix of the test photos")
    axes.spines[:].set_visible(False)
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.7, label="share of the true class's photos")
    bar.outline.set_visible(False)
