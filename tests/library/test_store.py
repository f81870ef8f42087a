"""The library's file: made, kept private, brought up to date, refused where it is another's."""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from pathlib import Path
from unittest.mock import Mock

import pytest

from whosthat.errors import LibraryError, UsageError
from whosthat.library import schema, store
from whosthat.library.store import FILE, Library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with Library(tmp_path / "library", create=True):
        return tmp_path / "library"


def test_made_for_its_owner_alone(folder: Path) -> None:
    with Library(folder) as library, library.changing() as change:
        change.execute("INSERT INTO people (name) VALUES ('Anna')")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    if os.name == "posix":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert set(modes.values()) == {0o600}, modes
    with Library(folder) as library:
        assert library.rows("SELECT name FROM people") == [("Anna",)]


def test_is_not_made_unasked_nor_among_other_files(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no library"):
        Library(tmp_path / "none")
    (tmp_path / "photo.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="not empty"):
        Library(tmp_path, create=True)
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / FILE).touch()
    with pytest.raises(UsageError, match="There is no library"):
        Library(tmp_path / "killed")
    Library(tmp_path / "killed", create=True).__exit__()


def test_a_change_is_whole_or_not_at_all(folder: Path) -> None:
    with Library(folder) as library:
        with pytest.raises(LibraryError, match="damaged"), library.changing() as change:
            change.executemany("INSERT INTO people (name) VALUES (?)", [("Anna",), ("Anna",)])
        assert library.rows("SELECT * FROM people") == []


def test_rows_of_more_values_than_a_statement_takes(folder: Path) -> None:
    with Library(folder) as library:
        with library.changing() as change:
            change.executemany("INSERT INTO people (name) VALUES (?)", [(str(n),) for n in range(1200)])
        assert len(list(library.rows_of("SELECT * FROM people WHERE id IN ({})", range(1, 1201)))) == 1200


def test_two_do_not_change_it_at_once(folder: Path) -> None:
    with Library(folder) as one, Library(folder) as other, one.alone():
        with pytest.raises(LibraryError, match="another process"), other.alone():
            pass
        assert other.rows("SELECT * FROM people") == []


def test_a_newer_one_another_file_and_a_damaged_one_are_refused(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("PRAGMA user_version = 999")
    connection.close()
    with pytest.raises(LibraryError, match="newer whosthat"):
        Library(folder)
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute("PRAGMA application_id = 1")
    connection.close()
    with pytest.raises(LibraryError, match="no library"):
        Library(folder)
    (folder / FILE).write_bytes(b"no database at all" * 500)
    with pytest.raises(LibraryError, match="damaged"):
        Library(folder)


def test_a_library_that_may_not_be_written_says_what_to_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store.os, "open", Mock(side_effect=OSError(errno.EROFS, "Read-only file system")))
    with pytest.raises(LibraryError, match=r"Read-only file system\. Make it writable, or use a copy of it\."):
        Library(folder)


def test_an_older_library_learns_which_photos_are_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MIGRATIONS", schema.MIGRATIONS[:1])
    with Library(tmp_path / "old", create=True) as library, library.changing() as change:
        change.execute("INSERT INTO roots VALUES (1, x'2F')")
        change.executemany("INSERT INTO photos (id, sha256, width, height) VALUES (?, ?, 1, 1)", [(row, bytes([row])) for row in (1, 2, 3)])
        files = [(b"a", 1, None), (b"copy of a", 1, 5.0), (b"b", 2, 5.0)]
        change.executemany("INSERT INTO files (root, name, stamp, photo, missing_since) VALUES (1, ?, '', ?, ?)", files)
    monkeypatch.setattr(store, "MIGRATIONS", schema.MIGRATIONS)
    with Library(tmp_path / "old") as library:
        assert library.rows("SELECT id, gone FROM photos ORDER BY id") == [(1, 0), (2, 1), (3, None)]


def test_a_migration_that_is_stopped_leaves_the_old_tables(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Library(folder) as library, library.changing() as change:
        change.execute("INSERT INTO people (name) VALUES ('Anna')")
    later = (*schema.MIGRATIONS, ("ALTER TABLE people ADD COLUMN born REAL", "SELECT stop()"))
    monkeypatch.setattr(store, "MIGRATIONS", later)
    with pytest.raises(LibraryError, match="stop"):
        Library(folder)
    monkeypatch.setattr(store, "MIGRATIONS", (*schema.MIGRATIONS, ("ALTER TABLE people ADD COLUMN born REAL",)))
    with Library(folder) as library:
        assert library.rows("SELECT name, born FROM people") == [("Anna", None)]


def test_what_is_deleted_is_gone_from_every_file(folder: Path) -> None:
    with Library(folder) as library:
        with library.changing() as change:
            change.execute("INSERT INTO people (name) VALUES ('Bartholomew-the-secret')")
        with library.changing() as change:
            change.execute("DELETE FROM people")
        library.shrink()
        assert not any(b"Bartholomew" in path.read_bytes() for path in folder.iterdir())
