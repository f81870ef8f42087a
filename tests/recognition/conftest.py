"""A saved recogniser to open, without Keras."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whosthat.recognition.gallery import EnrolledPhoto, Gallery

DIMENSIONS = 128
APART, SCATTER = 0.65, 0.35
"""Distance between two drawn people, and of a photo from its person; about those of dlib's network."""


def drawn_people(n: int, seed: int) -> np.ndarray:
    """People as points."""
    points = np.random.default_rng(seed).normal(size=(n, DIMENSIONS))
    return (points / np.linalg.norm(points, axis=1, keepdims=True) * APART / np.sqrt(2)).astype(np.float32)


def drawn_photos(person: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Embeddings that scatter around a person."""
    noise = np.random.default_rng(seed).normal(size=(n, DIMENSIONS))
    return (person + SCATTER * noise / np.sqrt(DIMENSIONS)).astype(np.float32)


def drawn_gallery(n_people: int = 5, each: int = 30, seed: int = 0) -> Gallery:
    """A gallery of drawn people."""
    people = drawn_people(n_people, seed)
    vectors = np.concatenate([drawn_photos(person, each, seed + 100 + number) for number, person in enumerate(people)])
    labels = np.repeat(np.arange(n_people), each)
    photos = tuple(EnrolledPhoto(f"person{owner}/{row}.jpg", f"{row:064x}") for row, owner in enumerate(labels))
    return Gallery(tuple(f"person{number}" for number in range(n_people)), vectors, labels, photos)


@pytest.fixture
def gallery_of() -> Callable[..., Gallery]:
    """`drawn_gallery`."""
    return drawn_gallery


@pytest.fixture
def strangers_of() -> Callable[[int, int], np.ndarray]:
    """Embeddings of people who are in no drawn gallery: so many people, so many photos each."""
    return lambda n, each: np.concatenate([drawn_photos(person, each, 900 + k) for k, person in enumerate(drawn_people(n, 77))])


@pytest.fixture
def bundle_folder(tmp_path: Path, save_colours: Callable[..., Path]) -> Path:
    """A bundle in a run folder, as training leaves it."""
    return save_colours(tmp_path / "runs" / "photos-colours-1" / "bundle")
