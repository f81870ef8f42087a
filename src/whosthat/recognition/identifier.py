"""Naming embeddings by a gallery: who of the enrolled people, whether anybody at all, and because of which photos.

Head, threshold and calibration are put together here; faces are found elsewhere (`whosthat.faces`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.calibration import apply_temperature
from whosthat.recognition.distances import Points, blocks
from whosthat.recognition.face_threshold import DistanceThreshold, corrected
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.heads import HEADS, LISTED, SQUARED_DISTANCE_SCORE, Scorer, softmax, templates_of
from whosthat.recognition.ranking import people_of_faces
from whosthat.types import Likeness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

NEAREST_SHOWN = 3
"""So many enrolled photos are shown as the reason for an answer."""


class Decision(NamedTuple):
    """What is known of m faces, all (m, k): of each the k likeliest people, which are all where they are no more than `heads.LISTED`.

    The labels, int64, say who they are, in rising order. The probabilities say how likely each person is if it is one of those enrolled,
    the confidence counts strangers in, and ``allowed`` says whether the face is near enough to get the name.
    """

    labels: IntArray
    probabilities: FloatArray
    confidence: FloatArray
    allowed: NDArray[np.bool_]

    def table(self, faces: slice = slice(None)) -> Decision:
        """Return some faces with one column for each of the people who are among the likeliest of any, labels (columns,).

        Where a person is not among the likeliest of a face, the confidence is -1 and the probability 0.
        """
        labels = self.labels[faces]
        columns = labels[0] if len(labels) == 1 else np.array(sorted(set(labels.ravel().tolist())), np.int64)
        places = np.arange(len(labels))[:, None], np.searchsorted(columns, labels)
        shape = len(labels), len(columns)
        table = Decision(columns, np.zeros(shape, np.float32), np.full(shape, -1, np.float32), np.zeros(shape, bool))
        for own, values in zip(table[1:], self[1:], strict=True):
            own[places] = values[faces]
        return table

    def people(self, faces: slice = slice(None)) -> list[int | None]:
        """Choose a person for each of the faces, which are those of one photo: nobody twice."""
        table = self.table(faces)
        columns = people_of_faces(table.probabilities, table.confidence, table.allowed)
        return [None if column is None else int(table.labels[column]) for column in columns]


@dataclass(eq=False)
class Identifier:
    """Names embeddings: a head, by its name in `heads.HEADS`, and the temperature say who it is, the threshold whether it is anybody."""

    gallery: Gallery
    head: str
    threshold: DistanceThreshold
    temperature: float = 1.0

    @cached_property
    def _counts(self) -> IntArray:
        return np.bincount(self.gallery.labels, minlength=len(self.gallery.people))

    @cached_property
    def _templates(self) -> Points:
        return Points(templates_of(self.gallery.vectors, self.gallery.labels, len(self.gallery.people)))

    @cached_property
    def _photos(self) -> Points:
        return Points(self.gallery.vectors)

    @cached_property
    def _scorer(self) -> Scorer:
        return HEADS[self.head](self.gallery.vectors, self.gallery.labels, len(self.gallery.people))

    def distances(self, vectors: FloatArray) -> FloatArray:
        """Return comparable distances to each person's template, float32 (m, people)."""
        return corrected(np.sqrt(self._templates.squared(vectors)), self._counts)

    def nearest_people(self, vectors: FloatArray) -> tuple[FloatArray, IntArray]:
        """Return the comparable distance to the nearest person's template, float32 (m,), and who that is, int64 (m,)."""
        return self._templates.nearest_template(vectors, self._counts)

    def decide(self, vectors: FloatArray) -> Decision:
        """Return everything from which the names of faces, of one photo or of many, follow; `Decision.people` gives them photo by photo."""
        parts = [self._decided(vectors[block]) for block in blocks(len(vectors), len(self.gallery.people))]
        return parts[0] if len(parts) == 1 else Decision(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _decided(self, vectors: FloatArray) -> Decision:
        squares = self._templates.squared(vectors)
        scores = -SQUARED_DISTANCE_SCORE * squares if self.head == "trimmed-mean" else self._scorer(vectors)
        labels = _likeliest(scores)
        shares = apply_temperature(softmax(scores), self.temperature).astype(np.float32)
        probabilities = np.take_along_axis(shares, labels, axis=1)
        distances = corrected(np.sqrt(np.take_along_axis(squares, labels, axis=1)), self._counts[labels])
        # each person's share, times the probability that somebody this near to the likeliest person is no stranger
        known = self.threshold.confidence(distances[np.arange(len(labels)), probabilities.argmax(axis=1)])
        confidence: FloatArray = (probabilities * known[:, None]).astype(np.float32)
        return Decision(labels, probabilities, confidence, distances <= self.threshold.value)

    def nearest(self, vectors: FloatArray) -> list[tuple[Likeness, ...]]:
        """Return, for each embedding, the three enrolled photos that lie nearest, nearest first."""
        people, labels, photos = self.gallery.people, self.gallery.labels, self.gallery.photos
        found = zip(*self._photos.nearest(vectors, NEAREST_SHOWN), strict=True)
        return [
            tuple(Likeness(people[labels[row]], photos[row].name, float(apart)) for row, apart in zip(rows, each, strict=True))
            for rows, each in found
        ]


def _likeliest(scores: FloatArray) -> IntArray:
    """Return the labels of the best `LISTED` scores of each row, (m, k), in rising order; all where there are no more."""
    m, n_people = scores.shape
    if n_people <= LISTED:
        return np.broadcast_to(np.arange(n_people), (m, n_people))
    return np.sort(np.argpartition(scores, n_people - LISTED, axis=1)[:, n_people - LISTED :], axis=1)
