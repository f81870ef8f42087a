"""Distances from faces to points, which are enrolled photos or people's templates: float32, and one matrix product for a batch of faces.

What belongs here: the arithmetic, in blocks, so that memory does not grow with faces times points. What does not: what a distance means
(`face_threshold`, `heads`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.face_threshold import allowance_of

if TYPE_CHECKING:
    from whosthat.types import FloatArray, IntArray

BLOCK = 4 << 20
"""Distances that are computed at once: 16 MB."""

RERANKED = 16
"""So many points beyond those asked for are measured anew, coordinate by coordinate: the matrix product rounds, most of all near 0."""


FEW_FACES, TILE = 8, 8192
"""For so few faces the product is made of pieces of so many numbers, which no library of linear algebra gives to several threads: where
the other processors are busy, and they are while photos are read, waiting for them costs fifty times the work (20 ms for 0.4 ms)."""


class Points:
    """Points, float32 (k, d), moved and squared once, so that each batch of faces costs one product.

    The middle of all points is taken off, which changes no distance, so that little is lost to rounding where an embedder's numbers share
    a large part. Rows that are not finite stand for nobody and are infinitely far away.
    """

    def __init__(self, vectors: FloatArray) -> None:
        there = np.isfinite(vectors.sum(axis=1))
        self._middle = vectors[there].mean(axis=0, dtype=np.float64).astype(np.float32) if there.any() else np.float32(0)
        height = max(1, TILE // max(vectors.shape[1], 1))
        self._tiles = np.zeros((-(-len(vectors) // height), height, vectors.shape[1]), np.float32)
        self.moved: FloatArray = self._tiles.reshape(-1, vectors.shape[1])[: len(vectors)]
        np.subtract(np.where(there[:, None], vectors, self._middle), self._middle, out=self.moved)
        self._squares = np.where(there, np.einsum("ij,ij->i", self.moved, self.moved), np.float32(np.inf))

    def __len__(self) -> int:
        return len(self.moved)

    def squared(self, faces: FloatArray) -> FloatArray:
        """Return the squared distances of faces, float32 (m, d), to all points, float32 (m, k)."""
        moved = (faces - self._middle).astype(np.float32, copy=False)
        squares: FloatArray
        if 0 < len(faces) <= FEW_FACES:
            squares = np.ascontiguousarray(np.matmul(self._tiles, moved.T).reshape(-1, len(faces))[: len(self)].T)
        else:
            squares = moved @ self.moved.T
        squares *= -2
        squares += self._squares
        squares += np.einsum("ij,ij->i", moved, moved)[:, None]
        return np.maximum(squares, 0, out=squares)

    def nearest(self, faces: FloatArray, count: int) -> tuple[IntArray, FloatArray]:
        """Return the rows of the nearest points, nearest first, int64 (m, count), and how far they are, float32; fewer if there are."""
        count, few = min(count, len(self)), min(count + RERANKED, len(self))
        rows, far = np.empty((len(faces), count), np.int64), np.empty((len(faces), count), np.float32)
        for block in blocks(len(faces), len(self)):
            near = np.sort(np.argpartition(self.squared(faces[block]), few - 1, axis=1)[:, :few], axis=1)
            exact = np.linalg.norm(self.moved[near] - (faces[block] - self._middle)[:, None], axis=2)
            order = np.argsort(exact, axis=1, kind="stable")[:, :count]
            rows[block], far[block] = np.take_along_axis(near, order, axis=1), np.take_along_axis(exact, order, axis=1)
        return rows, far

    def nearest_template(
        self, faces: FloatArray, counts: IntArray, besides: IntArray | None = None, labels: IntArray | None = None
    ) -> tuple[FloatArray, IntArray]:
        """Take the points for templates of so many photos, int64 (k,): whose is nearest?

        Returns comparable distances, float32 (m,), and whose they are, int64 (m,): the ``labels``, int64 (k,), by default everybody has one
        template. ``besides``, int64 (m,), is somebody for each face who does not count.
        """
        far, rows = np.empty(len(faces), np.float32), np.empty(len(faces), np.int64)
        whose = np.arange(len(self)) if labels is None else labels
        allowance = allowance_of(counts)
        for block in blocks(len(faces), len(self)):
            squares = self.squared(faces[block])
            squares -= allowance
            np.maximum(squares, 0, out=squares)
            if besides is not None:
                squares[besides[block, None] == whose] = np.inf
            rows[block] = squares.argmin(axis=1)
            far[block] = np.sqrt(squares.min(axis=1))
        return far, whose[rows]


def distances(vectors: FloatArray, others: FloatArray) -> FloatArray:
    """Return the Euclidean distances of (m, d) to (k, d), float32 (m, k); infinite where a row of ``others`` is."""
    squares = Points(others).squared(vectors)
    return np.sqrt(squares, out=squares)


def blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yield slices of so many rows that a table of them has no more than `BLOCK` numbers, one row at least."""
    step = max(1, BLOCK // max(width, 1))
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))
