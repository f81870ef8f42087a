"""Is the result good? The test's figures put into words, with what to be careful about.

What belongs here: thresholds on an `Evaluation` and the sentences they lead to. What does not: how the training went
(`diagnosis`), the figures themselves (`metrics`).
"""

from __future__ import annotations

from dataclasses import dataclass

from whosthat.evaluation.metrics import ClassScore, Evaluation
from whosthat.wording import counted

GRADES = (("very good", 0.95, 0.85), ("good", 0.80, 0.65), ("fair", 0.60, 0.45))
"""Grade, the least accuracy it takes, and the least lower end of the interval: ten of ten photos prove little."""

POOR = "poor"
"""The grade below all others, and of everything that guessing would do as well."""

WIDE_INTERVAL = 0.15
"""From this width on the interval is worth a warning."""

LAGGING_CLASS = 0.20
"""A class found less often than the average by at least this much is worth a warning."""

BAD_CALIBRATION = 0.10
"""From this calibration error on the confidence is worth a warning."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a result is good, in words.

    Attributes:
        grade: ``very good``, ``good``, ``fair`` or ``poor``.
        sentence: The grade and why, in one sentence.
        cautions: What to be careful about, one sentence each; may be empty.
    """

    grade: str
    sentence: str
    cautions: tuple[str, ...]

    @property
    def good(self) -> bool:
        """Whether the recogniser can be used for what it was trained for."""
        return self.grade in ("very good", "good")


def judge(evaluation: Evaluation) -> Verdict:
    """Say whether an honest test went well.

    Args:
        evaluation: The test; its photos have chosen nothing about the recogniser.
    """
    cautions = (_few_photos(evaluation), _lagging_class(evaluation), _untrue_confidence(evaluation))
    return Verdict(_grade(evaluation), _sentence(evaluation), tuple(caution for caution in cautions if caution))


def percent(share: float) -> str:
    """Write a share as a percentage with at most one decimal.

    Example:
        >>> percent(0.8424), percent(1.0)
        ('84.2 %', '100 %')
    """
    return f"{100 * share:.1f}".removesuffix(".0") + " %"


def worst_class(evaluation: Evaluation) -> ClassScore:
    """Return the class, among those with test photos, that is found least often."""
    return min((score for score in evaluation.per_class if score.n), key=lambda score: score.recall)


def beats_guessing(evaluation: Evaluation) -> bool:
    """Whether even the lower end of the interval lies above always naming the most frequent class."""
    return evaluation.interval.low > evaluation.baseline


def _grade(evaluation: Evaluation) -> str:
    if not beats_guessing(evaluation):
        return POOR
    for grade, accuracy, low in GRADES:
        if evaluation.accuracy >= accuracy and evaluation.interval.low >= low:
            return grade
    return POOR


def _sentence(evaluation: Evaluation) -> str:
    named = f"{evaluation.n_right} of {counted(evaluation.n, 'test photo')} named rightly"
    guessing = f"always answering with the most frequent class would name {percent(evaluation.baseline)}"
    if not beats_guessing(evaluation):
        return f"Not good: {named}, which cannot be told from guessing ({guessing})."
    judgement = {"very good": "Very good", "good": "Good", "fair": "Fair, not yet good", POOR: "Not good, though better than guessing"}
    return f"{judgement[_grade(evaluation)]}: {named}; {guessing}."


def _few_photos(evaluation: Evaluation) -> str:
    interval = evaluation.interval
    if interval.high - interval.low < WIDE_INTERVAL:
        return ""
    return (
        f"The test holds only {counted(evaluation.n, 'photo')}, so the true accuracy may lie anywhere between "
        f"{percent(interval.low)} and {percent(interval.high)}."
    )


def _lagging_class(evaluation: Evaluation) -> str:
    worst = worst_class(evaluation)
    if worst.recall > evaluation.accuracy - LAGGING_CLASS:
        return ""
    return f"“{worst.name}” is found least often: in {round(worst.recall * worst.n)} of {counted(worst.n, 'test photo')}."


def _untrue_confidence(evaluation: Evaluation) -> str:
    if evaluation.ece < BAD_CALIBRATION:
        return ""
    return f"The confidence is off by {percent(evaluation.ece)} on average: do not take it at its word."
