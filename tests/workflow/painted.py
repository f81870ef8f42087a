"""Photos whose faces are fields of colour, and a reader that finds them without a network: its embedding is the colour itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from whosthat.faces.finding import CutFaces, SeenFaces
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import opened
from whosthat.types import Box, Face
from whosthat.workflow.face_photos import OpenedReader

PEOPLE = {"anna": (240, 10, 25), "tom": (15, 235, 30), "bob": (20, 35, 230), "eve": (225, 220, 40)}
SIDE = 20
DARK = 60
"""A field whose colours add up to less is background."""


def paint(path: Path, *people: str, number: int = 0, brighter: int = 0) -> Path:
    """Save a photo of people side by side; ``number`` makes it another photo, and changes no face."""
    image = np.zeros((2 * SIDE, SIDE * max(1, len(people)), 3), np.uint8)
    image[-1, :, :] = [number // 256 % 50, number % 50, number // 50 % 5]
    for at, person in enumerate(people):
        colour = [min(255, value + brighter) for value in PEOPLE[person]]
        image[:SIDE, at * SIDE : (at + 1) * SIDE] = colour
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(image, path)
    return path


class PaintedReader:
    """Finds the fields; counts the photos that it looked at."""

    detector = SimpleNamespace(name="painted")
    embedder = SimpleNamespace(facts=SimpleNamespace(name="colour"))

    def __init__(self, key: str = "painted", wait: float = 0.0) -> None:
        self.key, self._wait, self.looks = key, wait, 0

    def cut_file(self, source: Any) -> CutFaces:
        """Find the fields of a photo."""
        self.looks += 1
        time.sleep(self._wait)
        with opened(source) as photo:
            fields = [photo.image[:SIDE, left : left + SIDE] for left in range(0, photo.image.shape[1], SIDE)]
            faces = [(self._face(at), field) for at, field in enumerate(fields) if field[0, 0].sum() > DARK]
        crops = np.array([field for _face, field in faces], np.uint8).reshape(-1, SIDE, SIDE, 3)
        return CutFaces(tuple(face for face, _field in faces), crops, photo.sha256)

    def see(self, photos: Sequence[CutFaces]) -> list[SeenFaces]:
        """Embed fields: their colour, 0 to 1."""
        return [
            SeenFaces(one.faces, (one.crops[:, 0, 0] / 255).astype(np.float32).reshape(-1, 3), (50.0,) * len(one.faces)) for one in photos
        ]

    def opened(self, *_names: str) -> OpenedReader:
        """Stand for `whosthat.workflow.face_photos.open_reader`."""
        return OpenedReader(self, b"", {})  # type: ignore[arg-type]

    def _face(self, at: int) -> Face:
        left = float(at * SIDE)
        eyes, mouth = ((left + 6, 7.0), (left + 14, 7.0)), ((left + 7, 15.0), (left + 13, 15.0))
        return Face(Box(left, 0.0, left + SIDE, float(SIDE)), (*eyes, (left + 10, 11.0), *mouth), 0.9)
