"""Drawn copies of photos: drawing a photo again replaces its own earlier copy, and never anything else.

What belongs here: under which name a copy is saved, and the note in it by which it is known again. What does not: drawing.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from whosthat.durable import replace_file
from whosthat.file_names import candidates
from whosthat.photos.drawing import encode_image
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.types import Image

_NO_DIGEST = b"0" * 64


def save_copy(image: Image, folder: Path, name: str, *, source: str, exif: bytes = b"") -> Path:
    """Save a drawn copy (RGB uint8) as JPEG, in place of an earlier one of the same source that nobody changed since; return the file.

    The folder must exist; where the name is taken, a number is added. ``source`` is what the copy shows: a path, or a path and a time.
    ``exif`` is the photo's EXIF block. Raises OSError where it cannot be written.
    """
    note = b"drawn by whosthat from " + hashlib.sha256(os.fsencode(source)).hexdigest()[:16].encode() + b", "
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
