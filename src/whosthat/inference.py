"""The one place that imports ONNX Runtime: open a graph from bytes and run it.

ONNX Runtime 1.29 and later send telemetry unless told not to before the import; that is why nothing else may import it.
Graphs are given as bytes that the caller has already checked (hash, size). That alone does not keep a graph from reaching for
files: ONNX Runtime 1.31, given bytes, looks for external data in the working directory and below (measured), so such graphs are
refused here before ONNX Runtime sees them, by a walk over the serialised message that needs no onnx package.
This module imports nothing of whosthat.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_session(graph: bytes, *, threads: int = 1, repack: bool = True) -> Session:
    """Open an ONNX graph that stands complete in ``graph``.

    Args:
        graph: The serialised model. One that keeps weights outside itself is refused.
        threads: Threads inside one operator. With one thread several processes share the cores best; threads never
            spin while they wait, because spinning takes the core from whoever could use it.
        repack: Whether weights are copied into the layout that is fastest to compute with. Without it a network with 80
            million weights opens a third sooner, and answers single photos as fast (measured on cnn6).

    Returns:
        A session that maps named input arrays to a list of output arrays.

    Raises:
        ValueError: The graph is damaged, keeps weights in another file, or ONNX Runtime cannot read it.
    """
    if keeps_data_outside(graph):
        raise ValueError("The ONNX graph keeps weights in another file; export it as a single file.")
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_prepacking", "0" if repack else "1")
    options.add_session_config_entry("session.load_model_format", "ONNX")  # never its second format, which the walk cannot read
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise ValueError(f"The ONNX graph cannot be opened: {error}") from error
    return Session(session)


class Session:
    """An opened graph."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self.inputs: tuple[str, ...] = tuple(item.name for item in session.get_inputs())
        self.input_types: tuple[str, ...] = tuple(item.type for item in session.get_inputs())  # such as "tensor(uint8)"
        self.input_shapes: tuple[tuple[int | str | None, ...], ...] = tuple(tuple(item.shape) for item in session.get_inputs())

    def run(self, *arrays: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the graph on its inputs in their declared order and return every output.

        Raises:
            ValueError: The graph does not take these arrays, or fails on them.
        """
        feed = dict(zip(self.inputs, arrays, strict=True))
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, feed)
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
            raise ValueError(f"The ONNX graph cannot be run: {error}") from error
        return outputs


# Where tensors hide in an ONNX model: for each message, the number of each field that holds another message of interest.
# Source: onnx.proto3 (ONNX 1.17); numbers of fields never change.
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
}
_TENSOR_EXTERNAL_DATA, _TENSOR_DATA_LOCATION = 13, 14
_LENGTH_DELIMITED = 2


def keeps_data_outside(graph: bytes) -> bool:
    """Tell whether any tensor of a serialised ONNX model refers to a file (or memory) outside the model.

    Args:
        graph: The serialised model. Weights are skipped, not read: a model of 300 MB takes well under a millisecond.

    Returns:
        True when any tensor, at any depth, carries external data.

    Raises:
        ValueError: The bytes are no protobuf message.

    Example:
        >>> keeps_data_outside(bytes([0x3A, 0x06, 0x2A, 0x04, 0x70, 0x01, 0x10, 0x01]))  # model > graph > tensor > data_location
        True
    """
    view = memoryview(graph)
    waiting = [("model", 0, len(view))]
    while waiting:
        message, start, end = waiting.pop()
        for field, wire_type, first, last in _fields(view, start, end):
            if message == "tensor":
                if field == _TENSOR_EXTERNAL_DATA or (field == _TENSOR_DATA_LOCATION and any(byte & 0x7F for byte in view[first:last])):
                    return True
            elif wire_type == _LENGTH_DELIMITED and field in _MESSAGES[message]:
                waiting.append((_MESSAGES[message][field], first, last))
    return False


def _fields(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield (field number, wire type, first byte, end) of every field of the message between two offsets."""
    at = start
    while at < end:
        tag, at = _varint(view, at, end)
        field, wire_type = tag >> 3, tag & 7
        if wire_type == 0:
            _, after = _varint(view, at, end)
        elif wire_type == _LENGTH_DELIMITED:
            length, at = _varint(view, at, end)
            after = at + length
        elif wire_type in (1, 5):
            after = at + (8 if wire_type == 1 else 4)
        else:
            raise ValueError(f"The ONNX graph is damaged: wire type {wire_type} at byte {at} does not exist there.")
        if after > end or tag >= 1 << 32:
            raise ValueError(f"The ONNX graph is damaged or cut short at byte {at}.")
        yield field, wire_type, at, after
        at = after


def _varint(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """Read a number of up to ten bytes of seven bits; return it and the offset behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(f"The ONNX graph is damaged or cut short at byte {at}.")
