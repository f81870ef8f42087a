from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whosthat.errors import PhotoError, UsageError
from whosthat.photos.reading import read
from whosthat.photos.sources import image_of

RED = (200, 10, 20)


@pytest.fixture
def red_left(tmp_path: Path) -> Path:
    """A photo that is red on the left once its EXIF orientation is applied; lossless."""
    upright = np.full((8, 12, 3), 255, np.uint8)
    upright[:, :6] = RED
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.rot90(upright, 1)).save(tmp_path / "turned.png", exif=exif)
    return tmp_path / "turned.png"


def test_a_pil_image_is_turned_upright_as_its_file_is(red_left: Path) -> None:
    with Image.open(red_left) as picture, image_of(picture) as image:
        assert np.array_equal(image, read(red_left))
        assert tuple(image[4, 1]) == RED
        assert picture.size == (8, 12)  # it stays as it was, and open


def test_what_is_transparent_becomes_white() -> None:
    clear = np.zeros((4, 5, 4), np.uint8)
    for photo in (clear, Image.fromarray(clear)):
        with image_of(photo) as image:
            assert (image == 255).all()


def test_bgr_swaps_colours_and_leaves_transparency() -> None:
    blue_first = np.full((4, 5, 4), (20, 10, 200, 255), np.uint8)
    for array in (blue_first, blue_first[..., :3]):
        with image_of(array, bgr=True) as image:
            assert tuple(image[0, 0]) == RED


def test_a_pil_image_whose_file_is_closed_says_so(red_left: Path) -> None:
    picture = Image.open(red_left)
    picture.close()
    with pytest.raises(PhotoError, match="the PIL image cannot be read"), image_of(picture):
        pass


def test_a_deep_pil_image_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match=r'mode "I;16".* Convert it to "L" or "RGB" first'), image_of(Image.new("I;16", (4, 4))):
        pass
