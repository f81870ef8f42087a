"""The cache of photos, by their content: one private SQLite file, so that forgetting is a DELETE and a VACUUM.

What belongs here: the file, its tables, what happens when it is damaged, and deleting from it for good. What does not: what a row means
(`whosthat.dataset.facts`, `whosthat.faces.remembered`); prepared photos, which have files of their own (`whosthat.dataset.cache`).

Thumbnails and embeddings are as private as the photos themselves: the file can be read by its owner alone, and `PhotoCache.forget`
overwrites what it deletes, so that no copy stays behind in the file. Whoever opened it before writes nothing afterwards: what is still in
memory there may be of the photos that were forgotten. The file's number of the last forgetting (SQLite's ``user_version``) tells.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Self

from whosthat.durable import UNFINISHED, make_private_folder
from whosthat.errors import CacheError
from whosthat.settings import cache_folder

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS facts (folder BLOB, name BLOB, reader TEXT, stamp TEXT, sha256 TEXT, width INTEGER, height INTEGER, "
    "taken_at REAL, thumbnail BLOB, frames INTEGER, PRIMARY KEY (folder, name))",
    "CREATE INDEX IF NOT EXISTS facts_of_photo ON facts (sha256)",
    "CREATE TABLE IF NOT EXISTS places (folder BLOB, name BLOB, stamp TEXT, sha256 TEXT, PRIMARY KEY (folder, name)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS places_of_photo ON places (sha256)",
    "CREATE TABLE IF NOT EXISTS faces (sha256 TEXT, reader TEXT, found TEXT, vector BLOB, PRIMARY KEY (sha256, reader)) WITHOUT ROWID",
)
_KNOWN = (
    "SELECT sha256 FROM facts WHERE sha256 = ?1 UNION SELECT sha256 FROM places WHERE sha256 = ?1 "
    "UNION SELECT sha256 FROM faces WHERE sha256 = ?1"
)
_DELETE = "DELETE FROM {table} WHERE sha256 = ?"
_OLD = ("faces.sqlite*", "photos/*-facts.json", "photos/facts.lock", f"photos/{UNFINISHED}{'?' * 12}")
"""What earlier versions kept instead, in the cache folder."""

_WAIT_SECONDS = 30.0


def place() -> Path:
    """Where the file lies."""
    return cache_folder() / "photos.sqlite"


def forget(digests: Collection[str]) -> tuple[int, list[Path]]:
    """Delete all that the cache holds of photos, by their SHA-256, and all that earlier versions kept.

    Returns how many photos were in the cache, and the files that were changed or deleted; CacheError where nothing can be deleted now.
    """
    try:
        changed = _delete_old(cache_folder())
    except OSError as error:
        raise _unusable(cache_folder(), error) from error
    if not place().exists():
        return 0, changed
    with PhotoCache() as cache:
        n_photos = cache.forget(digests)
    return n_photos, [*changed, cache.file]


class PhotoCache:
    """The file, of the user's cache folder where no other is given; a context manager.

    Args:
        file: Where it lies.
        state: The `state` at an earlier opening, from which on nothing may have been forgotten where this one is to write.

    Attributes:
        state: Which forgetting was the last when the file was opened.
        was_damaged: Whether it was damaged, and replaced by an empty one.

    Raises:
        CacheError: It cannot be created or opened.
    """

    def __init__(self, file: Path | None = None, state: int | None = None) -> None:
        self.file = file or place()
        self.was_damaged = False
        try:
            self._open()
        except (sqlite3.OperationalError, OSError) as error:
            raise _unusable(self.file, error) from error
        except sqlite3.DatabaseError:
            self._start_anew()
        if state is not None:
            self.state = state

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[Any]:
        """Return what a SELECT finds; nothing where the file turns out to be damaged."""
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise _unusable(self.file, error) from error
        except sqlite3.DatabaseError:
            self._connection.close()
            self._start_anew()
            return []

    def write(self, *changes: tuple[str, Iterable[tuple[Any, ...]]]) -> None:
        """Carry out statements, each once for every row of its values, all or nothing.

        Raises:
            CacheError: There is no room, the file is kept by others, or somebody's photos were forgotten since it was opened.
        """
        try:
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                if self._last_forgetting() != self.state:
                    raise CacheError("People were removed meanwhile, so what this command finds is no longer kept in the cache.")
                for statement, rows in changes:
                    self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise _unusable(self.file, error) from error

    def forget(self, digests: Collection[str]) -> int:
        """Delete everything about photos, by their SHA-256, whoever wrote it, and overwrite it; return how many were there.

        Raises:
            CacheError: Nothing can be deleted now.
        """
        self.rows(f"PRAGMA user_version = {random.getrandbits(31)}")  # first: from here on, nobody who opened it before writes
        self.state = self._last_forgetting()
        known = [(digest,) for digest in set(digests) if self.rows(_KNOWN, (digest,))]
        self.write(*((_DELETE.format(table=table), known) for table in ("facts", "places", "faces")))
        self.rows("VACUUM")
        return len(known)

    def _open(self) -> None:
        self._connection = _opened(self.file)
        self.state = self._last_forgetting()

    def _last_forgetting(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _start_anew(self) -> None:
        self.was_damaged = True
        try:
            for left in (self.file, self.file.with_name(f"{self.file.name}-journal")):
                left.unlink(missing_ok=True)
            self._open()
        except (sqlite3.Error, OSError) as error:
            raise _unusable(self.file, error) from error


def _opened(file: Path) -> sqlite3.Connection:
    make_private_folder(file.parent)
    _delete_old(file.parent)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite itself would make it readable for others
    connection = sqlite3.connect(file, timeout=_WAIT_SECONDS, check_same_thread=False)  # who shares it among threads holds a lock
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # or VACUUM would leave a copy in the folder for temporary files
        for statement in _SCHEMA:
            connection.execute(statement)
        if all(column[1] != "frames" for column in connection.execute("PRAGMA table_info(facts)")):  # a file of an earlier version
            connection.execute("ALTER TABLE facts ADD COLUMN frames INTEGER")  # not translated: SQL
        connection.execute("SELECT * FROM facts, places, faces LIMIT 1").fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _delete_old(folder: Path) -> list[Path]:
    old = [path for pattern in _OLD for path in folder.glob(pattern)]
    for path in old:
        path.unlink(missing_ok=True)
    return old


def _unusable(file: Path, error: Exception) -> CacheError:
    return CacheError(
        "The cache {file} cannot be used: {error}. Make room there, close other whosthat processes, or set "
        "WHOSTHAT_CACHE to another folder.",
        file=file,
        error=error,
    )
