"""Ages: photos of one person that are so unlike the others, and so like each other, that they get a template of their own.

A child and the adult, decades apart, are one person and two faces: the average of both is near to neither. What belongs here: finding
such photos. What does not: comparing faces with templates (`identifier`). Whether they show another age or another person, embeddings can
tell only where the two are near; otherwise somebody has to say so.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import DEFAULT_DISTANCE, LOOK_ALIKE, corrected
from whosthat.recognition.gallery import MOST_AGES
from whosthat.recognition.heads import folds_of, held_out_distances, templates_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.recognition.gallery import Gallery
    from whosthat.types import FloatArray, IntArray

FEWEST = 3
"""An age has so many photos at least, copies and bursts counted once, and so many more photos must be recognised with it than without."""

ROUNDS = 10


class Ages(NamedTuple):
    """Of n photos, which age of its person each shows, uint8 (n,), 0 the one with most photos, and who may be somebody else, bool (n,).

    ``doubtful`` are photos of other ages whose template is farther from that of the first than a face may be that gets the name.
    """

    ages: NDArray[np.uint8]
    doubtful: NDArray[np.bool_]


def ages_of(vectors: FloatArray, labels: IntArray, groups: IntArray, n_people: int) -> Ages:
    """Find everybody's ages, where cross-validation within the person gains by it, and the photos are not rather another person's.

    Args:
        vectors: float32 (n, dimensions).
        labels: int64 (n,).
        groups: int64 (n,); copies and bursts share a number.
        n_people: How many people there are.
    """
    ages, doubtful = np.zeros(len(labels), np.uint8), np.zeros(len(labels), bool)
    templates = templates_of(vectors, labels, n_people)
    far = np.linalg.norm(vectors - templates[labels], axis=1) > DEFAULT_DISTANCE
    for person in np.flatnonzero(np.bincount(labels[far], minlength=n_people) >= FEWEST).tolist():
        rows = np.flatnonzero(labels == person)
        own = _ages_of_one(vectors[rows], groups[rows])
        of_ages = templates_of(vectors[rows], own, int(own.max()) + 1)
        to_others = distances(of_ages, np.delete(templates, person, axis=0)).min(axis=1, initial=np.inf)
        own[(to_others < LOOK_ALIKE)[own]] = 0
        ages[rows] = own
        doubtful[rows] = (np.linalg.norm(of_ages - of_ages[0], axis=1) > DEFAULT_DISTANCE)[own]
    return Ages(ages, doubtful)


def with_ages(gallery: Gallery, person: str) -> Gallery:
    """Find the ages of one of the people anew, where somebody says that all their photos show them."""
    rows = np.flatnonzero(gallery.labels == gallery.people.index(person))
    ages = np.zeros(len(gallery.labels), np.uint8) if gallery.ages is None else gallery.ages.copy()
    ages[rows] = ages_of(gallery.vectors[rows], np.zeros_like(rows), np.arange(len(rows)), 1).ages
    return replace(gallery, ages=ages)


def _ages_of_one(vectors: FloatArray, groups: IntArray) -> IntArray:
    """Divide the photos of one person, as long as that helps; int64 (n,)."""
    ages, undivided = np.zeros(len(vectors), np.int64), [0]
    while undivided and ages.max() + 1 < MOST_AGES:
        age = undivided.pop()
        rows = np.flatnonzero(ages == age)
        parts = _halves(vectors[rows])
        if _helps(vectors[rows], groups[rows], parts):
            new = int(ages.max()) + 1
            ages[rows[parts == np.bincount(parts).argmin()]] = new
            undivided += [age, new]
    order = np.argsort(-np.bincount(ages), kind="stable")
    return np.argsort(order)[ages]


def _halves(vectors: FloatArray) -> IntArray:
    """Divide photos into two parts, as unlike as can be, int64 (n,): two means, begun with two photos that are far apart."""
    first = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1).argmax()
    second = np.linalg.norm(vectors - vectors[first], axis=1).argmax()
    centres, parts = vectors[[first, second]], np.zeros(len(vectors), np.int64)
    for _round in range(ROUNDS):
        before, parts = parts, distances(vectors, centres).argmin(axis=1)
        if (parts == before).all() or not 0 < parts.sum() < len(parts):
            break
        centres = templates_of(vectors, parts, 2)
    return parts


def _helps(vectors: FloatArray, groups: IntArray, parts: IntArray) -> bool:
    """Tell whether two templates recognise more of one person's photos than one, each photo by templates that have not learnt from it."""
    if min(len(np.unique(groups[parts == part])) for part in (0, 1)) < FEWEST:
        return False
    first, second = templates_of(vectors, parts, 2)
    if np.linalg.norm(first - second) < LOOK_ALIKE:
        return False  # one template does for both
    with_one, with_two = (
        (corrected(*held_out_distances(vectors, divided, folds_of(divided, groups), 2)) <= DEFAULT_DISTANCE).sum()
        for divided in (np.zeros_like(parts), parts)
    )
    return bool(with_two >= with_one + FEWEST)
