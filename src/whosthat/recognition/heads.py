"""Heads: three ways from an embedding to a score for every enrolled person, and choosing among them by cross-validation.

Whether it is one of these people at all is decided by distance alone (`identifier`): a classifier's probabilities say nothing of strangers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from whosthat.errors import DatasetError
from whosthat.recognition.distances import Points, blocks
from whosthat.recognition.face_threshold import corrected
from whosthat.translation import N_

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

Scorer: TypeAlias = "Callable[[FloatArray], FloatArray]"
"""Embeddings (m, dimensions) to scores (m, people): logits, to be calibrated by a temperature."""

KEPT_SHARE, ROUNDS = 0.8, 3
NEAREST = 3
"""A person is as near as the mean of their three nearest photos: one photo in the wrong folder decides nothing."""

SQUARED_DISTANCE_SCORE = 16.0
"""Logit per squared distance, on the scale of `faces.embedder.SAME_PERSON`. Photos of one person scatter with a variance of about 0.12
around their template, spread over the few directions in which people differ; the temperature corrects what is wrong with this number."""

LOGISTIC_PENALTY, LOGISTIC_STEPS = 0.1, 60
MOST_LOGISTIC_WORK = 20_000_000
"""Photos x people x dimensions beyond which logistic regression costs seconds for each fold and at each start, and is not used."""

FOLDS = 5

LISTED = 100
"""Of more people, an answer lists the likeliest so many, and the temperature is fitted on them: the others have no share to speak of."""


@dataclass(frozen=True)
class Choice:
    """Which head was chosen, and why.

    The accuracies, by head, are those of cross-validation; empty when there was nothing to choose with. The scores are the out-of-fold
    logits of the chosen head, float32 (n, people), of more than `LISTED` those of the true person and of the best others; NaN where no fold
    could test. ``truth``, int64 (n,), is the column of the true person. Heads that the photos are too many for are ``not_tried``.
    """

    head: str
    accuracies: Mapping[str, float]
    scores: FloatArray
    truth: IntArray
    not_tried: tuple[str, ...] = ()


def trimmed_mean(vectors: FloatArray) -> FloatArray:
    """Average the embeddings of each person, float32 (people, n, dimensions), n at least 1, that agree with each other.

    Starts at the median; three times the mean of the nearest 80 % is taken, so a few photos of somebody else do not move it.
    """
    # not numpy.median, nor numpy.unique or numpy.setdiff1d below: they load numpy.ma, which would be a twentieth of the start of predict
    n = vectors.shape[1]
    centres: FloatArray = np.sort(vectors, axis=1)[:, [(n - 1) // 2, n // 2]].mean(axis=1)
    kept = max(1, int(np.ceil(KEPT_SHARE * n)))
    for _round in range(ROUNDS):
        nearest = np.argsort(np.linalg.norm(vectors - centres[:, None], axis=2), axis=1, kind="stable")[:, :kept]
        centres = np.take_along_axis(vectors, nearest[:, :, None], axis=1).mean(axis=1, dtype=np.float32)
    return centres


def templates_of(vectors: FloatArray, labels: IntArray, n_people: int) -> FloatArray:
    """Return each person's trimmed mean, float32 (people, dimensions); infinitely far away for a person without photos."""
    templates = np.full((n_people, vectors.shape[1]), np.inf, np.float32)
    for people, rows in by_count(labels, n_people):
        templates[people] = trimmed_mean(vectors[rows])
    return templates


def by_count(labels: IntArray, n_people: int) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield people who have equally many photos, (k,), with the rows of their photos, (k, n): a step a number, not a person."""
    counts = np.bincount(labels, minlength=n_people)
    ordered, starts = np.argsort(labels, kind="stable"), np.cumsum(counts) - counts
    for n in sorted(set(counts.tolist()) - {0}):
        people = np.flatnonzero(counts == n)
        yield people, ordered[starts[people][:, None] + np.arange(n)]


def by_template(vectors: FloatArray, labels: IntArray, n_people: int) -> Scorer:
    """Score by the distance to each person's trimmed mean."""
    templates = Points(templates_of(vectors, labels, n_people))

    def score(faces: FloatArray) -> FloatArray:
        scores = templates.squared(faces)
        scores *= -SQUARED_DISTANCE_SCORE
        return scores

    return score


