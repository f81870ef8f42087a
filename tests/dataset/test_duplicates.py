from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from whosthat.dataset.duplicates import Groups, is_flat, join_bursts, join_copies, join_look_alikes, thumbnails_of
from whosthat.dataset.facts import PhotoFacts, read_facts

Draw = Callable[..., Path]


def facts_with(thumbnail: np.ndarray, sha256: str = "", taken_at: float | None = None) -> PhotoFacts:
    return PhotoFacts(sha256, 32, 32, taken_at, thumbnail.astype(np.uint8).tobytes())


def noise(seed: int) -> np.ndarray:
    return np.kron(np.random.default_rng(seed).integers(0, 256, (8, 8)), np.ones((4, 4)))


def look_alikes(*facts: PhotoFacts) -> list[tuple[int, int]]:
    return join_look_alikes(Groups(len(facts)), facts)


def cut(left: float, top: float, right: float, bottom: float) -> Callable[[Image.Image], Image.Image]:
    return lambda picture: picture.crop((round(400 * left), round(300 * top), round(400 * (1 - right)), round(300 * (1 - bottom))))


COPIES: dict[str, Callable[[Image.Image], Image.Image]] = {
    "another size": lambda picture: picture.resize((130, 110)),
    "poor quality": lambda picture: recompressed(picture, 20),
    "pale": lambda picture: picture.point(lambda value: 40 + value * 0.7),
    "grey": lambda picture: picture.convert("L"),
    "mirrored": ImageOps.mirror,
    "turned left": lambda picture: picture.transpose(Image.Transpose.ROTATE_90),
    "turned right": lambda picture: picture.transpose(Image.Transpose.ROTATE_270),
    "upside down": lambda picture: picture.transpose(Image.Transpose.ROTATE_180),
    "5 % off one side": cut(0.05, 0, 0, 0),
    "15 % off one side": cut(0, 0, 0, 0.15),
    "5 % off every side": cut(0.05, 0.05, 0.05, 0.05),
    "15 % off every side": cut(0.15, 0.15, 0.15, 0.15),
    "mirrored and cut": lambda picture: ImageOps.mirror(cut(0.1, 0.1, 0.1, 0.1)(picture)),
    "white border": lambda picture: ImageOps.expand(picture, (40, 30), "white"),
    "black border": lambda picture: ImageOps.expand(picture, (40, 30), "black"),
    "tilted left": lambda picture: picture.rotate(5, Image.Resampling.BICUBIC),
    "tilted right, all of it": lambda picture: picture.rotate(-5, Image.Resampling.BICUBIC, expand=True, fillcolor="white"),
}


def recompressed(picture: Image.Image, quality: int) -> Image.Image:
    picture.save(stored := io.BytesIO(), "JPEG", quality=quality)
    return Image.open(stored)


@pytest.mark.parametrize("way", COPIES)
def test_a_picture_is_found_in_whatever_way_it_comes_back(tmp_path: Path, draw: Draw, way: str) -> None:
    original = draw(tmp_path / "1.png", 1, size=(400, 300))
    COPIES[way](Image.open(original)).save(tmp_path / "2.png")
    photos = [read_facts(path) for path in (original, tmp_path / "2.png", draw(tmp_path / "3.png", 2, size=(400, 300)))]
    assert look_alikes(*photos) == [(0, 1)]


def test_different_pictures_in_like_frames_are_not_taken_for_one(tmp_path: Path, draw: Draw) -> None:
    for seed in range(40):
        picture = Image.open(draw(tmp_path / f"{seed}.png", seed))
        ImageOps.expand(picture, (12, 12), "white").save(tmp_path / f"{seed}.png")
    assert look_alikes(*(read_facts(path) for path in tmp_path.iterdir())) == []


def test_different_pictures_do_not() -> None:
    assert look_alikes(*(facts_with(noise(seed)) for seed in range(300))) == []


def test_pictures_of_one_colour_look_like_nothing() -> None:
    flat = [facts_with(np.full((32, 32), level)) for level in (0, 0, 128, 255)]
    assert look_alikes(*flat) == look_alikes() == []
    assert is_flat(thumbnails_of(flat)).all()


def test_a_chain_of_look_alikes_is_one_group_with_one_pair_for_each_further_photo() -> None:
    base = noise(5)
    series = [facts_with(np.clip(base + np.random.default_rng(seed).normal(0, 2, base.shape), 0, 255)) for seed in range(200)]
    assert len(look_alikes(*series)) == 199


def test_copies_are_joined_to_the_first_one() -> None:
    facts = [facts_with(noise(0), sha256=sha256) for sha256 in "abaca"]
    assert join_copies(Groups(5), facts) == [(0, 2), (0, 4)]


def test_a_burst_is_one_class_within_two_seconds_each() -> None:
    times = [("anna", 10.0), ("anna", 12.0), ("anna", 13.9), ("anna", 16.0), ("bert", 12.0), ("anna", None)]
    facts = [facts_with(noise(0), taken_at=taken_at) for _, taken_at in times]
    assert join_bursts(Groups(6), facts, [name for name, _ in times]) == [(0, 1), (1, 2)]


@given(pairs=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20))
def test_groups_are_the_connected_components(pairs: list[tuple[int, int]]) -> None:
    groups = Groups(10)
    joined = sum(groups.join(*pair) for pair in pairs)
    numbers = groups.numbers()
    assert all(numbers[first] == numbers[second] for first, second in pairs)
    assert len(set(numbers)) == 10 - joined == max(numbers) + 1
