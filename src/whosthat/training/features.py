"""A frozen backbone's features: computed once for every view of every photo, kept on the disk, fed like photos.

What belongs here: computing, keeping and feeding them. What does not: what is trained on them (`transfer`).

A frozen backbone gives the same features for the same view of a photo in every epoch, so each view goes through it once. ONNX Runtime
computes them, two photos at a time in each of as many threads as there are cores: on EfficientNet-Lite0 a photo took 2.9 ms so, and 7.2
ms in Keras with batches of 32, because what one layer leaves for the next stays in the processor's cache and no core waits for another.
Reading and augmenting photos hide behind it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from filelock import FileLock

from whosthat.dataset.batches import Batches
from whosthat.durable import open_private, sync_folder
from whosthat.errors import TrainingError, system_reason
from whosthat.inference import Session
from whosthat.networks.onnx_writer import open_exported, write_onnx
from whosthat.training.feeding import Table
from whosthat.training.stage_context import Run
from whosthat.translation import N_, _
from whosthat.types import FloatArray, IntArray

if TYPE_CHECKING:
    import keras

FEATURES = "checkpoints/features"
"""Where features are kept inside a run folder until the training has ended."""

_FEATURES_OF = {
    "training": N_("features of the training photos, view {view} of {views}"),
    "validation": N_("features of the validation photos, view {view} of {views}"),
    "test": N_("features of the test photos, view {view} of {views}"),
}

_PHOTOS_AT_ONCE = 2

_MAX_TABLE_BYTES = 64 << 20
"""Features up to 64 MiB are held in memory; more are read batch by batch."""


class StoredFeatures:
    """Features of every view of every photo, float32 ``(n_photos, ...)`` in the photos' own order; epochs take the views in turn."""

    def __init__(self, views: list[FloatArray], photos: Batches) -> None:
        self.labels, self.n_classes, self.n_photos = photos.labels, photos.n_classes, photos.n_photos
        self._views = views
        self._photos = photos
        self._one_hot = np.eye(photos.n_classes, dtype=np.float32)

    def __len__(self) -> int:
        """Batches in one epoch."""
        return len(self._photos)

    def batch(self, epoch: int, index: int) -> tuple[FloatArray, FloatArray]:
        """Features and one-hot labels of one batch."""
        size = self._photos.batch_size
        rows = self._photos.order(epoch)[index * size : (index + 1) * size]
        return self.of(rows, epoch), self._one_hot[self.labels[rows]]

    def of(self, rows: IntArray, epoch: int = 0) -> FloatArray:
        """Features of some photos as an epoch sees them."""
        return self._views[epoch % len(self._views)][rows]

    def table(self) -> Table | None:
        """The features of all views in memory; None where they are too many."""
        if sum(view.nbytes for view in self._views) > _MAX_TABLE_BYTES:
            return None
        labels = np.tile(self._one_hot[self.labels], (len(self._views), 1))
        return Table(np.concatenate(self._views), labels, self._rows, self._photos.batch_size)

    def _rows(self, epoch: int) -> IntArray:
        """The places of an epoch's features among those of all views, one view after the other."""
        return epoch % len(self._views) * self.n_photos + self._photos.order(epoch)


class FeatureStore:
    """The features of one run, or of all runs that share a folder: what is the same for two of them is computed once."""

    def __init__(self, backbone: keras.Model, run: Run, shared: Path | None = None) -> None:
        self._run = run
        self._shared = shared is not None
        self._folder = shared or run.folder / FEATURES
        self._backbone = backbone

    def of(self, part: str, photos: Batches, views: int = 1) -> StoredFeatures:
        """Send every view of every photo through the backbone, but for the views that an earlier process finished.

        View 0 is each photo as it is, view ``v`` that of epoch ``v``; photos that are not augmented have but one. ``part`` is what the
        photos are for: "training", "validation" or "test".

        Raises:
            TrainingInterruptedError: Somebody stopped it.
            TrainingError: The disk is full.
            ExportError: The backbone cannot be written as ONNX, so that nothing that is trained on it could answer.
        """
        names = [self._name(part, photos, view) for view in range(views if photos.augmentation else 1)]
        files = [self._folder / f"{name}.npy" for name in names]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / "features.lock", mode=0o600):  # of several runs at once, one computes them
                for view, file in enumerate(files):
                    if not file.exists():
                        self._write(file, photos, view, _(_FEATURES_OF[part], view=view + 1, views=len(files)))
            return StoredFeatures([np.load(file, mmap_mode="r", allow_pickle=False) for file in files], photos)
        except OSError as error:
            raise TrainingError(
                "The backbone's features could not be saved in {folder}: {error}. Make room or allow writing, then go on "
                "with whosthat train --resume.",
                folder=self._folder,
                error=system_reason(error),
            ) from error

    def _name(self, part: str, photos: Batches, view: int) -> str:
        """Name the file of a view; in a shared folder by all that its numbers depend on."""
        if not self._shared:
            return f"{part}-{view}"
        shown = (view, photos.seed, photos.augmentation) if view else ()
        digest = hashlib.sha256(f"{self._of_backbone} {shown}".encode())
        for row in range(photos.n_photos):
            digest.update(np.asarray(photos.images[row]).tobytes())
        return f"{part}-{view}-{digest.hexdigest()[:32]}"

    @cached_property
    def _of_backbone(self) -> str:
        """A hash of the backbone: how it was built and its weights; names of layers count up with every network that is built."""
        recipe = self._run.recipe
        built = recipe.network.model_dump(exclude={"dropout", "initialiser"})
        kinds = [type(layer).__name__ for layer in self._backbone.layers]
        digest = hashlib.sha256(f"{recipe.model} {recipe.size} {built} {kinds}".encode())
        for weights in self._backbone.get_weights():
            digest.update(weights.tobytes())
        return digest.hexdigest()

    def _write(self, file: Path, photos: Batches, view: int, what: str) -> None:
        """Write one view to an .npy file, which gets its name when it is complete.

        Rows are written, not mapped into memory: on a full disk a write raises, and a map ends the process.
        """
        unfinished = file.with_name(f".unfinished-{file.name}")
        with open_private(unfinished) as rows:
            shape = (photos.n_photos, *self._backbone.output_shape[1:])
            np.lib.format.write_array_header_1_0(rows, {"descr": "<f4", "fortran_order": False, "shape": shape})
            done = 0
            for features in self._computed(photos, view):
                rows.write(features.astype("<f4").tobytes())
                done += len(features)
                self._run.progress.step(what, done, photos.n_photos)
            rows.flush()
            os.fsync(rows.fileno())
        unfinished.replace(file)
        sync_folder(file.parent)

    def _computed(self, photos: Batches, view: int) -> Iterator[FloatArray]:
        """Yield the features of every batch, in the photos' own order; threads work ahead."""
        shown = photos.augmentation if view else None
        in_order = Batches(
            photos.images, photos.labels, n_classes=photos.n_classes, batch_size=_PHOTOS_AT_ONCE, seed=photos.seed, augmentation=shown
        )
        session = self._session
        with ThreadPoolExecutor(self._run.threads) as pool:
            try:
                for (features,) in pool.map(lambda index: session.run(in_order.batch(view, index)[0]), range(len(in_order))):
                    if self._run.stop_request.signal:
                        raise self._run.interrupted(_("while the backbone's features were computed"))
                    yield features
            finally:
                pool.shutdown(cancel_futures=True)

    @cached_property
    def _session(self) -> Session:
        return open_exported(self._backbone, write_onnx(self._backbone))
