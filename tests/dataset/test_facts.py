from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from whosthat.dataset import facts as facts_module
from whosthat.dataset.facts import RememberedFacts, read_facts
from whosthat.dataset.private import private_file
from whosthat.errors import CacheError, PhotoError
from whosthat.photos.preparing import PrepareSpec

Draw = Callable[..., Path]


@pytest.fixture
def photo(tmp_path: Path, draw: Draw) -> Path:
    return draw(tmp_path / "people" / "anna" / "1.jpg", 1, size=(90, 70), taken="2020:01:02 03:04:05")


@pytest.fixture
def remembered(photo: Path) -> Path:
    """The file in which the photo's facts are remembered."""
    root = photo.parents[1]
    memory = RememberedFacts(root)
    memory.facts("anna/1.jpg", photo)
    memory.save()
    return private_file(root, "facts.json")


@pytest.fixture
def reading_counted(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    read: list[Path] = []
    real = read_facts
    monkeypatch.setattr(facts_module, "read_facts", lambda path: read.append(path) or real(path))
    return read


def test_the_facts_of_a_photo(photo: Path) -> None:
    facts = read_facts(photo)
    assert (facts.width, facts.height, len(facts.sha256), len(facts.thumbnail)) == (90, 70, 64, 1024)
    assert facts.taken_at == pytest.approx(1577934245)


def test_an_unchanged_photo_is_not_read_again(photo: Path, remembered: Path, reading_counted: list[Path]) -> None:
    assert RememberedFacts(photo.parents[1]).facts("anna/1.jpg", photo) == read_facts(photo)
    assert reading_counted == []


def test_a_changed_photo_is_read_again(photo: Path, remembered: Path, draw: Draw, reading_counted: list[Path]) -> None:
    status = photo.stat()
    photo.write_bytes(photo.read_bytes()[:-2] + b"\xff\xd9")
    os.utime(photo, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    RememberedFacts(photo.parents[1]).facts("anna/1.jpg", photo)
    assert reading_counted == [photo]


def test_a_memory_with_thumbnails_of_another_size_is_read_again(photo: Path, remembered: Path, reading_counted: list[Path]) -> None:
    document = json.loads(remembered.read_bytes())
    document["format"] = f"1-{PrepareSpec(size=16).key()}"
    document["photos"]["anna/1.jpg"][-1] = "00" * 256
    remembered.write_text(json.dumps(document), encoding="utf-8")
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    assert (memory.was_damaged, reading_counted) == (False, [photo])


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000])
def test_a_damaged_memory_is_noticed_and_not_used(photo: Path, remembered: Path, reading_counted: list[Path], damage: bytes) -> None:
    remembered.write_bytes(damage)
    memory = RememberedFacts(photo.parents[1])
    assert memory.was_damaged
    memory.facts("anna/1.jpg", photo)
    assert reading_counted == [photo]


@pytest.mark.parametrize(
    ("column", "value"), [(3, "no hash"), (3, None), (4, -1), (4, "90"), (5, 1e9), (6, "noon"), (6, float("nan")), (7, "00"), (7, 5)]
)
def test_a_damaged_row_is_read_again(photo: Path, remembered: Path, reading_counted: list[Path], column: int, value: object) -> None:
    document = json.loads(remembered.read_bytes())
    document["photos"]["anna/1.jpg"][column] = value
    remembered.write_text(json.dumps(document), encoding="utf-8")
    RememberedFacts(photo.parents[1]).facts("anna/1.jpg", photo)
    assert reading_counted == [photo]


def test_a_photo_that_cannot_be_read_is_asked_again_each_time(photo: Path, remembered: Path) -> None:
    photo.write_bytes(b"")
    memory = RememberedFacts(photo.parents[1])
    with pytest.raises(PhotoError, match="empty"):
        memory.facts("anna/1.jpg", photo)
    memory.save()
    assert json.loads(remembered.read_bytes())["photos"] == {}


def test_a_memory_that_cannot_be_written_says_where(photo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "file"))
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    with pytest.raises(CacheError, match=r"cannot be created.*WHOSTHAT_CACHE"):
        memory.save()


def test_what_is_known_already_is_not_written_again(photo: Path, remembered: Path) -> None:
    written = remembered.stat().st_mtime_ns
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    memory.save()
    assert remembered.stat().st_mtime_ns == written


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's profile private by other means")
def test_what_is_remembered_is_private(remembered: Path) -> None:
    assert remembered.parent.stat().st_mode & 0o077 == 0


def test_folders_of_one_name_have_different_files(tmp_path: Path) -> None:
    assert private_file(tmp_path / "a" / "x", "facts.json") != private_file(tmp_path / "b" / "x", "facts.json")
