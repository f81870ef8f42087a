import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.evaluation.diagnosis import CASES, STATIONS, arithmetic, diagnose, trend

FALLING, FLAT, RISING = np.linspace(2, 1, 12), np.full(12, 1.0), np.linspace(1, 2, 12)


def curves(loss, val_loss, accuracy=0.7, val_accuracy=0.65):
    return [
        {"loss": float(one), "val_loss": float(other), "accuracy": accuracy, "val_accuracy": val_accuracy}
        for one, other in zip(loss, val_loss, strict=True)
    ]


@pytest.mark.parametrize(
    ("loss", "val_loss", "case"),
    [
        (FALLING, FALLING, "learning"),
        (FALLING, FLAT, "bottleneck"),
        (FALLING, RISING, "overfitting"),
        (FLAT, FALLING, "data"),
        (FLAT, FLAT, "bottleneck"),
        (RISING, RISING, "design"),
    ],
)
def test_each_of_the_five_cases_is_told_apart(answer_with, training, loss, val_loss, case):
    diagnosis = diagnose(curves(loss, val_loss), answer_with(65, 100), training)
    assert (diagnosis.case, diagnosis.title) == (case, CASES[case].title)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["learning", "bottleneck", "design"]))
def test_noise_of_two_percent_does_not_change_the_case(seed, case):
    level = {"learning": np.linspace(3, 0.5, 30), "bottleneck": np.full(30, 1.0), "design": np.linspace(1, 3, 30)}[case]
    noisy = level * np.random.default_rng(seed).uniform(0.98, 1.02, 30)
    assert {"learning": "falls", "bottleneck": "flat", "design": "rises"}[case] == trend(list(noisy)).direction


@pytest.mark.parametrize("loss", [FLAT, FALLING])
def test_a_wide_gap_is_overfitting_also_when_the_validation_loss_is_flat(answer_with, training, loss):
    diagnosis = diagnose(curves(loss, FLAT, accuracy=0.99, val_accuracy=0.6), answer_with(60, 100), training)
    assert diagnosis.case == "overfitting"


@pytest.mark.parametrize("val_loss", [FLAT * 0.03, RISING * 0.03, FALLING * 0.03])
def test_a_loss_that_is_low_throughout_is_settled_and_not_overfitting(answer_with, training, val_loss):
    diagnosis = diagnose(curves(FALLING * 0.2, val_loss, accuracy=1.0, val_accuracy=0.98), answer_with(90, 100), training)
    assert (diagnosis.title, diagnosis.path[-1]) == ("Settled", "deploy")
    assert diagnosis.next_step.command == "whosthat predict RUN NEW_PHOTOS"


def test_a_gap_that_one_of_few_photos_makes_is_no_overfitting(answer_with, training):
    few = replace(training, n_validation=8)
    assert diagnose(curves(FALLING, FLAT, accuracy=1.0, val_accuracy=0.875), answer_with(65, 100), few).case == "bottleneck"


def test_where_faces_get_no_name_nothing_was_overfitted(judged, training):
    test = judged([[0.9, 0.1]] * 20 + [[0.1, 0.9]] * 20, [0] * 20 + [1] * 20, ["ann", "bo"], ["x"] * 40, threshold=0.95)
    assert diagnose([], test, training).path[-1] == "test good"


def test_still_learning_leads_to_twice_the_epochs(answer_with, training):
    step = diagnose(curves(FALLING, FALLING), answer_with(65, 100), training).next_step
    assert step.command == "whosthat train PHOTOS --model cnn6 --epochs 40"


@pytest.mark.parametrize("loss", [FLAT, RISING])
def test_a_bottleneck_and_a_bad_design_lead_to_a_lower_learning_rate(answer_with, training, loss):
    assert diagnose(curves(loss, loss), answer_with(65, 100), training).next_step.command.endswith("--learning-rate 0.001")


def test_overfitting_leads_to_a_pretrained_network_and_then_to_more_photos(answer_with, training):
    history, test = curves(FALLING, FLAT, accuracy=0.99), answer_with(65, 100)
    assert "--model efficientnet-lite0" in diagnose(history, test, training).next_step.command
    assert diagnose(history, test, replace(training, pretrained=True)).next_step.sentence == "Add photos."


