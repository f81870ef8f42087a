"""What is written is safe, aligned and readable by machines."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from whosthat.cli.output import cell_width, plain, show_json, show_table


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
