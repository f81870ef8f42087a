"""A network and photos small enough to be trained a hundred times, and a process that trains them and can be killed.

``python tiny.py RUN [resume] [transfer]`` trains in the folder RUN and writes the sha256 of the final weights to RUN/bits.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import numpy as np

from whosthat.dataset.batches import Batches
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.photos.augmenting import Augmentation
from whosthat.training.recipe import Recipe, make_recipe

FACTS = {"title": "", "input_size": 16, "minimum_size": 8, "loss": "categorical_crossentropy", "optimiser": "adam", "learning_rate": 0.01}
MORE = {"licence": "", "source": "", "paper": "", "parameters": 0}


def build(design):
    """Convolution, batch normalisation, dropout: one of each thing that a resumed training could get wrong."""
    layers = load_keras().layers
    photo = load_keras().Input((design.size, design.size, 3), name="photo")
    x = layers.Rescaling(1 / 255)(photo)
    x = layers.BatchNormalization()(layers.Conv2D(6, 3, strides=2, activation="relu")(x))
    x = layers.Flatten(name="features")(layers.Dropout(0.3)(x))
    x = layers.Dropout(0.5)(layers.Dense(12, activation="relu")(x))
    return load_keras().Model(photo, layers.Dense(design.n_classes, activation="softmax", name="predictions")(x))


registry.register(registry.NetworkFacts(name="tiny", **FACTS, **MORE))(build)
registry.register(registry.NetworkFacts(name="tiny-pretrained", weights="imagenet", **FACTS, **MORE))(build)


class SlowImages:
    """Images that take a moment to read, so that a process can be killed between two batches."""

    def __init__(self, images, pause):
        self.shape, self._images, self._pause = images.shape, images, pause

    def __getitem__(self, row):
        time.sleep(self._pause)
        return self._images[row]


def photos(n_photos, *, pause=0.0, **settings) -> Batches:
    """Return batches of random pictures, each class with a tint of its own."""
    generator = np.random.default_rng(n_photos)
    labels = generator.integers(0, 3, n_photos)
    images = generator.integers(0, 160, (n_photos, 16, 16, 3), dtype=np.uint8)
    images[np.arange(n_photos), :, :, labels] += 70
    return Batches(SlowImages(images, pause) if pause else images, labels, n_classes=3, batch_size=8, **settings)


def parts(pause=0.0) -> tuple[Batches, Batches]:
    """Return training batches, shuffled and augmented, and validation batches."""
    return photos(44, pause=pause, shuffle=True, augmentation=Augmentation()), photos(20)


def recipe(**changes) -> Recipe:
    """Return a recipe for `tiny` that takes a second or two."""
    settings = {"model": "tiny", "size": 16, "epochs": 3, "batch_size": 8, "optimiser": {"name": "adam", "learning_rate": 0.01}}
    return make_recipe(settings | changes)


def transfer_recipe(**changes) -> Recipe:
    """Return a recipe with both stages of transfer learning."""
    transfer = {"enabled": True, "views": 2, "fine_tune_epochs": 2, "fine_tune_learning_rate": 1e-3}
    return recipe(model="tiny-pretrained", weights="imagenet", transfer=transfer, **changes)


def bits(model) -> str:
    """Return the sha256 of every variable of a model."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(np.ascontiguousarray(variable).tobytes())
    return digest.hexdigest()


def main() -> None:
    """Train slowly, with a checkpoint after every batch."""
    from whosthat.training.fitting import fit

    run, words = Path(sys.argv[1]), sys.argv[2:]
    chosen = transfer_recipe(checkpoint_minutes=0.0) if "transfer" in words else recipe(checkpoint_minutes=0.0)
    fitted = fit(chosen, *parts(pause=0.004), run, resume="resume" in words)
    (run / "bits").write_text(bits(fitted.model), encoding="utf-8")


if __name__ == "__main__":
    main()
