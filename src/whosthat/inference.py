"""The one place that imports ONNX Runtime: open a graph from bytes and run it.

ONNX Runtime 1.29 and later send telemetry unless told not to before the import; that is why nothing else may import it.
Graphs are given as bytes that the caller has already checked (hash, size), so a graph can never reach for a file beside it.
This module imports nothing of whosthat.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_session(graph: bytes, *, threads: int = 1) -> Session:
    """Open an ONNX graph that stands complete in ``graph``.

    Args:
        graph: The serialised model. External data is refused: there is no path that it could be relative to.
        threads: Threads inside one operator. With one thread several processes share the cores best; threads never
            spin while they wait, because spinning takes the core from whoever could use it.

    Returns:
        A session that maps named input arrays to a list of output arrays.

    Raises:
        ValueError: ONNX Runtime cannot read the graph.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
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
        self.input_shapes: tuple[tuple[int | str | None, ...], ...] = tuple(tuple(item.shape) for item in session.get_inputs())

    def run(self, *arrays: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the graph on its inputs in their declared order and return every output."""
        outputs: list[NDArray[np.float32]] = self._session.run(None, dict(zip(self.inputs, arrays, strict=True)))
        return outputs
