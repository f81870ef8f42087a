from __future__ import annotations

import numpy as np
import pytest

from whosthat.checking import suspects as module
from whosthat.checking.suspects import Pair, Suspect, find_outliers, judge_photos
from whosthat.recognition.heads import compared, templates_of

DIMENSIONS = 128


def people(n_people: int, photos_each: int, *, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """People about 0.8 apart, whose photos scatter by about 0.3: like faces."""
    draw = np.random.default_rng(seed)
    centres = draw.normal(0, 0.8 / np.sqrt(2 * DIMENSIONS), (n_people, DIMENSIONS))
    labels = np.repeat(np.arange(n_people), photos_each)
    scatter = draw.normal(0, 0.3 / np.sqrt(DIMENSIONS), (len(labels), DIMENSIONS))
    return (centres[labels] + scatter).astype(np.float32), labels


def find_suspects(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray, n_people: int) -> list[Suspect]:
    return module.find_suspects(compared(vectors, labels, groups, n_people))


def find_look_alikes(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray, people: range, **most: int) -> list[Pair]:
    photos = compared(vectors, labels, groups, len(people))
    first = judge_photos(vectors, labels, groups, photos).ages == 0
    return module.find_look_alikes(templates_of(vectors[first], labels[first], len(people)), labels, photos, people, **most)


@pytest.mark.parametrize("seed", range(3))
def test_every_planted_wrong_label_is_found_and_named(seed: int) -> None:
    vectors, truth = people(5, 12, seed=seed)
    labels = truth.copy()
    labels[[0, 20, 59]] = [3, 4, 0]
    suspects = find_suspects(vectors, labels, np.arange(60), 5)
    assert {suspect.row: suspect.looks_like for suspect in suspects} == {0: 0, 20: 1, 59: 4}


def test_somebody_without_a_folder_looks_like_nobody() -> None:
    vectors, labels = people(4, 10)
    vectors[5] = np.random.default_rng(9).normal(0, 0.1, DIMENSIONS)
    (suspect,) = find_suspects(vectors, labels, np.arange(40), 4)
    assert (suspect.row, suspect.looks_like) == (5, None)


def test_suspects_come_the_most_striking_first() -> None:
    vectors, labels = people(4, 10)
    labels[[0, 1]] = 2
    surprises = [suspect.surprise for suspect in find_suspects(vectors, labels, np.arange(40), 4)]
    assert len(surprises) == 2
    assert surprises == sorted(surprises, reverse=True)


def test_copies_do_not_vouch_for_each_other() -> None:
    vectors, labels = people(3, 10)
    vectors[1], labels[[0, 1]] = vectors[0], 2
    groups = np.arange(30)
    groups[1] = 0
    assert {suspect.row for suspect in find_suspects(vectors, labels, groups, 3)} == {0, 1}


def test_an_only_photo_is_suspect_only_if_it_is_somebody_elses() -> None:
    vectors, _ = people(3, 4)
    alone = np.array([0, 1, 1, 1, 2, 2, 2, 2, 3, 4, 4, 4])  # row 0 shows the person of rows 1 to 3, row 8 that of rows 9 to 11
    found = {suspect.row: suspect.looks_like for suspect in find_suspects(vectors, alone, np.arange(12), 5)}
    assert (found[0], found[8]) == (1, 4)
    apart, labels = people(4, 1)
    assert find_suspects(apart, labels, np.arange(4), 4) == []


def test_the_pair_that_is_nearest_comes_first() -> None:
    vectors, labels = people(4, 10)
    vectors[labels == 3] = vectors[labels == 1] + 0.02
    pairs = find_look_alikes(vectors, labels, np.arange(40), range(4), most=3)
    assert len(pairs) == 3
    assert (pairs[0].first, pairs[0].second) == (1, 3)


def test_a_pair_whose_photos_are_confused_comes_before_a_nearer_one() -> None:
    vectors, labels = people(5, 10)
    vectors[labels == 3] = vectors[labels == 1] + 0.04
    vectors[0] = 0.45 * vectors[labels == 0].mean(axis=0) + 0.55 * vectors[labels == 2].mean(axis=0)
    first, second, *_ = find_look_alikes(vectors, labels, np.arange(50), range(5))
    assert ((first.first, first.second), first.confused) == ((0, 2), 1)
    assert ((second.first, second.second), second.confused) == ((1, 3), 0)


def test_a_photo_that_is_like_nobody_confuses_no_two_people() -> None:
    vectors, labels = people(4, 10)
    vectors[5] = 0.9 * vectors[labels == 1].mean(axis=0) + np.random.default_rng(9).normal(0, 0.05, DIMENSIONS)
    assert find_suspects(vectors, labels, np.arange(40), 4)[0].row == 5
    assert [pair.confused for pair in find_look_alikes(vectors, labels, np.arange(40), range(4))] == [0] * 6


def test_the_nearest_of_many_pairs_are_those_of_a_plain_loop() -> None:
    vectors, labels = people(40, 1)
    found = find_look_alikes(vectors, labels, np.arange(40), range(40), most=7)
    loop = sorted((float(np.linalg.norm(vectors[one] - vectors[other])), one, other) for one in range(40) for other in range(one + 1, 40))
    assert [(pair.first, pair.second) for pair in found] == [(one, other) for _, one, other in loop[:7]]


def test_a_person_without_photos_is_in_no_pair() -> None:
    vectors, labels = people(2, 3)
    assert [(pair.first, pair.second) for pair in find_look_alikes(vectors, labels * 2, np.arange(6), range(3))] == [(0, 2)]


def test_one_person_and_no_photos_give_nothing() -> None:
    vectors, labels = people(1, 5)
    assert (
        find_look_alikes(vectors, labels, np.arange(5), range(1)) == find_look_alikes(vectors[:1], labels[:1], np.arange(1), range(1)) == []
    )
    assert find_suspects(vectors, labels, np.arange(5), 1) == []
    nothing = np.empty(0, np.int64)
    assert find_suspects(np.empty((0, DIMENSIONS), np.float32), nothing, nothing, 2) == []


def test_photos_of_one_person_have_no_strays_and_those_of_a_second_are_all_named() -> None:
    vectors, _ = people(2, 6)
    assert find_outliers(vectors[:6]) == []
    assert find_outliers(vectors[[0, 6, 1, 2]]) == [1]
    assert find_outliers(vectors[[6, 0, 1, 7, 2]]) == [0, 3]
    assert len(find_outliers(vectors[[0, 6]])) == 1
    assert find_outliers(vectors[:1]) == []


def test_the_average_of_two_ages_makes_nobody_look_alike() -> None:
    vectors, labels = people(5, 10)
    labels[labels == 4] = 0  # the last one's photos are the first one's of another age
    (nearest, *_rest) = find_look_alikes(vectors, labels, np.arange(50), range(4))
    vectors_of_one, _labels = people(5, 10)
    assert nearest.distance > 0.9 * min(
        np.linalg.norm(vectors_of_one[one * 10 : one * 10 + 10].mean(axis=0) - vectors_of_one[other * 10 : other * 10 + 10].mean(axis=0))
        for one in range(4)
        for other in range(one)
    )
