"""A library on the page: finding its photos, looking at one, correcting single faces and taking that back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.library.search import EPOCH
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import sha256_of
from whosthat.server.studio.studio import Studio

API = "/studio/api/library"
PHOTOS = {"2019/beach.png": ["anna", "tom"], "2019/sea.png": [], "2020/party.png": ["anna", "tom", "bo"], "2020/walk.png": ["anna"]}
DATES = {name: (datetime(int(name[:4]), 7, number) - EPOCH).total_seconds() for number, name in enumerate(PHOTOS, start=1)}


@pytest.fixture
def photos(studio: Studio, library_of: Callable[..., Any]) -> Path:
    """The folder ``photos`` beside a library that knows them; nobody has a name yet."""
    root = studio.grounds.root
    library_of(PHOTOS, at=root, taken_at=DATES)
    return root / "photos"


@pytest.fixture
def face(photos: Path) -> Callable[[str, int], str]:
    """Return the id of a face by its photo and number."""
    return lambda name, number: f"{sha256_of(photos / name)}-{number}"


@pytest.fixture
def say(page: Any, face: Callable[[str, int], str]) -> Callable[..., Any]:
    """Say something of a face: the photo, the number, what, the name."""

    def send(name: str, number: int, what: str, who: str | None = None, **more: Any) -> Any:
        return page.post(f"{API}/correct", json={"folder": "library", "face": face(name, number), "what": what, "name": who, **more})

    return send


def find(page: Any, **asked: Any) -> Any:
    return page.get(f"{API}/find", params={"folder": "library", **asked})


def paths(answer: Any) -> list[str]:
    return [photo["path"].removeprefix("photos/") for photo in answer.json()["photos"]]


def test_libraries_are_listed_and_described(page: Any, photos: Path, say: Callable[..., Any]) -> None:
    assert page.get("/studio/api/state").json()["libraries"] == ["library"]
    say("2019/beach.png", 1, "is", "Anna")
    about = page.get(API, params={"folder": "library"}).json()
    assert about["sentence"] == "4 photos, 6 faces. With a name: 1 person. Without one: 5 faces."
    assert about["people"] == [{"name": "Anna", "faces": 1}]


def test_a_library_is_made_and_scanned_again(page: Any, studio: Studio, finished: Callable[..., Any]) -> None:
    holiday = studio.grounds.root / "holiday"
    holiday.mkdir()
    for name, content in (
        ("sea.png", encode_image(np.zeros((80, 80, 3), np.uint8), "PNG")),
        ("broken.jpg", b"\xff\xd8\xff\xe0"),
        ("film.mp4", b""),
        ("a.txt", b""),
    ):
        (holiday / name).write_bytes(content)
    (studio.grounds.root / "library").mkdir()  # no library, and not ours
    job = page.post(f"{API}/scan", json={"folder": "", "photos": ["holiday"]}).json()
    end = finished(job)[-1][1]
    assert (job["folder"], end["state"]) == ("library-2", "done")
    assert end["message"].startswith("1 photo in 1 file: 1 new. Not looked at: 1 video (")
    assert [one["photo"] for one in end["result"]["unreadable"]] == ["holiday/broken.jpg"]
    assert page.get(API, params={"folder": "library-2"}).json()["folders"] == [{"name": "holiday", "there": True}]
    again = finished(page.post(f"{API}/scan", json={"folder": "library-2"}).json())[-1][1]
    assert again["message"].startswith("1 photo in 1 file: nothing new.")


def test_a_person_is_renamed_and_made_one_with_another_when_that_is_meant(page: Any, say: Callable[..., Any]) -> None:
    say("2019/beach.png", 1, "is", "Ana")
    say("2020/walk.png", 1, "is", "Tom")

    form = {"folder": "library", "name": "Ana", "new_name": "tom"}
    refused = page.post(f"{API}/rename", json=form)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "taken")
    merged = page.post(f"{API}/rename", json={**form, "merge": True}).json()
    assert merged["sentence"] == "Ana is now called tom. 1 answer changed. Correction 3: Ana and Tom are one person."
    listed = page.get(f"{API}/corrections", params={"folder": "library"}).json()["corrections"][0]
    assert (listed["number"], listed["what"], listed["many"], listed["photo"]) == (3, "Ana and Tom are one person", "1 face", "")
    for turn, n, many in (("undo", 1, ""), ("redo", 2, "1 face")):
        assert page.post(f"{API}/{turn}", json={"folder": "library", "number": merged["number"]}).json()["changed"] == 1
        assert page.get(f"{API}/corrections", params={"folder": "library"}).json()["corrections"][0]["many"] == many
        assert page.get(API, params={"folder": "library"}).json()["people"][-1] == {"name": "Tom", "faces": n}
    assert page.get(API, params={"folder": "library"}).json()["people"] == [{"name": "Tom", "faces": 2}]
    assert page.post(f"{API}/rename", json={**form, "name": "Tom", "new_name": "a/b"}).status_code == 422


def test_photos_are_found_by_people_dates_folders_and_numbers_of_faces(page: Any, say: Callable[..., Any]) -> None:
    for name, number, who in (("2019/beach.png", 1, "Anna"), ("2019/beach.png", 2, "Tom"), ("2020/walk.png", 1, "Anna")):
        assert say(name, number, "is", who).status_code == 200
    assert paths(find(page, query="anna")) == ["2019/beach.png", "2020/walk.png"]
    assert paths(find(page, query="anna and not tom")) == ["2020/walk.png"]
    assert paths(find(page, query="anna", since="2020")) == ["2020/walk.png"]
    assert paths(find(page, within="photos/2019", until="2019")) == ["2019/beach.png", "2019/sea.png"]
    assert paths(find(page, faces="2+")) == ["2019/beach.png", "2020/party.png"]
    found = find(page, query="anna or unknown", most=1).json()
    assert (found["sentence"], found["total"], len(found["photos"])) == ("3 photos found.", 3, 1)
    assert (found["photos"][0]["who"], found["photos"][0]["when"]) == ("Anna, Tom", "2019-07-01 00:00")


def test_where_else_a_face_is_seen(page: Any, photos: Path) -> None:
    found = find(page, like="photos/2020/walk.png", face=1)
    assert sorted(paths(found)) == ["2019/beach.png", "2020/party.png"]
    assert found.json()["sentence"] == "Face 1, unknown: similar faces in 2 more photos: unknown (2). 2 photos found."


def test_a_photo_has_its_faces(page: Any, photos: Path, face: Callable[[str, int], str]) -> None:
    id = face("2019/beach.png", 2)
    photo = page.get(f"{API}/photo", params={"folder": "library", "id": id[:64]}).json()
    assert (photo["name"], photo["path"], photo["width"], photo["height"]) == ("beach.png", "photos/2019/beach.png", 200, 100)
    expected = {"face": 2, "id": id, "name": None, "confidence": None, "why": "", "because": "", "box": [100.0, 35.0, 120.0, 65.0]}
    assert photo["faces"][1] == expected


def test_a_correction_is_told_listed_taken_back_and_brought_back(page: Any, say: Callable[..., Any]) -> None:
    told = say("2020/party.png", 3, "is", "Bo").json()
    assert told == {"sentence": "Correction 1: this is Bo. 1 answer changed. Bo is new in this library.", "number": 1, "changed": 1}
    say("2019/beach.png", 1, "no_face")
    listed = page.get(f"{API}/corrections", params={"folder": "library"}).json()
    assert [(one["number"], one["what"], one["face"], one["undone"]) for one in listed["corrections"]] == [
        (2, "no face", 1, False),
        (1, "Bo", 3, False),
    ]
    assert listed["corrections"][1]["path"] == "photos/2020/party.png"
    assert listed["corrections"][1]["box"] == [130.0, 35.0, 150.0, 65.0]
    back = page.post(f"{API}/undo", json={"folder": "library", "number": 1}).json()
    assert (back["sentence"], back["changed"]) == ("Correction 1 was taken back. 1 answer changed.", 1)
    assert page.post(f"{API}/undo", json={"folder": "library", "number": 1}).status_code == 422
    assert page.post(f"{API}/redo", json={"folder": "library", "number": 1}).json()["changed"] == 1
    assert len(page.get(f"{API}/corrections", params={"folder": "library", "most": 1}).json()["corrections"]) == 1


def test_groups_on_the_page_are_made_anew_after_a_correction(page: Any, studio: Studio, say: Callable[..., Any]) -> None:
    page.get("/studio/api/groups", params={"folder": "library"})
    before = studio.groups
    say("2020/walk.png", 1, "is", "Anna")
    page.get("/studio/api/groups", params={"folder": "library"})
    assert before is not None
    assert studio.groups not in (before, None)


def test_photos_that_lie_elsewhere_are_counted_and_their_place_is_not_told(
    page: Any, studio: Studio, library_of: Callable[..., Any], tmp_path: Path
) -> None:
    library_of(PHOTOS).folder.rename(studio.grounds.root / "library")
    found = find(page, faces="0+").json()
    assert found["photos"] == []
    assert found["sentence"] == "4 photos found. Not shown, because they lie outside of the studio's folder: 4 photos."
    (studio.grounds.root / "other").mkdir()
    refused = find(page, within="other")
    assert refused.status_code == 422
    assert str(tmp_path) not in refused.text


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"query": "anna and"}, 422),
        ({"query": "x" * 2001}, 422),
        ({"most": 0}, 422),
        ({"within": "../.."}, 404),
        ({"within": "photos/2018"}, 404),
        ({"like": "/etc/passwd"}, 404),
        ({"like": "photos/2019/sea.png"}, 422),
        ({"like": "photos/2020/walk.png", "face": 0}, 422),
        ({"folder": "photos"}, 404),
        ({"folder": ""}, 404),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(page: Any, photos: Path, asked: dict[str, Any], status: int) -> None:
    refused = find(page, **asked)
    assert refused.status_code == status
    assert refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "form",
    [
        {"what": "is"},
        {"what": "is", "name": "x" * 1001},
        {"what": "perhaps"},
        {"what": "nobody", "face": "f" * 64 + "-1"},
        {"what": "nobody", "face": "../walk.png"},
        {"what": "nobody", "face": "f" * 64},
        {"what": "nobody", "more": 1},
    ],
)
def test_a_correction_that_makes_no_sense_is_refused(page: Any, face: Callable[[str, int], str], form: dict[str, Any]) -> None:
    answer = page.post(f"{API}/correct", json={"folder": "library", "face": face("2020/walk.png", 1), **form})
    assert answer.status_code == 422
    assert page.get(f"{API}/corrections", params={"folder": "library"}).json()["total"] == 0


@pytest.mark.parametrize("number", [0, 7, 2**63, "1; DROP TABLE facts"])
def test_a_correction_that_is_none_is_not_taken_back(page: Any, photos: Path, number: object) -> None:
    assert page.post(f"{API}/undo", json={"folder": "library", "number": number}).status_code == 422


def test_a_library_that_is_damaged_is_said(page: Any, photos: Path) -> None:
    (photos.parent / "broken").mkdir()
    (photos.parent / "broken" / "library.sqlite").write_bytes(b"no library at all" * 100)
    assert page.get("/studio/api/state").json()["libraries"] == ["broken", "library"]
    refused = page.get(API, params={"folder": "broken"})
    assert (refused.status_code, str(photos.parent) in refused.text) == (503, False)
