"""From a gallery to a fitted naming: the head by cross-validation, the temperature, and the threshold for strangers.

What belongs here: the order of these steps; everything is measured on photos that the measured thing has not learnt from.
What does not: the steps themselves (`heads`, `face_threshold`), the honest test (`whosthat.workflow.train_faces`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.calibration import fit_temperature
from whosthat.recognition.face_threshold import Trials, comparable, fit_distance, playing_strangers
from whosthat.recognition.heads import HEADS, choose_head, distances, out_of_fold_templates, softmax, templates_of
from whosthat.recognition.naming import Naming

if TYPE_CHECKING:
    from whosthat.recognition.gallery import Gallery
    from whosthat.types import FloatArray, IntArray

AUTO = "auto"

EXPECTED_TEMPERATURE = 0.4
"""Scores of faces are modest. Measured with dlib's vectors of 7 people and 2 to 50 photos each, on all their other photos: 0.2 to 0.5
was best for every number of photos, where scores go by distance. Those of logistic regression on few photos are more modest still,
so that a few photos may say it."""


@dataclass(frozen=True)
class Strangers:
    """Embeddings of people who are not enrolled, float32 (n, dimensions), and which of them each shows, int64 (n,), from 0."""

    vectors: FloatArray
    people: IntArray


@dataclass(frozen=True)
class FittedNaming:
    """A naming, and the accuracy in cross-validation of each head that could have named (empty with too few photos)."""

    naming: Naming
    accuracies: Mapping[str, float]


def fit_naming(
    gallery: Gallery, groups: IntArray, *, head: str = AUTO, strangers: Strangers | None = None, rate: float = 0.01
) -> FittedNaming:
    """Fit everything that names faces.

    Args:
        gallery: The enrolled photos.
        groups: int64 (n,): photos of one group (copies, bursts) are never on both sides of a comparison.
        head: A key of `heads.HEADS`, or ``auto`` to choose.
        strangers: Photos of people who are not enrolled; None when there are none.
        rate: Share of strangers that may be named.
    """
    vectors, owners, n_people = gallery.vectors, gallery.owners, len(gallery.people)
    choice = choose_head(vectors, owners, groups, n_people, tuple(HEADS) if head == AUTO else (head,))
    tested = ~np.isnan(choice.scores).any(axis=1)
    temperature = fit_temperature(softmax(choice.scores[tested]), owners[tested], expected=EXPECTED_TEMPERATURE, sharpen_from=0)

    apart = comparable(*out_of_fold_templates(vectors, owners, groups, n_people))
    own = apart[np.arange(len(owners)), owners]
    threshold = fit_distance(own, playing_strangers(apart, owners), _real_trials(gallery, strangers), rate=rate)
    return FittedNaming(Naming(gallery, choice.head, threshold, temperature), choice.accuracies)


def _real_trials(gallery: Gallery, strangers: Strangers | None) -> Trials | None:
    if strangers is None:
        return None
    n_people = len(gallery.people)
    counts = np.bincount(gallery.owners, minlength=n_people)
    apart = comparable(distances(strangers.vectors, templates_of(gallery.vectors, gallery.owners, n_people)), counts)
    return Trials(apart.min(axis=1), strangers.people)
