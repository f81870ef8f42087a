"""Listing, adding, renaming and removing people over HTTP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from whosthat.workflow.people import list_people


def photos(*texts: str) -> list[Any]:
    return [("photos", (f"{number}.jpg", text.encode(), "image/jpeg")) for number, text in enumerate(texts)]


def names(ask: Any) -> dict[str, int]:
    return {one["name"]: one["photos"] for one in ask.get("/v1/people").json()["people"]}


def test_everybody_is_listed(ask_people: Any) -> None:
    answer = ask_people.get("/v1/people")
    assert answer.status_code == 200
    assert answer.json() == {"bundle": "party", "people": [{"name": who, "photos": 4} for who in ("ann", "bo", "cy")]}


def test_somebody_new_is_named_from_then_on_and_stands_in_the_bundle(ask_people: Any, people_bundle: Path) -> None:
    assert identified(ask_people, "dee:9") is None
    answer = ask_people.post("/v1/people", data={"name": "dee"}, files=photos("dee:1", "dee:2", "nobody"))
    assert answer.status_code == 201, answer.text
    added = answer.json()
    assert (added["name"], len(added["photos"]), added["threshold"]) == ("dee", 2, 0.5)
    assert added["left"] == [{"photo": 3, "reason": "no face was found"}]
    assert all(name.startswith("dee/upload-") for name in added["photos"])
    assert identified(ask_people, "dee:9") == "dee"
    assert [one.name for one in list_people(people_bundle)] == ["ann", "bo", "cy", "dee"]


def identified(ask: Any, text: str) -> str | None:
    answer = ask.post("/v1/identify", content=text.encode(), headers={"content-type": "image/jpeg"}).json()
    return answer["photos"][0]["sightings"][0]["name"]


def test_a_file_name_of_the_client_is_not_used(ask_people: Any) -> None:
    clients = ("../../evil.jpg", "C:\\evil.jpg" + "x" * 200)
    files = [("photos", (name, f"dee:{number}".encode(), "image/jpeg")) for number, name in enumerate(clients)]
    answer = ask_people.post("/v1/people", data={"name": "dee"}, files=files)
    assert answer.status_code == 201, answer.text
    assert "evil" not in answer.text
    assert "xxx" not in answer.text


def test_a_renamed_person_keeps_the_photos(ask_people: Any) -> None:
    answer = ask_people.patch("/v1/people/ann", json={"name": "Ann Ö"})
    assert (answer.status_code, answer.json()) == (200, {"bundle": "party", "name": "Ann Ö"})
    assert names(ask_people) == {"Ann Ö": 4, "bo": 4, "cy": 4}
    assert ask_people.patch("/v1/people/Ann%20%C3%96", json={"name": "ann"}).status_code == 200


def test_removing_answers_with_the_receipt_that_lies_beside_the_bundle(ask_people: Any, people_bundle: Path) -> None:
    answer = ask_people.delete("/v1/people/bo")
    assert answer.status_code == 200, answer.text
    receipt = answer.json()
    assert (receipt["removed"], receipt["bundle"], receipt["embeddings"]) == ("bo", "party", 4)
    assert receipt == json.loads((people_bundle.parent / "removed bo.json").read_text())
    assert names(ask_people) == {"ann": 4, "cy": 4}
    assert identified(ask_people, "bo:9") is None


@pytest.mark.parametrize(
    ("name", "texts", "status", "sentence"),
    [
        ("dee", ["nobody"], 422, "No photo of dee can be enrolled"),
        ("dee", ["broken"], 422, "it cannot be read"),
        ("dee", ["ann:9"], 422, "look like ann"),
        ("ann", ["ann:1"], 422, "it is enrolled already"),
        ("a/b", ["dee:1"], 422, "cannot be a name"),
        ("unknown", ["dee:1"], 422, "another name"),
        ("", ["dee:1"], 422, "Send the person's name"),
        ("x" * 10_000, ["dee:1"], 422, "Send the person's name"),
        ("dee", [], 415, "multipart"),
    ],
)
def test_photos_and_names_that_cannot_be_enrolled_change_nothing(
    ask_people: Any, people_bundle: Path, name: str, texts: list[str], status: int, sentence: str
) -> None:
    answer = ask_people.post("/v1/people", data={"name": name}, files=photos(*texts))
    assert answer.status_code == status, answer.text
    assert sentence in answer.json()["error"]["message"]
    assert str(people_bundle.parent) not in answer.text
    assert "whosthat-" not in answer.text  # the folder in which the photos lay
    assert names(ask_people) == {"ann": 4, "bo": 4, "cy": 4}


@pytest.mark.parametrize("face", ["0", "-1", "two", "9" * 30])
def test_a_face_is_a_small_number(ask_people: Any, face: str) -> None:
    answer = ask_people.post("/v1/people", data={"name": "dee", "face": face}, files=photos("dee:1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")


def test_a_photo_is_enrolled_anyway_where_that_is_asked_for(ask_people: Any) -> None:
    answer = ask_people.post("/v1/people", data={"name": "dee", "anyway": "true"}, files=photos("ann:9"))
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize(("method", "more"), [("delete", {}), ("patch", {"json": {"name": "eve"}})])
def test_nobody_by_that_name_is_not_found(ask_people: Any, method: str, more: dict[str, Any]) -> None:
    answer = getattr(ask_people, method)("/v1/people/nobody", **more)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_person")


def test_the_last_person_stays_and_the_folder_is_not_told(ask_people: Any, people_bundle: Path) -> None:
    for who in ("ann", "bo"):
        assert ask_people.delete(f"/v1/people/{who}").status_code == 200
    answer = ask_people.delete("/v1/people/cy")
    assert answer.status_code == 422
    assert "the only person" in answer.json()["error"]["message"]
    assert str(people_bundle.parent) not in answer.text


def test_a_network_that_learnt_its_classes_has_no_people(ask: Any) -> None:
    answer = ask.get("/v1/people")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "no_gallery")


def test_a_deleted_bundle_changes_nothing_and_says_so(ask_people: Any, people_bundle: Path) -> None:
    people_bundle.rename(people_bundle.with_name("elsewhere"))
    answer = ask_people.delete("/v1/people/ann")
    assert answer.status_code == 503
    assert str(people_bundle.parent) not in answer.text