def test_photos_are_asked_for_first_of_a_class_only_if_it_is_worse_beyond_chance(judged, training):
    rows, truth = [[0.9, 0.1]] * 52 + [[0.1, 0.9]] * 8, [0] * 40 + [1] * 20
    test = judged(rows, truth, ["cat", "dog"], ["x"] * 60)
    step = diagnose(curves(FALLING, FLAT, accuracy=0.99), test, replace(training, pretrained=True)).next_step
    assert step.sentence == "Add photos, first of “dog” (8 of 20 test photos correct)."


def test_too_few_test_photos_are_no_reason_to_train_on_more(answer_with, training):
    step = diagnose(curves(FALLING, FALLING), answer_with(14, 14), training).next_step
    assert (step.sentence, step.command) == ("Test it on more photos: a grade needs 30.", "whosthat evaluate RUN OTHER_PHOTOS")


def test_a_very_good_result_leads_to_photos_from_elsewhere(answer_with, training):
    step = diagnose(curves(FALLING, FALLING), answer_with(100, 100), training).next_step
    assert step.command == "whosthat evaluate RUN OTHER_PHOTOS"


@pytest.mark.parametrize("n_epochs", [1, 2])
def test_one_or_two_epochs_are_too_few_to_say(answer_with, training, n_epochs):
    diagnosis = diagnose(curves(FALLING[:n_epochs], FALLING[:n_epochs]), answer_with(65, 100), replace(training, epochs=n_epochs))
    assert diagnosis.case == "too short"
    assert diagnosis.next_step.command.endswith("--epochs 10")


def test_a_loss_that_is_no_number_is_said_and_its_numbers_stay_out_of_json(answer_with, training):
    diagnosis = diagnose(curves([1.0, 0.9, math.nan], [1.0, math.nan, math.nan]), answer_with(50, 100), training)
    assert diagnosis.case == "broken"
    assert "NaN" not in json.dumps(asdict(diagnosis), allow_nan=False)
    assert diagnosis.next_step.command.endswith("--learning-rate 0.001")


def test_a_route_without_epochs_has_nothing_to_follow(answer_with, training):
    diagnosis = diagnose([], answer_with(85, 100), replace(training, best_epoch=0, epochs=0))
    assert (diagnosis.case, diagnosis.arithmetic, diagnosis.path[-1]) == ("no epochs", "", "deploy")


@pytest.mark.parametrize(
    ("accuracy", "n_right", "last"), [(0.5, 50, "loss"), (0.9, 60, "overfitting"), (0.9, 90, "deploy"), (0.5, 90, "deploy")]
)
def test_the_way_through_the_flow_chart_ends_where_the_questions_lead(answer_with, training, accuracy, n_right, last):
    path = diagnose(curves(FLAT, FLAT, accuracy=accuracy), answer_with(n_right, 100), training).path
    assert path[-1] == last
    assert set(path) <= set(STATIONS)
    assert path[:5] == STATIONS[:5]


def test_an_epoch_is_explained_in_the_numbers_of_the_slide(training):
    assert arithmetic(training, 20) == (
        "One epoch is 10 iterations of 40 photos: 400 training photos / batch 40. "
        "20 epochs made 200 iterations, each one step of the optimiser."
    )


@pytest.mark.parametrize(("n_train", "expected"), [(410, "11 iterations of 40 photos, the last of 10"), (7, "1 iteration of 7 photos")])
def test_a_last_batch_that_is_not_full_is_said(training, n_train, expected):
    assert expected in arithmetic(replace(training, n_train=n_train), 1)


def test_the_numbers_behind_the_words_are_given(answer_with, training):
    diagnosis = diagnose(curves(FALLING, FLAT), answer_with(65, 100), training)
    assert any("Over the last 4 epochs the training loss fell" in sentence for sentence in diagnosis.sentences)
    assert diagnosis.numbers["training loss, start"] > diagnosis.numbers["training loss, end"]
    assert diagnosis.numbers["validation accuracy"] == 0.65
