"""TensorFlow Lite files answer as the ONNX graph does."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from whosthat.errors import ExportError
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.onnx_writer import write_onnx
from whosthat.networks.tflite_writer import tflite_difference, write_tflite

LIMITS = {"custom": 1e-5, "cnn6": 1e-5, "cnn-lstm": 1e-5}  # of the others 5e-4: deep networks of random weights magnify last digits


@pytest.mark.parametrize("name", [name if name in LIMITS else pytest.param(name, marks=pytest.mark.slow) for name in registry.names()])
def test_each_network_is_written_with_built_in_operators_and_answers_as_its_graph(name, built, photos_for, tmp_path, capfd):
    model, file = built(name), tmp_path / "net.tflite"
    write_tflite(model, file)
    assert tflite_difference(file, write_onnx(model), photos_for(model)) < LIMITS.get(name, 5e-4)
    assert capfd.readouterr() == ("", "")
    assert not [operator for operator in operators(file) if operator.startswith("Flex")]


def operators(file):
    import tensorflow as tf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {operator["op_name"] for operator in tf.lite.Interpreter(str(file))._get_ops_details()}


def test_a_difference_is_seen(built, photos_for, tmp_path):
    write_tflite(built("custom"), tmp_path / "net.tflite")
    other = load_keras().models.clone_model(built("custom"))
    other.set_weights([weights + 0.1 for weights in built("custom").get_weights()])
    assert tflite_difference(tmp_path / "net.tflite", write_onnx(other), photos_for(other)) > 1e-3


def test_numbers_that_are_none_are_no_agreement(built, photos_for, tmp_path):
    broken = load_keras().models.clone_model(built("custom"))
    broken.set_weights([weights * np.nan for weights in built("custom").get_weights()])
    write_tflite(broken, tmp_path / "net.tflite")
    assert np.isnan(tflite_difference(tmp_path / "net.tflite", write_onnx(broken), photos_for(broken)))


def test_a_layer_that_cannot_be_written_is_named(tmp_path):
    keras = load_keras()
    photo = keras.Input((8, 8, 3), dtype="uint8", name="photo")
    numbers = keras.ops.real(keras.ops.fft2((keras.ops.cast(photo, "float32"), keras.ops.zeros_like(photo, dtype="float32")))[0])
    model = keras.Model(photo, keras.layers.Flatten()(numbers), name="waves")
    with pytest.raises(ExportError, match="'waves' cannot be written as TensorFlow Lite: "):
        write_tflite(model, tmp_path / "net.tflite")
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_no_fault_of_the_network(built, tmp_path):
    with pytest.raises(OSError, match="No such file"):
        write_tflite(built("custom"), tmp_path / "absent" / "net.tflite")
