"""The curve grows with what there is to learn, the test stays the same, and the advice names who needs photos."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.evaluation.learning_curve import COUNTS_OF_CLASSES, LearningCurve, _drawn, curve_of, draws, learning_curve
from whosthat.evaluation.plots.canvas import PRINT, drawn, png
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.charts import describe_learning_curve, learning_chart

PEOPLE = ("ann", "bo", "cy")


def embedded(each: tuple[int, ...], spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat(np.arange(len(each)), each)
    noise = np.random.default_rng(seed).normal(0, spread, (len(labels), 8))
    return (np.eye(8)[labels] + noise).astype(np.float32), labels


def curve(each: tuple[int, ...] = (40, 40, 40), spread: float = 0.1, tested: int = 60, unlike: int = -1) -> LearningCurve:
    (known, labels), (faces, truth) = embedded(each, spread), embedded((tested, tested, tested), spread, seed=1)
    faces[truth == unlike] = known[0]

    def correct(rows: np.ndarray) -> np.ndarray:
        means = np.stack([known[rows][labels[rows] == person].mean(axis=0) for person in range(len(PEOPLE))])
        return ((faces[:, None] - means) ** 2).sum(axis=2).argmin(axis=1) == truth

    return learning_curve(labels, truth, PEOPLE, correct)


def test_more_photos_help_where_photos_differ() -> None:
    points = curve(spread=1.0).points
    assert [point.count for point in points] == [1, 2, 3, 5, 10, 20, 40]
    assert points[-1].accuracy > points[0].accuracy + 0.1
    assert all(point.lowest <= point.accuracy <= point.highest for point in points)
    assert points[-1].lowest == points[-1].highest


def test_the_same_seed_gives_the_same_curve() -> None:
    assert curve(spread=1.0) == curve(spread=1.0)


def test_where_one_photo_is_enough_others_of_another_kind_are_advised() -> None:
    (sentence,) = curve().sentences
    assert "1 photo of each would have been nearly as good: more of the same kind will hardly help" in sentence


def test_who_has_fewest_photos_is_named() -> None:
    found = curve((40, 4, 40), spread=0.4)
    assert [point.count for point in found.points][-1] == 40
    assert found.sentences[1] == "Fewest photos: bo (4 photos). Add photos of them first."


def test_who_is_found_least_often_is_named_first() -> None:
    assert curve((9, 9, 9), 0.01, tested=12, unlike=2).sentences[-1] == "Add photos first of cy (0 of 12 correct)."


def test_advice_rests_on_no_handful_of_photos() -> None:
    (sentence,) = curve(spread=1.0, tested=2).sentences
    assert sentence.endswith("6 test photos are too few to say whether more would help.")
    assert not any("Add photos first" in sentence for sentence in curve((9, 9, 9), 0.01, tested=9, unlike=2).sentences)


def test_of_classes_other_words_are_said() -> None:
    labels = np.repeat([0, 1], 40)
    chosen = draws(labels, (1, 5), 2, 0)
    assert [count for count, _ in chosen] == [1, 1, 5, 5, 40]
    found = curve_of(chosen, labels, labels, ["cats", "dogs"], lambda rows: np.ones(80, bool), "class")
    assert [point.count for point in found.points] == [1, 5, 40]
    assert found.sentences[0].startswith("With 1 photo of each class, 100 % of the test photos are correct")
    assert "other backgrounds" in found.sentences[0]


def test_where_nobody_has_half_as_many_photos_whether_more_would_help_is_not_known() -> None:
    labels, names = np.repeat(np.arange(40), 3), [f"class {number}" for number in range(40)]
    found = curve_of(draws(labels, COUNTS_OF_CLASSES, 3, 0), labels, np.arange(40), names, lambda _rows: np.arange(40) < 30, "class")
    assert [point.count for point in found.points] == [2, 3]
    assert found.sentences[0].endswith("Whether more would help cannot be told from 40 test photos.")


def test_one_photo_each_is_a_curve_of_one_point() -> None:
    found = curve((1, 1, 1))
    assert len(found.points) == 1
    assert found.sentences == ("With 1 photo of each person, 100 % of the test photos are correct.",)


def test_as_many_photos_are_drawn_of_each_person_as_there_are() -> None:
    labels = np.array([2, 0, 2, 1, 2, 2, 0])
    rows = _drawn(labels, 2, np.random.default_rng(0))
    assert np.bincount(labels[rows]).tolist() == [2, 1, 2]
    assert (np.diff(rows) > 0).all()


@pytest.mark.parametrize("each", [(1, 1, 1), (40, 40, 40)])
def test_it_can_be_drawn_and_told(each: tuple[int, ...]) -> None:
    found = curve(each)
    assert drawn((4.7, 3.1), PRINT, png, draw_chart, learning_chart, found).startswith(b"\x89PNG")
    assert describe_learning_curve(found).startswith("1 of each: 100 %")
