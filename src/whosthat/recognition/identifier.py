"""Naming embeddings by a gallery: who of the enrolled people, whether anybody at all, and because of which photos.

Head, threshold and calibration are put together here; faces are found elsewhere (`whosthat.faces`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.calibration import apply_temperature
from whosthat.recognition.distances import Points, blocks
from whosthat.recognition.face_threshold import LOOK_ALIKE, SURE_OF_LOOK_ALIKES, DistanceThreshold, allowance_of, corrected
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.heads import HEADS, LISTED, SQUARED_DISTANCE_SCORE, Scorer, mean_of_nearest, softmax, templates_of
from whosthat.recognition.ranking import assign, gains
from whosthat.recognition.tensors import let_go
from whosthat.types import Likeness

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from whosthat.recognition.index import Index
    from whosthat.types import FloatArray, IntArray

NEAREST_SHOWN = 3
"""So many enrolled photos are shown as the reason for an answer."""

COMPARED = 8
"""So many people, those of the nearest photos that an index proposes, are compared with a face as exactly as all are without an index."""

TEMPLATES_KEPT = 20_000
"""Templates that were made when somebody was first compared and are kept in memory."""

FACES_KEPT = 16
"""For so many faces what the index proposed is kept: who they are and which photos they resemble is asked one after the other."""

OUT_OF_REACH = np.float32(1e4)
"""Taken off a score, nothing of its share is left; as a squared distance it is beyond every threshold."""

LET_GO_AFTER = 500
"""So many photos of a mapped gallery are looked at before their memory is given back: each brings a piece of the file with it."""


class Decision(NamedTuple):
    """What is known of m faces, all (m, k): of each the k likeliest people, which are all where they are no more than `heads.LISTED`.

    The labels, int64, say who they are; -1 stands for nobody. The probabilities say how likely each person is if it is one of those
    enrolled, the confidence counts strangers in, and ``allowed`` says whether the face is near enough to get the name.
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
        columns = np.array(sorted(set(labels.ravel().tolist()) - {-1}), np.int64)
        there = labels >= 0
        places = np.nonzero(there)[0], np.searchsorted(columns, labels[there])
        shape = len(labels), len(columns)
        table = Decision(columns, np.zeros(shape, np.float32), np.full(shape, -1, np.float32), np.zeros(shape, bool))
        for own, values in zip(table[1:], self[1:], strict=True):
            own[places] = values[faces][there]
        return table

    def people(self, ends: IntArray) -> list[list[int | None]]:
        """Choose a person for each face, photo by photo, nobody twice in one; the faces of a photo end at ``ends``, int64 (photos,)."""
        worth = gains(self.probabilities, self.confidence, self.allowed)
        best = np.where(worth == worth.max(axis=1, keepdims=True), self.labels, np.iinfo(np.int64).max).min(axis=1)
        alone = np.where(worth.any(axis=1), best, -1).tolist()  # what a face gets where there is no other
        starts = np.concatenate([[0], ends[:-1]])
        parts = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        return [self._together(part, alone[part]) for part in parts]

    def _together(self, faces: slice, alone: Sequence[int]) -> list[int | None]:
        """Choose for the faces of one photo; where all would get different names if each were alone, nothing is better."""
        named = [person for person in alone if person >= 0]
        if len(set(named)) == len(named):
            return [None if person < 0 else person for person in alone]
        table = self.table(faces)
        columns = assign(gains(table.probabilities, table.confidence, table.allowed))
        return [None if column is None else int(table.labels[column]) for column in columns]


