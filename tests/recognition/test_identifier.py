from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whosthat.recognition import identifier as module
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.identifier import Identifier
from whosthat.recognition.index import build_index
from whosthat.recognition.ranking import assign, gains


@pytest.fixture
def identifier(gallery_of: Callable[..., Gallery]) -> Identifier:
    return Identifier(gallery_of(n_people=30, each=4), "trimmed-mean", DistanceThreshold(value=0.5, how=""), 0.4)


@pytest.fixture
def faces(gallery_of: Callable[..., Gallery], strangers_of: Callable[[int, int], np.ndarray]) -> np.ndarray:
    return np.concatenate([gallery_of(n_people=30, each=5).vectors[4::5], strangers_of(10, 1)])


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_of_many_people_the_likeliest_are_listed_and_nothing_else_changes(
    head: str, identifier: Identifier, faces: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier.head = head
    everybody = identifier.decide(faces)
    monkeypatch.setattr(module, "LISTED", 6)
    few = identifier.decide(faces)
    assert few.labels.shape == (40, 6)
    for kept, all_of_them in zip(few[1:], everybody[1:], strict=True):
        np.testing.assert_array_equal(kept, np.take_along_axis(all_of_them, few.labels, axis=1))
    assert (few.probabilities.min(axis=1) >= np.sort(everybody.probabilities, axis=1)[:, -6]).all()
    ends = np.arange(3, 41, 3)
    assert few.people(ends) == everybody.people(ends)


def test_a_face_that_is_alone_in_its_photo_gets_the_name_that_it_gets_among_photos_of_several(
    identifier: Identifier, faces: np.ndarray
) -> None:
    decision = identifier.decide(faces)
    alone = [person for (person,) in decision.people(np.arange(1, 41))]
    assert None in alone
    assert len(set(alone)) > 10
    for row, person in enumerate(alone):
        columns = decision.table(slice(row, row + 1))
        (best,) = assign(gains(columns.probabilities, columns.confidence, columns.allowed))
        assert person == (None if best is None else columns.labels[best])
    twice = identifier.decide(np.repeat(faces, 2, axis=0)).people(np.array([0, 0, 2, 2, 3, 80]))
    assert [len(people) for people in twice] == [0, 0, 2, 0, 1, 77]
    assert twice[2].count(alone[0]) == 1  # nobody twice in a photo
    assert twice[4] == [alone[1]]


def test_a_table_has_a_column_for_whoever_is_likely_for_any_face(
    identifier: Identifier, faces: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTED", 2)
    decision = identifier.decide(faces)
    table = decision.table(slice(0, 2))
    assert set(table.labels.tolist()) == set(decision.labels[:2].ravel().tolist())
    assert ((table.confidence >= 0).sum(axis=1) == 2).all()
    assert not table.allowed[table.confidence < 0].any()


def test_the_nearest_person_is_that_of_all_distances(identifier: Identifier, faces: np.ndarray) -> None:
    apart, who = identifier.nearest_people(faces)
    np.testing.assert_allclose(apart, identifier.distances(faces).min(axis=1), rtol=1e-6)
    assert (who == identifier.distances(faces).argmin(axis=1)).all()


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_a_ruled_out_face_is_out_of_reach_and_all_others_stay(head: str, identifier: Identifier, faces: np.ndarray) -> None:
    identifier.head = head
    before = identifier.decide(faces).people(np.arange(1, 41))
    named = next(row for row, (person,) in enumerate(before) if person is not None)
    person = before[named][0]
    gallery = identifier.gallery.ruling_out(identifier.gallery.people[person], faces[named], "0" * 64)
    decision = Identifier(gallery, head, identifier.threshold, 0.4).decide(faces)
    assert not decision.allowed[named, person]
    assert decision.probabilities[named, person] < 1e-6
    assert np.isfinite(decision.confidence).all()
    after = decision.people(np.arange(1, 41))
    assert after[:named] + after[named + 1 :] == before[:named] + before[named + 1 :]
    assert after[named] == [None]


def siblings(apart: float, head: str = "trimmed-mean") -> tuple[Identifier, np.ndarray]:
    """Name by two people so far apart, and by a third; and faces on the line from the first to the second: at 0, 40, 60 and 100 % of it."""
    people = np.zeros((3, 8), np.float32)
    people[1, 0], people[2, 1] = apart, 0.8
    photos = tuple(EnrolledPhoto(f"{row}.jpg", f"{row:064x}") for row in range(9))
    gallery = Gallery(("ann", "bo", "cy"), np.repeat(people, 3, axis=0), np.repeat(np.arange(3), 3), photos)
    identifier = Identifier(gallery, head, DistanceThreshold(value=0.5, how=""))
    return identifier, np.linspace(people[0], people[1], 6)[[0, 2, 3, 5]].astype(np.float32)


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_between_two_who_look_alike_a_face_gets_a_name_only_if_it_is_clearly_not_the_other(head: str) -> None:
    identifier, faces = siblings(0.44, head)
    decision = identifier.decide(faces)
    assert decision.people(np.arange(1, 5)) == [[0], [None], [None], [1]]
    assert decision.labels[1][np.argsort(-decision.probabilities[1])[:2]].tolist() == [0, 1]
    assert not decision.allowed[1].any()  # nobody else gets the face either


@pytest.mark.parametrize("head", ["trimmed-mean", "nearest"])
def test_between_two_who_are_as_far_apart_as_strangers_the_nearer_one_gets_the_name(head: str) -> None:
    identifier, faces = siblings(0.46, head)
    assert identifier.decide(faces).people(np.arange(1, 5)) == [[0], [0], [1], [1]]


def test_an_index_asks_the_same_of_people_who_look_alike() -> None:
    identifier, faces = siblings(0.44)
    identifier.index = build_index(identifier.gallery.vectors, identifier.gallery.labels)
    assert identifier.decide(faces).people(np.arange(1, 5)) == [[0], [None], [None], [1]]
