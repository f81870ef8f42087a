"""A network and photos small enough to be trained a hundred times, and a process that trains them and can be killed.

``python tiny.py RUN RECIPE`` trains in the folder RUN by the function of this module named RECIPE and prints every step.
"""

from __future__ import annotations

import hashlib
import signal
import sys
import time
from pathlib import Path

import numpy as np

from whosthat.dataset.batches import Batches
from whosthat.networks import registry
from whosthat.networks.backend import load_keras, set_threads
from whosthat.photos.augmenting import Augmentation
from whosthat.progress import Silent
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


def long_recipe(**changes) -> Recipe:
    """Return a recipe that no test can wait for."""
    return recipe(epochs=1000, **changes)


def head_recipe(transfer=None, **changes) -> Recipe:
    """Return a recipe that trains a head on a pretrained backbone."""
    return recipe(model="tiny-pretrained", weights="imagenet", transfer={"enabled": True, "views": 2, **(transfer or {})}, **changes)


def transfer_recipe(**changes) -> Recipe:
    """Return a recipe with both stages of transfer learning."""
    return head_recipe({"fine_tune_epochs": 2, "fine_tune_learning_rate": 1e-3}, **changes)


def fit(run, made=None, **settings):
    """Train by a recipe, or by the plain one."""
    from whosthat.training import fitting

    return fitting.fit(made or recipe(), *parts(), run, **settings)


def bits(model) -> str:
    """Return the sha256 of every variable of a model."""
    digest = hashlib.sha256()
    for variable in model.variables:
        digest.update(variable.numpy().tobytes())
    return digest.hexdigest()


class StopAt(Silent):
    """A progress that raises a signal at the n-th step of some work, called by how its name begins."""

    def __init__(self, what, nth=1, number=signal.SIGINT):
        self.what, self.left, self.number = what, nth, number

    def step(self, what, done, total, note=""):
        if what.startswith(self.what):
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(self.number)


class TellSteps(Silent):
    """A progress that prints how many steps it saw, so that whoever started the process can kill it after one."""

    def __init__(self):
        self.steps = 0

    def step(self, what, done, total, note=""):
        self.steps += what.startswith("epoch")
        sys.stdout.write(f"steps {self.steps}\n")
        sys.stdout.flush()


def main() -> None:
    """Train slowly by the recipe that is named, with a checkpoint after every batch."""
    from whosthat.training.fitting import fit

    run, name = Path(sys.argv[1]), sys.argv[2]
    set_threads(2)
    recipes = {"recipe": recipe, "transfer_recipe": transfer_recipe, "long_recipe": long_recipe}
    fit(recipes[name](checkpoint_minutes=0.0), *parts(pause=0.005), run, progress=TellSteps())


if __name__ == "__main__":
    main()
