from __future__ import annotations

import numpy as np
import pytest

from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.impostors import NETWORKS, SHARES, Impostors


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("photos", [1, 2, 3, 5, 10, 400])
def test_one_person_is_met_as_often_as_was_measured(network: str, photos: int) -> None:
    distances = NETWORKS[network].impostors[min(photos, 10)]
    expected = Impostors(network).expected(corrected(np.array(distances), np.array(photos)), np.array([photos]))
    np.testing.assert_allclose(-np.expm1(-expected), SHARES, rtol=1e-3 if photos <= 10 else 0.1)


def test_many_people_are_met_as_often_as_drawn_strangers_meet_them() -> None:
    """1 - exp(-x) strangers in a hundred come so near to one of 12 people with 1, 3 and 10 photos: drawn from the numbers themselves."""
    numbers, counts = Impostors("dlib-resnet"), np.repeat([1, 3, 10], 4)
    drawn = np.random.default_rng(0).random((200_000, len(counts)))
    for distance in (0.4, 0.5, 0.6):
        alone = np.array([-np.expm1(-numbers.expected(np.array(distance), np.array([n]))) for n in counts])
        named = (drawn < alone).any(axis=1).mean()
        assert -np.expm1(-numbers.expected(np.array(distance), counts)) == pytest.approx(named, rel=0.05, abs=2e-4)


def test_beyond_the_numbers_nearer_is_always_rarer() -> None:
    expected = Impostors("reid-0095").expected(np.linspace(0, 2, 400), np.array([4, 4]))
    assert (np.diff(expected) > 0).all()
    assert expected[0] < 1e-9


def test_a_network_that_was_never_measured_is_taken_for_the_one_whose_strangers_come_nearest() -> None:
    own, known = Impostors("own"), Impostors("dlib-resnet")
    counts = np.array([3] * 5)
    assert not own.measured
    assert own.scatter(5) > known.scatter(5)
    assert (
        own.expected(np.array(0.5), counts)
        == known.expected(np.array(0.5), counts)
        > Impostors("reid-0095").expected(np.array(0.5), counts)
    )


def test_the_more_people_the_less_they_may_differ() -> None:
    scatters = [Impostors("dlib-resnet").scatter(n) for n in (1, 2, 7, 5000)]
    assert scatters == sorted(scatters, reverse=True)
    assert scatters[-1] > 0.01


@pytest.mark.parametrize("embedder", ["dlib-resnet", "reid-0095"])
@pytest.mark.parametrize("factor", [0.8, 0.9, 1.0, 1.2])
def test_faces_without_names_say_how_much_nearer_they_lie_than_is_known(embedder, factor):
    random, known = np.random.default_rng(0), NETWORKS[embedder]
    one = random.normal(known.genuine[1], known.genuine_spread, 60)
    two = random.normal(known.impostors[1][-1], (known.impostors[1][-1] - known.impostors[1][-2]) / 1.645, 2000)

    crowding = Impostors(embedder).crowding(factor * np.concatenate([one, two]))

    assert crowding == pytest.approx(min(1, factor + 0.02), abs=0.021)


@pytest.mark.parametrize("between", [np.full(100, 0.42), np.zeros(100), np.empty(0)])
def test_photos_of_one_person_say_nothing_of_strangers(between):
    assert Impostors("dlib-resnet").crowding(between) == 1