def by_nearest(vectors: FloatArray, labels: IntArray, n_people: int) -> Scorer:
    """Score by the mean squared distance to each person's three nearest photos."""
    photos, own_photos = Points(vectors), list(by_count(labels, n_people))

    def score(faces: FloatArray) -> FloatArray:
        squares = photos.squared(faces)
        scores = np.full((len(faces), n_people), -np.inf, np.float32)
        for people, rows in own_photos:
            scores[:, people] = -SQUARED_DISTANCE_SCORE * mean_of_nearest(squares[:, rows])
        return scores

    return score


def mean_of_nearest(squares: FloatArray) -> FloatArray:
    """Return the mean of the three smallest along the last axis, or of all where there are fewer."""
    few = min(NEAREST, squares.shape[-1])
    mean: FloatArray = np.partition(squares, few - 1, axis=-1)[..., :few].mean(axis=-1)
    return mean


def by_logistic_regression(vectors: FloatArray, labels: IntArray, n_people: int) -> Scorer:
    """Score by multinomial logistic regression with an L2 penalty.

    Newton's steps with one matrix that bounds all Hessians, so each costs two small products: no import, the same bits every
    time, and a few hundredths of a second for a thousand photos.

    Source: D. Böhning, "Multinomial logistic regression algorithm", Annals of the Institute of Statistical Mathematics 44, 1992.
    """
    middle = vectors.mean(axis=0)
    inputs = np.hstack([vectors - middle, np.ones((len(vectors), 1), np.float32)])
    targets = np.eye(n_people, dtype=np.float32)[labels]
    bound = 0.5 * (inputs.T @ inputs) + LOGISTIC_PENALTY * np.eye(inputs.shape[1], dtype=np.float32)
    step = np.linalg.inv(bound.astype(np.float64)).astype(np.float32)
    weights = np.zeros((inputs.shape[1], n_people), np.float32)
    for _step in range(LOGISTIC_STEPS):
        gradient = inputs.T @ (softmax(inputs @ weights) - targets) + LOGISTIC_PENALTY * weights
        weights -= step @ gradient
    absent = np.bincount(labels, minlength=n_people) == 0

    def score(faces: FloatArray) -> FloatArray:
        scores: FloatArray = ((faces - middle) @ weights[:-1] + weights[-1]).astype(np.float32)
        scores[:, absent] = -np.inf
        return scores

    return score


HEADS: Mapping[str, Callable[[FloatArray, IntArray, int], Scorer]] = {
    "trimmed-mean": by_template,
    "nearest": by_nearest,
    "logistic": by_logistic_regression,
}
"""Every head by name, the simplest first."""

IN_WORDS: Mapping[str, str] = {
    "trimmed-mean": N_("average of each person's photos"),
    "nearest": N_("nearest photos"),
    "logistic": N_("logistic regression"),
}
"""What a head is called in sentences."""


def choose_head(vectors: FloatArray, labels: IntArray, groups: IntArray, n_people: int, heads: Sequence[str] = tuple(HEADS)) -> Choice:
    """Choose the head that names best the photos that it has not learnt from; of equals, the simplest, which stands first.

    Photos of one group (copies, bursts), int64 (n,), are never on both sides. DatasetError where there are too many photos for every one
    of these heads.
    """
    not_tried = tuple(name for name in heads if name == "logistic" and vectors.size * n_people > MOST_LOGISTIC_WORK)
    tried = [name for name in heads if name not in not_tried]
    if not tried:
        raise DatasetError(
            'The head {head} takes too long for {n:,} photos of {n_people:,} people. Set head = "auto" or "nearest" in the recipe.',
            head=not_tried[0],
            n=len(labels),
            n_people=n_people,
        )
    folds = folds_of(labels, groups)
    tested = _testable(labels, folds) & (n_people > 1)  # of one person, every head is always right
    if not tested.any():
        return Choice(tried[0], {}, np.full((len(labels), min(n_people, LISTED)), np.nan, np.float32), labels, not_tried)
    scores = {name: _out_of_fold(name, vectors, labels, folds, n_people) for name in tried}
    right = {name: float((rows[tested].argmax(axis=1) == truth[tested]).mean()) for name, (rows, truth) in scores.items()}
    best = max(right, key=lambda name: right[name])  # the first of equals
    chosen, truth = scores[best]
    chosen[~tested] = np.nan
    return Choice(best, right, chosen, truth, not_tried)


