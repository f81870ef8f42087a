from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from whosthat.dataset import facts as facts_module
from whosthat.dataset.facts import RememberedFacts, photos_of, read_facts
from whosthat.errors import CacheError, PhotoError
from whosthat.photo_cache import forget, place
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
    return place()


def run(statement: str, *values: object) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(place())) as connection, connection:
        return connection.execute(statement, values).fetchall()


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
    run("UPDATE facts SET reader = ?, thumbnail = ?", f"1-{PrepareSpec(size=16).key()}", bytes(256))
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    memory.save()
    assert (memory.was_damaged, reading_counted) == (False, [photo])
    assert run("SELECT length(thumbnail) FROM facts") == [(1024,)]


@pytest.mark.parametrize("damage", [b"no database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_damaged_memory_is_noticed_and_not_used(photo: Path, remembered: Path, reading_counted: list[Path], damage: bytes) -> None:
    remembered.write_bytes(damage)
    memory = RememberedFacts(photo.parents[1])
    assert memory.was_damaged
    memory.facts("anna/1.jpg", photo)
    assert reading_counted == [photo]


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("sha256", "no hash"),
        ("sha256", None),
        ("width", -1),
        ("width", "wide"),
        ("height", 1e-9),
        ("taken_at", "noon"),
        ("taken_at", float("inf")),
        ("thumbnail", b"00"),
        ("thumbnail", "0" * 1024),
    ],
)
def test_a_damaged_row_is_read_again(photo: Path, remembered: Path, reading_counted: list[Path], column: str, value: object) -> None:
    run(f"UPDATE facts SET {column} = ?", value)
    RememberedFacts(photo.parents[1]).facts("anna/1.jpg", photo)
    assert reading_counted == [photo]


def test_a_photo_that_cannot_be_read_is_asked_again_each_time(photo: Path, remembered: Path) -> None:
    photo.write_bytes(b"")
    memory = RememberedFacts(photo.parents[1])
    with pytest.raises(PhotoError, match="empty"):
        memory.facts("anna/1.jpg", photo)
    memory.save()
    assert run("SELECT * FROM facts") == []


def test_a_memory_that_cannot_be_written_says_where(photo: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "file"))
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    with pytest.raises(CacheError, match=r"cannot be used.*WHOSTHAT_CACHE"):
        memory.save()


def test_facts_of_somebody_who_is_removed_meanwhile_are_not_written(photo: Path) -> None:
    memory = RememberedFacts(photo.parents[1])
    forget([memory.facts("anna/1.jpg", photo).sha256])
    with pytest.raises(CacheError, match="People were removed meanwhile"):
        memory.save()
    assert run("SELECT * FROM facts") == []


def test_what_is_known_already_is_not_written_again(photo: Path, remembered: Path) -> None:
    written = remembered.stat().st_mtime_ns
    memory = RememberedFacts(photo.parents[1])
    memory.facts("anna/1.jpg", photo)
    memory.save()
    assert remembered.stat().st_mtime_ns == written


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps the user's profile private by other means")
def test_what_is_remembered_is_private(remembered: Path) -> None:
    assert (remembered.stat().st_mode | remembered.parent.stat().st_mode) & 0o077 == 0


def test_folders_of_one_name_are_told_apart_and_odd_names_come_back(tmp_path: Path, draw: Draw) -> None:
    for number, parent in enumerate("ab"):
        memory = RememberedFacts(tmp_path / parent / "people")
        memory.facts("anna/\udcff.jpg", draw(tmp_path / parent / "people" / "anna" / "1.jpg", number))
        memory.save()
    (first,), (second,) = (photos_of(tmp_path / parent / "people", {"anna"}, ()).items() for parent in "ab")
    assert first[0] == second[0] == "anna/\udcff.jpg"
    assert first[1] != second[1]


def test_a_photo_from_a_far_future_is_remembered(photo: Path, reading_counted: list[Path]) -> None:
    os.utime(photo, ns=(0, 2**63 - 1))
    for _ in range(2):
        memory = RememberedFacts(photo.parents[1])
        memory.facts("anna/1.jpg", photo)
        memory.save()
    assert reading_counted == [photo]
