"""``whosthat predict``: tables, CSV and JSON of the same answers."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.recognition.tracking import Track
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


def test_the_table_shows_names_and_the_photos_that_cannot_be_read(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "bundle", "a.jpg", "b.jpg", "c.jpg", "--draw", "drawn"]) == 3
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "photo  name     sure  then",
        "a.jpg  張偉     90 %  Bo 6 %",
        "b.jpg  unknown        張偉 50 %, Bo 30 %",
    ]
    assert told.err == "c.jpg: the file is empty\n"
    assert (answers.options["draw"], answers.options["without"]) == (Path("drawn"), [Path("drawn")])


def test_more_names_can_be_shown(answers: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main(["predict", "bundle", "a.jpg", "--top", "3"])
    assert "Bo 6 %, Cy 4 %" in capsys.readouterr().out


def test_names_that_are_out_of_the_question_are_not_shown(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    stranger = Sighting(None, 0.0001, "Bo", 0.0, None, {"Al": 0.0001, "Bo": 0.0})
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (stranger,))])
    main(["predict", "bundle", "a.jpg"])
    assert capsys.readouterr().out.splitlines()[1].split() == ["a.jpg", "unknown"]


def test_a_person_who_was_given_to_a_better_face_is_no_second_guess(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    second = Sighting(None, 0.999, "Bo", 0.0, None, {"Al": 0.999, "Bo": 0.0}, given_to_better="Al")
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    for arguments in ([], ["--json"], ["--csv"]):
        replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (second,))])
        main(["predict", "bundle", "a.jpg", *arguments])
    table, document, rows = re.split(r"(?s)(?<=face)\n(?=\{)|(?<=\})\n(?=path)", capsys.readouterr().out)
    assert table.splitlines()[1].split("  ")[-1] == "Al was given to a better face"
    assert json.loads(document)["predictions"][0]["sightings"][0]["given_to_better"] == "Al"
    assert next(csv.DictReader(io.StringIO(rows)))["given_to_better"] == "Al"


def test_nobody_is_shown_as_quite_sure(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.predict.find_photos", ["a"])
    replaced("whosthat.workflow.predict.predict", [Prediction(Path("a.jpg"), (Sighting("Bo", 1.0, probabilities={"Bo": 1.0}),))])
    main(["predict", "bundle", "a.jpg"])
    assert capsys.readouterr().out.splitlines()[1] == "a.jpg  Bo    > 99 %"


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


def track(name: str | None, start: float, end: float) -> Track:
    frames = range(int(start * 10), int(end * 10) + 1)
    return Track(name, 1.0, 0.9, frames[0], start, end, dict.fromkeys(frames))


def test_videos_get_a_table_of_people_with_times(replaced: Any, capsys: pytest.CaptureFixture[str]) -> None:
    tracks = (track("張偉", 0.0, 2.5), track(None, 1.0, 1.0), track("Bo", 3, 5), track("張偉", 70.0, 75.0))
    cut = Prediction(Path("cut.mp4"), video=VideoAnswer((), 3, 5, 0.4, problem="the file is cut off"))
    film = Prediction(Path("film.mp4"), video=VideoAnswer(tracks, 200, 5, 80.0))
    replaced("whosthat.workflow.predict.find_photos", ["film.mp4"] * 3)
    predictions = replaced("whosthat.workflow.predict.predict", [film, Prediction(Path("a.jpg"), (KNOWN,)), cut])
    assert main(["predict", "bundle", "film.mp4", "--every", "10"]) == 3
    told = capsys.readouterr()
    assert told.out.splitlines()[2:] == [
        "",
        "video     name             sure  frames  seen",
        "film.mp4  張偉             90 %      77  0:00.0 to 0:02.5, 1:10.0 to 1:15.0",
        "film.mp4  unknown                     1  0:01.0",
        "film.mp4  Bo               90 %      21  0:03.0 to 0:05.0",
        "cut.mp4   nobody was seen",
    ]
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
