"""An ONNX graph that is written node by node: what `dlib_network`, `mtcnn_networks` and `openvino_network` share.

What belongs here: the names of what flows, and the model around the nodes. What does not: which nodes a network takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Info = tuple[str, DTypeLike, list[Any] | None]
"""What goes into a graph or comes out of it: its name, the type of its numbers, its shape, with words for sides of any length."""


class Graph:
    """The nodes of a graph, in order, and its constants."""

    def __init__(self) -> None:
        from onnx import helper

        self._helper: Any = helper
        self._nodes: list[Any] = []
        self._arrays: dict[str, NDArray[Any]] = {}

    def node(self, kind: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Append a node; return the name of its result, a new one where none is given."""
        output = output or f"{kind.lower()}_{len(self._nodes)}"
        self._nodes.append(self._helper.make_node(kind, inputs, [output], **attributes))
        return output

    def array(self, kind: str, values: NDArray[Any]) -> str:
        """Append a constant, which becomes float32 unless it is int64; return its name."""
        name = f"{kind}_{len(self._arrays)}"
        self._arrays[name] = values if values.dtype == np.int64 else np.ascontiguousarray(values, dtype=np.float32)
        return name

    def model(self, name: str, source: Info, result: Info) -> bytes:
        """Return the graph as a serialised ONNX model."""
        number, info = self._helper.np_dtype_to_tensor_dtype, self._helper.make_tensor_value_info
        source_info, result_info = (info(what, number(np.dtype(kind)), shape) for what, kind, shape in (source, result))
        graph = self._helper.make_graph(self._nodes, name, [source_info], [result_info])
        model = self._helper.make_model(graph, opset_imports=[self._helper.make_opsetid("", 17)], ir_version=8)
        for key, array in self._arrays.items():  # not given to make_graph: it and make_model would copy all of them once more each
            model.graph.initializer.add(dims=array.shape, data_type=number(array.dtype), name=key, raw_data=array.tobytes())
        data: bytes = model.SerializeToString()
        return data
