"""What happens between the steps of ``Model.fit``: learning rate, guards, records, best weights, stopping and checkpoints.

What belongs here: callbacks, each for one matter. Whatever decides how training goes on stands in the `checkpoints.RunState`, so a
checkpoint of it is complete. What does not: how stages follow each other (`stages`), and how files look (`journal`, `checkpoints`).
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from whosthat.errors import TrainingError
from whosthat.networks.backend import load_keras
from whosthat.runs.files import HISTORY
from whosthat.training.checkpoints import Arrays, Best, Variable, model_variables, read, restore
from whosthat.training.journal import HISTORY_COLUMNS, write_history
from whosthat.training.recipe_base import Plateau
from whosthat.training.stage_context import StageContext
from whosthat.translation import N_, _, ngettext
from whosthat.wording import duration, percent

keras: Any = load_keras()

Logs = Mapping[str, float] | None

CHECKPOINT_SHARE = 50
"""A checkpoint at the end of an epoch waits until training took so many times as long as writing the one before (2 %)."""

GIVEN_UP = N_("At this epoch other settings were better, so this one was given up.")
NOT_FALLEN = N_("The validation loss has not fallen for {patience} epochs.")
"""Why a stage ended, as checkpoints keep it: in English, its places empty (`fitting` fills them)."""


class _StageCallback(keras.callbacks.Callback):
    """A callback that knows its stage."""

    def __init__(self, context: StageContext) -> None:
        super().__init__()
        self.context = context
        self.run = context.run
        self.recipe = context.run.recipe
        self.state = context.state


class SetLearningRate(_StageCallback):
    """Set the rate of every step: a pure function of the moment, times what a plateau schedule remembers."""

    _rate = math.nan

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Set it for this step."""
        epoch = self.state.epoch - self.state.first_epoch
        moment = epoch + self.state.batch / self.context.batches
        steps = epoch * self.context.batches + self.state.batch
        decayed = 1 + self.recipe.optimiser.decay * steps
        rate = self.context.learning_rate(moment) * self.state.plateau.factor / decayed
        if rate != self._rate:  # setting it takes longer than a step of a small model
            self.model.optimizer.learning_rate = self._rate = rate


class RestoreMetrics(_StageCallback):
    """Go on counting loss and accuracy in the middle of the first epoch; Keras sets them to zero whenever it starts one."""

    def __init__(self, context: StageContext, arrays: Arrays) -> None:
        super().__init__(context)
        self._arrays = arrays

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Set them back, the first time."""
        if self._arrays:
            restore({name: self.context.variables[name] for name in self._arrays}, self._arrays)
        self._arrays = {}


class GuardNumbers(_StageCallback):
    """Stop at once when the loss is no longer a number."""

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Look at the running mean, in which one bad batch shows."""
        self._guard(N_("loss"), logs)

    def on_test_end(self, logs: Logs = None) -> None:
        """Look at the validation loss."""
        self._guard(N_("validation loss"), logs)

    def _guard(self, what: str, logs: Logs) -> None:
        loss = (logs or {})["loss"]
        if math.isfinite(loss):
            return
        self.run.journal.note("not-a-number", what=what, epoch=self.state.epoch + 1, batch=self.state.batch + 1)
        written = self.run.checkpoints.any_written()
        kept = _("The last good checkpoint and the best weights are kept.") if written else _("No checkpoint had been written yet.")
        happened = _(
            "The {loss} became {number} in epoch {epoch}, batch {batch} of {batches}, so training stopped.",
            loss=_(what),
            number=loss,
            epoch=self.state.epoch + 1,
            batch=self.state.batch + 1,
            batches=self.context.batches,
        )
        advice = _(
            "Start a new run with a lower learning rate (it was {rate:.3g}; try a tenth) or with optimiser.clip_norm = 1.0.",
            rate=float(self.model.optimizer.learning_rate),
        )
        raise TrainingError(f"{happened} {kept} {advice}")


class CountSteps(_StageCallback):
    """Count batches and show them."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Start measuring the speed."""
        self._started, self._first_batch = time.monotonic(), self.state.batch

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """One more is done; what came of the last one, `TellEpoch` tells."""
        self.state.batch += 1
        self.state.steps += 1
        if self.state.batch == self.context.batches:
            return
        photos = self.context.n_photos / self.context.batches
        rate = (self.state.batch - self._first_batch) * photos / max(time.monotonic() - self._started, 1e-9)
        numbers = logs or {}
        self.run.progress.step(
            _("epoch {epoch} of {last_epoch}", epoch=self.state.epoch + 1, last_epoch=self.context.last_epoch),
            min(round(self.state.batch * photos), self.context.n_photos),
            self.context.n_photos,
            _(
                "loss {loss:.3f}, accuracy {accuracy:.3f}, {rate:.0f} photos a second",
                loss=numbers["loss"],
                accuracy=numbers["accuracy"],
                rate=rate,
            ),
        )


class KeepBest(_StageCallback):
    """Write the weights whenever a validation is better than every one before: what was validated, averaged weights included."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Compare and keep."""
        results = logs or {}
        accuracy, loss = float(results["accuracy"]), float(results["loss"])
        if not self.state.best.beaten_by(accuracy, loss):
            return
        epoch = self.state.epoch + 1
        file, sha256 = self.run.checkpoints.write_best(f"{self.state.stage}-{epoch:05}", read(model_variables(self.model)))
        self.state.best = Best(epoch, accuracy, loss, file, sha256)
        self.run.journal.note("best", epoch=epoch, val_accuracy=accuracy, val_loss=loss)


