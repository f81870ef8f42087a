"""Who groups without a name may be, of the people who were named: nearly certainly, or rather than nobody who was named.

What belongs here: how near is how likely. What does not: groups and names (`discovery`), what a recogniser says.

The person is the one whose template and three nearest photos are nearest, both together: the photos alone speak for whoever has many of
them, and the template alone is of no use for a photo that is like few others. How likely it is comes from the distance to the template:
which share of strangers is as near to anybody who was named (`recognition.distance_fitting`). Of all groups so near, the guess is made
where more of them are expected to be somebody who was named than not: among photos of friends that is farther than in a crowd.

Source: J. D. Storey, "A direct approach to false discovery rates", Journal of the Royal Statistical Society B 64, 2002.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence, Set
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.distance_fitting import leave_one_person_out, strangers_as_near
from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.heads import compared, mean_of_nearest, templates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray

PROBABLE = 0.03
"""A group is "probably Anna" when no more than so large a share of strangers is as near to anybody who was named."""

MOST, CANDIDATES = 50, 3
"""So many faces of a group are compared, with the photos of so many people, those whose templates are nearest."""


class Faces(NamedTuple):
    """Faces of one person: embeddings, float32 (n, dimensions), the photos that show them, their name, and names that it is not."""

    vectors: FloatArray
    photos: Set[str]
    name: str = ""
    never: Set[str] = frozenset()


def guesses(groups: Sequence[Faces], people: Sequence[Faces], embedder: str) -> list[tuple[str, bool] | None]:
    """Say of each group who of these people it may be, and whether probably so; None where it is more likely nobody of them.

    Who is in one of its photos already is not this group.
    """
    if not groups or not people:
        return [None] * len(groups)
    counts = np.array([len(person.vectors) for person in people])
    vectors, labels = np.concatenate([person.vectors for person in people]), np.repeat(np.arange(len(people)), counts)
    templates = templates_of(vectors, labels, len(people))
    nearest = [_nearest(group, people, templates, counts) for group in groups]
    photos = compared(vectors, labels, np.arange(len(labels)), len(people))
    met = leave_one_person_out(photos.own, photos.nearest, labels)
    shares = strangers_as_near(np.array([away for _best, away in nearest]), met, counts=counts, network=embedder, rate=PROBABLE)
    shares = 1 - (1 - shares) ** [len(group.vectors) for group in groups]  # several faces of hers would most likely be in her group
    limit = _limit(shares)
    return [
        (people[best].name, bool(share <= PROBABLE)) if best is not None and share <= max(limit, PROBABLE) else None
        for (best, _away), share in zip(nearest, shares.tolist(), strict=True)
    ]


def _nearest(group: Faces, people: Sequence[Faces], templates: FloatArray, counts: NDArray[np.int64]) -> tuple[int | None, float]:
    """Return who is nearest, of those who may be it, and how far their template is, comparably."""
    some = group.vectors[:: math.ceil(len(group.vectors) / MOST)]
    away = corrected(distances(some, templates), counts)
    near = np.argsort(away.mean(axis=0), kind="stable").tolist()
    may = (row for row in near if people[row].name not in group.never and group.photos.isdisjoint(people[row].photos))

    def squared(row: int) -> float:
        return float((away[:, row] ** 2 + mean_of_nearest(distances(some, people[row].vectors) ** 2)).mean())

    best = min(itertools.islice(may, CANDIDATES), key=squared, default=None)
    return best, math.inf if best is None else float(away[:, best].mean())


def _limit(shares: NDArray[np.float64]) -> float:
    """Return up to which share of strangers guesses are made: so that right ones less wrong ones are most.

    The shares of groups that are nobody's lie evenly between 0 and 1; how many such groups there are is seen from those above one half.
    """
    nobodies = min(2 * int((shares > 0.5).sum()), len(shares))
    ordered = np.sort(shares)
    gains = np.arange(1, len(shares) + 1) - 2 * nobodies * ordered
    return float(ordered[gains.argmax()]) if gains.max() > 0 else 0.0
