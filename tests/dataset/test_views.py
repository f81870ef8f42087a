from __future__ import annotations

import numpy as np
import pytest

from whosthat.dataset.views import Pairs, similar_pairs


def blocks(seed: int) -> np.ndarray:
    return np.kron(np.random.default_rng(seed).integers(0, 256, (8, 8)), np.ones((4, 4))).astype(np.uint8)


def found(*thumbnails: np.ndarray, labels: list[int] | None = None) -> list[Pairs]:
    groups = np.arange(len(thumbnails)) if labels is None else np.array(labels)
    return [pairs for pairs in similar_pairs(np.stack(thumbnails), groups) if len(pairs.first)]


@pytest.mark.parametrize(("gain", "offset"), [(0.3, 60), (1, 60), (0.5, 0)])
def test_light_and_contrast_do_not_matter(gain: float, offset: int) -> None:
    picture = blocks(1) * 0.75
    [pairs] = found(*np.rint([picture, gain * picture + offset]).astype(np.uint8))
    assert (pairs.first[0], pairs.second[0]) == (0, 1)


@pytest.mark.parametrize("turns", range(4))
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_picture_is_found_and_its_map_says_how(turns: int, mirrored: bool) -> None:
    picture = blocks(1)
    other = np.rot90(picture[:, ::-1] if mirrored else picture, turns)
    [pairs] = found(picture, other)
    assert (pairs.first[0], pairs.second[0]) == (0, 1)
    places = (np.stack(np.meshgrid(np.arange(32), np.arange(32))).reshape(2, -1) + 0.5) / 32 - 0.5
    across, down = np.rint((pairs.maps[0] @ [*places, np.ones(1024)] + 0.5) * 32 - 0.5).astype(int)
    assert (picture[down, across].reshape(32, 32) == other).all()


def test_photos_of_one_group_are_not_compared() -> None:
    assert found(blocks(1), blocks(1), labels=[7, 7]) == []
