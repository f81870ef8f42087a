"""MTCNN's published networks, rewritten to give the same answers in a third of the time.

What belongs here: from a published ONNX file to the graph that `faces.mtcnn` runs. What does not: what is done with its answers.
What changes:

- A PReLU becomes ``slope * x + (1 - slope) * relu(x)``: ONNX Runtime's own takes more than half of the time of the whole network.
- Layers get channels of zeros up to a multiple of 16, and dense layers become convolutions: ONNX Runtime then computes all of them in
  blocks of channels, and rearranges nothing in between.
- The networks were trained on pictures with x and y exchanged, scaled to -1 to 1. Both move into the weights: a graph takes pictures as
  they are. The two scores of each place become their difference, from which `score_of` gives what softmax gave.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.importers.graph import Graph
from whosthat.translation import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

BLOCK = 16  # channels that ONNX Runtime computes together: 16 with AVX-512, 8 elsewhere
GREY, SPREAD = 127.5, 128.0  # the networks were trained on ``(pixel - 127.5) / 128``

SHIFTS = slice(1, 5)  # channels with how the network would move the left, upper, right and lower side of each box
POINTS = slice(5, 15)  # channels with the landmarks, in the third network only: x of the five points, then y


@dataclass(frozen=True)
class Convolution:
    """Weights (filters, channels, height, width), biases and the slopes of the PReLU behind it, none in the last layer."""

    weights: Floats
    biases: Floats
    slopes: Floats | None


Pool = dict[str, Any]  # a max pool: ONNX's own words for its size


@lru_cache(maxsize=3)
def rewrite(published: bytes) -> bytes:
    """Turn a published file into the graph that is run, a serialised ONNX model.

    Its input ``pictures`` is uint8 (n, height, width, 3), red green blue; its output ``found`` float32 (n, 5 or 15, rows, columns): the
    difference of the two scores, `SHIFTS`, and in the third network `POINTS`.

    Raises:
        WeightsError: The file holds other layers than these networks have.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        return _written(_layers(onnx.load_model_from_string(published)))
    except (DecodeError, KeyError, IndexError, ValueError) as error:
        raise WeightsError("The file is none of MTCNN's networks: {error!r}", error=error) from error


def score_of(differences: Floats) -> Floats:
    """Return how sure a network is of faces, 0 to 1, from the differences of its two scores."""
    scores: Floats = (1 / (1 + np.exp(-differences))).astype(np.float32)
    return scores


def difference_of(score: float) -> float:
    """Return the difference of two scores that gives ``score``, above 0 and below 1."""
    return math.log(score / (1 - score))


def _layers(model: Any) -> list[Convolution | Pool]:
    """Read the layers in order; those that give scores, shifts and points are joined into one."""
    from onnx import helper, numpy_helper

    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    behind = {name: node for node in model.graph.node for name in node.input if name not in arrays}
    layers: list[Convolution | Pool] = []
    heads: list[Convolution] = []
    channels = 3
    for node in model.graph.node:
        if node.op_type == "MaxPool":
            layers.append({item.name: helper.get_attribute_value(item) for item in node.attribute})
        elif node.op_type in ("Conv", "MatMul"):
            biased = node if node.op_type == "Conv" else behind[node.output[0]]
            biases = next(arrays[name] for name in reversed(biased.input) if name in arrays)
            weights = _exchanged(arrays[node.input[1]], channels)
            activation = behind.get(biased.output[0])
            if activation is not None and activation.op_type == "PRelu":
                layers.append(Convolution(weights, biases, arrays[activation.input[1]].reshape(-1)))
                channels = len(weights)
            else:
                heads.append(Convolution(weights, biases, None))
    return [*layers, _joined(heads)]


def _exchanged(weights: Floats, channels: int) -> Floats:
    """Exchange x and y in the weights of a convolution, or of a dense layer, which becomes one over all that is left of the picture."""
    if weights.ndim == 4:
        return weights.transpose(0, 1, 3, 2)
    side = math.isqrt(len(weights) // channels)
    return weights.reshape(side, side, channels, -1).transpose(3, 2, 1, 0)


def _joined(heads: list[Convolution]) -> Convolution:
    """Join the last layers, by their widths: 2 scores, 4 shifts and 10 points."""
    scores, *others = sorted(heads, key=lambda head: len(head.biases))
    if [len(head.biases) for head in (scores, *others)] not in ([2, 4], [2, 4, 10]):
        raise ValueError(_("its last layers have other widths"))
    weights = [scores.weights[1:] - scores.weights[:1], *(head.weights for head in others)]
    biases = [scores.biases[1:] - scores.biases[:1], *(head.biases for head in others)]
    return Convolution(np.concatenate(weights), np.concatenate(biases), None)


def _written(layers: list[Convolution | Pool]) -> bytes:
    graph = Graph()
    node, array = graph.node, partial(graph.array, "weights")
    flow = node("Transpose", node("Cast", "pictures", to=1), perm=[0, 3, 1, 2])
    channels, scale, shift = 3, 1 / SPREAD, -GREY / SPREAD
    for layer in layers:
        if not isinstance(layer, Convolution):
            flow = node("MaxPool", flow, **layer)
            continue
        weights, biases = layer.weights.astype(np.float64) * scale, layer.biases + layer.weights.sum((1, 2, 3), np.float64) * shift
        scale, shift = 1.0, 0.0  # only the first layer sees pixels
        filters = len(biases) if layer.slopes is None else len(biases) + -len(biases) % BLOCK
        output = "found" if layer is layers[-1] else ""
        flow = node("Conv", flow, array(_filled(weights, filters, channels)), array(_filled(biases, filters)), output=output)
        if layer.slopes is not None:
            slopes = _filled(layer.slopes, filters).reshape(1, -1, 1, 1)
            flow = node("Add", node("Mul", flow, array(slopes)), node("Mul", node("Relu", flow), array(1 - slopes)))
        channels = filters
    pictures = ("pictures", np.uint8, ["n", "height", "width", 3])
    return graph.model("mtcnn", pictures, ("found", np.float32, ["n", channels, "rows", "columns"]))


def _filled(values: NDArray[Any], *lengths: int) -> NDArray[Any]:
    """Fill the first dimensions up with zeros, to these lengths."""
    lengths += values.shape[len(lengths) :]
    return np.pad(values, [(0, length - have) for length, have in zip(lengths, values.shape, strict=True)])
