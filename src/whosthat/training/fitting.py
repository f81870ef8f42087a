"""Train a network by a recipe, in a run folder, from the start or from where an earlier process was stopped.

What belongs here: putting the parts together and taking them apart. What does not: the steps themselves (`stages`, `transfer`,
`callbacks`). Importing this module imports Keras, which takes seconds: import it where training begins.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.dataset.batches import Batches
from whosthat.errors import NetworkError, RunError, system_reason
from whosthat.networks import registry
from whosthat.networks.backend import set_threads, usable_cores
from whosthat.progress import SILENT, Progress
from whosthat.runs.files import CHECKPOINTS
from whosthat.runs.lock import listening, run_lock
from whosthat.training.checkpoints import Checkpoint, Checkpoints, RunState, model_variables, restore
from whosthat.training.features import FEATURES
from whosthat.training.journal import Journal
from whosthat.training.recipe import Recipe, design_of
from whosthat.training.refitting import NOTHING_BESIDES, Plan, Refitted
from whosthat.training.schedules import learning_rate
from whosthat.training.stage_context import Run
from whosthat.training.stages import Stage, answers_of, train_stage
from whosthat.training.transfer import HEAD, train_head_then_all
from whosthat.translation import _
from whosthat.types import IntArray
from whosthat.version import __version__

if TYPE_CHECKING:
    import keras

WHOLE = "whole"
"""The stage that trains all of a network, when there is only one."""


@dataclass(frozen=True)
class Fitted:
    """A training that came to its end."""

    model: keras.Model  # with its best weights: highest validation accuracy, at equal accuracy the lowest validation loss
    history: list[dict[str, float]]  # one row an epoch, as in history.csv
    best_epoch: int  # from 1
    seconds: float  # spent training, in all processes together
    stopped: str  # why training ended, as a sentence
    confusion: IntArray  # validation photos, int64 (classes, classes): rows what it was, columns the likeliest answer
    refitted: Refitted | None = None  # None for a network that was trained as a whole

    @property
    def learns_from_all(self) -> bool:
        """Whether there is a head that has learnt from the test photos as well."""
        return self.refitted is not None and self.refitted.head is not None

    def learn_from_all(self) -> None:
        """Put that head, where there is one, into the model; from then on it cannot be tested any more."""
        if self.refitted is not None and self.refitted.head is not None:
            _, head = registry.backbone_and_head(self.model)
            restore(model_variables(head), self.refitted.head)


def fit(
    recipe: Recipe,
    train: Batches,
    validation: Batches,
    run: Path,
    *,
    plan: Plan = NOTHING_BESIDES,
    progress: Progress = SILENT,
    resume: bool = False,
) -> Fitted:
    """Train by a recipe.

    ``run``, made if absent, receives ``history.csv``, ``events.jsonl``, ``tensorboard/`` and ``checkpoints/`` as training goes on. A
    training that was killed and resumed ends with the same bits as one that was not, on the same machine with the same versions.

    Args:
        recipe: What to train and how.
        train: Training batches, in the recipe's batch size, shuffled and augmented as it says.
        validation: Validation batches.
        run: The run folder.
        plan: What is done besides.
        progress: Hears of every batch.
        resume: Go on where the newest undamaged checkpoint in ``run`` stands; without one, start from the beginning.

    Raises:
        TrainingError: The loss is no longer a number, or memory or disk are full; the last good checkpoint is kept.
        TrainingInterruptedError: Ctrl-C or SIGTERM came; a checkpoint of that very step was written.
        RunError: Another process trains in ``run``, or what is there belongs to another training.
    """
    with _opened(recipe, run, progress, plan.hopeless) as opened:
        checkpoint = _where_it_stands(opened, resume)
        state = checkpoint.state if checkpoint else RunState(recipe.key(), HEAD if recipe.transfer.enabled else WHOLE)
        _settle(state, opened, train)
        model = build_network(recipe, train.n_classes)
        refitted = None
        if recipe.transfer.enabled:
            answers, refitted = train_head_then_all(model, (train, validation), opened, state, checkpoint, plan)
        else:
            stage = Stage(WHOLE, model, train, validation, recipe.epochs, learning_rate(recipe))
            train_stage(stage, opened, state, checkpoint)
            answers = answers_of(model, validation)
        ended = {"epochs": state.epoch, "patience": recipe.early_stopping.patience}
        opened.journal.note("end", reason=state.stopped.format(**ended), best_epoch=state.best.epoch, seconds=round(state.seconds, 3))
    shutil.rmtree(run / FEATURES, ignore_errors=True)
    confusion = np.zeros((train.n_classes, train.n_classes), np.int64)
    np.add.at(confusion, (validation.labels, answers.argmax(axis=1)), 1)
    return Fitted(model, state.history, state.best.epoch, state.seconds, _(state.stopped, **ended), confusion, refitted)


def build_network(recipe: Recipe, n_classes: int) -> keras.Model:
    """Build the recipe's network; the same recipe gives the same first weights."""
    return registry.build(recipe.model, design_of(recipe, n_classes))


