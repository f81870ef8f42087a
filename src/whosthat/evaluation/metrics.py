"""Figures of an honest test: probabilities and the truth in, an `Evaluation` out.

What belongs here: numbers that follow from test answers alone, computed with numpy (scikit-learn's import costs three
seconds; the tests compare against it). What does not: whether the numbers are good (`diagnosis`), pictures (`plots`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import DatasetError
from whosthat.proportions import SMALLEST_PROBABILITY, Interval, wilson_interval

N_BINS = 15
"""Bins of the reliability diagram, as in Guo et al. 2017."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How one class fared.

    Attributes:
        name: The class.
        precision: Of the photos called this class, the share that were; 0 when none was called so.
        recall: Of the photos of this class, the share found; 0 when the test holds none.
        f1: Harmonic mean of the two; 0 when both are 0.
        n: Test photos of this class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    n: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One test photo and what was said about it.

    Attributes:
        index: Its row in the arrays that were evaluated.
        path: The photo, as the split names it.
        truth: The class it is.
        said: The class with the highest probability.
        confidence: That probability, 0 to 1.
    """

    index: int
    path: str
    truth: str
    said: str
    confidence: float

    @property
    def right(self) -> bool:
        """Whether the photo was named rightly."""
        return self.truth == self.said


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar of the reliability diagram: the answers whose confidence lies in (low, high].

    Attributes:
        low: Lower end, exclusive (inclusive for the first bin).
        high: Upper end, inclusive.
        n: Answers inside.
        confidence: Their mean confidence; 0 for an empty bin.
        accuracy: The share of them that were right; 0 for an empty bin.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An honest test in numbers.

    Attributes:
        labels: The classes; the index is the label.
        n: Test photos.
        accuracy: Share of photos named rightly, 0 to 1.
        interval: Its Wilson 95 % interval.
        baseline: Accuracy of always naming the most frequent class of the test.
        top3: Share of photos whose class is among the three most probable (1 for three classes or fewer).
        loss: Mean negative log likelihood (cross-entropy), in nats.
        ece: Expected calibration error, 0 (confidence can be believed) to 1.
        per_class: One score a class, in label order.
        confusion: Counts; row = truth, column = what was said.
        bins: The reliability diagram that `ece` sums up.
        answers: One a test photo, in the order given.
    """

    labels: tuple[str, ...]
    n: int
    accuracy: float
    interval: Interval
    baseline: float
    top3: float
    loss: float
    ece: float
    per_class: tuple[ClassScore, ...]
    confusion: tuple[tuple[int, ...], ...]
    bins: tuple[Bin, ...]
    answers: tuple[Answer, ...]

    @property
    def n_right(self) -> int:
        """Photos named rightly."""
        return sum(answer.right for answer in self.answers)

    @property
    def mistakes(self) -> tuple[Answer, ...]:
        """Wrong answers, the most confident first."""
        wrong = (answer for answer in self.answers if not answer.right)
        return tuple(sorted(wrong, key=lambda answer: (-answer.confidence, answer.index)))

    def sample(self, count: int) -> tuple[Answer, ...]:
        """Return at most ``count`` answers, evenly spaced: the same ones each time, chosen by nobody."""
        rows = np.linspace(0, self.n - 1, min(count, self.n)).round().astype(int)
        return tuple(self.answers[row] for row in rows)

    def to_dict(self) -> dict[str, Any]:
        """Return plain lists, numbers and strings, ready for JSON; `from_dict` is the inverse."""
        return asdict(self)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> Evaluation:
        """Rebuild from `to_dict`'s mapping.

        Raises:
            ValueError: A key is missing or a value has the wrong type.
        """
        from pydantic import TypeAdapter  # only readers of saved runs pay for it

        return TypeAdapter(cls).validate_python(mapping)


