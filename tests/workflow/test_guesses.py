"""Who a group without a name may be: nearest by template and photos together, and only where more are somebody's than nobody's."""

import numpy as np
import pytest

from whosthat.workflow.guesses import Faces, guesses

PEOPLE = (np.eye(12, 128) * 0.5).astype(np.float32)


def photos(who, n, seed=0, scatter=0.35):
    noise = np.random.default_rng([who, seed]).normal(size=(n, 128))
    return (PEOPLE[who] + noise * scatter / np.sqrt(128)).astype(np.float32)


def named(*people, n=10):
    return [Faces(photos(who, n), {f"{who}-{row}" for row in range(n)}, f"person {who}") for who in people]


def face(who, seed, scatter=0.35, **more):
    return Faces(photos(who, 1, seed, scatter), {f"new {who} {seed}"}, **more)


def names(found):
    return [one and one[0] for one in found]


def test_who_is_near_is_guessed_and_nobody_without_people_or_groups():
    asked = [face(who, 1) for who in range(3)]

    assert guesses(asked, named(0, 1, 2), "dlib-resnet") == [(f"person {who}", True) for who in range(3)]
    assert guesses(asked, [], "dlib-resnet") == [None] * 3
    assert guesses([], named(0), "dlib-resnet") == []


def test_the_less_near_are_guessed_among_friends_and_not_in_a_crowd():
    friends = [face(who, seed, 0.5) for who in range(3) for seed in range(1, 5)]
    crowd = [face(who, seed, 0.5) for who in range(3, 12) for seed in range(1, 13)]
    alone, crowded = (guesses(asked, named(0, 1, 2), "dlib-resnet")[: len(friends)] for asked in (friends, friends + crowd))

    assert names(alone) == [f"person {who}" for who in range(3) for _seed in range(4)]
    assert {probable for _name, probable in alone} == {True, False}
    assert names(crowded) == [name if probable else None for name, probable in alone]


def test_somebody_with_many_photos_is_not_nearest_for_having_many():
    many = Faces(photos(1, 300), frozenset(), "many")
    middle = Faces(((PEOPLE[0] + PEOPLE[1]) / 2 + 0.04 * (PEOPLE[0] - PEOPLE[1]))[None], frozenset())
    near_of_many = np.sort(np.linalg.norm(many.vectors - middle.vectors, axis=1))[:3].mean()
    few = named(0)[0]
    assert near_of_many < np.sort(np.linalg.norm(few.vectors - middle.vectors, axis=1))[:3].mean()

    assert names(guesses([middle], [few, many], "dlib-resnet")) == [few.name]


def test_who_is_in_the_photo_already_or_was_denied_leaves_the_next():
    between = Faces((PEOPLE[:1] * 0.6 + PEOPLE[1:2] * 0.5), {"0-3"})

    assert names(guesses([between], named(0, 1), "dlib-resnet")) == ["person 1"]
    assert names(guesses([between._replace(photos={"x"})], named(0, 1), "dlib-resnet")) == ["person 0"]
    assert names(guesses([between._replace(never={"person 1"})], named(0, 1), "dlib-resnet")) == [None]


@pytest.mark.parametrize("n", [1, 8])
def test_a_large_group_has_to_be_nearer(n):
    vectors = np.repeat(PEOPLE[:1] * 0.45 + PEOPLE[5:6], n, axis=0)
    crowd = [face(who, 1) for who in range(3, 9)]

    found = guesses([Faces(vectors, frozenset()), *crowd], named(0, 1, 2), "dlib-resnet")[0]

    assert (found is None) == (n > 1)
