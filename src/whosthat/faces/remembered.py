"""Faces and embeddings of photos that were read before, by the photo's content: an unchanged photo is never embedded twice.

What belongs here: one private SQLite file, what is in it, and deleting from it for good. What does not: reading photos.

Embeddings are as private as the photos themselves: the file can be read by its owner alone, and `RememberedFaces.forget`
overwrites what it deletes, so that no copy stays behind in the file.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

import numpy as np

from whosthat.durable import make_private_folder
from whosthat.errors import CacheError
from whosthat.faces.finding import SeenFaces
from whosthat.settings import cache_folder
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from whosthat.types import FloatArray

FILE = "faces.sqlite"
_TABLE = "CREATE TABLE IF NOT EXISTS photos (sha256 TEXT, reader TEXT, found TEXT, vector BLOB, PRIMARY KEY (sha256, reader)) WITHOUT ROWID"
_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class PhotoFaces:
    """What one photo of a person gave.

    Attributes:
        size: Width and height of the photo, in pixels.
        faces: Every face, surest first; empty when none was found.
        taken: Index of the face that stands for the photo; None without faces.
        way: How the faces were found (`finding.Search`).
        sharpness: Variance of the Laplacian of the taken face's grey crop; below about 20 it is blurred. 0 without faces.
        vector: The taken face's embedding, float32 (dimensions,); empty without faces.
    """

    size: tuple[int, int]
    faces: tuple[Face, ...] = ()
    taken: int | None = None
    way: str = ""
    sharpness: float = 0.0
    vector: FloatArray = field(default_factory=lambda: np.empty(0, np.float32), compare=False)

    @property
    def face(self) -> Face | None:
        """The face that stands for the photo."""
        return None if self.taken is None else self.faces[self.taken]


Remembered = TypeVar("Remembered", PhotoFaces, SeenFaces)


class Memory(Generic[Remembered]):
    """The file; a context manager.

    Args:
        reader: `finding.FaceReader.key`: what other readers found is not seen, but `forget` deletes it all the same.
        file: Where it lies; None for the user's cache folder.

    Raises:
        CacheError: It cannot be created or opened. A damaged one is replaced by an empty one; `was_damaged` tells.
    """

    def __init__(self, reader: str, file: Path | None = None) -> None:
        self.file = file or cache_folder() / FILE
        self.was_damaged = False
        self._reader = reader
        try:
            self._connection = _opened(self.file)
        except sqlite3.OperationalError as error:
            raise _unusable(self.file, error) from error
        except sqlite3.DatabaseError:
            self.was_damaged = True
            self.file.unlink()
            self._connection = _opened(self.file)
        except OSError as error:
            raise _unusable(self.file, error) from error

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._connection.close()

    def get(self, digests: Iterable[str]) -> dict[str, Remembered]:
        """Return what is remembered of photos, by their SHA-256; a row that makes no sense is not there."""
        found = {}
        for digest in set(digests):
            row = self._run("SELECT found, vector FROM photos WHERE sha256 = ? AND reader = ?", (digest, self._reader)).fetchone()
            faces = None if row is None else self._from_row(*row)
            if faces is not None:
                found[digest] = faces
        return found

    def digests(self) -> list[str]:
        """Return the SHA-256 of every photo that this reader has read."""
        return [digest for (digest,) in self._run("SELECT sha256 FROM photos WHERE reader = ?", (self._reader,))]

    def put(self, photos: Mapping[str, Remembered]) -> None:
        """Remember what photos gave, all or nothing."""
        rows = []
        for digest, photo in photos.items():
            text, vectors = self._to_row(photo)
            rows.append((digest, self._reader, text, vectors))
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO photos VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            raise _unusable(self.file, error) from error

    def forget(self, digests: Iterable[str]) -> int:
        """Delete everything about photos, by whichever reader, and overwrite it.

        Args:
            digests: SHA-256 of each photo.

        Returns:
            How many rows there were.

        Raises:
            CacheError: Nothing can be deleted now.
        """
        before = self._connection.total_changes
        try:
            with self._connection:
                self._connection.executemany("DELETE FROM photos WHERE sha256 = ?", [(digest,) for digest in digests])
        except sqlite3.Error as error:
            raise _unusable(self.file, error) from error
        deleted = self._connection.total_changes - before
        self._run("VACUUM", ())
        return deleted

    def _run(self, statement: str, values: tuple[Any, ...]) -> sqlite3.Cursor:
        try:
            return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise _unusable(self.file, error) from error

    def _to_row(self, faces: Remembered) -> tuple[str, bytes]:
        raise NotImplementedError

    def _from_row(self, text: str, vectors: bytes) -> Remembered | None:
        raise NotImplementedError


class RememberedFaces(Memory[PhotoFaces]):
    """What photos gave that are known to show a person each."""

    def _to_row(self, faces: PhotoFaces) -> tuple[str, bytes]:
        text = json.dumps([faces.size, _face_rows(faces.faces), faces.taken, faces.way, faces.sharpness])
        return text, faces.vector.astype("<f4").tobytes()

    def _from_row(self, text: str, vectors: bytes) -> PhotoFaces | None:
        try:
            (width, height), rows, taken, way, sharpness = json.loads(text)
            found, numbers = _faces(rows), _numbers(vectors)
            return PhotoFaces((width, height), found, taken, way, sharpness, numbers) if (taken is None) == (not found) else None
        except (ValueError, TypeError, IndexError):
            return None


class RememberedSightings(Memory[SeenFaces]):
    """What photos gave that may show anybody, or nobody; kept in the same file under another reader's name."""

    def __init__(self, reader: str, file: Path | None = None) -> None:
        super().__init__(f"{reader}-every-face", file)

    def _to_row(self, faces: SeenFaces) -> tuple[str, bytes]:
        return json.dumps(_face_rows(faces.faces)), faces.vectors.astype("<f4").tobytes()

    def _from_row(self, text: str, vectors: bytes) -> SeenFaces | None:
        try:
            found, numbers = _faces(json.loads(text)), _numbers(vectors)
            return SeenFaces(found, numbers.reshape(len(found), -1 if found else 0))
        except (ValueError, TypeError, IndexError):
            return None


def _opened(file: Path) -> sqlite3.Connection:
    make_private_folder(file.parent)
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite itself would make it readable for others
    connection = sqlite3.connect(file, timeout=_WAIT_SECONDS, check_same_thread=False)  # who shares it among threads holds a lock
    try:
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")  # or VACUUM would leave a copy in the folder for temporary files
        with connection:
            connection.execute(_TABLE)
        with closing(connection.execute("SELECT sha256, reader, found, vector FROM photos LIMIT 1")) as rows:
            rows.fetchone()
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _unusable(file: Path, error: Exception) -> CacheError:
    return CacheError(
        f"{file}, which remembers faces, cannot be used: {error}. Make room there, end other runs, or set WHOSTHAT_CACHE to another folder."
    )


def _face_rows(faces: Iterable[Face]) -> list[list[Any]]:
    return [[face.box.left, face.box.top, face.box.right, face.box.bottom, face.score, face.landmarks] for face in faces]


def _faces(rows: Iterable[Any]) -> tuple[Face, ...]:
    found = tuple(Face(Box(*row[:4]), tuple((x, y) for x, y in row[5]), row[4]) for row in rows)  # type: ignore[arg-type]
    if not all(len(face.landmarks) == 5 for face in found):
        raise ValueError("a face has five landmarks")
    return found


def _numbers(vectors: bytes) -> FloatArray:
    numbers: FloatArray = np.frombuffer(vectors, "<f4").astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("an embedding is finite")
    return numbers
