import numpy as np
import pytest

from whosthat.recognition.grouping import ASIDE, group_faces
from whosthat.recognition.impostors import Impostors

FEW_LIKE, APART = 0.3, 0.9
"""Distances of one person's photos and of two people's, about."""


def people(sizes, seed=0, dimensions=128):
    """Draw embeddings of people with so many photos each, mixed; return them and whose each is."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.repeat(np.arange(len(sizes)), sizes))
    middles = random.normal(size=(len(sizes), dimensions)) * APART / np.sqrt(2 * dimensions)
    noise = random.normal(size=(len(labels), dimensions)) * FEW_LIKE / np.sqrt(2 * dimensions)
    return (middles[labels] + noise).astype(np.float32), labels


def same_groups(labels, others):
    return len(set(zip(labels.tolist(), others.tolist(), strict=True))) == len(set(labels.tolist())) == len(set(others.tolist()))


@pytest.mark.parametrize("embedder", ["reid-0095", "dlib-resnet", "their own"])
def test_each_person_is_a_group_the_largest_first_and_somebody_with_one_photo_is_not_lost(embedder):
    vectors, owners = people([40, 25, 3, 2, 1, 1])

    labels = group_faces(vectors, np.arange(len(vectors)), embedder=embedder)

    assert same_groups(labels, owners)
    assert np.bincount(labels).tolist() == [40, 25, 3, 2, 1, 1]


def test_two_faces_of_one_photo_are_two_people():
    vectors, _owners = people([6])
    photos = np.array([0, 1, 2, 3, 4, 4])

    labels = group_faces(vectors, photos)

    assert labels[4] != labels[5]
    assert len(set(labels.tolist())) == 2


def test_no_group_shows_anybody_twice_in_a_photo_however_alike_the_faces_are():
    random = np.random.default_rng(1)
    vectors = np.tile(random.normal(size=(1, 128)).astype(np.float32), (300, 1))
    photos = random.integers(0, 60, 300)

    labels = group_faces(vectors, photos)

    assert len(set(zip(labels.tolist(), photos.tolist(), strict=True))) == 300


def test_what_is_too_poor_waits_aside_and_so_do_numbers_that_are_none():
    vectors, _owners = people([5, 5])
    vectors[3] = np.nan
    usable = np.ones(10, bool)
    usable[7] = False

    labels = group_faces(vectors, np.arange(10), usable=usable)

    assert np.flatnonzero(labels == ASIDE).tolist() == [3, 7]


def test_single_faces_must_be_nearer_than_groups():
    step = np.eye(1, 128, dtype=np.float32) * 0.55
    vectors, _owners = people([60, 1], seed=3)
    alone = np.concatenate([np.zeros((1, 128), np.float32), step, vectors + 5])
    many = np.concatenate([np.zeros((30, 128), np.float32), np.tile(step, (30, 1))])

    assert len(set(group_faces(alone, np.arange(len(alone)))[:2].tolist())) == 2
    assert len(set(group_faces(many, np.arange(60)).tolist())) == 1


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_faces(n):
    labels = group_faces(people([1] * n)[0] if n else np.empty((0, 128), np.float32), np.arange(n))

    assert labels.dtype == np.int64
    assert labels.tolist() == list(range(n))


def test_the_order_of_faces_decides_nothing_but_the_numbers():
    vectors, _owners = people([30, 20, 10], seed=4)
    order = np.random.default_rng(5).permutation(60)

    labels = group_faces(vectors, np.arange(60))

    assert same_groups(labels[order], group_faces(vectors[order], order))


def test_ten_thousand_faces_of_one_photo_are_as_many_people():
    vectors = np.random.default_rng(6).normal(size=(10_000, 16)).astype(np.float32) * np.float32(0.01)

    assert group_faces(vectors, np.zeros(10_000, np.int64)).tolist() == list(range(10_000))


def test_people_who_all_lie_nearer_than_is_known_are_kept_apart_and_one_person_is_not_taken_for_many(monkeypatch):
    vectors, owners = people([1] * 20 + [2] * 10, seed=2)
    crowded = vectors * np.float32(0.57 / APART)
    alone = people([60], seed=3)[0] * np.float32(0.4 / FEW_LIKE)

    assert same_groups(group_faces(crowded, np.arange(len(owners)), embedder="dlib-resnet"), owners)
    assert len(set(group_faces(alone, np.arange(60), embedder="dlib-resnet").tolist())) == 1

    monkeypatch.setattr(Impostors, "crowding", lambda *_: 1.0)

    assert not same_groups(group_faces(crowded, np.arange(len(owners)), embedder="dlib-resnet"), owners)
