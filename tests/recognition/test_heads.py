from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.recognition.distances import distances
from whosthat.recognition.gallery import Gallery
from whosthat.recognition.heads import HEADS, choose_head, folds_of, held_out_distances, softmax, templates_of, trimmed_mean


def test_a_few_wrong_photos_do_not_move_the_trimmed_mean() -> None:
    own = np.random.default_rng(0).normal(size=(20, 8)).astype(np.float32) * 0.1
    wrong = np.full((3, 8), 5, np.float32)
    moved = trimmed_mean(np.concatenate([own, wrong])[None]) - trimmed_mean(own[None])
    assert np.linalg.norm(moved) < 0.1
    np.testing.assert_array_equal(trimmed_mean(own[:1, None]), own[:1])


def test_people_with_different_numbers_of_photos_get_the_templates_they_would_get_alone() -> None:
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.repeat([0, 1, 3, 4], [1, 7, 7, 2]))
    vectors = generator.normal(size=(len(labels), 128)).astype(np.float32)
    templates = templates_of(vectors, labels, 5)
    for person in (0, 1, 3, 4):
        np.testing.assert_array_equal(templates[person], trimmed_mean(vectors[labels == person][None])[0])
    assert np.isinf(templates[2]).all()


def test_the_nearest_photos_are_those_of_a_plain_loop() -> None:
    generator = np.random.default_rng(0)
    labels = generator.permutation(np.repeat(np.arange(4), [1, 2, 5, 5]))
    vectors, faces = (generator.normal(size=(n, 8)).astype(np.float32) for n in (len(labels), 6))
    squares = distances(faces, vectors) ** 2
    expected = [[-16 * np.sort(row[labels == person])[:3].mean() for person in range(4)] for row in squares]
    np.testing.assert_allclose(HEADS["nearest"](vectors, labels, 4)(faces), expected, rtol=1e-5)


def test_a_group_is_in_one_fold_and_the_groups_of_a_person_take_turns() -> None:
    folds = folds_of(np.array([1, 0, 0, 1, 0, 1]), np.array([7, 5, 5, 8, 6, 6]))
    assert folds.tolist() == [0, 0, 0, 1, 1, 1]


@pytest.mark.parametrize("head", HEADS)
def test_every_head_names_people_it_has_learnt(head: str, gallery_of: Callable[..., Gallery]) -> None:
    known, new = gallery_of(), gallery_of(each=31)
    score = HEADS[head](known.vectors, known.labels, 5)
    assert (score(new.vectors).argmax(axis=1) == new.labels).all()


@pytest.mark.parametrize("head", HEADS)
def test_every_head_learns_from_one_photo_a_person_and_knows_who_is_absent(head: str, gallery_of: Callable[..., Gallery]) -> None:
    one_each = gallery_of(each=1)
    score = HEADS[head](one_each.vectors[:4], one_each.labels[:4], 5)
    scores = score(one_each.vectors)
    assert (scores[:4].argmax(axis=1) == np.arange(4)).all()
    assert np.isneginf(scores[:, 4]).all()


def test_logistic_regression_has_come_to_its_minimum(gallery_of: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch) -> None:
    known, new = gallery_of(each=12), gallery_of(each=13)
    soon = softmax(HEADS["logistic"](known.vectors, known.labels, 5)(new.vectors))
    monkeypatch.setattr("whosthat.recognition.heads.LOGISTIC_STEPS", 2000)
    late = softmax(HEADS["logistic"](known.vectors, known.labels, 5)(new.vectors))
    assert np.abs(soon - late).max() < 0.02


def test_the_simplest_of_equal_heads_is_chosen(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=3)
    choice = choose_head(gallery.vectors, gallery.labels, np.arange(90), 3)
    assert choice.accuracies == {"trimmed-mean": 1.0, "nearest": 1.0, "logistic": 1.0}
    assert choice.head == "trimmed-mean"
    assert (choice.scores.argmax(axis=1) == gallery.labels).all()


