"""Looking inside a network through its ONNX graph: parts of it that run by themselves, and its first filters.

What belongs here: taking apart, with the onnx package, what `onnx_writer` wrote. What does not: running the parts, and what their numbers
mean (`recognition.explaining`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import NetworkError
from whosthat.inference import check_graph

if TYPE_CHECKING:
    from whosthat.types import FloatArray

_IN_PLACE = {"Add", "BatchNormalization", "Clip", "Mul", "Relu", "Sigmoid", "Tanh"}
"""Operators that leave maps as large as they are: after a convolution they belong to it."""

_KINDS = {"Conv": "convolution", "MaxPool": "pooling", "AveragePool": "pooling"}


@dataclass(frozen=True)
class MapLayer:
    """A layer that gives maps: whether it is a "convolution" or a "pooling", and the tensor that its maps are, activation included."""

    kind: str
    maps: str


class NetworkGraph:
    """A network's graph that can be cut into parts: a serialised ONNX model. GraphError where it is damaged or not run here."""

    def __init__(self, content: bytes) -> None:
        import onnx

        check_graph(content)
        self._model = onnx.load_model_from_string(content)
        self._nodes = list(self._model.graph.node)
        self._made_by = {name: node for node in self._nodes for name in node.output if name}

    @property
    def layers(self) -> list[MapLayer]:
        """The convolutions and poolings, in the order of computing."""
        return [
            MapLayer(_KINDS[node.op_type], self._activated(number)) for number, node in enumerate(self._nodes) if node.op_type in _KINDS
        ]

    @property
    def last_maps(self) -> str:
        """The maps of the last convolution: behind them, nothing keeps the places of a photo. NetworkError where there is none."""
        convolutions = [layer.maps for layer in self.layers if layer.kind == "convolution"]
        if not convolutions:
            raise NetworkError("This network has no convolution, so it does not know where in a photo something is.")
        return convolutions[-1]

    @property
    def scores(self) -> str:
        """One number a class: what goes into the last softmax, or what comes out where there is none."""
        name: str = self._model.graph.output[0].name
        while name in self._made_by and self._made_by[name].op_type in ("Identity", "Softmax"):
            name = self._made_by[name].input[0]
        return name

    def part(self, outputs: Sequence[str], inputs: Mapping[str, tuple[int, ...]] | None = None) -> bytes:
        """Return a graph that gives some tensors (float32), from the photo, or from other tensors (float32) of given shapes.

        NetworkError where the outputs need more than these inputs.
        """
        import onnx
        from onnx import helper

        given = dict.fromkeys([item.name for item in self._model.graph.input]) if inputs is None else dict(inputs)
        nodes, used = self._needed(outputs, given)
        weights = [tensor for tensor in self._model.graph.initializer if tensor.name in used]
        if missing := used - set(given) - {tensor.name for tensor in weights} - {name for node in nodes for name in node.output}:
            raise NetworkError("This network cannot be cut there: {name} comes from before.", name=min(missing))
        kind = onnx.TensorProto.FLOAT
        entrance = [helper.make_tensor_value_info(name, kind, shape) for name, shape in (inputs or {}).items()]
        written = onnx.ModelProto(ir_version=self._model.ir_version, opset_import=self._model.opset_import)
        written.graph.name = "part"
        written.graph.node.extend(nodes)
        written.graph.initializer.extend(weights)
        written.graph.input.extend(entrance or self._model.graph.input)
        written.graph.output.extend(helper.make_tensor_value_info(name, kind, None) for name in outputs)
        content: bytes = written.SerializeToString()
        return content

    def first_filters(self) -> FloatArray | None:
        """Return the filters that look at the photo itself, float32 (filters, height, width, 3), colours as RGB; None where none does."""
        from onnx import numpy_helper

        weights = {tensor.name: tensor for tensor in self._model.graph.initializer}
        first = next((node for node in self._nodes if node.op_type == "Conv"), None)
        if first is None or weights[first.input[1]].dims[1] != 3:
            return None
        filters = numpy_helper.to_array(weights[first.input[1]]).transpose(0, 2, 3, 1)
        before = self._nodes[: self._nodes.index(first)]
        turned = any(node.op_type == "Gather" for node in before)  # to blue, green, red
        return np.ascontiguousarray(filters[..., ::-1] if turned else filters, np.float32)

    def _activated(self, number: int) -> str:
        """Follow a node's maps to where they are activated: through the nodes behind it, each of which works on what the last gave."""
        name: str = self._nodes[number].output[0]
        for node in self._nodes[number + 1 :]:
            if name not in node.input or node.op_type not in _IN_PLACE:
                break
            name = node.output[0]
        return name

    def _needed(self, outputs: Sequence[str], given: Mapping[str, object]) -> tuple[list[Any], set[str]]:
        """Return the nodes that some tensors come from, in order, down to what is given, and all that flows into them."""
        used, nodes = set(outputs), []
        for node in reversed(self._nodes):
            if used & set(node.output) - set(given):
                nodes.append(node)
                used |= {name for name in node.input if name}
        return nodes[::-1], used
