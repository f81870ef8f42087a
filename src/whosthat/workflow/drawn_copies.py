"""Drawn copies of photos and videos: drawing one again replaces its own earlier copy, and never anything else.

What belongs here: under which name a copy is saved, and the note in it by which it is known again. What does not: drawing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from whosthat.durable import open_private, replace_file, sweep_abandoned, sync_folder, unfinished_in
from whosthat.file_names import candidates
from whosthat.photos.drawing import encode_image
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.types import Image

_NO_DIGEST = b"0" * 64
_PIECE = 1 << 20

STALE = 3600
"""Seconds; FFmpeg is stopped long before when it writes nothing (`photos.video_writing.PATIENCE`)."""


def save_copy(image: Image, folder: Path, name: str, *, source: str, exif: bytes = b"") -> Path:
    """Save a drawn copy (RGB uint8) as JPEG, in place of an earlier one of the same source that nobody changed since; return the file.

    The folder must exist; where the name is taken, a number is added. ``source`` is what the copy shows: a path, or a path and a time.
    ``exif`` is the photo's EXIF block. Raises OSError where it cannot be written.
    """
    note = _note(source)
    copy = next(path for path in map(folder.joinpath, candidates(name)) if not os.path.lexists(path) or _is_unchanged(path, note))
    content = encode_image(image, quality=92, exif=exif, comment=note + _NO_DIGEST)
    digest = hashlib.sha256(content).hexdigest().encode()
    replace_file(copy, content.replace(note + _NO_DIGEST, note + digest, 1))
    return copy


def _is_unchanged(path: Path, note: bytes) -> bool:
    """Tell whether a file is a copy with this note, byte for byte as it was saved."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > MAX_PHOTO_BYTES:
        return False
    before, found, after = path.read_bytes().partition(note)
    return bool(found) and hashlib.sha256(before + note + _NO_DIGEST + after[64:]).hexdigest().encode() == after[:64]


@dataclass(frozen=True)
class VideoCopy:
    """Where a drawn video is written to, and the name that it gets when it is whole."""

    temporary: Path
    path: Path


@contextmanager
def video_copy(folder: Path, name: str, *, source: str) -> Iterator[VideoCopy]:
    """Make room for a drawn copy of a video, an MP4 file that the block writes to the temporary name; as `save_copy`.

    It gets its name when the block ends without an error, and is deleted otherwise; killed at any moment, nothing half has the name. The
    note stands behind the video, in a box that players skip (ISO/IEC 14496-12, "free").
    """
    sweep_abandoned(folder, os.listdir(folder), STALE)  # noqa: PTH208  names are wanted
    note = _note(source)
    box = (8 + len(note) + len(_NO_DIGEST)).to_bytes(4, "big") + b"free" + note
    path = next(path for path in map(folder.joinpath, candidates(name)) if not os.path.lexists(path) or _is_unchanged_video(path, box))
    copy = VideoCopy(unfinished_in(folder), path)
    try:
        open_private(copy.temporary).close()
        yield copy
        with copy.temporary.open("r+b") as file:
            digest = _digest(file, os.fstat(file.fileno()).st_size, box)
            file.write(box + digest)
            file.flush()
            os.fsync(file.fileno())
        copy.temporary.replace(path)
    finally:
        copy.temporary.unlink(missing_ok=True)
    sync_folder(folder)


def _note(source: str) -> bytes:
    return b"drawn by whosthat from " + hashlib.sha256(os.fsencode(source)).hexdigest()[:16].encode() + b", "


def _digest(file: BinaryIO, length: int, box: bytes) -> bytes:
    """Return the digest of a video of this length with this box behind it; the file is then read up to its end or the box."""
    digest = hashlib.sha256()
    for start in range(0, length, _PIECE):
        digest.update(file.read(min(_PIECE, length - start)))
    digest.update(box + _NO_DIGEST)
    return digest.hexdigest().encode()


def _is_unchanged_video(path: Path, box: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        length = os.fstat(file.fileno()).st_size - len(box) - len(_NO_DIGEST)
        if length < 0:
            return False
        file.seek(length)
        found, after = file.read(len(box)), file.read(len(_NO_DIGEST))
        file.seek(0)
        return found == box and _digest(file, length, box) == after
