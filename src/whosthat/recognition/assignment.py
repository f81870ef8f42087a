"""One person at most once in a photo: which face gets which name, so that all together fit best.

What belongs here: the assignment of rows to columns with the largest sum. What does not: what the gains mean (`face_recogniser`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def assign(gains: NDArray[np.floating]) -> list[int | None]:
    """Give each row at most one column, and each column to at most one row, so that the sum of gains is largest.

    Args:
        gains: (rows, columns); only gains above 0 are ever taken.

    Returns:
        The column of each row, or None.

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
