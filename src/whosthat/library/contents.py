"""What lies in a library: folders, files, photos and the faces found in them, written and read row by row.

What belongs here: the tables ``roots``, ``files``, ``photos``, ``looks``, ``faces`` and ``forgotten``. What does not: looking at photos
(`whosthat.workflow.library.scanning`), what people say of faces (``facts``), who they are.

Functions that write take the connection of a `store.Library.changing` block; those that read take the library.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.library.store import Library
from whosthat.translation import _
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from whosthat.types import FloatArray

SAME_PLACE = 0.3
"""Two boxes that overlap by this share of what they cover together, or more, are around one face."""

_FACE = (
    "SELECT faces.id, photo, hex(sha256), number, left, top, right, bottom, landmarks, score, sharpness, vector, width, height FROM faces "
    "JOIN photos ON photos.id = photo "
)


@dataclass(frozen=True, slots=True)
class LibraryFace:
    """A face that a reader found in a photo of the library.

    Attributes:
        row: Its row in ``faces``; another after the photo was looked at by another reader.
        photo: Its photo's row in ``photos``.
        id: The same for the same face of the same photo, wherever the file lies: "<SHA-256>-<number from the left>".
        face: Where it is, in pixels of the upright photo.
        place: The same box as shares of the photo's width and height, 0 to 1, as facts have it.
        vector: Its embedding, float32 (dimensions,).
        sharpness: Of its crop (`faces.finding.sharpness`); infinite where it was not measured.
    """

    row: int
    photo: int
    id: str
    face: Face
    place: Box
    vector: FloatArray = field(repr=False, compare=False)
    sharpness: float = float("inf")

    @property
    def number(self) -> int:
        """Its number in the photo, from 1, from the left."""
        return int(self.id.rpartition("-")[2])


def put_root(change: sqlite3.Connection, folder: Path) -> int:
    """Remember a folder, absolute, that is scanned; return its row."""
    change.execute("INSERT OR IGNORE INTO roots (path) VALUES (?)", (os.fsencode(folder),))
    return _row(change, "SELECT id FROM roots WHERE path = ?", os.fsencode(folder))


def roots_of(library: Library) -> dict[int, Path]:
    """Return the folders that are scanned, by their rows."""
    return {row: Path(os.fsdecode(path)) for row, path in library.rows("SELECT id, path FROM roots ORDER BY path")}


def move_root(change: sqlite3.Connection, root: int, to: int, folder: bytes) -> None:
    """Put the files of one root below another one, which holds it as ``folder``."""
    names = change.execute("SELECT name, id FROM files WHERE root = ?", (root,)).fetchall()
    moved = [(to, folder + os.sep.encode() + name, row) for name, row in names]
    change.executemany("UPDATE files SET root = ?, name = ? WHERE id = ?", moved)
    change.execute("DELETE FROM roots WHERE id = ?", (root,))


def inside(folder: Path | bytes) -> bytes:
    """Return how the path of everything in a folder begins, as the file system writes it."""
    return os.fsencode(folder).removesuffix(os.sep.encode()) + os.sep.encode()


def put_photo(change: sqlite3.Connection, sha256: str, size: tuple[int, int], taken_at: float | None = None) -> int:
    """Remember a photo, by its SHA-256 in hexadecimal, with its upright width and height; return its row, also of one that was known."""
    content = bytes.fromhex(sha256)
    change.execute("INSERT OR IGNORE INTO photos (sha256, width, height, taken_at) VALUES (?, ?, ?, ?)", (content, *size, taken_at))
    return _row(change, "SELECT id FROM photos WHERE sha256 = ?", content)


def put_file(change: sqlite3.Connection, root: int, name: bytes, stamp: str, *, photo: int | None, problem: str = "") -> None:
    """Remember what lies at a place below a root: a photo, or why there is none.

    Another photo that lay there before is kept in ``was``.
    """
    change.execute(
        "INSERT INTO files (root, name, stamp, photo, problem) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (root, name) DO UPDATE SET "
        "stamp = ?3, photo = ?4, problem = ?5, missing_since = NULL, "
        "was = CASE WHEN photo IS NOT NULL AND photo IS NOT ?4 THEN coalesce(was, photo) ELSE was END",
        (root, name, stamp, photo, problem),
    )


def put_faces(
    change: sqlite3.Connection, photo: int, reader: str, faces: Sequence[Face], vectors: FloatArray, sharpness: Sequence[float] = ()
) -> None:
    """Note that a reader has looked at a photo, and what it found, from left to right; what it had found before is replaced.

    A face where somebody was forgotten is not taken.

    Args:
        change: The library's connection.
        photo: The photo's row.
        reader: The `faces.finding.FaceReader.key`.
        faces: In pixels of the upright photo.
        vectors: Their embeddings, float32 (n, dimensions).
        sharpness: Of each crop; empty where it was not measured.
    """
    width, height = change.execute("SELECT width, height FROM photos WHERE id = ?", (photo,)).fetchone()
    forgotten = [Box(*row) for row in change.execute("SELECT left, top, right, bottom FROM forgotten WHERE photo = ?", (photo,))]
    change.execute("DELETE FROM faces WHERE photo = ? AND reader = ?", (photo, reader))
    change.execute("INSERT OR IGNORE INTO looks VALUES (?, ?)", (photo, reader))
    sharp = sharpness or (float("inf"),) * len(faces)
    change.executemany(
        "INSERT INTO faces (photo, reader, number, left, top, right, bottom, landmarks, score, sharpness, vector) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                photo,
                reader,
                number,
                *map(float, face.box.sides),
                _bytes(face.landmarks),
                float(face.score),
                float(sharp[number - 1]),
                _bytes(vector),
            )
            for number, (face, vector) in enumerate(zip(faces, vectors, strict=True), start=1)
            if not any(shares(face.box, width, height).overlap(place) >= SAME_PLACE for place in forgotten)
        ],
    )


def faces_of(library: Library, reader: str | None = None, photos: Collection[int] | None = None) -> list[LibraryFace]:
    """Return the faces that a reader found, photo by photo, from left to right.

    Args:
        library: The library.
        reader: The reader's key; None is the one whose faces count.
        photos: Only those of these rows of ``photos``; None is all.

    Raises:
        LibraryError: A row makes no sense.
    """
    reader = reader or library.setting("reader") or ""
    if photos is None:
        rows = library.rows(f"{_FACE} WHERE reader = ? ORDER BY photo, number", (reader,))  # not translated: SQL
    else:
        some = f"{_FACE} WHERE reader = ? AND photo IN ({{}}) ORDER BY photo, number"  # not translated: SQL
        rows = list(library.rows_of(some, sorted(photos), reader))
    try:
        return [_face(*row) for row in rows]
    except (ValueError, TypeError, OverflowError) as error:
        raise library.damaged(error) from error


def files_of(library: Library, photo: int, *, missing: bool = False) -> tuple[Path, ...]:
    """Return where a photo lies, in the order of the paths; with ``missing``, also where it lay and cannot be found now."""
    return files_of_photos(library, [photo], missing=missing).get(photo, ())


def files_of_photos(library: Library, photos: Collection[int] | None = None, *, missing: bool = False) -> dict[int, tuple[Path, ...]]:
    """Return where many photos lie, by row, as `files_of`; None is all. A photo that lies nowhere is not there."""
    there = "" if missing else "missing_since IS NULL AND "
    select = f"SELECT photo, roots.path, files.name FROM files JOIN roots ON roots.id = root WHERE {there}"  # noqa: S608
    order = "ORDER BY photo, roots.path, files.name"  # not translated: SQL
    if photos is None:
        rows = library.rows(f"{select} photo IS NOT NULL {order}")  # not translated: SQL
    else:
        rows = list(library.rows_of(f"{select} photo IN ({{}}) {order}", sorted(photos)))  # not translated: SQL
    found: dict[int, tuple[Path, ...]] = {}
    for photo, root, name in rows:
        found[photo] = (*found.get(photo, ()), Path(os.fsdecode(root), os.fsdecode(name)))
    return found


def photos_by_digest(library: Library, digests: Collection[str]) -> dict[str, int]:
    """Return the rows of photos that the library knows, by their SHA-256 in hexadecimal."""
    contents = [bytes.fromhex(digest) for digest in digests]
    return {content.hex(): row for content, row in library.rows_of("SELECT sha256, id FROM photos WHERE sha256 IN ({})", contents)}


def set_setting(change: sqlite3.Connection, name: str, value: str | None) -> None:
    """Set a value of the table ``settings``, or delete it."""
    if value is None:
        change.execute("DELETE FROM settings WHERE name = ?", (name,))
    else:
        change.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))


def shares(box: Box, width: float, height: float) -> Box:
    """Return a box in pixels as shares of its photo's width and height."""
    return Box(box.left / width, box.top / height, box.right / width, box.bottom / height)


