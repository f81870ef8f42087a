"""What tests of the service share: one with the bundle of colours, and a client that asks the application without a connection."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.photos.drawing import save_image
from whosthat.server.app import make_app
from whosthat.server.guards import Door
from whosthat.server.service import Limits, Service

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
