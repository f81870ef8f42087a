"""One stage of training: a model, its batches and a learning rate, given to ``Model.fit`` with its callbacks.

What belongs here: compiling, starting or going on, and ending a stage. A training has one stage, or two with a pretrained
backbone. What does not: which stages there are (`fitting`, `transfer`).
"""

from __future__ import annotations

import gc
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.dataset.batches import class_weights
from whosthat.errors import TrainingError
from whosthat.networks.backend import load_keras
from whosthat.training import callbacks
from whosthat.training.checkpoints import Checkpoint, RunState, Variable, model_variables, named, restore
from whosthat.training.feeding import Batches, Feed, Table
from whosthat.training.recipe import Recipe
from whosthat.training.schedules import LearningRate
from whosthat.training.stage_context import Run, StageContext
from whosthat.translation import N_
from whosthat.types import FloatArray

if TYPE_CHECKING:
    import keras

ALL_DONE = N_("All {epochs} epochs are done.")
"""As `callbacks.NOT_FALLEN`."""


@dataclass(frozen=True)
class Stage:
    """What one stage trains."""

    name: str  # unique among the stages of a training
    model: keras.Model  # only its trainable variables change
    train: Batches
    validation: Batches
    epochs: int  # at most
    learning_rate: LearningRate  # of epochs since the stage began
    tables: tuple[Table | None, Table | None] = (None, None)  # what both batches hold, where that is in memory


def train_stage(stage: Stage, run: Run, state: RunState, checkpoint: Checkpoint | None) -> None:
    """Train one stage to its end, or on from a checkpoint inside it, and leave the best weights so far in its model.

    Raises:
        TrainingError: The loss is no longer a number, or memory or disk are full.
        TrainingInterruptedError: Somebody stopped it.
    """
    last_epoch = state.first_epoch + stage.epochs
    context = StageContext(run, state, stage.learning_rate, len(stage.train), stage.train.n_photos, last_epoch)
    metrics = compile_model(stage.model, run.recipe)
    context.variables |= model_variables(stage.model) | named("optimiser", stage.model.optimizer.variables) | metrics
    averaging = [callbacks.AverageWeights(context, stage.model.trainable_variables)] if run.recipe.optimiser.ema else []
    context.variables |= named("average", [average for callback in averaging for average in callback.averages])
    counted = {}
    if checkpoint is not None:
        restore(context.variables, checkpoint.arrays)
        counted = {name: checkpoint.arrays[name] for name in metrics if state.batch}
    keeper = callbacks.KeepCheckpoints(context)
    in_order = [
        callbacks.SetLearningRate(context),
        callbacks.RestoreMetrics(context, counted),
        callbacks.GuardNumbers(context),
        callbacks.CountSteps(context),
        callbacks.KeepBest(context),
        *averaging,
        callbacks.KeepHistory(context),
        callbacks.TellEpoch(context),
        callbacks.WatchValidation(context),
        keeper,
    ]
    _fit(stage, context, in_order)
    state.stopped = state.stopped or ALL_DONE
    keeper.write()
    restore(model_variables(stage.model), run.checkpoints.read_best(state.best))


def _fit(stage: Stage, context: StageContext, in_order: list[Any]) -> None:
    """Finish the epoch that a checkpoint broke off, if there is one, then train the others."""
    weights = class_weights(stage.train.labels, stage.train.n_classes) if context.run.recipe.class_weights else None
    state = context.state
    table, validation_table = stage.tables
    validation = Feed(stage.validation, 0, len(stage.validation))
    while state.epoch < context.last_epoch and not state.stopped:
        until = state.epoch + 1 if state.batch else context.last_epoch
        done = state.epoch * context.batches + state.batch
        span = (done, until * context.batches - done, weights)
        feed = Feed(stage.train, *span)
        with _readers_released(stage.model), _own_errors(feed, validation):
            stage.model.fit(
                table.training_data(*span) if table else feed,
                validation_data=validation_table.validation_data() if validation_table else validation,
                initial_epoch=state.epoch,
                epochs=until,
                steps_per_epoch=context.batches - state.batch,
                callbacks=in_order,
                shuffle=False,
                verbose=0,
            )


def answers_of(model: keras.Model, photos: Batches) -> FloatArray:
    """Return the probabilities for photos in the order of their batches, float32 ``(n, classes)``."""
    return np.concatenate([np.asarray(model(photos.batch(0, index)[0], training=False)) for index in range(len(photos))])


@contextmanager
def _readers_released(model: keras.Model) -> Iterator[None]:
    """Let go of Keras' data iterators, also after an error: one that still reads ahead when Python ends blocks its end for ever.

    They are held by the model (for validation), by the frames that an error came through, and by reference cycles.
    """
    try:
        yield
    finally:
        model._eval_epoch_iterator = None
        error = sys.exception()
        for frame, _line in traceback.walk_tb(error.__traceback__ if error else None):
            _clear_with_callers(frame)
        if error is not None or model.stop_training:  # else everything has been read and let go of
            gc.collect()


def _clear_with_callers(frame: FrameType | None) -> None:
    """Forget the local variables of a call that has ended and of those that made it; Keras hides its own from the traceback."""
    while frame is not None:
        try:
            frame.clear()
        except RuntimeError:  # this one is still running, and so are its callers
            return
        frame = frame.f_back


@contextmanager
def _own_errors(*feeds: Feed) -> Iterator[None]:
    """Raise what went wrong while a batch was made, instead of the text that TensorFlow makes of it."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.ResourceExhaustedError as error:
        raise TrainingError("There is not enough memory for a training step. Lower batch_size or size, then start a new run.") from error
    except tf.errors.OpError as error:
        failure = next((feed.failure for feed in feeds if feed.failure is not None), error)
        raise failure from None


def compile_model(model: keras.Model, recipe: Recipe) -> dict[str, Variable]:
    """Compile a model as a recipe says, build its optimiser, and return the variables of its running metrics."""
    keras_module = load_keras()
    accuracy = keras_module.metrics.CategoricalAccuracy(name="accuracy")
    # XLA would choose other orders of summation on other machines, and cost a compilation.
    model.compile(_optimiser(recipe), _loss(recipe), metrics=[accuracy], jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    loss_tracker = next(metric for metric in model.metrics if metric.name == "loss")
    return named("metric", [*loss_tracker.variables, *accuracy.variables])


def _optimiser(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Build the recipe's optimiser; its moving average is `callbacks.AverageWeights`' business, its decay `callbacks.SetLearningRate`'s."""
    settings = recipe.optimiser.model_dump(exclude={"name", "clip_norm", "decay", "ema"})
    kind = getattr(load_keras().optimizers, type(recipe.optimiser).__name__)  # the recipe's sections are named like Keras' classes
    optimiser = kind(global_clipnorm=recipe.optimiser.clip_norm or None, **settings)
    if optimiser.weight_decay:
        optimiser.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return optimiser


def _loss(recipe: Recipe) -> keras.losses.Loss:
    losses = load_keras().losses
    if recipe.loss == "mean_squared_error":
        return losses.MeanSquaredError()
    return losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing)
