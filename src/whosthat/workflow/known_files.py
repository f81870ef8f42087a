"""The contents of files that were read before: while size and times of a file are unchanged, so is its SHA-256.

What belongs here: the table ``places`` of the cache, and why a photo cannot be read. What does not: what photos show
(`whosthat.faces.remembered`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from whosthat.dataset.threads import in_order
from whosthat.errors import CacheError, PhotoError
from whosthat.library.store import stamp_of_file
from whosthat.photo_cache import PhotoCache
from whosthat.photos.clips import digest_of
from whosthat.photos.reading import decode, sha256_of
from whosthat.photos.storage import StoredPhoto, stored

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
    """Return a file's stamp, and its SHA-256, which is not older; both empty where it cannot be read."""
    stamp = stamp_of(path)
    return stamp, sha256_of(path)


def stamp_of(path: Path) -> str:
    """Return what changes when a file does; of a photo in storage what its listing said, nothing where it stood in none."""
    return path.stamp if isinstance(path, StoredPhoto) else "" if stored(path) is not None else stamp_of_file(path)


def contents_of(paths: Sequence[Path]) -> Iterator[str]:
    """Yield the SHA-256 of photos and clips, in order, empty of those that cannot be read; what is unchanged in storage is not fetched."""
    far = [path for path in paths if isinstance(path, StoredPhoto)]
    known: dict[Path, str] = {}
    if far:
        with suppress(CacheError), PhotoCache() as cache:
            files = KnownFiles(cache)
            known = {path: files.digest(path, path.stamp) for path in far}
    fresh: dict[Path, str] = {}
    for path, digest in zip(paths, in_order(lambda path: known.get(path) or digest_of(path), paths, waiting_for=far[:1]), strict=True):
        fresh[path] = digest
        yield digest
    if far:
        with suppress(CacheError), PhotoCache() as cache:  # else they are fetched again
            files = KnownFiles(cache)
            for path in far:
                files.note(path, path.stamp, fresh[path])
            files.keep()


def _place(path: Path) -> tuple[bytes, bytes]:
    return os.fsencode(path.parent.absolute()), os.fsencode(path.name)


def why_unreadable(path: Path) -> str:
    """Say why a photo cannot be read; empty where it can."""
    try:
        decode(path)
    except PhotoError as error:
        return error.reason
    return ""
