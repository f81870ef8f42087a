"""What a training and its stages share: who watches, where things are kept, where the run stands.

What belongs here: holding these together, and telling time. What does not: acting on them (`callbacks`, `stages`).
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from whosthat.errors import TrainingInterruptedError
from whosthat.progress import Progress
from whosthat.runs.lock import StopRequest
from whosthat.training.checkpoints import Checkpoints, RunState, Variable
from whosthat.training.journal import Journal
from whosthat.training.recipe import Recipe
from whosthat.training.schedules import LearningRate
from whosthat.translation import _


@dataclass(frozen=True)
class Run:
    """What all stages of a training share."""

    folder: Path
    recipe: Recipe
    checkpoints: Checkpoints
    journal: Journal
    progress: Progress
    stop_request: StopRequest
    threads: int  # inside one operation
    hopeless: Callable[[Sequence[float]], bool] | None = None  # as in `Plan`

    def interrupted(self, when: str) -> TrainingInterruptedError:
        """Note that somebody stopped the training, and return the error that says so, and when, such as "after 3 steps"."""
        name = signal.Signals(self.stop_request.signal).name
        self.journal.note("stopped", reason=name)
        return TrainingInterruptedError(
            _(
                "Training was stopped by {signal} {when}. Nothing is lost: go on with whosthat train --resume {folder}.",
                signal=name,
                when=when,
                folder=self.folder,
            ),
            self.stop_request.signal,
        )


@dataclass
class StageContext:
    """One stage on its way: what its callbacks share."""

    run: Run
    state: RunState
    learning_rate: LearningRate  # of epochs since the stage began
    batches: int  # in one epoch
    n_photos: int  # in one epoch
    last_epoch: int  # finished epochs, earlier stages included, after which the stage ends at the latest
    variables: dict[str, Variable] = field(default_factory=dict)  # all that a checkpoint must hold
    clock: float = field(default_factory=time.monotonic)  # when time was last added to the state's seconds

    def tick(self) -> None:
        """Add the time since the last tick to the state."""
        now = time.monotonic()
        self.state.seconds += now - self.clock
        self.state.epoch_seconds += now - self.clock
        self.clock = now
