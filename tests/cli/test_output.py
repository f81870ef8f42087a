"""What is written is safe, aligned and readable by machines."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from whosthat.cli.output import cell_width, plain, say, show_error, show_first, show_json, show_table, show_text, wrapped
from whosthat.errors import UsageError


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


def test_a_name_is_never_read_as_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    show_table(("name",), [("[bold]Ana[/bold] :smile:",)])
    assert "[bold]Ana[/bold] :smile:" in terminal.getvalue()


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> io.StringIO:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    for name, value in (("TERM", "xterm"), ("COLUMNS", str(columns)), ("NO_COLOR", "1")):
        monkeypatch.setenv(name, value)
    for stream in ("sys.stdout", "sys.stderr"):
        monkeypatch.setattr(stream, terminal)
    return terminal


@pytest.mark.parametrize("columns", [39, 80, 120])
def test_a_table_fits_the_terminal_and_breaks_no_word(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch, columns)
    path, reason = "somewhere/on/this/computer/holiday/day1/016_8.jpg", "the file ends too early, as after a broken download " * 2
    show_table(("photo", "why", "bytes"), [(path, reason.strip(), "1,024")], right=("bytes",), paths=("photo",))
    lines = terminal.getvalue().splitlines()
    assert all(len(line) <= columns for line in lines)
    assert "/016_8.jpg" in lines[1]
    assert lines[1].endswith("1,024")
    words = " ".join(lines[1:]).split()
    assert [word for word in words if word in reason.split()] == reason.split()


def test_a_sentence_ends_no_line_inside_a_word_and_a_command_stays_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch, 20)
    say("The cache is damaged and is rebuilt.")
    say("whosthat check photos --undo plan.csv", wrap=False)
    show_error(UsageError("There is no such network."))
    assert terminal.getvalue().splitlines() == [
        *("The cache is damaged", "and is rebuilt."),
        "whosthat check photos --undo plan.csv",
        *("Error: There is no", "such network."),
    ]


def test_a_number_stays_with_its_percent_sign() -> None:
    assert wrapped("interval 91.5 % to 99.0 %", 14) == ["interval", "91.5 % to", "99.0 %"]


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
