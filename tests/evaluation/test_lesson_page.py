"""The page of a lesson: whole, escaped, and an error that says what to do when it cannot be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from whosthat.errors import RunError
from whosthat.evaluation.lesson_page import Grid, Part, write_lesson_page

FACTS = {"n_photos": 1200, "n_trainings": 2, "seconds": 95}


def part(**changes: object) -> Part:
    known = {"number": 1, "of": 1, "title": "A title", "text": ("Told.",), "shown": (), "question": "What?", "result": "This."}
    return Part(**known | changes)


def test_tables_and_blocks_of_numbers_stand_in_the_page(tmp_path: Path) -> None:
    table, block = Grid("A table.", (("a", "1"),), ("name", "number")), Grid("A block.", (("7", "8"),))
    page = write_lesson_page(tmp_path, [part(found=(table, block), answer=("Why.",))], **FACTS)
    text = page.read_text(encoding="utf-8")
    for piece in ("A table.", '<th scope="col">number</th>', "<td>8</td>", "A block.", "Why.", "<dd>1,200</dd>", "<dd>1 min 35 s</dd>"):
        assert piece in text


def test_columns_of_numbers_are_told_from_words() -> None:
    assert Grid("", (("a", "1 %", "yes", ""), ("b", "x 2", "3 no", "-4")), ("", "", "", "")).numeric == (True, False, True)
    assert Grid("", (("7", "8"),)).numeric == (True,)


def test_no_prediction_says_so_and_a_hostile_one_is_escaped(tmp_path: Path) -> None:
    page = write_lesson_page(tmp_path, [part(), part(number=2, prediction="<script>\x1b[31m")], **FACTS)
    text = page.read_text(encoding="utf-8")
    assert text.count("(no prediction)") == 2
    assert text.count("<script>") == 1  # our own
    assert "\x1b" not in text


def test_a_page_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"lesson\.html cannot be written"):
        write_lesson_page(tmp_path / "nowhere", [part()], **FACTS)