def evaluate(probabilities: NDArray[Any], truth: NDArray[Any], labels: Sequence[str], paths: Sequence[str]) -> Evaluation:
    """Judge a recogniser's answers on photos that chose nothing about it.

    Args:
        probabilities: Float array ``(n, c)``, each row summing to 1, already calibrated.
        truth: Integer array ``(n,)``, the label of each photo, 0 to c - 1.
        labels: The c class names.
        paths: The n photos, as the split names them.

    Raises:
        DatasetError: There is no test photo, the shapes disagree, or a probability is not a number between 0 and 1.

    Example:
        >>> result = evaluate(np.array([[0.9, 0.1], [0.4, 0.6]]), np.array([0, 0]), ["cat", "dog"], ["a.jpg", "b.jpg"])
        >>> result.accuracy, result.mistakes[0].said
        (0.5, 'dog')
    """
    probabilities, truth = _checked(probabilities, truth, labels, paths)
    said = probabilities.argmax(axis=1)
    confidence = probabilities.max(axis=1)
    confusion = confusion_counts(truth, said, len(labels))
    n_right = int(np.trace(confusion))
    bins = reliability_bins(confidence, said == truth)
    return Evaluation(
        labels=tuple(labels),
        n=len(truth),
        accuracy=n_right / len(truth),
        interval=wilson_interval(n_right, len(truth)),
        baseline=float(confusion.sum(axis=1).max() / len(truth)),
        top3=_top_share(probabilities, truth, 3),
        loss=log_loss(probabilities, truth),
        ece=sum(one.n * abs(one.accuracy - one.confidence) for one in bins) / len(truth),
        per_class=_class_scores(confusion, labels),
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
        bins=bins,
        answers=tuple(
            Answer(row, str(paths[row]), labels[truth[row]], labels[said[row]], float(confidence[row])) for row in range(len(truth))
        ),
    )


def confusion_counts(truth: NDArray[Any], said: NDArray[Any], n_classes: int) -> NDArray[np.int64]:
    """Count answers: entry (t, s) is how many photos of class t were called s. Shape ``(n_classes, n_classes)``."""
    counts = np.bincount(truth * n_classes + said, minlength=n_classes * n_classes)
    return counts.reshape(n_classes, n_classes).astype(np.int64)


def log_loss(probabilities: NDArray[Any], truth: NDArray[Any]) -> float:
    """Return the mean negative log probability of the true class, in nats."""
    of_truth = probabilities[np.arange(len(truth)), truth]
    return float(-np.log(np.maximum(of_truth, SMALLEST_PROBABILITY)).mean())


def reliability_bins(confidence: NDArray[Any], right: NDArray[np.bool_], n_bins: int = N_BINS) -> tuple[Bin, ...]:
    """Sort answers into equal bins of confidence, for the reliability diagram and the ECE.

    Args:
        confidence: Float array ``(n,)``, 0 to 1.
        right: Bool array ``(n,)``.
        n_bins: Bins over 0 to 1.

    Source:
        C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 2.
    """
    edges = np.linspace(0.0, 1.0, n_bins + 1)
    which = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, n_bins - 1)
    n = np.bincount(which, minlength=n_bins)
    divisor = np.maximum(n, 1)
    mean_confidence = np.bincount(which, weights=confidence, minlength=n_bins) / divisor
    accuracy = np.bincount(which, weights=right.astype(float), minlength=n_bins) / divisor
    return tuple(Bin(float(edges[b]), float(edges[b + 1]), int(n[b]), float(mean_confidence[b]), float(accuracy[b])) for b in range(n_bins))


def _top_share(probabilities: NDArray[Any], truth: NDArray[Any], k: int) -> float:
    # The rank of the truth is the number of classes before it in a stable order, best first, so ties agree with argmax.
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :k]
    return float((order == truth[:, None]).any(axis=1).mean())


def _class_scores(confusion: NDArray[np.int64], labels: Sequence[str]) -> tuple[ClassScore, ...]:
    found = np.diag(confusion)
    called, true = confusion.sum(axis=0), confusion.sum(axis=1)
    precision = found / np.maximum(called, 1)
    recall = found / np.maximum(true, 1)
    f1 = 2 * found / np.maximum(called + true, 1)
    return tuple(ClassScore(name, float(precision[i]), float(recall[i]), float(f1[i]), int(true[i])) for i, name in enumerate(labels))


def _checked(
    probabilities: NDArray[Any], truth: NDArray[Any], labels: Sequence[str], paths: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    probabilities, truth = np.asarray(probabilities, np.float64), np.asarray(truth, np.int64)
    if len(truth) == 0:
        raise DatasetError("There is no test photo, so nothing can be judged. Add photos, or give the test a larger share of the split.")
    if probabilities.shape != (len(truth), len(labels)) or len(paths) != len(truth):
        raise DatasetError(
            f"The answers do not fit the test photos: expected probabilities of shape ({len(truth)}, {len(labels)}) and as many paths, "
            f"but {probabilities.shape} and {len(paths)} paths came. Evaluate with the labels that the recogniser was trained on."
        )
    if truth.min() < 0 or truth.max() >= len(labels):
        raise DatasetError(f"A label lies outside 0 to {len(labels) - 1}: {int(truth.min())} to {int(truth.max())} came.")
    if not ((probabilities >= 0) & (probabilities <= 1 + 1e-5)).all():
        raise DatasetError(
            "A probability is not a number between 0 and 1. The network's output is broken; a smaller learning rate usually mends it."
        )
    return np.minimum(probabilities, 1.0), truth
