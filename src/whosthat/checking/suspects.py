"""Labels that are probably wrong, and people who are easily confused: what embeddings say about a folder of people.

Distances are on the scale of `faces.embedder.SAME_PERSON`, whichever network embeds. Everywhere the vectors are float32 (n, dimensions),
the labels int64 (n,), and so are the groups, in which copies and bursts share a number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from whosthat.recognition.ages import ages_of
from whosthat.recognition.distances import Points, blocks, distances
from whosthat.recognition.face_threshold import DEFAULT_DISTANCE, corrected
from whosthat.recognition.heads import Compared, templates_of
from whosthat.types import FloatArray, IntArray

STRANGER_DISTANCE = 0.6
"""A face farther than this from its own person is better explained by somebody who has no folder."""

CLEAR_MARGIN = 0.1
"""So much nearer to another person than to its own is a photo that is left out of training."""

SAME_PERSON_PAIR = 0.56
"""Two single photos nearer than this mostly show one person; as far apart as `DEFAULT_DISTANCE` between a photo and a template."""


@dataclass(frozen=True)
class Suspect:
    """A photo, by its row, that probably shows somebody else than its folder says.

    ``own`` and ``nearest`` are the comparable distances to its own person and to the nearest other, infinite when there is no other
    photo or person; ``looks_like`` is the label of that other, None where the face is not near enough to be them. ``surprise`` says by how
    much the other explanation fits better, in squared distance; above 0, larger is worse.
    """

    row: int
    own: float
    nearest: float
    looks_like: int | None
    surprise: float


@dataclass(frozen=True)
class Pair:
    """Two people who look alike, and the distance of their templates.

    ``confused`` counts the photos of either that lie nearer to the other than to their own person, and so near that they could get that
    name; those that clearly are the other do not count.
    """

    first: str
    second: str
    distance: float
    confused: int


class Judged(NamedTuple):
    """Of n photos, which had better not be learnt from, bool (n,), and which age of its person each shows, uint8 (n,).

    Those that are ``wrong`` most probably show another enrolled person; those that are ``unlike`` the others of their person, and like each
    other, show another age, or somebody who has no folder.
    """

    wrong: NDArray[np.bool_]
    unlike: NDArray[np.bool_]
    ages: NDArray[np.uint8]


def find_suspects(photos: Compared) -> list[Suspect]:
    """Find the photos that another person, or a stranger, explains better than the person whose folder they lie in.

    Each photo is compared with templates that have not learnt from it nor from its group, so a wrong photo cannot vouch for itself.
    The alternatives are the nearest other person and a stranger, who would be about `STRANGER_DISTANCE` away. A person's only
    photo is suspect only if it is near enough to somebody else to be called by their name. The most striking come first.
    """
    own, nearest, other = photos
    limit = np.where(np.isfinite(own), STRANGER_DISTANCE, DEFAULT_DISTANCE)
    alternative = np.minimum(nearest, limit)
    believed = np.where(np.isfinite(own), own, limit)
    surprise = believed**2 - alternative**2
    suspects = [
        Suspect(row, float(own[row]), float(nearest[row]), int(other[row]) if nearest[row] <= limit[row] else None, float(surprise[row]))
        for row in np.flatnonzero(surprise > 0).tolist()
    ]
    return sorted(suspects, key=lambda suspect: -suspect.surprise)


def judge_photos(vectors: FloatArray, labels: IntArray, groups: IntArray, photos: Compared) -> Judged:
    """Tell which photos had better not be learnt from, and the ages of the others; ``photos`` is what `heads.compared` says of them.

    Stricter than `find_suspects`: wrong is what is too far from its own person to get that name, near enough to another to get theirs, and
    by a clear margin. Nobody loses all photos.
    """
    wrong = np.isfinite(photos.own) & _clearly(photos)
    wrong &= np.isin(labels, labels[~wrong])
    right, unlike, ages = ~wrong, np.zeros(len(labels), bool), np.zeros(len(labels), np.uint8)
    ages[right], unlike[right] = ages_of(vectors[right], labels[right], groups[right], int(labels.max(initial=-1)) + 1)
    return Judged(wrong, unlike, ages)


def find_look_alikes(templates: FloatArray, labels: IntArray, photos: Compared, people: Sequence[str], *, most: int = 10) -> list[Pair]:
    """Find ``most`` pairs of people who are easily confused: those with most confused photos first, then the nearest.

    Templates are of the first age of everybody, float32 (people, dimensions): the average of two ages is near to everybody. People without
    a photo are in no pair.
    """
    confused = _confused(photos, labels)
    pairs = [
        Pair(people[first], people[second], float(np.linalg.norm(templates[first] - templates[second])), confused[first, second])
        for first, second in _nearest_pairs(templates, most) | set(confused)
    ]
    return sorted(pairs, key=lambda pair: (-pair.confused, pair.distance))[:most]


def _nearest_pairs(templates: FloatArray, most: int) -> set[tuple[int, int]]:
    """Return the ``most`` nearest pairs of people, the smaller label first."""
    people = np.flatnonzero(np.isfinite(templates).all(axis=1))
    points, nearest = Points(templates[people]), np.empty((0, 3))
    for block in blocks(len(people), len(people)):
        between = points.squared(templates[people[block]])
        between[np.arange(len(people)) <= np.arange(len(people))[block, None]] = np.inf
        places = np.argpartition(between, min(most, between.size) - 1, axis=None)[:most]
        rows, columns = np.unravel_index(places, between.shape)
        nearest = np.concatenate([nearest, np.stack([between.flat[places], people[block][rows], people[columns]], axis=1)])
        nearest = nearest[np.argsort(nearest[:, 0], kind="stable")[:most]]
    return {(int(first), int(second)) for squared, first, second in nearest if np.isfinite(squared)}


def _confused(photos: Compared, labels: IntArray) -> Counter[tuple[int, int]]:
    """Count the photos of each pair that could get the other's name; what clearly is the other is a wrong label."""
    own, nearest, other = photos
    mixed_up = np.isfinite(own) & (nearest < own) & (nearest <= DEFAULT_DISTANCE) & ~_clearly(photos)
    pairs = np.sort(np.stack([labels[mixed_up], other[mixed_up]], axis=1), axis=1)
    return Counter((int(first), int(second)) for first, second in pairs)


def _clearly(photos: Compared) -> NDArray[np.bool_]:
    """Tell who is too far from their own person to get that name, near enough to another to get theirs, and by a clear margin."""
    own, nearest, _other = photos
    clear: NDArray[np.bool_] = (own > DEFAULT_DISTANCE) & (nearest <= DEFAULT_DISTANCE) & (own >= nearest + CLEAR_MARGIN)
    return clear


def find_outliers(vectors: FloatArray) -> list[int]:
    """Find the photos that do not show the person whom most of the photos show; return their rows, none where all photos agree.

    That person is who the photo with the most photos near it shows. Measured on pairs of people with 1 to 20 photos each: two
    people stay unnoticed in at most 4 of 100 trials, and in 2 to 8 of 100 a photo of one person alone is called a stray.
    """
    if len(vectors) < 2:
        return []
    near = distances(vectors, vectors) <= SAME_PERSON_PAIR
    core = near[near.sum(axis=1).argmax()]
    template = templates_of(vectors[core], np.zeros(core.sum(), np.int64), 1)
    to_template = corrected(distances(vectors, template), np.array([core.sum()]))[:, 0]
    return np.flatnonzero(to_template > STRANGER_DISTANCE).tolist()
