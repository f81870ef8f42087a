"""What tests of the studio share: people who are coloured squares, a reader that knows them, a studio and a client that has come in."""

from __future__ import annotations

import asyncio
import hashlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.faces.alignment import CropTemplate
from whosthat.faces.finding import FaceReader
from whosthat.photos.drawing import encode_image
from whosthat.recognition.bundle import BundleFacts, save_bundle
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.server.app import make_app
from whosthat.server.guards import Door
from whosthat.server.service import Service
from whosthat.server.studio.studio import Studio
from whosthat.types import Box, Face

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a successor of httpx
    from starlette.testclient import TestClient

HOST = "http://127.0.0.1"
PAGE = {"x-whosthat": "1", "origin": HOST}
PEOPLE = {"ann": (220, 30, 30), "bo": (30, 220, 30), "cy": (30, 30, 220), "dee": (220, 220, 30), "eve": (220, 30, 220)}
SIDE = 100
POINTS = ((35.0, 40.0), (65.0, 40.0), (50.0, 55.0), (38.0, 72.0), (62.0, 72.0))


def people_photo(*who: str, seed: int = 0) -> bytes:
    """Draw people beside each other, each a square of their colour with some noise, on black; the bytes of a PNG file."""
    image = np.zeros((SIDE, SIDE * max(1, len(who)), 3), np.uint8)
    chance = np.random.default_rng(seed)
    for place, name in enumerate(who):
        noise = chance.integers(-8, 9, (SIDE, SIDE, 3)) + chance.integers(-8, 9, 3)
        image[:, place * SIDE : (place + 1) * SIDE] = np.clip(np.array(PEOPLE[name]) + noise, 1, 255)
    return encode_image(image, "PNG")


class Squares:
    """A detector that finds the squares."""

    name, sure, likely, licence = "squares", 0.5, 0.4, "none"

    def detect(self, image: np.ndarray, *, smallest: float, lenient: bool = False) -> list[Face]:
        if image.shape[0] != SIDE:
            return []
        lefts = [left for left in range(0, image.shape[1], SIDE) if image[:, left : left + SIDE].max()]
        points = [tuple((left + x, y) for x, y in POINTS) for left in lefts]
        return [Face(Box(left, 0, left + SIDE, SIDE), marks, 0.9) for left, marks in zip(lefts, points, strict=True)]


class Colours:
    """An embedder whose embedding is the mean colour."""

    facts = SimpleNamespace(name="dlib-resnet", dimensions=3, looks=1)
    fingerprint = "colours"

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return (crops[:, 4:12, 4:12].mean(axis=(1, 2)) / 160).astype(np.float32).reshape(-1, 3)


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> FaceReader:
    """The reader that every face recogniser has in these tests."""
    points = tuple((x * 16 / SIDE, y * 16 / SIDE) for x, y in POINTS)
    made = FaceReader(Squares(), Colours(), CropTemplate(16, points, "drawn"))  # type: ignore[arg-type]
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: made)
    return made


@pytest.fixture
def people_run(tmp_path: Path, reader: FaceReader) -> Path:
    """A run whose recogniser knows ann, bo and cy by three photos each, which lie in the studio's folder."""
    names, vectors = [], []
    for who in ("ann", "bo", "cy"):
        folder = tmp_path / "studio" / "party" / who
        folder.mkdir(parents=True)
        for number in range(3):
            content = people_photo(who, seed=number)
            (folder / f"{number}.png").write_bytes(content)
            names.append(EnrolledPhoto(f"{who}/{number}.png", hashlib.sha256(content).hexdigest()))
            vectors.append(reader.see([reader.cut_file(content)])[0].vectors[0])
    gallery = Gallery(("ann", "bo", "cy"), np.stack(vectors), np.repeat(np.arange(3), 3), tuple(names))
    run = tmp_path / "studio" / "runs" / "party-faces-1"
    run.mkdir(parents=True)
    crop = {"crop_size": 16, "crop_points": [(15, 15), (35, 15), (25, 25), (18, 33), (32, 33)]}
    faces = FaceFacts(
        detector="mtcnn", detector_files=("mtcnn-pnet",), embedder="dlib-resnet", head="nearest", dimensions=3, n_enrolled=9, **crop
    )
    threshold = DistanceThreshold(value=0.4, how="By hand.", fpir=0.01, fpir_low=0.0, fpir_high=0.05)
    facts = BundleFacts(kind=KIND, network="dlib-resnet", threshold=threshold, labels=gallery.people, faces=faces)
    save_bundle(run / "bundle", facts, graph=b"graph", more=bundle_files(gallery, {"mtcnn-pnet": b"network"}))
    (run / "recipe.toml").write_text('model = "faces"\n', encoding="utf-8")
    (run / "environment.json").write_text(json.dumps({"photos": str(tmp_path / "studio" / "party"), "versions": {}}), encoding="utf-8")
    (run.parent / "latest").symlink_to(run.name)
    return run


@pytest.fixture
def studio(tmp_path: Path) -> Studio:
    """A studio of an empty folder; what a test puts there is found."""
    (tmp_path / "studio").mkdir(exist_ok=True)
    return Studio(tmp_path / "studio", tmp_path / "studio" / "runs", Service([]))


@pytest.fixture
def door(studio: Studio) -> Door:
    return Door("a-token-of-the-tests", admits=studio.admits, largest=studio.largest)


@pytest.fixture
def stranger(studio: Studio, door: Door) -> Iterator[TestClient]:
    """A client that has not opened the link."""
    with TestClient(make_app(studio.service, door=door, studio=studio), base_url=HOST, follow_redirects=False) as client:
        yield client


@pytest.fixture
def page(stranger: TestClient, studio: Studio) -> TestClient:
    """A client that has opened the link, and speaks as the page does."""
    assert stranger.get(studio.entrance.link).status_code == 303
    stranger.headers.update(PAGE)
    return stranger


@pytest.fixture
def finished(page: TestClient) -> Callable[[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Listen to a job to its end; every event with its data."""

    def listen(job: dict[str, Any], **headers: str) -> list[tuple[str, dict[str, Any]]]:
        text = page.get(f"/studio/api/jobs/{job['id']}/events", headers=headers).text
        events = [part.split("\n") for part in text.split("\n\n") if part.startswith("id: ")]
        return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for _id, event, data in events]

    return listen


@pytest.fixture
def run_async() -> Callable[[Any], Any]:
    """Run a coroutine to its end."""
    return asyncio.run
