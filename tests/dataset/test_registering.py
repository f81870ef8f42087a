from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from whosthat.dataset.registering import same_picture
from whosthat.dataset.views import Pairs


def picture(seed: int, side: int = 8) -> Image.Image:
    squares = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    return Image.fromarray(squares).resize((320, 320), Image.Resampling.BICUBIC)


def thumbnail(image: Image.Image) -> np.ndarray:
    return np.asarray(image.resize((32, 32), Image.Resampling.BOX), np.float32)


def same(one: Image.Image, other: Image.Image) -> bool:
    pair = Pairs(np.array([0]), np.array([1]), np.eye(2, 3, dtype=np.float32)[None])
    return bool(same_picture(np.stack([thumbnail(one), thumbnail(other)]), pair)[0])


@pytest.mark.parametrize("box", [(0, 0, 320, 320), (10, 0, 320, 320), (12, 8, 310, 306)])
@pytest.mark.parametrize("degrees", [0, 3, -3])
def test_a_picture_is_recognised_though_its_place_was_guessed_roughly(box: tuple[int, int, int, int], degrees: int) -> None:
    assert same(picture(1), picture(1).rotate(degrees, Image.Resampling.BICUBIC).crop(box).point(lambda value: 30 + 0.6 * value))


def test_light_and_dark_alike_with_other_detail_is_another_picture() -> None:
    broad = picture(1, side=3)
    one, other = (Image.blend(broad, picture(seed, side=12), 0.3) for seed in (2, 3))
    assert np.corrcoef(thumbnail(one).ravel(), thumbnail(other).ravel())[0, 1] > 0.85
    assert not same(one, other)


def test_no_pair_is_an_answer() -> None:
    assert same_picture(np.zeros((0, 32, 32), np.float32), Pairs(*np.zeros((2, 0), int), np.zeros((0, 2, 3), np.float32))).shape == (0,)
