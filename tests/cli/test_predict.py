"""``whosthat predict``: CSV and JSON of the same answers, and what is said beside them."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.types import Sighting
from whosthat.workflow.predict_video import VideoAnswer
from whosthat.workflow.prediction import Prediction

KNOWN = Sighting("張偉", 0.9, "Bo", 0.06, None, {"張偉": 0.9, "Bo": 0.06, "Cy": 0.04})
UNKNOWN = Sighting(None, 0.5, "Bo", 0.3, None, {"張偉": 0.5, "Bo": 0.3, "Cy": 0.2})


@pytest.fixture
def answers(replaced: Any) -> Any:
    replaced("whosthat.workflow.predict.find_photos", ["a", "b", "c"])
    return replaced(
        "whosthat.workflow.predict.predict",
        [Prediction(Path("a.jpg"), (KNOWN,)), Prediction(Path("b.jpg"), (UNKNOWN,)), Prediction(Path("c.jpg"), error="the file is empty")],
    )


def test_names_are_shown_and_the_photos_that_cannot_be_read(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "b.jpg", "c.jpg", "--draw", "drawn"]) == 3
    told = capsys.readouterr()
    assert told.out.splitlines()[:2] == ["a.jpg: 張偉 90 % (or Bo 6 %)", "b.jpg: unknown (perhaps 張偉 50 % or Bo 30 %)"]
    assert told.err == "Drawn copies are in drawn.\nc.jpg: the file is empty\n"
    assert (answers.options["draw"], answers.options["without"]) == (Path("drawn"), [Path("drawn")])


def test_photos_are_remembered_unless_that_is_refused(answers: Any) -> None:
    main(["predict", "bundle", "a.jpg"])
    assert answers.options["remember"] is True
    main(["predict", "bundle", "a.jpg", "--no-cache"])
    assert answers.options["remember"] is False


def test_files_that_were_not_looked_at_are_counted_by_kind(replaced: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a.jpg", "day1/b.MP4", "day1/c.cr2", "d.NEF", "notes.txt", ".hidden"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    replaced("whosthat.workflow.predict.predict", [])
    main(["predict", "bundle", str(tmp_path), "--json"])
    told = capsys.readouterr().err
    assert told == "Not looked at: 1 video (looked at when you choose one), 2 RAW photos (export as JPEG), 1 other file.\n"


def test_json_holds_the_five_best_names_unless_more_are_asked_for(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    probabilities = {f"person {number}": 0.1 for number in range(10)}
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (Sighting("person 0", 0.1, probabilities=probabilities),))])
    for arguments, expected in (([], 5), (["--top", "100"], 10)):
        main(["predict", "bundle", "a.jpg", "--json", *arguments])
        assert len(json.loads(capsys.readouterr().out)["predictions"][0]["sightings"][0]["probabilities"]) == expected


def test_a_face_whose_person_fits_another_face_better_says_so_to_programs(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    second = Sighting(None, 0.999, "Bo", 0.0, None, {"Al": 0.999, "Bo": 0.0}, given_to_better="Al")
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    for arguments in (["--json"], ["--csv"]):
        replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (second,))])
        main(["predict", "bundle", "a.jpg", *arguments])
    document, rows = re.split(r"(?s)(?<=\})\n(?=path)", capsys.readouterr().out)
    assert json.loads(document)["predictions"][0]["sightings"][0]["given_to_better"] == "Al"
    assert next(csv.DictReader(io.StringIO(rows)))["given_to_better"] == "Al"


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


def test_a_video_that_is_cut_off_is_shown_and_named(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    cut = Prediction(Path("cut.mp4"), video=VideoAnswer((), 3, 5, 0.4, problem="the file is cut off"))
    replaced("whosthat.workflow.predict.find_photos", ["cut.mp4"])
    predictions = replaced("whosthat.workflow.predict.predict", [cut])
    assert main(["predict", "bundle", "cut.mp4", "--every", "10"]) == 3
    told = capsys.readouterr()
    assert "nobody was seen" in told.out
    assert told.err == "cut.mp4: the file is cut off\n"
    assert predictions.options["every"] == 10


def test_photos_are_sorted_while_they_are_shown(replaced: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.jpg").write_bytes(b"a photo")
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    answers = replaced("whosthat.workflow.predict.predict", [Prediction(tmp_path / "a.jpg", (KNOWN,))])
    assert main(["predict", "bundle", str(tmp_path), "--sort", str(tmp_path / "out"), "--csv"]) == 0
    assert (tmp_path / "out" / "張偉" / "a.jpg").read_bytes() == b"a photo"
    assert answers.options["without"] == [tmp_path / "out"]
    told = capsys.readouterr()
    assert "張偉" in told.out
    assert f"Copies are sorted into {tmp_path / 'out'}; the CSV file there lists them." in told.err
