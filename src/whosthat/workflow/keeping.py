"""Photos of people who were named, kept in the folder of photos, so that the next training learns from them too.

What belongs here: under which name, and which part of the photo. What does not: enrolling them now (`people`).
"""

from __future__ import annotations

import unicodedata
from pathlib import Path

from whosthat.durable import make_private_folder, replace_file
from whosthat.errors import DatasetError, system_reason
from whosthat.file_names import safe_name, unused_path
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import read
from whosthat.types import Box

MARGIN = 0.6
"""A face among others is kept with so much around it on each side, of the longer side of its box: as detectors need, and no more."""


def place_to_keep(photos: Path, person: str, filename: str) -> Path | None:
    """Return where a photo of somebody would be kept: in their folder, under a name that nothing there has.

    None where the person's name cannot be that of a folder everywhere.
    """
    person = unicodedata.normalize("NFC", person)
    if safe_name(person) != person:
        return None
    there = (one for one in photos.iterdir() if unicodedata.normalize("NFC", one.name) == person and one.is_dir())
    return unused_path(next(there, photos / person), filename)


def keep_photo(place: Path, content: bytes, face: Box | None = None) -> None:
    """Write a photo, the bytes of its file, where `place_to_keep` says.

    Args:
        place: Where; its folder is made when it is not there.
        content: The photo.
        face: Where others are in the photo too, the face: what is around it is kept alone, as JPEG.

    Raises:
        PhotoError: The photo cannot be read.
        DatasetError: It cannot be written.
    """
    if face is not None:
        content = _around(content, face)
    try:
        make_private_folder(place.parent)
        replace_file(place, content)
    except OSError as error:
        raise DatasetError("{file} cannot be written: {error}.", file=place, error=system_reason(error)) from error


def _around(content: bytes, face: Box) -> bytes:
    image = read(content)
    height, width = image.shape[:2]
    reach = MARGIN * max(face.width, face.height)
    left, right = (min(max(0, round(side)), width) for side in (face.left - reach, face.right + reach))
    top, bottom = (min(max(0, round(side)), height) for side in (face.top - reach, face.bottom + reach))
    return encode_image(image[top:bottom, left:right], quality=95)
