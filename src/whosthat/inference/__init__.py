"""The one place that imports ONNX Runtime: open a graph from bytes and run it. Imports errors and translation alone of whosthat.

ONNX Runtime 1.29 and later send telemetry unless told not to before the import; that is why nothing else may import it. Graphs are bytes
that the caller has checked (hash, size). That alone does not keep a graph from reaching for files (ONNX Runtime 1.31, given bytes, looks
for external data in the working directory and below), from running for ever or from taking all memory: `limits.check_graph` refuses such
graphs before ONNX Runtime sees them. `operators` knows the sizes that each operator gives, `graph_file` what stands in an ONNX file, and
`device` which processor computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whosthat.inference import device
from whosthat.inference.graph_file import GraphError
from whosthat.inference.limits import check_graph
from whosthat.translation import _

__all__ = ["GraphError", "Session", "check_graph", "open_session"]

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def open_session(graph: bytes, *, threads: int = 1, repack: bool = True) -> Session:
    """Open an ONNX graph that stands complete in ``graph``.

    Args:
        graph: The serialised model.
        threads: Threads inside one operator. With one thread several processes share the cores best; threads never spin while they wait,
            because spinning takes the core from whoever could use it.
        repack: Whether weights are copied into the layout that is fastest to compute with. Without it a network with 80 million weights
            opens a third sooner, and answers single photos as fast (measured on cnn6).

    Raises:
        GraphError: The graph is damaged, is not run here (`limits.check_graph`), or ONNX Runtime cannot read it.
        DeviceError: A GPU is asked for and cannot be used (`device`).
    """
    check_graph(graph)
    onnxruntime, providers = device.load_runtime(), device.providers()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.disable_prepacking", "0" if repack else "1")
    options.add_session_config_entry("session.load_model_format", "ONNX")  # never its second format, which was not checked
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=providers, enable_fallback=0)
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise GraphError(_("The ONNX graph cannot be opened: {error}", error=error)) from error
    return Session(session)


class Session:
    """An opened graph."""

    def __init__(self, session: Any) -> None:
        self._session = session
        given = session.get_inputs()
        self.inputs: tuple[str, ...] = tuple(item.name for item in given)
        self.input_types: tuple[str, ...] = tuple(item.type for item in given)  # such as "tensor(uint8)"
        self.input_shapes: tuple[tuple[int | str | None, ...], ...] = tuple(tuple(item.shape) for item in given)
        gives = session.get_outputs()
        self.outputs: tuple[str, ...] = tuple(item.name for item in gives)
        self.output_types: tuple[str, ...] = tuple(item.type for item in gives)
        self.output_shapes: tuple[tuple[int | str | None, ...], ...] = tuple(tuple(item.shape) for item in gives)

    def run(self, *arrays: NDArray[Any]) -> list[NDArray[np.float32]]:
        """Run the graph on its inputs in their declared order and return every output.

        Raises:
            GraphError: The graph does not take these arrays, or fails on them.
        """
        feed = dict(zip(self.inputs, arrays, strict=True))
        try:
            outputs: list[NDArray[np.float32]] = self._session.run(None, feed)
        except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
            raise GraphError(_("The ONNX graph cannot be run: {error}", error=error)) from error
        return outputs