@dataclass(eq=False)
class Identifier:
    """Names embeddings: a head, by its name in `heads.HEADS`, and the temperature say who it is, the threshold whether it is anybody.

    With an index of its gallery, only the people of the photos that it proposes are compared; all others have no share.
    """

    gallery: Gallery
    head: str
    threshold: DistanceThreshold
    temperature: float = 1.0
    index: Index | None = None
    _looked_up: int = field(default=0, init=False, repr=False)
    _made: dict[int, FloatArray] = field(default_factory=dict, init=False, repr=False)
    _near: dict[bytes, tuple[IntArray, IntArray, FloatArray]] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _of_templates(self) -> tuple[IntArray, IntArray]:
        return self.gallery.templates

    @cached_property
    def _counts(self) -> IntArray:
        """Photos in everybody's first template, int64 (people,)."""
        return np.bincount(self._of_templates[0], minlength=len(self.gallery.people))[: len(self.gallery.people)]

    @cached_property
    def _templates(self) -> Points:
        """Everybody's first template; other ages are few, and asked for apart."""
        return Points(templates_of(self.gallery.vectors, self._of_templates[0], len(self._of_templates[1]))[: len(self.gallery.people)])

    @cached_property
    def _other_ages(self) -> tuple[Points, IntArray, IntArray]:
        """Templates of other ages, k of them, whose they are and of how many photos, both int64 (k,)."""
        (own_template, whose), n_people = self._of_templates, len(self.gallery.people)
        rows = np.flatnonzero(own_template >= n_people)
        labels = own_template[rows] - n_people
        return Points(templates_of(self.gallery.vectors[rows], labels, len(whose) - n_people)), whose[n_people:], np.bincount(labels)

    @cached_property
    def _photos(self) -> Points:
        return Points(self.gallery.vectors)

    @cached_property
    def _scorer(self) -> Scorer:
        return HEADS[self.head](self.gallery.vectors, self.gallery.labels, len(self.gallery.people))

    @cached_property
    def _own_photos(self) -> tuple[IntArray, IntArray]:
        """Every row, person by person, and where each person's begin and in the end the last one's end."""
        counts = np.bincount(self.gallery.labels, minlength=len(self.gallery.people))
        return np.argsort(self.gallery.labels, kind="stable"), np.concatenate([[0], np.cumsum(counts)])

    def _look_up(self, rows: IntArray) -> FloatArray:
        """Return embeddings of the gallery, float32 (k, dimensions)."""
        self._looked_up += len(rows)
        vectors: FloatArray = self.gallery.vectors[rows]
        if self._looked_up > LET_GO_AFTER:
            let_go(self.gallery.vectors)
            self._looked_up = 0
        return vectors

    def distances(self, vectors: FloatArray, people: IntArray | None = None) -> FloatArray:
        """Return comparable distances to the templates of some people, int64 (k,), or of all; float32 (m, k)."""
        everybody = np.arange(len(self.gallery.people)) if people is None else people
        return corrected(
            np.sqrt(self._squares(vectors, everybody, None if people is None else self._templates_of(people))), self._counts[everybody]
        )

    def _squares(self, vectors: FloatArray, people: IntArray, templates: FloatArray | None = None) -> FloatArray:
        """Return squared distances to the nearest age of some people, as far as to a template of as many photos as their first one has.

        ``templates``, float32 (k, dimensions), are those of the people, int64 (k,); None where they are everybody.
        """
        squares = (self._templates if templates is None else Points(templates)).squared(vectors)
        if len(self._of_templates[1]) > len(self.gallery.people):
            ages, whose, counts = self._other_ages
            more = ages.squared(vectors) - allowance_of(counts) + allowance_of(self._counts[whose])
            for age, person in enumerate(whose.tolist()):
                column = np.flatnonzero(people == person)
                squares[:, column] = np.minimum(squares[:, column], np.maximum(more[:, age : age + 1], 0))
        return squares

    def nearest_people(self, vectors: FloatArray) -> tuple[FloatArray, IntArray]:
        """Return the comparable distance to the nearest person's template, float32 (m,), and who that is, int64 (m,)."""
        if self.index is None:
            if len(self._of_templates[1]) == len(self.gallery.people):
                return self._templates.nearest_template(vectors, self._counts)
            every = [self.distances(vectors[block]) for block in blocks(len(vectors), len(self.gallery.people))]
            return np.concatenate([far.min(axis=1) for far in every]), np.concatenate([far.argmin(axis=1) for far in every])
        people = [self._people_near(vector)[0] for vector in vectors]
        far = [self.distances(vector[None], own)[0] for vector, own in zip(vectors, people, strict=True)]
        nearest = [(row.min(), own[row.argmin()]) for row, own in zip(far, people, strict=True)]
        return np.array([row for row, _own in nearest], np.float32), np.array([own for _row, own in nearest], np.int64)

    def likeliest(self, vectors: FloatArray) -> set[int]:
        """Return everybody whom one of the faces, of one person or of several, may be near to."""
        return set(self.decide(vectors).labels.ravel().tolist()) - {-1}

    def decide(self, vectors: FloatArray, never: NDArray[np.bool_] | None = None) -> Decision:
        """Return everything from which the names of faces, of one photo or of many, follow; `Decision.people` gives them photo by photo.

        ``never``, (m, people), says who a face is not, as somebody told; these have no share in it. None where nobody told.
        """
        told = (lambda rows: None) if never is None else never.__getitem__
        if self.index is not None:
            parts = [self._decided_by_index(vector, told(row)) for row, vector in enumerate(vectors)]
        else:
            parts = [self._decided(vectors[block], told(block)) for block in blocks(len(vectors), len(self.gallery.people))]
        return parts[0] if len(parts) == 1 else Decision(*(np.concatenate(part) for part in zip(*parts, strict=True)))

    def _decided(self, vectors: FloatArray, never: NDArray[np.bool_] | None) -> Decision:
        squares = self._squares(vectors, np.arange(len(self.gallery.people)))
        scores = -SQUARED_DISTANCE_SCORE * squares if self.head == "trimmed-mean" else self._scorer(vectors)
        scores, squares = self._without_ruled_out(vectors, np.arange(len(self.gallery.people)), scores, squares, never)
        labels = _likeliest(scores)
        shares = apply_temperature(softmax(scores), self.temperature).astype(np.float32)
        probabilities = np.take_along_axis(shares, labels, axis=1)
        distances = corrected(np.sqrt(np.take_along_axis(squares, labels, axis=1)), self._counts[labels])
        return self._told(labels, probabilities, distances)

    def _without_ruled_out(
        self, vectors: FloatArray, people: IntArray, scores: FloatArray, squares: FloatArray, never: NDArray[np.bool_] | None
    ) -> tuple[FloatArray, FloatArray]:
        """Put people out of reach of faces that are nearer to a face that was ruled out for them than to their template.

        Not corrected for template size: a face that was ruled out by mistake would take the person's own photos with it.

        ``people``, int64 (k,), are those of the columns; scores, squared distances, float32, and who is ``never`` meant are (m, k).
        """
        out = self.gallery.ruled_out
        if out is None and never is None:
            return scores, squares
        struck = np.zeros(scores.shape, bool) if never is None else never.copy()
        if out is not None:
            far = Points(out.vectors).squared(vectors)
            for column in np.flatnonzero(np.isin(people, out.labels)).tolist():
                struck[:, column] |= far[:, out.labels == people[column]].min(axis=1) < squares[:, column]
        return np.where(struck, scores - OUT_OF_REACH, scores), np.where(struck, np.float32(OUT_OF_REACH), squares)

    def _told(self, labels: IntArray, probabilities: FloatArray, distances: FloatArray) -> Decision:
        """Count strangers in: a share, times the probability that somebody this near to the likeliest person is no stranger."""
        known = self.threshold.confidence(distances[np.arange(len(labels)), probabilities.argmax(axis=1)])
        confidence: FloatArray = (probabilities * known[:, None]).astype(np.float32)
        allowed = distances <= self.threshold.value
        self._refuse_between_look_alikes(labels, probabilities, allowed)
        return Decision(labels, probabilities, confidence, allowed)

    def _refuse_between_look_alikes(self, labels: IntArray, probabilities: FloatArray, allowed: NDArray[np.bool_]) -> None:
        """Allow no name to faces that may as well be the second of two people who look alike; the arrays are those of a `Decision`."""
        near = np.flatnonzero(allowed.any(axis=1))
        if not len(near) or labels.shape[1] < 2:
            return
        second, best = np.partition(probabilities[near], (-2, -1), axis=1)[:, -2:].T
        for row in near[(best < SURE_OF_LOOK_ALIKES * (best + second)) & (second > 0)].tolist():
            one, two = self._templates_of(labels[row, np.argsort(-probabilities[row], kind="stable")[:2]])
            if np.linalg.norm(one - two) < LOOK_ALIKE:
                allowed[row] = False

    def _decided_by_index(self, vector: FloatArray, never: NDArray[np.bool_] | None) -> Decision:
        people = self._people_near(vector)[0]
        squares = self._squares(vector[None], people, self._templates_of(people))
        scores = -SQUARED_DISTANCE_SCORE * (squares if self.head == "trimmed-mean" else self._near_photos(vector, people))
        scores, squares = self._without_ruled_out(vector[None], people, scores, squares, None if never is None else never[None, people])
        labels = np.full((1, COMPARED), -1, np.int64)
        probabilities, distances = np.zeros((1, COMPARED), np.float32), np.full((1, COMPARED), np.inf, np.float32)
        labels[0, : len(people)] = people
        probabilities[0, : len(people)] = apply_temperature(softmax(scores), self.temperature)[0]
        distances[0, : len(people)] = corrected(np.sqrt(squares), self._counts[people])[0]
        return self._told(labels, probabilities, distances)

    def _proposed(self, vector: FloatArray) -> IntArray:
        if self.index is None:
            return np.arange(len(self.gallery.labels))
        rows = self.index.propose(vector[None])[0]
        if rows[0] < 0:  # all cells near the face are empty
            rows = self.index.propose(vector[None], len(self.index.sizes))[0]
        return np.sort(rows[rows >= 0])

    def _people_near(self, vector: FloatArray) -> tuple[IntArray, IntArray, FloatArray]:
        """Return the people of the photos that the index proposes, nearest first, and the nearest rows with their distances."""
        key = vector.tobytes()
        if key not in (kept := self._near):
            rows = self._proposed(vector)
            far = np.linalg.norm(self._look_up(rows) - vector, axis=1)
            order = np.argsort(far, kind="stable")
            people = list(dict.fromkeys(self.gallery.labels[rows[order]].tolist()))[:COMPARED]
            self._near = kept = {**(kept if len(kept) < FACES_KEPT else {}), key: (np.array(people, np.int64), rows[order], far[order])}
        return kept[key]

    def _rows_of(self, person: int) -> IntArray:
        rows, starts = self._own_photos
        return rows[starts[person] : starts[person + 1]]

    def _templates_of(self, people: IntArray) -> FloatArray:
        """Return the first templates of some people, each made once; float32 (k, dimensions)."""
        made = {person: self._made[person] for person in people.tolist() if person in self._made}
        if missing := [person for person in people.tolist() if person not in made]:
            rows = [self._rows_of(person) for person in missing]
            rows = [own[self._of_templates[0][own] == person] for own, person in zip(rows, missing, strict=True)]
            labels = np.repeat(np.arange(len(missing)), [len(own) for own in rows])
            made.update(zip(missing, templates_of(self._look_up(np.concatenate(rows)), labels, len(missing)), strict=True))
            if len(self._made) < TEMPLATES_KEPT:
                self._made.update(made)
        return np.stack([made[person] for person in people.tolist()])

    def _near_photos(self, vector: FloatArray, people: IntArray) -> FloatArray:
        """Return for each person the mean squared distance of their three nearest photos, float32 (1, k)."""
        far = [((self._look_up(self._rows_of(person)) - vector) ** 2).sum(axis=1) for person in people.tolist()]
        return np.array([[mean_of_nearest(own) for own in far]], np.float32)

    def nearest(self, vectors: FloatArray) -> list[tuple[Likeness, ...]]:
        """Return, for each embedding, the three enrolled photos that lie nearest, nearest first."""
        people, labels, photos = self.gallery.people, self.gallery.labels, self.gallery.photos
        found: Iterable[tuple[IntArray, FloatArray]]
        if self.index is None:
            found = zip(*self._photos.nearest(vectors, NEAREST_SHOWN), strict=True)
        else:
            found = ((rows[:NEAREST_SHOWN], far[:NEAREST_SHOWN]) for _people, rows, far in map(self._people_near, vectors))
        return [
            tuple(Likeness(people[labels[row]], photos[row].name, float(far)) for row, far in zip(rows, each, strict=True))
            for rows, each in found
        ]


def _likeliest(scores: FloatArray) -> IntArray:
    """Return the labels of the best `LISTED` scores of each row, (m, k), in rising order; all where there are no more."""
    m, n_people = scores.shape
    if n_people <= LISTED:
        return np.broadcast_to(np.arange(n_people), (m, n_people))
    return np.sort(np.argpartition(scores, n_people - LISTED, axis=1)[:, n_people - LISTED :], axis=1)
