"""Learning rates as pure functions of time, and the one schedule that has a memory.

What belongs here: from a recipe's schedule and a moment to a learning rate. What does not: setting it (`callbacks`).
Time is counted in epochs from 0; half way through the third epoch it is 2.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from whosthat.training.recipe import Recipe
from whosthat.training.recipe_base import Cosine, Plateau, Step

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
    schedule, start = recipe.schedule, recipe.optimiser.learning_rate
    if isinstance(schedule, Step):
        return lambda epoch: start * schedule.drop ** math.floor((1 + math.floor(epoch)) / schedule.every)
    if isinstance(schedule, Cosine):
        return _cosine(schedule, start, recipe.epochs)
    return lambda _epoch: start


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
    """What a plateau schedule has seen so far; it is saved with every checkpoint."""

    factor: float = 1.0  # what the starting rate is multiplied by now
    lowest: float = math.inf  # lowest validation loss so far
    waited: int = 0  # epochs since then, or since the rate last fell

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
