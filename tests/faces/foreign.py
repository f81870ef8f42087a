"""Stand-ins for face networks of others: a few nodes with the inputs and outputs of the real ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

CELLS = 4
ARCFACE = [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]

DESCRIBED: dict[str, Any] = {
    "name": "my-net",
    "licence": "MIT",
    "source": "drawn by hand",
    "dimensions": 3 * CELLS**2,
    "crop_size": 112,
    "points": ARCFACE,
    "colours": "rgb",
    "mean": 127.5,
    "scale": 0.0078125,
    "compare": "distance",
    "same_person": 0.6,
}
"""What `cells_graph` needs to be said of it."""


def cells_graph(
    *,
    size: int = 112,
    batch: int | str = 1,
    layout: str = "nchw",
    kind: int = TensorProto.FLOAT,
    factor: float = 1.0,
    opset: int = 11,
    weights: str = "inside",
    outputs: int = 1,
) -> bytes:
    """Return a network that averages each colour over a grid of four by four cells, (n, 3 * 16), as old exporters write it."""
    shape = [batch, 3, size, size] if layout == "nchw" else [batch, size, size, 3]
    by = numpy_helper.from_array(np.array(factor, np.float32), "by")
    side = size // CELLS
    nodes = [
        helper.make_node("Cast", ["data"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["floats"], ["planes"], perm=[0, 1, 2, 3] if layout == "nchw" else [0, 3, 1, 2]),
        helper.make_node("AveragePool", ["planes"], ["cells"], kernel_shape=[side, side], strides=[side, side]),
        helper.make_node("Flatten", ["cells"], ["flat"]),
        *[helper.make_node("Mul", ["flat", "by"], [f"fc{number}"]) for number in range(outputs)],
    ]
    if weights == "outside":
        by.data_location = TensorProto.EXTERNAL
        entry = by.external_data.add()
        entry.key, entry.value = "location", "secret.bin"
    inputs = [helper.make_tensor_value_info("data", kind, shape), helper.make_tensor_value_info("by", TensorProto.FLOAT, [])]
    answers = [helper.make_tensor_value_info(f"fc{number}", TensorProto.FLOAT, [batch, 3 * CELLS**2]) for number in range(outputs)]
    graph = helper.make_graph(nodes, "cells", inputs, answers, [by])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=3).SerializeToString()


def cells_of(crops: np.ndarray, *, mean: float = 127.5, scale: float = 0.0078125) -> np.ndarray:
    """What the network gives for crops, worked out by numpy; red, green, blue."""
    n, size = crops.shape[:2]
    side = size // CELLS
    values = (crops.astype(np.float64) - mean) * scale
    return values.reshape(n, CELLS, side, CELLS, side, 3).mean(axis=(2, 4)).transpose(0, 3, 1, 2).reshape(n, -1)
