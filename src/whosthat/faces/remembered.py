"""Faces and embeddings of photos that were read before, by the photo's content: an unchanged photo is never embedded twice.

What belongs here: what a row of `whosthat.photo_cache` says of faces. What does not: the file, reading photos.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from whosthat.faces.finding import VERSION, SeenFaces
from whosthat.photo_cache import PhotoCache
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from whosthat.types import FloatArray


@dataclass(frozen=True)
class PhotoFaces:
    """What one photo of a person gave."""

    size: tuple[int, int]  # width and height of the photo, in pixels
    faces: tuple[Face, ...] = ()  # every face, surest first
    taken: int | None = None  # index of the face that stands for the photo; None without faces
    way: str = ""  # how the faces were found (`finding.Search`)
    sharpness: float = 0.0  # variance of the Laplacian of the taken face's grey crop; below about 20 it is blurred. 0 without faces
    vector: FloatArray = field(default_factory=lambda: np.empty(0, np.float32), compare=False)
    """The taken face's embedding, float32 (dimensions,); empty without faces."""

    @property
    def face(self) -> Face | None:
        """The face that stands for the photo."""
        return None if self.taken is None else self.faces[self.taken]


Remembered = TypeVar("Remembered", bound=PhotoFaces | SeenFaces | bool)


_SHARPNESS = 6
"""Where a face's row holds it, behind box, score and landmarks."""


class Memory(PhotoCache, Generic[Remembered]):
    """What one reader found in photos; the reader is named by `finding.FaceReader.key`, the file as for `PhotoCache`.

    What other readers found is not seen, but `forget` deletes it all the same.
    """

    _kind = ""

    def __init__(self, reader: str, file: Path | None = None) -> None:
        super().__init__(file)
        self._reader = f"{reader}{self._kind}"

    def get(self, digests: Iterable[str]) -> dict[str, Remembered]:
        """Return what the cache knows of photos, by their SHA-256; a row that makes no sense is not there."""
        found = {}
        for digest in set(digests):
            for row in self.rows("SELECT found, vector FROM faces WHERE sha256 = ? AND reader = ?", (digest, self._reader)):
                with contextlib.suppress(ValueError, TypeError, IndexError):
                    found[digest] = self._from_row(*row)
        return found

    def digests(self) -> list[str]:
        """Return the SHA-256 of every photo that this reader has read."""
        return [digest for (digest,) in self.rows("SELECT sha256 FROM faces WHERE reader = ?", (self._reader,))]

    def put(self, photos: Mapping[str, Remembered]) -> None:
        """Remember what photos gave, all or nothing."""
        rows = [(digest, self._reader, *self._to_row(photo)) for digest, photo in photos.items()]
        self.write(("INSERT OR REPLACE INTO faces VALUES (?, ?, ?, ?)", rows))

    def _to_row(self, faces: Remembered) -> tuple[str, bytes]:
        raise NotImplementedError

    def _from_row(self, text: str, vectors: bytes) -> Remembered:
        raise NotImplementedError


class RememberedFaces(Memory[PhotoFaces]):
    """What photos gave that are known to show a person each."""

    def _to_row(self, faces: PhotoFaces) -> tuple[str, bytes]:
        text = json.dumps([faces.size, _face_rows(faces.faces), faces.taken, faces.way, faces.sharpness])
        return text, faces.vector.astype("<f4").tobytes()

    def _from_row(self, text: str, vectors: bytes) -> PhotoFaces:
        (width, height), rows, taken, way, sharpness = json.loads(text)
        found = _faces(rows)
        if (taken is None) == bool(found):
            raise ValueError("of faces, one is taken")  # not translated: caught by get
        return PhotoFaces((width, height), found, taken, way, sharpness, _numbers(vectors))


class RememberedSightings(Memory[SeenFaces]):
    """What photos gave that may show anybody, or nobody; kept in the same file under another reader's name."""

    _kind = "-every-face"

    def _to_row(self, faces: SeenFaces) -> tuple[str, bytes]:
        rows = _face_rows(faces.faces)
        if faces.sharpness:
            rows = [[*row, value] for row, value in zip(rows, faces.sharpness, strict=True)]
        return json.dumps(rows), faces.vectors.astype("<f4").tobytes()

    def _from_row(self, text: str, vectors: bytes) -> SeenFaces:
        rows = json.loads(text)
        found, measured = _faces(rows), all(len(row) > _SHARPNESS for row in rows)  # not by earlier versions
        sharpness = tuple(float(row[_SHARPNESS]) for row in rows) if measured else ()
        return SeenFaces(found, _numbers(vectors).reshape(len(found), -1 if found else 0), sharpness)


class RememberedLooks(Memory[bool]):
    """Whether a first look at a photo, a quick one, showed a face; the reader is the detector alone."""

    _kind = f"-first-look-{VERSION}"

    def _to_row(self, faces: bool) -> tuple[str, bytes]:
        return json.dumps(faces), b""

    def _from_row(self, text: str, vectors: bytes) -> bool:
        if (shows := json.loads(text)) not in (False, True) or vectors:
            raise ValueError("yes or no")  # not translated: caught by get
        return bool(shows)


def _face_rows(faces: Iterable[Face]) -> list[list[Any]]:
    return [[*face.box.sides, face.score, face.landmarks] for face in faces]


def _faces(rows: Iterable[Any]) -> tuple[Face, ...]:
    return tuple(Face.of(Box(*row[:4]), row[5], row[4]) for row in rows)


def _numbers(vectors: bytes) -> FloatArray:
    numbers: FloatArray = np.frombuffer(vectors, "<f4").astype(np.float32)
    if not np.isfinite(numbers).all():
        raise ValueError("an embedding is finite")  # not translated: caught by get
    return numbers
