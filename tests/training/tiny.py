"""A network and photos small enough to be trained a hundred times, and a process that trains them and can be killed.

``python tiny.py RUN [resume] [transfer]`` trains in the folder RUN and writes the sha256 of the final weights to RUN/bits.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

import numpy as np

from whosthat.networks import registry
from whosthat.networks.backend import load_keras
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


class Photos:
    """Batches of random pictures, each class with a tint of its own; a stand-in for `whosthat.dataset.batches.Batches`."""

    def __init__(self, n_photos=44, *, batch_size=8, shuffle=False, augmented=False, pause=0.0):
        self.n_photos, self.n_classes = n_photos, 3
        self._batch_size, self._shuffle, self._augmented, self._pause = batch_size, shuffle, augmented, pause
        generator = np.random.default_rng(n_photos)
        self._labels = generator.integers(0, 3, n_photos)
        self._images = generator.integers(0, 160, (n_photos, 16, 16, 3), dtype=np.uint8)
        self._images[np.arange(n_photos), :, :, self._labels] += 70

    def __len__(self):
        return -(-self.n_photos // self._batch_size)

    def order(self, epoch):
        return np.random.default_rng([1, epoch]).permutation(self.n_photos) if self._shuffle else np.arange(self.n_photos)

    def batch(self, epoch, index):
        time.sleep(self._pause)
        rows = self.order(epoch)[index * self._batch_size : (index + 1) * self._batch_size]
        images = self._images[rows]
        if self._augmented:
            images = np.stack([np.roll(image, (epoch * 7 + row) % 5, axis=1) for image, row in zip(images, rows, strict=True)])
        return images, np.eye(3, dtype=np.float32)[self._labels[rows]]

    def unaugmented(self):
        return Photos(self.n_photos, batch_size=self._batch_size, shuffle=self._shuffle)


def recipe(**changes) -> Recipe:
    """Return a recipe for `tiny` that takes a second or two."""
    settings = {"model": "tiny", "size": 16, "epochs": 3, "batch_size": 8, "optimiser": {"name": "adam", "learning_rate": 0.01}}
    return make_recipe(settings | changes)


def transfer_recipe(**changes) -> Recipe:
    """Return a recipe with both stages of transfer learning."""
    transfer = {"enabled": True, "views": 2, "fine_tune_epochs": 2, "fine_tune_learning_rate": 1e-3}
    return recipe(model="tiny-pretrained", weights="imagenet", transfer=transfer, **changes)


def parts(pause=0.0):
    """Return training and validation batches."""
    return Photos(shuffle=True, augmented=True, pause=pause), Photos(20)


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
    fitted = fit(chosen, *parts(pause=0.02), run, resume="resume" in words)
    (run / "bits").write_text(bits(fitted.model), encoding="utf-8")


if __name__ == "__main__":
    main()
