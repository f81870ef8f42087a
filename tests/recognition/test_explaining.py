"""Heat maps lie where the class is, and are those of Keras' gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whosthat.errors import NetworkError
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design
from whosthat.networks.onnx_parts import NetworkGraph
from whosthat.networks.onnx_writer import write_onnx
from whosthat.photos.preparing import PrepareSpec
from whosthat.recognition.explaining import MOST_LAYERS, Explainer, activations

pytestmark = pytest.mark.usefixtures("two_threads")


def heat_by_gradients(model, photo: np.ndarray, label: int, layer: str) -> np.ndarray:
    """Grad-CAM as in the paper, by differentiating the network in Keras."""
    import tensorflow as tf

    keras = load_keras()
    last = model.layers[-1]
    both = keras.Model(model.input, [model.get_layer(layer).output, last.input])
    with tf.GradientTape() as tape:
        maps, features = both(photo[None], training=False)
        score = (features @ last.kernel + last.bias)[0, label]
    maps, weights = maps[0].numpy(), tape.gradient(score, maps)[0].numpy()
    if maps.ndim == 4:  # frames first
        return np.maximum((maps * weights.sum(axis=(0, 1, 2))).sum(axis=-1), 0).mean(axis=0)
    return np.maximum((maps * weights.mean(axis=(0, 1))).sum(axis=-1), 0)


@pytest.mark.parametrize(
    ("name", "layer", "blocks"),
    [
        ("cnn6", "stage4_conv2", ""),
        ("vgg16", "block5_conv3", ""),
        ("resnet50", "conv5_block3_out", ""),
        ("efficientnet-lite0", "head_relu", ""),
        ("custom", "block4_conv", "conv 6 3, pool, norm, conv 8 3, flatten, dense 9"),
        ("cnn-lstm", "conv2", ""),
    ],
)
def test_heat_is_that_of_gradients(name: str, layer: str, blocks: str) -> None:
    frames = 3 if name == "cnn-lstm" else 1
    model = registry.build(name, Design(3, 64, weights="none", frames=frames, blocks=blocks, seed=1))
    spec = PrepareSpec(64, frames=frames if name == "cnn-lstm" else None)
    explainer = Explainer(write_onnx(model), spec)
    photo = np.random.default_rng(0).integers(0, 255, spec.shape, dtype=np.uint8)
    for label in range(3):
        expected, heat = heat_by_gradients(model, photo, label, layer), explainer.heat(photo, label)
        np.testing.assert_allclose(heat, expected / (expected.max() or 1), atol=0.02)


def test_a_network_without_convolutions_cannot_be_explained(graph_of_colours: Callable[..., bytes]) -> None:
    with pytest.raises(NetworkError, match="no convolution"):
        Explainer(graph_of_colours(), PrepareSpec(8))


def test_activations_are_what_the_layers_of_keras_give() -> None:
    model = registry.build("custom", Design(2, 32, blocks="conv 6 3, pool, conv 8 5, flatten"))
    photo = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    found, n_layers = activations(write_onnx(model), PrepareSpec(32), photo)
    assert ([one.kind for one in found], [one.place for one in found], n_layers) == (
        ["convolution", "pooling", "convolution"],
        [1, 2, 3],
        3,
    )
    layers = [layer for layer in model.layers if type(layer).__name__ in ("Conv2D", "MaxPooling2D")]
    expected = load_keras().Model(model.input, [layer.output for layer in layers])(photo[None])
    for one, maps in zip(found, expected, strict=True):
        np.testing.assert_allclose(one.maps, np.asarray(maps)[0].transpose(2, 0, 1), atol=1e-5)


def test_of_many_layers_some_are_shown_from_the_first_to_the_last() -> None:
    model = registry.build("efficientnet-lite0", Design(2, 32, weights="none"))
    found, n_layers = activations(write_onnx(model), PrepareSpec(32), np.zeros((32, 32, 3), np.uint8))
    assert (len(found), found[0].place, found[-1].place) == (MOST_LAYERS, 1, n_layers)


def test_a_network_without_maps_has_no_activations(graph_of_colours: Callable[..., bytes]) -> None:
    with pytest.raises(NetworkError, match="neither convolutions nor poolings"):
        activations(graph_of_colours(), PrepareSpec(8), np.zeros((8, 8, 3), np.uint8))


def test_the_first_filters_have_the_colours_of_the_photo() -> None:
    for name, layer, turned in (("cnn6", "stage1_conv1", False), ("vgg16", "block1_conv1", True)):
        model = registry.build(name, Design(2, 48, weights="none"))
        kernel = np.asarray(model.get_layer(layer).kernel).transpose(3, 0, 1, 2)
        filters = NetworkGraph(write_onnx(model)).first_filters()
        np.testing.assert_array_equal(filters, kernel[..., ::-1] if turned else kernel)


def test_a_network_whose_first_layer_is_no_convolution_has_no_filters(graph_of_colours: Callable[..., bytes]) -> None:
    assert NetworkGraph(graph_of_colours()).first_filters() is None


def test_a_network_that_goes_around_its_last_convolution_cannot_be_cut_there() -> None:
    keras = load_keras()
    photo = keras.Input((16, 16, 3), dtype="uint8", name="photo")
    x = keras.layers.Rescaling(1 / 255)(photo)
    around = keras.layers.GlobalAveragePooling2D()(x)
    seen = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3)(x))
    features = keras.layers.Concatenate(name="features")([around, seen])
    model = keras.Model(photo, keras.layers.Dense(2, activation="softmax", name="predictions")(features))
    with pytest.raises(NetworkError, match="cannot be cut there"):
        Explainer(write_onnx(model), PrepareSpec(16))
