import pytest

from whosthat.evaluation.metrics import evaluate
from whosthat.evaluation.outcomes import answer_of
from whosthat.evaluation.verdict import TOO_FEW, judge, suspects_sentence


@pytest.mark.parametrize(
    ("n_right", "n", "grade"),
    [
        (99, 100, "very good"),
        (31, 32, "good"),
        (85, 100, "good"),
        (70, 100, "fair"),
        (62, 100, "fair"),
        (55, 100, "poor"),
        (1, 1, TOO_FEW),
        (29, 29, TOO_FEW),
    ],
)
def test_the_grade_takes_the_number_of_photos_into_account(answer_with, n_right, n, grade):
    assert judge(answer_with(n_right, n)).grade == grade


def test_a_result_that_the_baseline_would_reach_is_not_good(judged):
    verdict = judge(judged([[0.9, 0.1]] * 40, [0] * 38 + [1] * 2, ["cat", "dog"], ["x"] * 40))
    assert not verdict.good
    assert verdict.sentence == (
        "Not good: of 40 test photos, 38 correct, 2 wrong. "
        "That is not clearly better than the baseline (always the most frequent class): 95 %."
    )


def test_better_than_the_baseline_is_said_also_when_it_is_not_good(answer_with):
    assert "Not good, but better than the baseline" in judge(answer_with(40, 100, n_classes=10)).sentence


def test_a_grade_rests_on_what_predict_answers_not_on_the_best_class(judged):
    rows = [[0.9, 0.1]] * 25 + [[0.1, 0.9]] * 25
    verdict = judge(judged(rows, [0] * 25 + [1] * 25, ["cat", "dog"], ["x"] * 50, threshold=0.95))
    assert verdict.grade == "poor"
    assert "50 unknown" in verdict.sentence
    assert "50 photos got no name because of the threshold for strangers. Without it, 100 % would be correct" in verdict.cautions[0]


def test_one_person_alone_has_no_baseline():
    verdict = judge(evaluate([answer_of(row, "x", "ann", [], ["ann"]) for row in range(40)], ["ann"]))
    assert verdict.sentence == "Not good: of 40 test photos, 0 correct, 40 without a face."


def test_mistakes_are_linked_to_suspects(answer_with):
    evaluation = answer_with(94, 100)
    mistakes = [answer.path for answer in evaluation.mistakes]
    assert suspects_sentence(evaluation, set(mistakes[:5]) | {evaluation.answers[0].path}) == (
        "5 of 6 mistakes are photos that may lie in the wrong folder; without suspects, 98.9 % are correct."
    )
    assert suspects_sentence(evaluation, {evaluation.answers[0].path}) == ""


def test_few_photos_are_a_caution(answer_with):
    assert "With 35 test photos, the true accuracy may lie anywhere from" in judge(answer_with(30, 35)).cautions[0]
    assert judge(answer_with(18, 20)).cautions == judge(answer_with(980, 1000)).cautions == ()


def test_a_class_that_lags_behind_is_named(judged):
    truth = [0] * 50 + [1] * 50 + [2] * 10
    probabilities = [[0.9, 0.05, 0.05]] * 50 + [[0.05, 0.9, 0.05]] * 52 + [[0.05, 0.05, 0.9]] * 8
    spoiled = [[0.9, 0.05, 0.05]] * 50 + [[0.05, 0.9, 0.05]] * 57 + [[0.05, 0.05, 0.9]] * 3
    labels, paths = ["cat", "dog", "rare"], ["x"] * 110
    for few in (slice(0, 109), slice(0, 110)):
        told = judge(judged((probabilities if few.stop == 110 else spoiled)[few], truth[few], labels, paths)).cautions
        assert not any("rare" in caution for caution in told)
    assert "“rare” is recognised least often: 3 of 10 test photos correct." in judge(judged(spoiled, truth, labels, paths)).cautions


def test_poor_calibration_is_a_caution(answer_with):
    assert any("poorly calibrated" in caution for caution in judge(answer_with(60, 100)).cautions)