@pytest.mark.parametrize(("n_people", "each"), [(5, 1), (1, 10)])
def test_of_one_photo_each_or_of_one_person_no_head_is_said_to_be_right(
    gallery_of: Callable[..., Gallery], n_people: int, each: int
) -> None:
    gallery = gallery_of(n_people=n_people, each=each)
    choice = choose_head(gallery.vectors, gallery.labels, np.arange(n_people * each), n_people)
    assert (choice.head, choice.accuracies) == ("trimmed-mean", {})
    assert np.isnan(choice.scores).all()


def test_a_head_that_was_asked_for_is_used_or_refused_never_replaced(
    gallery_of: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    for gallery in (gallery_of(n_people=3, each=10), gallery_of(n_people=1, each=10)):
        photos = gallery.vectors, gallery.labels, np.arange(len(gallery.photos)), len(gallery.people)
        assert choose_head(*photos, heads=["logistic"]).head == "logistic"
    photos = gallery_of(n_people=3, each=10).vectors, np.repeat(np.arange(3), 10), np.arange(30), 3
    monkeypatch.setattr("whosthat.recognition.heads.MOST_LOGISTIC_WORK", 1000)
    with pytest.raises(DatasetError, match=r"The head logistic takes too long for 30 photos of 3 people\. Set head = "):
        choose_head(*photos, heads=["logistic"])
    choice = choose_head(*photos)
    assert (choice.not_tried, list(choice.accuracies)) == (("logistic",), ["trimmed-mean", "nearest"])


def test_copies_of_a_photo_never_teach_about_each_other(gallery_of: Callable[..., Gallery]) -> None:
    """With labels drawn by lot, only a leak could name copies rightly."""
    generator = np.random.default_rng(3)
    vectors = np.repeat(generator.normal(size=(60, 16)).astype(np.float32), 2, axis=0)
    labels = np.repeat(generator.integers(0, 3, 60), 2)
    accuracies = choose_head(vectors, labels, np.repeat(np.arange(60), 2), 3).accuracies
    assert max(accuracies.values()) < 0.6
    assert choose_head(vectors, labels, generator.permutation(120), 3).accuracies["nearest"] > 0.6  # what a leak looks like


def test_the_distance_to_ones_own_person_leaves_the_photo_out(gallery_of: Callable[..., Gallery]) -> None:
    gallery = gallery_of(n_people=3, each=2)
    apart, counts = held_out_distances(gallery.vectors, gallery.labels, folds_of(gallery.labels, np.arange(6)), 3)
    others = gallery.vectors[[1, 0, 3, 2, 5, 4]]
    np.testing.assert_allclose(apart, np.linalg.norm(gallery.vectors - others, axis=1), rtol=1e-4)
    assert (counts == 1).all()
    alone, none = held_out_distances(gallery.vectors[:1], gallery.labels[:1], np.arange(1), 3)
    assert (np.isinf(alone).all(), none.tolist()) == (True, [0])


def test_of_many_people_the_scores_of_the_true_one_and_of_the_best_others_are_kept(
    gallery_of: Callable[..., Gallery], monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery = gallery_of(n_people=12, each=6)
    everybody = choose_head(gallery.vectors, gallery.labels, np.arange(72), 12)
    monkeypatch.setattr("whosthat.recognition.heads.LISTED", 4)
    few = choose_head(gallery.vectors, gallery.labels, np.arange(72), 12)
    assert (few.head, few.accuracies) == (everybody.head, everybody.accuracies)
    own = everybody.scores[np.arange(72), gallery.labels]
    np.testing.assert_allclose(few.scores[np.arange(72), few.truth], own)
    others = np.sort(np.delete(everybody.scores.ravel(), np.arange(72) * 12 + gallery.labels).reshape(72, 11), axis=1)[:, -3:]
    np.testing.assert_allclose(np.sort(few.scores[:, 1:], axis=1), others)
