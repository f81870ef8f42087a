"""Which photos might show one picture: hashes of each photo as a whole, compared with hashes of the others' views.

What belongs here: the views (turned, mirrored, cut, tilted) in which a picture may come back, and the search for pairs by hash.
What does not: deciding whether a pair is one picture (`registering`), and putting photos into groups (`duplicates`).

A border around a picture is a cut the other way round: the middle of the framed photo is the whole of the other. Each photo is
described by the signs of the 8 x 8 lowest frequencies of its thumbnail, weighted towards the middle: mirroring a picture flips the
signs of the odd ones, so that the hash of a mirror image costs one operation.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from whosthat.dataset.facts import THUMBNAIL_SIDE
from whosthat.types import FloatArray, IntArray

LARGEST_DISTANCE, LEAST_AGREEMENT = 13, 0.82
"""Most bits of 64 in which the hashes of two views may differ, and least cosine of their frequencies, of a pair worth a second look."""

_CUTS = (0.9, 0.8, 0.7)
"""Shares of the width and height that are left when every side is cut alike."""

_SIDE = 0.1
"""Share that is cut off one side."""

_TILT, _TILTED = 5.0, 0.9
"""Degrees by which a picture is tilted, and the share of it that is compared: what lies in the corners is lost."""

_FREQUENCIES, _SAMPLES, _SPREAD = 8, 16, 0.5
"""Frequencies and samples along a side; standard deviation of the weight around the middle, in sides."""

_AT_ONCE, _ROWS = 1024, 64
"""Photos whose views are made at once, 3 MB of them, and compared with all others at once: 64 x 20,000 distances are 10 MB."""

_PAIRS = 50_000
"""Pairs whose frequencies are compared at once: 2 x 13 MB."""


@dataclass(frozen=True)
class Pairs:
    """Photos that might show one picture: what ``first`` shows in the view ``maps`` looks like the whole of ``second``."""

    first: IntArray  # int64 (p,)
    second: IntArray  # int64 (p,)
    maps: FloatArray
    """From a place in ``second`` to the one in ``first``, both measured from the middle in sides: float32 ``(p, 2, 3)``."""

    def of(self, rows: NDArray[np.bool_] | slice) -> Pairs:
        """Return some of the pairs."""
        return Pairs(self.first[rows], self.second[rows], self.maps[rows])


def similar_pairs(thumbnails: NDArray[np.uint8], labels: IntArray) -> Iterator[Pairs]:
    """Yield the pairs of photos that might show one picture, block by block, each pair in its best view.

    Thumbnails are uint8 ``(n, 32, 32)``, none of one colour. Pairs within one group, by ``labels`` ``(n,)``, are left out; these may change
    from block to block.
    """
    whole = _looks(thumbnails, _projections()[:1])
    for start in range(0, len(thumbnails), _AT_ONCE):
        views = _looks(thumbnails[start : start + _AT_ONCE], _projections())
        for row in range(0, len(views.hashes), _ROWS):
            block = _Looks(views.frequencies[row : row + _ROWS], views.hashes[row : row + _ROWS])
            yield _best([_near(block, start + row, whole, labels, view) for view in range(len(_views()))])


@dataclass(frozen=True)
class _Looks:
    """How photos look in some bases: float32 ``(n, bases, 64)`` frequencies, of length 1, and uint64 ``(n, bases)`` hashes."""

    frequencies: FloatArray
    hashes: NDArray[np.uint64]


def _near(block: _Looks, start: int, whole: _Looks, labels: IntArray, view: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Photos of the block that in one view look like another photo: the two, and how well their frequencies agree."""
    base, across, down = _views()[view]
    skip = start if base < _SYMMETRIES else 0  # a turn of the whole is found from either photo
    flips = _flips(across, down)
    hashes = block.hashes[:, base] ^ _pack(flips < 0)
    distances = np.bitwise_count(hashes[:, None] ^ whole.hashes[None, skip:, 0])
    rows, columns = np.divmod(np.flatnonzero(distances <= LARGEST_DISTANCE), distances.shape[1])
    first, second = rows + start, columns + skip
    new = (labels[first] != labels[second]) & ((first < second) if base < _SYMMETRIES else True)
    rows, first, second = rows[new], first[new], second[new]
    agreement = np.empty(len(first), np.float32)
    for part in (slice(begin, begin + _PAIRS) for begin in range(0, len(first), _PAIRS)):
        seen, other = block.frequencies[rows[part], base] * flips, whole.frequencies[second[part], 0]
        agreement[part] = np.einsum("pk,pk->p", seen, other)
    same = agreement >= LEAST_AGREEMENT
    return first[same], second[same], agreement[same]


