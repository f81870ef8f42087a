"""What tests of the service share: one with the bundle of colours, and a client that asks the application without a connection."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.photos.drawing import save_image
from whosthat.server.app import make_app
from whosthat.server.guards import Door
from whosthat.server.service import Limits, Service
from whosthat.server.serving import Address, listen, server_of

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
        assert answers.wait(10)
        return opened.getsockname()

    yield run
    for server, _thread in servers:
        server.should_exit = True
    for _server, thread in servers:
        thread.join()
