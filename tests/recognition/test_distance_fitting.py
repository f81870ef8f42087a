from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whosthat.errors import WeightsError
from whosthat.recognition.distance_fitting import SMALLEST_VALUE, ImpostorTrials, fit_distance, leave_one_person_out, strangers_as_near
from whosthat.recognition.enrolling import Strangers, fit_identifier
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.impostors import Impostors

NOBODY = ImpostorTrials(np.empty(0, np.float32), np.empty(0, np.int64))
KNOWN = np.random.default_rng(0).normal(0.34, 0.06, 500).astype(np.float32)
COUNTS = np.full(7, 10)


def drawn(n_people: int, *, each: int = 10, counts: np.ndarray = COUNTS, farther: float = 0.0, seed: int = 0) -> ImpostorTrials:
    """Strangers as the numbers of dlib's network have them, or a little farther; photos of one person lie near each other."""
    generator, grid = np.random.default_rng(seed), np.linspace(0, 2, 2000)
    share = -np.expm1(-Impostors("dlib-resnet").expected(grid, counts))
    distances = np.interp(generator.random(n_people), share, grid)[:, None] + farther + generator.normal(0, 0.03, (n_people, each))
    return ImpostorTrials(distances.ravel().astype(np.float32), np.repeat(np.arange(n_people), each))


def fitted(
    played: ImpostorTrials = NOBODY, strangers: ImpostorTrials | None = None, *, counts: Sequence[int] = COUNTS, rate: float = 0.01
) -> DistanceThreshold:
    return fit_distance(KNOWN, played, strangers, counts=np.array(counts), network="dlib-resnet", rate=rate)[0]


@pytest.mark.parametrize(("n_people", "each"), [(1, 1), (1, 50), (2, 1), (3, 4), (8, 12)])
def test_what_strangers_have_to_expect_is_said_of_every_gallery(gallery_of: Callable[..., Gallery], n_people: int, each: int) -> None:
    threshold = fit_identifier(
        gallery_of(n_people=n_people, each=each), np.arange(n_people * each), embedder="dlib-resnet"
    ).identifier.threshold
    assert threshold.fpir == pytest.approx(0.01, rel=0.01)
    assert threshold.fpir_low <= 0.01 < threshold.fpir_high < 0.2
    assert threshold.how.startswith("About 1 % of strangers would get a name (95 % interval: 0 % to ")


def test_photos_or_the_network_have_spoken_and_that_is_said() -> None:
    many = np.full(60, 10)
    assert "This is mostly what was measured before for dlib-resnet: you have too few people to estimate it." in fitted(drawn(7)).how
    assert "This is estimated from your photos (600 faces of 60 known people)." in fitted(drawn(60, counts=many), counts=many).how
    assert "(600 faces of 60 known people and 20 faces of 2 strangers)" in fitted(drawn(60, counts=many), drawn(2), counts=many).how
    assert "This is estimated from your photos (600 faces of 60 strangers)." in fitted(drawn(7), drawn(60)).how
    assert "the threshold is strict" in fit_distance(KNOWN, NOBODY, counts=np.array([5]), network="own")[0].how


def test_how_many_strangers_are_as_near_is_what_the_threshold_says() -> None:
    for played in (NOBODY, drawn(7)):
        values = np.array([fitted(played, rate=rate).value for rate in (0.01, 0.1, 0.3)])
        shares = strangers_as_near(values, played, counts=COUNTS, network="dlib-resnet", rate=0.01)
        assert shares == pytest.approx([0.01, 0.1, 0.3], rel=0.02)


@pytest.mark.parametrize(("n_people", "said_of"), [(1, "10"), (7, "70"), (300, "3,000")])
def test_it_is_said_what_ten_times_as_many_people_would_do_to_strangers(n_people: int, said_of: str) -> None:
    counts = np.full(n_people, 10)
    threshold = fitted(drawn(60, counts=counts), drawn(1000, counts=counts), counts=counts)
    share = re.search(rf"with {said_of} people this distance would name about ([\d.]+) % of strangers", threshold.how)
    many = drawn(4000, counts=np.full(10 * n_people, 10), each=1).distances
    assert share is not None
    assert float(share[1]) == pytest.approx(100 * (many <= threshold.value).mean(), abs=2)


