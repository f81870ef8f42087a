"""Several models on one split: which one to use, and why; ``comparison.json`` for programs, ``compare.html`` for people.

What belongs here: figures of models that answered the same test photos, whether their difference can be chance, the choice in words, and
its two files. What does not: training them (`whosthat.workflow.compare`), the report of a single run (`report`).

The choice: of the models that beat the baseline, the most accurate leads. Whoever cannot be told from it on these photos is as good, as
far as anybody can know; of those, the ones that do clearly worse with strangers are left out, and the quickest is chosen.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from whosthat.errors import UsageError
from whosthat.evaluation.outcomes import Outcomes
from whosthat.evaluation.page import template
from whosthat.proportions import Interval, wilson_interval
from whosthat.runs.files import save_file
from whosthat.translation import N_, _
from whosthat.wording import counted, percent, percent_range

FORMAT = 2
"""The version of comparison.json."""

NO_FACE = N_("no face")
"""The figure that says nothing where whole photos are looked at; translated where it is shown."""

JSON_FILE, REPORT_FILE = "comparison.json", "compare.html"

SIGNIFICANCE = 0.05
"""Shared by all comparisons with the leader (Bonferroni), so that with many models none looks worse by chance alone."""

PHOTOS_TO_NAME = 1000
"""A model's time is that of its training and of naming so many photos."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One model and how it fared; outcomes, accuracy, interval and baseline as in `Evaluation`.

    Attributes:
        run: Name of its run folder.
        correct: For each test photo of the split, in its order, whether it was correct.
        fpir: Share of strangers that get a name; None where nobody knows.
        strangers: The 95 % interval of that share; None likewise.
        photos_per_second: How many it names in a second, from file to name.
        seconds: How long training and testing took.
        n_bytes: Size of its bundle.
        looks_for_faces: Whether it finds faces first, and may find none.
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
    looks_for_faces: bool

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
        leader_alone: Photos that the leader alone got right; likewise ``other_alone``.
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
        contestants: The models, the most accurate first.
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
    """Choose among one model or more that answered the same test photos; the first argument is the name of the photo folder.

    Raises:
        UsageError: There is no model, or they answered different numbers of photos.
    """
    counts = {len(one.correct) for one in contestants}
    if len(counts) != 1:
        raise UsageError("Models can be compared on the same test photos alone; they answered {numbers} photos.", numbers=sorted(counts))
    ranked = sorted(contestants, key=lambda one: (-sum(one.correct), one.work_seconds))
    usable = [one for one in ranked if one.interval.low > one.baseline]
    duels = _duels(usable[0], ranked) if usable else ()
    chosen = _choose(usable, duels) if usable else None
    sentences = _reasons(chosen, usable[0], ranked, duels) if chosen else (_none_sentence(ranked[0]),)
    told = tuple(_("{model} could not be trained: {reason}", model=failure.model, reason=failure.reason) for failure in failures)
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
    equal = [one for one in usable if one.model not in {duel.other for duel in duels if duel.told_apart}]
    good = [one for one in equal if not any(_worse_with_strangers(one, other) for other in equal)]
    return min(good or equal, key=lambda one: one.work_seconds)


def _worse_with_strangers(one: Contestant, other: Contestant) -> bool:
    """Whether the other leaves fewer known photos without a name or names fewer strangers, beyond chance, and is not worse in the other."""
    if one.strangers is None or other.strangers is None:
        return False  # no stranger fitted the threshold
    unnamed = (wilson_interval(each.outcomes.unknown + each.outcomes.no_face, each.outcomes.n) for each in (one, other))
    rates = (tuple(unnamed), (one.strangers, other.strangers))
    return any(left.low > right.high for left, right in rates) and not any(left.high < right.low for left, right in rates)


def _reasons(chosen: Contestant, leader: Contestant, ranked: Sequence[Contestant], duels: Sequence[Duel]) -> tuple[str, ...]:
    """Say which model to use, and how each of the others compares."""
    n = len(chosen.correct)
    first = _(
        "Use {model}: of {photos}, {outcomes} ({accuracy} correct).",
        model=chosen.model,
        photos=counted(n, "test photo"),  # not translated: a key
        outcomes=chosen.outcomes.sentence(),
        accuracy=percent(chosen.accuracy),
    )
    by_model = {one.model: one for one in ranked}
    reasons = [_against_leader(chosen, leader, by_model[duel.other], duel) for duel in duels]
    unknown = [one.model for one in ranked if one.fpir is None]
    if unknown:
        reasons.append(
            _(
                "How many strangers get a name is not known for {models}: add photos of strangers with --strangers.",
                models=_(", ").join(unknown),
            )
        )
    return (first, *(reason for reason in reasons if reason))


