"""``whosthat demo --lesson``: waits for a prediction on a terminal, goes on by itself elsewhere, and shows all that was computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.evaluation.lesson_page import Grid, Part, Picture
from whosthat.workflow.lesson import steps


@pytest.fixture
def lesson(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stands in for the lesson: two parts; the predictions are returned."""
    predictions: list[str] = []

    def give(folder: Path, student: Any, **options: Any) -> Path:
        for number in (1, 2):
            shown = (Grid("A block.", (("7", "8"), ("5", "6"))), Picture("maps", "A map.", (1, 1), print, (), ("@@..",)))
            part = Part(number, 2, f"Title {number}", ("Told.",), shown, "How many?")
            predictions.append(student.predict(part))
            found = (Grid("A table.", (("a", "1"),), ("name", "number")),)
            student.learn(Part(number, 2, part.title, part.text, shown, part.question, predictions[-1], "Ten.", ("Because.",), found))
        return folder / "lesson.html"

    monkeypatch.setattr(steps, "give_lesson", give)
    return predictions


def test_without_a_terminal_it_goes_on_by_itself(lesson: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "there", "--lesson"])
    output = capsys.readouterr().out
    assert lesson == ["", ""]
    for piece in ("Part 1 of 2: Title 1", "Told.", "7  8\n5  6", "@@..", "there/lesson/maps.png", "Question: How many?"):
        assert piece in output
    for piece in ("What happened: Ten.", "name  number\na          1", "Because.", "there/lesson.html", "whosthat demo there"):
        assert piece in output


def test_on_a_terminal_it_waits_for_a_prediction(lesson: list[str], terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal("stdin", typed=f" ten \n\n{'9' * 600}\n")
    main(["demo", "there", "--lesson"])
    assert lesson == ["ten", "9" * 500]
    assert capsys.readouterr().err.count("Enter goes on.") == 1  # nothing to wait for after the last part


@pytest.mark.parametrize(("typed", "options"), [("", []), ("ten\n", ["--yes"])], ids=["the end of input", "--yes"])
def test_what_answers_nothing(typed: str, options: list[str], lesson: list[str], terminal: Any) -> None:
    terminal("stdin", typed=typed)
    main(["demo", "there", "--lesson", *options])
    assert lesson == ["", ""]


def test_yes_alone_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--yes"]) == 2
    assert "--yes needs --lesson" in capsys.readouterr().err
