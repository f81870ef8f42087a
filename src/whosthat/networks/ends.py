"""The first and the last stage, which all networks share: photo in, rescaling, probabilities out.

What lies between belongs to each family; here is only how the next network of a series gets it again without building it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design

if TYPE_CHECKING:
    import keras

_kept: dict[object, tuple[keras.KerasTensor, keras.KerasTensor, int]] | None = None
"""The last backbone, by what it is, with how often Keras drew a seed for it; None where none is kept."""

_MOST_SEEDS = 1000

_RANGES = {"0..1": (1 / 255, 0.0), "-1..1": (1 / 127.5, -1.0)}


def photo_input(design: Design, *, frames: bool = False) -> keras.KerasTensor:
    """The input ``photo``: uint8, ``(b, size, size, 3)``, or ``(b, frames, size, size, 3)`` for a series of images."""
    image = (design.size, design.size, 3)
    return load_keras().Input((design.frames, *image) if frames else image, dtype="uint8", name="photo")


def rescaled(photo: keras.KerasTensor, design: Design) -> keras.KerasTensor:
    """Pixels 0 to 255 as floats in the range that the design names, 0 to 1 when it names none."""
    scale, offset = _RANGES[design.rescale or "0..1"]
    return load_keras().layers.Rescaling(scale, offset, name="rescale")(photo)


def caffe_scaled(photo: keras.KerasTensor) -> keras.KerasTensor:
    """Pixels as Caffe's networks know them: blue, green, red, less ImageNet's mean, not scaled.

    Source: ``keras.applications.imagenet_utils.preprocess_input(mode="caffe")``; here it is part of the graph, so it cannot
    be forgotten or doubled.
    """
    keras = load_keras()
    blue_green_red = keras.ops.flip(photo, axis=-1)
    return keras.layers.Rescaling(1.0, offset=[-103.939, -116.779, -123.68], name="subtract_mean")(blue_green_red)


def predictions(x: keras.KerasTensor, design: Design, dropout: float | None = None) -> keras.KerasTensor:
    """The output ``predictions``: one probability per class, summing to 1, in float32 under any precision policy.

    ``dropout`` is the rate in front of it where the design names none; None for a network whose family has dropout layers of its own.
    """
    layers = load_keras().layers
    if dropout is not None:
        (rate,) = design.dropout_or((dropout,))
        x = layers.Dropout(rate, name="features_dropout")(x) if rate else x
    return layers.Dense(design.n_classes, activation="softmax", dtype="float32", name="predictions")(x)


@contextmanager
def keeping_backbones() -> Iterator[None]:
    """Let networks that are built in the block share one backbone: for trainings one after the other, of which each is done with its own.

    Most of the time in which a head is trained on stored features goes into layers that are not used.
    """
    global _kept
    _kept = {}
    try:
        yield
    finally:
        _kept = None


def backbone(what: object, build: Callable[[], tuple[keras.KerasTensor, keras.KerasTensor]]) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return the input and the features of a backbone, whose weights are filled in afterwards: built, or that which is kept.

    What is built on it starts from the same bits either way: seeds come out of Python's generator, and as many are passed over as it took.
    """
    if _kept is not None and what in _kept:
        photo, features, n_seeds = _kept[what]
        for _seed in range(n_seeds):
            _draw_seed()
        for layer in load_keras().Model(photo, features).layers:
            layer.trainable = True  # the last training may have tuned some of them
        return photo, features
    before = random.getstate()
    photo, features = build()
    if _kept is not None:
        _kept.clear()
        if (drawn := _seeds_since(before)) is not None:
            _kept[what] = photo, features, drawn
    return photo, features


def _seeds_since(before: tuple[object, ...]) -> int | None:
    """How many seeds Keras has drawn since Python's generator was in this state; None when it was used otherwise."""
    after = random.getstate()
    random.setstate(before)
    for n in range(_MOST_SEEDS):
        if random.getstate() == after:
            return n
        _draw_seed()
    random.setstate(after)
    return None


def _draw_seed() -> None:
    random.randint(1, 10**9)  # as Keras does for each initialiser
