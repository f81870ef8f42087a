import pytest

from whosthat.evaluation.metrics import evaluate
from whosthat.evaluation.verdict import judge


@pytest.mark.parametrize(
    ("n_right", "n", "grade"),
    [(99, 100, "very good"), (10, 10, "good"), (85, 100, "good"), (70, 100, "fair"), (62, 100, "fair"), (55, 100, "poor"), (1, 1, "poor")],
)
def test_the_grade_takes_the_number_of_photos_into_account(answer_with, n_right, n, grade):
    assert judge(answer_with(n_right, n)).grade == grade


def test_a_result_that_guessing_would_reach_is_not_good():
    verdict = judge(evaluate([[0.9, 0.1]] * 20, [0] * 19 + [1], ["cat", "dog"], ["x"] * 20))
    assert not verdict.good
    assert verdict.sentence.startswith("Not good: 19 of 20 test photos named rightly, which cannot be told from guessing")
    assert "would name 95 %" in verdict.sentence


def test_better_than_guessing_is_said_also_when_it_is_not_good(answer_with):
    assert "Not good, though better than guessing" in judge(answer_with(40, 100, n_classes=10)).sentence


def test_few_photos_are_a_caution(answer_with):
    assert "only 20 photos" in judge(answer_with(18, 20)).cautions[0]
    assert not any("only" in caution for caution in judge(answer_with(950, 1000)).cautions)


def test_a_class_that_lags_behind_is_named():
    truth = [0] * 50 + [1] * 50 + [2] * 10
    probabilities = [[0.9, 0.05, 0.05]] * 50 + [[0.05, 0.9, 0.05]] * 52 + [[0.05, 0.05, 0.9]] * 8
    spoiled = [[0.9, 0.05, 0.05]] * 50 + [[0.05, 0.9, 0.05]] * 57 + [[0.05, 0.05, 0.9]] * 3
    labels, paths = ["cat", "dog", "rare"], ["x"] * 110
    assert not any("rare" in caution for caution in judge(evaluate(probabilities, truth, labels, paths)).cautions)
    assert "“rare” is found least often: in 3 of 10 test photos." in judge(evaluate(spoiled, truth, labels, paths)).cautions


def test_confidence_that_cannot_be_believed_is_a_caution(answer_with):
    assert any("confidence is off by" in caution for caution in judge(answer_with(60, 100)).cautions)
