"""The lesson's drawings: what is asked for is drawn, and sizes follow the number of tiles."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.evaluation.plots import canvas
from whosthat.evaluation.plots.canvas import PRINT, new_figure
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.lesson_charts import draw_tiles, losses_chart, tiles_size


def test_each_run_has_a_line_that_begins_where_counting_begins() -> None:
    axes = new_figure(4, 3, PRINT).add_subplot()
    draw_chart(axes, losses_chart, {"small": [2.0, 1.9], "large": [2.0, 3.0, 4.0]}, ("Loss", "step"), 0, PRINT)
    assert [line.get_label() for line in axes.get_lines()] == ["small", "large"]
    assert axes.get_lines()[1].get_xydata().tolist() == [[0, 2], [1, 3], [2, 4]]
    assert (axes.get_title("left") or axes.get_title(), axes.get_xlabel()) == ("Loss", "step")


def test_words_that_no_font_has_become_boxes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas, "_characters", lambda: frozenset(range(0x250)))
    axes = new_figure(4, 3, PRINT).add_subplot()
    draw_chart(axes, losses_chart, {"學習率 0.1": [2.0, 1.9]}, ("損失", "步"), 0, PRINT)
    assert (axes.get_title("left") or axes.get_title(), axes.get_xlabel(), axes.get_lines()[0].get_label()) == ("□□", "□", "□□□ 0.1")
    draw_tiles(axes, [("照片", np.zeros((4, 4, 3), np.uint8))], PRINT)
    assert axes.texts[0].get_text() == "□□"


def test_tiles_are_drawn_in_rows_under_their_words() -> None:
    axes = new_figure(4, 3, PRINT).add_subplot()
    photo, numbers = np.zeros((4, 4, 3), np.uint8), np.eye(4, dtype=np.float32)
    draw_tiles(axes, [("photo", photo), *((f"map {n}", numbers) for n in range(5))], PRINT)
    assert [text.get_text() for text in axes.texts] == ["photo", *(f"map {n}" for n in range(5))]
    lefts, bottoms = zip(*((image.get_extent()[0], image.get_extent()[2]) for image in axes.images), strict=True)
    assert len(set(lefts)) == 5
    assert len(set(bottoms)) == 2


def test_a_row_more_is_higher_and_one_tile_is_narrow() -> None:
    assert tiles_size(6) == (tiles_size(5)[0], 2 * tiles_size(5)[1])
    assert tiles_size(1)[0] == tiles_size(5)[0] / 5
