"""Write a network as a TensorFlow Lite file (LiteRT) with Keras' own exporter, and compare that file with the ONNX graph.

The reference stays the ONNX graph (`onnx_writer`), which answers in whosthat. docs/decisions/0026 says why there are no further formats.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import ExportError
from whosthat.inference import open_session
from whosthat.networks.backend import without_notices


def write_tflite(model: Any, file: Path) -> None:
    """Write a network from `registry.build` as a ``.tflite`` file with built-in operators alone.

    Input ``photo``: uint8, ``(1, size, size, 3)`` or ``(1, frames, size, size, 3)``. Output: float32, ``(1, n_classes)``. For any number
    of photos an LSTM would need operators that most programs lack. Raises ExportError where a layer cannot be written, or an OSError.
    """
    import tensorflow as tf

    one = tf.TensorSpec((1, *model.input.shape[1:]), tf.uint8, "photo")
    built_in = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    try:
        with without_notices():
            model.export(file, format="litert", input_signature=[one], target_spec=built_in, verbose=False)
    except OSError:
        raise
    except Exception as error:  # the converter's class has no public name
        reason = str(error).strip().partition("\n")[0][:300]
        raise ExportError("The network {name!r} cannot be written as TensorFlow Lite: {reason}", name=model.name, reason=reason) from error


def tflite_difference(file: Path, graph: bytes, images: NDArray[np.uint8]) -> float:
    """Return the largest absolute difference between the answers of a ``.tflite`` file and an ONNX graph; NaN where one gave no number.

    ``images`` are prepared photos, uint8, ``(n, size, size, 3)`` or with frames; `settings.ONNX_PARITY_TOLERANCE` is the limit.
    """
    import tensorflow as tf

    session = open_session(graph)
    with without_notices(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that this interpreter will move to a package of its own, ai-edge-litert
        runner = tf.lite.Interpreter(model_content=file.read_bytes(), num_threads=1).get_signature_runner()
        return float(np.max([np.abs(runner(photo=image[None])["output_0"] - session.run(image[None])[0]).max() for image in images]))
