from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from whosthat import photo_cache
from whosthat.errors import CacheError
from whosthat.photo_cache import PhotoCache

FACTS = "INSERT INTO facts (folder, name, sha256, thumbnail) VALUES (?, ?, ?, ?)"
FACES = "INSERT INTO faces (sha256, reader, found, vector) VALUES (?, ?, ?, ?)"
PLACES = "INSERT INTO places VALUES (?, ?, ?, ?)"
SECRET = b"what the photo shows"


def test_a_photo_is_forgotten_in_every_table_and_counted_once(tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "f") as cache:
        cache.write((FACTS, [(b"a", b"1.jpg", "aa", SECRET), (b"b", b"1.jpg", "aa", SECRET), (b"b", b"2.jpg", "bb", b"")]))
        cache.write((FACES, [("aa", "one", "", SECRET), ("aa", "another", "", SECRET), ("cc", "one", "", b"")]))
        cache.write((PLACES, [(b"a", SECRET, "s", "aa"), (b"a", b"2", "s", "bb"), (b"a", b"3", "s", "dd")]))
        assert cache.forget(["aa", "aa", "dd", "ee"]) == 2
        assert cache.rows("SELECT sha256 FROM facts UNION ALL SELECT sha256 FROM faces") == [("bb",), ("cc",)]
        assert cache.rows("SELECT sha256 FROM places") == [("bb",)]
    assert all(SECRET not in file.read_bytes() for file in tmp_path.iterdir())


def test_changes_are_written_together_or_not_at_all(tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "f") as cache:
        with pytest.raises(CacheError, match="UNIQUE constraint"):
            cache.write((FACTS, [(b"a", b"1.jpg", "aa", SECRET)]), (FACES, [("aa", "one", "", b""), ("aa", "one", "", b"")]))
        assert cache.rows("SELECT * FROM facts") == []


def test_a_damaged_file_goes_with_its_journal(tmp_path: Path) -> None:
    for name in ("f", "f-journal"):
        (tmp_path / name).write_bytes(SECRET * 100)
    with PhotoCache(tmp_path / "f") as cache:
        assert cache.was_damaged
    assert [file.name for file in tmp_path.iterdir()] == ["f"]


def test_a_file_that_another_process_keeps_is_said_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_cache, "_WAIT_SECONDS", 0.01)
    with PhotoCache(tmp_path / "f") as cache:
        cache.write((FACTS, [(b"a", b"1.jpg", "aa", SECRET)]))
    with closing(sqlite3.connect(tmp_path / "f")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CacheError, match="database is locked"):
            PhotoCache(tmp_path / "f")
    with PhotoCache(tmp_path / "f") as cache:
        assert (cache.was_damaged, len(cache.rows("SELECT * FROM facts"))) == (False, 1)


def test_whoever_opened_it_before_a_removal_writes_nothing_afterwards(tmp_path: Path) -> None:
    with PhotoCache(tmp_path / "f") as before, PhotoCache(tmp_path / "f") as forgetting:
        before.write((FACES, [("bb", "one", "", b"")]))
        assert forgetting.forget(["aa"]) == 0  # not in the file yet: another process has seen the photo, and is about to write
        for digest in ("aa", "cc"):
            with pytest.raises(CacheError, match="People were removed meanwhile"):
                before.write((FACES, [(digest, "one", "", SECRET)]))
        forgetting.write((FACES, [("dd", "one", "", b"")]))
        with PhotoCache(tmp_path / "f") as after, PhotoCache(tmp_path / "f", state=before.state) as same_work:
            after.write((FACES, [("ee", "one", "", b"")]))
            with pytest.raises(CacheError, match="People were removed meanwhile"):
                same_work.write((FACES, [("aa", "one", "", SECRET)]))
            assert after.rows("SELECT sha256 FROM faces") == [("bb",), ("dd",), ("ee",)]


def test_a_removal_that_cannot_be_carried_out_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_cache, "_WAIT_SECONDS", 0.01)
    with PhotoCache(tmp_path / "f") as cache, closing(sqlite3.connect(tmp_path / "f")) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CacheError, match="database is locked"):
            cache.forget(["aa"])


def test_nothing_is_made_where_nothing_is_remembered() -> None:
    assert photo_cache.forget(["aa"]) == (0, [])
    assert not photo_cache.place().exists()
