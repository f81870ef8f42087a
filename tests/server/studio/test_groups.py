"""The page's way from faces without names to folders of people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.photos.drawing import save_image
from whosthat.server.studio import groups as routes
from whosthat.server.studio.studio import Studio
from whosthat.types import Box, Face
from whosthat.workflow import groups_at_hand
from whosthat.workflow.discovery import Discovery, FoundFace

API = "/studio/api/groups"
FACE = Face(Box(10, 10, 60, 60), ((1, 1), (2, 1), (1, 2), (1, 3), (2, 3)), 1.0)
N_LARGE = 14


@pytest.fixture
def holiday(studio: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder in which 14, two and one face belong together, and were found; one photo lies outside the studio's folder."""
    folder = studio.grounds.root / "holiday"
    folder.mkdir()
    labels = np.array([0] * N_LARGE + [1, 1, 2])
    faces = []
    for row, label in enumerate(labels.tolist()):
        path = (folder if row != len(labels) - 1 else tmp_path) / f"{row}.png"
        save_image(np.full((80, 80, 3), 10 * row, np.uint8), path)
        vector = np.eye(3, 128, dtype=np.float32)[label] + np.float32(row / 1000)
        faces.append(FoundFace(f"{row:064x}-1", (path,), FACE, vector))
    found = Discovery(tuple(faces), labels, "dlib-resnet")
    monkeypatch.setattr(groups_at_hand, "discover", lambda *_, facts, **__: Discovery(found.faces, labels, "dlib-resnet", facts))
    studio.looked_at.add(folder)
    return folder


def change(page: Any, **form: Any) -> Any:
    return page.post(f"{API}/change", json={"folder": "holiday", **form})


def test_folders_of_photos_and_libraries_are_listed(page: Any, holiday: Path, library_of: Callable[..., Any]) -> None:
    library_of({}).folder.rename(holiday.parent / "library")
    (holiday.parent / "empty").mkdir()
    listed = page.get(f"{API}/places").json()
    assert [(one["name"], one["photos"], one["library"]) for one in listed["folders"]] == [("holiday", 16, False), ("library", 0, True)]


def test_groups_are_shown_in_part_and_whole(page: Any, holiday: Path) -> None:
    shown = page.get(API, params={"folder": "holiday"}).json()
    assert shown["sentence"] == "17 photos: 17 faces in 3 groups."
    assert [shown[part]["total"] for part in ("guessed", "unnamed", "alone", "named", "nobody")] == [0, 2, 1, 0, 0]
    large = shown["unnamed"]["groups"][0]
    assert (large["n"], [face["number"] for face in large["faces"]]) == (14, [1, 2, 3, 4, 5, 10, 11, 12, 13, 14])
    assert len(page.get(f"{API}/faces/1", params={"folder": "holiday", "turn": 0}).json()) == N_LARGE
    assert page.get(API, params={"folder": "holiday", "most": 1}).json()["unnamed"]["total"] == 2
    assert len(page.get(API, params={"folder": "holiday", "most": 1}).json()["unnamed"]["groups"]) == 1


def test_a_face_is_shown_small_unless_its_photo_lies_elsewhere(page: Any, holiday: Path) -> None:
    shown = page.get(API, params={"folder": "holiday"}).json()
    (odd,), typical = shown["alone"]["groups"][0]["faces"], shown["unnamed"]["groups"][0]["faces"][0]
    assert (odd["path"], typical["path"]) == (None, f"holiday/{typical['photo']}")
    box = ",".join(map(str, typical["box"]))
    picture = page.get("/studio/api/photo", params={"path": typical["path"], "box": box})
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/jpeg")
    assert page.get("/studio/api/photo", params={"path": "../16.png", "box": box}).status_code == 404


@pytest.mark.parametrize("box", ["1,2,3", "1,2,3,4,", "1,2,3,x", "1,2,3,nan", "1e9,2,3,4", "1,2,3,99999999", ""])
def test_a_box_that_is_none_is_refused(page: Any, holiday: Path, box: str) -> None:
    assert page.get("/studio/api/photo", params={"path": "holiday/0.png", "box": box}).status_code == 422


