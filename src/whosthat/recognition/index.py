"""The index of a large gallery: which enrolled photos may lie nearest to a face, without looking at all of them.

What belongs here: building it with faiss, keeping it in step with its gallery, its one file in a bundle, and asking it. What does not: who
a face is, which `identifier` decides by exact distances to the photos that the index proposes.

The photos are sorted into cells around centres; a face is compared with those of the nearest cells, by one byte a number. The file is
ours, not faiss's: arrays whose sizes and rows are checked before faiss sees them.
"""

from __future__ import annotations

import importlib.util
import json
import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import BundleError
from whosthat.recognition.distances import Points
from whosthat.recognition.tensors import Content, let_go, read_tensors
from whosthat.translation import _
from whosthat.wording import percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

FILE = "index.safetensors"
FORMAT = 1
_TOLD = "index"  # one text: the library writes several in any order, and the same index would have different files

PAYS_FROM = 50_000
"""Photos from which on an index is worth its file: there a face costs 2.8 ms by all photos and 0.6 by the index (docs/RESULTS.md); by
8,400 photos it costs 0.4."""

PROPOSED = 64
"""Photos that are proposed for a face, to be measured exactly."""

PHOTOS_A_CENTRE, ROUNDS = 32, 6
"""So many photos for each centre, and so many rounds, find the centres."""

LET_GO_EVERY = 100
"""After so many cells the memory of the file is given back."""

ADDED_AT_ONCE = 65_536

PROBES = (8, 16, 32, 64, 128)
ENOUGH_RECALL = 0.999
"""Cells that are looked at: the fewest with which the nearest other photo's person is among those proposed for this share of the photos."""

SAMPLED = 300
"""So many enrolled photos are tried to measure that."""

REBUILT_AT = 2.0
"""A gallery that has grown so many times since its centres were found gets new ones."""


@dataclass(frozen=True, eq=False)
class Index:
    """The cells of n photos.

    Attributes:
        centres: float32 (cells, dimensions).
        ranges: float32 (2, dimensions): the smallest of each number, and how far it reaches from there, which 0 to 255 stand for.
        sizes: int64 (cells,): how many photos lie in each cell.
        rows: int64 (n,): rows of the gallery, cell by cell.
        codes: uint8 (n, dimensions): their numbers as a byte each.
        probes: How many cells are looked at for a face.
        recall: Of enrolled photos, the share for which the person of the nearest other photo is proposed, 0 to 1; measured at building.
        built_with: How many photos there were then.
    """

    centres: FloatArray
    ranges: FloatArray
    sizes: IntArray
    rows: IntArray
    codes: NDArray[np.uint8]
    probes: int
    recall: float
    built_with: int

    @cached_property
    def _faiss(self) -> Any:
        faiss = _library()
        index = _empty(self.centres, self.ranges)
        ends = np.cumsum(self.sizes)
        for cell in np.flatnonzero(self.sizes).tolist():
            inside = slice(int(ends[cell] - self.sizes[cell]), int(ends[cell]))
            rows, codes = np.ascontiguousarray(self.rows[inside]), np.ascontiguousarray(self.codes[inside])
            index.invlists.add_entries(cell, len(rows), faiss.swig_ptr(rows), faiss.swig_ptr(codes))
            if cell % LET_GO_EVERY == 0:
                let_go(self.codes)  # faiss has its own now
        index.ntotal = len(self.rows)
        return index

    def propose(self, faces: FloatArray, probes: int | None = None) -> IntArray:
        """Return rows of the gallery that may lie nearest to each face, int64 (m, `PROPOSED`); -1 where there are fewer."""
        faiss = _library()
        how = faiss.SearchParametersIVF(nprobe=probes or self.probes)
        rows: IntArray = self._faiss.search(np.ascontiguousarray(faces, np.float32), PROPOSED, params=how)[1]
        return rows

    def with_photos(self, vectors: FloatArray) -> Index:
        """Add photos that stand behind all others in the gallery, float32 (k, dimensions); the centres stay."""
        index, n = _empty(self.centres, self.ranges), len(self.rows)
        new = np.ascontiguousarray(vectors, np.float32)
        cells = index.quantizer.search(new, 1)[1][:, 0]
        codes = index.sq.compute_codes(new)
        return self._sorted(np.append(self._cells, cells), np.append(self.rows, np.arange(n, n + len(new))), np.vstack([self.codes, codes]))

    def without(self, rows: IntArray) -> Index:
        """Leave out rows of the gallery; those behind move up, and nothing of what is left out stays."""
        gone = np.zeros(len(self.rows), bool)
        gone[rows] = True
        kept = ~gone[self.rows]
        moved = self.rows - np.cumsum(gone)[self.rows]
        return self._sorted(self._cells[kept], moved[kept], self.codes[kept])

    @property
    def _cells(self) -> IntArray:
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def _sorted(self, cells: IntArray, rows: IntArray, codes: NDArray[np.uint8]) -> Index:
        order, sizes = np.argsort(cells, kind="stable"), np.bincount(cells, minlength=len(self.sizes))
        return Index(self.centres, self.ranges, sizes, rows[order], codes[order], self.probes, self.recall, self.built_with)

    def to_bytes(self, gallery_sha256: str) -> bytes:
        """Return the index as a safetensors file that says to which gallery file it belongs."""
        from safetensors.numpy import save

        told = {"format": FORMAT, "gallery": gallery_sha256, "probes": self.probes, "recall": self.recall, "built_with": self.built_with}
        arrays = {"centres": self.centres, "ranges": self.ranges, "sizes": self.sizes, "rows": self.rows, "codes": self.codes}
        content: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()}, {_TOLD: json.dumps(told)})
        return content


