from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import whosthat


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