def held_out_distances(vectors: FloatArray, labels: IntArray, folds: IntArray, n_people: int) -> tuple[FloatArray, IntArray]:
    """Return each photo's distance to a template of its own person that has not learnt from its fold (`folds_of`), int64 (n,).

    With them, float32 (n,), comes how many photos each of these templates was made of, int64 (n,); infinite and 0 where there was none.
    """
    held_out = np.full(len(labels), np.inf, np.float32)
    counts = np.zeros(len(labels), np.int64)
    for fold in range(FOLDS):
        inside, learnt = np.flatnonzero(folds == fold), folds != fold
        counts[inside] = np.bincount(labels[learnt], minlength=n_people)[labels[inside]]
        there = inside[counts[inside] > 0]
        templates = templates_of(vectors[learnt], labels[learnt], n_people)[labels[there]]
        held_out[there] = np.linalg.norm(vectors[there] - templates, axis=1)
    return held_out, counts


class Compared(NamedTuple):
    """Of n photos the comparable distance to their own person, float32 (n,), to the nearest other, likewise, and who that is, int64."""

    own: FloatArray
    nearest: FloatArray
    other: IntArray


def compared(
    vectors: FloatArray, labels: IntArray, groups: IntArray, n_people: int, templates: tuple[IntArray, IntArray] | None = None
) -> Compared:
    """Compare each photo with its own person and with the nearest other.

    Only the own person's template must not have learnt from the photo; the others never have. Where somebody has several, ``templates`` are
    those of `Gallery.templates`.
    """
    own_template, whose = (labels, np.arange(n_people)) if templates is None else templates
    own = corrected(*held_out_distances(vectors, own_template, folds_of(own_template, groups), len(whose)))
    points, counts = Points(templates_of(vectors, own_template, len(whose))), np.bincount(own_template, minlength=len(whose))
    return Compared(own, *points.nearest_template(vectors, counts, besides=labels, labels=whose))


def softmax(logits: FloatArray) -> FloatArray:
    """Turn logits into probabilities, row by row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    normal: FloatArray = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    return normal


def folds_of(labels: IntArray, groups: IntArray) -> IntArray:
    """Give every group to a fold, class by class in turn, so that every fold holds something of each; int64 (n,), from 0."""
    fold_of_group: dict[int, int] = {}
    turns: dict[int, dict[int, int]] = {}
    order = np.argsort(labels, kind="stable")
    for person, group in zip(labels[order].tolist(), groups[order].tolist(), strict=True):
        own = turns.setdefault(person, {})
        fold_of_group.setdefault(group, own.setdefault(group, len(own)) % FOLDS)
    return np.array([fold_of_group[group] for group in groups.tolist()], np.int64)


def _testable(labels: IntArray, folds: IntArray) -> NDArray[np.bool_]:
    """Photos whose person has photos in another fold as well."""
    in_fold = np.bincount(labels * FOLDS + folds, minlength=(int(labels.max()) + 1) * FOLDS).reshape(-1, FOLDS)
    several: NDArray[np.bool_] = ((in_fold > 0).sum(axis=1) > 1)[labels]
    return several


def _out_of_fold(name: str, vectors: FloatArray, labels: IntArray, folds: IntArray, n_people: int) -> tuple[FloatArray, IntArray]:
    """Return `Choice.scores` and `Choice.truth` of one head."""
    scores, truth = np.full((len(labels), min(n_people, LISTED)), -np.inf, np.float32), labels if n_people <= LISTED else labels * 0
    for fold in range(folds.max() + 1):
        inside, learnt = np.flatnonzero(folds == fold), folds != fold
        if not learnt.any():
            continue
        score = HEADS[name](vectors[learnt], labels[learnt], n_people)
        for block in blocks(len(inside), len(labels)):
            rows = inside[block]
            scores[rows] = _listed(score(vectors[rows]), labels[rows])
    return scores, truth


def _listed(scores: FloatArray, labels: IntArray) -> FloatArray:
    """Of many people keep the scores of the true one, which comes first, and of the best others."""
    if scores.shape[1] <= LISTED:
        return scores
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    np.put_along_axis(scores, labels[:, None], -np.inf, axis=1)
    return np.hstack([own, np.partition(scores, 1 - LISTED, axis=1)[:, 1 - LISTED :]])
