"""A weights file of the reference's cnn6 as Keras 2 saved it, with numbers drawn by lot: for 42 pixels and three classes."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

SIZE, CLASSES, FLAT = 42, 3, 512
"""At 42 pixels one pixel of 512 channels is left before the dense layers."""

LAYERS: tuple[tuple[str, dict[str, tuple[int, ...]]], ...] = (
    ("conv2d_6", {"kernel": (3, 3, 3, 16), "bias": (16,)}),
    ("conv2d_7", {"kernel": (3, 3, 16, 32), "bias": (32,)}),
    ("max_pooling2d_4", {}),
    ("batch_normalization_4", dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (32,))),
    ("dropout_5", {}),
    ("conv2d_8", {"kernel": (3, 3, 32, 64), "bias": (64,)}),
    ("max_pooling2d_5", {}),
    ("batch_normalization_5", dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (64,))),
    ("dropout_6", {}),
    ("conv2d_9", {"kernel": (3, 3, 64, 256), "bias": (256,)}),
    ("conv2d_10", {"kernel": (3, 3, 256, 256), "bias": (256,)}),
    ("max_pooling2d_6", {}),
    ("batch_normalization_6", dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (256,))),
    ("dropout_7", {}),
    ("conv2d_11", {"kernel": (3, 3, 256, 512), "bias": (512,)}),
    ("conv2d_12", {"kernel": (3, 3, 512, 512), "bias": (512,)}),
    ("max_pooling2d_7", {}),
    ("batch_normalization_7", dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (512,))),
    ("dropout_8", {}),
    ("flatten_1", {}),
    ("dense_2", {"kernel": (FLAT, 1024), "bias": (1024,)}),
    ("dropout_9", {}),
    ("dense_3", {"kernel": (1024, CLASSES), "bias": (CLASSES,)}),
)
"""The reference's Sequential model as Keras 2.4 names it, the second one of a session."""


def write(path: Path, *, whole: bool = False, leave_out: str = "") -> Path:
    """Write the file as `model.save_weights` does, or `model.save` where it is the whole model."""
    generator = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        top = file.create_group("model_weights") if whole else file
        top.attrs["layer_names"] = [name.encode() for name, _ in LAYERS if name != leave_out]
        top.attrs["backend"], top.attrs["keras_version"] = b"tensorflow", b"2.4.0"
        for name, arrays in LAYERS:
            group = top.create_group(name)
            group.attrs["weight_names"] = np.array([f"{name}/{kind}:0".encode() for kind in arrays], dtype="S64")
            for kind, shape in arrays.items():
                group[f"{name}/{kind}:0"] = np.abs(generator.normal(0, 0.05, shape)).astype(np.float32)
    return path
