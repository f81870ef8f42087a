from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from whosthat.faces.alignment import CropTemplate, align, similarity

EYES_AND_MOUTH = ((30.0, 40.0), (70.0, 40.0), (50.0, 60.0), (35.0, 80.0), (65.0, 80.0))
TEMPLATE = CropTemplate(100, EYES_AND_MOUTH, "drawn")
numbers = st.floats(-500, 500)


@given(turn=st.floats(-3.1, 3.1), scale=st.floats(0.05, 20), x=numbers, y=numbers)
def test_a_known_turn_scale_and_shift_is_found_again(turn: float, scale: float, x: float, y: float) -> None:
    here = np.array(EYES_AND_MOUTH)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    there = here @ matrix.T + (x, y)
    found = similarity(here.tolist(), there.tolist())
    np.testing.assert_allclose(found[:, :2], matrix, atol=1e-6)
    np.testing.assert_allclose(np.hstack([here, np.ones((5, 1))]) @ found.T, there, atol=1e-6)


@given(points=st.lists(st.tuples(numbers, numbers), min_size=5, max_size=5))
@example(points=[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 1.3e-160)])
def test_it_never_mirrors_and_is_always_a_number(points: list[tuple[float, float]]) -> None:
    matrix = similarity(points, EYES_AND_MOUTH)
    assert np.isfinite(matrix).all()
    assert np.linalg.det(matrix[:, :2]) > 0


@pytest.mark.parametrize("scale", [0.7, 1.0, 3.0, 12.0])
def test_landmarks_come_to_lie_where_the_template_wants_them(scale: float) -> None:
    photo = np.zeros((1600, 1500, 3), np.uint8)
    places = [(x * scale + 200, y * scale + 100) for x, y in EYES_AND_MOUTH]
    yy, xx = np.mgrid[:1600, :1500]
    for x, y in places:
        photo[(xx - x) ** 2 + (yy - y) ** 2 <= (4 * scale) ** 2] = 255
    crop = align(photo, places, TEMPLATE)
    assert crop.shape == (100, 100, 3)
    for x, y in EYES_AND_MOUTH:
        window = crop[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9, 0].astype(float)
        rows, columns = np.mgrid[-8:9, -8:9]
        assert abs((window * rows).sum() / window.sum()) < 0.6
        assert abs((window * columns).sum() / window.sum()) < 0.6


@pytest.mark.parametrize("far", [(-5000.0, -5000.0), (5000.0, 20.0), (0.0, 0.0)])
def test_a_face_beyond_the_edge_gives_a_crop_all_the_same(far: tuple[float, float]) -> None:
    places = [(x / 50 + far[0], y / 50 + far[1]) for x, y in EYES_AND_MOUTH]
    large = [(x * 50 + far[0], y * 50 + far[1]) for x, y in EYES_AND_MOUTH]
    photo = np.full((60, 40, 3), 9, np.uint8)
    assert align(photo, places, TEMPLATE).shape == align(photo, large, TEMPLATE).shape == (100, 100, 3)


def test_a_photo_that_is_longer_than_opencv_can_warp_is_cut_first() -> None:
    photo = np.zeros((120, 40_000, 3), np.uint8)
    assert align(photo, [(x + 39_000, y) for x, y in EYES_AND_MOUTH], TEMPLATE).shape == (100, 100, 3)
