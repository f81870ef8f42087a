"""Heat maps lie where the class is, and are those of Keras' gradients."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whosthat.errors import NetworkError
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design
from whosthat.networks.onnx_writer import write_onnx
from whosthat.photos.preparing import PrepareSpec
from whosthat.recognition.explaining import Explainer


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
