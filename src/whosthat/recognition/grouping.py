"""Faces without names put together by person: groups that hold one person each rather than all photos of a person.

What belongs here: which faces go together, by their embeddings and the photos that they are in. What does not: finding and embedding faces,
which of them are too poor to judge, names (`whosthat.workflow`).

Groups grow by average linkage: the two that are nearest join, again and again, as long as their faces are near enough on average: so near
that, by what is known of strangers (`impostors`), hardly any two groups of different people are, and nearer where all these faces crowd.
Two single faces must be nearer than two groups of a hundred. Only faces among each other's nearest are compared at first: memory grows with
the faces and not with their pairs.

Source: R. R. Sokal and C. D. Michener, "A statistical method for evaluating systematic relationships", 1958 (average linkage); D. Muellner,
"Modern hierarchical, agglomerative clustering algorithms", 2011, section 3.3 (a queue of nearest neighbours).
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.distances import blocks, distances
from whosthat.recognition.impostors import Impostors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

NEIGHBOURS = 24
"""So many nearest faces of each face are compared with it, and so many nearest groups of each group once these have grown; groups are
compared when any of their faces were."""

FALSE_MERGERS, GROWTH, CARE = 0.05, 1.25, 0.5
"""How often a single face may meet another person's by chance, among all faces; how that grows with the size of groups, as a power, for a
group of many is surer to be one person's; and the share of what is known to vary from one collection of photos to another
(`Impostors.scatter`) by which strangers are taken to lie nearer than was measured. Chosen together."""

FEWEST, SAMPLE = 6, 1000
"""So many faces say whether they crowd together, and so many are asked at most."""

ASIDE = -1
"""The label of a face that is in no group because it tells too little."""


def group_faces(
    vectors: FloatArray,
    photos: IntArray | Sequence[Collection[int]],
    *,
    embedder: str = "",
    usable: NDArray[np.bool_] | None = None,
    among: int = 0,
) -> IntArray:
    """Put faces together by person, without any name.

    Args:
        vectors: Their embeddings, float32 (n, dimensions), on the scale of `faces.embedder.SAME_PERSON`.
        photos: The photo that each is in, int64 (n,), any numbers: two faces of one photo are two people. Of faces that were followed
            through a video: of each the frames that it is in.
        embedder: The name of the network that embedded them; of one that was never measured, careful numbers are used.
        among: Be as careful as among so many faces, where there are fewer.
        usable: bool (n,): False for a face that is too small or blurred to judge; None takes all. A vector that is not finite never is.

    Returns:
        int64 (n,): the group of each face, from 0, the largest first, of equals that with the earlier face; a face that nobody resembles
        is a group of one. `ASIDE` for those that were not to be used. The same faces in the same order always give the same groups.
    """
    told = np.isfinite(vectors.sum(axis=1)) if len(vectors) else np.zeros(0, bool)
    rows = np.flatnonzero(told if usable is None else told & usable)
    labels = np.full(len(vectors), ASIDE, np.int64)
    if len(rows):
        inside = [{int(photos[row])} if isinstance(photos, np.ndarray) else set(photos[row]) for row in rows.tolist()]
        limits = _squared_limits(embedder, len(rows), among, _crowding(vectors[rows], embedder))
        labels[rows] = _numbered(_Groups(vectors[rows], inside, limits).joined())
    return labels


def same_stranger(embedder: str, among: int) -> float:
    """Return up to which distance two single faces are taken for one stranger, as carefully as among so many faces; see `group_faces`."""
    return float(np.sqrt(_squared_limits(embedder, 1, among)[0]))


class _Groups:
    """Faces that grow together: of each group its size, middle and spread, whom it may join, and which photos it is in."""

    def __init__(self, vectors: FloatArray, photos: list[set[int]], limits: NDArray[np.float64]) -> None:
        self._limits = limits
        self._sizes = np.ones(len(vectors), np.int64)
        self._middles = (vectors - vectors.mean(axis=0, dtype=np.float64)).astype(np.float32)  # little is lost to rounding then
        self._squares = np.einsum("ij,ij->i", self._middles, self._middles, dtype=np.float64)
        self._photos = photos
        self._others: list[set[int]] = [set() for _row in range(len(vectors))]
        self._changes = [0] * len(vectors)
        self._inside = np.arange(len(vectors))
        self._compare(np.arange(len(vectors)))

    def joined(self) -> IntArray:
        """Join groups until none are near enough; return the group that each face is in, int64 (n,), any numbers."""
        self._join_nearest()
        self._compare(np.flatnonzero(self._sizes * (self._inside == np.arange(len(self._inside))) > 1))  # a person's copies hid the others
        self._join_nearest()
        return self._inside

    def _compare(self, groups: IntArray) -> None:
        """Make the nearest of some groups each other's neighbours."""
        for at, others in _near(self._middles[groups], self._squares[groups], float(self._limits[-1])):
            one = int(groups[at])
            self._others[one].update(groups[others].tolist())
            for other in self._others[one]:
                self._others[other].add(one)

    def _join_nearest(self) -> None:
        queue = [entry for row in range(len(self._sizes)) for entry in self._nearest(row)]
        heapq.heapify(queue)
        while queue:
            _square, one, other, change, other_change = heapq.heappop(queue)
            if change != self._changes[one]:
                continue  # it has grown, or gone: what is nearest to it now has its own place in the queue
            if other_change == self._changes[other]:
                one = self._join(one, other)
            for entry in self._nearest(one):
                heapq.heappush(queue, entry)
        while (self._inside != self._inside[self._inside]).any():
            self._inside = self._inside[self._inside]

    def _nearest(self, one: int) -> Iterator[tuple[float, int, int, int, int]]:
        """Find the nearest group that this one may join: how far, both, and how often each has changed; nothing where there is none."""
        if not self._others[one]:
            return
        others = np.fromiter(sorted(self._others[one]), np.int64, len(self._others[one]))
        squares = self._squares[one] + self._squares[others] - 2 * (self._middles[others] @ self._middles[one]).astype(np.float64)
        near = squares <= self._limits[np.maximum(self._sizes[others], self._sizes[one]) - 1]
        for at in np.argsort(squares[near], kind="stable"):
            other = int(others[near][at])
            if self._photos[one].isdisjoint(self._photos[other]):
                yield float(squares[near][at]), one, other, self._changes[one], self._changes[other]
                return

    def _join(self, one: int, other: int) -> int:
        """Make two groups one, and return its row: that of the group with more neighbours, for the fewer have to be told."""
        if len(self._others[one]) < len(self._others[other]):
            one, other = other, one
        size = self._sizes[one] + self._sizes[other]
        share = self._sizes[other] / size
        self._middles[one] += np.float32(share) * (self._middles[other] - self._middles[one])
        self._squares[one] += share * (self._squares[other] - self._squares[one])
        self._sizes[one] = size
        self._photos[one] |= self._photos[other]
        for third in self._others[other]:
            self._others[third].discard(other)
            if third != one:
                self._others[third].add(one)
                self._others[one].add(third)
        self._others[other], self._photos[other] = set(), set()
        self._inside[other] = one
        self._changes[one] += 1
        self._changes[other] += 1
        return one


