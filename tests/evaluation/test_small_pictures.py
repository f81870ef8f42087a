import numpy as np
import pytest

from whosthat.evaluation.small_pictures import around, small_picture
from whosthat.types import Box

IMAGE = np.arange(100 * 80 * 3, dtype=np.uint8).reshape(100, 80, 3)


@pytest.mark.parametrize(
    ("box", "shrunk", "shape"),
    [
        (Box(20, 20, 40, 40), 1, (30, 30)),
        (Box(40, 40, 80, 80), 2, (30, 30)),
        (Box(-30, -30, 10, 10), 1, (20, 20)),
        (Box(500, 500, 520, 520), 1, (1, 1)),
        (Box(-500, -500, -480, -480), 1, (1, 1)),
        (Box(10, 10, 10, 10), 1, (1, 1)),
    ],
)
def test_a_square_around_the_face_or_what_of_it_lies_in_the_photo(box, shrunk, shape):
    assert around(IMAGE, box, shrunk).shape[:2] == shape


def test_pictures_are_small():
    assert 500 < len(small_picture(np.full((600, 800, 3), 90, np.uint8), 320)) < 20_000