def test_a_stranger_with_one_photo_gets_a_name_or_not() -> None:
    """Of so many new strangers, one with one photo; of those with ten photos each, half as many."""
    few, many = fitted(), fitted(strangers=drawn(400))
    assert "The interval is for 40 new strangers." in few.how
    assert few.fpir_high * 40 == pytest.approx(round(few.fpir_high * 40), abs=0.1)
    assert "The interval is for 400 new strangers." in many.how
    assert many.fpir_low * 400 == pytest.approx(round(many.fpir_low * 400), abs=0.1)


def test_the_more_people_the_nearer_must_a_face_be() -> None:
    values = [fitted(counts=[5] * n).value for n in (1, 2, 7, 20, 100, 2000)]
    assert values == sorted(values, reverse=True)
    assert len(set(values)) == 6


@settings(max_examples=20)
@given(rate=st.floats(0.001, 0.1), more=st.floats(1.05, 3))
def test_more_strangers_are_named_at_larger_distances(rate: float, more: float) -> None:
    few, many = fitted(drawn(7), rate=rate), fitted(drawn(7), rate=more * rate)
    assert few.value < many.value
    assert few.fpir_high <= many.fpir_high


def test_few_photos_make_careful_and_a_network_nobody_measured_more_so() -> None:
    counts = np.array([5] * 7)
    alone, sure = fitted(counts=counts), fitted(strangers=drawn(500, counts=counts), counts=counts)
    assert fit_distance(KNOWN, NOBODY, counts=counts, network="own")[0].value < alone.value < sure.value
    assert sure.fpir_high < alone.fpir_high


@pytest.mark.parametrize("farther", [-0.15, -0.05, 0.1])
def test_one_s_own_people_correct_what_is_known_of_the_network(farther: float) -> None:
    value = fitted(strangers=drawn(60, farther=farther)).value
    assert value == pytest.approx(fitted(strangers=drawn(60)).value + farther, abs=0.03)
    assert value == pytest.approx(fitted().value + farther, abs=0.04)


def test_who_plays_the_stranger_meets_one_person_fewer_than_a_stranger_does() -> None:
    two = drawn(2, counts=np.array([10]))  # as each of two people meets the other
    played, met = fitted(two, counts=[10, 10]).value, fitted(strangers=two, counts=[10, 10]).value
    assert played < met


def test_many_photos_of_one_person_say_no_more_than_some() -> None:
    one, many = drawn(12, each=10), drawn(12, each=10)
    repeated = ImpostorTrials(np.repeat(many.distances, 30), np.repeat(many.people, 30))
    assert fitted(repeated).value == pytest.approx(fitted(one).value, abs=1e-3)


def test_the_stated_interval_holds_for_people_who_fitted_nothing() -> None:
    """Thirty galleries whose strangers lie nearer or farther than the numbers say, each judged by 30 other strangers."""
    held = []
    for seed, farther in enumerate(np.random.default_rng(1).normal(0, 0.025, 30)):
        threshold = fitted(drawn(7, each=30, counts=COUNTS[1:], farther=farther, seed=seed))
        named = (drawn(30, farther=farther, seed=1000 + seed).distances <= threshold.value).mean()
        held.append(threshold.fpir_low <= named <= threshold.fpir_high)
    assert np.mean(held) >= 0.9


def test_the_same_photos_give_the_same_threshold() -> None:
    assert fitted(drawn(7), drawn(5)) == fitted(drawn(7), drawn(5))


@pytest.mark.parametrize("seed", range(3))
def test_with_thousands_of_people_the_share_holds_though_the_tail_has_another_shape(seed: int) -> None:
    distances = np.random.default_rng(seed).normal(0.45, 0.015, 40_000).astype(np.float32)
    threshold = fitted(ImpostorTrials(distances[:4000], np.arange(4000)), counts=np.full(4000, 10))
    named = (distances[4000:] <= threshold.value).mean()
    assert named == pytest.approx(0.01, abs=0.004)
    assert threshold.fpir_low <= named <= threshold.fpir_high