def available() -> bool:
    """Tell whether faiss is installed, without loading it."""
    return importlib.util.find_spec("faiss") is not None


def index_of(vectors: FloatArray, labels: IntArray) -> Index | None:
    """Build the index of a gallery; None where it does not pay, or faiss is not installed."""
    return build_index(vectors, labels) if len(labels) >= PAYS_FROM and available() else None


def grown(index: Index | None, vectors: FloatArray, labels: IntArray) -> Index | None:
    """Return the index of a gallery behind whose photos others were put; None as for `index_of`."""
    if index is None or len(labels) > REBUILT_AT * index.built_with:
        return index_of(vectors, labels)
    return index.with_photos(vectors[len(index.rows) :])


def search_words(n_photos: int, index: Index | None) -> str:
    """Say how a large gallery is searched; empty where it is small."""
    if index is not None:
        return _(
            "An index finds the nearest of {n:,} enrolled photos: the right person in {recall} of trials. Distances are exact.",
            n=n_photos,
            recall=percent(index.recall),
        )
    if n_photos < PAYS_FROM:
        return ""
    return _(
        "Each face is compared with all {n:,} enrolled photos. The extra whosthat[large] makes that faster, with an index.", n=n_photos
    )


def build_index(vectors: FloatArray, labels: IntArray) -> Index:
    """Build the index of a gallery, float32 (n, dimensions) and int64 (n,), and measure what it finds; faiss must be installed."""
    faiss = _library()
    n, dimensions = vectors.shape
    chance = np.random.default_rng(0)
    n_cells = 1 << max(0, round(math.log2(2 * math.sqrt(n))))
    sample = np.sort(chance.choice(n, min(n, PHOTOS_A_CENTRE * n_cells), replace=False))
    built = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(dimensions), dimensions, n_cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2, False
    )
    built.cp.niter, built.cp.min_points_per_centroid = ROUNDS, 1
    built.train(np.ascontiguousarray(vectors[sample], np.float32))
    centres = built.quantizer.reconstruct_n(0, n_cells)
    ranges = faiss.vector_to_array(built.sq.trained).reshape(2, dimensions)
    for start in range(0, n, ADDED_AT_ONCE):
        built.add(np.ascontiguousarray(vectors[start : start + ADDED_AT_ONCE], np.float32))
    lists = built.invlists
    sizes = np.array([lists.list_size(cell) for cell in range(n_cells)], np.int64)
    full = np.flatnonzero(sizes).tolist()
    rows = np.concatenate([faiss.rev_swig_ptr(lists.get_ids(cell), int(sizes[cell])) for cell in full])
    codes = np.concatenate([faiss.rev_swig_ptr(lists.get_codes(cell), int(sizes[cell]) * dimensions) for cell in full])
    index = Index(centres, ranges, sizes, rows, codes.reshape(n, dimensions), PROBES[0], 0.0, n)
    return _measured(index, vectors, labels, np.sort(chance.choice(n, min(n, SAMPLED), replace=False)))


