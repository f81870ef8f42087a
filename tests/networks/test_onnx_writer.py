from __future__ import annotations

import numpy as np
import onnx
import pytest

from whosthat.errors import ExportError
from whosthat.inference import open_session
from whosthat.networks.backend import load_keras
from whosthat.networks.onnx_writer import OPSET, parity, write_onnx


def small(*layers, shape=(9, 8, 3)):
    """A network of the given layers between photo and predictions."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    x = photo = keras.Input(shape, dtype="uint8", name="photo")
    x = keras.layers.Rescaling(1 / 255, name="rescale")(x)
    for layer in layers:
        x = layer(x)
    x = keras.layers.Flatten(name="flatten")(x) if len(x.shape) > 2 else x
    return keras.Model(photo, keras.layers.Dense(3, activation="softmax", name="predictions")(x), name="small")


def photos(model, n=3):
    return np.random.default_rng(0).integers(0, 256, (n, *model.input.shape[1:]), np.uint8)


def layers():
    return load_keras().layers


VARIANTS = {
    "same, stride 2": lambda: [layers().Conv2D(4, 3, strides=2, padding="same")],
    "same, stride 3, wide kernel": lambda: [layers().Conv2D(4, (4, 5), strides=3, padding="same")],
    "dilated": lambda: [layers().Conv2D(4, 3, dilation_rate=2, padding="same", use_bias=False)],
    "grouped": lambda: [layers().Conv2D(6, 3, groups=3)],
    "depthwise with multiplier": lambda: [layers().DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same")],
    "average pool, same": lambda: [layers().AveragePooling2D(2, padding="same")],
    "max pool, same, overlapping": lambda: [layers().MaxPooling2D(3, strides=2, padding="same")],
    "global max pool": lambda: [layers().GlobalMaxPooling2D()],
    "normalization": lambda: [layers().Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])],
    "batch norm without scale": lambda: [layers().BatchNormalization(scale=False, center=False)],
    "zero padding": lambda: [layers().ZeroPadding2D(((1, 2), (0, 3)))],
    "activations": lambda: [
        layers().Flatten(),
        *(layers().Dense(4, activation=kind) for kind in ("silu", "tanh", "sigmoid", "relu6", "linear")),
    ],
    "activation layers": lambda: [layers().ReLU(), layers().ReLU(max_value=6.0), layers().Activation("tanh"), layers().Identity()],
    "softmax layer": lambda: [layers().Flatten(), layers().Softmax()],
    "per-channel scale": lambda: [layers().Rescaling([1.0, 2.0, 3.0], offset=[0.1, 0.2, 0.3])],
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_layer_is_written_as_keras_computes_it(variant):
    model = small(*VARIANTS[variant]())
    assert parity(model, write_onnx(model), photos(model)) < 1e-6


def test_branches_are_joined():
    keras = load_keras()
    photo = keras.Input((6, 6, 3), dtype="uint8", name="photo")
    x = keras.layers.Rescaling(1 / 255)(photo)
    a, b = keras.layers.Conv2D(4, 1)(x), keras.layers.Conv2D(4, 1)(x)
    joined = keras.layers.Concatenate()([keras.layers.Add()([a, b]), keras.layers.Multiply()([a, b])])
    features = keras.layers.GlobalAveragePooling2D()(joined)
    model = keras.Model(photo, keras.layers.Dense(2, activation="softmax")(features))
    assert parity(model, write_onnx(model), photos(model)) < 1e-6


def test_graph_is_valid_and_stands_alone():
    graph = write_onnx(small())
    model = onnx.load_from_string(graph)
    onnx.checker.check_model(model, full_check=True)
    assert [entry.version for entry in model.opset_import] == [OPSET]
    assert all(weight.data_location == onnx.TensorProto.DEFAULT for weight in model.graph.initializer)


def test_graph_takes_uint8_photos_in_any_number():
    session = open_session(write_onnx(small()))
    assert session.inputs == ("photo",)
    assert session.input_shapes == (("n", 9, 8, 3),)
    for n in (1, 5):
        assert session.run(photos(small(), n))[0].shape == (n, 3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: layers().UpSampling2D(name="larger"),
            "'larger' is a UpSampling2D, which cannot be exported to ONNX. Supported: Activation, ",
        ),
        (lambda: layers().Conv2D(2, 1, activation="gelu", name="odd"), "'odd' has activation = 'gelu'"),
        (lambda: layers().Dense(2, name="mapwise"), "'mapwise' has an input of shape = .* put Flatten before it"),
        (lambda: layers().ReLU(negative_slope=0.1, name="leaky"), "'leaky' has negative_slope"),
    ],
)
def test_layer_that_cannot_be_written_is_named(make, message):
    with pytest.raises(ExportError, match=message):
        write_onnx(small(make()))


def test_layer_used_twice_is_refused():
    keras = load_keras()
    photo = keras.Input((4, 4, 3), dtype="uint8", name="photo")
    x = keras.layers.Rescaling(1 / 255)(photo)
    shared = keras.layers.Conv2D(3, 1, name="shared")
    x = keras.layers.GlobalAveragePooling2D()(shared(shared(x)))
    with pytest.raises(ExportError, match="used more than once"):
        write_onnx(keras.Model(photo, keras.layers.Dense(2, activation="softmax")(x)))


def test_parity_of_a_damaged_graph_is_refused():
    with pytest.raises(ExportError, match="cannot be opened"):
        parity(small(), b"no graph", photos(small()))
