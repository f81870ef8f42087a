"""Is the result good? The test's figures put into words, with what to be careful about.

What belongs here: thresholds on an `Evaluation` and the sentences they lead to. What does not: how the training went
(`diagnosis`), the figures themselves (`metrics`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from whosthat.evaluation.metrics import ClassScore, Evaluation
from whosthat.proportions import wilson_interval
from whosthat.translation import N_, _, ngettext
from whosthat.wording import counted, percent, percent_range

GRADES = (
    (N_("very good"), 0.95, 0.85, N_("Very good")),
    (N_("good"), 0.80, 0.65, N_("Good")),
    (N_("fair"), 0.60, 0.45, N_("Fair, not yet good")),
    (N_("poor"), 0.0, 0.0, N_("Not good, but better than the baseline")),
)
"""Grade, the least accuracy it takes, the least lower end of the interval, and how it is put; what the baseline does as well is poor."""

TOO_FEW = N_("too few to say")
"""What stands in the place of a grade with fewer than `FEWEST_PHOTOS` test photos."""

FEWEST_PHOTOS = 30
"""With fewer test photos the interval is wider than any grade: 29 of 29 may be 88 % in truth."""

WIDE_INTERVAL = 0.15
"""From this width on the interval is worth a warning."""

LAGGING_CLASS = 0.20
"""A class found less often than the average by at least this much, and beyond chance, is worth a warning."""

FEW_OF_A_CLASS = 10
"""Fewer test photos of a class say too little about it."""

LOST_TO_UNKNOWN = 0.05
"""From this difference between closed-set accuracy and accuracy on, what the threshold costs is worth a warning."""

BAD_CALIBRATION = 0.10
"""From this calibration error on the confidence is worth a warning."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a result is good, in words.

    Attributes:
        grade: ``very good``, ``good``, ``fair``, ``poor`` or ``too few to say``.
        sentence: The grade and why, in one sentence.
        cautions: What to be careful about, one sentence each.
    """

    grade: str
    sentence: str
    cautions: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the recogniser can be used for what it was trained for."""
        return self.grade in ("very good", "good")  # not translated: grades as they are stored


def judge(evaluation: Evaluation) -> Verdict:
    """Say whether an honest test went well; its photos have chosen nothing about the recogniser."""
    cautions = tuple(_cautions(evaluation))
    counts = {"photos": counted(evaluation.n, "test photo"), "outcomes": evaluation.outcomes.sentence()}  # not translated: a key
    if evaluation.n < FEWEST_PHOTOS:
        why = _(
            "Too few test photos to say how good it is: of {photos}, {outcomes}. A grade needs {fewest}.", **counts, fewest=FEWEST_PHOTOS
        )
        return Verdict(TOO_FEW, why, cautions)
    accuracy, low, baseline = evaluation.accuracy, evaluation.interval.low, percent(evaluation.baseline)
    if low <= evaluation.baseline:
        sentences = [_("Not good: of {photos}, {outcomes}.", **counts)]
        if evaluation.baseline:
            sentences.append(
                _("That is not clearly better than the baseline (always the most frequent class): {baseline}.", baseline=baseline)
            )
        return Verdict("poor", " ".join(sentences), cautions)
    grade, words = next((grade, words) for grade, least, least_low, words in GRADES if accuracy >= least and low >= least_low)
    if not evaluation.baseline:
        return Verdict(grade, _("{grade}: of {photos}, {outcomes}.", grade=_(words), **counts), cautions)
    better = _(
        "{grade}: of {photos}, {outcomes}; baseline (always the most frequent class): {baseline}.",
        grade=_(words),
        **counts,
        baseline=baseline,
    )
    return Verdict(grade, better, cautions)


def suspects_sentence(evaluation: Evaluation, suspected: Collection[str]) -> str:
    """Say how many mistakes are among the photos that may lie in the wrong folder; empty when none is."""
    mistakes = [answer for answer in evaluation.answers if not answer.correct]
    suspects = sum(answer.path in suspected for answer in mistakes)
    if not suspects:
        return ""
    told = counted(len(mistakes), "mistake")
    others = [answer for answer in evaluation.answers if answer.path not in suspected]
    if not others:
        return ngettext(
            "{n} of {mistakes} is a photo that may lie in the wrong folder.",
            "{n:,} of {mistakes} are photos that may lie in the wrong folder.",
            suspects,
            mistakes=told,
        )
    return ngettext(
        "{n} of {mistakes} is a photo that may lie in the wrong folder; without suspects, {accuracy} are correct.",
        "{n:,} of {mistakes} are photos that may lie in the wrong folder; without suspects, {accuracy} are correct.",
        suspects,
        mistakes=told,
        accuracy=percent(sum(answer.correct for answer in others) / len(others)),
    )


def worst_class(evaluation: Evaluation) -> ClassScore | None:
    """Return the class that is correct least often, if it lags behind the test as a whole."""
    judged = [score for score in evaluation.per_class if score.n >= FEW_OF_A_CLASS]
    worst = min(judged, key=lambda score: score.recall, default=None)
    if worst is None or worst.recall > evaluation.accuracy - LAGGING_CLASS:
        return None
    return worst if wilson_interval(round(worst.recall * worst.n), worst.n).high < evaluation.accuracy else None


def correct_of(score: ClassScore) -> str:
    """Say how many test photos of a class are correct."""
    return _("{n} of {photos} correct", n=round(score.recall * score.n), photos=counted(score.n, "test photo"))  # not translated: a key


def _cautions(evaluation: Evaluation) -> Iterator[str]:
    if len(evaluation.labels) == 1:
        yield _(
            "One person cannot be confused with another: how many strangers get the name matters as much. Count it with "
            "whosthat evaluate RUN PHOTOS --strangers FOLDER."
        )
    if evaluation.n < FEWEST_PHOTOS:
        return  # the grade says all there is to say
    low, high = evaluation.interval.low, evaluation.interval.high
    if high - low >= WIDE_INTERVAL:
        yield _(
            "With {photos}, the true accuracy may lie anywhere from {range}.",
            photos=counted(evaluation.n, "test photo"),  # not translated: a key
            range=percent_range(low, high),
        )
    if evaluation.closed_set - evaluation.accuracy >= LOST_TO_UNKNOWN:
        yield _(
            "{photos} got no name because of the threshold for strangers. Without it, {accuracy} would be correct (closed-set accuracy).",
            photos=counted(evaluation.outcomes.unknown, "photo"),
            accuracy=percent(evaluation.closed_set),
        )
    if worst := worst_class(evaluation):
        yield _("“{name}” is recognised least often: {correct_of}.", name=worst.name, correct_of=correct_of(worst))
    if evaluation.ece >= BAD_CALIBRATION and evaluation.outcomes.correct + evaluation.outcomes.wrong >= FEWEST_PHOTOS:
        yield _("Its confidence is poorly calibrated: it is off by {error} on average.", error=percent(evaluation.ece))
