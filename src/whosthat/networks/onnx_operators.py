"""How each kind of Keras layer is written as ONNX nodes.

What belongs here: one function per kind of layer, entered in a table by `writes`. What does not: walking the model (`onnx_writer`).

Inside the graph maps are channels first, ``(n, channels, height, width)``; Keras keeps them channels last. Frames are folded
into the batch: every layer but the LSTM sees single images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import ExportError
from whosthat.translation import _


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the graph."""

    name: str
    shape: tuple[int, ...]  # Keras' shape of one sample: (height, width, channels) for maps, (length,) for vectors
    frames: int | None = None  # how many are folded into its batch; None when a sample is one image


class Graph:
    """A model that is being written; weights go straight into it, because a copy of them can be hundreds of megabytes."""

    def __init__(self) -> None:
        import onnx

        self.model = onnx.ModelProto()

    def add(self, operator: str, inputs: Sequence[str], output: str = "", n_outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return the name of its last output, which is the only one used; earlier ones are left unnamed."""
        from onnx import helper

        name = output or f"{operator}_{len(self.model.graph.node)}"
        outputs = [""] * (n_outputs - 1) + [name]
        self.model.graph.node.append(helper.make_node(operator, list(inputs), outputs, name=f"node_{name}", **attributes))
        return name

    def constant(self, array: NDArray[Any]) -> str:
        """Add a weight and return its name."""
        from onnx import helper

        tensor = self.model.graph.initializer.add()
        tensor.name = f"weight_{len(self.model.graph.initializer)}"
        tensor.data_type = helper.np_dtype_to_tensor_dtype(array.dtype)
        tensor.dims.extend(array.shape)
        tensor.raw_data = array.astype(array.dtype.newbyteorder("<")).tobytes()
        name: str = tensor.name
        return name

    def number(self, value: float) -> str:
        """Add one float32 number and return its name."""
        return self.constant(np.array(value, np.float32))


Writer: TypeAlias = Callable[[Graph, Any, list[Value]], str]
_WRITERS: dict[str, Writer] = {}


def writes(*kinds: str) -> Callable[[Writer], Writer]:
    """Enter a function as the writer of some kinds of layers, by class name."""

    def keep(writer: Writer) -> Writer:
        for kind in kinds:
            _WRITERS[kind] = writer
        return writer

    return keep


def write_layer(graph: Graph, layer: Any, inputs: list[Value]) -> Value:
    """Write one layer and return its output; an ExportError where this kind, or one of its settings, cannot be written."""
    frames = inputs[0].frames
    kind = type(layer).__name__
    if kind == "LSTM":
        return Value(_lstm(graph, layer, inputs[0]), (layer.units,))
    shape = tuple(layer.output.shape[1 if frames is None else 2 :])
    if kind == "TimeDistributed":
        layer = layer.layer
        kind = type(layer).__name__
    if kind not in _WRITERS:
        supported = _(", ").join(sorted([*_WRITERS, "LSTM", "TimeDistributed"]))
        raise ExportError(
            "The layer {name!r} is a {kind}, which cannot be exported to ONNX. Supported: {supported}.",
            name=layer.name,
            kind=kind,
            supported=supported,
        )
    return Value(_WRITERS[kind](graph, layer, inputs), shape, frames)


def _require(fits: bool, layer: Any, setting: str, came: object, supported: object) -> None:
    if not fits:
        raise ExportError(
            "The layer {name!r} has {setting} = {came!r}, which cannot be exported to ONNX. Supported: {supported}.",
            name=layer.name,
            setting=setting,
            came=came,
            supported=supported,
        )


def _per_channel(graph: Graph, array: Any, meets: Value) -> str:
    """A constant that meets each channel (maps) or each entry (vectors)."""
    flat = np.asarray(array, np.float32).reshape(-1)
    return graph.constant(flat.reshape(-1, 1, 1) if len(meets.shape) == 3 and flat.size > 1 else flat)


@writes("Rescaling")
def _rescaling(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    scaled = graph.add("Mul", [inputs[0].name, _per_channel(graph, layer.scale, inputs[0])])
    return graph.add("Add", [scaled, _per_channel(graph, layer.offset, inputs[0])])


@writes("Normalization")
def _normalization(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    _require(not layer.invert, layer, "invert", True, False)
    centred = graph.add("Sub", [inputs[0].name, _per_channel(graph, layer.mean, inputs[0])])
    deviation = np.maximum(np.sqrt(np.asarray(layer.variance)), 1e-7)  # Keras' own floor
    return graph.add("Div", [centred, _per_channel(graph, deviation, inputs[0])])


@writes("Flip")
def _flip(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    """Only the channels are ever flipped: red, green, blue to blue, green, red."""
    _require(layer.axis in (-1, len(layer.input.shape) - 1), layer, "axis", layer.axis, -1)
    n_channels = inputs[0].shape[-1]
    return graph.add("Gather", [inputs[0].name, graph.constant(np.arange(n_channels)[::-1].astype(np.int64))], axis=1)


@writes("BatchNormalization")
def _batch_normalization(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    n_channels = layer.moving_mean.shape[0]
    scale = np.asarray(layer.gamma) if layer.scale else np.ones(n_channels, np.float32)
    shift = np.asarray(layer.beta) if layer.center else np.zeros(n_channels, np.float32)
    constants = [graph.constant(np.asarray(array)) for array in (scale, shift, layer.moving_mean, layer.moving_variance)]
    return graph.add("BatchNormalization", [inputs[0].name, *constants], epsilon=float(layer.epsilon))


@writes("Conv2D")
def _convolution(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    return _convolve(graph, layer, inputs[0], np.asarray(layer.kernel).transpose(3, 2, 0, 1), layer.groups)


@writes("DepthwiseConv2D")
def _depthwise(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    height, width, channels, multiplier = layer.kernel.shape
    kernel = np.asarray(layer.kernel).transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    return _convolve(graph, layer, inputs[0], kernel, channels)


def _convolve(graph: Graph, layer: Any, value: Value, kernel: NDArray[Any], groups: int) -> str:
    inputs = [value.name, graph.constant(kernel)]
    if layer.use_bias:
        inputs.append(graph.constant(np.asarray(layer.bias)))
    sides, strides, dilations = kernel.shape[2:], layer.strides, layer.dilation_rate
    pads = _pads(layer, value.shape, [(side - 1) * dilation + 1 for side, dilation in zip(sides, dilations, strict=True)])
    convolved = graph.add("Conv", inputs, pads=pads, group=groups, kernel_shape=sides, strides=strides, dilations=dilations)
    return _activate(graph, layer, layer.activation, convolved)


@writes("MaxPooling2D", "AveragePooling2D")
def _pooling(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    operator = type(layer).__name__.replace("Pooling2D", "Pool")
    pads = _pads(layer, inputs[0].shape, layer.pool_size)
    return graph.add(operator, [inputs[0].name], pads=pads, kernel_shape=layer.pool_size, strides=layer.strides)


def _pads(layer: Any, shape: tuple[int, ...], reaches: Sequence[int]) -> list[int]:
    """ONNX pads (top, left, bottom, right) for Keras' padding; "same" puts the odd pixel last."""
    if layer.padding == "valid":
        return [0, 0, 0, 0]
    _require(layer.padding == "same", layer, "padding", layer.padding, "valid, same")  # not translated: what Keras calls them
    before, after = [], []
    for size, stride, reach in zip(shape[:2], layer.strides, reaches, strict=True):
        total = max((-(-size // stride) - 1) * stride + reach - size, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return before + after


@writes("GlobalAveragePooling2D", "GlobalMaxPooling2D")
def _global_pooling(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    _require(not layer.keepdims, layer, "keepdims", True, False)
    pooled = graph.add(type(layer).__name__.replace("Pooling2D", "Pool"), [inputs[0].name])
    return graph.add("Flatten", [pooled])


@writes("ZeroPadding2D")
def _zero_padding(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    (top, bottom), (left, right) = layer.padding
    pads = np.array([0, 0, top, left, 0, 0, bottom, right], np.int64)
    return graph.add("Pad", [inputs[0].name, graph.constant(pads)])


@writes("Flatten")
def _flatten(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    """Keras flattens row by row with channels last, so maps are turned back first."""
    name = inputs[0].name
    if len(inputs[0].shape) == 3:
        name = graph.add("Transpose", [name], perm=[0, 2, 3, 1])
    return graph.add("Flatten", [name])


@writes("Dense")
def _dense(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    _require(len(inputs[0].shape) == 1, layer, _("an input of shape"), inputs[0].shape, _("vectors; put Flatten before it"))
    constants = [graph.constant(np.asarray(array)) for array in ((layer.kernel, layer.bias) if layer.use_bias else (layer.kernel,))]
    return _activate(graph, layer, layer.activation, graph.add("Gemm", [inputs[0].name, *constants]))


def _lstm(graph: Graph, layer: Any, value: Value) -> str:
    """The LSTM's last state. ONNX orders the gates input, output, forget, cell; Keras input, forget, cell, output."""
    _require(value.frames is not None and len(value.shape) == 1, layer, _("an input of shape"), value.shape, _("a vector for each frame"))
    _require(not layer.return_sequences, layer, "return_sequences", True, False)
    _require(not layer.go_backwards, layer, "go_backwards", True, False)
    for setting, supported in (("activation", "tanh"), ("recurrent_activation", "sigmoid")):
        came = getattr(layer, setting).__name__
        _require(came == supported, layer, setting, came, supported)
    kernel, recurrent = np.asarray(layer.cell.kernel), np.asarray(layer.cell.recurrent_kernel)
    bias = np.asarray(layer.cell.bias) if layer.use_bias else np.zeros(4 * layer.units, np.float32)
    both_biases = np.concatenate([_gates(bias[None]), np.zeros_like(bias)[None]], axis=1)
    series = graph.add("Reshape", [value.name, graph.constant(np.array([-1, value.frames, kernel.shape[0]], np.int64))])
    time_first = graph.add("Transpose", [series], perm=[1, 0, 2])
    constants = [graph.constant(array) for array in (_gates(kernel.T[None]), _gates(recurrent.T[None]), both_biases)]
    state = graph.add("LSTM", [time_first, *constants], n_outputs=2, hidden_size=layer.units)
    return graph.add("Squeeze", [state, graph.constant(np.array([0], np.int64))])


def _gates(array: NDArray[Any]) -> NDArray[Any]:
    gate_i, gate_f, gate_c, gate_o = np.split(array, 4, axis=1)
    return np.concatenate([gate_i, gate_o, gate_f, gate_c], axis=1)


@writes("Add", "Multiply")
def _joining(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    operator = {"Add": "Add", "Multiply": "Mul"}[type(layer).__name__]
    joined = inputs[0].name
    for other in inputs[1:]:
        joined = graph.add(operator, [joined, other.name])
    return joined


@writes("Concatenate")
def _concatenate(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    _require(layer.axis in (-1, len(layer.input[0].shape) - 1), layer, "axis", layer.axis, -1)
    return graph.add("Concat", [value.name for value in inputs], axis=1)  # channels and vector entries both stand on axis 1


@writes("Dropout", "SpatialDropout2D", "Identity")
def _nothing(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    """Layers that do nothing outside training."""
    return inputs[0].name


@writes("ReLU")
def _relu(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    came = (layer.negative_slope, layer.threshold)
    _require(came == (0, 0), layer, "negative_slope, threshold", came, (0, 0))  # not translated: what Keras calls them
    if layer.max_value is None:
        return graph.add("Relu", [inputs[0].name])
    return graph.add("Clip", [inputs[0].name, graph.number(0), graph.number(layer.max_value)])


@writes("Activation")
def _activation(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    return _activate(graph, layer, layer.activation, inputs[0].name)


@writes("Softmax")
def _softmax(graph: Graph, layer: Any, inputs: list[Value]) -> str:
    _require(layer.axis == -1, layer, "axis", layer.axis, -1)
    return graph.add("Softmax", [inputs[0].name], axis=1)


_ACTIVATIONS: dict[str, Callable[[Graph, str], str]] = {
    "linear": lambda graph, name: name,
    "relu": lambda graph, name: graph.add("Relu", [name]),
    "relu6": lambda graph, name: graph.add("Clip", [name, graph.number(0), graph.number(6)]),
    "sigmoid": lambda graph, name: graph.add("Sigmoid", [name]),
    "silu": lambda graph, name: graph.add("Mul", [name, graph.add("Sigmoid", [name])]),
    "softmax": lambda graph, name: graph.add("Softmax", [name], axis=1),
    "tanh": lambda graph, name: graph.add("Tanh", [name]),
}


def _activate(graph: Graph, layer: Any, activation: Any, name: str) -> str:
    kind = activation.__name__
    _require(kind in _ACTIVATIONS, layer, "activation", kind, _(", ").join(_ACTIVATIONS))
    return _ACTIVATIONS[kind](graph, name)