def _best(found: Sequence[tuple[IntArray, IntArray, FloatArray]]) -> Pairs:
    """The pairs that were found in any view, each in the view that agrees best."""
    first, second, agreement = (np.concatenate(column) for column in zip(*found, strict=True))
    view = np.repeat(np.arange(len(found)), [len(pairs[0]) for pairs in found])
    order = np.lexsort((-agreement, second, first))
    first, second, view = first[order], second[order], view[order]
    best = np.ones(len(first), bool)
    best[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    return Pairs(first[best], second[best], _maps()[view[best]])


_SYMMETRIES = 2
"""The first bases, the whole and the whole transposed, which with their mirror images make the eight turns of a square."""


def _bases() -> list[NDArray[np.float64]]:
    """From a place in the view to one in the picture, mirrored nowhere: ``(2, 3)`` each."""
    angles = np.radians([_TILT, -_TILT])
    tilts = [_TILTED * np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0]]) for a in angles]
    transposed = np.array([[0.0, 1, 0], [1, 0, 0]])
    one_side_cut = np.stack([np.eye(2, 3)] * 4)
    for cut, (axis, end) in zip(one_side_cut, itertools.product((0, 1), (-1, 1)), strict=True):
        cut[axis, axis] -= _SIDE
        cut[axis, 2] = end * _SIDE / 2
    return [np.eye(2, 3), transposed, *(share * np.eye(2, 3) for share in _CUTS), *tilts, *one_side_cut]


@cache
def _views() -> tuple[tuple[int, bool, bool], ...]:
    """Every view: its base, and whether it is mirrored across (left becomes right) and down."""
    turns = itertools.product(range(_SYMMETRIES), (False, True), (False, True))
    others = itertools.product(range(_SYMMETRIES, len(_bases())), (False, True), (False,))
    return *turns, *others


@cache
def _maps() -> FloatArray:
    """The map of every view, float32 ``(views, 2, 3)``."""
    bases = _bases()
    return np.stack([bases[base] * [-1 if across else 1, -1 if down else 1, 1] for base, across, down in _views()]).astype(np.float32)


@cache
def _flips(across: bool, down: bool) -> FloatArray:
    """The factor, 1 or -1, that mirroring brings to each frequency, ``(64,)``."""
    odd = (-1.0) ** np.arange(_FREQUENCIES)
    return np.outer(odd if down else odd**2, odd if across else odd**2).ravel().astype(np.float32)


@cache
def _projections() -> FloatArray:
    """From a thumbnail to the frequencies of its bases, as one matrix each: float32 ``(bases, 64, 1024)``."""
    places = (np.arange(_SAMPLES) + 0.5) / _SAMPLES
    weights = np.exp(-((places - 0.5) ** 2) / (2 * _SPREAD**2))
    cosines = np.cos(np.pi * np.arange(_FREQUENCIES)[:, None] * places) * weights
    transform = np.kron(cosines, cosines)
    transform -= np.outer(transform.sum(axis=1), np.kron(weights, weights) / weights.sum() ** 2)  # takes the weighted mean away
    transform[0] = 0  # and with it the lowest frequency, which would be the sign of a rounding error
    down, across = (axis.ravel() for axis in np.meshgrid(places - 0.5, places - 0.5, indexing="ij"))
    return np.stack([transform @ _sampling(base @ [across, down, np.ones_like(across)]) for base in _bases()]).astype(np.float32)


def _sampling(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The matrix that takes values between the pixels of a thumbnail, from places ``(2, k)``: ``(k, 1024)``."""
    pixels = np.clip((places + 0.5) * THUMBNAIL_SIDE - 0.5, 0, THUMBNAIL_SIDE - 1)
    across, down = (np.maximum(0, 1 - np.abs(axis[:, None] - np.arange(THUMBNAIL_SIDE))) for axis in pixels)
    return np.asarray(down[:, :, None] * across[:, None, :]).reshape(-1, THUMBNAIL_SIDE**2)


def _looks(thumbnails: NDArray[np.uint8], projections: FloatArray) -> _Looks:
    pixels = thumbnails.reshape(len(thumbnails), THUMBNAIL_SIDE**2).astype(np.float32)
    found = (pixels @ projections.reshape(-1, THUMBNAIL_SIDE**2).T).reshape(len(pixels), len(projections), _FREQUENCIES**2)
    found /= np.linalg.norm(found, axis=2, keepdims=True) + 1e-6
    return _Looks(found, _pack(found > 0))


def _pack(bits: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Put the last axis, 64 truths, into a whole number each."""
    return np.packbits(bits, axis=-1).view(">u8")[..., 0].astype(np.uint64)
