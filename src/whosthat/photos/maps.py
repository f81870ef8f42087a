"""What a network learnt and saw, as pictures for people: filters, and the maps of its layers one below the other.

What belongs here: from numbers to tiles of colour with captions. What does not: taking the numbers out of a network
(`networks.onnx_parts`, `recognition.explaining`).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.photos.drawing import fitted
from whosthat.photos.lettering import font_for
from whosthat.types import FloatArray, Image

FILTER_TILE, MAP_TILE, GAP = 44, 96, 6
"""Sides of a filter and of a map, and what lies between two, in pixels."""

FILTERS_IN_A_ROW, MAPS_IN_A_ROW = 16, 8

_PAPER, _INK, _LETTERS = 255, (28, 33, 39), 15


def draw_filters(filters: FloatArray) -> Image:
    """Draw filters that look at colours, float32 (n, height, width, 3): grey is 0, and the largest number of each one is full colour."""
    largest = np.abs(filters).max(axis=(1, 2, 3), keepdims=True)
    colours = np.round(127.5 * (1 + filters / np.maximum(largest, 1e-12))).astype(np.uint8)
    tiles = [cv2.resize(one, (FILTER_TILE, FILTER_TILE), interpolation=cv2.INTER_NEAREST) for one in colours]
    rows = [_row(tiles[start : start + FILTERS_IN_A_ROW]) for start in range(0, len(tiles), FILTERS_IN_A_ROW)]
    return _stacked(rows)


def draw_layers(image: Image, layers: Sequence[tuple[str, FloatArray]]) -> Image:
    """Draw a photo, and below it for each layer a caption and the maps with most contrast, bright where they are high.

    Args:
        image: RGB uint8 (height, width, 3).
        layers: What each is, and its maps, float32 (channels, height, width).
    """
    width = MAPS_IN_A_ROW * (MAP_TILE + GAP) - GAP
    pieces = [fitted(image, width, 3 * MAP_TILE, zoom=4)]
    for caption, maps in layers:
        liveliest = np.argsort(-maps.std(axis=(1, 2)), kind="stable")[:MAPS_IN_A_ROW]
        pieces += [_caption(caption, width), _row([_tile(maps[channel]) for channel in liveliest])]
    return _stacked(pieces)


def _tile(numbers: FloatArray) -> Image:
    """Draw one map, from its lowest number, dark, to its highest."""
    low, high = numbers.min(), numbers.max()
    shades = np.round(255 * (numbers - low) / max(high - low, 1e-12)).astype(np.uint8)
    large = cv2.resize(shades, (MAP_TILE, MAP_TILE), interpolation=cv2.INTER_NEAREST)
    return np.ascontiguousarray(cv2.applyColorMap(large, cv2.COLORMAP_VIRIDIS)[..., ::-1])


def _caption(text: str, width: int) -> Image:
    picture = PillowImage.new("RGB", (width, 2 * _LETTERS), (_PAPER,) * 3)
    ImageDraw.Draw(picture).text((0, _LETTERS // 2), text, font=font_for(text, _LETTERS), fill=_INK)
    return np.array(picture)


def _row(tiles: Sequence[Image]) -> Image:
    gap = np.full((len(tiles[0]), GAP, 3), _PAPER, np.uint8)
    return np.concatenate([part for tile in tiles for part in (tile, gap)][:-1], axis=1)


def _stacked(pieces: Sequence[Image]) -> Image:
    """Put pictures below each other on white paper, with a margin around them."""
    width = max(piece.shape[1] for piece in pieces)
    padded = [np.pad(piece, ((0, GAP), (0, width - piece.shape[1]), (0, 0)), constant_values=_PAPER) for piece in pieces]
    return np.pad(np.concatenate(padded), ((GAP, 0), (GAP, GAP), (0, 0)), constant_values=_PAPER)
