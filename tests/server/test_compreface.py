"""The requests of CompreFace's documentation and of double-take, and the answers that they expect."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from typing import Any

import pytest

KEY = {"x-api-key": "a-token-of-the-tests"}
RECOGNIZE, FACES, SUBJECTS = (f"/api/v1/recognition/{name}" for name in ("recognize", "faces", "subjects"))


@pytest.fixture
def client(ask_people: Any) -> Any:
    """A client that shows its key as CompreFace's do, and no other token."""
    del ask_people.headers["authorization"]
    ask_people.headers.update(KEY)
    return ask_people


def file(text: str) -> dict[str, Any]:
    return {"file": ("photo.jpg", text.encode(), "image/jpeg")}


def normalised(data: dict[str, Any], *, match: float = 60, unknown: float = 40) -> list[dict[str, Any]]:
    """Read an answer as double-take does (its `normalize`, with its own thresholds of a match and of an unknown face)."""
    if "result" not in data:
        if data["code"] == 28:
            return []
        raise ValueError(data["message"])
    faces = []
    for one in data["result"]:
        best = one["subjects"][0] if one["subjects"] else None
        confidence = round(100 * best["similarity"], 2) if best else 0
        box = one["box"]
        faces.append(
            {
                "name": best["subject"].lower() if best and confidence >= unknown else "unknown",
                "match": confidence >= match,
                "box": {
                    "top": box["y_min"],
                    "left": box["x_min"],
                    "width": box["x_max"] - box["x_min"],
                    "height": box["y_max"] - box["y_min"],
                },
            }
        )
    return faces


def test_the_request_of_the_documentation_gets_its_answer(client: Any) -> None:
    query = "limit=0&prediction_count=2&det_prob_threshold=0.8&face_plugins=landmarks,gender,age,calculator,mask&status=true"
    answer = client.post(f"{RECOGNIZE}?{query}", files=file("ann:9"))
    assert answer.status_code == 200, answer.text
    (face,) = answer.json()["result"]
    assert set(answer.json()) == {"result", "plugins_versions"}
    assert set(face) == {"box", "subjects", "landmarks", "embedding"}
    assert face["box"] == {"probability": 0.95, "x_max": 40, "y_max": 50, "x_min": 0, "y_min": 10}
    assert face["landmarks"] == [[15, 15], [35, 15], [25, 25], [18, 33], [32, 33]]
    assert len(face["embedding"]) == 16
    assert [subject["subject"] for subject in face["subjects"]][:1] == ["ann"]
    similarities = [subject["similarity"] for subject in face["subjects"]]
    assert len(similarities) == 2
    assert 1 >= similarities[0] > similarities[1] >= 0
    assert answer.json()["plugins_versions"] == {"detector": "mtcnn", "calculator": "dlib-resnet"}


def test_the_request_of_double_take_is_read_by_double_take(client: Any) -> None:
    answer = client.post(f"{RECOGNIZE}?face_plugins=mask,gender,age,pose", params={"det_prob_threshold": 0.8}, files=file("ann:9 dee:1"))
    assert normalised(answer.json()) == [
        {"name": "ann", "match": True, "box": {"top": 10, "left": 0, "width": 40, "height": 40}},
        {"name": "unknown", "match": False, "box": {"top": 10, "left": 100, "width": 49, "height": 40}},
    ]


def test_a_photo_without_a_face_has_the_number_by_which_double_take_knows_it(client: Any) -> None:
    answer = client.post(RECOGNIZE, files=file("nobody"))
    assert (answer.status_code, answer.json()) == (400, {"message": "No face is found in the given image", "code": 28})
    assert normalised(answer.json()) == []


