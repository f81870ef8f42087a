"""Enrolled photos that cost right answers: what others would be answered if they were left out.

What belongs here: choosing which photos to leave out, and answering the others again, by distances alone. What does not: photos that look
wrong by themselves (`suspects`), sentences (`face_findings`).

A photo is answered by templates, of its own person without its fold (`recognition.heads.folds_of`), and is right where it is near enough to
its own person and nearer than to anybody else. The folds stay while photos are left out, so that nothing else changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.checking.suspects import SAME_PERSON_PAIR
from whosthat.recognition.distances import Points, blocks, distances
from whosthat.recognition.face_threshold import allowance_of, corrected
from whosthat.recognition.heads import Compared, folds_of, held_out_distances, templates_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

FEWEST_LOST = 2
"""A single answer more or less may be chance."""

LEAST_SHARE = 0.05
"""A smaller share of a person's photos hardly moves their template, which leaves out a fifth of the photos anyway."""

MOST_TRIED, MOST_LINKED = 400, 200
"""So many sets of photos are left out, the largest first; so many photos of a person, those farthest from them, are put into sets."""


@dataclass(frozen=True)
class Costly:
    """Photos of one person, by their rows, whose leaving out would give so many more right answers for the other photos."""

    rows: tuple[int, ...]
    lost: int


@dataclass(frozen=True)
class CostlyPhotos:
    """The same with names: whose photos they are, which, and how many right answers they cost."""

    person: str
    photos: tuple[str, ...]
    lost: int


@dataclass(frozen=True)
class _Answered:
    """Photos, how they compare, and whether they are right, bool (n,)."""

    vectors: FloatArray
    labels: IntArray
    folds: IntArray
    compared: Compared
    right: NDArray[np.bool_]


def find_costly(vectors: FloatArray, labels: IntArray, groups: IntArray, photos: Compared, limit: float) -> list[Costly]:
    """Find the photos that cost right answers, the most costly first; of each person, those that cost most.

    Photos that are not right themselves are left out, together with those of their person that show the same face or are copies of them.

    Args:
        vectors: float32 (n, dimensions).
        labels: int64 (n,), from 0 up; everybody has a photo.
        groups: int64 (n,); copies and bursts share a number.
        photos: What `recognition.heads.compared` says of them.
        limit: The comparable distance up to which a photo gets a name.
    """
    own, nearest, _other = photos
    answered = _Answered(vectors, labels, folds_of(labels, groups), photos, (own <= limit) & (own <= nearest))
    tried = sorted(_sets(answered, groups), key=lambda rows: -len(rows))[:MOST_TRIED]
    if not tried:
        return []
    # photos that would be right were one person not as near: what is left of the others decides then
    beaten = np.flatnonzero((own <= limit) & (own > nearest))
    beaten, found = beaten[own[beaten] <= _nearest_but_one(answered, beaten)], []
    for some, rows, sets in _without(answered, tried):
        lost = _own_answers(answered, rows, sets, limit) + _others_answers(answered, rows, sets, beaten)
        found += [Costly(tuple(left.tolist()), n) for left, n in zip(tried[some], lost.tolist(), strict=True) if n >= FEWEST_LOST]
    found.sort(key=lambda one: (-one.lost, len(one.rows)))
    worst = {int(labels[one.rows[0]]): one for one in reversed(found)}  # where two people share a folder, either could go: one set a person
    return [one for one in found if worst[int(labels[one.rows[0]])] is one]


def _sets(answered: _Answered, groups: IntArray) -> Iterator[IntArray]:
    """Yield sets of rows to leave out; each leaves its person two photos at least, which can tell of each other."""
    counts = np.bincount(answered.labels)
    wrong = np.flatnonzero(~answered.right & (counts > 2)[answered.labels])  # of two photos, none tells which is wrong
    wrong = wrong[np.lexsort((-answered.compared.own[wrong], answered.labels[wrong]))]
    if not len(wrong):
        return
    people, starts = np.unique(answered.labels[wrong], return_index=True)
    rows_of = np.split(np.argsort(answered.labels, kind="stable"), np.cumsum(counts)[:-1])
    for person, start, end in zip(people.tolist(), starts.tolist(), [*starts[1:].tolist(), len(wrong)], strict=True):
        suspects, everything = wrong[start : min(end, start + MOST_LINKED)], rows_of[person]
        if len(suspects) < LEAST_SHARE * len(everything):
            continue
        linked = distances(answered.vectors[suspects], answered.vectors[suspects]) <= SAME_PERSON_PAIR
        for members in _components(linked | (groups[suspects] == groups[suspects][:, None])):
            rows = everything[np.isin(groups[everything], groups[suspects[members]])]
            if LEAST_SHARE * len(everything) <= len(rows) <= len(everything) - 2:
                yield rows


