"""From a gallery to a fitted naming: the head by cross-validation, the temperature, and the threshold for strangers.

Everything is measured on photos that the measured thing has not learnt from. What does not belong here: the steps themselves (`heads`,
`distance_fitting`), the honest test (`whosthat.workflow.train_faces`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.calibration import fit_temperature
from whosthat.recognition.distance_fitting import ImpostorTrials, fit_distance, leave_one_person_out
from whosthat.recognition.distances import Points
from whosthat.recognition.heads import HEADS, Compared, choose_head, compared, softmax, templates_of
from whosthat.recognition.identifier import Identifier

if TYPE_CHECKING:
    from whosthat.recognition.gallery import Gallery
    from whosthat.recognition.threshold import CurvePoint
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
class FittedIdentifier:
    """What names faces, how its head was chosen (see `heads.Choice`), and what other thresholds would do.

    ``photos`` is how far each lies from the others of its person, and from the nearest other person.
    """

    identifier: Identifier
    accuracies: Mapping[str, float]
    photos: Compared
    not_tried: tuple[str, ...] = ()
    curve: tuple[CurvePoint, ...] = ()


def fit_identifier(
    gallery: Gallery, groups: IntArray, *, head: str = AUTO, strangers: Strangers | None = None, rate: float = 0.01, embedder: str = ""
) -> FittedIdentifier:
    """Fit everything that names faces; DatasetError where the photos are too many for this head.

    Args:
        gallery: The enrolled photos, with their ages.
        groups: int64 (n,): photos of one group (copies, bursts) are never on both sides of a comparison.
        head: A key of `heads.HEADS`, or ``auto`` to choose.
        strangers: Photos of people who are not enrolled; None when there are none.
        rate: Share of strangers that may be named.
        embedder: Name of the network that embedded the photos; empty for one of which nothing is known.
    """
    vectors, labels, n_people = gallery.vectors, gallery.labels, len(gallery.people)
    choice = choose_head(vectors, labels, groups, n_people, tuple(HEADS) if head == AUTO else (head,))
    tested = ~np.isnan(choice.scores).any(axis=1)
    temperature = fit_temperature(softmax(choice.scores[tested]), choice.truth[tested], expected=EXPECTED_TEMPERATURE, sharpen_from=0)

    (own_template, whose), real = gallery.templates, None
    counts = np.bincount(own_template, minlength=n_people)  # a stranger meets every template
    if strangers is not None:
        nearest, _ = Points(templates_of(vectors, own_template, len(whose))).nearest_template(strangers.vectors, counts)
        real = ImpostorTrials(nearest, strangers.people)
    photos = compared(vectors, labels, groups, n_people, (own_template, whose))
    played = leave_one_person_out(photos.own, photos.nearest, labels)
    threshold, curve = fit_distance(photos.own, played, real, counts=counts, network=embedder, rate=rate)
    identifier = Identifier(gallery, choice.head, threshold, temperature)
    return FittedIdentifier(identifier, choice.accuracies, photos, choice.not_tried, curve)
