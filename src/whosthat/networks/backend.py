"""The one way to Keras: chooses the backend, quiets it, pins what bits depend on, then imports.

Every module that needs Keras calls `load_keras` inside the function that needs it, so that commands which train nothing never pay for
the import (four to six seconds). Nothing about networks or training belongs here.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import logging
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from types import ModuleType

from whosthat.errors import DeviceError, NetworkError
from whosthat.inference import device
from whosthat.translation import N_, _

_ENVIRONMENT = {
    # TensorFlow measured fastest of the three backends on CPU.
    "KERAS_BACKEND": "tensorflow",
    # 2 keeps errors, and hides the notices about CPU features, oneDNN and absent GPUs.
    "TF_CPP_MIN_LOG_LEVEL": "2",
    # On a GPU: leave memory to ONNX Runtime, and multiply with all bits of a float, so that the exported graph agrees.
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    "NVIDIA_TF32_OVERRIDE": "0",
    # With oneDNN a cnn6 step takes 45 ms of processor time a photo, without it 75 (112 pixels), and two runs with one thread
    # count still give the same bits. It is on by default on some platforms only; saying it makes machines of one kind alike.
    "TF_ENABLE_ONEDNN_OPTS": "1",
}

_INSTALL = N_('Install them with: pip install "whosthat[train]"')

_NOTICE = re.compile(
    rb"(?m)^(WARNING: All log messages before absl::|INFO: Created TensorFlow Lite|I0000 |[IW]\d{4} .*(oneDNN|cpu_feature_guard)"
    rb"|E\d{4} .*failed call to cuInit).*\n?"
)


def load_keras() -> ModuleType:
    """Import Keras on TensorFlow and return the module ``keras``.

    Environment variables that the user has set are left as they are, except ``KERAS_BACKEND``.

    Raises:
        NetworkError: Keras or TensorFlow is not installed, or Keras already runs on another backend.
        DeviceError: A GPU is asked for and TensorFlow finds none, or it is too late to change the device.
    """
    if "keras" not in sys.modules:
        os.environ["KERAS_BACKEND"] = _ENVIRONMENT["KERAS_BACKEND"]
        for name, value in _ENVIRONMENT.items():
            os.environ.setdefault(name, value)
        with _nothing_collected():
            _import("keras")
    keras = _import("keras")
    if keras.backend.backend() != _ENVIRONMENT["KERAS_BACKEND"]:
        raise NetworkError(
            "Keras was already imported with the backend {backend!r}, but whosthat needs 'tensorflow'. Import "
            "whosthat before keras, or set the environment variable KERAS_BACKEND=tensorflow.",
            backend=keras.backend.backend(),
        )
    # TensorFlow warns of "excessive retracing" when one process builds several networks, which is no fault here.
    logging.getLogger("tensorflow").setLevel(logging.ERROR)
    # A keras.json in the user's home can change both, and networks built then would have other shapes.
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    _show_gpus()
    return keras


@cache
def gpus() -> list[object]:
    """Return the GPUs that TensorFlow, which must be loaded, finds on this computer."""
    with without_notices():
        found: list[object] = sys.modules["tensorflow"].config.list_physical_devices("GPU")
    return found


def _show_gpus() -> None:
    """Let TensorFlow see GPUs only where somebody asked for one: by itself it takes what it finds."""
    config, name = sys.modules["tensorflow"].config, device.wanted()
    if name == device.CUDA and not gpus():
        raise device.no_gpu(_("TensorFlow finds none"))
    shown = [] if name == device.CPU else gpus()
    try:
        if config.get_visible_devices("GPU") != shown:
            config.set_visible_devices(shown, "GPU")
    except RuntimeError as error:
        raise DeviceError("TensorFlow already runs, so its device can no longer become {name}.", name=name) from error


def require_keras() -> None:
    """Refuse (NetworkError) to go on where Keras or TensorFlow is not installed, without importing them: that takes seconds."""
    for name in ("keras", "tensorflow"):
        if name not in sys.modules and importlib.util.find_spec(name) is None:
            raise NetworkError(
                "Training a network needs Keras on TensorFlow, and {name} is not installed. {install}", name=name, install=_(_INSTALL)
            )


def usable_cores() -> int:
    """How many cores this process may use, at least 1."""
    allowed = getattr(os, "sched_getaffinity", None)  # Linux alone has it
    return len(allowed(0)) if allowed else os.cpu_count() or 1


def set_threads(n: int) -> None:
    """Pin the number of threads inside one operation, on which the bits of sums depend. Call it before the first operation.

    0 leaves the number to TensorFlow. Raises NetworkError where it has already started with another one.
    """
    load_keras()
    threading = _import("tensorflow").config.threading
    if threading.get_intra_op_parallelism_threads() == n:
        return
    try:
        threading.set_intra_op_parallelism_threads(n)
        threading.set_inter_op_parallelism_threads(1)
    except RuntimeError as error:
        raise NetworkError(
            "TensorFlow already runs, so its threads can no longer be set to {n}. Set them before the first network is built.", n=n
        ) from error


def _import(name: str) -> ModuleType:
    """Import a module without its import-time warnings, which are about the library's own code."""
    try:
        with warnings.catch_warnings(), without_notices():
            warnings.simplefilter("ignore")
            return importlib.import_module(name)
    except ImportError as error:
        raise NetworkError(
            "This needs Keras and TensorFlow, but {name} cannot be imported ({error}). {install}",
            name=error.name or name,
            error=error,
            install=_(_INSTALL),
        ) from error


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Do without Python's garbage collection, and leave out of later collections what is there in the end.

    Keras and TensorFlow make 380,000 objects, of which 1 % is garbage. Going through them again and again took 1.3 of the 5
    seconds of their import, and a third of a second in each full collection after it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was_on:
            gc.enable()


@contextmanager
def without_notices() -> Iterator[None]:
    """Hold back what is written to standard error, and pass on what is not a known notice.

    TensorFlow 2.21 writes its notice about oneDNN from C++ before it reads TF_CPP_MIN_LOG_LEVEL, so only the file descriptor can be held.
    """
    try:
        kept = os.dup(2)
    except OSError:  # a windowed program has no standard error
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            held.seek(0)
            rest = _NOTICE.sub(b"", held.read())
            if rest:
                os.write(2, rest)
