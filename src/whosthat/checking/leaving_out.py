"""What single enrolled photos do to all others: right answers with them and without.

What belongs here: leaving photos out one at a time, and asking the others again as predicting does. What does not: which photos are worth
asking about, sentences about them.

A photo is answered by an identifier that has learnt neither from it nor from its group (`recognition.heads.folds_of`); head, threshold,
temperature and folds stay as they are, so that nothing but the one photo makes the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.heads import folds_of
from whosthat.recognition.identifier import Identifier

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import IntArray

MOST_TRIED, MOST_ANSWERS = 50, 200_000
"""So many photos are left out in turn, fewer where that would take more answers than this; each takes 10 to 40 microseconds."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a photo does, by its ``row`` in the gallery.

    Of the ``n`` other photos so many are answered right ``with_it`` and ``without_it``. Its ``likeliest`` person is who it would sooner be
    than anybody else by all others together; None where its own person has no other photo, so that nobody can tell.
    """

    row: int
    with_it: int
    without_it: int
    n: int
    likeliest: int | None


def leave_out(identifier: Identifier, groups: IntArray, rows: Sequence[int]) -> list[LeftOut]:
    """Leave photos out in turn, and count the right answers for all others.

    Args:
        identifier: What names faces; its gallery holds the photos.
        groups: int64 (n,); copies and bursts share a number.
        rows: Rows of the photos to be left out; of more than `most_tried`, the last.
    """
    folds = folds_of(identifier.gallery.labels, groups)
    right = _right(identifier, folds, np.ones(len(folds), bool), np.arange(folds.max(initial=-1) + 1))
    found = []
    for row in list(rows)[-most_tried(len(folds)) :]:
        others = np.arange(len(folds)) != row
        changed = np.setdiff1d(np.unique(folds), folds[row])  # photos of its own fold are answered without it anyway
        now = np.where(folds == folds[row], right, _right(identifier, folds, others, changed))
        likeliest = _likeliest(identifier, row, others)
        found.append(LeftOut(row, int(right[others].sum()), int(now[others].sum()), int(others.sum()), likeliest))
    return found


def most_tried(n: int) -> int:
    """Return how many of ``n`` photos are left out in turn."""
    return max(1, min(MOST_TRIED, MOST_ANSWERS // max(n, 1)))


def _likeliest(identifier: Identifier, row: int, others: NDArray[np.bool_]) -> int | None:
    gallery = identifier.gallery
    if not (gallery.labels[others] == gallery.labels[row]).any():
        return None
    decision = replace(identifier, gallery=gallery.of(others), index=None).decide(gallery.vectors[row][None])
    return int(decision.labels[0, decision.probabilities[0].argmax()])


def _right(identifier: Identifier, folds: IntArray, kept: NDArray[np.bool_], tested: IntArray) -> NDArray[np.bool_]:
    """Say which photos of some folds are answered right by the photos that are kept and lie in the other folds; bool (n,)."""
    gallery = identifier.gallery
    right = np.zeros(len(folds), bool)
    for fold in tested.tolist():
        inside, learnt = np.flatnonzero(folds == fold), kept & (folds != fold)
        if learnt.any():
            one = replace(identifier, gallery=gallery.of(learnt), index=None)
            people = one.decide(gallery.vectors[inside]).people(np.arange(1, len(inside) + 1))
            right[inside] = [person == label for (person,), label in zip(people, gallery.labels[inside].tolist(), strict=True)]
    return right
