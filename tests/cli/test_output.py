"""What is written is safe, aligned and readable by machines."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.cli.output import (
    cell_width,
    command_line,
    confirmed,
    only_answers,
    plain,
    say,
    show,
    show_error,
    show_first,
    show_json,
    show_table,
    show_text,
    table_lines,
    wrapped,
)
from whosthat.errors import UsageError

Terminal = Callable[..., io.StringIO]


def test_what_turns_a_line_around_is_escaped_in_json_and_read_back(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["\u202egpj.exe", "\u200f", "\x9b2J", "\x7f"]
    show_json(names)
    written = capsys.readouterr().out
    assert written.isascii()
    assert "\x7f" not in written
    assert json.loads(written) == names


def test_tables_are_aligned_by_width_and_not_by_length(capsys: pytest.CaptureFixture[str]) -> None:
    show_table(("name", "sure"), [("張偉", "9 %"), ("Ana", "100 %")], right=("sure",))
    assert capsys.readouterr().out == "name   sure\n張偉    9 %\nAna   100 %\n"


def test_a_name_is_never_read_as_markup(terminal: Terminal) -> None:
    screen = terminal("stdout", colour=True)
    show_table(("name",), [("[bold]Ana[/bold] :smile:",)])
    assert "[bold]Ana[/bold] :smile:" in screen.getvalue()


def test_chinese_sentences_follow_each_other_without_a_blank(capsys: pytest.CaptureFixture[str]) -> None:
    show_text("讀不了。 請重新複製。")
    say("whosthat predict '再見。 .jpg'", wrap=False)
    show_error(UsageError("讀不了。 Copy it. Then go on."))
    assert capsys.readouterr() == ("讀不了。請重新複製。\n", "whosthat predict '再見。 .jpg'\nError: 讀不了。Copy it. Then go on.\n")


@pytest.mark.parametrize("columns", [39, 80, 120])
def test_a_table_fits_the_terminal_and_breaks_no_word(columns: int, terminal: Terminal) -> None:
    screen = terminal("stdout", columns=columns)
    path, reason = "somewhere/on/this/computer/holiday/day1/016_8.jpg", "the file ends too early, as after a broken download " * 2
    show_table(("photo", "why", "bytes"), [(path, reason.strip(), "1,024")], right=("bytes",), paths=("photo",))
    lines = screen.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert "/016_8.jpg" in lines[1]
    assert lines[1].endswith("1,024")
    words = " ".join(lines[1:]).split()
    assert [word for word in words if word in reason.split()] == reason.split()


def test_a_sentence_ends_no_line_inside_a_word_and_a_command_stays_whole(terminal: Terminal) -> None:
    screen = terminal("stderr", columns=20)
    say("The cache is damaged and is rebuilt.")
    say("whosthat check photos --undo plan.csv", wrap=False)
    show_error(UsageError("There is no such network."))
    assert screen.getvalue().splitlines() == [
        *("The cache is damaged", "and is rebuilt."),
        "whosthat check photos --undo plan.csv",
        *("Error: There is no", "such network."),
    ]


def test_a_command_can_be_copied_whatever_folders_are_called() -> None:
    assert command_line("correct", Path("my library"), "--undo", 3) == "whosthat correct 'my library' --undo 3"


def test_a_number_stays_with_its_percent_sign() -> None:
    assert wrapped("interval 91.5 % to 99.0 %", 14) == ["interval", "91.5 % to", "99.0 %"]


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("這張照片讀不了。", 8, ["這張照片", "讀不了。"]),
        ("這張照片，讀不了。", 8, ["這張照", "片，讀不", "了。"]),
        ("可以（也可以不要）", 6, ["可以", "（也可", "以不", "要）"]),
        ("請看「說明」。", 6, ["請看", "「說", "明」。"]),
        ("有 12 張照片，準確率 91.5 % 到 99 %。", 12, ["有 12 張照", "片，準確率", "91.5 % 到", "99 %。"]),
        ("資料夾 holiday/day1 裡", 10, ["資料夾", "holiday/day1", "裡"]),
        ("張1.jpg", 4, ["張1.jpg"]),
        ("か\u3099", 1, ["か\u3099"]),
    ],
)
def test_chinese_ends_a_line_between_characters_and_never_before_a_full_stop(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


@given(st.text("中文，。（）「」：ab1", min_size=1), st.integers(6, 40))
def test_lines_of_chinese_hold_the_text_and_fit(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert "".join(lines) == text
    assert not any(line[0] in "，。）」：" for line in lines[1:])
    assert not any(line[-1] in "（「" for line in lines[:-1])
    assert all(cell_width(line) <= width or len(wrapped(line, 1)) == 1 for line in lines)


def test_a_table_of_chinese_fits_the_terminal(terminal: Terminal) -> None:
    screen = terminal("stdout", columns=30)
    show_table(("照片", "原因", "位元組"), [("a.jpg", "這張照片讀不了，因為檔案太早結束，可能是下載中斷了。", "1,024")], right=("位元組",))
    lines = screen.getvalue().splitlines()
    assert all(cell_width(line) <= 30 for line in lines)
    assert lines[0].endswith("位元組")
    assert lines[1].endswith(" 1,024")
    assert cell_width(lines[0]) == cell_width(lines[1]) == 30


@pytest.mark.parametrize(("said", "colour"), [("Warning: odd: yes", "Warning:"), ("警告：奇怪：是", "警告："), ("Good.", "Good.")])
def test_what_stands_before_the_first_colon_is_coloured(said: str, colour: str, terminal: Terminal) -> None:
    screen = terminal("stdout", colour=True)
    show_text(said, colour="yellow")
    assert screen.getvalue() == f"\x1b[33m{colour}\x1b[0m{said.removeprefix(colour)}\n"


@pytest.mark.parametrize(
    ("answer", "yes"), [("y", True), ("YES", True), ("是", True), ("是的", True), ("n", False), ("", False), ("不是", False)]
)
def test_a_question_is_answered_in_english_or_in_chinese(answer: str, yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{answer}\n"))
    assert confirmed("Download it?") == yes


def test_in_a_pipe_lines_stay_whole(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    show_text("The cache is damaged and is rebuilt.", colour="red")
    assert capsys.readouterr().out == "The cache is damaged and is rebuilt.\n"


def test_long_tables_end_with_how_many_more_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    show_first(("class",), [(str(number),) for number in range(25)])
    assert capsys.readouterr().out.splitlines()[-1] == "and 5 more (--json shows all)"


@pytest.mark.parametrize(("text", "width"), [("Ana", 3), ("張偉", 4), ("e\u0301", 1), ("한글", 4), ("", 0)])
def test_width_in_columns(text: str, width: int) -> None:
    assert cell_width(text) == width


def test_json_takes_what_the_library_returns(capsys: pytest.CaptureFixture[str]) -> None:
    @dataclass
    class Result:
        file: Path
        share: float
        loss: float
        counts: tuple[int, ...]

    show_json({"ünï": Result(Path("a"), np.float32(0.5), float("nan"), (1, 2))})
    assert json.loads(capsys.readouterr().out) == {"ünï": {"file": "a", "share": 0.5, "loss": None, "counts": [1, 2]}}


def test_an_object_describes_itself() -> None:
    class Described:
        def to_dict(self) -> dict[str, object]:
            return {"a": (1,)}

    assert plain(Described()) == {"a": [1]}


def test_other_threads_give_no_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with only_answers():
        show("first answer")
        other = threading.Thread(target=show, args=["a machine has gone"])
        other.start()
        other.join()
        show("second answer")
    threading.Thread(target=show, args=["as ever"]).run()
    assert capsys.readouterr() == ("first answer\nsecond answer\nas ever\n", "a machine has gone\n")


@pytest.mark.parametrize("name", ["W" * 255, "長" * 255, "<b>" * 85, "a" * 500, "\u05e9" * 255])
def test_a_name_without_end_is_folded_and_the_other_columns_stay_in_sight(name: str) -> None:
    lines = table_lines(("person", "photos"), [(name, "14"), ("Ann", "3")], right=("photos",), room=80)
    assert max(map(cell_width, lines)) <= 80
    assert lines[0].rstrip().endswith("photos")
    assert lines[1].endswith("14")
    folded = "".join(line.removesuffix("14").strip() for line in lines[1:-1])
    assert folded == name
    assert table_lines(("person", "photos"), [(name, "14")])[1] == f"{name}  14"  # a file has room for all
