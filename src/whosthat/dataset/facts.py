"""What is worth knowing of one photo or clip, read once and remembered.

What belongs here: reading the facts of a photo or clip, and remembering them in the cache until it changes. What does not: comparing
photos with one another (`duplicates`) or judging them (`findings`).
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any
from unicodedata import normalize

import numpy as np

from whosthat import photo_cache
from whosthat.errors import CacheError
from whosthat.photo_cache import PhotoCache
from whosthat.photos.clips import is_clip, read_clip, stamp_of
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import opened
from whosthat.photos.storage import StoredPhoto
from whosthat.types import Image

THUMBNAIL_SIDE = 32
"""Side of the grey thumbnail by which photos are compared, in pixels."""

_THUMBNAIL_SPEC = PrepareSpec(size=THUMBNAIL_SIDE)
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601
_READER = f"2-{_THUMBNAIL_SPEC.key()}"
_FRAME_SPEC = PrepareSpec(size=THUMBNAIL_SIDE // 2)


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's bytes say, or a clip's."""

    sha256: str  # of the file, in hexadecimal; of a clip as `photos.clips.Clip` says
    width: int  # of the upright image, in pixels, as the height
    height: int
    taken_at: float | None  # when it was taken, in seconds (EXIF); None when the file does not say
    thumbnail: bytes
    """The whole picture in grey, squeezed to 32 x 32, one byte a pixel; of a clip four frames, evenly from first to last, two above two."""
    n_frames: int = 1  # of a clip 2 or more


def read_facts(path: Path) -> PhotoFacts:
    """Decode a photo or a clip and state its facts; PhotoError where it cannot be read."""
    if is_clip(path):
        clip = read_clip(path, 4, lambda frame: prepare(frame, _FRAME_SPEC))
        first, second, third, last = clip.frames
        four = np.block([[[first], [second]], [[third], [last]]])
        return PhotoFacts(clip.sha256, clip.width, clip.height, None, _grey(four), clip.n_frames)
    with opened(path) as photo:
        height, width = photo.image.shape[:2]
        return PhotoFacts(photo.sha256, width, height, photo.taken_at, _grey(prepare(photo.image, _THUMBNAIL_SPEC)))


def _grey(image: Image) -> bytes:
    grey: Image = np.rint(image @ _LUMA).astype(np.uint8)
    return grey.tobytes()


class RememberedFacts:
    """The facts of a photo folder's photos from last time; each is trusted only while its file is unchanged.

    "Unchanged" means the same size, time of change of the content and time of change of the entry, to the nanosecond:
    a look at the file system instead of decoding, which makes a second look at a folder nearly instant. Of a photo in storage the listing
    says it (`StoredPhoto.stamp`), and nothing is fetched.
    """

    def __init__(self, root: Path) -> None:
        self._folder = _folder(root)
        self._old: dict[bytes, tuple[Any, ...]] = {}
        self._new: dict[bytes, tuple[Any, ...]] = {}
        self.was_damaged = False
        self._state: int | None = None
        select = "SELECT name, stamp, sha256, width, height, taken_at, thumbnail, frames FROM facts WHERE folder = ? AND reader = ?"
        try:
            with PhotoCache() as cache:
                self._old = {name: tuple(row) for name, *row in cache.rows(select, (self._folder, _READER))}
                self.was_damaged, self._state = cache.was_damaged, cache.state
        except CacheError:
            pass  # `save` says why

    def facts(self, name: str, path: Path) -> PhotoFacts:
        """Return the facts of a photo, from memory when it is unchanged, else by reading it; PhotoError where it cannot be read."""
        stamp, key = _stamp(path), _bytes(name)
        row = self._old.get(key, ())
        facts = _remembered(row, stamp)
        if facts is None:
            facts = read_facts(path)
            row = (stamp, *astuple(facts))
        self._new[key] = row
        return facts

    def save(self, *, all_asked: bool = True) -> None:
        """Remember what was asked for since this object was made; CacheError where that is new and cannot be written.

        With ``all_asked``, nothing else of the folder is remembered any more.
        """
        if self._new == self._old:
            return
        gone = [(self._folder, name) for name in self._old.keys() - self._new.keys()] if all_asked else []
        new = [(self._folder, name, _READER, *row) for name, row in self._new.items() if row != self._old.get(name)]
        with PhotoCache(state=self._state) as cache:
            cache.write(
                ("DELETE FROM facts WHERE folder = ? AND reader <> ?", [(self._folder, _READER)]),
                ("DELETE FROM facts WHERE folder = ? AND name = ?", gone),
                ("INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", new),
            )


def photos_of(root: Path, classes: Collection[str], digests: Collection[str]) -> dict[str, str]:
    """Return the photos of a photo folder that lie in some of its folders, and all copies of these and of others, as remembered.

    The others are named by their SHA-256. Names ("anna/beach.jpg") to SHA-256 come back; nothing where nothing is remembered.

    Raises:
        CacheError: The cache cannot be opened.
    """
    if not photo_cache.place().exists():
        return {}
    with PhotoCache() as cache:
        rows = cache.rows("SELECT name, sha256 FROM facts WHERE folder = ?", (_folder(root),))
    photos = {name.decode("utf-8", "surrogatepass"): digest for name, digest in rows}
    wanted = {digest for name, digest in photos.items() if normalize("NFC", name.split("/")[0]) in classes}.union(digests)
    return {name: digest for name, digest in photos.items() if digest in wanted}


def known_digests(root: Path, photos: Mapping[str, Path]) -> dict[str, str]:
    """Return the SHA-256, as remembered, of those photos of a photo folder, paths by name, that are unchanged since.

    Raises:
        CacheError: The cache cannot be opened.
    """
    select, folder = "SELECT stamp, sha256 FROM facts WHERE folder = ? AND name = ?", _folder(root)
    with PhotoCache() as cache:
        rows = {name: cache.rows(select, (folder, _bytes(name))) for name in photos}
    return {name: row[0][1] for name, row in rows.items() if row and row[0][0] == _stamp(photos[name])}


def _folder(root: Path) -> bytes:
    return _bytes(str(root.resolve()))


def _bytes(name: str) -> bytes:
    return name.encode("utf-8", "surrogatepass")  # SQLite's text takes no lone surrogates, and names of files may hold them


def _stamp(path: Path) -> str:
    """What changes when a file changes; empty when it cannot be looked at (reading it will say why)."""
    if isinstance(path, StoredPhoto):
        return path.stamp
    try:
        status = os.stat(path)  # noqa: PTH116  (Path.stat is twice as slow, and this is the whole cost of a second look)
        if stat.S_ISDIR(status.st_mode):
            return stamp_of(path)
    except (OSError, ValueError):
        return ""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns}"  # text: SQLite's numbers end in the year 2262


def _remembered(row: tuple[Any, ...], stamp: str) -> PhotoFacts | None:
    """The facts in a row, or None when the photo has changed or the row is not one that `facts` writes."""
    if not stamp or not row or row[0] != stamp:
        return None
    facts = PhotoFacts(*row[1:])
    try:
        sound = (
            len(bytes.fromhex(facts.sha256)) == 32
            and type(facts.width) is type(facts.height) is type(facts.n_frames) is int
            and min(facts.width, facts.height, facts.n_frames) > 0
            and (facts.taken_at is None or (isinstance(facts.taken_at, float) and math.isfinite(facts.taken_at)))
            and isinstance(facts.thumbnail, bytes)
            and len(facts.thumbnail) == THUMBNAIL_SIDE**2
        )
    except (TypeError, ValueError):
        return None
    return facts if sound else None
