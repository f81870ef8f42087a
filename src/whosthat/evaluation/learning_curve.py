"""Accuracy against photos per person, or class: how many photos are enough, and of whom to take more.

What belongs here: drawing fewer photos of each person again and again, asking about the same test photos, and what follows in words. What
does not: how the test photos are answered (given as a function), drawing the curve (`plots.charts`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from whosthat.evaluation.verdict import FEW_OF_A_CLASS
from whosthat.proportions import wilson_interval
from whosthat.translation import N_, _
from whosthat.types import IntArray
from whosthat.wording import counted, listing, percent

Correct: TypeAlias = Callable[[IntArray], NDArray[np.bool_]]
"""Rows of the enrolled photos that may be used, to whether each test photo is then correct, as ``predict`` would answer."""

COUNTS = (1, 2, 3, 5, 10, 20)
"""Photos per person that are tried, besides all."""

DRAWS, FEWER_DRAWS, MANY_PEOPLE = 10, 3, 200
"""So many times are photos drawn for each count: with a single photo each, much depends on which. Of many people, that averages out."""

COUNTS_OF_CLASSES, DRAWS_OF_CLASSES = (2, 5, 10, 20, 50, 100, 200), 3
"""The same for networks, which need more photos, and longer to learn from them."""

Draw: TypeAlias = tuple[int, IntArray]
"""At most so many photos of each person, and the rows of those that were drawn, int64."""

FLAT = 0.01
"""Doubling the photos has brought less than this: more of the same kind would hardly help."""

FEWEST_TESTED = 30
"""With fewer test photos a difference is mostly chance, and no advice rests on it."""

WEAK_RECALL = 0.9
"""A person who is correct less often than this, beyond chance, is worth more photos."""


@dataclass(frozen=True, slots=True)
class Point:
    """With at most so many photos of each person: the mean share of correct test photos, 0 to 1, and that of the worst and best draw."""

    count: int
    accuracy: float
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How accuracy grows with the photos per person, all of them at the last point; what it means, and what to photograph next."""

    points: tuple[Point, ...]
    n_test: int
    sentences: tuple[str, ...]
    each: Literal["person", "class"] = "person"


def learning_curve(labels: IntArray, tested: IntArray, people: Sequence[str], correct: Correct, *, seed: int = 0) -> LearningCurve:
    """Answer the same test photos by one, two, three... photos of each person.

    Args:
        labels: The person of each photo that may be drawn, int64 (n,), an index of ``people``; none is of the test. Everybody has one.
        tested: The person of each test photo, int64 (m,), at least one.
        people: Names.
        correct: Answers by some of the photos.
        seed: Decides what is drawn.

    Example:
        >>> owners = np.array([0, 1])
        >>> learning_curve(owners, owners, ["ann", "bo"], lambda rows: np.array([True, False])).points
        (Point(count=1, accuracy=0.5, lowest=0.5, highest=0.5),)
    """
    times = FEWER_DRAWS if len(people) >= MANY_PEOPLE else DRAWS
    return curve_of(draws(labels, COUNTS, times, seed), labels, tested, people, correct)


def draws(labels: IntArray, counts: Sequence[int], times: int, seed: int) -> list[Draw]:
    """Draw photos for a curve: for each count, below what there is, so many times; all of them once, in the end.

    ``labels``, int64 (n,), are the person of each photo; the seed decides what is drawn.
    """
    most = int(np.bincount(labels).max())
    drawn = []
    for count in [*(count for count in counts if count < most), most]:
        generator = np.random.default_rng((seed, count))
        drawn += [(count, _drawn(labels, count, generator)) for _ in range(1 if count == most else times)]
    return drawn


def curve_of(
    drawn: Sequence[Draw],
    labels: IntArray,
    tested: IntArray,
    people: Sequence[str],
    correct: Correct,
    each: Literal["person", "class"] = "person",
) -> LearningCurve:
    """Answer the test photos by each draw, in order; arguments as of `learning_curve`, and what a label is called."""
    shares: dict[int, list[float]] = {}
    right = np.zeros(len(tested), bool)
    for count, rows in drawn:
        right = correct(rows)
        shares.setdefault(count, []).append(float(right.mean()))
    points = [Point(count, float(np.mean(of_count)), min(of_count), max(of_count)) for count, of_count in shares.items()]
    sentences = (_growth(points, len(tested), each), _who_next(labels, tested, people, right))
    return LearningCurve(tuple(points), len(tested), tuple(sentence for sentence in sentences if sentence), each)


