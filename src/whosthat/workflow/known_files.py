"""The contents of files that were read before: while size and times of a file are unchanged, so is its SHA-256.

What belongs here: the table ``places`` of the cache. What does not: what photos show (`whosthat.faces.remembered`).
"""

from __future__ import annotations

import os
from pathlib import Path

from whosthat.library.store import stamp_of_file
from whosthat.photo_cache import PhotoCache
from whosthat.photos.reading import sha256_of
from whosthat.photos.storage import stored

__all__ = ["KnownFiles", "stamp_and_content", "stamp_of_file"]

_SELECT = "SELECT stamp, sha256 FROM places WHERE folder = ? AND name = ?"
_PUT = "INSERT OR REPLACE INTO places VALUES (?, ?, ?, ?)"


class KnownFiles:
    """What a cache, open, knows of files; may be used by one thread at a time.

    Every method raises CacheError where the cache cannot be used.
    """

    def __init__(self, cache: PhotoCache) -> None:
        self._cache = cache
        self._fresh: dict[tuple[bytes, bytes], tuple[str, str]] = {}

    def digest(self, path: Path, stamp: str) -> str:
        """Return the SHA-256 of a file that is as it was when it was noted, without opening it; empty of any other."""
        place = _place(path)
        found = [self._fresh[place]] if place in self._fresh else self._cache.rows(_SELECT, place)
        return str(found[0][1]) if stamp and found and found[0][0] == stamp else ""

    def note(self, path: Path, stamp: str, digest: str) -> None:
        """Note a content; ``stamp`` was taken before it was read, so that what changed meanwhile is read again."""
        if stamp and digest:
            self._fresh[_place(path)] = stamp, digest

    def keep(self) -> None:
        """Write down what was noted since the last time."""
        fresh, self._fresh = self._fresh, {}
        if fresh:
            self._cache.write((_PUT, [(*place, *content) for place, content in fresh.items()]))


def stamp_and_content(path: Path) -> tuple[str, str]:
    """Return a file's stamp, and its SHA-256, which is not older; both empty where it cannot be read, the stamp in a storage."""
    stamp = "" if stored(path) is not None else stamp_of_file(path)
    return stamp, sha256_of(path)


def _place(path: Path) -> tuple[bytes, bytes]:
    return os.fsencode(path.parent.absolute()), os.fsencode(path.name)
