"""The first and the last stage, which all networks share: photo in, rescaling, probabilities out.

What lies between belongs to each family.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design

if TYPE_CHECKING:
    import keras

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


def predictions(x: keras.KerasTensor, design: Design) -> keras.KerasTensor:
    """The output ``predictions``: one probability per class, summing to 1, in float32 under any precision policy."""
    return load_keras().layers.Dense(design.n_classes, activation="softmax", dtype="float32", name="predictions")(x)