class KeepHistory(_StageCallback):
    """Close an epoch: one more row of history."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Add the row and go on to the next epoch."""
        self.context.tick()
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        numbers |= {"epoch": self.state.epoch + 1, "seconds": round(self.state.epoch_seconds, 3)}
        numbers["learning_rate"] = float(self.model.optimizer.learning_rate)
        row = {name: float(f"{numbers[name]:.7g}") for name in HISTORY_COLUMNS}  # a float32 has seven digits
        self.state.history.append(row)
        self.state.epoch, self.state.batch, self.state.epoch_seconds = self.state.epoch + 1, 0, 0.0
        write_history(self.state.history, self.run.folder / HISTORY)
        self.run.journal.note("epoch", **row)
        self.run.journal.note_scalars(self.state.epoch, row)


class TellEpoch(_StageCallback):
    """Say in one line what an epoch brought, whether its weights were kept, and how long the stage takes at most; after `KeepHistory`."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Say it."""
        row, state = self.state.history[-1], self.state
        of_stage = [one["seconds"] for one in state.history[state.first_epoch :]]
        left = (self.context.last_epoch - state.epoch) * sum(of_stage) / len(of_stage)
        sentences = [
            _(
                "Epoch {epoch}/{last_epoch}: training loss {loss:.3f}, accuracy {accuracy}; validation loss {val_loss:.3f}, "
                "accuracy {val_accuracy}; learning rate {rate:.3g}.",
                epoch=state.epoch,
                last_epoch=self.context.last_epoch,
                loss=row["loss"],
                accuracy=percent(row["accuracy"]),
                val_loss=row["val_loss"],
                val_accuracy=percent(row["val_accuracy"]),
                rate=row["learning_rate"],
            ),
            *([_("Best so far, saved.")] if state.best.epoch == state.epoch else []),
            *([_("At most {duration} left.", duration=duration(left))] if left else []),
        ]
        self.run.progress.result(" ".join(sentences))


class WatchValidation(_StageCallback):
    """Stop early, and lower the rate on a plateau, both by the validation loss; give up where there is no hope."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Take in one more validation loss."""
        loss = float((logs or {})["val_loss"])
        if self.run.hopeless is not None and self.run.hopeless([row["val_accuracy"] for row in self.state.history]):
            self.state.stopped = GIVEN_UP
            self.model.stop_training = True
        schedule, stopping = self.recipe.schedule, self.recipe.early_stopping
        if isinstance(schedule, Plateau) and self.state.plateau.see(loss, schedule, self.recipe.optimiser.learning_rate):
            self.run.journal.note("plateau", epoch=self.state.epoch, factor=self.state.plateau.factor)
        if loss < self.state.lowest_loss:
            self.state.lowest_loss, self.state.waited = loss, 0
            return
        self.state.waited += 1
        if stopping.enabled and self.state.waited >= stopping.patience:
            self.state.stopped = NOT_FALLEN
            self.model.stop_training = True


class KeepCheckpoints(_StageCallback):
    """Write checkpoints when they are due, and grant the wish to stop."""

    def __init__(self, context: StageContext) -> None:
        super().__init__(context)
        self._written, self._cost, self._steps = time.monotonic(), 0.0, -1

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Inside an epoch: after so many minutes, or when somebody wants to stop."""
        if self.state.batch == self.context.batches:  # the end of the epoch is a better place, and near
            return
        if self.run.stop_request.signal:
            self._stop()
        elif time.monotonic() - self._written >= 60 * self.recipe.checkpoint_minutes:
            self.write()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """After an epoch: unless writing would take more than its share of the time."""
        if self.run.stop_request.signal:
            self._stop()
        elif time.monotonic() - self._written >= CHECKPOINT_SHARE * self._cost:
            self.write()

    def write(self) -> None:
        """Write one now; nothing happens if this very step was written already."""
        if self._steps == self.state.steps:
            return
        self.context.tick()
        started = time.monotonic()
        self.run.checkpoints.write(self.state, read(self.context.variables))
        self._written = time.monotonic()
        self._cost, self._steps = self._written - started, self.state.steps
        self.run.journal.note("checkpoint", epoch=self.state.epoch, batch=self.state.batch, seconds=round(self._cost, 3))

    def _stop(self) -> None:
        self.write()
        raise self.run.interrupted(ngettext("after {n} step", "after {n} steps", self.state.steps))


class AverageWeights(_StageCallback):
    """Keep a moving average of the weights, and validate it instead of the weights (Polyak and Juditsky 1992).

    While few steps are done the average looks back less far, so that it does not stick to the random first weights.
    It must stand after `KeepBest`, which then finds the averages in the model.
    """

    def __init__(self, context: StageContext, weights: list[Variable]) -> None:
        super().__init__(context)
        self.weights = weights
        self.averages = [keras.Variable(weight, trainable=False, name=f"average_{place}") for place, weight in enumerate(weights)]

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Move the averages."""
        steps = self.state.steps
        share = 1 - min(self.recipe.optimiser.ema, (1 + steps) / (10 + steps))
        for average, weight in zip(self.averages, self.weights, strict=True):
            average.assign_add(share * (weight - average))

    def on_test_begin(self, logs: Logs = None) -> None:
        """Exchange weights and averages: the model holds the averages as long as it is validated."""
        for average, weight in zip(self.averages, self.weights, strict=True):
            kept = keras.ops.copy(weight)
            weight.assign(average)
            average.assign(kept)

    on_test_end = on_test_begin
