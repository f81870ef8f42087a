"""Accuracy against photos per person: how many photos are enough, and of whom to take more.

What belongs here: drawing fewer photos of each person again and again, naming the same test photos by them, and what follows in
words. What does not: how embeddings are named (given as a function), drawing the curve (`plots.learning`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from whosthat.evaluation.verdict import percent
from whosthat.wording import counted, listing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

Namer: TypeAlias = "Callable[[FloatArray, IntArray, FloatArray], IntArray]"
"""Enrolled embeddings (n, d), their people (n,), and embeddings to name (m, d), to the person of each of these (m,)."""

COUNTS = (1, 2, 3, 5, 10, 20)
"""Photos per person that are tried, besides all."""

DRAWS = 10
"""So many times are photos drawn for each count: with a single photo each, much depends on which."""

FLAT = 0.01
"""Doubling the photos has brought less than this: more of the same kind would hardly help."""

WEAK_RECALL = 0.9
"""A person found less often than this is worth more photos."""

FEW_TESTED = 5
"""Fewer test photos of a person say too little about that person."""


@dataclass(frozen=True, slots=True)
class Point:
    """One count of photos per person.

    Attributes:
        count: At most so many photos of each person; of who has fewer, all.
        accuracy: Mean share of test photos named rightly, 0 to 1.
        lowest: The worst draw.
        highest: The best draw.
    """

    count: int
    accuracy: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How accuracy grows with the photos per person.

    Attributes:
        points: By count, ascending; the last one is with all photos.
        n_test: Test photos, the same at every point.
        sentences: What it means, and what to photograph next.
    """

    points: tuple[Point, ...]
    n_test: int
    sentences: tuple[str, ...]


@dataclass(frozen=True)
class Embedded:
    """Embedded photos of known people: float32 (n, d), and the person of each, int64 (n,)."""

    vectors: FloatArray
    owners: IntArray


def learning_curve(enrolled: Embedded, test: Embedded, people: Sequence[str], name: Namer, *, seed: int = 0) -> LearningCurve:
    """Name the same test photos by one, two, three... photos of each person.

    Args:
        enrolled: Photos that may be drawn; none of the test is among them. Everybody in ``people`` has one.
        test: Photos to name, at least one.
        people: Names; the index is the person.
        name: Names embeddings by enrolled ones.
        seed: Decides what is drawn.

    Example:
        >>> line = Embedded(np.array([[0.0], [1.0]], np.float32), np.array([0, 1]))
        >>> nearest = lambda known, owners, faces: owners[np.abs(faces - known.T).argmin(axis=1)]
        >>> learning_curve(line, line, ["ann", "bo"], nearest).points
        (Point(count=1, accuracy=1.0, lowest=1.0, highest=1.0),)
    """
    most = int(np.bincount(enrolled.owners).max())
    points = []
    right = np.zeros(len(test.owners), bool)
    for count in [*(count for count in COUNTS if count < most), most]:
        generator = np.random.default_rng((seed, count))
        shares = []
        for _ in range(1 if count == most else DRAWS):
            rows = _drawn(enrolled.owners, count, generator)
            right = name(enrolled.vectors[rows], enrolled.owners[rows], test.vectors) == test.owners
            shares.append(float(right.mean()))
        points.append(Point(count, float(np.mean(shares)), min(shares), max(shares)))
    sentences = (_growth(points), _who_next(enrolled, test, people, right))
    return LearningCurve(tuple(points), len(test.owners), tuple(sentence for sentence in sentences if sentence))


def _drawn(owners: IntArray, count: int, generator: np.random.Generator) -> IntArray:
    """Draw at most ``count`` photos of each person, in the order in which they stand."""
    rows = [np.flatnonzero(owners == person) for person in np.unique(owners)]
    return np.sort(np.concatenate([generator.permutation(own)[:count] for own in rows]))


def _growth(points: Sequence[Point]) -> str:
    """Say what more photos brought, and whether still more would help."""
    first, last = points[0], points[-1]
    if len(points) == 1:
        named = f"{percent(last.accuracy)} of the test photos are named rightly"
        return f"With {counted(last.count, 'photo')} of each person, {named}. Add photos of everybody."
    enough = next(point for point in points if point.accuracy >= last.accuracy - FLAT)
    start = (
        f"With {counted(first.count, 'photo')} of each person, {percent(first.accuracy)} of the test photos are named rightly; "
        f"with all photos, {percent(last.accuracy)}."
    )
    half = max((point for point in points if point.count <= last.count / 2), key=lambda point: point.count)
    if last.accuracy - half.accuracy < FLAT:
        return (
            f"{start} {counted(enough.count, 'photo')} of each would have been nearly as good: more of the same kind will hardly help. "
            "Photograph what is missing instead: other light, other ages, glasses, the face from the side."
        )
    return f"{start} It still grows: the last doubling brought {100 * (last.accuracy - half.accuracy):.1f} points, so add photos."


def _who_next(enrolled: Embedded, test: Embedded, people: Sequence[str], right: NDArray[np.bool_]) -> str:
    """Name the people of whom more photos would help most: found least often, or with the fewest photos."""
    tested, found = np.bincount(test.owners, minlength=len(people)), np.bincount(test.owners[right], minlength=len(people))
    recall = found / np.maximum(tested, 1)
    weak = [person for person in np.argsort(recall, kind="stable") if tested[person] >= FEW_TESTED and recall[person] < WEAK_RECALL]
    if weak:
        told = [f"{people[person]} ({found[person]} of {tested[person]} found)" for person in weak]
        return f"Photograph next: {listing(told)}."
    counts = np.bincount(enrolled.owners, minlength=len(people))
    fewest = [person for person in np.argsort(counts, kind="stable") if counts[person] <= counts.max() / 2]
    told = [f"{people[person]} ({counted(int(counts[person]), 'photo')})" for person in fewest]
    return f"There are fewest photos of {listing(told)}: photograph them next." if told else ""
