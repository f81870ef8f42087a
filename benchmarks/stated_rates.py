"""Whether the stated share of strangers holds, by the number of people and of photos a person: thirty random subsets for each.

A subset is enrolled as training does, with exactly 1, 2, 3, 5 or 10 photos a person where there are enough people with so many; photos of
everybody else are counted. Of each number of photos stand: the subsets in which the share that got a name lies within the stated interval,
and the means of the share that got a name, of the one that was stated, and of its interval.

- actors: people of `avengers` and `strangers`; ten photos of each other person.
- LFW: people of fold 1, the only one here, of whom 163 have two photos or more, and 80 three: these subsets differ in photos alone. One
  photo of each other person. "With half of the strangers given", the other half is counted.
- drawn: not people but embeddings, as there are not enough people here. Their spread, between people and within one, is that of LFW
  fold 1, both normal distributions; the nearest of them are not as near as real look-alikes. As many strangers as the interval is for.

"Ten times": what training says that the same distance would do with ten times as many people, and what it did, people of LFW with two
photos each, one photo of each other person.

The network's numbers come from other folds of LFW; the width of what is believed of reid-0095 before a photo is seen, and that an interval
is for 40 strangers or more, were chosen with photos of actors and of LFW in sight. Subsets of 27 actors share most of their people.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from benchmarks.face_photos import EMBEDDERS
from benchmarks.faces_strangers import Faces, actors_and_lfw, enrol, fitted
from benchmarks.measuring import Row
from whosthat.recognition.distance_fitting import FEWEST_MET, TIMES_MORE
from whosthat.recognition.identifier import Identifier
from whosthat.types import FloatArray, IntArray

TITLE = "Faces: stated stranger rates, by people and photos"
PHOTOS, FEW, SUBSETS = (1, 2, 3, 5, 10), (1, 3), 30
FEWEST_HELD = 27  # 90 %


class Drawn:
    """Draws embeddings of people who do not exist, with the spread of real ones."""

    def __init__(self, faces: Faces) -> None:
        n_photos = np.bincount(faces.people)
        centres = np.stack([faces.vectors[faces.people == person].mean(axis=0) for person in range(len(n_photos))])
        several = n_photos[faces.people] > 1
        residuals = (faces.vectors - centres[faces.people])[several]
        within = residuals.T @ residuals / (several.sum() - (n_photos > 1).sum())
        self._middle, self._faces = centres.mean(axis=0), faces
        self._between, self._within = root(np.cov(centres.T) - within * np.mean(1 / n_photos)), root(within)

    def people(self, n_people: int, photos: int, chance: np.random.Generator) -> Faces:
        """Draw so many people with so many photos each."""
        d = len(self._middle)
        centres = self._middle + chance.normal(size=(n_people, d)) @ self._between
        people = np.repeat(np.arange(n_people), photos)
        vectors = centres[people] + chance.normal(size=(len(people), d)) @ self._within
        return replace(self._faces, vectors=vectors.astype(np.float32), people=people, groups=np.arange(len(people)))


def root(covariance: FloatArray) -> FloatArray:
    """Return a matrix that turns independent normal numbers, as rows, into such with this covariance."""
    variances, directions = np.linalg.eigh(covariance)
    return (directions * np.sqrt(np.maximum(variances, 0))).T  # type: ignore[no-any-return]


def measure() -> list[Row]:
    """Every embedder that is here."""
    return [row for embedder in EMBEDDERS for row in rows(embedder)]


def rows(embedder: str) -> list[Row]:
    """All subsets with one embedder."""
    actors, lfw = actors_and_lfw(embedder)
    drawn = Drawn(lfw)
    found = [of_subsets(f"actors, {n} people", partial(of_real, actors, n, some=10)) for n in (2, 7, 20)]
    found += [of_subsets(f"LFW, {n} people", partial(of_real, lfw, n)) for n in (7, 25, 80, 163)]
    found += [of_subsets(f"LFW, {n} people, half of the strangers given", partial(of_real, lfw, n, given=True)) for n in (7, 80)]
    found += [of_subsets(f"drawn, {n:,} people", partial(of_drawn, drawn, n)) for n in (7, 100, 1680)]
    found += [of_subsets("drawn, 4,000 people", partial(of_drawn, drawn, 4000), FEW)]
    found += [ten_times(lfw, n) for n in (7, 16)]
    return [replace(row, what=f"{row.what}, {embedder}") for row in found]


def of_subsets(what: str, counted: Callable[[int, int], tuple[Identifier, FloatArray] | None], numbers: tuple[int, ...] = PHOTOS) -> Row:
    """Say of each number of photos how often the statement held, and which share was named."""
    parts = []
    for photos in numbers:
        subsets = [one for seed in range(SUBSETS) if (one := counted(photos, seed)) is not None]
        if not subsets:
            continue
        thresholds = [identifier.threshold for identifier, _vectors in subsets]
        stated = np.array([(one.fpir_low, one.fpir, one.fpir_high) for one in thresholds], np.float64)
        named = np.array([named_of(*one) for one in subsets])
        held = int(((stated[:, 0] <= named) & (named <= stated[:, 2])).sum())
        low, middle, high = 100 * stated.mean(axis=0)
        one_each = f"{photos} photo{'s' * (photos > 1)}"
        parts.append(f"{one_each}: held in {held}, named {100 * named.mean():.2f}, stated {middle:.2f} ({low:.1f} to {high:.1f}) %")
    return Row(what, "; ".join(parts), f"held in >= {FEWEST_HELD} of {SUBSETS}")


def of_real(
    faces: Faces, n_people: int, photos: int, seed: int, *, some: int = 1, given: bool = False
) -> tuple[Identifier, FloatArray] | None:
    """Enrol so many photos of so many people drawn by lot; None where there are too few such people."""
    chance = np.random.default_rng(seed)
    shuffled = faces.of(chance.permutation(len(faces.people)))
    enough = np.flatnonzero(np.bincount(faces.people) >= photos)
    if len(enough) < n_people:
        return None
    people = chance.permutation(enough)[:n_people]
    others = shuffled.some(chance.permutation(np.setdiff1d(faces.people, people)), some, chance)
    if not given:
        return fitted(enrol(shuffled, people, photos)[0], faces.embedder), others.vectors
    helping = np.isin(others.people, np.unique(others.people)[::2])
    identifier = fitted(enrol(shuffled, people, photos)[0], faces.embedder, others.of(np.flatnonzero(helping)))
    return identifier, others.vectors[~helping]


def of_drawn(drawn: Drawn, n_people: int, photos: int, seed: int) -> tuple[Identifier, FloatArray]:
    """Draw people, and as many strangers as the interval is for."""
    chance = np.random.default_rng(seed)
    enrolled = drawn.people(n_people, photos, chance)
    others = drawn.people(max(n_people, FEWEST_MET), 1, chance).vectors
    return fitted(enrol(enrolled, np.arange(n_people), photos)[0], enrolled.embedder), others


def named_of(identifier: Identifier, vectors: FloatArray) -> float:
    """Return the share of faces that get a name."""
    return float((identifier.nearest_people(vectors)[0] <= identifier.threshold.value).mean())


def ten_times(faces: Faces, n_people: int) -> Row:
    """Compare what is said of ten times as many people with what becomes of the share."""
    said, few, many = [], [], []
    for seed in range(SUBSETS):
        chance = np.random.default_rng(seed)
        people: IntArray = chance.permutation(np.flatnonzero(np.bincount(faces.people) >= 2))[: TIMES_MORE * n_people]
        others = faces.some(np.setdiff1d(faces.people, people), 1, chance).vectors
        shuffled = faces.of(chance.permutation(len(faces.people)))
        identifier = fitted(enrol(shuffled, people[:n_people], 2)[0], faces.embedder)
        larger = replace(identifier, gallery=enrol(shuffled, people, 2)[0])
        words = re.search(r"this distance would name about ([\d.]+) %", identifier.threshold.how)
        said.append(float(words[1]) if words else np.nan)
        few.append(100 * named_of(identifier, others))
        many.append(100 * named_of(larger, others))
    figure = f"said {np.mean(said):.1f} %, named {np.mean(many):.1f} % ({np.mean(few):.2f} % with {n_people})"
    return Row(f"Ten times: the distance of {n_people} people of LFW with {len(people)}", figure)
