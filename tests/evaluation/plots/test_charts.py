"""The loss axis holds every loss; matplotlib draws what a chart holds."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.evaluation.plots.canvas import PRINT, new_figure, png, style
from whosthat.evaluation.plots.chart import Chart, count_axis, draw_chart, even_ticks
from whosthat.evaluation.plots.charts import accuracy_chart, loss_chart
from whosthat.evaluation.plots.page_chart import MOST_READINGS, laid_out


def losses_chart(losses: list[float]) -> Chart:
    return loss_chart([{"loss": loss, "val_loss": loss} for loss in losses], 1)


def drawn(chart: Chart) -> tuple[tuple[float, float], list[float], list[str]]:
    """Return the ends of the axis, the values of the second line and the labels, as matplotlib draws them."""
    with style(PRINT):
        figure = new_figure(4, 3, PRINT)
        axes = figure.add_subplot()
        draw_chart(axes, lambda: chart, PRINT)
        assert png(figure)
        return axes.get_ylim(), list(axes.get_lines()[1].get_ydata()), [label.get_text() for label in axes.get_yticklabels()]


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
    (low, high), shown, told = drawn(losses_chart(losses))
    assert low < min(losses) <= max(losses) < high
    assert shown == losses
    assert told == labels


@pytest.mark.parametrize("losses", [[math.nan], [0.0, 1.0], [math.inf, 1.0, math.nan]])
def test_a_loss_that_is_no_number_or_nothing_is_drawn_without_a_warning(losses: list[float]) -> None:
    chart = losses_chart(losses)
    (low, high), *_ = drawn(chart)
    assert 0 < low < high < math.inf
    page = laid_out(chart, "loss", "", "")
    for line in chart.lines:
        assert len(page.points(line)) == sum(map(math.isfinite, losses))
        assert all(page.top <= y <= page.bottom for _x, y in page.points(line))


def test_each_epoch_tells_its_values_in_a_strip_of_its_own() -> None:
    history = [{"accuracy": 0.5 + epoch / 10_000, "val_accuracy": 0.4} for epoch in range(3)]
    page = laid_out(accuracy_chart(history, 0), "accuracy", "", "")
    assert [lines for *_place, lines in page.strips][1] == ("epoch 2", "training photos: 50 %", "validation photos: 40 %")
    ends = [(start, start + width) for _x, start, width, _lines in page.strips]
    assert (ends[0][0], ends[-1][1]) == pytest.approx((page.left, page.right), abs=0.2)
    assert all(one[1] == pytest.approx(other[0], abs=0.2) for one, other in itertools.pairwise(ends))
    many = [{"accuracy": 0.5, "val_accuracy": 0.4}] * (3 * MOST_READINGS)
    assert len(laid_out(accuracy_chart(many, 0), "accuracy", "", "").strips) == MOST_READINGS
    assert laid_out(Chart("", count_axis(1, 3, ""), count_axis(1, 3, "")), "", "", "").strips == []


@given(low=st.floats(-1e6, 1e6), span=st.just(0.0) | st.floats(1e-3, 1e6))
def test_even_ticks_hold_both_ends_and_are_few(low: float, span: float) -> None:
    values = [value for value, _words in even_ticks(low, low + span)]
    slack = 1e-6 * (span or abs(low)) + 1e-12  # where all is one number, a step is part of it
    assert values[0] <= low + slack
    assert values[-1] >= low + span - slack
    assert 2 <= len(values) <= 9


@pytest.mark.parametrize(("last", "told"), [(1, ["1"]), (6, ["1", "2", "3", "4", "5", "6"]), (120, ["20", "40", "60", "80", "100", "120"])])
def test_epochs_are_counted_in_whole_numbers(last: int, told: list[str]) -> None:
    assert [words for _value, words in count_axis(1, last, "epoch").ticks] == told
