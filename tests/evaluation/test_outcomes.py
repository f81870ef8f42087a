"""Each photo of a known person has one of four outcomes, and they add up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.evaluation.outcomes import OUTCOMES, Answer, answer_of, count
from whosthat.types import Box, Sighting

LABELS = ("ann", "bo", "cy")


def sighting(name: str | None, confidence: float = 0.8, best: str = "ann", side: float = 10) -> Sighting:
    first = name or best
    rest = (1 - confidence) / 2
    shares = {first: confidence, **{label: rest for label in LABELS if label != first}}
    return Sighting(name, confidence, box=Box(0, 0, side, side), probabilities=shares)


def answered(*sightings: Sighting, truth: str = "ann") -> Answer:
    return answer_of(0, "ann/1.jpg", truth, sightings, LABELS)


def test_the_right_name_among_others_is_correct_and_the_others_are_bystanders() -> None:
    answer = answered(sighting("bo", 0.99, side=90), sighting("ann", 0.6), sighting(None))
    assert (answer.outcome, answer.predicted, answer.confidence, answer.bystanders) == ("correct", "ann", 0.6, 1)


def test_another_name_is_wrong_and_the_surest_counts() -> None:
    answer = answered(sighting("bo", 0.7), sighting("cy", 0.9), sighting(None, 0.99))
    assert (answer.outcome, answer.predicted, answer.words, answer.bystanders) == ("wrong", "cy", "cy", 1)


def test_faces_without_a_name_are_unknown_and_the_largest_one_tells_the_best_class() -> None:
    answer = answered(sighting(None, 0.9, best="bo", side=5), sighting(None, 0.4, side=50))
    assert (answer.outcome, answer.predicted, answer.best, answer.rank, answer.words) == ("unknown", None, "ann", 0, "unknown")
    assert answer.likelihood == pytest.approx(0.4)


def test_no_sighting_is_no_face_and_counts_as_a_guess_in_the_loss() -> None:
    answer = answered()
    assert (answer.outcome, answer.best, answer.confidence, answer.words) == ("no_face", None, 0.0, "no face")
    assert answer.likelihood == pytest.approx(1 / 3)


def test_of_confidences_with_a_strangers_share_the_likelihood_is_that_among_known_people() -> None:
    shares = {"ann": 0.03, "bo": 0.01, "cy": 0.0}
    assert answered(Sighting(None, 0.03, probabilities=shares)).likelihood == pytest.approx(0.75)


@given(st.lists(st.lists(st.sampled_from([None, *LABELS]), max_size=4), max_size=20))
def test_outcomes_add_up_to_all_photos(photos: list[list[str | None]]) -> None:
    answers = [answered(*(sighting(name) for name in names)) for names in photos]
    outcomes = count(answers)
    assert outcomes.n == len(photos) == sum(sum(answer.outcome == outcome for answer in answers) for outcome in OUTCOMES)
    assert outcomes.no_face == photos.count([])
    assert outcomes.correct == sum("ann" in names for names in photos)


def test_a_true_class_that_is_not_listed_ranks_behind_all_that_are() -> None:
    labels = [f"person{number}" for number in range(9)]
    sighting = Sighting("person1", 0.6, probabilities={"person1": 0.6, "person2": 0.2})
    answer = answer_of(0, "a.jpg", "person7", [sighting], labels)
    assert (answer.outcome, answer.rank, answer.likelihood) == ("wrong", 2, pytest.approx(0.25))
