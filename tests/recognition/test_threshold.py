"""A threshold keeps its promise, also on photos of people on whom it was not fitted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whosthat.errors import UsageError
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.threshold import Threshold, fit_threshold
from whosthat.translation import using

confidences = st.lists(st.floats(0, 0.999), min_size=1, max_size=60).map(np.array)


@settings(max_examples=30)
@given(confidences, confidences, st.floats(0, 1))
def test_no_more_strangers_are_named_than_promised(known: np.ndarray, strangers: np.ndarray, rate: float) -> None:
    threshold = fit_threshold(known, strangers, stranger_rate=rate)
    named = sum(confidence >= threshold.value for confidence in strangers)
    assert named <= rate * len(strangers) or threshold.value == 0.999 or "both errors as small as possible" in threshold.how
    assert threshold.fpir_low <= threshold.fpir <= threshold.fpir_high


def drawn(generator: np.random.Generator, n_people: int, n_photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Confidences of strangers, alike for photos of one person, and which person each photo shows."""
    logits = generator.normal(0, 1, n_people)[:, None] + generator.normal(0, 1, (n_people, n_photos))
    return (1 / (1 + np.exp(-logits))).ravel(), np.repeat(np.arange(n_people), n_photos)


@pytest.mark.parametrize(("n_people", "n_photos"), [(12, 10), (100, 1)])
def test_the_share_of_new_strangers_named_lies_in_the_interval(n_people: int, n_photos: int) -> None:
    held, stated, named = 0, [], []
    for seed in range(30):
        generator = np.random.default_rng(seed)
        known = 1 / (1 + np.exp(-generator.normal(4, 1.5, 160)))
        threshold = fit_threshold(known, *drawn(generator, n_people, n_photos))
        share = float((drawn(generator, n_people, n_photos)[0] >= threshold.value).mean())
        held += threshold.fpir_low <= share <= threshold.fpir_high
        stated.append(threshold.fpir)
        named.append(share)
    assert held >= 27
    assert np.mean(stated) == pytest.approx(np.mean(named), abs=0.02)


def test_a_stranger_is_counted_at_the_threshold_of_the_others() -> None:
    known, strangers = np.full(20, 0.95), np.array([0.9, 0.89, 0.1, 0.2, 0.3, 0.4])
    assert fit_threshold(known, strangers).fpir == pytest.approx(1 / 6)  # the surest is above all others
    people = np.array([0, 0, 1, 2, 3, 4])
    threshold = fit_threshold(known, strangers, people)
    assert threshold.fpir == pytest.approx(2 / 6)  # and so is the other photo of that person
    assert "cross-validation on 6 photos of 5 strangers" in threshold.how


def test_few_strangers_are_all_refused_and_little_is_claimed_of_others() -> None:
    threshold = fit_threshold(np.linspace(0.9, 0.99, 20), np.array([0.2, 0.5, 0.4, 0.3]), stranger_rate=0.25)
    assert 0.5 < threshold.value < 0.5000001
    assert threshold.how.startswith("About 25 % of strangers would get a name (95 % interval: 0 % to 100 %), ")
    assert threshold.n_strangers == 4


def test_where_strangers_look_like_known_photos_about_half_of_both_are_refused() -> None:
    for seed in range(20):
        known, strangers = np.random.default_rng(seed).uniform(0.3, 1, (2, 200))
        threshold = fit_threshold(known, strangers)
        assert 0.3 < threshold.known_named < 0.7
        assert 0.3 < threshold.fpir < 0.7


def test_one_stranger_of_whom_the_network_is_sure_does_not_make_it_refuse_everybody() -> None:
    threshold = fit_threshold(np.linspace(0.8, 0.99, 20), np.array([0.3, 0.5, 0.999]))
    assert threshold.value == pytest.approx(0.8)
    assert "Naming at most 1 % of strangers would leave 100 % of known photos without a name" in threshold.how


@given(confidences, st.floats(0.5, 1))
def test_without_strangers_the_known_are_named_as_promised(known: np.ndarray, rate: float) -> None:
    threshold = fit_threshold(known, known_rate=rate)
    assert threshold.known_named >= rate - 1e-9
    assert threshold.fpir is None
    assert "How many strangers would get a name is not known" in threshold.how


@pytest.mark.parametrize("strangers", [None, np.array([1.0, 0.1])])
def test_confidences_that_end_in_one_leave_known_photos_their_names(strangers: np.ndarray | None) -> None:
    assert fit_threshold(np.ones(5), strangers).value < 1


@pytest.mark.parametrize("values", [[], [1.5], [np.nan]])
def test_what_is_no_confidence_is_refused(values: list[float]) -> None:
    with pytest.raises(UsageError, match="confidences of strangers between 0 and 1"):
        fit_threshold(np.array([0.5]), np.array(values))


def test_thresholds_of_older_bundles_are_read() -> None:
    old = {"value": 0.5, "how": "x", "strangers_named": 0.1, "strangers_low": 0.0, "strangers_high": 0.3, "known_refused": 0.2}
    for threshold in (Threshold.model_validate({**old, "known_named": 1.0}), DistanceThreshold.model_validate(old)):
        assert (threshold.fpir, threshold.fpir_low, threshold.fpir_high, threshold.fnir) == (0.1, 0.0, 0.3, None)


def test_a_language_changes_the_words_of_a_threshold_and_nothing_else(marked: None) -> None:
    known, strangers = np.linspace(0.5, 1, 40), np.linspace(0.1, 0.7, 20)
    told = fit_threshold(known, strangers)
    with using("en"):
        english = fit_threshold(known, strangers)
    assert told.how.startswith("漢")
    assert told.model_copy(update={"how": ""}) == english.model_copy(update={"how": ""})
