"""Learning rates as pure functions of time, and the one schedule that has a memory.

What belongs here: from a recipe's schedule and a moment to a learning rate. What does not: setting it (`callbacks`).
Time is counted in epochs from 0; half way through the third epoch it is 2.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import singledispatch

from whosthat.training.recipe import Recipe
from whosthat.training.recipe_base import Constant, Cosine, Plateau, Step

LearningRate = Callable[[float], float]
"""From a moment, in epochs, to a learning rate."""


def learning_rate(recipe: Recipe) -> LearningRate:
    """Return the recipe's learning rate as a function of time.

    A plateau schedule is constant here; its memory multiplies what this returns (see `PlateauMemory`).

    Example:
        >>> from whosthat.training.recipe import make_recipe
        >>> sgd, step = {"name": "sgd", "learning_rate": 0.08}, {"name": "step"}
        >>> rate = learning_rate(make_recipe({"model": "cnn6", "optimiser": sgd, "schedule": step}))
        >>> [rate(epoch) for epoch in (0, 10, 11, 23)]
        [0.08, 0.08, 0.04, 0.02]
    """
    return _rate(recipe.schedule, recipe.optimiser.learning_rate, recipe.epochs)


@singledispatch
def _rate(schedule: object, start: float, epochs: int) -> LearningRate:
    raise TypeError(f"There is no learning rate for {schedule!r}.")


@_rate.register(Constant)
@_rate.register(Plateau)
def _constant(_schedule: Constant | Plateau, start: float, _epochs: int) -> LearningRate:
    return lambda _epoch: start


@_rate.register
def _step(schedule: Step, start: float, _epochs: int) -> LearningRate:
    return lambda epoch: start * schedule.drop ** math.floor((1 + math.floor(epoch)) / schedule.every)


@_rate.register
def _cosine(schedule: Cosine, start: float, epochs: int) -> LearningRate:
    warmup = min(schedule.warmup_epochs, epochs)
    # A rate of exactly 0 at the first step would waste it.
    least = start / 100

    def rate(epoch: float) -> float:
        if epoch < warmup:
            return least + (start - least) * epoch / warmup
        passed = min((epoch - warmup) / max(epochs - warmup, 1e-9), 1.0)
        return start * (schedule.final + (1 - schedule.final) * 0.5 * (1 + math.cos(math.pi * passed)))

    return rate


@dataclass
class PlateauMemory:
    """What a plateau schedule has seen so far; it is saved with every checkpoint.

    Attributes:
        factor: What the starting rate is multiplied by now.
        lowest: The lowest validation loss so far.
        waited: Epochs since then, or since the rate last fell.
    """

    factor: float = 1.0
    lowest: float = math.inf
    waited: int = 0

    def see(self, loss: float, schedule: Plateau, start: float) -> bool:
        """Take in the validation loss of one more epoch; return whether the rate falls now."""
        if loss < self.lowest:
            self.lowest, self.waited = loss, 0
            return False
        self.waited += 1
        if self.waited < schedule.patience:
            return False
        self.waited = 0
        fallen = max(self.factor * schedule.factor, schedule.minimum / start)
        falls = fallen < self.factor
        self.factor = min(fallen, self.factor)
        return falls