def _drawn(labels: IntArray, count: int, generator: np.random.Generator) -> IntArray:
    """Draw at most ``count`` photos of each person, in the order in which they stand."""
    order = np.lexsort((generator.random(len(labels)), labels))
    counts = np.bincount(labels)
    place = np.arange(len(labels)) - (np.cumsum(counts) - counts)[labels[order]]
    return np.sort(order[place < count])


_MISSING = {
    N_("person"): N_("Add what is missing instead: other light, other ages, glasses, the face from the side."),
    N_("class"): N_("Add what is missing instead: other light, other backgrounds, other sides, other kinds."),
}


def _growth(points: Sequence[Point], n_test: int, each: Literal["person", "class"]) -> str:
    """Say what more photos brought, and whether still more would help."""
    first, last = points[0], points[-1]
    known = {"photos": counted(first.count, "photo"), "each": _(each), "accuracy": percent(first.accuracy)}
    if len(points) > 1:
        start = _(
            "With {photos} of each {each}, {accuracy} of the test photos are correct; with all photos, {all_photos}.",
            **known,
            all_photos=percent(last.accuracy),
        )
    else:
        start = _("With {photos} of each {each}, {accuracy} of the test photos are correct.", **known)
    advice = _advice(points, n_test, each)
    return f"{start} {advice}" if advice else start


def _advice(points: Sequence[Point], n_test: int, each: Literal["person", "class"]) -> str:
    """Say whether more photos would help; empty where everything is correct already."""
    last, tested = points[-1], counted(n_test, "test photo")  # not translated: a key
    if n_test < FEWEST_TESTED:
        return _("{photos} are too few to say whether more would help.", photos=tested)
    if len(points) == 1:
        return "" if last.accuracy == 1 else _("Add photos of every {each}.", each=_(each))
    half = next((point for point in reversed(points) if point.count <= last.count / 2), None)  # none below 2 of 3 photos
    if half is not None and last.accuracy - half.accuracy < FLAT:
        enough = next(point for point in points if point.accuracy >= last.accuracy - FLAT)
        plenty = _(
            "{photos} of each would have been nearly as good: more of the same kind will hardly help.",
            photos=counted(enough.count, "photo"),
        )
        return f"{plenty} {_(_MISSING[each])}"
    if half is None or half.accuracy >= wilson_interval(round(last.accuracy * n_test), n_test).low:
        return _("Whether more would help cannot be told from {photos}.", photos=tested)
    return _("It still grows: the last doubling brought {points:.1f} points, so add photos.", points=100 * (last.accuracy - half.accuracy))


def _who_next(labels: IntArray, tested: IntArray, people: Sequence[str], right: NDArray[np.bool_]) -> str:
    """Name the people of whom more photos would help most: correct least often, or with the fewest photos."""
    if len(tested) < FEWEST_TESTED or right.all():
        return ""
    n_tested, found = np.bincount(tested, minlength=len(people)), np.bincount(tested[right], minlength=len(people))
    recall = found / np.maximum(n_tested, 1)
    weak = [
        _("{name} ({found} of {n_tested} correct)", name=people[person], found=found[person], n_tested=n_tested[person])
        for person in np.argsort(recall, kind="stable")
        if n_tested[person] >= FEW_OF_A_CLASS and wilson_interval(int(found[person]), int(n_tested[person])).high < WEAK_RECALL
    ]
    if weak:
        return _("Add photos first of {names}.", names=listing(weak))
    counts = np.bincount(labels, minlength=len(people))
    few = [person for person in np.argsort(counts, kind="stable") if counts[person] <= counts.max() / 2]
    told = [_("{name} ({photos})", name=people[person], photos=counted(int(counts[person]), "photo")) for person in few]
    return _("Fewest photos: {names}. Add photos of them first.", names=listing(told)) if told else ""
