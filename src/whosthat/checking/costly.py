"""What enrolled photos do to the answers for all others: the same photos are answered again as if some were left out, by distances alone.

What belongs here: counting that for photos that somebody asks about, and choosing photos of which it is worth knowing. What does not:
photos that look wrong by themselves (`suspects`), sentences (`face_findings`).

A photo is answered by templates, of its own person without its fold (`recognition.heads.folds_of`), and is right where it is near enough to
its own person and nearer than to anybody else. The folds stay while photos are left out, so that nothing else changes. Each age of somebody
who has several counts as a person.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from whosthat.checking.suspects import SAME_PERSON_PAIR
from whosthat.recognition.distances import Points, blocks, distances
from whosthat.recognition.face_threshold import allowance_of, corrected
from whosthat.recognition.heads import Compared, compared, folds_of, held_out_distances, templates_of
from whosthat.types import FloatArray, IntArray

if TYPE_CHECKING:
    from whosthat.recognition.enrolling import FittedIdentifier

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
class Answered:
    """Enrolled photos, how they compare, up to which distance they get a name, and whether they are right, bool (n,)."""

    vectors: FloatArray
    labels: IntArray
    groups: IntArray
    folds: IntArray
    compared: Compared
    limit: float
    right: NDArray[np.bool_]

    @classmethod
    def of(cls, vectors: FloatArray, labels: IntArray, groups: IntArray, photos: Compared, limit: float) -> Answered:
        """Answer photos: embeddings, labels from 0 up, of which none is missing, and what `recognition.heads.compared` says of them."""
        right = (photos.own <= limit) & (photos.own <= photos.nearest)
        return cls(vectors, labels, groups, folds_of(labels, groups), photos, limit, right)

    @classmethod
    def by(cls, fitted: FittedIdentifier, groups: IntArray) -> Answered:
        """Answer what a recogniser has learnt from; the groups are those that it was fitted with."""
        gallery, photos = fitted.identifier.gallery, fitted.photos
        labels, whose = gallery.templates
        if len(whose) > len(gallery.people):
            photos = compared(gallery.vectors, labels, groups, len(whose))
        return cls.of(gallery.vectors, labels, groups, photos, fitted.identifier.threshold.value)


def find_costly(answered: Answered) -> list[Costly]:
    """Find the photos that cost right answers, the most costly first; of each person, those that cost most.

    Photos that are not right themselves are left out, together with those of their person that show the same face or are copies of them.
    """
    tried = sorted(_sets(answered), key=lambda rows: -len(rows))[:MOST_TRIED]
    lost = lost_to(answered, tried)
    found = [Costly(tuple(rows.tolist()), n) for rows, n in zip(tried, lost, strict=True) if n >= FEWEST_LOST]
    found.sort(key=lambda one: (-one.lost, len(one.rows)))
    # where two people share a folder, either could go: one set a person
    worst = {int(answered.labels[one.rows[0]]): one for one in reversed(found)}
    return [one for one in found if worst[int(answered.labels[one.rows[0]])] is one]


def lost_to(answered: Answered, sets: Sequence[IntArray]) -> list[int]:
    """Count for each set of rows of one person how many more of all other photos would be right without it."""
    if not sets:
        return []
    own, nearest, _other = answered.compared
    # photos that would be right were one person not as near: what is left of the others decides then
    beaten = np.flatnonzero((own <= answered.limit) & (own > nearest))
    beaten = beaten[own[beaten] <= _nearest_but_one(answered, beaten)]
    lost: list[int] = []
    for people, rows, kept_by in _without(answered, sets):
        lost += (_own_answers(answered, rows, kept_by, len(people)) + _others_answers(answered, rows, kept_by, people, beaten)).tolist()
    return lost


def _sets(answered: Answered) -> Iterator[IntArray]:
    """Yield sets of rows to leave out; each leaves its person two photos at least, which can tell of each other."""
    counts, groups = np.bincount(answered.labels), answered.groups
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


def _nearest_but_one(answered: Answered, rows: IntArray) -> FloatArray:
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


def _without(answered: Answered, sets: Sequence[IntArray]) -> Iterator[tuple[IntArray, IntArray, IntArray]]:
    """Yield for some sets at once whose they are, (sets,), the rows that their people keep, and of which set each row is, both int64 (k,).

    As few at once as keep no more rows than there are photos, so that memory does not grow with the sets.
    """
    order, ends = np.argsort(answered.labels, kind="stable"), np.cumsum(np.bincount(answered.labels))
    people: list[int] = []
    kept: list[IntArray] = []
    for number, rows in enumerate(sets):
        people.append(int(answered.labels[rows[0]]))
        own = order[ends[people[-1] - 1] if people[-1] else 0 : ends[people[-1]]]
        kept.append(np.setdiff1d(own, rows))
        if sum(map(len, kept)) >= len(order) or number == len(sets) - 1:
            yield np.array(people), np.concatenate(kept), np.repeat(np.arange(len(kept)), [len(one) for one in kept])
            people, kept = [], []


def _own_answers(answered: Answered, rows: IntArray, kept_by: IntArray, n_sets: int) -> IntArray:
    """Count for each set how many more photos of the same person would be right without it, int64 (sets,)."""
    own = corrected(*held_out_distances(answered.vectors[rows], kept_by, answered.folds[rows], n_sets))
    now = (own <= answered.limit) & (own <= answered.compared.nearest[rows])
    return np.bincount(kept_by[now], minlength=n_sets) - np.bincount(kept_by[answered.right[rows]], minlength=n_sets)


def _others_answers(answered: Answered, rows: IntArray, kept_by: IntArray, people: IntArray, beaten: IntArray) -> IntArray:
    """Count for each set how many more photos of other people would be right without it, int64 (sets,).

    ``beaten`` are rows that only the nearest other person keeps from being right.
    """
    n_sets = len(people)
    templates = Points(templates_of(answered.vectors[rows], kept_by, n_sets))
    allowance = allowance_of(np.bincount(kept_by, minlength=n_sets))
    asking, gained = np.concatenate([np.flatnonzero(answered.right), beaten]), np.zeros(n_sets, np.int64)
    for block in blocks(len(asking), n_sets):
        photos = asking[block]
        nearer = templates.squared(answered.vectors[photos]) - allowance < (answered.compared.own[photos] ** 2)[:, None]
        lost = nearer & answered.right[photos][:, None] & (answered.labels[photos][:, None] != people)
        freed = ~nearer & ~answered.right[photos][:, None] & (answered.compared.other[photos][:, None] == people)
        gained += freed.sum(axis=0) - lost.sum(axis=0)
    return gained
