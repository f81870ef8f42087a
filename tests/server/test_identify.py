from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import whosthat
from whosthat.photos.drawing import save_image
from whosthat.server.app import make_app
from whosthat.types import Verification


def test_the_answer_is_that_of_the_library(ask: Any, tmp_path: Path, colour_photo: Callable[..., bytes]) -> None:
    photo = colour_photo(1)
    (expected,) = whosthat.load(tmp_path / "colours").identify(photo)
    answer = ask.post("/v1/identify", content=photo, headers={"content-type": "image/png"})
    assert answer.status_code == 200
    assert answer.json() == {
        "bundle": "colours",
        "photos": [{"answer": "known", "sightings": [expected.to_dict(5)], "error": None}],
    }


def test_several_photos_are_answered_in_order(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    files = [("photos", (f"{n}.png", colour_photo(n % 3))) for n in range(7)]
    photos = ask.post("/v1/identify", files=files).json()["photos"]
    assert [photo["sightings"][0]["name"] for photo in photos] == ["red", "green", "blue", "red", "green", "blue", "red"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_whoever_watches_needs_no_token(ask: Any, path: str) -> None:
    assert ask.get(path, headers={"authorization": ""}).status_code == 200


def test_unknown_is_an_answer(ask: Any, tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    ask.app.state.service.add(save_colours(tmp_path / "careful", threshold={"value": 0.9, "how": "By hand.", "known_named": 1}))
    save_image(np.full((12, 12, 3), 128, np.uint8), tmp_path / "grey.png")
    answer = ask.post("/v1/identify?bundle=careful", content=(tmp_path / "grey.png").read_bytes(), headers={"content-type": "image/png"})
    assert answer.status_code == 200
    (photo,) = answer.json()["photos"]
    assert (photo["answer"], photo["sightings"][0]["name"], photo["error"]) == ("unknown", None, None)


def test_no_face_is_an_answer(ask: Any, monkeypatch: pytest.MonkeyPatch, colour_photo: Callable[..., bytes]) -> None:
    recogniser = ask.app.state.service.bundle().recogniser
    monkeypatch.setattr(type(recogniser), "identify_prepared", lambda _self, prepared: [[] for _ in prepared])
    answer = ask.post("/v1/identify", content=colour_photo(), headers={"content-type": "image/png"})
    assert answer.status_code == 200
    assert answer.json()["photos"] == [{"answer": "no_face", "sightings": [], "error": None}]


@pytest.mark.parametrize("top", ["-1", "1001", "many", "", "nan"])
def test_a_value_that_cannot_be_used_is_named_not_repeated(ask: Any, top: str, colour_photo: Callable[..., bytes]) -> None:
    answer = ask.post(f"/v1/identify?top={top}", content=colour_photo(), headers={"content-type": "image/png"})
    assert answer.status_code == 422
    assert answer.json() == {"error": {"code": "invalid", "message": "The request has a value that cannot be used: query.top."}}


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/v1/identify", "/v1/verify"])
def test_other_methods_are_refused(ask: Any, method: str, path: str) -> None:
    answer = ask.request(method, path)
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["allow"]) == (405, "method_not_allowed", "POST")


def test_a_full_queue_says_when_to_ask_again(make_service: Any, client_of: Any, colour_photo: Callable[..., bytes]) -> None:
    client = client_of(make_app(make_service(waiting=1)))
    answer = client.post("/v1/identify", files=[("photos", ("a.png", colour_photo()))] * 2)
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (429, "busy", "1")


@pytest.mark.parametrize("n", [1, 3])
def test_two_photos_are_compared(ask: Any, n: int, colour_photo: Callable[..., bytes]) -> None:
    answer = ask.post("/v1/verify", files=[("photos", ("a.png", colour_photo()))] * n)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "two_photos")


def test_what_a_recogniser_cannot_do_is_said(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    answer = ask.post("/v1/verify", files=[("photos", ("a.png", colour_photo()))] * 2)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert "has no embeddings" in answer.json()["error"]["message"]


def test_two_photos_of_one_person(ask: Any, monkeypatch: pytest.MonkeyPatch, colour_photo: Callable[..., bytes]) -> None:
    found = Verification(same=True, distance=0.25, threshold=0.5, confidence=0.75)
    asked: list[tuple[bytes, ...]] = []
    recogniser = ask.app.state.service.bundle().recogniser
    monkeypatch.setattr(type(recogniser), "verify", lambda _self, *photos: asked.append(photos) or found)
    photos = [colour_photo(0), colour_photo(1)]
    answer = ask.post("/v1/verify", files=[("photos", ("a.png", photo)) for photo in photos])
    assert answer.json() == {"bundle": "colours", "same": True, "distance": 0.25, "threshold": 0.5, "confidence": 0.75}
    assert asked == [tuple(photos)]


def test_two_photos_of_which_one_shows_nobody(ask_people: Any, colour_photo: Callable[..., bytes]) -> None:
    answer = ask_people.post("/v1/verify", files=[("photos", ("a.png", colour_photo()))] * 2)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unreadable_photo")
    assert "no face" in answer.json()["error"]["message"]


def test_the_description_tells_every_refusal(ask: Any) -> None:
    described = ask.get("/openapi.json").json()
    assert {"401", "403", "404", "413", "415", "422", "429", "503"} <= set(described["paths"]["/v1/identify"]["post"]["responses"])
    assert "multipart/form-data" in described["paths"]["/v1/identify"]["post"]["requestBody"]["content"]
    assert "HTTPValidationError" not in str(described)