def _against_leader(chosen: Contestant, leader: Contestant, other: Contestant, duel: Duel) -> str:
    alone = _(
        "{leader} alone is correct for {photos}, {other} alone for {n:,} (McNemar's exact test, {p_value})",
        leader=leader.model,
        photos=counted(duel.leader_alone, "photo"),
        other=other.model,
        n=duel.other_alone,
        p_value=_p_value(duel.p),
    )
    theirs = percent(other.accuracy)
    if duel.told_apart:
        return _("{model} is worse ({accuracy}): {alone}.", model=other.model, accuracy=theirs, alone=alone)
    if other.interval.low <= other.baseline:
        return _("{model} is not clearly better than the baseline ({accuracy}).", model=other.model, accuracy=theirs)
    chance = _(
        "The difference between {leader} ({mine}) and {other} ({theirs}) may be chance: {alone}.",
        leader=leader.model,
        mine=percent(leader.accuracy),
        other=other.model,
        theirs=theirs,
        alone=alone,
    )
    return f"{chance} {_why_of_equals(chosen, leader, other)}".rstrip()


def _why_of_equals(chosen: Contestant, leader: Contestant, other: Contestant) -> str:
    if chosen not in (leader, other):
        return ""
    left = other if chosen is leader else leader
    if _worse_with_strangers(left, chosen):
        return _(
            "{model} does better with strangers: {mine}, against {theirs}.",
            model=chosen.model,
            mine=_with_strangers(chosen),
            theirs=_with_strangers(left),
        )
    return _(
        "{model} is quicker: {mine:,.0f} s against {theirs:,.0f} s for training and naming {photos:,} photos.",
        model=chosen.model,
        mine=chosen.work_seconds,
        theirs=left.work_seconds,
        photos=PHOTOS_TO_NAME,
    )


def _with_strangers(one: Contestant) -> str:
    return _(
        "{strangers} of strangers get a name and {unnamed} of known photos get none",
        strangers=percent(one.fpir or 0),
        unnamed=percent(one.outcomes.unnamed),
    )


def _none_sentence(best: Contestant) -> str:
    return _(
        "None of them can be used yet: the best, {model}, is correct for {accuracy} of the test photos, which is "
        "not clearly better than the baseline ({baseline}, always the most frequent class). Add photos, or train "
        "for longer.",
        model=best.model,
        accuracy=percent(best.accuracy),
        baseline=percent(best.baseline),
    )


def _p_value(p: float) -> str:
    """Write a p-value without powers of ten.

    Example:
        >>> _p_value(0.034), _p_value(9.1e-14)
        ('p = 0.034', 'p below 0.0001')
    """
    return _("p below 0.0001") if p < 0.0001 else f"p = {p:.2g}"


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """Return plain values, ready for JSON; the answers photo by photo stand in each run's ``metrics.json``."""
    document = asdict(comparison)
    for contestant in document["contestants"]:
        del contestant["correct"]
    return {"format": FORMAT, **document}


def write_comparison(folder: Path, comparison: Comparison) -> Path:
    """Write both files into a folder that exists, and return the page; a `RunError` says that one cannot be written."""
    shown = list(zip(comparison.contestants, figures(comparison), strict=True))
    page = template("compare.html.j2").render(comparison=comparison, shown=shown)
    save_file(folder / JSON_FILE, json.dumps(to_dict(comparison), allow_nan=False, indent=1))
    return save_file(folder / REPORT_FILE, page)


def figures(comparison: Comparison) -> list[dict[str, str]]:
    """Return each model's figures as short texts, by what they are; the same on the page and on the terminal.

    Photos without a face are counted where any of the models looks for faces.
    """
    faces = any(one.looks_for_faces for one in comparison.contestants)
    shown = [_figures(one) for one in comparison.contestants]
    return shown if faces else [{what: text for what, text in one.items() if what != _(NO_FACE)} for one in shown]


def _figures(one: Contestant) -> dict[str, str]:
    strangers = _("not known")
    if one.fpir is not None and one.strangers is not None:
        interval = percent_range(one.strangers.low, one.strangers.high)
        strangers = _("{share} ({interval})", share=percent(one.fpir), interval=interval)
    return {
        _("model"): one.model,
        _("correct"): percent(one.accuracy),
        _("{share} interval", share=percent(0.95)): percent_range(one.interval.low, one.interval.high),
        _("wrong"): f"{one.outcomes.wrong:,}",
        _("unknown"): f"{one.outcomes.unknown:,}",
        _(NO_FACE): f"{one.outcomes.no_face:,}",
        _("strangers named"): strangers,
        _("photos a second"): f"{one.photos_per_second:,.1f}",
        _("training"): _("{seconds:,.1f} s", seconds=one.seconds),
        _("size"): f"{one.n_bytes / 1e6:,.1f} MB",
    }
