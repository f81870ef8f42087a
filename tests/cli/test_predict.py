"""``whosthat predict``: tables, CSV and JSON of the same answers."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.types import Sighting
from whosthat.workflow.predict import Prediction

KNOWN = Sighting("張偉", 0.9, "Bo", 0.06, None, {"張偉": 0.9, "Bo": 0.06, "Cy": 0.04})
UNKNOWN = Sighting(None, 0.5, "Bo", 0.3, None, {"張偉": 0.5, "Bo": 0.3, "Cy": 0.2})


@pytest.fixture
def answers(replaced: Any) -> Any:
    replaced("whosthat.workflow.predict.find_photos", ["a", "b", "c"])
    return replaced(
        "whosthat.workflow.predict.predict",
        [Prediction(Path("a.jpg"), (KNOWN,)), Prediction(Path("b.jpg"), (UNKNOWN,)), Prediction(Path("c.jpg"), error="the file is empty")],
    )


def test_the_table_shows_names_and_the_photos_that_cannot_be_read(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "b.jpg", "c.jpg", "--draw", "drawn"]) == 3
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "photo  name       sure  then",
        "a.jpg  張偉     90.0 %  Bo 6.0 %",
        "b.jpg  unknown  50.0 %  張偉 50.0 %, Bo 30.0 %",
    ]
    assert told.err == "c.jpg: the file is empty\n"
    assert answers.options == {"draw": Path("drawn")}


def test_more_names_can_be_shown(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", "bundle", "a.jpg", "--top", "3"])
    assert "Bo 6.0 %, Cy 4.0 %" in capsys.readouterr().out


def test_json_is_one_document(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert [one["error"] for one in document["predictions"]] == [None, None, "the file is empty"]
    assert document["predictions"][0]["sightings"][0]["name"] == "張偉"


def test_csv_has_a_row_for_every_photo(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "--csv"]) == 3
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["name"] for row in rows] == ["張偉", "unknown", ""]


def test_csv_and_json_cannot_share_standard_output(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "--json", "--csv"]) == 2
    assert "Choose one." in capsys.readouterr().err


def test_all_answered_ends_with_0(replaced: Any) -> None:
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (KNOWN,))])
    assert main(["predict", "bundle", "a.jpg"]) == 0
