from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import WeightsError
from whosthat.recognition.enrolling import Strangers, fit_naming
from whosthat.recognition.face_threshold import (
    DEFAULT_DISTANCE,
    SMALLEST_VALUE,
    DistanceThreshold,
    Trials,
    comparable,
    fit_distance,
    playing_strangers,
    refused_sentence,
)
from whosthat.recognition.gallery import Gallery

KNOWN = np.random.default_rng(0).normal(0.34, 0.06, 500).astype(np.float32)


@given(rate=st.floats(0.001, 0.2), n=st.integers(100, 1500))
def test_no_more_than_the_wanted_share_of_the_trials_is_named(rate: float, n: int) -> None:
    trials = np.random.default_rng(n).normal(0.63, 0.07, n).astype(np.float32)
    threshold = fit_distance(KNOWN, Trials(trials, np.arange(n) % 7), rate=rate)
    named = int((trials <= threshold.value).sum())
    assert named == int(rate * n)
    assert threshold.strangers_named == pytest.approx(named / n, abs=0.06)
    assert threshold.strangers_low <= threshold.strangers_named <= threshold.strangers_high


def test_a_person_who_stands_out_is_counted_at_the_distance_of_the_others() -> None:
    """One stranger in ten looks like somebody enrolled: the distance that refuses that very person would hide it."""
    distances = np.concatenate([np.full(20, 0.3), np.linspace(0.6, 0.8, 180)]).astype(np.float32)
    threshold = fit_distance(KNOWN, Trials(distances, np.arange(200) // 20))
    assert threshold.strangers_named == pytest.approx(0.1)
    assert threshold.value < 0.3


def test_the_promise_holds_for_people_it_was_not_fitted_on(
    gallery_of: Callable[..., Gallery], strangers_of: Callable[..., np.ndarray]
) -> None:
    gallery = gallery_of(n_people=20, each=20)
    naming = fit_naming(gallery, np.arange(400)).naming
    named = (naming.distances(strangers_of(200, 5)).min(axis=1) <= naming.threshold.value).mean()
    assert 0.001 < named < 0.04
    assert (naming.distances(gallery_of(n_people=20, each=21).vectors).min(axis=1) <= naming.threshold.value).mean() > 0.97


def test_photos_in_the_wrong_folder_do_not_move_the_threshold(gallery_of: Callable[..., Gallery]) -> None:
    clean = gallery_of(n_people=8, each=30)
    owners = clean.owners.copy()
    owners[::40] = (owners[::40] + 1) % 8
    wrong = Gallery(clean.people, clean.vectors, owners, clean.photos)
    fitted, spoilt = (fit_naming(gallery, np.arange(240)).naming.threshold.value for gallery in (clean, wrong))
    assert spoilt == pytest.approx(fitted, abs=0.03)


def test_with_few_people_the_documented_distance_is_used_and_that_is_said(gallery_of: Callable[..., Gallery]) -> None:
    threshold = fit_naming(gallery_of(n_people=2, each=2), np.arange(4)).naming.threshold
    assert threshold.value == DEFAULT_DISTANCE
    assert threshold.strangers_named is None
    assert "There are too few people and photos (4 faces of 2 people)" in threshold.how


def test_real_strangers_are_preferred_and_few_of_them_are_joined(
    gallery_of: Callable[..., Gallery], strangers_of: Callable[..., np.ndarray]
) -> None:
    gallery = gallery_of(n_people=6, each=30)
    many = fit_naming(gallery, np.arange(180), strangers=Strangers(strangers_of(40, 5), np.repeat(np.arange(40), 5))).naming.threshold
    few = fit_naming(gallery, np.arange(180), strangers=Strangers(strangers_of(5, 2), np.repeat(np.arange(5), 2))).naming.threshold
    assert (many.n_strangers, few.n_strangers) == (200, 190)
    assert "200 faces of 40 people who are in none of the folders" in many.how
    assert "190 faces of 11 people, given strangers and each known person in turn" in few.how


def test_a_photo_nearer_to_another_person_plays_no_stranger() -> None:
    apart = np.array([[0.3, 0.7], [0.6, 0.2], [0.8, 0.3]], np.float32)
    trials = playing_strangers(apart, np.array([0, 0, 1]))
    np.testing.assert_allclose(trials.distances, [0.7, 0.8])
    assert trials.n_people == 2


def test_distances_on_another_scale_are_noticed(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=6, each=30)
    far = dataclasses.replace(gallery, vectors=30 * gallery.vectors)
    with pytest.raises(WeightsError, match=r'apart; at most 5 was expected.*"same_person", "mean" or "scale" cannot be right'):
        fit_naming(far, np.arange(180))
    together = dataclasses.replace(gallery, vectors=0 * gallery.vectors)
    assert fit_naming(together, np.arange(180)).naming.threshold.value == SMALLEST_VALUE


def test_a_template_of_one_photo_may_lie_farther() -> None:
    near, far = comparable(np.array([[0.55, 0.55]], np.float32), np.array([1, 50]))[0]
    assert near < 0.5 < far
    assert comparable(np.array([[0.1]], np.float32), np.array([1]))[0, 0] == 0


@given(distance=st.floats(0, 1.5), more=st.floats(0.001, 0.5))
def test_confidence_falls_with_the_distance(distance: float, more: float) -> None:
    threshold = fit_distance(KNOWN, Trials(KNOWN + 0.3, np.arange(500) % 7))
    near, far = threshold.confidence(np.array([distance, distance + more]))
    assert 1 >= near >= far >= 0


def test_confidence_means_what_it_says() -> None:
    generator = np.random.default_rng(5)
    known, strangers = generator.normal(0.35, 0.07, 4000), generator.normal(0.62, 0.07, 4000)
    threshold = fit_distance(known.astype(np.float32), Trials(strangers.astype(np.float32), np.arange(4000) % 9))
    distances = np.concatenate([known, strangers])
    said = threshold.confidence(distances)
    for low, high in ((0.2, 0.5), (0.5, 0.8), (0.8, 0.95)):
        chosen = (said >= low) & (said < high)
        assert (np.flatnonzero(chosen) < 4000).mean() == pytest.approx(said[chosen].mean(), abs=0.1)


def test_a_threshold_survives_json() -> None:
    threshold = fit_distance(KNOWN, Trials(KNOWN + 0.3, np.arange(500) % 7))
    assert DistanceThreshold.model_validate_json(threshold.model_dump_json()) == threshold


def test_refusals_are_told_in_100() -> None:
    assert refused_sentence(2, 109) == "1.8 in 100 known faces are refused (2 of 109 test photos)."
