"""Progress: silent when short, a line now and then, a bar on a terminal."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from whosthat.cli.terminal import BarProgress, LineProgress
from whosthat.translation import using


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def count(progress: LineProgress, clock: Clock, seconds: float, total: int = 100, note: str = "") -> None:
    """Count to ``total`` in so many seconds."""
    start = clock.now
    for done in range(total + 1):
        clock.now = start + seconds * done / total
        progress.step("photos read", done, total, note)
    progress.close()


def lines(seconds: float, note: str = "") -> list[str]:
    stream, clock = io.StringIO(), Clock()
    count(LineProgress(stream, clock), clock, seconds, note=note)
    return stream.getvalue().splitlines()


def test_short_work_is_not_worth_a_line() -> None:
    assert lines(0.5) == []


def test_long_work_tells_rate_and_time_left() -> None:
    assert lines(20) == [
        "photos read: 5 of 100, 5 a second, 19 s left",
        "photos read: 55 of 100, 5 a second, 9 s left",
        "photos read: 100 in 20 s",
    ]


def test_a_line_is_one_sentence_in_chinese_too(catalogue: Callable[[Mapping[str, str]], Path]) -> None:
    texts = {
        "{what}: {done:,} of {total:,}": "{what}：{done:,} / {total:,}",
        "{progress}, {speed}": "{progress}，{speed}",
        "{rate:.3g} a second, {time} left": "每秒 {rate:.3g}，還要 {time}",
        "{what}: {done:,} in {time}": "{what}：{done:,}，花了 {time}",
        "{seconds} s": "{seconds} 秒",
        "{line} ({note})": "{line}（{note}）",
    }
    catalogue(texts)
    with using("zh_TW"):
        assert lines(12, "損失 1") == [
            "photos read：9 / 100，每秒 8.33，還要 11 秒（損失 1）",
            "photos read：93 / 100，每秒 8.33，還要 0.8 秒（損失 1）",
            "photos read：100，花了 12 秒（損失 1）",
        ]


def test_a_result_is_shown_however_short_the_work() -> None:
    assert lines(0.5, note="loss 0.12") == ["photos read: 100 in 0.5 s (loss 0.12)"]


def test_work_is_over_with_its_last_unit_or_with_the_next_work() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock)
    progress.step("epoch 1", 0, 2)
    clock.now = 3
    progress.step("epoch 1", 2, 2, "loss 2")
    assert stream.getvalue() == "epoch 1: 2 in 3 s (loss 2)\n"
    progress.step("epoch 2", 0, 2)
    progress.step("epoch 2", 1, 2, "loss 1")
    clock.now = 5
    progress.step("epoch 3", 0, 2)
    assert stream.getvalue().endswith("epoch 2: 1 in 2 s (loss 1)\n")


def test_of_many_results_within_a_second_the_first_and_the_last_are_told() -> None:
    stream = io.StringIO()
    progress = LineProgress(stream, Clock())
    for epoch in range(1, 10):
        progress.step(f"epoch {epoch}", 2, 2, "loss")
    progress.say("Testing.")
    assert stream.getvalue().splitlines() == ["epoch 1: 2 in 0 s (loss)", "epoch 9: 2 in 0 s (loss)", "Testing."]


def test_what_was_done_before_counting_began_is_no_speed() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = LineProgress(stream, clock)
    progress.step("photos read", 90, 100)
    clock.now = 5
    progress.step("photos read", 95, 100)
    assert stream.getvalue() == "photos read: 95 of 100, 1 a second, 5 s left\n"


def test_a_sentence_cannot_move_the_cursor() -> None:
    stream = io.StringIO()
    LineProgress(stream).say("photos of \x1b[2J")
    assert stream.getvalue() == "photos of \\x1b[2J\n"


def test_a_bar_is_drawn_on_a_terminal_and_leaves_one_line(terminal: Callable[..., io.StringIO]) -> None:
    stream, clock = terminal(), Clock()
    progress = BarProgress(stream, clock)
    progress.step("[b]photos[/b]", 0, 10)
    clock.now = 2
    progress.step("[b]photos[/b]", 5, 10)
    progress.say("One photo cannot be read.")
    progress.close()
    shown = stream.getvalue()
    assert "[b]photos[/b]" in shown
    assert "2.5 a second, 2 s left" in shown
    assert "One photo cannot be read." in shown
    assert shown.endswith("[b]photos[/b]: 5 in 2 s\n")


def test_what_came_of_work_stands_in_the_place_of_its_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for kind in (LineProgress, BarProgress):
        stream, clock = io.StringIO(), Clock()
        progress = kind(stream, clock)
        progress.step("epoch 1", 0, 10)
        clock.now = 3
        progress.step("epoch 1", 5, 10)
        progress.result("Epoch 1/2: loss 1.")
        progress.step("epoch 2", 0, 10)
        progress.result("Epoch 2/2: loss 0.")
        progress.close()
        lines = stream.getvalue().splitlines()
        assert lines[-2:] == ["Epoch 1/2: loss 1.", "Epoch 2/2: loss 0."]
        assert not any("10 in 3 s" in line for line in lines)


def test_a_table_keeps_its_columns_and_says_what_it_leaves_out() -> None:
    stream = io.StringIO()
    LineProgress(stream).table(("class", "training"), [("王小明", "8"), *[(str(number), "10") for number in range(29)]])
    lines = stream.getvalue().splitlines()
    assert lines[:3] == ["class   training", "王小明         8", "0             10"]
    assert (len(lines), lines[-1]) == (22, "and 10 more")
