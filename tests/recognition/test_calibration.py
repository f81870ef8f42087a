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


@given(st.integers(0, 2**32 - 1), st.sampled_from([20, 120]))
def test_fitting_never_makes_the_loss_worse_on_what_it_is_fitted_on(seed, n):
    probabilities, truth = answers(seed, n=n)
    temperature = fit_temperature(probabilities, truth)
    assert LOWEST_TEMPERATURE < temperature < HIGHEST_TEMPERATURE
    assert log_loss(apply_temperature(probabilities, temperature), truth) <= log_loss(probabilities, truth) + 1e-5


@pytest.mark.parametrize(("n", "temperature"), [(10, 1.0), (99, 1.0), (150, 0.39)])
def test_perfect_answers_make_nobody_certain(n, temperature):
    assert fit_temperature(np.array([[0.8, 0.2]] * n), np.zeros(n, int)) == pytest.approx(temperature, abs=0.01)


@pytest.mark.parametrize("n", [18, 1000])
def test_sure_answers_by_chance_are_softened_and_do_not_run_into_the_upper_bound(n):
    probabilities = np.tile([[1 - 1e-7, 1e-7]], (n, 1))
    truth = np.arange(n) % 2
    temperature = fit_temperature(probabilities, truth)
    assert 1 < temperature < HIGHEST_TEMPERATURE
    assert log_loss(apply_temperature(probabilities, temperature), truth) < 0.9


def test_a_fit_that_runs_into_a_bound_is_none(monkeypatch):
    monkeypatch.setattr("whosthat.recognition.calibration.SHARPENING_COST", 0.0)
    assert fit_temperature(np.array([[0.8, 0.2]] * 200), np.zeros(200, int)) == 1.0


def test_few_photos_leave_what_is_expected():
    assert fit_temperature(np.array([[0.8, 0.2]] * 10), np.zeros(10, int), expected=0.4) == 0.4


def test_nothing_to_fit_on_leaves_what_is_expected():
    assert fit_temperature(np.empty((0, 3)), np.empty(0, int)) == 1.0
