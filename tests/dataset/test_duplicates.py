from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from whosthat.dataset.duplicates import FLAT, Groups, fingerprints, join_bursts, join_copies, join_look_alikes, thumbnails_of
from whosthat.dataset.facts import PhotoFacts, read_facts

Draw = Callable[..., Path]


def facts_with(thumbnail: np.ndarray, sha256: str = "", taken_at: float | None = None) -> PhotoFacts:
    return PhotoFacts(sha256, 16, 16, taken_at, thumbnail.astype(np.uint8).tobytes())


def noise(seed: int) -> np.ndarray:
    return np.kron(np.random.default_rng(seed).integers(0, 256, (8, 8)), np.ones((2, 2)))


def look_alikes(*facts: PhotoFacts) -> list[tuple[int, int]]:
    return join_look_alikes(Groups(len(facts)), facts)


def test_another_size_crop_quality_brightness_and_the_mirror_image_look_alike(tmp_path: Path, draw: Draw) -> None:
    original = draw(tmp_path / "1.png", 1, size=(400, 300))
    picture = Image.open(original)
    picture.resize((130, 110)).save(tmp_path / "small.png")
    picture.crop((6, 5, 394, 297)).save(tmp_path / "crop.png")
    picture.save(tmp_path / "poor.jpg", quality=20)
    picture.point(lambda value: 40 + value * 0.7).save(tmp_path / "pale.png")
    picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirror.png")
    variants = [read_facts(path) for path in sorted(tmp_path.iterdir())]
    groups = Groups(len(variants))
    join_look_alikes(groups, variants)
    assert groups.numbers() == [0] * 6


def test_different_pictures_do_not() -> None:
    assert look_alikes(*(facts_with(noise(seed)) for seed in range(300))) == []


def test_pictures_of_one_colour_look_like_nothing() -> None:
    flat = [facts_with(np.full((16, 16), level)) for level in (0, 0, 128, 255)]
    assert look_alikes(*flat) == []
    assert fingerprints(thumbnails_of(flat)) == [FLAT] * 4


def test_a_chain_of_look_alikes_is_one_group_with_one_pair_for_each_further_photo() -> None:
    base = noise(5)
    series = [facts_with(np.clip(base + np.random.default_rng(seed).normal(0, 2, base.shape), 0, 255)) for seed in range(200)]
    assert len(look_alikes(*series)) == 199


def test_fingerprints_agree_with_imagehash() -> None:
    imagehash = pytest.importorskip("imagehash")
    thumbnails = np.stack([noise(seed) for seed in range(20)]).astype(np.uint8)
    for thumbnail, fingerprint in zip(thumbnails, fingerprints(thumbnails), strict=True):
        theirs = int(str(imagehash.phash(Image.fromarray(thumbnail), highfreq_factor=2)), 16)
        assert (theirs ^ fingerprint).bit_count() <= 1


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
