"""Which photos show the same picture: exact copies, look-alikes and bursts, joined into groups.

What belongs here: joining photos by content, look and time. What does not: reading photos (`facts`), finding pairs that might look
alike (`views`) and making sure of them (`registering`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from whosthat.dataset.facts import THUMBNAIL_SIDE, PhotoFacts
from whosthat.dataset.registering import same_picture
from whosthat.dataset.views import similar_pairs

BURST_SECONDS = 2.0
"""Photos of one class taken within this time of one another belong to one burst."""

_FLAT_SPREAD = 1.5
"""Standard deviation of a thumbnail, in grey levels, below which there is nothing but noise."""

_CLIPS_DIFFER = 8
"""Grey levels by which the thumbnails of two copies of a clip differ at most, in any place: drawn clips that were saved again as video,
also larger, differ by up to 5, and different clips of 600 by 40 and more."""

_PAIRS = 256
"""Pairs looked at closely at once: 15 MB. Those that the last ones brought into one group are left out."""


class Groups:
    """Items that belong together, joined pair by pair.

    Example:
        >>> groups = Groups(4)
        >>> groups.join(3, 1), groups.join(1, 3)
        (True, False)
        >>> groups.numbers()
        [0, 1, 2, 1]
    """

    def __init__(self, n: int) -> None:
        self.labels: NDArray[np.int64] = np.arange(n)

    def join(self, first: int, second: int) -> bool:
        """Put two items into one group; False when they are in one already."""
        one, other = sorted((self.labels[first], self.labels[second]))
        if one == other:
            return False
        self.labels[self.labels == other] = one
        return True

    def numbers(self) -> list[int]:
        """Return each item's group, counted from 0 in the order in which the groups first appear."""
        order: dict[int, int] = {}
        return [order.setdefault(int(label), len(order)) for label in self.labels]


def thumbnails_of(facts: Sequence[PhotoFacts]) -> NDArray[np.uint8]:
    """Stack the thumbnails of photos: uint8 ``(n, 32, 32)``."""
    stacked = np.frombuffer(b"".join(item.thumbnail for item in facts), np.uint8)
    return stacked.reshape(len(facts), THUMBNAIL_SIDE, THUMBNAIL_SIDE)


def is_flat(thumbnails: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Say of each thumbnail, uint8 ``(n, 32, 32)``, whether it is of one colour: it would look like everything."""
    return np.asarray(thumbnails.std(axis=(1, 2), dtype=np.float32) < _FLAT_SPREAD)


def join_copies(groups: Groups, facts: Sequence[PhotoFacts]) -> list[tuple[int, int]]:
    """Join files of equal content; return each later copy with the first one as (first, copy)."""
    first: dict[str, int] = {}
    pairs = [(first.setdefault(item.sha256, index), index) for index, item in enumerate(facts)]
    return [pair for pair in pairs if groups.join(*pair)]


def join_bursts(groups: Groups, facts: Sequence[PhotoFacts], classes: Sequence[str]) -> list[tuple[int, int]]:
    """Join photos of one class taken within `BURST_SECONDS` of one another; return the pairs that were new."""
    timed = sorted((classes[index], item.taken_at, index) for index, item in enumerate(facts) if item.taken_at is not None)
    return [
        (earlier, later)
        for (class_name, start, earlier), (next_class, end, later) in itertools.pairwise(timed)
        if class_name == next_class and end - start <= BURST_SECONDS and groups.join(earlier, later)
    ]


def join_look_alikes(groups: Groups, facts: Sequence[PhotoFacts]) -> list[tuple[int, int]]:
    """Join photos that show one picture: resized, recoloured, mirrored, turned, cut, framed or tilted; return the pairs that joined.

    Pairs inside one group are not compared again: ten thousand copies of one picture cost what ten thousand pictures do.
    """
    thumbnails = thumbnails_of(facts)
    is_clip = np.array([item.n_frames > 1 for item in facts], bool)
    index = np.flatnonzero(~is_flat(thumbnails) & ~is_clip)
    kept = Groups(len(index))
    kept.labels = groups.labels[index]
    found = []
    for pair in _same(thumbnails[index], kept):
        first, second = sorted(index[list(pair)].tolist())
        groups.join(first, second)
        found.append((first, second))
    return found


def join_clips(groups: Groups, facts: Sequence[PhotoFacts]) -> list[tuple[int, int]]:
    """Join clips whose frames, four of each, are the same but for compression; return the pairs that joined.

    Nothing is turned, mirrored or cut for it, as with photos: a movement that is mirrored is another, and clips of one scene are alike but
    for what moves in it.
    """
    thumbnails = thumbnails_of(facts)
    rows = np.flatnonzero(~is_flat(thumbnails) & np.array([item.n_frames > 1 for item in facts], bool))
    looks = thumbnails[rows].reshape(len(rows), THUMBNAIL_SIDE**2).astype(np.int16)
    means = looks.mean(axis=1)
    order = np.argsort(means, kind="stable")
    found = []
    for place, row in enumerate(order):
        end = np.searchsorted(means[order], means[row] + _CLIPS_DIFFER, side="right")  # copies have nearly the same mean
        others = order[place + 1 : end]
        for other in others[np.abs(looks[others] - looks[row]).max(axis=1, initial=0) <= _CLIPS_DIFFER]:
            first, second = sorted((int(rows[row]), int(rows[other])))
            if groups.join(first, second):
                found.append((first, second))
    return sorted(found)


def _same(thumbnails: NDArray[np.uint8], groups: Groups) -> Iterator[tuple[int, int]]:
    """Join the photos that show one picture, and yield the pairs that joined two groups."""
    pixels = thumbnails.astype(np.float32)
    for block in similar_pairs(thumbnails, groups.labels):
        for start in range(0, len(block.first), _PAIRS):
            pairs = block.of(slice(start, start + _PAIRS))
            pairs = pairs.of(groups.labels[pairs.first] != groups.labels[pairs.second])
            same = pairs.of(same_picture(pixels, pairs))
            yield from (pair for pair in zip(same.first.tolist(), same.second.tolist(), strict=True) if groups.join(*pair))
