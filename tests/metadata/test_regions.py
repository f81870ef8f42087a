"""Places in photos, turned by every EXIF orientation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from whosthat.metadata.regions import Applied, Frame, Region, cut, same_face, without_doubles
from whosthat.photos.headers import header_of
from whosthat.photos.reading import read
from whosthat.types import Box

ORIENTATIONS = range(1, 9)


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_a_place_is_the_same_in_the_stored_and_in_the_upright_photo(tmp_path, orientation: int) -> None:
    """The white rectangle that is drawn into the stored photo lies, in the photo as it is read, where `Frame.upright` says."""
    image = np.zeros((60, 80, 3), np.uint8)
    image[6:18, 8:32] = 255
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    PillowImage.fromarray(image).save(tmp_path / "photo.png", exif=exif)
    header, shown = header_of(tmp_path / "photo.png"), read(tmp_path / "photo.png")
    frame = Frame(*header.size, header.orientation)
    assert frame.upright_size == (shown.shape[1], shown.shape[0])
    rows, columns = np.nonzero(shown[:, :, 0] > 128)
    box = frame.upright(Box(8 / 80, 6 / 60, 32 / 80, 18 / 60))
    sides = (box.left * shown.shape[1], box.top * shown.shape[0], box.right * shown.shape[1], box.bottom * shown.shape[0])
    assert sides == pytest.approx((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))


@given(st.sampled_from(ORIENTATIONS), st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0.5, 1), st.floats(0.5, 1))
def test_there_and_back(orientation: int, left: float, top: float, right: float, bottom: float) -> None:
    box, frame = Box(left, top, right, bottom), Frame(4, 3, orientation)
    back = frame.upright(frame.stored(box))
    assert (back.left, back.top, back.right, back.bottom) == pytest.approx((left, top, right, bottom))


@pytest.mark.parametrize(
    ("orientation", "sides", "means"),
    [
        (1, (4000, 3000), Applied.STORED),
        (1, (1000, 749), Applied.STORED),  # a smaller copy
        (6, (4000, 3000), Applied.STORED),
        (6, (3000, 4000), Applied.UPRIGHT),
        (1, (3000, 4000), Applied.ANOTHER),
        (6, (4000, 2250), Applied.ANOTHER),
        (1, (0, 0), Applied.STORED),
        (1, (float("nan"), 3), Applied.STORED),
        (1, (1e308, 1e-308), Applied.STORED),
    ],
)
def test_what_sides_mean(orientation: int, sides: tuple[float, float], means: Applied) -> None:
    assert Frame(4000, 3000, orientation).applied(*sides) is means


def test_overlap() -> None:
    assert Box(0, 0, 0.1, 0.1).overlap(Box(0.1, 0, 0.2, 0.1)) == 0
    head, face = Box(0.1, 0.1, 0.5, 0.6), Box(0.2, 0.25, 0.4, 0.5)
    assert 0 < same_face(head, face) < 0.3
    assert same_face(Box(0, 0, 1, 1), face) == 0  # the whole photo is no face


def test_cut() -> None:
    assert cut(-0.1, 0.2, 0.3, 1.4) == Box(0, 0.2, 0.3, 1)
    assert cut(1.1, 0, 1.2, 1) is None
    assert cut(float("nan"), 0, 1, 1) is None


def test_doubles() -> None:
    one = Region("Anna", Box(0.1, 0.1, 0.3, 0.3))
    assert without_doubles([one, Region("Tom", Box(0.11, 0.1, 0.3, 0.3)), Region("Tom", Box(0.6, 0.6, 0.8, 0.8))]) == (
        one,
        Region("Tom", Box(0.6, 0.6, 0.8, 0.8)),
    )