def test_enough_real_strangers_speak_alone() -> None:
    assert fitted(drawn(7), drawn(30)) == fitted(drawn(7, seed=5), drawn(30))
    assert fitted(drawn(7), drawn(3)).n_strangers == 100


def test_the_promise_holds_for_people_it_was_not_fitted_on(
    gallery_of: Callable[..., Gallery], strangers_of: Callable[..., np.ndarray]
) -> None:
    gallery = gallery_of(n_people=20, each=20)
    identifier = fit_identifier(gallery, np.arange(400), embedder="dlib-resnet").identifier
    named = (identifier.distances(strangers_of(200, 5)).min(axis=1) <= identifier.threshold.value).mean()
    assert named <= identifier.threshold.fpir_high
    assert (identifier.distances(gallery_of(n_people=20, each=21).vectors).min(axis=1) <= identifier.threshold.value).mean() > 0.95


def test_people_with_one_photo_each_play_strangers(gallery_of: Callable[..., Gallery]) -> None:
    assert fit_identifier(gallery_of(n_people=8, each=1), np.arange(8)).identifier.threshold.n_strangers == 8


def test_photos_in_the_wrong_folder_do_not_move_the_threshold(gallery_of: Callable[..., Gallery]) -> None:
    clean = gallery_of(n_people=8, each=30)
    labels = clean.labels.copy()
    labels[::40] = (labels[::40] + 1) % 8
    wrong = Gallery(clean.people, clean.vectors, labels, clean.photos)
    without, spoilt = (fit_identifier(gallery, np.arange(240)).identifier.threshold.value for gallery in (clean, wrong))
    assert spoilt == pytest.approx(without, abs=0.03)


def test_real_strangers_come_from_their_embeddings(gallery_of: Callable[..., Gallery], strangers_of: Callable[..., np.ndarray]) -> None:
    strangers = Strangers(strangers_of(40, 5), np.repeat(np.arange(40), 5))
    threshold = fit_identifier(gallery_of(n_people=6, each=30), np.arange(180), strangers=strangers).identifier.threshold
    assert threshold.n_strangers == 200


def test_a_photo_nearer_to_another_person_plays_no_stranger() -> None:
    trials = leave_one_person_out(np.array([0.3, 0.6, 0.3]), np.array([0.7, 0.2, 0.8]), np.array([0, 0, 1]))
    np.testing.assert_allclose(trials.distances, [0.7, 0.8])
    assert trials.n_people == 2


def test_distances_on_another_scale_are_noticed(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=6, each=30)
    far = dataclasses.replace(gallery, vectors=30 * gallery.vectors)
    with pytest.raises(WeightsError, match=r'expected at most 5.*"same_person", "mean" and "scale"'):
        fit_identifier(far, np.arange(180))
    together = fit_identifier(dataclasses.replace(gallery, vectors=0 * gallery.vectors), np.arange(180)).identifier.threshold
    assert together.value == SMALLEST_VALUE
    assert together.fpir > 0.5


def test_confidence_means_what_it_says() -> None:
    generator = np.random.default_rng(5)
    known, strangers = generator.normal(0.35, 0.07, 4000), generator.normal(0.62, 0.07, 4000)
    trials = ImpostorTrials(strangers.astype(np.float32), np.arange(4000) % 9)
    threshold, _curve = fit_distance(known.astype(np.float32), trials, counts=np.full(9, 10), network="dlib-resnet")
    distances = np.concatenate([known, strangers])
    said = threshold.confidence(distances)
    for low, high in ((0.2, 0.5), (0.5, 0.8), (0.8, 0.95)):
        chosen = (said >= low) & (said < high)
        assert (np.flatnonzero(chosen) < 4000).mean() == pytest.approx(said[chosen].mean(), abs=0.1)


@pytest.mark.parametrize("n_people", [1, 7, 1000])
def test_confidence_falls_off_between_known_people_and_strangers_where_photos_are_few(n_people: int) -> None:
    counts = np.full(n_people, 3)
    threshold, _curve = fit_distance(KNOWN[:5], NOBODY, counts=counts, network="dlib-resnet")
    usual = Impostors("dlib-resnet").genuine(counts)
    assert threshold.confidence(np.array(usual)) > 0.8
    assert threshold.confidence(np.array(threshold.centre + 0.1)) < 0.2
