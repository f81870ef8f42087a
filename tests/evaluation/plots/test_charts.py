"""The loss axis holds every loss, and that of the reference stays what it was."""

from __future__ import annotations

import math

import numpy as np
import pytest

from whosthat.evaluation.plots.canvas import PRINT, new_figure, png, style
from whosthat.evaluation.plots.charts import REFERENCE_LIMITS, draw_loss


def drawn(losses: list[float], limits: tuple[float, float] | None = None) -> tuple[tuple[float, float], list[float], list[str]]:
    """Return the ends of the axis, the validation losses that were drawn and the labels."""
    history = [{"loss": loss, "val_loss": loss} for loss in losses]
    with style(PRINT):
        figure = new_figure(4, 3, PRINT)
        axes = figure.add_subplot()
        draw_loss(axes, history, 1, PRINT, limits)
        assert png(figure)
        return axes.get_ylim(), axes.get_lines()[1].get_ydata().tolist(), [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize(
    ("losses", "labels"),
    [
        ([0.9, 0.03], ["0.02", "0.05", "0.1", "0.2", "0.5", "1"]),
        ([0.69, 0.68], ["0.5", "1"]),
        ([1.0, 1.0], ["1", "2"]),
        ([40.0, 7.0], ["5", "10", "20", "50"]),
        ([10.0, 0.0001], ["0.0001", "0.001", "0.01", "0.1", "1", "10"]),
    ],
)
def test_the_axis_holds_every_loss(losses: list[float], labels: list[str]) -> None:
    (low, high), shown, told = drawn(losses)
    assert low < min(losses) <= max(losses) < high
    assert shown == losses
    assert told == labels


@pytest.mark.parametrize("losses", [[math.nan], [0.0, 1.0], [math.inf, 1.0, math.nan]])
def test_a_loss_that_is_no_number_or_nothing_is_drawn_without_a_warning(losses: list[float]) -> None:
    (low, high), *_ = drawn(losses)
    assert 0 < low < high < math.inf


def test_the_axis_of_the_reference_clips() -> None:
    (low, high), shown, told = drawn([40.0, 1.0, 0.03], REFERENCE_LIMITS)
    np.testing.assert_allclose((low, high), (0.095, 5.25))
    assert (shown, told) == ([5.0, 1.0, 0.1], ["0.1", "0.2", "0.5", "1", "2", "5"])
