"""What the layers of a network are, as data: kind, output shape, weights, and the settings that people ask for.

What belongs here: reading them off a Keras model, and off a design without making room for its weights. What does not: words and pictures,
which are `evaluation`'s business. The data outlive the model: a run keeps them.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design
from whosthat.networks.registry import build

if TYPE_CHECKING:
    import keras

BLOCK = "Block"
"""The kind of several layers that are folded into one entry."""

_BLOCK_NAME = re.compile(r"(.*block\d+)_")
"""How the layers of one block are named where a network has shortcuts: ``conv2_block1_1_conv``, ``block3_expand_conv``."""


@dataclass(frozen=True, slots=True)
class LayerFacts:
    """One layer, or several that are folded into one entry."""

    name: str  # the layer's own, unique in its network
    kind: str  # Keras' class, such as "Conv2D", or `BLOCK`
    shape: tuple[int, ...]  # of what comes out for one sample: (height, width, channels), (length,), with frames these first
    weights: tuple[tuple[int, ...], ...] = ()  # shapes of its arrays; none for a block
    trainable: int = 0  # parameters that training changes
    non_trainable: int = 0  # and those that it does not: running statistics, frozen weights
    units: int = 0  # filters of a convolution, units of a dense layer or an LSTM
    window: tuple[int, ...] = ()  # height and width of a filter, or of what is pooled
    strides: tuple[int, ...] = ()  # of the window, in pixels
    padding: str = ""  # of the window: "same" or "valid"
    activation: str = ""  # "relu", "softmax", ...
    rate: float = 0.0  # of dropout
    l2: float = 0.0  # weight of the squares in the loss
    each_frame: bool = False  # whether every frame of a sample passes it on its own
    inside: tuple[LayerFacts, ...] = ()  # the layers of a block

    @property
    def parameters(self) -> int:
        """All of its numbers."""
        return self.trainable + self.non_trainable


@dataclass(frozen=True, slots=True)
class NetworkLayers:
    """The layers of a network in the order in which a photo passes them, the photo itself first."""

    network: str  # its name, such as "cnn6"
    layers: tuple[LayerFacts, ...]

    @property
    def trainable(self) -> int:
        """Parameters that training changes."""
        return sum(layer.trainable for layer in self.layers)

    @property
    def non_trainable(self) -> int:
        """Parameters that training does not change."""
        return sum(layer.non_trainable for layer in self.layers)

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.trainable + self.non_trainable


def layers_of(model: keras.Model) -> NetworkLayers:
    """Read the layers of a functional model.

    Layers that change nothing (Identity) are left out. In a network with shortcuts, layers whose names begin alike, such as
    ``block3_``, are one `BLOCK`; so is a model that is used as a layer.
    """
    return NetworkLayers(model.name, tuple(_folded(model)))


def layers_of_design(name: str, design: Design) -> NetworkLayers:
    """Read the layers of a network that is not built: weights have shapes but no numbers, so even the largest needs no memory.

    Raises as `registry.build` does.
    """
    with load_keras().StatelessScope(initialize_variables=False):
        return layers_of(build(name, design))


def _folded(model: keras.Model) -> Iterable[LayerFacts]:
    inside = getattr(model, "operations", None) or model.layers  # a Sequential model has layers alone
    operations = [operation for operation in inside if type(operation).__name__ != "Identity"]
    branched = any(isinstance(operation.input, list) and len(operation.input) > 1 for operation in operations)

    def block_of(operation: Any) -> str:
        found = _BLOCK_NAME.match(operation.name) if branched else None
        return found[1] if found else f"{operation.name}:"  # no block is named so

    for name, members in itertools.groupby(operations, block_of):
        facts = [_facts(operation) for operation in members]
        yield _block(name, facts) if not name.endswith(":") else facts[0]


def _block(name: str, layers: Sequence[LayerFacts]) -> LayerFacts:
    trainable, non_trainable = sum(layer.trainable for layer in layers), sum(layer.non_trainable for layer in layers)
    return LayerFacts(name, BLOCK, layers[-1].shape, trainable=trainable, non_trainable=non_trainable, inside=tuple(layers))


def _facts(operation: Any) -> LayerFacts:
    """One operation of a model; those that are no layers (``keras.ops.flip``) have no weights."""
    shape = tuple(operation.output.shape[1:])
    if isinstance(operation, load_keras().Model):
        return replace(_block(operation.name, list(_folded(operation))), shape=shape)
    each_frame = type(operation).__name__ == "TimeDistributed"
    layer = operation.layer if each_frame else operation
    return LayerFacts(
        operation.name,
        type(layer).__name__,
        shape,
        tuple(tuple(weight.shape) for weight in getattr(operation, "weights", ())),
        _numbers(getattr(operation, "trainable_weights", ())),
        _numbers(getattr(operation, "non_trainable_weights", ())),
        units=getattr(layer, "filters", 0) or getattr(layer, "units", 0),
        window=_sides(getattr(layer, "kernel_size", ()) or getattr(layer, "pool_size", ())),
        strides=_sides(getattr(layer, "strides", ())),
        padding=str(layer.padding) if isinstance(getattr(layer, "padding", None), str) else "",
        activation=_activation(layer),
        rate=float(getattr(layer, "rate", 0.0)),
        l2=float(getattr(getattr(layer, "kernel_regularizer", None), "l2", 0.0)),
        each_frame=each_frame,
    )


def _numbers(weights: Iterable[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def _sides(given: int | Sequence[int]) -> tuple[int, ...]:
    return (given,) if isinstance(given, int) else tuple(given)


def _activation(layer: Any) -> str:
    if type(layer).__name__ == "ReLU":
        return "relu6" if layer.max_value == 6 else "relu"
    return str(getattr(getattr(layer, "activation", None), "__name__", ""))
