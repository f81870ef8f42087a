"""Several models on one split: which one to use, and why.

What belongs here: figures of models that answered the same test photos, whether their difference can be chance, and the choice in
words. What does not: training them (`whosthat.workflow.compare`), the page (`comparison_report`).

The choice: of the models that beat the baseline, the most accurate leads. Whoever cannot be told from it on these photos is as good, as
far as anybody can know; of those, the ones that do clearly worse with strangers are left out, and the quickest is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from whosthat.errors import UsageError
from whosthat.evaluation.outcomes import Outcomes
from whosthat.proportions import Interval, wilson_interval
from whosthat.wording import counted, percent

SIGNIFICANCE = 0.05
"""Shared by all comparisons with the leader (Bonferroni), so that with many models none looks worse by chance alone."""

PHOTOS_TO_NAME = 1000
"""A model's time is that of its training and of naming so many photos."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model and how it fared.

    Attributes:
        model: Its name.
        run: Name of its run folder.
        correct: For each test photo of the split, in its order, whether it was correct.
        outcomes: How many were correct, wrong, unknown, without a face.
        accuracy: Share of correct test photos, 0 to 1.
        interval: Its Wilson 95 % interval.
        baseline: Accuracy of always naming the most frequent class.
        fpir: Share of strangers that get a name; None where nobody knows.
        strangers: The 95 % interval of that share; None likewise.
        photos_per_second: How many it names in a second, from file to name.
        seconds: How long training and testing took.
        n_bytes: Size of its bundle.
    """

    model: str
    run: str
    correct: tuple[bool, ...]
    outcomes: Outcomes
    accuracy: float
    interval: Interval
    baseline: float
    fpir: float | None
    strangers: Interval | None
    photos_per_second: float
    seconds: float
    n_bytes: int

    @property
    def work_seconds(self) -> float:
        """Seconds for training and for naming `PHOTOS_TO_NAME` photos."""
        return self.seconds + PHOTOS_TO_NAME / self.photos_per_second


@dataclass(frozen=True, slots=True)
class Failure:
    """A model that could not be trained, and why."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Duel:
    """The leader and one other model on the same photos.

    Attributes:
        other: The other model.
        leader_alone: Photos that the leader alone got right.
        other_alone: Photos that the other alone got right.
        p: How likely a difference of at least this size would be, were both equally good (`mcnemar`).
        told_apart: Whether that is unlikely enough to call the other worse.
    """

    other: str
    leader_alone: int
    other_alone: int
    p: float
    told_apart: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All models, and which one to use.

    Attributes:
        photos: Name of the photo folder.
        n_test: Test photos, the same for all.
        contestants: The models, the most accurate first.
        failures: Models that could not be trained.
        duels: The most accurate model that beats the baseline against each of the others.
        choice: The model to use; None when none beats the baseline.
        sentences: Which one to use and why.
    """

    photos: str
    n_test: int
    contestants: tuple[Contestant, ...]
    failures: tuple[Failure, ...]
    duels: tuple[Duel, ...]
    choice: str | None
    sentences: tuple[str, ...]


def compare(photos: str, contestants: Sequence[Contestant], failures: Sequence[Failure] = ()) -> Comparison:
    """Choose among models that answered the same test photos.

    Args:
        photos: Name of the photo folder.
        contestants: One model or more.
        failures: Models that could not be trained.

    Raises:
        UsageError: There is no model, or they answered different numbers of photos.
    """
    counts = {len(one.correct) for one in contestants}
    if len(counts) != 1:
        raise UsageError(f"Models can be compared on the same test photos alone; they answered {sorted(counts)} photos.")
    ranked = sorted(contestants, key=lambda one: (-sum(one.correct), one.work_seconds))
    usable = [one for one in ranked if one.interval.low > one.baseline]
    duels = _duels(usable[0], ranked) if usable else ()
    chosen = _choose(usable, duels) if usable else None
    sentences = _reasons(chosen, usable[0], ranked, duels) if chosen else (_none_sentence(ranked[0]),)
    told = tuple(f"{failure.model} could not be trained: {failure.reason}" for failure in failures)
    choice = chosen.model if chosen else None
    return Comparison(photos, counts.pop(), tuple(ranked), tuple(failures), duels, choice, sentences + told)


def mcnemar(one_alone: int, other_alone: int) -> float:
    """Return how likely a difference of at least this size is between two models that are equally good.

    Only photos that exactly one of them got right tell anything; were both equally good, each would be a coin toss.

    Source:
        Q. McNemar, "Note on the sampling error of the difference between correlated proportions or percentages", Psychometrika
        12 (1947); the exact two-sided binomial form.

    Example:
        >>> mcnemar(5, 0), mcnemar(3, 3)
        (0.0625, 1.0)
    """
    n = one_alone + other_alone
    tail = sum(math.comb(n, k) for k in range(min(one_alone, other_alone) + 1))
    return min(1.0, 2 * tail / (1 << n))


def _duels(leader: Contestant, ranked: Sequence[Contestant]) -> tuple[Duel, ...]:
    others = [one for one in ranked if one is not leader]
    duels = []
    for other in others:
        pairs = list(zip(leader.correct, other.correct, strict=True))
        leader_alone, other_alone = pairs.count((True, False)), pairs.count((False, True))
        p = mcnemar(leader_alone, other_alone)
        duels.append(Duel(other.model, leader_alone, other_alone, p, leader_alone > other_alone and p < SIGNIFICANCE / len(others)))
    return tuple(duels)


def _choose(usable: Sequence[Contestant], duels: Sequence[Duel]) -> Contestant:
    worse = {duel.other for duel in duels if duel.told_apart}
    equal = [one for one in usable if one.model not in worse]
    good = [one for one in equal if not any(_worse_with_strangers(one, other) for other in equal)]
    return min(good or equal, key=lambda one: one.work_seconds)


def _worse_with_strangers(one: Contestant, other: Contestant) -> bool:
    """Whether the other leaves fewer known photos without a name or names fewer strangers, beyond chance, and is not worse in the other."""
    mine, theirs = _rates(one), _rates(other)
    if mine is None or theirs is None:
        return False
    above = [left.low > right.high for left, right in zip(mine, theirs, strict=True)]
    below = [left.high < right.low for left, right in zip(mine, theirs, strict=True)]
    return any(above) and not any(below)


def _rates(one: Contestant) -> tuple[Interval, Interval] | None:
    """Return the intervals of known photos without a name and of strangers with one; None where no stranger fitted the threshold."""
    if one.strangers is None:
        return None
    return wilson_interval(one.outcomes.unknown + one.outcomes.no_face, one.outcomes.n), one.strangers


def _reasons(chosen: Contestant, leader: Contestant, ranked: Sequence[Contestant], duels: Sequence[Duel]) -> tuple[str, ...]:
    """Say which model to use, and how each of the others compares."""
    n = len(chosen.correct)
    first = f"Use {chosen.model}: of {counted(n, 'test photo')}, {chosen.outcomes.sentence()} ({percent(chosen.accuracy)} correct)."
    by_model = {one.model: one for one in ranked}
    reasons = [_against_leader(chosen, leader, by_model[duel.other], duel) for duel in duels]
    unknown = [one.model for one in ranked if one.fpir is None]
    if unknown:
        reasons.append(f"How many strangers get a name is not known for {', '.join(unknown)}: add photos of strangers with --strangers.")
    return (first, *(reason for reason in reasons if reason))


def _against_leader(chosen: Contestant, leader: Contestant, other: Contestant, duel: Duel) -> str:
    split = f"{leader.model} alone is correct for {counted(duel.leader_alone, 'photo')}, {other.model} alone for {duel.other_alone:,}"
    if duel.told_apart:
        return f"{other.model} is worse ({percent(other.accuracy)}): {split} (McNemar's exact test, {_p_value(duel.p)})."
    if other.interval.low <= other.baseline:
        return f"{other.model} is not clearly better than the baseline ({percent(other.accuracy)})."
    chance = (
        f"The difference between {leader.model} ({percent(leader.accuracy)}) and {other.model} ({percent(other.accuracy)}) may be chance"
    )
    return f"{chance}: {split} (McNemar's exact test, {_p_value(duel.p)}). {_why_of_equals(chosen, leader, other)}".rstrip()


def _why_of_equals(chosen: Contestant, leader: Contestant, other: Contestant) -> str:
    if chosen not in (leader, other):
        return ""
    left = other if chosen is leader else leader
    if _worse_with_strangers(left, chosen):
        return f"{chosen.model} does better with strangers: {_with_strangers(chosen)}, against {_with_strangers(left)}."
    times = f"{chosen.work_seconds:,.0f} s against {left.work_seconds:,.0f} s for training and naming {PHOTOS_TO_NAME:,} photos"
    return f"{chosen.model} is quicker: {times}."


def _with_strangers(one: Contestant) -> str:
    return f"{percent(one.fpir or 0)} of strangers get a name and {percent(one.outcomes.unnamed)} of known photos get none"


def _none_sentence(best: Contestant) -> str:
    return (
        f"None of them can be used yet: the best, {best.model}, is correct for {percent(best.accuracy)} of the test photos, which is not "
        f"clearly better than the baseline ({percent(best.baseline)}, always the most frequent class). Add photos, or train for longer."
    )


def _p_value(p: float) -> str:
    """Write a p-value without powers of ten.

    Example:
        >>> _p_value(0.034), _p_value(9.1e-14)
        ('p = 0.034', 'p below 0.0001')
    """
    return "p below 0.0001" if p < 0.0001 else f"p = {p:.2g}"