def _measured(index: Index, vectors: FloatArray, labels: IntArray, sampled: IntArray) -> Index:
    """Look at as few cells as find the person of the nearest other photo nearly always, and keep how often they do."""
    exact = _nearest_others(vectors, sampled)
    recall, probes = 0.0, PROBES[0]
    for probes in PROBES:
        proposed = index.propose(vectors[sampled], probes)
        others = (proposed >= 0) & (proposed != sampled[:, None])
        recall = float(((labels[proposed] == labels[exact][:, None]) & others).any(axis=1).mean())
        if recall >= ENOUGH_RECALL:
            break
    return Index(index.centres, index.ranges, index.sizes, index.rows, index.codes, probes, recall, index.built_with)


def _nearest_others(vectors: FloatArray, sampled: IntArray) -> IntArray:
    """Return for some rows the row of the nearest other one, by exact distances, a part of all photos at a time."""
    least, nearest = np.full(len(sampled), np.inf, np.float32), np.zeros(len(sampled), np.int64)
    for start in range(0, len(vectors), ADDED_AT_ONCE):
        squares = Points(vectors[start : start + ADDED_AT_ONCE]).squared(vectors[sampled])
        own = (sampled >= start) & (sampled < start + squares.shape[1])
        squares[np.flatnonzero(own), sampled[own] - start] = np.inf
        found, far = squares.argmin(axis=1), squares.min(axis=1)
        nearest, least = np.where(far < least, found + start, nearest), np.minimum(least, far)
    return nearest


def read_index(content: Content, gallery_sha256: str, shape: tuple[int, ...]) -> Index:
    """Read what `Index.to_bytes` wrote, for a gallery whose embeddings have this shape.

    BundleError where it is damaged, of a newer format, or belongs to another gallery.
    """
    try:
        arrays, texts = read_tensors(content)
        told = json.loads(texts[_TOLD])
        if told["format"] != FORMAT:
            raise BundleError(
                "{file} has format {format}; this whosthat reads {readable}. Update whosthat.",
                file=FILE,
                format=str(told["format"])[:20],
                readable=FORMAT,
            )
        if told["gallery"] != gallery_sha256:
            raise BundleError("{file} does not belong to its gallery. Copy the bundle again, or train again.", file=FILE)
        figures = int(told["probes"]), float(told["recall"]), int(told["built_with"])
        centres, ranges, sizes, rows, codes = (arrays[name] for name in ("centres", "ranges", "sizes", "rows", "codes"))
        index = Index(centres, ranges, sizes, rows, codes, *figures)
        if not _fits(index, shape):
            raise ValueError(_("its cells do not fit the gallery"))
    except (ValueError, KeyError, TypeError, RecursionError, AttributeError) as error:
        raise BundleError("{file} is damaged ({error}). Copy the bundle again, or train again.", file=FILE, error=error) from error
    return index


def _fits(index: Index, shape: tuple[int, ...]) -> bool:
    n, dimensions = shape
    kinds = [array.dtype for array in (index.centres, index.ranges, index.sizes, index.rows, index.codes)]
    if kinds != [np.float32, np.float32, np.int64, np.int64, np.uint8] or index.sizes.ndim != 1 or not len(index.sizes):
        return False
    shapes = [index.centres.shape, index.ranges.shape, index.rows.shape, index.codes.shape]
    if shapes != [(len(index.sizes), dimensions), (2, dimensions), (n,), (n, dimensions)]:
        return False
    numbers = bool(np.isfinite(index.centres).all() and np.isfinite(index.ranges).all())
    cells = index.sizes.min() >= 0 and index.sizes.max() <= n and index.sizes.sum() == n
    each_once = n > 0 and index.rows.min() >= 0 and index.rows.max() < n and (np.bincount(index.rows, minlength=n) == 1).all()
    return bool(numbers and cells and each_once and 1 <= index.probes <= PROBES[-1])


def _library() -> Any:
    import faiss  # a fifth of a second, which small galleries do not pay

    return faiss


def _empty(centres: FloatArray, ranges: FloatArray) -> Any:
    """Return faiss's index without photos: centres, and how a number becomes a byte."""
    faiss = _library()
    n_cells, dimensions = centres.shape
    quantizer = faiss.IndexFlatL2(dimensions)
    quantizer.add(np.ascontiguousarray(centres))
    index = faiss.IndexIVFScalarQuantizer(quantizer, dimensions, n_cells, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2, False)
    faiss.copy_array_to_vector(np.ascontiguousarray(ranges).ravel(), index.sq.trained)
    index.is_trained = True
    return index
