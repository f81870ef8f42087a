"""Weights of cnn6 that Keras 2 saved in 2021: read through h5py alone, in the order of the reference's layers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pytest

from whosthat.errors import NetworkError, WeightsError
from whosthat.networks import registry
from whosthat.networks.design import Design
from whosthat.networks.weights import weights_of


@pytest.fixture
def saved(tmp_path: Path, old_keras: ModuleType) -> Callable[..., Path]:
    """Write such a file as `model.save_weights` does, or `model.save` where it is the whole model."""
    return partial(old_keras.write, tmp_path / "weights_6conv_0615.hdf5")


def build(path: Path | str, **changes: int) -> object:
    return registry.build("cnn6", Design(**{"n_classes": 3, "size": 42, "weights": path, **changes}))


@pytest.mark.parametrize("whole", [False, True])
def test_every_array_lands_in_its_layer(saved: Callable[..., Path], old_keras: ModuleType, whole: bool) -> None:
    path = saved(whole=whole)
    model = build(path)
    weights = weights_of(model)
    ours = [layer.name for layer in model.layers if layer.weights]
    theirs = [name for name, arrays in old_keras.LAYERS if arrays]
    with h5py.File(path) as file:
        top = file["model_weights"] if whole else file
        pairs = {
            f"{mine}/{kind.split('/')[-1].removesuffix(':0')}": top[old][kind]
            for mine, old in zip(ours, theirs, strict=True)
            for kind in (name.decode() for name in top[old].attrs["weight_names"])
        }
        assert pairs.keys() == weights.keys()
        for name, array in pairs.items():
            np.testing.assert_array_equal(weights[name], array)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_classes": 4}, r"'dense_3/kernel:0' .* has shape \(1024, 3\) \(float32\), expected \(1024, 4\)"),
        ({"size": 64}, r"'dense_2/kernel:0' .* of another network, size or number of classes"),
    ],
)
def test_another_size_or_number_of_classes_is_said(saved: Callable[..., Path], changes: dict[str, int], message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        build(saved(), **changes)


def test_a_file_with_other_layers_is_refused(saved: Callable[..., Path]) -> None:
    with pytest.raises(WeightsError, match="holds 12 layers with weights, and cnn6 has 13"):
        build(saved(leave_out="dense_3"))


def test_a_file_that_points_elsewhere_or_is_cut_off_is_refused(saved: Callable[..., Path]) -> None:
    path = saved()
    with h5py.File(path, "a") as file:
        del file["conv2d_6"]["conv2d_6/kernel:0"]
        file["conv2d_6"]["conv2d_6/kernel:0"] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(WeightsError, match="refers to numbers elsewhere"):
        build(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(WeightsError, match="cannot be read as weights that Keras saved"):
        build(path)


def test_other_files_and_other_networks_are_not_read_so(saved: Callable[..., Path]) -> None:
    with pytest.raises(NetworkError, match=r"A \.hdf5 or \.h5 file that Keras 2 saved from the same layers is read, too"):
        build(Path("weights.npz"))
    with pytest.raises(NetworkError, match="There are no published weights for vgg16-bn1"):
        registry.build("vgg16-bn1", Design(n_classes=3, size=42, weights=saved()))
