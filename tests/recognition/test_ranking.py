from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.recognition.ranking import assign, sighting_of, sightings_of_faces
from whosthat.types import Box, Face

LABELS = ("anna", "bert", "carl")


def floats(*rows: tuple[float, ...]) -> np.ndarray:
    return np.array(rows, dtype=np.float32)


def named(confidence: np.ndarray, allowed: np.ndarray | None = None) -> list[tuple[str | None, str | None]]:
    """Who each face of a photo is, and who was given to a better face."""
    faces = [Face(Box(0, 0, 1, 1), ((0, 0),) * 5, 0.9)] * len(confidence)
    allowed = np.ones_like(confidence, bool) if allowed is None else allowed
    return [(one.name, one.given_to_better) for one in sightings_of_faces(LABELS, faces, confidence, confidence, allowed)]


def test_the_surest_label_comes_first_and_the_second_is_the_runner_up() -> None:
    sighting = sighting_of(LABELS, floats((0.2, 0.7, 0.1))[0], 1, box=Box(1, 2, 3, 4))
    assert (sighting.name, sighting.runner_up, list(sighting.probabilities)) == ("bert", "anna", ["bert", "anna", "carl"])
    assert sighting.box == Box(1, 2, 3, 4)


def test_unknown_still_says_who_would_have_been_likeliest() -> None:
    sighting = sighting_of(LABELS, floats((0.2, 0.4, 0.3))[0], None)
    assert sighting.name is None
    assert next(iter(sighting.probabilities)) == "bert"


def test_a_chosen_second_choice_comes_first() -> None:
    sighting = sighting_of(LABELS, floats((0.5, 0.3, 0.2))[0], 1)
    assert (sighting.name, sighting.runner_up) == ("bert", "anna")
    assert abs(sighting.confidence - 0.3) < 1e-6


def test_nobody_is_named_twice_in_a_photo() -> None:
    assert named(floats((0.9, 0.1, 0.0), (0.8, 0.25, 0.0))) == [("anna", None), ("bert", None)]


def test_an_unlikely_second_choice_is_nobody_and_who_was_given_to_a_better_face_is_kept() -> None:
    assert named(floats((0.9, 0.1, 0.0), (0.8, 0.15, 0.05))) == [("anna", None), (None, "anna")]


def test_what_is_not_allowed_is_never_given() -> None:
    assert named(floats((0.9, 0.1, 0.0)), np.array([[False, True, True]])) == [(None, None)]


def test_one_label_has_no_runner_up() -> None:
    assert sighting_of(("anna",), floats((1.0,))[0], 0).runner_up is None


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
