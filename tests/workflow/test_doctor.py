"""The doctor sees what is wrong."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from whosthat.workflow import doctor


def found(subject: str) -> doctor.Fact:
    return next(fact for fact in doctor.examine() if fact.subject == subject)


@pytest.mark.usefixtures("loopback")
def test_a_connection_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def talk() -> None:
        with socket.socket() as connection:
            connection.connect_ex(("127.0.0.1", 9))

    monkeypatch.setattr(doctor, "_run_onnx_runtime", talk)
    assert found("privacy").state == "bad"
    assert "socket.connect" in found("privacy").finding


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not list a process's sockets")
def test_a_socket_that_stays_open_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[socket.socket] = []
    monkeypatch.setattr(doctor, "_run_onnx_runtime", lambda: kept.append(socket.socket()))
    assert found("privacy").state == "bad"
    for one in kept:
        one.close()


def test_a_cache_that_cannot_be_written_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "file" / "cache"))
    assert found("cache").state == "bad"


def test_weights_are_told_in_whole_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.networks.pretrained.published_file", lambda facts: None)
    assert found("weights").finding.startswith("No ImageNet weights are installed. Missing: ")
    monkeypatch.setattr("whosthat.networks.pretrained.published_file", lambda facts: Path("weights"))
    assert found("weights").finding.startswith("ImageNet weights are installed for ")


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version_of", lambda package: None if package in ("keras", "pillow") else "1.0")
    assert (found("training").state, found("predicting").state) == ("note", "bad")
    assert "Not installed: pillow." in found("predicting").finding
    assert 'pip install "whosthat[train]"' in found("training").finding


def test_one_of_the_two_packages_of_onnx_runtime_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    installed = {"onnxruntime-gpu"}
    known = [package for package in doctor.PREDICTING if package != "onnxruntime"]
    monkeypatch.setattr(doctor, "version_of", lambda package: "1.0" if package in {*known, *installed} else None)
    assert found("predicting").state == "good"
    assert "onnxruntime-gpu 1.0" in found("predicting").finding
    installed.add("onnxruntime")
    assert found("device").state == "note"
    assert "overwrite each other" in found("device").finding
    installed.clear()
    assert "Not installed: onnxruntime." in found("predicting").finding


@pytest.mark.parametrize(
    ("wanted", "gpus", "problem", "finding"),
    [
        ("", [], "no CUDA", "Networks answer on the CPU and are trained on the CPU. GPU: no CUDA."),
        ("cpu", ["GPU:0"], "", "Networks answer on the CPU and are trained on the CPU. GPU: can be used (--device cuda)."),
        ("auto", ["GPU:0"], "no CUDA", "Networks answer on the CPU and are trained on the GPU. GPU: no CUDA."),
        ("cuda", ["GPU:0"], "", "Networks answer on the GPU and are trained on the GPU. GPU: can be used (--device cuda)."),
        ("cuda", ["GPU:0"], "no CUDA", "No GPU can be used: no CUDA."),
        ("gpu", [], "no CUDA", "There is no device 'gpu'."),
    ],
)
def test_where_networks_run_is_told(wanted: str, gpus: list[str], problem: str, finding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.inference import device
    from whosthat.networks import backend

    monkeypatch.setenv("WHOSTHAT_DEVICE", wanted)
    monkeypatch.setattr(device, "gpu_problem", lambda: problem)
    monkeypatch.setattr(backend, "gpus", lambda: gpus)
    monkeypatch.setattr(backend, "load_keras", lambda: backend)
    assert found("device").finding.startswith(finding)
    assert found("device").state == ("good" if finding.startswith("Networks") else "bad")
    assert found("privacy").state == "good"  # which runs ONNX Runtime, whatever is wanted
