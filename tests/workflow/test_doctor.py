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
    monkeypatch.setattr(doctor, "weights_here", lambda facts: False)
    assert found("weights").finding.startswith("No ImageNet weights are installed. Missing: ")
    monkeypatch.setattr(doctor, "weights_here", lambda facts: True)
    assert found("weights").finding.startswith("ImageNet weights are installed for ")


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "version_of", lambda package: None if package in ("keras", "pillow") else "1.0")
    assert (found("training").state, found("predicting").state) == ("note", "bad")
    assert "Not installed: pillow." in found("predicting").finding
    assert 'pip install "whosthat[train]"' in found("training").finding
