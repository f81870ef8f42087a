from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.recognition.ranking import assign


@st.composite
def gains(draw: st.DrawFn) -> np.ndarray:
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    values = draw(st.lists(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 0.9, 1.0]), min_size=rows * columns, max_size=rows * columns))
    return np.array(values).reshape(rows, columns)


def best_sum(gains: np.ndarray) -> float:
    rows, columns = gains.shape
    padded = np.hstack([gains, np.zeros((rows, rows))])
    return max(
        sum(padded[row, column] for row, column in enumerate(order)) for order in itertools.permutations(range(columns + rows), rows)
    )


@given(gains())
def test_no_other_assignment_gains_more(gains: np.ndarray) -> None:
    answer = assign(gains)
    taken = [column for column in answer if column is not None]
    assert len(taken) == len(set(taken))
    assert all(column is None or gains[row, column] > 0 for row, column in enumerate(answer))
    assert sum(gains[row, column] for row, column in enumerate(answer) if column is not None) == pytest.approx(best_sum(gains))


def test_the_better_face_gets_a_name_that_two_want() -> None:
    assert assign(np.array([[0.6, 0.0], [0.9, 0.0]])) == [None, 0]
