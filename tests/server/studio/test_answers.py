"""Identifying and correcting, as the page asks for it; people are coloured squares."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import BundleError
from whosthat.evaluation.threshold_part import ThresholdCurve, write_threshold_curve
from whosthat.photos.reading import read
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.threshold import CurvePoint
from whosthat.server.studio.studio import Studio
from whosthat.workflow.people import list_people

API = "/studio/api"


def _conftest() -> Any:
    spec = importlib.util.spec_from_file_location("studio_conftest", Path(__file__).with_name("conftest.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


people_photo = _conftest().people_photo


def identify(page: Any, *photos: bytes, keep: bool = True) -> list[dict[str, Any]]:
    files = [("photos", (f"{number}.png", photo)) for number, photo in enumerate(photos)]
    answer = page.post(f"{API}/identify", files=files, params={"keep": keep})
    assert answer.status_code == 200, answer.text
    return answer.json()["photos"]


def names(photo: dict[str, Any]) -> list[str | None]:
    return [face["name"] for face in photo["faces"]]


def test_faces_get_their_names_and_the_photos_that_speak_for_them(page: Any, people_run: Path) -> None:
    (photo,) = identify(page, people_photo("bo", "eve", "ann", seed=9))
    assert names(photo) == ["bo", None, "ann"]
    assert (photo["width"], photo["height"]) == (300, 100)
    assert [face["box"] for face in photo["faces"]] == [[0, 0, 100, 100], [100, 0, 200, 100], [200, 0, 300, 100]]
    like = photo["faces"][0]["nearest"][0]
    assert like["path"].startswith("party/bo/")
    assert page.get(f"{API}/photo", params={"path": like["path"]}).status_code == 200
    assert page.get(f"{API}/identified/{photo['id']}", params={"size": 160}).headers["content-type"] == "image/jpeg"
    assert page.get(f"{API}/state").json()["open"] == {"name": "party-faces-1", "kind": "faces", "enrols": True, "threshold": 0.4}


def test_what_is_no_photo_has_its_reason_and_the_others_are_answered(page: Any, people_run: Path) -> None:
    photo = people_photo("ann")
    answers = identify(page, b"no photo", photo[: len(photo) // 2], photo)
    assert [bool(one["error"]) for one in answers] == [True, True, False]
    assert answers[0]["id"] is None


def test_without_a_recogniser_the_page_is_told_to_train(page: Any) -> None:
    answer = page.post(f"{API}/identify", files=[("photos", ("1.png", people_photo("ann")))])
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_run")


def test_a_face_that_is_named_is_known_in_every_photo(page: Any, people_run: Path) -> None:
    first, _second = identify(page, people_photo("eve", "bo", seed=1), people_photo("dee", "eve", seed=2))
    done = page.post(f"{API}/identify/name", json={"id": first["id"], "face": 0, "name": "Eve"}).json()
    assert done["sentence"].startswith("1 face is now enrolled as Eve. For the next training, 1 photo went")
    assert [names(photo) for photo in done["photos"]] == [["Eve", "bo"], [None, "Eve"]]
    assert {one.name: one.photos for one in list_people(people_run / "bundle")}["Eve"] == 1


def test_a_named_face_is_kept_for_the_next_training_alone_where_others_are_beside_it(page: Any, people_run: Path) -> None:
    alone, together = identify(page, people_photo("eve", seed=1), people_photo("ann", "eve", "bo", seed=2))
    page.post(f"{API}/identify/name", json={"id": alone["id"], "face": 0, "name": "Eve"})
    page.post(f"{API}/identify/name", json={"id": together["id"], "face": 1, "name": "Eve"})
    party = people_run.parents[1] / "party"
    assert (party / "Eve" / "0.png").read_bytes() == people_photo("eve", seed=1)
    assert read(party / "Eve" / "1.jpg").shape == (100, 220, 3)
    looks = {one["name"]: one["looks"] for one in page.get(f"{API}/people").json()["people"]}
    assert looks["Eve"] == ["party/Eve/0.png", "party/Eve/1.jpg"]
    (other,) = identify(page, people_photo("dee", seed=1))
    done = page.post(f"{API}/identify/name", json={"id": other["id"], "face": 0, "name": "Dee", "keep": False}).json()
    assert done["sentence"] == "1 face is now enrolled as Dee."
    assert not (party / "Dee").exists()


def test_a_face_of_somebody_who_is_known_is_not_given_to_another_unless_asked_twice(page: Any, people_run: Path) -> None:
    (photo,) = identify(page, people_photo("ann", seed=7))
    form = {"id": photo["id"], "face": 0, "name": "bo"}
    refused = page.post(f"{API}/identify/name", json=form)
    assert refused.status_code == 422
    assert "Nothing was changed" in refused.json()["error"]["message"]
    assert page.post(f"{API}/identify/name", json={**form, "anyway": True}).status_code == 200


def test_a_face_keeps_the_name_that_it_was_given_whatever_is_predicted(page: Any, people_run: Path) -> None:
    (photo,) = identify(page, people_photo("ann", seed=7))
    face = {"id": photo["id"], "face": 0}
    done = page.post(f"{API}/identify/name", json={**face, "name": "Tess", "anyway": True}).json()["photos"][0]["faces"][0]
    assert (done["name"], done["given"]) == ("Tess", True)
    page.post(f"{API}/people", json={"action": "remove", "name": "Tess"})
    assert names(page.get(f"{API}/shown").json()["photos"][0]) == ["ann"]
    page.post(f"{API}/identify/name", json={**face, "name": "Tess", "anyway": True})
    refused = page.post(f"{API}/identify/not", json={**face, "name": "Tess"}).json()["photos"][0]
    assert not refused["faces"][0]["given"]


def test_a_face_that_is_not_this_person_stays_so_and_nobody_holds_as_long_as_the_photo_is_shown(page: Any, people_run: Path) -> None:
    (photo,) = identify(page, people_photo("ann", "eve", seed=3))
    again = page.post(f"{API}/identify/not", json={"id": photo["id"], "face": 0, "name": "ann"}).json()["photos"][0]
    assert names(again) == [None, None]
    assert (again["faces"][0]["predicted"], again["faces"][0]["not"]) == (None, ["ann"])
    done = page.post(f"{API}/identify/nobody", json={"id": photo["id"], "face": 1}).json()["photos"][0]
    assert done["faces"][1]["dismissed"]
    groups = page.get(f"{API}/unknown").json()["groups"]
    assert [[(one["id"], one["face"]) for one in group["faces"]] for group in groups] == [[(photo["id"], 0)]]
    assert names(identify(page, people_photo("ann", "eve", seed=3))[0]) == [None, None]
    assert names(identify(page, people_photo("ann", seed=4))[0]) == ["ann"]


def test_unknown_faces_of_one_person_are_named_together(page: Any, people_run: Path) -> None:
    shown = identify(page, *(people_photo("eve", seed=seed) for seed in range(3)), people_photo("dee", "ann", seed=4))
    groups = page.get(f"{API}/unknown").json()["groups"]
    assert sorted(len(group["faces"]) for group in groups) == [1, 3]
    eve = max(groups, key=lambda group: len(group["faces"]))
    assert {one["id"] for one in eve["faces"]} == {photo["id"] for photo in shown[:3]}
    faces = [{"id": one["id"], "face": one["face"]} for one in eve["faces"]]
    done = page.post(f"{API}/unknown/name", json={"faces": faces, "name": "<b>Eve"}).json()
    assert [names(photo) for photo in done["photos"]] == [["<b>Eve"]] * 3 + [[None, "ann"]]
    assert [len(group["faces"]) for group in done["groups"]] == [1]


def test_of_a_group_that_cannot_be_enrolled_whole_it_is_said_how_far_it_came(page: Any, people_run: Path) -> None:
    eve, ann = identify(page, people_photo("eve", seed=1), people_photo("ann", seed=8))
    form = {"faces": [{"id": eve["id"], "face": 0}, {"id": ann["id"], "face": 0}], "name": "Eve"}
    done = page.post(f"{API}/unknown/name", json=form).json()
    assert done["sentence"].startswith("1 of 2 are now enrolled as Eve. These photos look like ann")
    assert [names(photo) for photo in done["photos"]] == [["Eve"], ["ann"]]


@pytest.mark.parametrize("name", ["", "a/b", "a\0b", "x" * 900, "ANN", "unknown", "\u202eann"])
def test_a_name_that_cannot_be_one_changes_nothing(page: Any, people_run: Path, name: str) -> None:
    (photo,) = identify(page, people_photo("eve"))
    assert page.post(f"{API}/identify/name", json={"id": photo["id"], "face": 0, "name": name}).status_code == 422
    assert [one.name for one in list_people(people_run / "bundle")] == ["ann", "bo", "cy"]


def test_a_photo_or_face_that_is_not_shown_is_not_found(page: Any, people_run: Path) -> None:
    (photo,) = identify(page, people_photo("eve"))
    (frame,) = identify(page, people_photo("eve"), keep=False)
    for form in ({"id": "none", "face": 0}, {"id": photo["id"], "face": 1}, {"id": frame["id"], "face": 0}):
        assert page.post(f"{API}/identify/nobody", json=form).status_code == 404
    assert page.get(f"{API}/identified/{frame['id']}").status_code == 404
    assert len(page.get(f"{API}/shown").json()["photos"]) == 1


def test_the_threshold_moves_for_all_photos_and_no_file(page: Any, people_run: Path) -> None:
    identify(page, people_photo("eve", seed=5))
    files = {path: path.read_bytes() for path in (people_run / "bundle").iterdir()}
    loose = page.post(f"{API}/runs/party-faces-1/threshold", json={"value": 5}).json()
    assert (loose["value"], loose["fitted"]) == (5, 0.4)
    assert names(page.get(f"{API}/shown").json()["photos"][0]) != [None]
    page.post(f"{API}/runs/party-faces-1/threshold", json={"value": 0.4})
    assert names(page.get(f"{API}/shown").json()["photos"][0]) == [None]
    for value in (-1, 11, "much", None):
        assert page.post(f"{API}/runs/party-faces-1/threshold", json={"value": value}).status_code == 422
    assert files == {path: path.read_bytes() for path in (people_run / "bundle").iterdir()}


def test_a_moved_threshold_is_saved_and_taken_back(page: Any, people_run: Path) -> None:
    write_threshold_curve(
        people_run, ThresholdCurve("distance", (CurvePoint(0.3, 0.001, 0.2), CurvePoint(0.4, 0.01, 0.1), CurvePoint(0.6, 0.04, 0.0)))
    )
    (people_run / "split.csv").write_text("")
    before = open_bundle(people_run).facts
    for value in (0.5, 0.4):
        told = page.post(f"{API}/runs/party-faces-1/threshold", json={"value": value, "save": True}).json()
        assert (told["value"], told["saved"], told["fitted"]) == (value, value, 0.4)
        assert page.get(f"{API}/runs/party-faces-1").json()["threshold"]["saved"] == value == open_bundle(people_run).facts.threshold.value
    assert open_bundle(people_run).facts == before
    refused = page.post(f"{API}/runs/party-faces-1/threshold", json={"value": 5, "save": True})
    assert refused.status_code == 422
    assert "is not known: the run's curve reaches from 0.300 to 0.600" in refused.text


def test_people_are_listed_renamed_added_and_removed(page: Any, people_run: Path) -> None:
    listed = page.get(f"{API}/people").json()
    assert [(one["name"], one["photos"]) for one in listed["people"]] == [("ann", 3), ("bo", 3), ("cy", 3)]
    assert listed["people"][0]["looks"] == ["party/ann/0.png", "party/ann/1.png", "party/ann/2.png"]
    renamed = page.post(f"{API}/people", json={"action": "rename", "name": "ann", "new_name": "Anna"}).json()
    assert "Anna" in [one["name"] for one in renamed["people"]]
    files = [("photos", (f"../{seed}.png", people_photo("dee", seed=seed))) for seed in range(2)]
    added = page.post(f"{API}/people/photos", data={"name": "Dee"}, files=[*files, ("photos", ("x.png", b"no photo"))]).json()
    assert added["sentence"].startswith("2 photos of Dee were enrolled.")
    assert [one["name"] for one in added["refused"]] == ["x.png"]
    removed = page.post(f"{API}/people", json={"action": "remove", "name": "Dee"})
    assert removed.status_code == 200
    assert str(people_run) not in removed.text
    assert "Dee" not in [one["name"] for one in removed.json()["people"]]
    assert page.post(f"{API}/people", json={"action": "remove", "name": "Dee"}).status_code == 422


def test_programs_are_answered_by_the_recogniser_that_is_open(page: Any, people_run: Path) -> None:
    identify(page, people_photo("ann"))
    token = {"authorization": "Bearer a-token-of-the-tests"}
    answer = page.post("/v1/identify", content=people_photo("bo"), headers={**token, "content-type": "image/png"}).json()
    assert answer["bundle"] == "party-faces-1"
    assert answer["photos"][0]["sightings"][0]["name"] == "bo"


def test_shown_photos_are_bounded_and_the_oldest_go(page: Any, people_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.server.studio.shown.MOST_PHOTOS", 2)
    first, second, third = (identify(page, people_photo("ann", seed=seed))[0] for seed in range(3))
    assert [photo["id"] for photo in page.get(f"{API}/shown").json()["photos"]] == [second["id"], third["id"]]
    assert page.get(f"{API}/identified/{first['id']}").status_code == 404


def test_a_bundle_that_is_gone_is_told_without_its_place(page: Any, people_run: Path, studio: Studio) -> None:
    (people_run / "bundle").rename(people_run / "moved")
    answer = page.post(f"{API}/runs/party-faces-1/open")
    assert answer.status_code == 503
    assert str(people_run.parent) not in answer.text
    with pytest.raises(BundleError):
        studio.open("party-faces-1")