def in_pixels(box: Box, width: float, height: float) -> Box:
    """Return a box in shares of its photo's width and height in pixels."""
    return Box(box.left * width, box.top * height, box.right * width, box.bottom * height)


def mark_of(*what: bytes | str) -> bytes:
    """Return the mark by which a content, or a place and its stamp, is passed over: 32 bytes that do not tell what they are made of."""
    mark = hashlib.sha256(b"whosthat forgot")
    for one in what:
        part = one if isinstance(one, bytes) else one.encode()
        mark.update(len(part).to_bytes(8, "little") + part)
    return mark.digest()


def embeddings(library: Library, vectors: Sequence[bytes]) -> FloatArray:
    """Return embeddings of one network as they were read, float32 (n, dimensions); LibraryError where they differ in length."""
    lengths = {len(one) for one in vectors}
    if len(lengths) > 1 or sum(lengths) % 4:
        raise library.damaged(_("embeddings of one network differ in length"))
    return np.frombuffer(b"".join(vectors), "<f4").astype(np.float32).reshape(len(vectors), sum(lengths) // 4)


def _face(*values: Any) -> LibraryFace:
    row, photo, digest, number, left, top, right, bottom, landmarks, score, sharpness, vector, width, height = values
    box = Box(left, top, right, bottom)
    numbers = np.frombuffer(vector, "<f4").astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("an embedding is not finite")  # not translated: part of a sentence of `faces_of`
    face = Face.of(box, np.frombuffer(landmarks, "<f4").reshape(5, 2).tolist(), score)
    return LibraryFace(row, photo, f"{digest.lower()}-{number}", face, shares(box, width, height), numbers, sharpness)


def _row(change: sqlite3.Connection, statement: str, *values: object) -> int:
    return int(change.execute(statement, values).fetchone()[0])


def _bytes(numbers: Any) -> bytes:
    return np.asarray(numbers, "<f4").tobytes()
