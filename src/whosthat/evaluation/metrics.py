"""Figures of an honest test: one answer a photo in, an `Evaluation` out.

What belongs here: numbers that follow from test answers alone, computed with numpy (scikit-learn's import costs three seconds; the tests
compare against it). What does not: what an answer was (`outcomes`), whether the numbers are good (`verdict`), pictures (`plots`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import DatasetError
from whosthat.evaluation.outcomes import NO_FACE, UNKNOWN, Answer, Outcomes, count
from whosthat.proportions import SMALLEST_PROBABILITY, Interval, wilson_interval
from whosthat.translation import _

N_BINS = 15
"""Bins of the reliability diagram, as in Guo et al. 2017."""

TOP = 3
"""The right class among so many most probable ones is counted, too."""

MOST_CLASSES, FEW_CLASSES = 30, 10
"""With more classes than the first, a confusion matrix shows those that were confused most; where none were, no more than the second."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fared on its n test photos.

    Attributes:
        precision: Of the photos that got this name, the share that were; 0 when none got it.
        recall: Of the photos of this class, the share that got its name; 0 when the test holds none.
        f1: Harmonic mean of the two; 0 when both are 0.
    """

    name: str
    precision: float
    recall: float
    f1: float
    n: int


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the reliability diagram: the n answers whose confidence lies in (low, high], the first bin's in [low, high].

    Of them: the mean confidence and the share that were correct, both 0 for an empty bin.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An honest test in numbers: every photo counts, and counts as ``predict`` answers it.

    Attributes:
        labels: The classes; the index is the label.
        n: Test photos, those without a face included.
        outcomes: How many were correct, wrong, unknown, without a face.
        accuracy: Share of correct photos, 0 to 1.
        interval: Its Wilson 95 % interval.
        baseline: Accuracy of always naming the most frequent class of the test; 0 where the test holds one class alone.
        closed_set: Share of photos whose best class is the right one with the threshold off, 0 to 1.
        top3: Share of photos whose class is among the three most probable, threshold off (1 for three classes or fewer).
        loss: Mean negative log likelihood of the true class (cross-entropy), threshold off, in nats.
        ece: Expected calibration error of the confidence that comes with a name, 0 (it can be believed) to 1; 0 where no photo got one.
        bystanders: Further faces in the test photos that got a name; nobody says whether they are right.
        per_class: One score a class, in label order.
        confusion: How often each answer was given for each class, where it was: (label of the truth, label of the name, photos); the
            answers after the last label are unknown and no face.
        bins: The reliability diagram that `ece` sums up, over the photos that got a name.
        answers: One a test photo, in the order given.
    """

    labels: tuple[str, ...]
    n: int
    outcomes: Outcomes
    accuracy: float
    interval: Interval
    baseline: float
    closed_set: float
    top3: float
    loss: float
    ece: float
    bystanders: int
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, int, int], ...]
    bins: tuple[Bin, ...]
    answers: tuple[Answer, ...]

    @property
    def mistakes(self) -> tuple[Answer, ...]:
        """Photos that did not get their name: wrong ones first, the most confident first."""
        missed = (answer for answer in self.answers if not answer.correct)
        return tuple(sorted(missed, key=lambda answer: (answer.predicted is None, -answer.confidence, answer.index)))

    @property
    def columns(self) -> tuple[str, ...]:
        """What can be answered: the labels, then unknown and no face; the index is that in `confusion`."""
        return (*self.labels, "unknown", "no face")  # not translated: answers for programs

    @property
    def mix_ups(self) -> tuple[tuple[int, int, int], ...]:
        """The entries of `confusion` where another name was given, the most frequent first."""
        wrong = (entry for entry in self.confusion if entry[0] != entry[1] < len(self.labels))
        return tuple(sorted(wrong, key=lambda entry: (-entry[2], entry)))

    def sample(self, count: int) -> tuple[Answer, ...]:
        """Return at most ``count`` answers, evenly spaced: the same ones each time, chosen by nobody."""
        rows = np.linspace(0, self.n - 1, min(count, self.n)).round().astype(int)
        return tuple(self.answers[row] for row in rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings, ready for JSON."""
        return asdict(self)


def evaluate(answers: Sequence[Answer], labels: Sequence[str]) -> Evaluation:
    """Judge a recogniser's answers, one a photo from `outcomes.answer_of`, on photos that chose nothing about it.

    Raises:
        DatasetError: There is no test photo.

    Example:
        >>> from whosthat.evaluation.outcomes import answer_of
        >>> from whosthat.types import Sighting
        >>> said = Sighting("cat", 0.9, probabilities={"cat": 0.9, "dog": 0.1})
        >>> labels = ["cat", "dog"]
        >>> evaluate([answer_of(0, "a.jpg", "cat", [said], labels), answer_of(1, "b.jpg", "cat", [], labels)], labels).outcomes
        Outcomes(correct=1, wrong=0, unknown=0, no_face=1)
    """
    if not answers:
        raise DatasetError("There is no test photo, so nothing can be judged. Add photos, or give the test a larger share of the split.")
    n, outcomes, confusion = len(answers), count(answers), _confusion(answers, labels)
    per_class = _class_scores(confusion, labels)
    photos = [score.n for score in per_class]
    named = [answer for answer in answers if answer.predicted is not None]
    bins = reliability_bins(np.array([answer.confidence for answer in named]), np.array([answer.correct for answer in named], bool))
    return Evaluation(
        labels=tuple(labels),
        n=n,
        outcomes=outcomes,
        accuracy=outcomes.correct / n,
        interval=wilson_interval(outcomes.correct, n),
        baseline=max(photos) / n if sum(map(bool, photos)) > 1 else 0.0,  # where there is but one class, that would be no feat
        closed_set=sum(answer.best == answer.truth for answer in answers) / n,
        top3=sum(answer.rank < TOP for answer in answers) / n,
        loss=float(-np.log(np.maximum([answer.likelihood for answer in answers], SMALLEST_PROBABILITY)).mean()),
        ece=sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / max(1, len(named)),
        bystanders=sum(answer.bystanders for answer in answers),
        per_class=per_class,
        confusion=confusion,
        bins=bins,
        answers=tuple(answers),
    )


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix to look at: of all classes (then it is whole), or of many classes the most confused ones.

    Attributes:
        rows: Labels of the classes that are shown.
        columns: What was answered: those labels, and of all other answers those that were given.
        counts: Photos by row and column, int64 (rows, columns).
        n: Test photos of each row, int64 (rows,).
    """

    rows: tuple[int, ...]
    columns: tuple[str, ...]
    counts: NDArray[np.int64]
    n: NDArray[np.int64]
    whole: bool


def matrix_of(evaluation: Evaluation) -> Matrix:
    """Return the confusion matrix to look at."""
    n_labels = len(evaluation.labels)
    rows = tuple(range(n_labels)) if n_labels <= MOST_CLASSES else _most_confused(evaluation)
    place = {label: column for column, label in enumerate(rows)}
    other, unknown, no_face = range(len(rows), len(rows) + 3)
    place |= {n_labels: unknown, n_labels + 1: no_face}
    counts = np.zeros((len(rows), len(rows) + 3), np.int64)
    for truth, answer, n in evaluation.confusion:
        if truth in place:
            counts[place[truth], place.get(answer, other)] += n
    given = [*range(len(rows)), *(column for column in (other, unknown, no_face) if counts[:, column].any())]
    names = [*(evaluation.labels[label] for label in rows), _("another name"), _("unknown"), _("no face")]
    return Matrix(rows, tuple(names[column] for column in given), counts[:, given], counts.sum(axis=1), len(rows) == n_labels)


def _most_confused(evaluation: Evaluation) -> tuple[int, ...]:
    """Return the labels that were mixed up most often, each beside its partner; where none was, a few that got no name, or any."""
    missed = sorted((-n, truth) for truth, answer, n in evaluation.confusion if answer >= len(evaluation.labels))
    others = [*(truth for _rest, truth in missed), *range(FEW_CLASSES)][:FEW_CLASSES]
    mixed_up = [label for *pair, _n in evaluation.mix_ups for label in pair]
    return tuple(dict.fromkeys(mixed_up or others))[:MOST_CLASSES]


def reliability_bins(confidence: NDArray[Any], right: NDArray[np.bool_]) -> tuple[Bin, ...]:
    """Sort answers into equal bins of confidence, floats ``(n,)`` from 0 to 1, for the reliability diagram and the ECE.

    Source:
        C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 2.
    """
    edges = np.linspace(0.0, 1.0, N_BINS + 1)
    which = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, N_BINS - 1)
    n = np.bincount(which, minlength=N_BINS)
    mean, accuracy = (np.bincount(which, values, N_BINS) / np.maximum(n, 1) for values in (confidence, right.astype(float)))
    return tuple(map(Bin, edges[:-1].tolist(), edges[1:].tolist(), n.tolist(), mean.tolist(), accuracy.tolist()))


def _confusion(answers: Sequence[Answer], labels: Sequence[str]) -> tuple[tuple[int, int, int], ...]:
    """Count what was answered for each class, in order of the labels."""
    places = {name: place for place, name in enumerate(labels)}
    missed = {UNKNOWN: len(labels), NO_FACE: len(labels) + 1}
    counts = Counter((places[one.truth], missed[one.outcome] if one.predicted is None else places[one.predicted]) for one in answers)
    return tuple((truth, answer, n) for (truth, answer), n in sorted(counts.items()))


def _class_scores(confusion: Sequence[tuple[int, int, int]], labels: Sequence[str]) -> tuple[ClassScore, ...]:
    found, given, true = np.zeros((3, len(labels) + 2), np.int64)
    for truth, answer, n in confusion:
        true[truth] += n
        given[answer] += n
        found[truth] += n * (truth == answer)
    precision, recall, f1 = found / np.maximum(given, 1), found / np.maximum(true, 1), 2 * found / np.maximum(given + true, 1)
    return tuple(map(ClassScore, labels, precision.tolist(), recall.tolist(), f1.tolist(), true.tolist()))
