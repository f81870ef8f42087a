"""Whether two photos show one picture: one thumbnail is laid over the other, and what is left of fine detail is compared.

What belongs here: moving, turning and stretching one thumbnail until it lies on the other, and the measure that then decides. What does
not: which pairs are worth it (`views`).

Two portraits taken alike have the same light and dark areas; laid over one another, their eyes, mouths and hair differ. So the
verdict rests on what remains when the surroundings' mean is taken from every place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from whosthat.dataset.views import Pairs
from whosthat.types import FloatArray

LEAST_DETAIL = 0.91
"""Least correlation of the detail of two thumbnails that show one picture."""

_BARS = (0.75, 0.85, 0.9)
"""Least correlation of the thumbnails before each step: a pair below it is given up."""

_SAMPLES, _REACH, _SPREAD = 24, 0.94, 0.25
"""Places compared along a side; how much of the side they span; standard deviation of their weight around the middle, in sides."""

_NEIGHBOURS = 2
"""Detail is what differs from the mean of the places up to so many steps away."""

_LONGEST_STEP = 0.15

_PLACES = ((np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5) * _REACH
_GRID = np.stack([np.tile(_PLACES, _SAMPLES), np.repeat(_PLACES, _SAMPLES), np.ones(_SAMPLES**2)]).astype(np.float32)
_WEIGHTS = np.exp(-(_GRID[0] ** 2 + _GRID[1] ** 2) / (2 * _SPREAD**2))
_WEIGHTS /= _WEIGHTS.sum()
_SURROUNDINGS = (np.abs(np.subtract.outer(np.arange(_SAMPLES), np.arange(_SAMPLES))) <= _NEIGHBOURS).astype(np.float32)
_SURROUNDINGS /= _SURROUNDINGS.sum(axis=1, keepdims=True)


def same_picture(thumbnails: FloatArray, pairs: Pairs) -> NDArray[np.bool_]:
    """Say of each pair, starting from its map, whether it shows one picture; thumbnails are float32 ``(n, 32, 32)``, grey levels.

    Source:
        The steps are inverse compositional: S. Baker and I. Matthews, Lucas-Kanade 20 Years On, IJCV 56 (2004).
    """
    alive, maps = np.arange(len(pairs.first)), _square(pairs.maps)
    model = _standard(_sampled(thumbnails, pairs.second, np.broadcast_to(np.eye(3, dtype=np.float32), maps.shape)))
    seen = _standard(_sampled(thumbnails, pairs.first, maps))
    for bar in _BARS:
        near = _mean(seen * model) >= bar
        alive, maps, model, seen = alive[near], maps[near], model[near], seen[near]
        maps = _stepped(maps, model, seen)
        seen = _standard(_sampled(thumbnails, pairs.first[alive], maps))
    same = np.zeros(len(pairs.first), bool)
    same[alive] = _mean(_standard(_detail(seen)) * _standard(_detail(model))) >= LEAST_DETAIL
    return same


def _stepped(maps: FloatArray, model: FloatArray, seen: FloatArray) -> FloatArray:
    """The maps after one step of Gauss and Newton towards the model."""
    square, spacing = model.reshape(-1, _SAMPLES, _SAMPLES), float(_PLACES[1] - _PLACES[0])
    slopes = np.stack([np.gradient(square, spacing, axis=axis) for axis in (2, 1)], axis=1).reshape(len(model), 2, 1, _SAMPLES**2)
    jacobian = (slopes * _GRID).reshape(len(model), 6, _SAMPLES**2).astype(np.float32)
    weighted = jacobian * _WEIGHTS
    curvature = weighted @ jacobian.transpose(0, 2, 1)
    ridge = 1e-3 * np.trace(curvature, axis1=1, axis2=2)[:, None, None] / 6 + 1e-6
    step = np.linalg.solve(curvature + ridge * np.eye(6), weighted @ (seen - model)[:, :, None])
    change = _square(np.clip(step, -_LONGEST_STEP, _LONGEST_STEP).reshape(-1, 2, 3))
    change[:, :2] += np.eye(2, 3)
    return np.asarray(maps @ np.linalg.inv(change), np.float32)


def _square(maps: FloatArray) -> FloatArray:
    """Add the row 0 0 1 that lets maps be chained: ``(p, 3, 3)``."""
    return np.concatenate([maps, np.broadcast_to(np.array([0, 0, 1], np.float32), (len(maps), 1, 3))], axis=1)


def _sampled(thumbnails: FloatArray, which: NDArray[np.int64], maps: FloatArray) -> FloatArray:
    """Values of thumbnails at the places where the maps put the grid, between pixels: float32 ``(p, places)``."""
    side = thumbnails.shape[1]
    pixels = np.clip((maps[:, :2] @ _GRID + 0.5) * side - 0.5, 0, side - 1.001)
    corner = pixels.astype(np.int32)
    across, down = (pixels - corner).transpose(1, 0, 2)
    start = (which * side**2)[:, None] + corner[:, 1] * side + corner[:, 0]
    values = thumbnails.ravel()
    upper = values.take(start) * (1 - across) + values.take(start + 1) * across
    lower = values.take(start + side) * (1 - across) + values.take(start + side + 1) * across
    return np.asarray(upper * (1 - down) + lower * down, np.float32)


def _standard(values: FloatArray) -> FloatArray:
    """Bring the weighted mean to 0 and the weighted variance to 1."""
    centred = values - _mean(values)[:, None]
    return np.asarray(centred / (np.sqrt(_mean(centred**2))[:, None] + 1e-3), np.float32)


def _mean(values: FloatArray) -> FloatArray:
    """The weighted mean of each row; einsum, for a matrix product would wake all cores for each of these small sums."""
    return np.asarray(np.einsum("pk,k->p", values, _WEIGHTS), np.float32)


def _detail(values: FloatArray) -> FloatArray:
    """Take from every place the mean of its surroundings."""
    square = values.reshape(-1, _SAMPLES, _SAMPLES)
    return np.asarray(square - _SURROUNDINGS @ square @ _SURROUNDINGS.T, np.float32).reshape(values.shape)
