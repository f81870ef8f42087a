"""A file is there whole, or it is not there."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from whosthat import durable


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "照片.json"
    durable.replace_file(file, b"old")
    durable.replace_file(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["照片.json"]
    assert file.read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_no_rubbish(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "notes.json"
    durable.replace_file(file, b"old")

    def no_room(path: Path, content: bytes) -> None:
        path.write_bytes(content[:1])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable, "write_file", no_room)
    with pytest.raises(OSError, match="No space left"):
        durable.replace_file(file, b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.json"]
    assert file.read_bytes() == b"old"


def test_a_file_moves_to_a_free_name_only(tmp_path: Path) -> None:
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("mine")
    target.write_text("other")
    with pytest.raises(FileExistsError):
        durable.move_to_free_name(source, target)
    assert (source.read_text(), target.read_text()) == ("mine", "other")
    target.unlink()
    durable.move_to_free_name(source, target)
    assert (source.exists(), target.read_text()) == (False, "mine")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's profile private by other means")
def test_files_and_new_folders_are_their_owners_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        durable.make_private_folder(tmp_path / "a" / "b")
        durable.replace_file(tmp_path / "a" / "b" / "notes", b"")
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (tmp_path / "a", tmp_path / "a" / "b", tmp_path / "a" / "b" / "notes")] == [
        *(0o700, 0o700, 0o600)
    ]
