"""The CPU computes unless somebody asks for a GPU, and a GPU that cannot be had is told. There is no GPU here: ONNX Runtime is played."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnxruntime
import pytest

from whosthat.errors import DeviceError
from whosthat.inference import device, open_session

NO_DRIVER = "x.cc:122 CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version ; GPU=-1 ; hostname=secret ; line=336"


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv(device.VARIABLE, raising=False)
    device.gpu_problem.cache_clear()
    yield
    device.gpu_problem.cache_clear()


class PlayedSession:
    """Computes on the CPU, and says that it is the GPU."""

    opened: list[dict[str, Any]]
    fails = ""
    gives = "CUDAExecutionProvider"

    def __init__(self, graph: bytes, options: Any = None, **arguments: Any) -> None:
        type(self).opened.append(arguments)
        if self.fails:
            raise RuntimeError(self.fails)
        self._real = REAL_SESSION(graph, options, providers=["CPUExecutionProvider"])

    def get_providers(self) -> list[str]:
        return [self.gives, "CPUExecutionProvider"]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


REAL_SESSION = onnxruntime.InferenceSession


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> type[PlayedSession]:
    """An ONNX Runtime that was built with CUDA, on a computer with a GPU; tests take from it what should be missing."""
    played = type("Played", (PlayedSession,), {"opened": []})
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    monkeypatch.setattr(onnxruntime, "preload_dlls", lambda: sys.stdout.write("Failed to load libcudnn.so.9"), raising=False)
    monkeypatch.setattr(onnxruntime, "InferenceSession", played)
    return played


def answer() -> float:
    return float(open_session(device.IDENTITY).run(np.full(1, 7, np.float32))[0][0])


def test_the_cpu_computes_and_nobody_looks_for_a_gpu(gpu: type[PlayedSession]) -> None:
    assert answer() == 7
    assert [arguments["providers"] for arguments in gpu.opened] == [["CPUExecutionProvider"]]


@pytest.mark.parametrize("name", ["cuda", "auto"])
def test_a_gpu_that_is_asked_for_computes_in_whole_floats(name: str, gpu: type[PlayedSession], capsys: pytest.CaptureFixture[str]) -> None:
    with device.using(name):
        assert answer() == 7
        assert answer() == 7
    tried, *opened = gpu.opened
    assert tried["providers"][0] == "CUDAExecutionProvider"
    for arguments in opened:
        (provider, settings), rest = arguments["providers"]
        assert (provider, settings["use_tf32"], rest) == ("CUDAExecutionProvider", "0", "CPUExecutionProvider")
        assert arguments["enable_fallback"] == 0  # else ONNX Runtime prints, and computes on the CPU
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("lacks", "reason"),
    [
        ({"fails": NO_DRIVER}, "CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version."),
        ({"fails": "who knows"}, "ONNX Runtime cannot start CUDA."),
        ({"gives": "CPUExecutionProvider"}, "libraries of CUDA or cuDNN are missing."),
    ],
)
def test_what_a_gpu_lacks_is_said(lacks: dict[str, str], reason: str, gpu: type[PlayedSession], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in lacks.items():
        monkeypatch.setattr(gpu, name, value)
    monkeypatch.setenv(device.VARIABLE, "cuda")
    with pytest.raises(DeviceError) as caught:
        answer()
    assert str(caught.value).startswith(f"No GPU can be used: {reason}")
    assert "secret" not in str(caught.value)
    monkeypatch.setattr(gpu, "fails", "")
    monkeypatch.setenv(device.VARIABLE, "auto")
    assert answer() == 7
    assert gpu.opened[-1]["providers"] == ["CPUExecutionProvider"]


def test_an_onnx_runtime_without_cuda_is_known_before_it_is_tried(gpu: type[PlayedSession], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(DeviceError, match="computes on the CPU alone"), device.using("cuda"):
        pass
    assert gpu.opened == []


def test_an_unknown_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(device.VARIABLE, "gpu")
    with pytest.raises(DeviceError, match=r"no device 'gpu'\. Choose one of: cpu, cuda, auto"):
        answer()
    monkeypatch.setenv(device.VARIABLE, "")
    assert device.wanted() == "cpu"


@pytest.mark.parametrize("before", ["", "auto"])
def test_a_device_is_used_until_the_block_ends(before: str, gpu: type[PlayedSession], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(device.VARIABLE, before)
    with device.using("cuda"):
        assert device.wanted() == "cuda"
    monkeypatch.setattr(gpu, "fails", NO_DRIVER)
    device.gpu_problem.cache_clear()
    with pytest.raises(DeviceError), device.using("cuda"):
        pass
    assert os.environ[device.VARIABLE] == before


def test_telemetry_is_off_before_anything_is_tried(gpu: type[PlayedSession], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    assert device.gpu_problem() == ""
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"