def test_a_box_beyond_the_photo_shows_its_edge(page: Any, holiday: Path) -> None:
    for box in ("-900,-900,-800,-800", "60,60,10,10", "0,0,0,0", "999999,0,999999,1"):
        assert page.get("/studio/api/photo", params={"path": "holiday/0.png", "box": box}).status_code == 200


def test_names_are_given_kept_and_taken_back(page: Any, holiday: Path, studio: Studio) -> None:
    page.get(API, params={"folder": "holiday"})
    named = change(page, turn=0, action="name", groups=[1, 3], name="Anna").json()
    assert [(one["name"], one["n"]) for one in named["named"]["groups"]] == [("Anna", 15)]
    assert (named["turn"], named["can_undo"], named["people"]) == (1, True, ["Anna"])
    split = change(page, turn=1, action="name", faces=[f"{16:064x}-1"], name="Tom").json()
    assert [(one["name"], one["n"]) for one in split["named"]["groups"]] == [("Anna", 14), ("Tom", 1)]
    back = page.post(f"{API}/undo", json={"folder": "holiday", "turn": 2}).json()
    assert back["named"] == named["named"]
    assert (studio.grounds.root / routes.SHEETS / "holiday" / "groups.toml").exists()
    assert (studio.grounds.root / routes.SHEETS / "holiday").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"turn": 0, "action": "name", "groups": [1], "name": "a/b"}, 422),
        ({"turn": 5, "action": "nobody", "groups": [1]}, 422),
        ({"turn": 0, "action": "erase", "groups": [1]}, 422),
        ({"turn": 0, "action": "name", "groups": [1] * 5001, "name": "Anna"}, 422),
        ({"turn": 0, "action": "name", "groups": [1], "name": "Anna", "folder": "../holiday"}, 404),
        ({"turn": 0, "action": "name", "groups": [1], "name": "Anna", "folder": ""}, 409),
    ],
)
def test_what_cannot_be_is_refused(page: Any, holiday: Path, form: dict[str, Any], status: int) -> None:
    page.get(API, params={"folder": "holiday"})
    assert change(page, **form).status_code == status


def test_a_folder_whose_faces_were_not_found_shows_nothing_yet(page: Any, holiday: Path, studio: Studio) -> None:
    studio.looked_at.clear()
    assert page.get(API, params={"folder": "holiday"}).json() is None
    assert change(page, turn=0, action="accept").status_code == 409


def test_people_get_folders_that_can_be_trained_on(page: Any, holiday: Path, studio: Studio) -> None:
    page.get(API, params={"folder": "holiday"})
    change(page, turn=0, action="name", groups=[2], name="Anna")
    for link, name in ((True, "people of holiday"), (False, "people of holiday-2")):
        made = page.post(f"{API}/sort", json={"folder": "holiday", "link": link}).json()
        assert (made["folder"], made["sentence"]) == (name, f"2 photos are in the folder {name}.")
        assert {path.stat().st_nlink for path in (studio.grounds.root / name / "Anna").iterdir()} == {2 if link else 1}


def test_faces_are_found_by_a_job(page: Any, holiday: Path, studio: Studio, finished: Callable[..., Any]) -> None:
    studio.looked_at.clear()
    events = finished(page.post(f"{API}/look", json={"folder": "holiday"}).json())
    assert events[-1][1]["state"] == "done"
    assert events[-1][1]["result"] == {"photos": 16, "faces": 0, "unreadable": 0}
    assert page.get(API, params={"folder": "holiday"}).json()["turn"] == 0


def test_a_librarys_recogniser_learns(
    page: Any, studio: Studio, library_of: Callable[..., Any], finished: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = studio.grounds.root / "library"
    library_of({"1.png": ["anna"], "2.png": ["tom"]}).folder.rename(folder)
    shown = page.get(API, params={"folder": "library"}).json()
    assert shown["library"]
    events = finished(page.post(f"{API}/learn", json={"folder": "library"}).json())
    assert events[-1][1]["message"] == "There is nothing to learn from yet: nobody has a name."
    assert page.post(f"{API}/learn", json={"folder": ""}).status_code == 404
