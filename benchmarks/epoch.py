"""Epochs of cnn6 at 224 pixels on about 770 drawn photos.

One run, in turn: an epoch of `training.fitting.fit` (photos streamed from the HDF5 cache, augmented, with checkpoint,
history and all else that a run writes), then as many bare `train_on_batch` steps of the same network on arrays already in
memory, each batch augmented just before its step. Validation is left out of both.
"""

from __future__ import annotations

import csv
import time
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.measuring import Row, new_folder

if TYPE_CHECKING:
    import keras

    from whosthat.dataset.batches import Batches

TITLE = "An epoch against bare training steps"
EPOCHS = 2


def measure() -> list[Row]:
    """Seconds an epoch, both ways, and their ratio."""
    from whosthat.cartoons import draw_photo_folder
    from whosthat.dataset.audit import audit
    from whosthat.dataset.batches import Batches
    from whosthat.dataset.cache import prepare_photos
    from whosthat.dataset.folder import scan
    from whosthat.dataset.split import split
    from whosthat.photos.augmenting import Augmentation
    from whosthat.photos.preparing import PrepareSpec
    from whosthat.training.fitting import build_network, fit
    from whosthat.training.recipe import default_recipe

    with new_folder() as folder:
        draw_photo_folder(folder / "heroes", photos_each=138, size=224)
        parts = split(audit(scan(folder / "heroes")))
        recipe = default_recipe("cnn6", size=224, epochs=EPOCHS)
        with prepare_photos(parts, PrepareSpec(size=224), folder / "prepared.h5") as prepared:
            arrays = {part: (prepared.images(part), prepared.labels(part)) for part in ("train", "validation")}
            batches = partial(Batches, n_classes=7, batch_size=recipe.batch_size)
            streamed = batches(*arrays["train"], shuffle=True, augmentation=Augmentation())
            one_photo = batches(arrays["validation"][0][:1], arrays["validation"][1][:1])
            fit(recipe, streamed, one_photo, folder / "run")
            in_memory = batches(arrays["train"][0][:], arrays["train"][1], shuffle=True, augmentation=Augmentation())
            bare = [bare_epoch(build_network(recipe, 7), in_memory, epoch) for epoch in range(EPOCHS)]
        with (folder / "run" / "history.csv").open(newline="", encoding="utf-8") as file:
            ours = [float(row["seconds"]) for row in csv.DictReader(file)]
    return [
        Row("photos, steps an epoch", f"{streamed.n_photos}, {len(streamed)}"),
        Row("an epoch of `fit`", f"{median(ours[1:]):.1f} s"),
        Row("as many bare steps", f"{median(bare[1:]):.1f} s"),
        Row("ratio", f"{median(ours[1:]) / median(bare[1:]):.3f}", "<= 1.05"),
    ]


def bare_epoch(model: keras.Model, batches: Batches, epoch: int) -> float:
    """Wall seconds of one epoch of plain steps."""
    if not getattr(model, "compiled", False):
        from whosthat.networks.backend import load_keras

        model.compile(optimizer=load_keras().optimizers.Adam(1e-3), loss="categorical_crossentropy", metrics=["accuracy"])
    begin = time.perf_counter()
    for index in range(len(batches)):
        images, labels = batches.batch(epoch, index)
        model.train_on_batch(np.asarray(images), labels)
    return time.perf_counter() - begin
