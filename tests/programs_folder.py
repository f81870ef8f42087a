"""The folder in which the programs of docs/programs run: ``python tests/programs_folder.py FOLDER`` makes one with any installation.

There is one portrait that everybody may show. Bent in two ways it becomes people whom a face network tells apart as it does others.
"""

from __future__ import annotations

import importlib.metadata
import sys
from pathlib import Path

import cv2
import numpy as np

import whosthat

HOPPER = "matplotlib/mpl-data/sample_data/grace_hopper.jpg"
MIDDLE, RADIUS = (256, 160), 130
"""Of the face in the portrait, in pixels."""

PEOPLE = {"ann": (0.0, 1.0), "bo": (1.2, 1.3), "cy": (-0.4, 0.75)}
"""How much the middle of the face is bent, and how much wider it becomes."""


def portrait(who: str, number: int = 0) -> np.ndarray:
    """Draw one of the people; photos of other numbers differ in cut, light, noise and side. RGB uint8."""
    bend, wider = PEOPLE[who]
    file = importlib.metadata.distribution("matplotlib").locate_file(HOPPER)
    image = cv2.cvtColor(cv2.imdecode(np.fromfile(str(file), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    down, across = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
    away = np.hypot(across - MIDDLE[0], down - MIDDLE[1]) / RADIUS
    share = np.where(away < 1, np.maximum(away, 1e-3) ** bend, 1).astype(np.float32)
    image = cv2.remap(image, MIDDLE[0] + (across - MIDDLE[0]) * share, MIDDLE[1] + (down - MIDDLE[1]) * share, cv2.INTER_LINEAR)
    image = cv2.resize(image, (round(image.shape[1] * wider), image.shape[0]))
    generator = np.random.default_rng([number, len(who)])
    cut = generator.integers(0, 30, 4) if number else np.zeros(4, int)
    image = image[cut[0] : image.shape[0] - 4 * cut[1], cut[2] : image.shape[1] - cut[3]]
    light = generator.uniform(0.6, 1.2) if number else 1.0
    image = np.clip(image * light + generator.normal(0, 3, image.shape), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(image[:, ::-1]) if number % 2 else image


def save(image: np.ndarray, path: Path) -> None:
    """Save as JPEG, under whatever name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".jpg", image[:, :, ::-1])[1].tobytes())


def make_folder(folder: Path) -> None:
    """Draw photos of ann, bo and cy, and train a recogniser on the first two."""
    for who in ("ann", "bo"):
        for number in range(1, 7):
            save(portrait(who, number), folder / "photos" / who / f"{number}.jpg")
        save(portrait(who, 7), folder / "new photos" / who / "7.jpg")
        save(portrait(who, 8), folder / "holiday" / f"{who}.jpg")
    save(portrait("cy", 1), folder / "cy" / "1.jpg")
    save(portrait("cy", 2), folder / "cy" / "2.jpg")
    save(portrait("cy", 3), folder / "holiday" / "cy.jpg")
    save(np.full((80, 80, 3), 200, np.uint8), folder / "holiday" / "sky.jpg")
    save(np.hstack([portrait("ann", 2)[:470, :400], portrait("cy", 4)[:470, :400], portrait("bo", 4)[:470, :600]]), folder / "photo.jpg")
    save(portrait("ann", 9), folder / "ann.jpg")
    whosthat.train(folder / "photos", "faces", runs=folder / "runs")


if __name__ == "__main__":
    make_folder(Path(sys.argv[1]))
