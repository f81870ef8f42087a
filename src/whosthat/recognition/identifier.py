"""Naming embeddings by a gallery: who of the enrolled people, whether anybody at all, and because of which photos.

Head, threshold and calibration are put together here; faces are found elsewhere (`whosthat.faces`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.calibration import apply_temperature
from whosthat.recognition.face_threshold import DistanceThreshold, corrected
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.heads import HEADS, Scorer, distances, softmax, templates_of
from whosthat.recognition.ranking import people_of_faces
from whosthat.types import Likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray

NEAREST_SHOWN = 3
"""So many enrolled photos are shown as the reason for an answer."""


class Decision(NamedTuple):
    """What is known of m faces, all (m, people).

    The probabilities say how likely each person is if it is one of them, the confidence counts strangers in, and ``allowed`` says
    whether the face is near enough to get the name.
    """

    probabilities: FloatArray
    confidence: FloatArray
    allowed: NDArray[np.bool_]

    def people(self, faces: slice = slice(None)) -> list[int | None]:
        """Choose a person for each of the faces, which are those of one photo: nobody twice."""
        return people_of_faces(self.probabilities[faces], self.confidence[faces], self.allowed[faces])


@dataclass(eq=False)
class Identifier:
    """Names embeddings: a head, by its name in `heads.HEADS`, and the temperature say who it is, the threshold whether it is anybody."""

    gallery: Gallery
    head: str
    threshold: DistanceThreshold
    temperature: float = 1.0

    @cached_property
    def _templates(self) -> FloatArray:
        return templates_of(self.gallery.vectors, self.gallery.labels, len(self.gallery.people))

    @cached_property
    def _scorer(self) -> Scorer:
        return HEADS[self.head](self.gallery.vectors, self.gallery.labels, len(self.gallery.people))

    def distances(self, vectors: FloatArray) -> FloatArray:
        """Return comparable distances to each person's template, float32 (m, people)."""
        counts = np.bincount(self.gallery.labels, minlength=len(self.gallery.people))
        return corrected(distances(vectors, self._templates), counts)

    def probabilities(self, vectors: FloatArray) -> FloatArray:
        """Return, if it is one of the enrolled people, how likely it is each of them; float32 (m, people), rows sum to 1."""
        return apply_temperature(softmax(self._scorer(vectors)), self.temperature).astype(np.float32)

    def confidence(self, probabilities: FloatArray, distances: FloatArray) -> FloatArray:
        """Return how likely a face is each person, strangers included: what is missing to 1 is the stranger's share.

        It is the share of each person, times the probability that somebody this near to the likeliest person is no stranger.
        """
        known = self.threshold.confidence(distances[np.arange(len(probabilities)), probabilities.argmax(axis=1)])
        result: FloatArray = (probabilities * known[:, None]).astype(np.float32)
        return result

    def decide(self, vectors: FloatArray) -> Decision:
        """Return everything from which the names of faces, of one photo or of many, follow; `Decision.people` gives them photo by photo."""
        probabilities, distances = self.probabilities(vectors), self.distances(vectors)
        return Decision(probabilities, self.confidence(probabilities, distances), distances <= self.threshold.value)

    def nearest(self, vector: FloatArray) -> tuple[Likeness, ...]:
        """Return the three enrolled photos that lie nearest to an embedding, nearest first."""
        to_photos = distances(vector[None], self.gallery.vectors)[0]
        rows = np.argsort(to_photos, kind="stable")[:NEAREST_SHOWN]
        people, labels, photos = self.gallery.people, self.gallery.labels, self.gallery.photos
        return tuple(Likeness(people[labels[row]], photos[row].name, float(to_photos[row])) for row in rows)
