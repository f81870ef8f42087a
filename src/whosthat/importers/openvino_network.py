"""A network in OpenVINO's IR as an ONNX graph that gives the same answers in less than half of the time.

What belongs here: layers to nodes. What does not: reading the files (`openvino_format`), what the network is fed (`faces.adapting`).
What changes:

- A PReLU with one slope for all channels becomes a LeakyRelu, which ONNX Runtime computes together with the convolution before it.
- What is added to, subtracted from or multiplied with a convolution's result, channel by channel, moves into its weights and biases.
- What the pixels are multiplied with before the first convolution moves into its weights. What is added to them cannot: the
  convolution adds zeros around the picture behind that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.importers.graph import Graph
from whosthat.importers.openvino_format import Layer, wrong
from whosthat.translation import _

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Doubles = NDArray[np.float64]

MOST_PIXELS = 4096
"""Largest stride, padding, dilation or window of a layer."""

_ARITHMETIC = {"Add": "Add", "Multiply": "Mul", "Subtract": "Sub"}


def write_graph(layers: Sequence[Layer]) -> bytes:
    """Build the graph, a serialised ONNX model.

    Its input ``pictures`` is float32 (n, channels, height, width), its output ``vectors`` whatever the last layer gives, for any n.

    Raises:
        WeightsError: A layer has settings that are not understood.
    """
    kinds = [layer.kind for layer in layers]
    if kinds.count("Parameter") != 1 or kinds.count("Result") != 1:
        raise wrong(_("it should have one input and one output"))
    shape = layers[kinds.index("Parameter")].numbers("shape", 4, least=1)
    writer = _Writer(layers)
    for layer in layers:
        writer.add(layer)
    return writer.graph.model("openvino", ("pictures", np.float32, ["n", *shape[1:]]), ("vectors", np.float32, None))


@dataclass
class _Convolution:
    """A convolution that may still take in what follows it."""

    source: str
    weights: Doubles  # (filters, channels of a group, height, width)
    biases: Doubles  # (filters,)
    attributes: dict[str, Any]


@dataclass
class _Scaled:
    """A flow, and what each of its channels is still to be multiplied with, (channels,)."""

    source: str
    scale: Doubles


class _Writer:
    """Turns layers into nodes; a layer's result is a constant, the name of a flow, or what is not written yet."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.graph = Graph()
        self._users = Counter(source for layer in layers for source in layer.inputs)
        self._results: list[Doubles | str | _Convolution | _Scaled] = []

    def add(self, layer: Layer) -> None:
        """Work out the result of the next layer."""
        if layer.kind in ("Convolution", "GroupConvolution"):
            result: Any = self._convolved(layer)
        elif layer.kind in _ARITHMETIC:
            result = self._combined(layer)
        elif layer.array is not None:
            result = layer.array.astype(np.float64)
        elif layer.kind == "Convert":
            layer.expect(destination_type="f32")
            result = self._results[layer.inputs[0]]
        elif layer.kind == "Parameter":
            result = "pictures"
        else:
            result = self._simple(layer)
        self._results.append(result)

    def _simple(self, layer: Layer) -> str:
        flow = self._flow(layer.inputs[0])
        if layer.kind == "Sigmoid":
            return self.graph.node("Sigmoid", flow)
        if layer.kind == "AvgPool":
            return self._pooled(layer, flow)
        if layer.kind == "Result":
            return self.graph.node("Identity", flow, output="vectors")
        slopes = self._constant(layer.inputs[1])
        if slopes.size == 1:
            return self.graph.node("LeakyRelu", flow, alpha=float(slopes.reshape(())))
        return self.graph.node("PRelu", flow, self._array(slopes.reshape(-1, 1, 1)))

    def _pooled(self, layer: Layer, flow: str) -> str:
        layer.expect(auto_pad="explicit", rounding_type="floor")
        window: dict[str, Any] = {"kernel_shape": _sizes(layer, "kernel", 1), "strides": _sizes(layer, "strides", 1), "pads": _pads(layer)}
        return self.graph.node("AveragePool", flow, **window, count_include_pad=int(layer.settings.get("exclude-pad") != "true"))

    def _convolved(self, layer: Layer) -> _Convolution:
        layer.expect(auto_pad="explicit")
        weights, group = self._constant(layer.inputs[1]), 1
        if layer.kind == "GroupConvolution" and weights.ndim == 5:
            group, weights = len(weights), weights.reshape(-1, *weights.shape[2:])
        elif layer.kind == "GroupConvolution" or weights.ndim != 4:
            raise wrong(_("the weights of {kind} have {n} dimensions", kind=layer.kind, n=weights.ndim))
        source = self._results[layer.inputs[0]]
        if isinstance(source, _Scaled):
            weights, flow = _scaled(weights, group, source.scale), source.source
        else:
            flow = self._flow(layer.inputs[0])
        places = {"strides": _sizes(layer, "strides", 1), "dilations": _sizes(layer, "dilations", 1), "pads": _pads(layer)}
        return _Convolution(flow, weights, np.zeros(len(weights)), {**places, "group": group})

    def _combined(self, layer: Layer) -> str | _Convolution | _Scaled:
        """Add, multiply or subtract; with a constant for each channel, inside the convolution where there is one."""
        layer.expect(auto_broadcast="numpy")
        first, second = layer.inputs
        if isinstance(self._results[first], np.ndarray) and layer.kind != "Subtract":
            first, second = second, first
        flow, constant = self._results[first], self._results[second]
        if isinstance(constant, np.ndarray) and not isinstance(flow, np.ndarray):
            kind, values = ("Add", -constant) if layer.kind == "Subtract" else (layer.kind, constant)
            if _is_of_channels(values) and self._users[first] == 1:
                folded = self._folded(kind, flow, values.reshape(-1), layer)
                if folded is not None:
                    return folded
            return self.graph.node(_ARITHMETIC[kind], self._flow(first), self._array(values))
        return self.graph.node(_ARITHMETIC[layer.kind], self._flow(first), self._flow(second))

    def _folded(self, kind: str, flow: Any, values: Doubles, layer: Layer) -> str | _Convolution | _Scaled | None:
        """Take a constant into a convolution before it, or keep what pixels are multiplied with for the one behind; None for neither."""
        if isinstance(flow, _Convolution) and len(values) in (1, len(flow.biases)):
            if kind == "Add":
                return _Convolution(flow.source, flow.weights, flow.biases + values, flow.attributes)
            return _Convolution(flow.source, flow.weights * values[:, None, None, None], flow.biases * values, flow.attributes)
        if kind == "Multiply" and flow == "pictures" and (values != 0).all():
            return _Scaled(flow, values)
        if kind == "Add" and isinstance(flow, _Scaled) and len(values) == len(flow.scale):
            moved = self.graph.node("Add", flow.source, self._array((values / flow.scale).reshape(-1, 1, 1)))
            return _Scaled(moved, flow.scale)
        return None

    def _flow(self, place: int) -> str:
        """Return the name of a layer's result, which is written now if it was not yet."""
        result = self._results[place]
        if isinstance(result, _Convolution):
            arrays = self._array(result.weights), self._array(result.biases)
            result = self.graph.node("Conv", result.source, *arrays, **result.attributes)
        elif isinstance(result, _Scaled):
            result = self.graph.node("Mul", result.source, self._array(result.scale.reshape(-1, 1, 1)))
        elif not isinstance(result, str):
            raise wrong(_("a layer takes a constant where it should take what another layer gives"))
        self._results[place] = result
        return result

    def _constant(self, place: int) -> Doubles:
        result = self._results[place]
        if not isinstance(result, np.ndarray):
            raise wrong(_("the weights of a layer are not constant"))
        return result

    def _array(self, array: Doubles) -> str:
        with np.errstate(over="ignore"):
            numbers = array.astype(np.float32)
        if not np.isfinite(numbers).all():
            raise wrong(_("what its constants give together is not finite"))
        return self.graph.array("array", numbers)


def _is_of_channels(values: Doubles) -> bool:
    """Whether a constant has one number for all, or one for each channel: the shape (channels, 1, 1), with 1 before it or without."""
    return values.size == 1 or (values.ndim in (3, 4) and values.size == values.shape[-3])


def _scaled(weights: Doubles, group: int, scale: Doubles) -> Doubles:
    """Multiply the weights of a convolution with what its input's channels are multiplied with."""
    if len(scale) not in (1, group * weights.shape[1]):
        raise wrong(_("a constant has {n} channels where {expected} are expected", n=len(scale), expected=group * weights.shape[1]))
    by_filter = np.broadcast_to(scale, group * weights.shape[1]).reshape(group, 1, weights.shape[1])
    filters = weights.reshape(group, -1, *weights.shape[1:]) * by_filter[..., None, None]
    return filters.reshape(weights.shape)


def _sizes(layer: Layer, setting: str, least: int) -> list[int]:
    return layer.numbers(setting, 2, least, MOST_PIXELS)


def _pads(layer: Layer) -> list[int]:
    return [*_sizes(layer, "pads_begin", 0), *_sizes(layer, "pads_end", 0)]
