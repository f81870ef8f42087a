"""Which processor is wanted, the CPU or an NVIDIA GPU (CUDA), and whether ONNX Runtime can give it (docs/decisions/0026).

What does not belong here: TensorFlow, which trains (`networks.backend`).
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cache
from typing import Any

from whosthat.errors import DeviceError
from whosthat.translation import _

VARIABLE = "WHOSTHAT_DEVICE"
CPU, CUDA, AUTO = DEVICES = "cpu", "cuda", "auto"
"""What the environment variable may be: the CPU alone; a GPU, or an error; a GPU where there is one, else the CPU."""

IDENTITY = bytes.fromhex(
    "08083a370a100a017812017922084964656e746974791201675a0f0a0178120a0a08080112040a020801620f0a0179120a0a08080112040a02080142040a00100d"
)
"""An ONNX model whose graph is y = Identity(x) for one float: the least that makes ONNX Runtime start and run."""

_ON_CPU, _ON_GPU = "CPUExecutionProvider", "CUDAExecutionProvider"

_AS_EXACT = {
    "use_tf32": "0",  # by itself CUDA rounds what it multiplies to 10 bits; answers were proved with 23
    "cudnn_conv_algo_search": "HEURISTIC",  # by itself it tries all ways for each size of picture, and takes what was fastest just then
}


def wanted() -> str:
    """Return the one of `DEVICES` that `VARIABLE` names, or "cpu". DeviceError where there is no such device."""
    name = os.environ.get(VARIABLE) or CPU
    if name not in DEVICES:
        raise DeviceError("There is no device {name!r}. Choose one of: {known}.", name=name, known=_(", ").join(DEVICES))
    return name


@contextmanager
def using(name: str) -> Iterator[None]:
    """Compute on a device until the block ends. Raises DeviceError as `on_gpu` does."""
    before, os.environ[VARIABLE] = os.environ.get(VARIABLE, ""), name
    try:
        on_gpu()
        yield
    finally:
        os.environ[VARIABLE] = before


def on_gpu() -> bool:
    """Say whether ONNX Runtime is to compute on a GPU. DeviceError where it must and cannot, or for an unknown device."""
    if wanted() == CUDA and gpu_problem():
        raise no_gpu(gpu_problem())
    return wanted() != CPU and not gpu_problem()


def no_gpu(problem: str) -> DeviceError:
    """Return the error that says why no GPU can be used, and what to do."""
    return DeviceError("No GPU can be used: {problem}. docs/runtimes.md says what a GPU needs; --device cpu does without.", problem=problem)


@cache
def gpu_problem() -> str:
    """Say in a few words why ONNX Runtime can use no GPU; nothing where it can. It is tried once in a process."""
    onnxruntime = load_runtime()
    if _ON_GPU not in onnxruntime.get_available_providers():
        return _("the installed ONNX Runtime computes on the CPU alone")
    onnxruntime.set_default_logger_severity(4)  # what it does not find it would write to standard error, ...
    try:
        with redirect_stdout(io.StringIO()):  # ... and to standard output
            onnxruntime.preload_dlls()
        session = onnxruntime.InferenceSession(IDENTITY, providers=[_ON_GPU, _ON_CPU], enable_fallback=0)
    except Exception as error:  # noqa: BLE001  ONNX Runtime raises a dozen unrelated classes
        found = re.search(r"CUDA failure \d+: [^;]*", str(error))  # not translated: ONNX Runtime's
        return found[0].strip() if found else _("ONNX Runtime cannot start CUDA")
    finally:
        onnxruntime.set_default_logger_severity(2)  # as it was
    return "" if session.get_providers()[0] == _ON_GPU else _("libraries of CUDA or cuDNN are missing")


def providers() -> list[Any]:
    """Return what tells ``onnxruntime.InferenceSession`` where to compute. Raises DeviceError as `on_gpu` does."""
    return [(_ON_GPU, _AS_EXACT), _ON_CPU] if on_gpu() else [_ON_CPU]


def load_runtime() -> Any:
    """Import ONNX Runtime, which has to be told before that it sends no telemetry."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime

    return onnxruntime
