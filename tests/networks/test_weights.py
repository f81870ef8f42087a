from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import safetensors.numpy

from whosthat.errors import WeightsError
from whosthat.networks import registry
from whosthat.networks.registry import Design
from whosthat.networks.weights import load_weights, save_weights, weights_of


@pytest.fixture(scope="module")
def model():
    return registry.build("custom", Design(n_classes=3, size=8, blocks="conv 4, norm, global"))


def changed(model, path, **changes):
    """Save the model's weights with some replaced, or left out where the new value is None."""
    arrays = weights_of(model)
    for name, value in changes.items():
        arrays[name.replace("__", "/")] = value
    safetensors.numpy.save_file({name: value for name, value in arrays.items() if value is not None}, path)
    return path


def test_paths_are_stable_from_build_to_build(model):
    assert list(weights_of(model))[:3] == ["block1_conv/kernel", "block1_conv/bias", "block2_norm/gamma"]
    again = registry.build("custom", Design(n_classes=3, size=8, blocks="conv 4, norm, global"))
    assert list(weights_of(again)) == list(weights_of(model))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"block1_conv__bias": None}, "lacks the weight 'block1_conv/bias'"),
        ({"block1_conv__bias": np.zeros(5, np.float32)}, r"'block1_conv/bias' .* has shape \(5,\) \(float32\), expected \(4,\)"),
        ({"block1_conv__bias": np.zeros(4)}, r"\(float64\), expected \(4,\) \(float32\)"),
        ({"other__kernel": np.zeros(1, np.float32)}, "holds the weight 'other/kernel', which the network 'custom' does not have"),
    ],
)
def test_other_weights_are_refused_by_name_and_nothing_changes(model, tmp_path, changes, message):
    before = weights_of(model)
    with pytest.raises(WeightsError, match=message):
        load_weights(model, changed(model, tmp_path / "w.safetensors", **changes))
    assert all(np.array_equal(before[name], array) for name, array in weights_of(model).items())


@pytest.mark.parametrize("content", [b"", b"no weights at all", b"\xff" * 64])
def test_damaged_file_is_refused(model, tmp_path, content):
    path = tmp_path / "w.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"w\.safetensors is damaged"):
        load_weights(model, path)


def test_truncated_file_is_refused(model, tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(model, path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(WeightsError, match="damaged"):
        load_weights(model, path)


def test_absent_file_is_refused(model, tmp_path):
    with pytest.raises(WeightsError, match="cannot be read"):
        load_weights(model, tmp_path / "absent.safetensors")


def test_two_weights_of_one_path_cannot_be_saved():
    model = SimpleNamespace(name="twins", weights=[SimpleNamespace(path="conv/kernel")] * 2)
    with pytest.raises(WeightsError, match="Two weights of the network 'twins' are named 'conv/kernel'"):
        weights_of(model)
