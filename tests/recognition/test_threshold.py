"""A threshold keeps its promise on the photos it was fitted on, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.recognition.threshold import Threshold, fit_threshold

confidences = st.lists(st.floats(0, 0.999), min_size=1, max_size=60).map(np.array)


@given(confidences, confidences, st.floats(0, 1))
def test_no_more_strangers_are_named_than_promised(known: np.ndarray, strangers: np.ndarray, rate: float) -> None:
    threshold = fit_threshold(known, strangers, stranger_rate=rate)
    named = sum(threshold.accepts(confidence) for confidence in strangers)
    assert named <= rate * len(strangers) or "as small together as can be" in threshold.how
    assert threshold.strangers_named == named / len(strangers)


@given(confidences, confidences)
def test_the_mistakes_of_both_kinds_never_outweigh_naming_everybody(known: np.ndarray, strangers: np.ndarray) -> None:
    threshold = fit_threshold(known, strangers)
    assert threshold.known_named >= 0.9 - 1e-9 or (1 - threshold.known_named) + threshold.strangers_named <= 1 + 1e-9


def test_one_stranger_of_whom_the_network_is_sure_does_not_make_it_refuse_everybody() -> None:
    threshold = fit_threshold(np.linspace(0.8, 0.99, 20), np.array([0.3, 0.5, 0.999]))
    assert (threshold.value, threshold.strangers_named) == (pytest.approx(0.8), pytest.approx(1 / 3))
    assert "Naming no more than 1 in 100 would have cost 100 in 100 known photos their name" in threshold.how


@given(confidences, st.floats(0.5, 1))
def test_without_strangers_the_known_are_named_as_promised(known: np.ndarray, rate: float) -> None:
    threshold = fit_threshold(known, known_rate=rate)
    assert threshold.known_named >= rate - 1e-9
    assert threshold.strangers_named is None
    assert "it is not known how many strangers would be named" in threshold.how


def test_it_is_the_smallest_value_that_keeps_the_promise() -> None:
    threshold = fit_threshold(np.array([0.9, 0.6]), np.array([0.2, 0.5, 0.4, 0.3]), stranger_rate=0.25)
    assert 0.4 < threshold.value < 0.4000001
    assert threshold.how.startswith("About 25 in 100 strangers would be named, between 4.6 and 69.9: 1 of the 4 photos")
    assert (threshold.n_strangers, threshold.strangers_low < 0.25 < threshold.strangers_high) == (4, True)


def test_a_stranger_as_sure_as_can_be_is_admitted_in_the_figures() -> None:
    assert fit_threshold(np.array([1.0]), np.array([1.0, 0.1])).strangers_named == 0.5


def test_equal_is_enough() -> None:
    threshold = Threshold(value=0.5, how="by hand", known_named=1)
    assert (threshold.accepts(0.5), threshold.accepts(0.4999)) == (True, False)


@pytest.mark.parametrize("values", [[], [1.5], [np.nan]])
def test_what_is_no_confidence_is_refused(values: list[float]) -> None:
    with pytest.raises(UsageError, match="confidences of strangers between 0 and 1"):
        fit_threshold(np.array([0.5]), np.array(values))
