"""Write a network as one ONNX file, directly from its layers, and compare the two.

What belongs here: walking a functional Keras model, the graph's frame (input, output, weights), and the comparison. How each
kind of layer is written stands in `onnx_operators`. Keras' own exporter is not used: it needs another 18 GB for VGG16.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import ExportError
from whosthat.inference import Session, open_session
from whosthat.networks.onnx_operators import Graph, Value, write_layer

if TYPE_CHECKING:
    import keras

OPSET = 17
"""Version of the ONNX operators: old enough for every runtime since 2022."""

IR_VERSION = 8
"""Version of the file format that belongs to `OPSET`."""


def write_onnx(model: keras.Model) -> bytes:
    """Write a network from `registry.build` (functional, every layer used once) as a complete ONNX model.

    Returns:
        The serialised model, weights inside. Input ``photo``: uint8, ``(n, size, size, 3)`` (with frames
        ``(n, frames, size, size, 3)``), any ``n``. Output ``predictions``: float32, ``(n, n_classes)``.

    Raises:
        ExportError: A layer cannot be written; the message names it and what can be.
    """
    import onnx
    from onnx import helper

    graph = Graph()
    photo, output = model.input, model.output
    values: dict[int, Value] = {id(photo): _entrance(graph, tuple(photo.shape))}
    for operation in model.operations[1:]:
        inputs = operation.input if isinstance(operation.input, list) else [operation.input]
        if any(id(tensor) not in values for tensor in inputs):
            raise ExportError(
                "The layer {name!r} is used more than once or takes part in another network, which cannot be exported.", name=operation.name
            )
        values[id(operation.output)] = write_layer(graph, operation, [values[id(tensor)] for tensor in inputs])
    graph.add("Identity", [values[id(output)].name], "predictions")
    written = graph.model
    written.ir_version, written.producer_name = IR_VERSION, "whosthat"
    written.opset_import.append(helper.make_opsetid("", OPSET))
    written.graph.name = model.name
    written.graph.input.append(helper.make_tensor_value_info("photo", onnx.TensorProto.UINT8, ["n", *photo.shape[1:]]))
    written.graph.output.append(helper.make_tensor_value_info("predictions", onnx.TensorProto.FLOAT, ["n", *output.shape[1:]]))
    content: bytes = written.SerializeToString()
    return content


def _entrance(graph: Graph, shape: tuple[int, ...]) -> Value:
    """From uint8 pixels, channels last, to floats, channels first; frames are folded into the batch until a layer needs them."""
    name = graph.add("Cast", ["photo"], to=1)  # 1 is float32
    frames = None
    if len(shape) == 5:
        frames = shape[1]
        name = graph.add("Reshape", [name, graph.constant(np.array([-1, *shape[2:]], np.int64))])
    return Value(graph.add("Transpose", [name], perm=[0, 3, 1, 2]), tuple(shape[-3:]), frames)


def open_exported(model: keras.Model, graph: bytes) -> Session:
    """Open the graph that `write_onnx` made of a network; an ExportError where it is not run."""
    try:
        return open_session(graph)
    except ValueError as error:
        raise ExportError("The exported graph of {name!r} cannot be opened: {error}", name=model.name, error=error) from error


def parity(model: keras.Model, graph: bytes, images: NDArray[np.uint8]) -> float:
    """Return the largest absolute difference between the probabilities of a network and of the graph that `write_onnx` made of it.

    ``images`` are prepared photos, uint8, ``(n, size, size, 3)`` or with frames; `settings.ONNX_PARITY_TOLERANCE` is the limit.

    Raises:
        ExportError: ONNX Runtime cannot open the graph, or one of the two gave a number that is not finite.
    """
    (came,) = open_exported(model, graph).run(images)
    answers = np.asarray(model(images, training=False))  # called once: tracing a function, as `predict` does, would take longer
    difference = float(np.max(np.abs(came - answers)))
    if not np.isfinite(difference):
        raise ExportError("The network {name!r} or its exported graph gives numbers that are not finite.", name=model.name)
    return difference
