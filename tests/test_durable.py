"""A file is there whole, or it is not there."""

from __future__ import annotations

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
