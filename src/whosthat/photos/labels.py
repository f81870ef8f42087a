"""Where the labels of boxes go, so that they can be read: inside the picture, beside their box, over no other label and no face.

What belongs here: geometry. What does not: drawing, letters, colours (`drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from whosthat.types import Box

_ON_LABEL, _ON_FACE, _ON_OWN_FACE, _AWAY, _LESS_USUAL = 100.0, 6.0, 4.0, 0.5, 0.02
"""What a place costs: for lying on other labels at all, and again for the share of the label that does; for the share that lies on others'
boxes, on its own box; for each of its heights away from its box; and for each step down the list of usual places, above the box first."""

_BEARABLE = 0.3
"""A label of a video stays on the side of its box where it was in the frame before, until this share of it lies on a face, or another side
is better by as much: boxes move a little in every frame, and the best side changes with them."""

_GRID = 24
"""When all is taken nearby, this many places across the picture, and down it, are tried as well."""

_FREE = 0.02
"""A label may cover this share of its area of a face's box: a box is larger than the face."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a label goes."""

    box: Box  # the label's own
    gap: float  # pixels between the label and what it belongs to; 0 when they touch
    is_free: bool  # whether it covers no other label and no face
    side: int  # which of the places that are tried: above the box, below it, ...


def place_label(
    size: tuple[int, int],
    box: Box,
    picture: tuple[int, int],
    labels: Sequence[Box],
    boxes: Sequence[Box],
    side: int | None = None,
) -> Place:
    """Find the best place for the label of a box, where ``labels`` were placed before and other ``boxes`` are in the picture.

    ``size`` and ``picture`` are width and height in pixels. A label larger than the picture begins at its left or upper edge. ``side`` is
    that of the label in the frame before.

    Example:
        >>> place_label((30, 10), Box(20, 20, 60, 60), (100, 100), [], []).box
        Box(left=20.0, top=10.0, right=50.0, bottom=20.0)
    """
    corners = _corners(size, box, picture)
    places = np.concatenate([corners, corners + size], axis=1)
    own, others, placed = (_sides(some) for some in ([box], boxes, labels))
    on_labels = _covered(places, placed)
    on_faces = _covered(places, others)
    gaps = _gaps(places, own[0])
    cost = (
        _ON_LABEL * (np.sign(on_labels) + on_labels)
        + _ON_FACE * on_faces
        + _ON_OWN_FACE * _covered(places, own)
        + _AWAY * gaps / max(1, size[1])
    )
    cost += _LESS_USUAL * np.minimum(np.arange(len(places)), 50)
    if side is not None:
        cost[side] -= _ON_FACE * _BEARABLE
    best = int(np.argmin(cost))
    is_free = on_labels[best] == 0 and on_faces[best] <= (_BEARABLE if best == side else _FREE)
    return Place(Box(*map(float, places[best])), float(gaps[best]), bool(is_free), best)


def _corners(size: tuple[int, int], box: Box, picture: tuple[int, int]) -> NDArray[np.float64]:
    """Upper left corners of places, the usual ones first: above, below, beside, farther off, then all over the picture."""
    width, height = size
    middle, centre = (box.left + box.right - width) / 2, (box.top + box.bottom - height) / 2
    over, outside, beside = (box.left, middle, box.right - width), (box.top - height, box.bottom), (box.left - width, box.right)
    along, far = (box.top, centre, box.bottom - height), (box.top - 2.5 * height, box.bottom + 1.5 * height)
    pairs = ((outside, over), (along, beside), (outside, beside), (far, over), (far, beside))
    near = [(x, y) for ys, xs in pairs for y in ys for x in xs]
    most = np.maximum(0, np.subtract(picture, size))
    grid = np.stack(np.meshgrid(np.linspace(0, most[0], _GRID), np.linspace(0, most[1], _GRID)), axis=-1).reshape(-1, 2)
    corners: NDArray[np.float64] = np.round(np.clip(np.concatenate([near, grid]), 0, most))
    return corners


def _sides(boxes: Sequence[Box]) -> NDArray[np.float64]:
    return np.array([box.sides for box in boxes], np.float64).reshape(-1, 4)


def _covered(places: NDArray[np.float64], boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each place the share of its area that lies on boxes; more than 1 where these lie over each other."""
    lower = np.minimum(places[:, None, 2:], boxes[None, :, 2:])
    upper = np.maximum(places[:, None, :2], boxes[None, :, :2])
    common = np.maximum(0, lower - upper).prod(axis=2).sum(axis=1)
    area = (places[:, 2:] - places[:, :2]).prod(axis=1)
    overlap: NDArray[np.float64] = common / np.maximum(area, 1)
    return overlap


def _gaps(places: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each place its distance from a box; 0 where they touch or overlap."""
    gaps = np.maximum(0, np.maximum(box[:2] - places[:, 2:], places[:, :2] - box[2:]))
    distances: NDArray[np.float64] = np.hypot(gaps[:, 0], gaps[:, 1])
    return distances
