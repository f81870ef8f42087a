"""A search for the best settings: each next step follows from how the steps before it went.

What belongs here: what may be tried, which comes next, and when a training has no hope. What does not: training
(`whosthat.workflow.series`), the choice (`whosthat.evaluation.experiments`).

Optuna asks and is told: its tree-structured Parzen estimator (TPE) proposes settings, its median rule gives up trainings that are worse
than half of those before at the same epoch. Both follow from a fixed seed and from what was told, so a search that is repeated asks for the
same steps, and finds them trained: nothing else is kept of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from whosthat.errors import RecipeError, UsageError
from whosthat.training.experiments import RANGE, Step, grid

MOST_STEPS = 1000

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
        self._models, self._vary, self._settings, self.n_steps = models, vary, settings, n_steps
        self._ends = {key: _ends(key, str(values[0])) for key, values in vary.items() if RANGE.fullmatch(str(values[0]))}
        self.corners = tuple(step for end in (0, 1) for step in grid(models, self._at(end), settings))

    def _at(self, end: int) -> dict[str, Sequence[Any]]:
        """Return values to check before anything is trained: settings have limits and no gaps, so what is between good ends is good."""
        return {key: [self._ends[key][end]] if key in self._ends else values for key, values in self._vary.items()}

    def ask(self) -> Step:
        """Return the step to train next."""
        self._trial = self._study.ask()
        (step,) = grid(self._models, {key: [self._proposed(key, values)] for key, values in self._vary.items()}, self._settings)
        return step

    def hopeless(self, accuracies: Sequence[float]) -> bool:
        """Say, after each of its epochs, whether the step that was asked for is to be given up, by its validation accuracies so far."""
        for epoch, accuracy in enumerate(accuracies[self._told :], start=self._told):
            self._trial.report(accuracy, epoch)
        return bool(self._trial.should_prune())

    def tell(self, accuracies: Sequence[float]) -> None:
        """Say how the step went: its validation accuracy in each epoch; none where it failed."""
        from optuna.trial import TrialState

        self.hopeless(accuracies)
        if accuracies:
            self._study.tell(self._trial, max(accuracies))
        else:
            self._study.tell(self._trial, state=TrialState.FAIL)

    @property
    def _told(self) -> int:
        """Epochs of the step that were told already."""
        return len(self._study.get_trials(deepcopy=False)[-1].intermediate_values)

    def _proposed(self, key: str, values: Sequence[Any]) -> Any:
        if key not in self._ends:
            return values[self._trial.suggest_categorical(key, range(len(values)))]
        low, high = self._ends[key]
        log = low > 0 and high / low >= 10
        if isinstance(low, int) and isinstance(high, int):
            return self._trial.suggest_int(key, low, high, log=log)
        return float(f"{self._trial.suggest_float(key, low, high, log=log):.{DIGITS}g}")


def _study() -> Any:
    try:
        import optuna
    except ImportError as error:
        raise UsageError('Tuning needs Optuna, which is not installed. Install it: pip install "whosthat[tune]".') from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(UNPRUNED_STEPS, UNPRUNED_EPOCHS)
    return optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0), pruner=pruner)


def _ends(key: str, text: str) -> tuple[float, float]:
    low, high = (float(end) if re.search("[.e]", end) else int(end) for end in text.split("..", 1))
    if not low < high:
        raise RecipeError('The range "{key}={text}" is empty: the lower end comes first.', key=key, text=text)
    return low, high
