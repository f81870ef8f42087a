"""From confidences to sightings: who comes first, who second, and nobody twice in a photo. How sure one is stands elsewhere."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whosthat.types import Box, Likeness, Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from whosthat.types import Face, FloatArray

SECOND_CHOICE = 0.2
"""A face whose likeliest person is somebody else in the photo may get its second choice, if that is at least so likely."""

_LEAST_GAIN = 1e-6
"""Added to every confidence, so that a name that is allowed is given even where its confidence is 0."""


def sightings_of_faces(
    labels: Sequence[str],
    faces: Sequence[Face],
    probabilities: FloatArray,
    confidence: FloatArray,
    allowed: NDArray[np.bool_],
    nearest: Iterable[tuple[Likeness, ...]] | None = None,
) -> list[Sighting]:
    """Make the sightings of the faces of one photo: nobody is named twice, and all together are surest. The arrays are those of `gains`."""
    worth = gains(probabilities, confidence, allowed)
    people = assign(worth)
    # a face that could have a name and has none lost it to another face: else the sum of what is given would not be largest
    better = [int(row.argmax()) if person is None and row.any() else None for row, person in zip(worth, people, strict=True)]
    each = zip(confidence, people, better, faces, nearest or [()] * len(faces), strict=True)
    return [
        replace(sighting_of(labels, row, person, given_to_better=other, box=face.box, nearest=photos), face=face)
        for row, person, other, face, photos in each
    ]


def gains(probabilities: FloatArray, confidence: FloatArray, allowed: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Return what each name is worth for each face, for `assign`; 0 where it cannot have it.

    All arrays are (faces, people): ``probabilities`` decide who may be a second choice, ``confidence`` is how sure a name would be,
    ``allowed`` whether a face may get this name at all.
    """
    best = probabilities == probabilities.max(axis=1, keepdims=True)
    eligible = allowed & (best | (probabilities >= SECOND_CHOICE))
    return np.where(eligible, confidence + _LEAST_GAIN, 0.0)


def sighting_of(
    labels: Sequence[str],
    confidence: FloatArray,
    person: int | None,
    *,
    given_to_better: int | None = None,
    box: Box | None = None,
    nearest: tuple[Likeness, ...] = (),
) -> Sighting:
    """Make a sighting: every label with its confidence, float (labels,), surest first, but for those whose confidence is below 0.

    The ``person`` that was chosen comes first even if it is not the surest; None is for unknown. ``given_to_better`` is the label that
    a better face got instead, ``box`` is None for a whole photo, and ``nearest`` are the enrolled photos that speak for the answer.
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] >= 0]
    if person is not None:
        order = np.concatenate([[person], order[order != person]])
    ranked = {labels[index]: float(confidence[index]) for index in order}
    (_, sureness), *others = ranked.items()
    runner_up, runner_up_confidence = others[0] if others else (None, 0.0)
    name = None if person is None else labels[person]
    better = None if given_to_better is None else labels[given_to_better]
    return Sighting(name, sureness, runner_up, runner_up_confidence, box, ranked, nearest, better)


def assign(gains: NDArray[np.floating]) -> list[int | None]:
    """Give each row at most one column, or None, and each column to at most one row, so that the sum of gains is largest.

    Only gains above 0 are ever taken.

    Source:
        H. W. Kuhn, "The Hungarian method for the assignment problem", 1955, in the form with potentials that adds one row after
        another along the shortest augmenting path (R. Jonker and A. Volgenant, 1987).

    Example:
        >>> assign(np.array([[0.9, 0.8], [0.7, 0.0]]))
        [1, 0]
    """
    rows, columns = gains.shape
    if rows == 1:
        best = int(gains[0].argmax())
        return [best if gains[0, best] > 0 else None]
    # a column of its own for each row means "no column", at no gain
    costs = np.hstack([-np.maximum(gains, 0), np.zeros((rows, rows))]).astype(float)
    row_of = np.full(columns + rows, -1)
    row_price, column_price = np.zeros(rows), np.zeros(columns + rows)
    for row in range(rows):
        _add_row(row, costs, row_of, row_price, column_price)
    answer: list[int | None] = [None] * rows
    for column in range(columns):
        row = int(row_of[column])
        if row >= 0 and gains[row, column] > 0:
            answer[row] = column
    return answer


def _add_row(
    row: int, costs: NDArray[np.float64], row_of: NDArray[np.int_], row_price: NDArray[np.float64], column_price: NDArray[np.float64]
) -> None:
    """Give one more row a column, moving others along the cheapest path."""
    n = costs.shape[1]
    least, before, seen = np.full(n, np.inf), np.full(n, -1), np.zeros(n, bool)
    current_row, current = row, -1
    visited: list[int] = []
    while current_row >= 0:
        reduced = costs[current_row] - row_price[current_row] - column_price
        nearer = ~seen & (reduced < least)
        least[nearer], before[nearer] = reduced[nearer], current
        nearest = int(np.where(seen, np.inf, least).argmin())
        step = least[nearest]
        row_price[row] += step
        row_price[row_of[visited]] += step
        column_price[visited] -= step
        least[~seen] -= step
        seen[nearest] = True
        visited.append(nearest)
        current, current_row = nearest, int(row_of[nearest])
    while current >= 0:
        previous = int(before[current])
        row_of[current] = row if previous < 0 else row_of[previous]
        current = previous
