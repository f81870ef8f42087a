"""Two-stage training of a network that brings a pretrained backbone: its head on stored features, then all of it, slowly.

What belongs here: computing, keeping and feeding a frozen backbone's features, and unfreezing it. What does not: the
training itself, which is the same as everywhere (`stages`).

A frozen backbone gives the same features for the same view of a photo in every epoch. So each view goes through it once,
and the head, which is small, is trained on the stored features.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from whosthat.durable import sync_folder
from whosthat.errors import TrainingError
from whosthat.networks.backend import load_keras
from whosthat.networks.registry import backbone_and_head
from whosthat.training.checkpoints import Checkpoint, RunState
from whosthat.training.course import Run
from whosthat.training.feeding import Batches
from whosthat.training.schedules import PlateauMemory, learning_rate
from whosthat.training.stages import Stage, train_stage
from whosthat.training.variables import model_variables, read
from whosthat.types import FloatArray, IntArray

if TYPE_CHECKING:
    import keras

HEAD, FINE_TUNING = "head", "fine-tuning"
"""The names of the two stages."""

FEATURES = "checkpoints/features"
"""Where features are kept inside a run folder until the training has ended."""

Backbone = Callable[[NDArray[Any]], FloatArray]
"""From a batch of uint8 inputs ``(b, ...)`` to features ``(b, ...)``."""


def train_head_then_all(
    model: keras.Model, parts: tuple[Batches, Batches], run: Run, state: RunState, checkpoint: Checkpoint | None
) -> None:
    """Train a network with a pretrained backbone and leave the best weights in it.

    Args:
        model: The whole network, its backbone pretrained.
        parts: Training and validation batches of photos.
        run: Where and how.
        state: Where the run stands; changed in place.
        checkpoint: Where to go on; None starts from the beginning.
    """
    recipe, (train, validation) = run.recipe, parts
    backbone, head = backbone_and_head(model)
    if state.stage == HEAD:
        features = compute_features("train", train, backbone.predict_on_batch, run, recipe.transfer.views)
        validated = compute_features("validation", validation, backbone.predict_on_batch, run)
        train_stage(Stage(HEAD, head, features, validated, recipe.epochs, learning_rate(recipe)), run, state, checkpoint)
        checkpoint = None
        if recipe.transfer.fine_tune_epochs:
            _begin_fine_tuning(model, run, state)
    if state.stage == FINE_TUNING:
        _unfreeze(backbone)
        epochs, rate = recipe.transfer.fine_tune_epochs, recipe.transfer.fine_tune_learning_rate
        train_stage(Stage(FINE_TUNING, model, train, validation, epochs, lambda _epoch: rate), run, state, checkpoint)


class StoredFeatures:
    """Features of every view of every photo, kept on the disk and fed like photos: epochs take the views in turn.

    Args:
        views: One array ``(n_photos, ...)``, float32, for each view, in the photos' own order.
        labels: One-hot, float32, ``(n_photos, n_classes)``.
        photos: The batches that the features were computed from; they decide the order.
        batch_size: Photos in one batch.
    """

    def __init__(self, views: list[FloatArray], labels: FloatArray, photos: Batches, batch_size: int) -> None:
        self.n_photos, self.n_classes = labels.shape
        self.order = cache(photos.order)
        self._views, self._labels = views, labels
        self._batch_size = batch_size

    def __len__(self) -> int:
        """Batches in one epoch."""
        return -(-self.n_photos // self._batch_size)

    def batch(self, epoch: int, index: int) -> tuple[FloatArray, FloatArray]:
        """Features and one-hot labels of one batch."""
        rows = self.order(epoch)[index * self._batch_size : (index + 1) * self._batch_size]
        return self._views[epoch % len(self._views)][rows], self._labels[rows]

    def unaugmented(self) -> StoredFeatures:
        """The features of the photos as they are."""
        return StoredFeatures(self._views[:1], self._labels, self, self._batch_size)


def compute_features(part: str, photos: Batches, backbone: Backbone, run: Run, views: int = 1) -> StoredFeatures:
    """Send every view of every photo through the backbone, but for the views that an earlier process finished.

    Args:
        part: Name of the files, unlike that of other photos of this run.
        photos: Where the views come from: view 0 is each photo as it is, view ``v`` that of epoch ``v``.
        backbone: The frozen part of the network.
        run: Where features are kept, and who watches.
        views: How many.

    Raises:
        TrainingInterruptedError: Somebody stopped it.
        TrainingError: The disk is full.
    """
    folder = run.folder / FEATURES
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for view in range(views):
            if not _view_file(folder, part, view).exists():
                _compute_view(view, photos if view else photos.unaugmented(), backbone, _view_file(folder, part, view), run)
        files = [np.load(_view_file(folder, part, view), mmap_mode="r", allow_pickle=False) for view in range(views)]
        labels = np.load(_label_file(folder, part), allow_pickle=False)
    except OSError as error:
        raise TrainingError(
            f"The backbone's features could not be kept in {folder}: {error.strerror or error}. "
            "Make room or allow writing, then go on with whosthat train --resume."
        ) from error
    return StoredFeatures(files, labels, photos, run.recipe.batch_size)


def _compute_view(view: int, photos: Batches, backbone: Backbone, path: Path, run: Run) -> None:
    """Write the features of one view; the file gets its name when it is complete."""
    unfinished = path.with_name(f".unfinished-{path.name}")
    labels = np.zeros((photos.n_photos, photos.n_classes), np.float32)
    done = 0
    with unfinished.open("wb") as file:
        for index in range(len(photos)):
            if run.wish.signal:
                raise run.interrupted("while the backbone's features were computed")
            inputs, labels_of_batch = photos.batch(view, index)
            rows = photos.order(view)[done : done + len(inputs)]
            labels[rows] = labels_of_batch
            _write_rows(file, backbone(inputs), rows, photos.n_photos)
            done += len(inputs)
            run.progress.step(f"{path.stem} features", done, photos.n_photos)
        file.flush()
        os.fsync(file.fileno())
    if view == 0:
        np.save(_label_file(path.parent, path.stem.rpartition("-")[0]), labels)
    unfinished.replace(path)
    sync_folder(path.parent)


def _write_rows(file: BinaryIO, features: FloatArray, rows: IntArray, n_photos: int) -> None:
    """Write each photo's features to its place in an .npy file.

    Written, not mapped into memory: on a full disk a write raises, and a map ends the process.
    """
    file.seek(0)
    shape = (n_photos, *features.shape[1:])
    np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
    start = file.tell()
    for row, values in zip(rows, np.ascontiguousarray(features, dtype="<f4"), strict=True):
        file.seek(start + int(row) * values.nbytes)
        file.write(values.tobytes())


def _view_file(folder: Path, part: str, view: int) -> Path:
    return folder / f"{part}-{view}.npy"


def _label_file(folder: Path, part: str) -> Path:
    return folder / f"{part}-labels.npy"


def _begin_fine_tuning(model: keras.Model, run: Run, state: RunState) -> None:
    """Open the second stage; what is best so far is from now on a matter of the whole network's weights."""
    state.stage, state.first_epoch, state.stopped = FINE_TUNING, state.epoch, ""
    state.lowest_loss, state.waited, state.plateau = math.inf, 0, PlateauMemory()
    state.best.file, state.best.sha256 = run.checkpoints.write_best(f"{FINE_TUNING}-{state.epoch:05}", read(model_variables(model)))
    run.journal.note("stage", name=FINE_TUNING, first_epoch=state.first_epoch)


def _unfreeze(backbone: keras.Model) -> None:
    """Let all weights learn but those of batch normalisation, which goes on with the statistics it was pretrained with.

    Keras runs a batch normalisation that is not trainable with its stored statistics. A few hundred photos in small
    batches would only spoil them.
    """
    backbone.trainable = True
    for layer in backbone.layers:
        layer.trainable = not isinstance(layer, load_keras().layers.BatchNormalization)
