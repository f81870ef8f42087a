"""What is worth knowing of one photo, read once and remembered.

What belongs here: reading the facts of a photo, and the file in the cache that remembers them until the photo changes.
What does not: comparing photos with one another (`duplicates`) or judging them (`findings`).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.dataset.private import changing_facts, make_private_folder, private_file
from whosthat.durable import replace_file
from whosthat.errors import CacheError
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import opened

THUMBNAIL_SIDE = 32
"""Side of the grey thumbnail by which photos are compared, in pixels."""

_THUMBNAIL_SPEC = PrepareSpec(size=THUMBNAIL_SIDE)
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601
_FORMAT = f"1-{_THUMBNAIL_SPEC.key()}"


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's bytes say.

    Attributes:
        sha256: Of the file, in hexadecimal.
        width: Of the upright image, in pixels.
        height: Of the upright image, in pixels.
        taken_at: When it was taken, in seconds (EXIF); None when the file does not say.
        thumbnail: The whole picture in grey, squeezed to 32 x 32, one byte a pixel.
    """

    sha256: str
    width: int
    height: int
    taken_at: float | None
    thumbnail: bytes


_STAMPS = 3
SHA256_COLUMN = _STAMPS + [field.name for field in fields(PhotoFacts)].index("sha256")
"""Where the SHA-256 stands in a row of the file: rows are a stamp, then the facts in their order."""


def read_facts(path: Path) -> PhotoFacts:
    """Decode a photo and state its facts.

    Raises:
        PhotoError: It cannot be read.
    """
    with opened(path) as photo:
        height, width = photo.image.shape[:2]
        grey = np.rint(prepare(photo.image, _THUMBNAIL_SPEC) @ _LUMA).astype(np.uint8)
        return PhotoFacts(photo.sha256, width, height, photo.taken_at, grey.tobytes())


class RememberedFacts:
    """The facts of a photo folder's photos from last time; each is trusted only while its file is unchanged.

    "Unchanged" means the same size, time of change of the content and time of change of the entry, to the nanosecond:
    a look at the file system instead of decoding, which makes a second look at a folder nearly instant.

    Args:
        root: The photo folder.
    """

    def __init__(self, root: Path) -> None:
        self._file = private_file(root, "facts.json")
        self._old: Mapping[str, Any] = {}
        self._new: dict[str, Any] = {}
        self.was_damaged = False
        try:
            document = json.loads(self._file.read_bytes())
            if not isinstance(document, dict) or not isinstance(document["photos"], dict):
                raise TypeError("not a table of photos")
            if document["format"] == _FORMAT:
                self._old = document["photos"]
        except FileNotFoundError:
            pass  # the first time
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            self.was_damaged = True

    def facts(self, name: str, path: Path) -> PhotoFacts:
        """Return the facts of a photo, from memory when it is unchanged, else by reading it.

        Args:
            name: The photo's name in its folder.
            path: Where it lies.

        Raises:
            PhotoError: It cannot be read.
        """
        stamp = _stamp(path)
        row = self._old.get(name)
        facts = _remembered(row, stamp)
        if facts is None:
            facts = read_facts(path)
            row = [*(stamp or ()), facts.sha256, facts.width, facts.height, facts.taken_at, facts.thumbnail.hex()]
        self._new[name] = row
        return facts

    def save(self) -> None:
        """Remember what was asked for since this object was made, and nothing else; nothing is written when that is not new.

        Raises:
            CacheError: It cannot be written.
        """
        if self._new == self._old:
            return
        document = {"format": _FORMAT, "photos": self._new}
        make_private_folder(self._file.parent)
        try:
            with changing_facts():
                replace_file(self._file, json.dumps(document, allow_nan=False).encode("utf-8"))
        except OSError as error:
            raise CacheError(
                f"{self._file} cannot be written: {error.strerror or error}. Make room there, or set WHOSTHAT_CACHE to another folder."
            ) from error


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file changes; None when it cannot be looked at (reading it will say why)."""
    try:
        status = os.stat(path)  # noqa: PTH116  (Path.stat is twice as slow, and this is the whole cost of a second look)
    except (OSError, ValueError):
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _remembered(row: Any, stamp: tuple[int, int, int] | None) -> PhotoFacts | None:
    """The facts in a row of the file, or None when the photo has changed or the row is not one that `facts` writes."""
    if stamp is None or not isinstance(row, list) or len(row) != 8 or tuple(row[:_STAMPS]) != stamp:
        return None
    sha256, width, height, taken_at, thumbnail = row[_STAMPS:]
    try:
        facts = PhotoFacts(sha256, width, height, taken_at, bytes.fromhex(thumbnail))
        sound = (
            len(bytes.fromhex(sha256)) == 32
            and type(width) is type(height) is int
            and min(width, height) > 0
            and (taken_at is None or (isinstance(taken_at, float) and math.isfinite(taken_at)))
            and len(facts.thumbnail) == THUMBNAIL_SIDE**2
        )
    except (TypeError, ValueError):
        return None
    return facts if sound else None