def test_double_take_trains_and_removes(client: Any) -> None:
    answer = client.post(FACES, params={"subject": "dee"}, files=file("dee:1"))
    assert answer.status_code == 201, answer.text
    assert set(answer.json()) == {"image_id", "subject"}
    assert str(uuid.UUID(answer.json()["image_id"])) == answer.json()["image_id"]
    assert answer.json()["subject"] == "dee"
    assert client.post(FACES, params={"subject": "dee"}, files=file("dee:1")).json() == answer.json()  # the same photo once more
    assert client.post(FACES, params={"subject": "dee"}, files=file("dee:2")).status_code == 201
    assert normalised(client.post(RECOGNIZE, files=file("dee:9")).json())[0]["name"] == "dee"
    assert client.delete(FACES, params={"subject": "dee"}).json() == {"deleted": 2}
    assert client.delete(FACES, params={"subject": "dee"}).json() == {"deleted": 0}
    assert normalised(client.post(RECOGNIZE, files=file("dee:9")).json())[0]["name"] == "unknown"


def test_photos_come_in_base64_too(client: Any) -> None:
    photo = base64.b64encode(b"bo:9").decode()
    assert client.post(RECOGNIZE, json={"file": photo}).json()["result"][0]["subjects"][0]["subject"] == "bo"
    assert client.post(f"{FACES}?subject=bo", json={"file": photo}).status_code == 201


def test_enrolled_photos_are_listed_in_pages(client: Any) -> None:
    page = client.get(FACES, params={"page": 1, "size": 5}).json()
    assert (page["page_number"], page["page_size"], page["total_pages"], page["total_elements"]) == (1, 5, 3, 12)
    assert [face["subject"] for face in page["faces"]] == ["bo"] * 3 + ["cy"] * 2
    assert len({uuid.UUID(face["image_id"]) for face in page["faces"]}) == 5
    assert client.get(FACES, params={"subject": "cy"}).json()["total_elements"] == 4


@pytest.mark.parametrize("path", [SUBJECTS, f"{SUBJECTS}/"])
def test_subjects_are_listed(client: Any, path: str) -> None:
    assert client.get(path).json() == {"subjects": ["ann", "bo", "cy"]}


def test_subjects_are_renamed_and_deleted(client: Any) -> None:
    assert client.put(f"{SUBJECTS}/ann", json={"subject": "anna"}).json() == {"updated": True}
    assert client.delete(f"{SUBJECTS}/bo").json() == {"subject": "bo"}
    assert client.get(SUBJECTS).json() == {"subjects": ["anna", "cy"]}
    assert client.post(SUBJECTS, json={"subject": "cy"}).json() == {"subject": "cy"}


@pytest.mark.parametrize(
    ("send", "status", "sentence"),
    [
        (lambda client: client.post(RECOGNIZE, files=file("broken")), 400, "it is damaged"),
        (lambda client: client.post(RECOGNIZE, json={"file": "%%%"}), 400, "Base64"),
        (lambda client: client.post(RECOGNIZE, json=["file"]), 400, "Base64"),
        (lambda client: client.post(RECOGNIZE, files=[("file", b"ann:1"), ("file", b"ann:2")]), 413, "1 photos"),
        (lambda client: client.post(FACES, params={"subject": "dee"}, files=file("ann:9")), 400, "look like ann"),
        (lambda client: client.put(f"{SUBJECTS}/dee", json={"subject": "eve"}), 404, "Nobody here"),
        (lambda client: client.put(f"{SUBJECTS}/ann", json={"subject": "bo"}), 400, "bo"),
        (lambda client: client.delete(f"{SUBJECTS}/dee"), 404, "Nobody here"),
        (lambda client: client.post(SUBJECTS, json={"subject": "dee"}), 400, "first photo"),
    ],
)
def test_what_cannot_be_done_says_why_in_a_message(client: Any, send: Callable[[Any], Any], status: int, sentence: str) -> None:
    answer = send(client)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"message", "code"}
    assert sentence in answer.json()["message"]


def test_a_wrong_key_is_refused(client: Any) -> None:
    assert client.post(RECOGNIZE, files=file("ann:9"), headers={"x-api-key": "another"}).status_code == 401


def test_a_recogniser_of_whole_photos_has_no_faces(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    answer = ask.post(RECOGNIZE, files={"file": colour_photo()})
    assert answer.status_code == 409
    assert "whole photos" in answer.json()["message"]
