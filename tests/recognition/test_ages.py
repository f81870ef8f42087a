from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whosthat.errors import BundleError
from whosthat.recognition.ages import ages_of
from whosthat.recognition.enrolling import Strangers, fit_identifier
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery, read_gallery
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import build_index

DIMENSIONS = 32
CENTRES = np.linalg.qr(np.random.default_rng(0).normal(size=(DIMENSIONS, 8)))[0].T.astype(np.float32) * 0.65 / np.sqrt(2)
"""Eight faces, each 0.65 from every other: 0 and 1 are Ann's, as a woman and as a girl."""

GIRL = 1


def photos_of(face: int, n: int, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng((face, seed)).normal(size=(n, DIMENSIONS))
    return (CENTRES[face] + 0.3 * noise / np.sqrt(DIMENSIONS)).astype(np.float32)


def enrolled(*faces: tuple[str, int, int]) -> Gallery:
    """Enrol people by (name, face, photos); who comes twice has two faces."""
    people = tuple(dict.fromkeys(name for name, *_rest in faces))
    vectors = np.concatenate([photos_of(face, n) for _name, face, n in faces])
    labels = np.concatenate([np.full(n, people.index(name)) for name, _face, n in faces])
    return Gallery(people, vectors, labels, tuple(EnrolledPhoto(f"{row}.jpg", f"{row:064x}") for row in range(len(labels))))


def ages(gallery: Gallery, groups: np.ndarray | None = None) -> list[int] | None:
    found = ages_of(gallery.vectors, gallery.labels, np.arange(len(gallery.labels)) if groups is None else groups, len(gallery.people))
    assert not found.doubtful[found.ages == 0].any()
    return found.ages.tolist() if found.ages.any() else None


ANN = (("ann", 0, 12), ("ann", GIRL, 5))
OTHERS = (("bo", 2, 8), ("cy", 3, 8))


@pytest.fixture
def gallery() -> Gallery:
    made = enrolled(*ANN, *OTHERS)
    return replace(made, ages=np.array(ages(made), np.uint8))


def identifier(gallery: Gallery, head: str = "trimmed-mean") -> Identifier:
    return Identifier(gallery, head, DistanceThreshold(value=0.45, how=""))


def named(naming: Identifier, face: int) -> list[str | None]:
    asked = photos_of(face, 6, seed=1)
    answers = naming.decide(asked).people(np.arange(1, 7))
    return [None if answer is None else naming.gallery.people[answer] for (answer,) in answers]


def test_photos_that_are_unlike_the_others_and_like_each_other_are_an_age_of_their_own() -> None:
    assert ages(enrolled(*OTHERS, *ANN)) == [0] * 28 + [1] * 5
    assert ages(enrolled(("ann", GIRL, 5), ("ann", 0, 12))) == [1] * 5 + [0] * 12
    assert ages(enrolled(*ANN, ("ann", 4, 4))) == [0] * 12 + [1] * 5 + [2] * 4
    assert ages(enrolled(*ANN, ("ann", 4, 4), ("ann", 5, 4))) is not None  # never more than three


@pytest.mark.parametrize(
    "faces",
    [
        (("ann", 0, 20), *OTHERS),
        (("ann", 0, 12), ("ann", GIRL, 2), *OTHERS),  # two photos are no age
        (("ann", 0, 12), ("ann", 2, 3), ("bo", 2, 8)),  # Bo's photos in Ann's folder are no age of hers
        (("ann", 0, 12), *(("ann", face, 1) for face in range(3, 8))),  # photos that are like nothing are no age
    ],
)
def test_others_are_none(faces: tuple[tuple[str, int, int], ...]) -> None:
    assert ages(enrolled(*faces)) is None


def test_an_age_that_is_as_far_as_strangers_are_is_doubtful_a_near_one_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    def doubtful(apart: float) -> list[bool]:
        made = enrolled(*ANN, *OTHERS)
        is_girl = np.arange(33) // 5 * 5 == 12
        is_girl[12:17] = True
        made.vectors[12:17] += (1 - apart / 0.65) * (CENTRES[0] - CENTRES[GIRL])
        return ages_of(made.vectors, made.labels, np.arange(33), 3).doubtful.tolist()

    assert doubtful(0.65) == [False] * 12 + [True] * 5 + [False] * 16
    assert doubtful(0.47) == [False] * 33


def test_copies_count_once() -> None:
    made = enrolled(*ANN)
    groups = np.arange(17)
    groups[13:] = 13
    assert ages(made, groups) is None


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest", "logistic"])
def test_a_girl_is_recognised_by_the_photos_of_the_girl(head: str, gallery: Gallery) -> None:
    assert named(identifier(replace(gallery, ages=None), head), GIRL) == [None] * 6
    naming = identifier(gallery, head)
    assert named(naming, GIRL) == named(naming, 0) == ["ann"] * 6
    assert (named(naming, 2), named(naming, 6)) == (["bo"] * 6, [None] * 6)


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_an_index_answers_the_same(head: str, gallery: Gallery) -> None:
    plain, asked = identifier(gallery, head), np.concatenate([photos_of(face, 3, seed=2) for face in range(7)])
    by_index = replace(plain, index=build_index(gallery.vectors, gallery.labels))
    assert by_index.decide(asked).people(np.arange(1, 22)) == plain.decide(asked).people(np.arange(1, 22))
    for ours, theirs in zip(plain.nearest_people(asked), by_index.nearest_people(asked), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    people = np.array([2, 0])
    np.testing.assert_allclose(plain.distances(asked, people), plain.distances(asked)[:, people], atol=1e-5)


def test_somebody_is_as_near_as_their_nearest_age_alone_would_be(gallery: Gallery) -> None:
    asked = photos_of(GIRL, 4, seed=3)
    girl = enrolled(("girl", GIRL, 5))
    np.testing.assert_allclose(
        identifier(gallery).distances(asked)[:, 0], identifier(girl).distances(asked)[:, 0], atol=1e-4
    )  # corrected for five photos, though the woman has twelve


def test_a_stranger_meets_every_age(gallery: Gallery) -> None:
    directions = np.random.default_rng(1).normal(size=(30, DIMENSIONS))
    like_the_girl = CENTRES[GIRL] + 0.42 * directions / np.linalg.norm(directions, axis=1, keepdims=True)
    strangers = Strangers(like_the_girl.astype(np.float32), np.arange(30))
    several, one = (
        fit_identifier(replace(gallery, ages=ages), np.arange(33), strangers=strangers).identifier for ages in (gallery.ages, None)
    )
    assert several.threshold.value < one.threshold.value - 0.02


def test_ages_are_saved_and_follow_their_photos(gallery: Gallery) -> None:
    read = read_gallery(gallery.to_bytes(), gallery.people, DIMENSIONS)
    assert read.ages is not None
    np.testing.assert_array_equal(read.ages, gallery.ages)
    girls = photos_of(GIRL, 2, seed=4)
    more = read.with_photos("ann", girls, (EnrolledPhoto("a", "a" * 64), EnrolledPhoto("b", "b" * 64)))
    assert more.ages[-2:].tolist() == [1, 1]
    assert more.with_photos("dee", girls, more.photos[-2:]).ages[-2:].tolist() == [0, 0]
    assert named(identifier(more.without("bo").renamed("ann", "Ann")), GIRL) == ["Ann"] * 6
    assert not more.without("ann").ages.any()
    only_girl = more.of(np.flatnonzero((more.labels > 0) | (more.ages > 0)))
    assert named(identifier(only_girl), GIRL) == ["ann"] * 6


def test_a_gallery_without_ages_is_stored_as_before(gallery: Gallery) -> None:
    assert replace(gallery, ages=np.zeros(33, np.uint8)).to_bytes() == replace(gallery, ages=None).to_bytes()


@pytest.mark.parametrize("wrong", [np.full(33, 3, np.uint8), np.zeros(32, np.uint8) + 1, np.ones(33, np.int64)])
def test_ages_that_do_not_fit_are_damage(wrong: np.ndarray, gallery: Gallery) -> None:
    content = replace(gallery, ages=wrong).to_bytes()
    with pytest.raises(BundleError, match="the ages of the photos do not fit"):
        read_gallery(content, gallery.people, DIMENSIONS)
