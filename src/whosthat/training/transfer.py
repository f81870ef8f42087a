"""Two-stage training of a network that brings a pretrained backbone: its head on stored features, then all of it, slowly.

What belongs here: the two stages, what passes from the first to the second, and which layers learn in each. What does not:
computing and keeping features (`features`), and the training itself, which is the same as everywhere (`stages`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from whosthat.dataset.batches import Batches
from whosthat.networks.backend import load_keras
from whosthat.networks.registry import backbone_and_head
from whosthat.training.checkpoints import Checkpoint, RunState, model_variables, read
from whosthat.training.features import FeatureStore
from whosthat.training.refitting import Plan, Refitted, refit
from whosthat.training.schedules import PlateauMemory, learning_rate
from whosthat.training.stage_context import Run
from whosthat.training.stages import Stage, answers_of, train_stage

if TYPE_CHECKING:
    import keras

    from whosthat.types import FloatArray

HEAD, FINE_TUNING = "head", "fine-tuning"
"""The names of the two stages."""


def train_head_then_all(
    model: keras.Model,
    parts: tuple[Batches, Batches],
    run: Run,
    state: RunState,
    checkpoint: Checkpoint | None,
    plan: Plan,
) -> tuple[FloatArray, Refitted | None]:
    """Train a network with a pretrained backbone on (training, validation) batches and leave the best weights in it.

    ``state`` is changed in place; ``checkpoint`` None starts from the beginning; ``plan`` says on what the head is trained again.

    Returns:
        The probabilities for the validation photos, float32 ``(n, classes)``, and what came of that. None where it is not done, and where
        the head alone is not the whole story: where the backbone is tuned afterwards, or what is kept is an average over steps.
    """
    recipe, (train, validation) = run.recipe, parts
    backbone, head = backbone_and_head(model)
    refitted = None
    if state.stage == HEAD:
        first = read(model_variables(head))
        store = FeatureStore(backbone, run, plan.features)
        seen = store.of("training", train, recipe.transfer.views)
        validated = store.of("validation", validation)
        stage = Stage(HEAD, head, seen, validated, recipe.epochs, learning_rate(recipe), (seen.table(), validated.table()))
        train_stage(stage, run, state, checkpoint)
        answers = answers_of(head, validated)
        checkpoint = None  # it was of the first stage
        if recipe.transfer.fine_tune_epochs:
            _begin_fine_tuning(model, run, state)
        elif not recipe.optimiser.ema:
            more = [] if plan.test is None else [store.of("test", plan.test)]
            rates = [row["learning_rate"] for row in state.history[: state.best.epoch]]
            refitted = refit(head, first, [seen, validated, *more], plan, rates, run)
    if state.stage == FINE_TUNING:
        _unfreeze(backbone)
        epochs, rate = recipe.transfer.fine_tune_epochs, recipe.transfer.fine_tune_learning_rate
        train_stage(Stage(FINE_TUNING, model, train, validation, epochs, lambda _epoch: rate), run, state, checkpoint)
        answers = answers_of(model, validation)
    return answers, refitted


def _begin_fine_tuning(model: keras.Model, run: Run, state: RunState) -> None:
    """Open the second stage; what is best so far is from now on a matter of the whole network's weights."""
    state.stage, state.first_epoch, state.stopped = FINE_TUNING, state.epoch, ""
    state.lowest_loss, state.waited, state.plateau = math.inf, 0, PlateauMemory()
    state.best.file, state.best.sha256 = run.checkpoints.write_best(f"{FINE_TUNING}-{state.epoch:05}", read(model_variables(model)))
    run.journal.note("stage", name=FINE_TUNING, first_epoch=state.first_epoch)


def _unfreeze(backbone: keras.Model) -> None:
    """Let all weights learn but those of batch normalisation, which goes on with the statistics it was pretrained with.

    Keras uses them where a layer is not trainable; a few hundred photos in small batches would only spoil them.
    """
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = not isinstance(layer, load_keras().layers.BatchNormalization)
