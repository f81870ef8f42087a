"""The library's one file: opened, brought up to date, read, changed as a whole or not at all.

What belongs here: the folder, the connection, transactions, the lock of those who change much. What does not: the tables (`schema`), what
is asked of them.

The file holds embeddings, which are as private as the photos: folder and file belong to their owner alone, what is deleted is overwritten,
and `Library.shrink` gives back the pages. Many may read while one writes (SQLite's write-ahead log).
"""

from __future__ import annotations

import errno
import os
import sqlite3
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from whosthat.durable import make_private_folder
from whosthat.errors import LibraryError, UsageError, system_reason
from whosthat.library.schema import APPLICATION, MIGRATIONS

FILE = "library.sqlite"
_LOCK = "library.lock"
_WAIT_SECONDS = 30.0
_MOST_VARIABLES = 500
"""Values in one statement; SQLite allows more, but not everywhere."""


class Library:
    """A library, open; a context manager. Threads may share it where they do not use it at the same moment.

    Args:
        folder: Its own private folder, not one of photos.
        create: Make it where there is none.

    Attributes:
        folder: The folder, absolute.

    Raises:
        UsageError: There is no library, and ``create`` is False; or the folder holds other things.
        LibraryError: It is damaged, of a newer whosthat, or cannot be opened or written.
    """

    def __init__(self, folder: str | Path, *, create: bool = False) -> None:
        self.folder = Path(folder).absolute()
        self.file = self.folder / FILE
        if not self.file.exists() or not (create or self.file.stat().st_size):  # an empty file: it was killed while it was made
            self._prepare(create=create)
        with self._telling():
            os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite itself would make it readable for others
            self._connection = sqlite3.connect(self.file, timeout=_WAIT_SECONDS, isolation_level=None, check_same_thread=False)
        with ExitStack() as on_error:
            on_error.callback(self._connection.close)
            with self._telling():
                self._bring_up_to_date()
            on_error.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, statement: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
        """Return what a SELECT finds; LibraryError where the file is damaged or kept by others."""
        with self._telling():
            return self._connection.execute(statement, values).fetchall()

    def rows_of(self, statement: str, values: Sequence[Any], *first: Any) -> Iterator[Any]:
        """Yield what a SELECT finds for any number of values, which stand for the ``{}`` in it: ``... WHERE id IN ({})``.

        ``first`` are the values of places before them.
        """
        for start in range(0, len(values), _MOST_VARIABLES):
            some = values[start : start + _MOST_VARIABLES]
            yield from self.rows(statement.format(",".join("?" * len(some))), (*first, *some))

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """Let a block change the library: all of it, or nothing where an exception leaves the block.

        Raises:
            LibraryError: There is no room, or others keep the file for longer than half a minute.
        """
        with self._telling():
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            with self._telling():
                yield self._connection
                self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    @contextmanager
    def alone(self, wait: float = 0.0) -> Iterator[None]:
        """Keep out others who would scan, erase or group meanwhile; who reads, or says a fact, may go on.

        Args:
            wait: Seconds to wait for one of them.

        Raises:
            LibraryError: One of them is at it.
        """
        lock = FileLock(self.folder / _LOCK, mode=0o600)
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise LibraryError(
                "The library {folder} is being changed by another process. Wait until it ends.", folder=self.folder
            ) from None
        except OSError as error:
            raise self._cannot(error) from error
        try:
            yield
        finally:
            lock.release()

    def damaged(self, why: object) -> LibraryError:
        """Return the error that says that rows make no sense."""
        return LibraryError(
            "The library {file} is damaged ({error}). Restore it from a backup, or delete it and scan again.", file=self.file, error=why
        )

    def setting(self, name: str) -> str | None:
        """Return a value of the table ``settings``."""
        found = self.rows("SELECT value FROM settings WHERE name = ?", (name,))
        return found[0][0] if found else None

    def shrink(self) -> None:
        """Overwrite and give back all free pages, those of the write-ahead log too; LibraryError where others are reading."""
        with self._telling():
            self._connection.execute("VACUUM")
            busy, _pages, _moved = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise LibraryError("The library {folder} is being read by another process. Wait until it ends.", folder=self.folder)

    def _prepare(self, *, create: bool) -> None:
        if not create:
            raise UsageError("There is no library in {folder}. Make one with: whosthat library {folder} scan PHOTOS", folder=self.folder)
        try:
            make_private_folder(self.folder)
            if any(one.name != _LOCK for one in self.folder.iterdir()):
                raise UsageError("{folder} is not empty. Name a new folder for the library, not one of photos.", folder=self.folder)
        except OSError as error:
            raise self._cannot(error) from error

    def _bring_up_to_date(self) -> None:
        run = self._connection.execute
        run("PRAGMA secure_delete = ON")
        run("PRAGMA temp_store = MEMORY")  # or VACUUM would leave a copy in the folder for temporary files
        run("PRAGMA foreign_keys = ON")
        self._check_kind()
        if self._version() == len(MIGRATIONS):
            return
        run("PRAGMA journal_mode = WAL")
        with self.changing():
            version = self._version()  # again: another process may have been faster
            for statement in (statement for step in MIGRATIONS[version:] for statement in step):
                run(statement)
            run(f"PRAGMA application_id = {APPLICATION}")
            run(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _check_kind(self) -> None:
        is_new = not self._connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
        if not is_new and self._connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION:
            raise LibraryError("{file} is no library of whosthat. Name another folder.", file=self.file)
        if self._version() > len(MIGRATIONS):
            raise LibraryError("The library {folder} is of a newer whosthat. Update whosthat.", folder=self.folder)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Turn what SQLite and the system say into errors of whosthat."""
        try:
            yield
        except sqlite3.OperationalError as error:  # no room, kept by others, not to be written
            raise self._cannot(error) from error
        except sqlite3.DatabaseError as error:
            raise self.damaged(error) from error
        except OSError as error:
            raise self._cannot(error) from error

    def _cannot(self, error: OSError | sqlite3.OperationalError) -> LibraryError:
        reason = system_reason(error) if isinstance(error, OSError) else str(error)
        if isinstance(error, OSError) and error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return LibraryError(
                "The library {folder} cannot be used: {reason}. Make it writable, or use a copy of it.", folder=self.folder, reason=reason
            )
        return LibraryError(
            "The library {folder} cannot be used: {reason}. Make room there, or name another folder.", folder=self.folder, reason=reason
        )


def is_library(path: str | Path) -> bool:
    """Tell whether a folder holds a library."""
    return Path(path, FILE).is_file()


def outside_libraries(place: Path) -> None:
    """Raise UsageError where a place lies in a library's own folder: what others write there, `forget` does not know."""
    for folder in (resolved := place.resolve(), *resolved.parents):
        if is_library(folder):
            raise UsageError(
                "{place} lies in the library {folder}, which could not forget it. Choose another folder.", place=place, folder=folder
            )


def stamp_of(status: os.stat_result) -> str:
    """Return what changes when a file changes: its size and the times of change of content and entry, to the nanosecond."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}" if stat.S_ISREG(status.st_mode) else ""


def stamp_of_file(path: Path) -> str:
    """Return the stamp of a file; empty where it is none, or cannot be looked at."""
    try:
        return stamp_of(os.stat(path))  # noqa: PTH116  (Path.stat is twice as slow, and this is the whole cost of a second look)
    except (OSError, ValueError):  # ValueError: a NUL character in the path
        return ""