def _components(linked: NDArray[np.bool_]) -> list[IntArray]:
    """Return the rows of each connected part of a symmetric table, bool (n, n), whose diagonal is True."""
    part = np.arange(len(linked))
    while True:
        least = np.where(linked, part, len(part)).min(axis=1)
        if (least == part).all():
            return [np.flatnonzero(part == one) for one in sorted(set(part.tolist()))]
        part = least


def _nearest_but_one(answered: _Answered, rows: IntArray) -> FloatArray:
    """Return the comparable distances of some photos to the second nearest other person, float32 (k,); infinite without one."""
    counts, far = np.bincount(answered.labels), np.empty(len(rows), np.float32)
    if not len(rows):
        return far
    templates = Points(templates_of(answered.vectors, answered.labels, len(counts)))
    for block in blocks(len(rows), len(counts)):
        squares = templates.squared(answered.vectors[rows[block]]) - allowance_of(counts)
        every = np.arange(len(squares))
        squares[every, answered.labels[rows[block]]] = squares[every, answered.compared.other[rows[block]]] = np.inf
        far[block] = np.sqrt(np.maximum(squares.min(axis=1), 0))
    return far


def _without(answered: _Answered, tried: list[IntArray]) -> Iterator[tuple[slice, IntArray, IntArray]]:
    """Yield for some sets at once the rows that their people keep, and which set each row is of, from 0; both int64 (k,).

    As few at once as keep no more rows than there are photos, so that memory does not grow with the sets.
    """
    order, ends = np.argsort(answered.labels, kind="stable"), np.cumsum(np.bincount(answered.labels))
    kept: list[IntArray] = []
    start = n_kept = 0
    for number, rows in enumerate(tried):
        person = int(answered.labels[rows[0]])
        own = order[ends[person - 1] if person else 0 : ends[person]]
        kept.append(np.setdiff1d(own, rows))
        n_kept += len(kept[-1])
        if n_kept >= len(order) or number == len(tried) - 1:
            yield slice(start, number + 1), np.concatenate(kept), np.repeat(np.arange(len(kept)), [len(one) for one in kept])
            start, kept, n_kept = number + 1, [], 0


def _own_answers(answered: _Answered, rows: IntArray, sets: IntArray, limit: float) -> IntArray:
    """Count for each set how many more photos of the same person would be right without it, int64 (sets,)."""
    own = corrected(*held_out_distances(answered.vectors[rows], sets, answered.folds[rows], int(sets[-1]) + 1))
    now = (own <= limit) & (own <= answered.compared.nearest[rows])
    return np.bincount(sets[now], minlength=sets[-1] + 1) - np.bincount(sets[answered.right[rows]], minlength=sets[-1] + 1)


def _others_answers(answered: _Answered, rows: IntArray, sets: IntArray, beaten: IntArray) -> IntArray:
    """Count for each set how many more photos of other people would be right without it, int64 (sets,).

    ``beaten`` are rows that only the nearest other person keeps from being right.
    """
    n_sets = int(sets[-1]) + 1
    people = answered.labels[rows[np.searchsorted(sets, np.arange(n_sets))]]
    templates, allowance = Points(templates_of(answered.vectors[rows], sets, n_sets)), allowance_of(np.bincount(sets))
    asking, gained = np.concatenate([np.flatnonzero(answered.right), beaten]), np.zeros(n_sets, np.int64)
    for block in blocks(len(asking), n_sets):
        photos = asking[block]
        nearer = templates.squared(answered.vectors[photos]) - allowance < (answered.compared.own[photos] ** 2)[:, None]
        lost = nearer & answered.right[photos][:, None] & (answered.labels[photos][:, None] != people)
        freed = ~nearer & ~answered.right[photos][:, None] & (answered.compared.other[photos][:, None] == people)
        gained += freed.sum(axis=0) - lost.sum(axis=0)
    return gained
