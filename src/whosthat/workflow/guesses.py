"""Who a group without a name may be, of the people who were named: nearly certainly, or at least more likely than anybody else.

What belongs here: how near is how likely. What does not: groups and names (`discovery`), what a recogniser says.

The person is the one whose three nearest photos are nearest: unlike the middle of all photos, they tell people apart also in a photo
that is like few others. How likely it is comes from the distance to the person's template, of which more is known
(`recognition.impostors`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.heads import templates_of
from whosthat.recognition.impostors import Impostors

if TYPE_CHECKING:
    from whosthat.types import FloatArray

PROBABLE, POSSIBLE = 0.03, 0.25
"""A group is "probably Anna" when no more than so large a share of strangers is as near to anybody who was named, and "perhaps Anna" up to
the other. Of a group of several faces so much less: had they been Anna's, they would most likely have been in her group."""

NEAREST, CANDIDATES = 3, 3
"""So many photos of each of so many people are compared, those whose templates are nearest."""

MOST = 50
"""So many faces of a group are compared."""


class Person(NamedTuple):
    """Somebody who was named: name, embeddings, float32 (n, dimensions), and the photos that show them."""

    name: str
    vectors: FloatArray
    photos: Set[str]


class Guesses:
    """People who were named, and the network that embedded their faces."""

    def __init__(self, people: Sequence[Person], embedder: str) -> None:
        self._people = people
        self._counts = np.array([len(person.vectors) for person in people])
        labels = np.repeat(np.arange(len(people)), self._counts)
        self._templates = templates_of(np.concatenate([person.vectors for person in people]), labels, len(people))
        self._strangers = Impostors(embedder)

    def of(self, vectors: FloatArray, photos: Set[str], never: Set[str] = frozenset()) -> tuple[str | None, bool]:
        """Return who a group may be, and whether probably rather than perhaps; None where nobody is near enough.

        Args:
            vectors: The group's embeddings, float32 (n, dimensions).
            photos: The photos that they are in: who is in one of them already is not this group.
            never: Names that it does not have.
        """
        some = vectors[:: math.ceil(len(vectors) / MOST)]
        away = corrected(distances(some, self._templates), self._counts).mean(axis=0)
        if self._strangers.expected(away.min(), self._counts) * len(vectors) > POSSIBLE:
            return None, False
        near = np.argsort(away, kind="stable")[:CANDIDATES].tolist()
        best = min(near, key=lambda one: float(np.sort(distances(some, self._people[one].vectors))[:, :NEAREST].mean()))
        person, strangers = self._people[best], self._strangers.expected(away[best], self._counts) * len(vectors)
        if person.name in never or not photos.isdisjoint(person.photos) or strangers > POSSIBLE:
            return None, False
        return person.name, bool(strangers <= PROBABLE)
