from __future__ import annotations

import math

import pytest

from whosthat.training.recipe import make_recipe
from whosthat.training.recipe_base import Plateau
from whosthat.training.schedules import PlateauMemory, learning_rate


def rate_of(rate=0.1, epochs=10, **schedule):
    settings = {"model": "cnn6", "epochs": epochs, "optimiser": {"name": "sgd", "learning_rate": rate}, "schedule": schedule}
    return learning_rate(make_recipe(settings))


def test_the_step_schedule_is_the_references_formula():
    rate = rate_of(0.08, name="step", drop=0.5, every=12)
    for epoch in range(150):
        assert rate(epoch) == rate(epoch + 0.9) == 0.08 * 0.5 ** math.floor((1 + epoch) / 12)


def test_the_cosine_rises_evenly_then_falls_to_its_final_share():
    rate = rate_of(name="cosine", warmup_epochs=2.0, final=0.01)
    values = [rate(epoch / 10) for epoch in range(101)]
    assert 0 < values[0] < 0.01
    assert max(values) == values[20] == pytest.approx(0.1)
    assert values[:21] == sorted(values[:21])
    assert values[20:] == sorted(values[20:], reverse=True)
    assert values[-1] == pytest.approx(0.001)


def test_a_warmup_longer_than_the_training_only_rises():
    rate = rate_of(epochs=2, name="cosine", warmup_epochs=5.0)
    assert rate(0) < rate(1) < rate(1.9) < 0.1


def test_a_plateau_lowers_the_rate_after_its_patience_and_not_below_its_minimum():
    schedule, memory = Plateau(factor=0.5, patience=2, minimum=0.03), PlateauMemory()
    falls = [memory.see(loss, schedule, 0.1) for loss in (1.0, 0.9, 0.9, 0.95, 0.91, 0.91, 0.8, 0.9, 0.9)]
    assert falls == [False, False, False, True, False, True, False, False, False]
    assert memory.factor == pytest.approx(0.3)
