"""Heat over the part of a photo that a network saw."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.photos.heat import SIDE, draw_heat, explained
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.types import Sighting


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("shape", [(40, 100), (100, 40), (60, 60)])
def test_heat_lies_where_the_network_saw_it(fit: str, shape: tuple[int, int]) -> None:
    photo = np.full((*shape, 3), 128, np.uint8)
    centre = (shape[0] // 2 + 10, shape[1] // 2 - 10)
    photo[centre[0] - 5 : centre[0] + 5, centre[1] - 5 : centre[1] + 5] = 255
    spec = PrepareSpec(32, fit=fit)
    heat = (prepare(photo, spec)[..., 0] > 200).astype(np.float32)
    changed = np.abs(draw_heat(photo, heat, spec).astype(int) - photo).sum(axis=2) > 30
    rows, columns = np.nonzero(changed)
    assert abs(rows.mean() - centre[0]) < 3
    assert abs(columns.mean() - centre[1]) < 3
    assert 60 < changed.sum() < 300


def test_photo_and_heat_stand_side_by_side_with_the_answer_below() -> None:
    photo = np.full((1000, 2000, 3), 90, np.uint8)
    picture = explained(photo, np.zeros((4, 4), np.float32), PrepareSpec(32), Sighting("Ann", 0.9))
    height, width = picture.shape[:2]
    assert (height > SIDE // 2, width) == (True, 2 * SIDE + 8)
    np.testing.assert_array_equal(picture[: SIDE // 2, :SIDE], picture[: SIDE // 2, SIDE + 8 :])  # no heat, no colour
    assert len(np.unique(picture[SIDE // 2 + 10 :].reshape(-1, 3), axis=0)) > 2
