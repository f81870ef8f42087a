"""A search for the best settings: each next step follows from how the steps before it went.

What belongs here: what may be tried, which comes next, and when a training has no hope. What does not: training
(`whosthat.workflow.series`), the choice (`whosthat.evaluation.experiments`).

Optuna asks and is told: its tree-structured Parzen estimator (TPE) proposes settings. A training that is worse than half of those before at
the same epoch is given up (the median rule of D. Golovin et al., "Google Vizier", KDD 2017). Both follow from a fixed seed and what was
told, so a search that is repeated asks for the same steps, and finds them trained: nothing else is kept of it.

Steps come `AT_ONCE` at a time, and follow from what was told of those before. So it is on one computer, too, which trains one after the
other: a search means the same wherever it is trained.
"""

from __future__ import annotations

import re
import statistics
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from whosthat.errors import RecipeError, UsageError
from whosthat.training.experiments import RANGE, Step, grid

MOST_STEPS = 1000

AT_ONCE = 4
"""So many steps are asked for before any of them is told, and may be trained at once. The first ten are drawn by chance anyway."""

UNPRUNED_STEPS, UNPRUNED_EPOCHS = 4, 2
"""No training is given up before so many were trained, and none in its first epochs."""

DIGITS = 3
"""To so many digits a number is proposed: a learning rate of 0.00731, not 0.0073094."""


class Search:
    """A search among settings, ``n_steps`` steps long.

    Args:
        models: The network whose settings are tried, one name; none where ``recipe`` is varied or set.
        vary: What each setting, by its dotted key, may be: values, or one text such as ``0.0001..0.1`` for a range.
        n_steps: How many trainings, 1 to 1000.
        settings: Changes of all recipes, sections as mappings.

    Attributes:
        corners: The steps at the lower and upper ends of all ranges.

    Raises:
        UsageError: Optuna is not installed, ``n_steps`` is out of range, or there is nothing to vary; otherwise as `grid`.
        RecipeError: A range is empty; otherwise as `grid`.
    """

    def __init__(
        self, models: Sequence[str], vary: Mapping[str, Sequence[Any]], n_steps: int, settings: Mapping[str, Any] | None = None
    ) -> None:
        if not 1 <= n_steps <= MOST_STEPS:
            raise UsageError("A search has 1 to {most} steps, got {n}.", most=MOST_STEPS, n=n_steps)
        if not vary:
            raise UsageError('Say what to tune, such as "--vary optimiser.learning_rate=0.0001..0.1".')
        self._study = _study()
        self._asked: deque[Any] = deque()
        self._told: list[Sequence[float]] = []
        self._models, self._vary, self._settings, self.n_steps = models, vary, settings, n_steps
        self._ends = {key: _ends(key, str(values[0])) for key, values in vary.items() if RANGE.fullmatch(str(values[0]))}
        self.corners = tuple(step for end in (0, 1) for step in grid(models, self._at(end), settings))

    def _at(self, end: int) -> dict[str, Sequence[Any]]:
        """Return values to check before anything is trained: settings have limits and no gaps, so what is between good ends is good."""
        return {key: [self._ends[key][end]] if key in self._ends else values for key, values in self._vary.items()}

    def ask(self) -> Step:
        """Return a step to train. Of those asked for and not told, the first is told first."""
        trial = self._study.ask()
        self._asked.append(trial)
        (step,) = grid(self._models, {key: [self._proposed(trial, key, values)] for key, values in self._vary.items()}, self._settings)
        return step

    def bars(self) -> tuple[float, ...]:
        """Return the median of what was told, by epoch: what the best validation accuracy of a step must reach by then (`hopeless`)."""
        if len(self._told) < UNPRUNED_STEPS:
            return ()
        epochs = range(max(map(len, self._told)))
        reached = [[accuracies[epoch] for accuracies in self._told if len(accuracies) > epoch] for epoch in epochs]
        return tuple(0.0 if epoch < UNPRUNED_EPOCHS else statistics.median(reached[epoch]) for epoch in epochs)

    def tell(self, accuracies: Sequence[float]) -> None:
        """Say how a step went: its validation accuracy in each epoch; none where it failed."""
        from optuna.trial import TrialState

        trial = self._asked.popleft()
        if accuracies:
            self._told.append(accuracies)
            self._study.tell(trial, max(accuracies))
        else:
            self._study.tell(trial, state=TrialState.FAIL)

    def _proposed(self, trial: Any, key: str, values: Sequence[Any]) -> Any:
        if key not in self._ends:
            return values[trial.suggest_categorical(key, range(len(values)))]
        low, high = self._ends[key]
        log = low > 0 and high / low >= 10
        if isinstance(low, int) and isinstance(high, int):
            return trial.suggest_int(key, low, high, log=log)
        return float(f"{trial.suggest_float(key, low, high, log=log):.{DIGITS}g}")


def hopeless(bars: Sequence[float], accuracies: Sequence[float]) -> bool:
    """Say whether a step is to be given up, by its validation accuracies so far, one or more, and `Search.bars`."""
    return len(accuracies) <= len(bars) and max(accuracies) < bars[len(accuracies) - 1]


def _study() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise UsageError('Tuning needs Optuna, which is not installed. Install it: pip install "whosthat[tune]".') from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))


def _ends(key: str, text: str) -> tuple[float, float]:
    low, high = (float(end) if re.search("[.e]", end) else int(end) for end in text.split("..", 1))
    if not low < high:
        raise RecipeError('The range "{key}={text}" is empty: the lower end comes first.', key=key, text=text)
    return low, high
