"""The layers of a run's network: the file that keeps them, and their words for tables, drawings and the report.

What belongs here: ``network.json``, and how a layer, its shape and its number of parameters are written. What does not: reading layers
off a model (`networks.layers`), drawing them (`plots.architecture`).
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from whosthat.networks.layers import BLOCK, LayerFacts, NetworkLayers
from whosthat.runs.files import NETWORK, checked, read_file, save_file
from whosthat.translation import N_, _
from whosthat.wording import counted

_KINDS = {
    "Activation": N_("Activation"),
    "Add": N_("Add"),
    "AveragePooling2D": N_("Average-pool"),
    "BatchNormalization": N_("Batch normalisation"),
    "Concatenate": N_("Join"),
    "Conv2D": N_("Conv"),
    "Dense": N_("Dense"),
    "DepthwiseConv2D": N_("Depthwise conv"),
    "Dropout": N_("Dropout"),
    "Flatten": N_("Flatten"),
    "Flip": N_("RGB to BGR"),
    "GlobalAveragePooling2D": N_("Global average"),
    "GlobalMaxPooling2D": N_("Global maximum"),
    "InputLayer": N_("Photo"),
    "LSTM": "LSTM",
    "MaxPooling2D": N_("Max-pool"),
    "Multiply": N_("Multiply"),
    "Normalization": N_("Normalise pixels"),
    "ReLU": "Activation",
    "Rescaling": N_("Rescale pixels"),
    "ZeroPadding2D": N_("Pad with zeros"),
}
"""What kinds of layers are called; another kind keeps Keras' name."""

_ACTIVATIONS = {"relu": "ReLU", "relu6": "ReLU6", "silu": "SiLU"}

_GATES = 4
"""An LSTM has four sets of weights: its input, forget and output gates, and its memory."""


def write_network(run: Path, layers: NetworkLayers) -> Path:
    """Write a run's ``network.json``, whole or not at all; a `RunError` says that it cannot be written."""
    from pydantic import TypeAdapter

    content = TypeAdapter(NetworkLayers).dump_json(layers, exclude_defaults=True)
    return save_file(run / NETWORK, content, _("Make room, or choose another folder with --runs."))


def read_network(run: Path) -> NetworkLayers | None:
    """Read a run's ``network.json``; None where there is none, as in runs of faces and of older versions. RunError where it is damaged."""

    def parse(text: str) -> NetworkLayers:
        found = checked(NetworkLayers, json.loads(text))
        for layer in found.layers:
            if not layer.shape or min(layer.shape) < 1 or not all(layer.weights) or (layer.window and not layer.strides):
                raise ValueError(_("a layer has no shape"))
        if not found.layers:
            raise ValueError("no layers")  # not translated: told as damage
        return found

    return read_file(run / NETWORK, parse, None)


def head_parameters(layers: NetworkLayers, settings: Mapping[str, str]) -> int | None:
    """Return how many parameters a run trained whose backbone stayed frozen, by its recipe (`read_settings`); None for other runs."""
    if settings.get("transfer.enabled") != "yes" or settings.get("transfer.fine_tune_epochs") != "0":
        return None
    head = list(itertools.dropwhile(lambda layer: layer.name != "features", layers.layers))[1:]
    return sum(layer.trainable for layer in head) or None


def layer_words(layer: LayerFacts) -> str:
    """Say what a layer is.

    Example:
        >>> conv = LayerFacts("a", "Conv2D", (222, 222, 32), units=32, window=(3, 3), strides=(1, 1), padding="valid", activation="relu")
        >>> layer_words(conv)
        'Conv 32, 3x3, valid, ReLU'
    """
    if layer.kind == BLOCK:
        return f"{layer.name}, {counted(len(layer.inside), 'layer')}"
    kind = _KINDS.get(layer.kind, layer.kind)
    pools = "Pooling" in layer.kind
    number = f"{layer.units:,}" if layer.units else f"{layer.rate:g}" if layer.rate else ""
    window = times(layer.window)
    usual = {layer.window} if pools else {(1,) * len(layer.strides)}
    stride = "" if not layer.window or layer.strides in usual else _("stride {strides}", strides=layer.strides[0])
    padding = layer.padding if layer.padding == ("same" if pools else "valid") and max(layer.window, default=0) > 1 else ""
    activation = "" if layer.activation == "linear" or layer.kind == "LSTM" else _ACTIVATIONS.get(layer.activation, layer.activation)
    penalty = f"L2 {layer.l2:g}" if layer.l2 else ""
    if kind == "Activation":
        kind, activation = activation or N_("Linear"), ""
    head = " ".join(filter(None, (_(kind), number, window if pools else "")))
    frames = _("each frame") if layer.each_frame else ""
    return ", ".join(filter(None, (head, "" if pools else window, stride, padding, activation, penalty, frames)))


def shape_words(shape: Iterable[int]) -> str:
    """Write a shape.

    Example:
        >>> shape_words((224, 224, 3)), shape_words((73728,))
        ('224 x 224 x 3', '73,728')
    """
    return " x ".join(f"{side:,}" for side in shape)


def arithmetic(layer: LayerFacts) -> str:
    """Write how many parameters a layer has, and how the number comes about: weights and, where there is one, bias.

    Example:
        >>> arithmetic(LayerFacts("a", "Conv2D", (224, 224, 16), ((3, 3, 3, 16), (16,)), trainable=448))
        '3x3x3x16 + 16 = 448'
        >>> arithmetic(LayerFacts("b", "BatchNormalization", (9, 9, 32), ((32,),) * 4, trainable=64, non_trainable=64))
        '4x32 = 128'
    """
    shapes = layer.weights
    if layer.kind == "LSTM":
        terms = " + ".join(times((*shape[:-1], shape[-1] // _GATES)) for shape in shapes)
        return f"{_GATES}x({terms}) = {layer.parameters:,}"
    terms = " + ".join(times((n, *shape) if n > 1 else shape) for shape, n in Counter(shapes).items())
    return f"{terms} = {layer.parameters:,}" if terms else f"{layer.parameters:,}"


def times(sides: Iterable[int]) -> str:
    """Write a product, such as ``3x3``."""
    return "x".join(f"{side:,}" for side in sides)


def totals(layers: NetworkLayers) -> tuple[str, ...]:
    """Say in sentences how many parameters a network has, and how many of them training changes."""
    return (
        _("All parameters: {parameters:,}.", parameters=layers.parameters),
        _("Trainable: {trainable:,}. Non-trainable: {non_trainable:,}.", trainable=layers.trainable, non_trainable=layers.non_trainable),
    )
