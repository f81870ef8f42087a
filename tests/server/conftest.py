"""What tests of the service share: one with the bundle of colours, and a client that asks the application without a connection."""

from __future__ import annotations

import re
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.faces.finding import CutFaces, SeenFaces
from whosthat.faces.remembered import PhotoFaces
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import BundleFacts, save_bundle
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.server.app import make_app
from whosthat.server.guards import Door
from whosthat.server.service import Limits, Service
from whosthat.server.serving import Address, listen, server_of
from whosthat.types import Box, Face, Image

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it would rather have a successor of httpx
    from starlette.testclient import TestClient

TOKEN = "a-token-of-the-tests"
HOST = "http://127.0.0.1"


@pytest.fixture
def colour_photo(tmp_path: Path) -> Callable[..., bytes]:
    """Draw a photo of one colour, noisy, and return the bytes of its file."""

    def draw(channel: int = 0, *, side: int = 12, suffix: str = "png") -> bytes:
        image = np.random.default_rng(channel).integers(0, 90, (side, side, 3), dtype=np.uint8)
        image[:, :, channel] += 150
        path = tmp_path / f"drawn-{channel}-{side}.{suffix}"
        save_image(image, path)
        return path.read_bytes()

    return draw


@pytest.fixture
def make_service(tmp_path: Path, save_colours: Callable[..., Path]) -> Iterator[Callable[..., Service]]:
    """Make services that answer with the bundle of colours; keywords are those of `Limits`."""
    made: list[Service] = []

    def make(**limits: Any) -> Service:
        folder = tmp_path / "colours"
        if not folder.exists():
            save_colours(folder)
        made.append(Service([folder], Limits(**{"threads": 2, **limits})))
        return made[-1]

    yield make
    for service in made:
        service.close()


@pytest.fixture
def ask(make_service: Callable[..., Service]) -> Iterator[TestClient]:
    """A client that shows the token; ``ask.app.state.service`` is the service."""
    app = make_app(make_service(), door=Door(token=TOKEN))
    with TestClient(app, base_url=HOST, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def client_of() -> Iterator[Callable[..., Any]]:
    """Make clients that ask an application; keywords are those of `TestClient`."""
    with ExitStack() as stack:
        yield lambda app, **how: stack.enter_context(TestClient(app, **{"base_url": HOST, **how}))


@pytest.fixture
def running(loopback: None, make_service: Callable[..., Service]) -> Iterator[Callable[..., tuple[str, int]]]:
    """Run services without a token on a free port each; keywords are those of `Limits`; returns their addresses."""
    servers: list[tuple[Any, threading.Thread]] = []

    def run(service: Service | None = None, **limits: Any) -> tuple[str, int]:
        service = service or make_service(**limits)
        answers = threading.Event()
        server = server_of(make_app(service), service, answers.set)
        opened = listen(Address(port=0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [opened]})
        thread.start()
        servers.append((server, thread))
        assert answers.wait(60)
        return opened.getsockname()

    yield run
    for server, _thread in servers:
        server.should_exit = True
    for _server, thread in servers:
        thread.join()


class ReaderOfWords:
    """Stands in for detector and embedder: a photo is a text, each of its words "who:number" a face near that person's place."""

    key, missing = "reader-of-words", "no face"
    template = SimpleNamespace(size=4)

    def cut_file(self, source: Path | bytes) -> CutFaces:
        text = source if isinstance(source, bytes) else source.read_bytes()
        if text.startswith(b"broken"):
            raise PhotoError(None, "it is damaged")
        words = re.findall(r"(ann|bo|cy|dee):(\d)", text.decode("latin-1"))
        faces = [Face(Box(100 * n, 10, 100 * n + 40 + 9 * n, 50), POINTS, 0.95 - 0.1 * n) for n in range(len(words))]
        crops = np.array([[WHO.index(who), int(number)] for who, number in words], np.uint8).reshape(len(words), 2)
        return CutFaces(tuple(faces), crops)

    def cut(self, image: Image) -> CutFaces:
        """A photo that is one has no words, and shows nobody."""
        return self.cut_file(b"")

    def see(self, photos: Sequence[CutFaces]) -> list[SeenFaces]:
        return [SeenFaces(photo.faces, self.embed(photo.crops)) for photo in photos]

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return np.array([vector_of(*map(int, crop)) for crop in crops], np.float32).reshape(len(crops), 16)


WHO = ("ann", "bo", "cy", "dee")
POINTS = ((15.0, 15.0), (35.0, 15.0), (25.0, 25.0), (18.0, 33.0), (32.0, 33.0))


def vector_of(person: int, number: int) -> np.ndarray:
    scatter = np.random.default_rng(number + 100 * person).normal(0, 0.05, 16)
    return (0.6 * np.eye(16)[person] + scatter).astype(np.float32)


def look_at_words(photos: Mapping[str, Path], reader: ReaderOfWords, **_: object) -> dict[str, PhotoFaces]:
    """Stands in for `faces_of_photos`."""
    found = {}
    for digest, path in photos.items():
        with suppress(PhotoError):
            cut = reader.cut_file(path)
            taken = (0, "plain", 300.0, reader.embed(cut.crops)[0]) if cut.faces else ()
            found[digest] = PhotoFaces((500, 60), cut.faces, *taken)
    return found


@pytest.fixture
def people_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A bundle that knows ann, bo and cy by four photos each, read by a `ReaderOfWords`; dee is a stranger."""
    monkeypatch.setattr("whosthat.recognition.face_recogniser._reader", lambda *_: ReaderOfWords())
    monkeypatch.setattr("whosthat.workflow.people.faces_of_photos", look_at_words)
    known = [(person, number) for person in range(3) for number in range(4)]
    photos = [EnrolledPhoto(f"{WHO[person]}/{number}", sha256(f"{WHO[person]}:{number}".encode()).hexdigest()) for person, number in known]
    gallery = Gallery(WHO[:3], np.stack([vector_of(*one) for one in known]), np.repeat(np.arange(3), 4), tuple(photos))
    crop = {"crop_size": 16, "crop_points": POINTS, "detector": "mtcnn", "detector_files": ("mtcnn-pnet",)}
    faces = FaceFacts(**crop, embedder="dlib-resnet", head="nearest", dimensions=16, n_enrolled=len(photos))
    facts = {"kind": KIND, "network": "dlib-resnet", "threshold": DistanceThreshold(value=0.5, how="By hand.")}
    files = bundle_files(gallery, {"mtcnn-pnet": b"network"})
    save_bundle(tmp_path / "party", BundleFacts(**facts, labels=gallery.people, faces=faces), graph=b"graph", more=files)
    return tmp_path / "party"


@pytest.fixture
def ask_people(people_bundle: Path) -> Iterator[TestClient]:
    """A client of a service that answers with `people_bundle`."""
    app = make_app(Service([people_bundle], Limits(threads=2)), door=Door(token=TOKEN))
    with TestClient(app, base_url=HOST, headers={"authorization": f"Bearer {TOKEN}"}) as client:
        yield client