@contextmanager
def _opened(recipe: Recipe, folder: Path, progress: Progress, hopeless: Callable[[Sequence[float]], bool] | None) -> Iterator[Run]:
    """Hold the run folder, listen for the wish to stop, and open the journal."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(
            "The run folder {folder} cannot be created: {error}. Choose another folder with --runs.",
            folder=folder,
            error=system_reason(error),
        ) from error
    with ExitStack() as stack:
        stack.enter_context(run_lock(folder))
        stop_request = stack.enter_context(listening())
        checkpoints = Checkpoints(folder / CHECKPOINTS, progress)
        journal = stack.enter_context(closing(Journal(folder)))
        yield Run(folder, recipe, checkpoints, journal, progress, stop_request, usable_cores(), hopeless)


def _where_it_stands(run: Run, resume: bool) -> Checkpoint | None:
    """Find the checkpoint to go on from."""
    checkpoint = run.checkpoints.newest(run.recipe.key())
    if checkpoint is not None and not resume:
        raise RunError(
            "{folder} already holds a run. Continue it (whosthat train --resume {folder}), or choose a new folder.", folder=run.folder
        )
    if checkpoint is None and resume:
        run.progress.say(_("There is no checkpoint yet, so training starts from the beginning."))
    return checkpoint


def _settle(state: RunState, run: Run, train: Batches) -> None:
    """Pin what the bits depend on, compare it with what a resumed training began with, and note it."""
    import tensorflow as tf

    before = state.environment
    try:
        set_threads(int(before.get("threads", run.threads)))
    except NetworkError as error:  # it is too late for that
        run.progress.say(" ".join([str(error), _("The last digits of results can differ between processes.")]))
    threads = tf.config.threading.get_intra_op_parallelism_threads()  # 0: its own choice
    device = "cuda" if tf.config.get_visible_devices("GPU") else "cpu"
    now = {"threads": str(threads), "device": device, "whosthat": __version__, "machine": platform.machine()}
    now |= {"keras": version("keras"), "numpy": version("numpy"), "tensorflow": str(tf.__version__), "photos": str(train.n_photos)}
    if before.get("photos", now["photos"]) != now["photos"]:
        raise RunError(
            "This run began with {before} photos, but now there are {now}. Start a new run.", before=before["photos"], now=now["photos"]
        )
    changed = [
        _("{name} {before} (now {now})", name=name, before=before[name], now=now[name]) for name in before if before[name] != now.get(name)
    ]
    if changed:
        run.progress.say(_("This run began with {changed}; the last digits of its results can differ.", changed=_(", ").join(changed)))
    state.environment = now
    run.journal.note("resume" if before else "start", recipe=state.recipe_key, epoch=state.epoch, batch=state.batch, **now)
