"""Photos for the page: small copies, upright, kept in memory as long as there is room.

What belongs here: sizes, the memory, the tag by which a browser knows its copy again. What does not: which photos may be asked for
(`folders`), decoding (`photos.reading`).
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path

from whosthat.evaluation.group_sheet import DECODED_AT
from whosthat.evaluation.small_pictures import around
from whosthat.photos.drawing import encode_image, thumbnail
from whosthat.photos.reading import opened
from whosthat.server.refusals import Refusal
from whosthat.translation import _
from whosthat.types import Box

SIZES = (160, 480, 1600)
"""Longest sides that are served, in pixels."""

GIVES_WAY = 10
"""The priority at which copies are made, as of ``nice``."""

ROOM = 64 << 20
"""Bytes of copies that are kept; the ones that were not asked for longest go."""


class Copies:
    """Small copies of photos as JPEG, by photo and size; may be asked from several threads at once.

    They are made one after the other, in a thread that gives way to others: the browser that scrolls through them needs the cores more.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room, self._taken = room, 0
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="copies", initializer=_give_way)
        self._kept: OrderedDict[Hashable, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def of_file(self, path: Path, size: int) -> bytes:
        """Return a copy of a photo; PhotoError where it cannot be read."""
        facts = path.stat()
        return self._of((path, facts.st_mtime_ns, facts.st_size, size), path, size)

    def of_bytes(self, name: str, content: bytes, size: int) -> bytes:
        """Return a copy of a photo in memory, which is known by its name."""
        return self._of((name, size), content, size)

    def of_face(self, path: Path, box: Box) -> bytes:
        """Return a picture of a face in a photo; PhotoError where it cannot be read."""
        facts = path.stat()
        return self._of((path, facts.st_mtime_ns, facts.st_size, box), path, box)

    def _of(self, key: Hashable, source: Path | bytes, size: int | Box) -> bytes:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        make: Callable[..., bytes] = small_copy if isinstance(size, int) else picture_of_face
        copy = self._maker.submit(copy_context().run, make, source, size).result()  # in the language of whoever asks
        with self._lock:
            self._taken += len(copy) - len(self._kept.pop(key, b""))
            self._kept[key] = copy
            while self._taken > self._room:
                self._taken -= len(self._kept.popitem(last=False)[1])
        return copy


def check_size(size: int) -> None:
    """Raise `Refusal` for a size that is none of `SIZES`."""
    if size not in SIZES:
        raise Refusal(422, "invalid", "Photos come in these sizes: {sizes}.", sizes=_(", ").join(map(str, SIZES)))


def _give_way() -> None:
    """Let this thread run where others leave time, as far as the system has priorities of threads."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(GIVES_WAY, os.getpriority(os.PRIO_PROCESS, thread)))


def small_copy(source: Path | bytes, size: int) -> bytes:
    """Return a photo as an upright JPEG whose longer side has at most ``size`` pixels; PhotoError where it cannot be read."""
    with opened(source, longest=size) as photo:
        return encode_image(thumbnail(photo.image, size))


def picture_of_face(source: Path | bytes, box: Box) -> bytes:
    """Return a face with a little around it as a JPEG of at most `SIZES`[0] pixels; PhotoError where the photo cannot be read."""
    with opened(source, longest=DECODED_AT) as photo:
        return encode_image(thumbnail(around(photo.image, box, photo.shrunk), SIZES[0]))


def tag_of(path: Path, what: int | str) -> str:
    """Return the tag of a photo's copy, by its size or box: another one when the file changes."""
    facts = path.stat()
    known = hashlib.sha256(f"{path}\0{facts.st_mtime_ns}\0{facts.st_size}\0{what}".encode("utf-8", "surrogateescape"))
    return f'"{known.hexdigest()[:32]}"'
