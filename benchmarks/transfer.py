"""Twenty epochs of efficientnet-lite0 with its backbone frozen, on real photos of cats and dogs.

224 pixels, 8:1:1, in one process: whosthat, which computes the backbone's answers once, against a plain Keras script that
runs the frozen backbone in every epoch. Same network, same split, same photos in memory, no augmentation in either; both
times include building the network, and each way has been run for one epoch before it is timed. Ours is the median of six, three
before the script and three after it: it lasts a few seconds only, and how fast the machine is changes within a minute.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.measuring import SHARED, Row, new_folder

if TYPE_CHECKING:
    import keras

    from whosthat.dataset.batches import Batches
    from whosthat.training.recipe import Recipe
    from whosthat.types import FloatArray, Image

TITLE = "Transfer learning against a plain Keras script"
EPOCHS = 20


def measure() -> list[Row]:
    """Seconds and test accuracy, both ways."""
    from whosthat.dataset.audit import audit
    from whosthat.dataset.batches import Batches
    from whosthat.dataset.cache import prepare_photos
    from whosthat.dataset.folder import scan
    from whosthat.dataset.split import split
    from whosthat.photos.preparing import PrepareSpec
    from whosthat.training.fitting import Fitted, fit
    from whosthat.training.recipe import default_recipe

    plainly = {"augmentation": {"enabled": False}, "early_stopping": {"enabled": False}}
    once, recipe = (default_recipe("efficientnet-lite0", epochs=epochs, **plainly) for epochs in (1, EPOCHS))
    with (
        new_folder() as folder,
        prepare_photos(
            split(audit(scan(SHARED / "data" / "cats_dogs"))), PrepareSpec(size=224, fit=recipe.fit), folder / "prepared.h5"
        ) as prepared,
    ):
        parts = {
            part: Batches(
                prepared.images(part)[:], prepared.labels(part), n_classes=2, batch_size=recipe.batch_size, shuffle=part == "train"
            )
            for part in ("train", "validation", "test")
        }
        whole = {part: all_of(batches) for part, batches in parts.items()}
        fit(once, parts["train"], parts["validation"], folder / "warm-up")
        plain_script(once, whole["train"], whole["validation"])

        def three(when: str) -> list[tuple[float, Fitted]]:
            runs = [folder / f"{when}-{number}" for number in range(3)]
            return [seconds_of(partial(fit, recipe, parts["train"], parts["validation"], run)) for run in runs]

        before = three("before")
        plain, model = seconds_of(lambda: plain_script(recipe, whole["train"], whole["validation"]))
        plain_accuracy = accuracy(model, *whole["test"])
        timed = [*before, *three("after")]
        ours = statistics.median(seconds for seconds, _ in timed)
        our_accuracy = accuracy(timed[-1][1].model, *whole["test"])
    return [
        Row("photos (training, test)", f"{parts['train'].n_photos}, {parts['test'].n_photos}"),
        Row("whosthat", f"{ours:.2f} s ({', '.join(f'{seconds:.2f}' for seconds, _ in timed)}), test accuracy {our_accuracy:.3f}"),
        Row("plain Keras script", f"{plain:.1f} s, test accuracy {plain_accuracy:.3f}"),
        Row("times faster", f"{plain / ours:.1f}", ">= 20, at equal accuracy"),
    ]


def seconds_of(action: Callable[[], Any]) -> tuple[float, Any]:
    """Wall seconds that an action takes, and what it returns."""
    begin = time.perf_counter()
    result = action()
    return time.perf_counter() - begin, result


def plain_script(recipe: Recipe, train: tuple[Image, FloatArray], validation: tuple[Image, FloatArray]) -> keras.Model:
    """What one would write with Keras alone: freeze the backbone, fit the whole network."""
    from whosthat.networks.backend import load_keras
    from whosthat.networks.registry import backbone_and_head
    from whosthat.training.fitting import build_network

    model = build_network(recipe, 2)
    for layer in backbone_and_head(model)[0].layers:
        layer.trainable = False
    optimiser = load_keras().optimizers.Adam(recipe.optimiser.learning_rate)
    model.compile(optimizer=optimiser, loss=recipe.loss, metrics=["accuracy"])
    model.fit(*train, validation_data=validation, epochs=recipe.epochs, batch_size=recipe.batch_size, verbose=0)
    return model


def all_of(batches: Batches) -> tuple[Image, FloatArray]:
    """Every photo and label of a part as two arrays."""
    import numpy as np

    pairs = [batches.batch(0, index) for index in range(len(batches))]
    return np.concatenate([images for images, _ in pairs]), np.concatenate([labels for _, labels in pairs])


def accuracy(model: keras.Model, images: Image, labels: FloatArray) -> float:
    """Share of photos that the network names rightly."""
    return float((model.predict(images, verbose=0).argmax(axis=1) == labels.argmax(axis=1)).mean())
