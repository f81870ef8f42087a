"""Filters and maps as pictures."""

from __future__ import annotations

import numpy as np

from whosthat.photos.maps import FILTER_TILE, FILTERS_IN_A_ROW, GAP, MAP_TILE, MAPS_IN_A_ROW, draw_filters, draw_layers


def test_a_filter_is_drawn_in_the_colours_that_it_looks_for_grey_where_it_does_not_care() -> None:
    filters = np.zeros((FILTERS_IN_A_ROW + 1, 3, 3, 3), np.float32)
    filters[0, 0, 0] = (0.2, -0.2, 0)
    picture = draw_filters(filters)
    assert picture.shape == (3 * GAP + 2 * FILTER_TILE, GAP + FILTERS_IN_A_ROW * (FILTER_TILE + GAP), 3)
    assert tuple(picture[GAP + 2, GAP + 2]) == (255, 0, 128)
    assert tuple(picture[GAP + FILTER_TILE // 2, GAP + FILTER_TILE // 2]) == (128, 128, 128)
    assert tuple(picture[GAP + FILTER_TILE + GAP + 2, GAP + 2]) == (128, 128, 128)


def test_of_each_layer_the_maps_with_most_contrast_are_drawn_bright_where_they_are_high() -> None:
    maps = np.zeros((20, 2, 2), np.float32)
    maps[13, 0, 1] = 5
    picture = draw_layers(np.full((50, 100, 3), 90, np.uint8), [("Layer 1", maps), ("Layer 2", maps[:1])])
    assert picture.shape[1] == 2 * GAP + MAPS_IN_A_ROW * (MAP_TILE + GAP) - GAP
    first = GAP + 200 + GAP + 30 + GAP  # below the photo, four times as large, and the caption
    tile = picture[first : first + MAP_TILE, GAP : GAP + MAP_TILE].astype(int).sum(axis=2)
    assert tile[5, -5] > 2 * tile[5, 5] == 2 * tile[-5, -5]
    assert (picture[-MAP_TILE:, 2 * MAP_TILE :] == 255).all()  # one map, and paper beside it
