"""``whosthat find``: what it shows, what it says is missing, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from whosthat.cli.app import main


@pytest.fixture
def library(named_library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    named_library(
        {"a.png": ["Anna"], "b.png": ["Anna", "Tom", "?x"], "c.png": ["?x"], "sea.png": []}, taken_at={"a.png": 0.0, "b.png": 1.5e9}
    )


def rows(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_a_table_of_path_date_and_people(library: None, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    assert main(["find", "library", "anna and not tom"]) == 0

    told = capsys.readouterr()
    assert rows(told.out) == [["path", "taken", "people"], [str(tmp_path / "photos" / "a.png"), "1970-01-01", "00:00", "Anna"]]
    assert told.err == "1 photo found.\n"


def test_nothing_found_is_said_and_no_error(library: None, capsys: pytest.CaptureFixture) -> None:
    assert main(["find", "library", "tom and nobody"]) == 0
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "0 photos found.\n")


def test_missing_and_undated_photos_are_told(library: None, capsys: pytest.CaptureFixture) -> None:
    Path("photos/b.png").unlink()
    assert main(["find", "library", "not nobody", "--since", "2000"]) == 0
    told = capsys.readouterr().err
    assert "1 more photo would be among them, but the files are not there" in told
    assert "1 more photo would be among them if they had a date" in told


def test_json_holds_all(library: None, capsys: pytest.CaptureFixture) -> None:
    assert main(["find", "library", "unknown", "--until", "2017-07-14", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [(Path(one["path"]).name, one["people"], one["taken"]) for one in document["photos"]] == [
        ("b.png", ["Anna", "Tom", None], "2017-07-14T02:40:00")
    ]
    assert (document["missing"], document["undated"]) == (0, 1)


def test_who_is_this_and_where_else(library: None, capsys: pytest.CaptureFixture) -> None:
    assert main(["find", "library", "--like", "photos/b.png"]) == 0
    told = capsys.readouterr()
    assert [Path(row[0]).name for row in rows(told.out)[1:]] in (["a.png", "c.png"], ["c.png", "a.png"])
    assert told.out.split("\n")[0].endswith("distance")
    assert "Face 1, Anna: similar faces in 1 more photo: Anna (1)." in told.err
    assert "Face 2, Tom: no similar face." in told.err
    assert "Face 3, unknown: similar faces in 1 more photo: unknown (1)." in told.err


def test_playlist_sheet_and_links(library: None, capsys: pytest.CaptureFixture) -> None:
    assert main(["find", "library", "anna", "--m3u", "x/list.m3u8", "--sheet", "x", "--links", "y"]) == 0
    assert "2 links are in y" in capsys.readouterr().err
    assert Path("x/list.m3u8").read_text(encoding="utf-8").split() == ["#EXTM3U", "../photos/a.png", "../photos/b.png"]
    assert Path("x/found.html").read_text(encoding="utf-8").count("data:image/jpeg") == 2
    assert sorted(path.name for path in Path("y").iterdir()) == ["a.png", "b.png"]
    assert main(["find", "library", "anna", "--links", "y"]) == 2
    capsys.readouterr()
    assert main(["find", "library", "anna", "--m3u", "list.txt"]) == 2
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "Say what to look for"),
        (["(anna"], 2, "closing bracket is missing"),
        (["ann"], 2, 'Did you mean "Anna"?'),
        (["anna", "--since", "soon"], 2, "A date is"),
        (["anna", "--face", "1"], 2, "--face needs --like"),
        (["--like", "none.jpg"], 3, "none.jpg: not found"),
        (["anna", "--in", "nowhere"], 2, "knows no photo in nowhere"),
        (["anna", "bob"], 2, "bob"),
    ],
)
def test_what_is_wrong_is_told(library: None, capsys: pytest.CaptureFixture, words: list[str], code: int, sentence: str) -> None:
    assert main(["find", "library", *words]) == code
    assert sentence in capsys.readouterr().err.replace("\n", " ")


def test_no_library_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["find", "nothing", "anna"]) == 2
    assert "whosthat library" in capsys.readouterr().err