def _crowding(vectors: FloatArray, embedder: str) -> float:
    if len(vectors) < FEWEST:
        return 1.0
    some = vectors[:: -(-len(vectors) // SAMPLE)]
    return Impostors(embedder).crowding(distances(some, some)[np.triu_indices(len(some), 1)])


def _squared_limits(embedder: str, n_faces: int, among: int = 0, crowding: float = 1.0) -> NDArray[np.float64]:
    """Return how far apart groups may be that join, squared, by the size of the larger one less 1; float64 (n_faces,).

    Among n faces there are n / k groups of k faces that one of that size may be taken for.
    """
    strangers, sizes = Impostors(embedder), np.arange(1, n_faces + 1)
    shares = np.minimum(FALSE_MERGERS * sizes**GROWTH / max(n_faces, among), 0.5)
    return np.minimum(crowding * strangers.nearer_than(shares) - CARE * strangers.scatter(1), crowding * strangers.between_groups) ** 2


def _near(middles: FloatArray, squares: NDArray[np.float64], limit: float) -> Iterator[tuple[int, IntArray]]:
    """Yield each group with its nearest others that are at most ``limit`` away, squared; see `_Groups`."""
    for block in blocks(len(middles), len(middles)):
        products = middles[block] @ middles.T
        products *= -2
        products += squares.astype(np.float32)
        for row, own in enumerate(products, start=block.start):
            own[row] = np.inf
            near = np.flatnonzero(own <= limit - squares[row])
            if len(near) > NEIGHBOURS:
                near = near[np.argpartition(own[near], NEIGHBOURS)[:NEIGHBOURS]]
            yield row, near


def _numbered(groups: IntArray) -> IntArray:
    """Number groups from 0, the largest first, of equals that with the earlier face."""
    _rows, first, labels, sizes = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    places = np.empty(len(sizes), np.int64)
    places[np.lexsort((first, -sizes))] = np.arange(len(sizes))
    return places[labels]
