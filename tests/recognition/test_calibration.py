import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.recognition.calibration import HIGHEST_TEMPERATURE, LOWEST_TEMPERATURE, apply_temperature, fit_temperature


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


def answers(seed: int, n: int = 400, n_classes: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated by construction: the truth is drawn from the probabilities themselves."""
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet(np.full(n_classes, 0.5), size=n)
    truth = np.array([generator.choice(n_classes, p=row) for row in probabilities])
    return probabilities, truth


@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20))
def test_a_temperature_keeps_rows_summing_to_one_and_the_order(seed, temperature):
    probabilities, _ = answers(seed, n=5)
    scaled = apply_temperature(probabilities, temperature)
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    assert (scaled.max(axis=1) == scaled[np.arange(5), probabilities.argmax(axis=1)]).all()


def test_temperature_one_changes_nothing():
    probabilities, _ = answers(0)
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-6)


@pytest.mark.parametrize("true_temperature", [0.4, 2.5])
def test_the_temperature_that_spoiled_calibrated_answers_is_found_again(true_temperature):
    probabilities, truth = answers(1, n=4000)
    spoiled = apply_temperature(probabilities, 1 / true_temperature)
    assert fit_temperature(spoiled, truth) == pytest.approx(true_temperature, rel=0.1)


@given(st.integers(0, 2**32 - 1))
def test_fitting_never_makes_the_validation_loss_worse(seed):
    probabilities, truth = answers(seed, n=20)
    temperature = fit_temperature(probabilities, truth)
    assert LOWEST_TEMPERATURE <= temperature <= HIGHEST_TEMPERATURE
    assert log_loss(apply_temperature(probabilities, temperature), truth) <= log_loss(probabilities, truth) + 1e-5


def test_answers_that_are_all_right_stay_within_the_bounds():
    assert fit_temperature(np.array([[0.8, 0.2]] * 10), np.zeros(10, int)) == pytest.approx(LOWEST_TEMPERATURE, rel=0.01)


def test_nothing_to_fit_on_leaves_the_probabilities_alone():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, int)) == 1.0
