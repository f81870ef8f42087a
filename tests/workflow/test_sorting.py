"""Sorting copies: each photo where it belongs, nothing moved, nothing overwritten, nothing outside."""

from __future__ import annotations

import csv
import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.types import Box, Sighting
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.sorting import RECEIPT_COLUMNS, sort_copies


def photo_of(path: Path, *names: str | None, content: str = "") -> Prediction:
    """A file, and the answer for it: one face for each name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content or path.name, encoding="utf-8")
    return Prediction(path, tuple(Sighting(name, 0.9, box=Box(0, 0, 9, 9)) for name in names))


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.suffix not in (".csv", ".lock")}


def receipt(folder: Path, name: str = "whosthat-sorted.csv") -> list[dict[str, str]]:
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_photo_lands_where_it_belongs(tmp_path: Path) -> None:
    photos, out = tmp_path / "photos", tmp_path / "out"
    (photos / "broken").mkdir(parents=True)
    predictions = [
        photo_of(photos / "1.jpg", "Ann"),
        photo_of(photos / "2.jpg", "Ann", "Bo", None),
        photo_of(photos / "3.jpg", "張偉", None),
        photo_of(photos / "4.jpg", None, None),
        photo_of(photos / "5.jpg"),
        Prediction(photo_of(photos / "6.heic").path, error="HEIC needs the extra package"),
        Prediction(photos / "gone.jpg", error="not found"),
        Prediction(photos / "broken", error="the folder holds no photos"),
    ]
    before = tree(photos)
    assert list(sort_copies(predictions, out)) == predictions
    assert tree(out) == {
        *("Ann/1.jpg", "several people/2.jpg", "張偉/3.jpg", "unknown/4.jpg", "nobody/5.jpg", "unreadable/6.heic"),
    }
    assert tree(photos) == before
    rows = receipt(out)
    assert tuple(rows[0]) == RECEIPT_COLUMNS
    assert [row["result"] for row in rows] == [
        *["copied"] * 6,
        "not copied: not found",
        "not copied: the folder holds no photos",
    ]
    assert (rows[1]["people"], rows[1]["folder"]) == ("Ann, Bo, unknown", "several people")
    assert Path(rows[0]["copy"]) == out / "Ann" / "1.jpg"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    list(sort_copies([Prediction(tmp_path / "pipe.jpg", error="this is a pipe")], tmp_path / "out"))
    assert receipt(tmp_path / "out")[0]["result"] == "not copied: this is a pipe"


def test_nothing_is_overwritten_and_sorting_twice_changes_nothing(tmp_path: Path) -> None:
    predictions = [photo_of(tmp_path / folder / "beach.jpg", "Ann", content=folder) for folder in ("a", "b")]
    mine = tmp_path / "out" / "Ann" / "beach.jpg"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    for _ in range(2):
        list(sort_copies(predictions, tmp_path / "out"))
        contents = {path.name: path.read_text(encoding="utf-8") for path in mine.parent.iterdir()}
        assert contents == {"beach.jpg": "mine", "beach-2.jpg": "a", "beach-3.jpg": "b"}
    assert [row["result"] for row in receipt(tmp_path / "out", "whosthat-sorted-2.csv")] == ["was there already"] * 2


def test_copies_keep_the_time_of_their_photo(tmp_path: Path) -> None:
    prediction = photo_of(tmp_path / "old.jpg", "Ann")
    os.utime(prediction.path, (1e9, 1e9))
    list(sort_copies([prediction], tmp_path / "out"))
    assert (tmp_path / "out" / "Ann" / "old.jpg").stat().st_mtime == 1e9


def test_people_who_are_named_like_a_folder_of_ours_or_alike_keep_apart(tmp_path: Path) -> None:
    names = ["unknown", "Several People", "Ann", "ann", "a/b", "a:b"]
    list(sort_copies([photo_of(tmp_path / f"{number}.jpg", name) for number, name in enumerate(names)], tmp_path / "out"))
    assert tree(tmp_path / "out") == {
        *("unknown (2)/0.jpg", "Several People (2)/1.jpg", "Ann/2.jpg", "ann (2)/3.jpg", "a_b/4.jpg", "a_b (2)/5.jpg"),
    }


@pytest.mark.parametrize(
    "name", ["../../ann", "/etc/ann", "..", ".", "", "C:\\ann", "\\\\server\\ann", "ann/../../bo", "a\0b", "~", "\udcff"]
)
def test_a_name_that_is_a_path_does_not_escape(name: str, tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    list(sort_copies([photo_of(tmp_path / "photo.jpg", name)], out))
    (copy,) = tree(out)
    assert copy.count("/") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"deep", "photo.jpg"}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=80))
def test_any_name_gets_a_folder(name: str, tmp_path: Path) -> None:
    before = len(tree(tmp_path / "out"))
    prediction = photo_of(tmp_path / "photo.jpg", name, content=f"photo {before}")
    list(sort_copies([prediction], tmp_path / "out"))
    assert len(tree(tmp_path / "out")) == before + 1
    assert {path.name for path in tmp_path.iterdir()} == {"out", "photo.jpg"}


def test_stopped_half_way_the_receipt_lists_what_was_copied(tmp_path: Path) -> None:
    sorting = sort_copies([photo_of(tmp_path / f"{number}.jpg", "Ann") for number in range(3)], tmp_path / "out")
    next(sorting)
    assert [Path(row["photo"]).name for row in receipt(tmp_path / "out")] == ["0.jpg"]
    sorting.close()
    assert tree(tmp_path / "out") == {"Ann/0.jpg"}


def test_killed_at_any_call_and_sorted_again_there_is_one_whole_copy_of_each(tmp_path: Path, killed_at: Any) -> None:
    predictions = [photo_of(tmp_path / f"{number}.jpg", "Ann") for number in range(2)]
    for nth in itertools.count(1):
        out = tmp_path / f"out{nth}"
        with killed_at(nth) as died:
            list(sort_copies(predictions, out))
        list(sort_copies(predictions, out))
        assert {path.name: path.read_text(encoding="utf-8") for path in (out / "Ann").iterdir()} == {"0.jpg": "0.jpg", "1.jpg": "1.jpg"}
        if not died:
            break
    assert nth > 4


def test_two_processes_do_not_sort_into_one_folder(tmp_path: Path) -> None:
    sorting = sort_copies([photo_of(tmp_path / "a.jpg", "Ann")], tmp_path / "out")
    next(sorting)
    with pytest.raises(UsageError, match="Another process is sorting"):
        sort_copies(iter(()), tmp_path / "out")
    sorting.close()
    assert list(sort_copies(iter(()), tmp_path / "out")) == []


def test_a_receipt_holds_no_formula(tmp_path: Path) -> None:
    list(sort_copies([photo_of(tmp_path / "a.jpg", "=cmd()")], tmp_path / "out"))
    assert receipt(tmp_path / "out")[0]["people"] == "'=cmd()"


def test_a_folder_that_cannot_be_made_is_said_before_anything_is_looked_at(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="Choose another folder for the sorted copies"):
        sort_copies(iter(()), tmp_path / "file" / "out")


def test_a_place_that_is_no_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "Ann").touch()
    with pytest.raises(UsageError, match="Ann cannot be written"):
        list(sort_copies([photo_of(tmp_path / "a.jpg", "Ann")], tmp_path / "out"))


def test_links_are_second_names_of_the_photos_and_are_not_made_twice(tmp_path: Path) -> None:
    photo = photo_of(tmp_path / "photos" / "1.jpg", "Ann")
    for _time in range(2):
        list(sort_copies([photo], tmp_path / "out", link=True))
    assert tree(tmp_path / "out") == {"Ann/1.jpg"}
    assert photo.path.samefile(tmp_path / "out" / "Ann" / "1.jpg")
    assert [row["result"] for row in receipt(tmp_path / "out")] == ["linked"]


def test_where_no_link_can_be_made_it_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def other_drive(*_names: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", other_drive)
    with pytest.raises(UsageError, match=r"No link to .*1\.jpg can be made in .*Ann: Invalid cross-device link\. Copy the photos"):
        list(sort_copies([photo_of(tmp_path / "1.jpg", "Ann")], tmp_path / "out", link=True))


def test_sorting_nothing_leaves_no_list(tmp_path: Path) -> None:
    assert list(sort_copies([], tmp_path / "out")) == []
    assert not (tmp_path / "out" / "whosthat-sorted.csv").exists()
