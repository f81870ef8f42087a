from __future__ import annotations

import subprocess
import sys

import pytest

from whosthat.errors import DeviceError, NetworkError
from whosthat.networks import backend


def in_a_new_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_keras_arrives_on_tensorflow_and_says_nothing():
    done = in_a_new_process(
        "from whosthat.networks.backend import load_keras, set_threads; set_threads(1); keras = load_keras();"
        "import tensorflow; print(keras.backend.backend(), tensorflow.config.threading.get_intra_op_parallelism_threads())"
    )
    assert (done.stdout, done.stderr) == ("tensorflow 1\n", "")


def test_collection_of_garbage_goes_on_without_what_keras_made():
    done = in_a_new_process(
        "import gc; from whosthat.networks.backend import load_keras; load_keras(); print(gc.isenabled(), gc.get_freeze_count() > 100_000)"
    )
    assert done.stdout == "True True\n"


def test_missing_keras_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(NetworkError, match=r"pip install \"whosthat\[train\]\""):
        backend.load_keras()


@pytest.mark.parametrize("name", ["keras", "tensorflow"])
def test_what_is_not_installed_is_said_without_an_import(monkeypatch, name):
    monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(backend.importlib.util, "find_spec", lambda wanted: None if wanted == name else object())
    with pytest.raises(NetworkError, match=rf"{name} is not installed\. Install them with: pip install"):
        backend.require_keras()


def test_other_backend_is_refused(monkeypatch):
    keras = backend.load_keras()
    monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
    with pytest.raises(NetworkError, match="backend 'torch'"):
        backend.load_keras()


def test_channels_stay_last_whatever_the_user_configured():
    keras = backend.load_keras()
    keras.config.set_image_data_format("channels_first")
    assert backend.load_keras().config.image_data_format() == "channels_last"


def test_the_number_that_tensorflow_chose_is_left_to_it_again(monkeypatch):
    backend.load_keras()
    monkeypatch.setattr(sys.modules["tensorflow"].config.threading, "get_intra_op_parallelism_threads", lambda: 0)
    backend.set_threads(0)


def test_threads_cannot_change_while_tensorflow_runs():
    keras = backend.load_keras()
    keras.ops.ones(1)
    with pytest.raises(NetworkError, match="already runs"):
        backend.set_threads(61)


def test_messages_other_than_known_notices_are_passed_on(capfd):
    import os

    with backend.without_notices():
        os.write(2, b"I0000 00:00:1 1 port.cc:153] oneDNN custom operations are on.\nsomething broke\n")
    assert capfd.readouterr().err == "something broke\n"


@pytest.fixture
def two_gpus(monkeypatch):
    """What TensorFlow shows on a computer with two GPUs, played."""
    backend.load_keras()
    visible = ["GPU:0", "GPU:1"]
    config = sys.modules["tensorflow"].config
    monkeypatch.setattr(backend, "gpus", lambda: ["GPU:0", "GPU:1"])
    monkeypatch.setattr(config, "get_visible_devices", lambda kind: visible)
    monkeypatch.setattr(config, "set_visible_devices", lambda shown, kind: visible.__setitem__(slice(None), shown))
    return visible


@pytest.mark.parametrize(("name", "shown"), [("", []), ("cpu", []), ("auto", ["GPU:0", "GPU:1"]), ("cuda", ["GPU:0", "GPU:1"])])
def test_tensorflow_sees_gpus_only_where_they_are_asked_for(name, shown, two_gpus, monkeypatch):
    monkeypatch.setenv("WHOSTHAT_DEVICE", name)
    backend.load_keras()
    assert two_gpus == shown


def test_a_gpu_that_tensorflow_does_not_find_is_told(monkeypatch):
    monkeypatch.setattr(backend, "gpus", list)
    monkeypatch.setenv("WHOSTHAT_DEVICE", "cuda")
    with pytest.raises(DeviceError, match="No GPU can be used: TensorFlow finds none"):
        backend.load_keras()
    monkeypatch.setenv("WHOSTHAT_DEVICE", "auto")
    backend.load_keras()


def test_a_device_cannot_change_while_tensorflow_runs(two_gpus, monkeypatch):
    def too_late(shown, kind):
        raise RuntimeError

    monkeypatch.setattr(sys.modules["tensorflow"].config, "set_visible_devices", too_late)
    with pytest.raises(DeviceError, match="can no longer become cpu"):
        backend.load_keras()
