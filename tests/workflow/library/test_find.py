"""Finding as people ask: dates in words, numbers of faces, files that are gone, and faces that look alike."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import whosthat
from whosthat.errors import LibraryError, PhotoError, UsageError
from whosthat.library.search import EPOCH
from whosthat.library.store import Library
from whosthat.photos.drawing import save_image
from whosthat.workflow.library import find as module
from whosthat.workflow.library import likeness
from whosthat.workflow.library.find import FoundPhoto, find
from whosthat.workflow.library.likeness import Similar

PHOTOS = {"a/one.png": ["Anna", "?x"], "a/two.png": ["Anna", "Tom"], "b/three.png": ["?x"], "b/four.png": ["Tom"], "b/five.png": []}
DATES = {"a/one.png": datetime(2019, 7, 31, 12), "a/two.png": datetime(2019, 12, 31, 23, 59, 59), "b/four.png": datetime(2024, 2, 29)}


@pytest.fixture
def folder(named_library, tmp_path: Path) -> Path:
    named_library(PHOTOS, taken_at={name: (moment - EPOCH).total_seconds() for name, moment in DATES.items()})
    return tmp_path / "library"


def stems(found: module.Found) -> list[str]:
    return [one.path.stem for one in found.photos]


def test_a_photo_with_all_that_is_known_of_it(folder: Path, tmp_path: Path) -> None:
    (tom,) = find(folder, "tom and not anna").photos

    assert tom == FoundPhoto(tmp_path / "photos" / "b" / "four.png", (), ("Tom",), DATES["b/four.png"], tom.sha256)
    assert list(whosthat.find(folder, "tom and not anna").photos) == [tom]
    assert (tom.who, tom.when) == ("Tom", "2024-02-29 00:00")
    assert [one.who for one in find(folder, "not tom").photos] == ["Anna, 1 unknown", "1 face, unknown", "no face"]


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [
        ("2019", None, ["one", "two", "four"]),
        (None, "2019", ["one", "two"]),
        ("2019-08", "2019-12", ["two"]),
        ("2019/7/31", "2019-07-31", ["one"]),
        (date(2019, 12, 31), date(2019, 12, 31), ["two"]),
        (datetime(2024, 2, 29, 18), "2024-2", ["four"]),
        ("2025", None, []),
        ("9999", None, []),
    ],
)
def test_dates_are_whole_years_months_and_days(folder: Path, since: object, until: object, found: list[str]) -> None:
    answer = find(folder, since=since, until=until)
    assert stems(answer) == found
    assert answer.undated == 2


@pytest.mark.parametrize("word", ["", "19", "2019-13", "2019-02-29", "yesterday", "0000", "２０１９", "2019-07-31; DROP TABLE", "1" * 9999])
def test_what_is_no_date_is_refused(folder: Path, word: str) -> None:
    with pytest.raises(UsageError, match="A date is a year"):
        find(folder, since=word)


def test_dates_the_wrong_way_round_are_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="since 2020 and until 2019"):
        find(folder, since="2020", until="2019")


@pytest.mark.parametrize(
    ("faces", "found"), [(1, ["four", "three"]), ("2+", ["one", "two"]), ("0-1", ["four", "three", "five"]), (0, ["five"])]
)
def test_how_many_faces(folder: Path, faces: int | str, found: list[str]) -> None:
    assert stems(find(folder, faces=faces)) == found


@pytest.mark.parametrize("faces", ["", "x", "-1", -1, "3-1", "1+2", "1.5", "9" * 7])
def test_what_is_no_number_of_faces_is_refused(folder: Path, faces: int | str) -> None:
    with pytest.raises(UsageError, match="A number of faces"):
        find(folder, faces=faces)


def test_a_file_that_is_gone_is_counted_and_a_copy_takes_its_place(folder: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    with Library(folder) as library, library.changing() as change:
        change.execute(
            "INSERT INTO files (root, name, stamp, photo) SELECT root, 'c.png', '', photo FROM files WHERE name = CAST('a/one.png' AS BLOB)"
        )
        change.execute("UPDATE files SET name = CAST(name AS BLOB)")
    (photos / "a" / "one.png").rename(photos / "c.png")
    (photos / "a" / "two.png").unlink()

    answer = find(folder, "anna")

    assert [(one.path, one.is_there) for one in answer.photos] == [(photos / "c.png", True), (photos / "a" / "two.png", False)]
    assert answer.first() == ([answer.photos[0]], 1)
    assert answer.first(1) == ([answer.photos[0]], 0)
    assert answer.first(0) == ([], 0)
    assert (len(answer.to_dict()["photos"]), answer.to_dict()["missing"]) == (1, 1)


def test_photos_are_read_when_they_are_looked_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = find(folder, "not nobody").photos
    assert (len(photos), repr(photos)) == (4, "<4 photos>")
    whole = list(photos)
    assert (photos[-1], photos[1:3], photos[::-1]) == (whole[3], (whole[1], whole[2]), tuple(whole[::-1]))
    assert whole[2] in photos
    with pytest.raises(IndexError):
        photos[4]
    monkeypatch.setattr(module, "FEW", 1)
    monkeypatch.setattr(module, "MANY", 2)
    assert list(photos) == whole
    with Library(folder) as library, library.changing() as change:
        change.execute("DELETE FROM files")
    with pytest.raises(LibraryError, match="was changed since the search"):
        list(photos)


def test_something_must_be_asked(folder: Path) -> None:
    with pytest.raises(UsageError, match="Say what to look for"):
        find(folder)
    with pytest.raises(UsageError, match="at its end"):
        find(folder, "  ")


@pytest.mark.parametrize(
    ("name", "given", "sentence"),
    [
        ("library", None, "must be a path"),
        ("within", 3, "must be a path"),
        ("like", 4.5, "must be a path"),
        ("like", ("a", 1, 2), "must be a path"),
        ("like", ("a.jpg", "1"), "whole number; got str"),
        ("query", ["anna"], "text; got list"),
        ("query", None, "text; got None"),
    ],
)
def test_what_is_of_another_type_is_refused(folder: Path, name: str, given: object, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        find(**{"library": folder, "query": "anna", name: given})


def test_similar_faces_the_nearest_first_without_the_photo_itself(folder: Path, tmp_path: Path) -> None:
    found = find(folder, like=tmp_path / "photos" / "a" / "one.png")

    assert sorted(stems(found)) == ["three", "two"]
    assert [one.distance for one in found.photos] == sorted(one.distance for one in found.photos)
    assert all(0.1 < one.distance < 0.3 for one in found.photos)
    assert found.similar == (Similar(1, "Anna", 1, (("Anna", 1),)), Similar(2, None, 1, ((None, 1),)))
    assert stems(find(folder, "unknown", like=(tmp_path / "photos" / "a" / "one.png", 2))) == ["three"]
    assert stems(find(folder, "tom", like=(tmp_path / "photos" / "a" / "one.png", 2))) == []


def test_blocks_give_what_all_at_once_gives(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find(folder, like=tmp_path / "photos" / "a" / "one.png")
    monkeypatch.setattr(likeness, "BLOCK", 1)
    parts = find(folder, like=tmp_path / "photos" / "a" / "one.png")
    assert (stems(parts), parts.similar) == (stems(whole), whole.similar)
    assert [one.distance for one in parts.photos] == pytest.approx([one.distance for one in whole.photos], abs=1e-4)


def test_a_photo_from_elsewhere_is_looked_at_as_the_librarys_are(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library(folder) as library:
        (vector,) = library.rows("SELECT vector FROM faces JOIN files USING (photo) WHERE files.name = ?", (b"b/four.png",))
    seen = SimpleNamespace(vectors=np.frombuffer(vector[0], "<f4")[None])
    reader = SimpleNamespace(key="drawn", cut_file=lambda path: path, see=lambda photos: [seen])
    monkeypatch.setattr("whosthat.workflow.face_photos.open_reader", lambda *names: SimpleNamespace(reader=reader))
    photo = tmp_path / "elsewhere.png"
    save_image(np.zeros((9, 9, 3), np.uint8), photo)

    found = find(folder, like=photo)

    assert stems(found) == ["four", "two"]
    assert found.similar == (Similar(1, None, 2, (("Tom", 2),)),)
    reader.key = "other"
    with pytest.raises(UsageError, match="other networks"):
        find(folder, like=photo)


def test_photos_that_cannot_be_compared(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="No face was found"):
        find(folder, like=tmp_path / "photos" / "b" / "five.png")
    with pytest.raises(UsageError, match="has 2 faces"):
        find(folder, like=(tmp_path / "photos" / "a" / "one.png", 3))
    with pytest.raises(PhotoError, match="not found"):
        find(folder, like=tmp_path / "none.jpg")
    with Library(folder) as library, library.changing() as change:
        change.execute("UPDATE faces SET vector = x'00' WHERE id = 1")
    with pytest.raises(LibraryError, match="damaged"):
        find(folder, like=tmp_path / "photos" / "b" / "four.png")


def test_json_of_what_was_found(folder: Path, tmp_path: Path) -> None:
    document = json.loads(json.dumps(find(folder, like=(tmp_path / "photos" / "a" / "one.png", 1)).to_dict()))

    (two,) = document["photos"]
    assert (two["people"], two["taken"], two["copies"]) == (["Anna", "Tom"], "2019-12-31T23:59:59", [])
    assert document["similar"] == [{"face": 1, "name": "Anna", "photos": 1, "names": [{"name": "Anna", "faces": 1}]}]
