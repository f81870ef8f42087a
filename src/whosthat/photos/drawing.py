"""Pictures for people: sightings drawn onto an image, thumbnails, and saving without leaving half a file.

What belongs here: everything that turns an image back into something to look at.
What does not: charts (`evaluation.plots`), deciding what a sighting says (`recognition`).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.durable import replace_file
from whosthat.errors import UsageError, did_you_mean
from whosthat.photos.lettering import Font, font_for
from whosthat.types import Box, Image, Sighting

_KNOWN, _UNKNOWN, _INK = (0, 110, 96), (150, 75, 0), (255, 255, 255)  # white on either reads at a contrast above 5:1
_SMALLEST_LETTERS = 9
_FORMAT_OF_SUFFIX = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}
_FORMATS = ("JPEG", "PNG", "WEBP")


def draw_sightings(image: Image, sightings: Sequence[Sighting]) -> Image:
    """Draw who was seen: a box with a name where the sighting has a box, else a banner along the lower edge.

    Lines and letters grow with the image. A name that is too wide is drawn smaller, then cut.

    Args:
        image: RGB uint8 ``(height, width, 3)``; not changed.
        sightings: What to draw; later ones lie on top, banners stack upwards.

    Returns:
        A new image of the same shape.
    """
    picture = PillowImage.fromarray(np.ascontiguousarray(image))
    pen = ImageDraw.Draw(picture)
    floor = float(picture.height)
    for sighting in sightings:
        if sighting.box is not None:
            _draw_box(pen, sighting, sighting.box, picture.size)
        else:
            floor = _draw_banner(pen, sighting, floor, picture.size)
    return np.array(picture)


def thumbnail(image: Image, longest_side: int) -> Image:
    """Shrink an image so that its longer side has at most this many pixels; a smaller one comes back as it is.

    Args:
        image: RGB uint8 ``(height, width, 3)``.
        longest_side: In pixels, 1 or more.
    """
    height, width = image.shape[:2]
    scale = longest_side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = PillowImage.fromarray(np.ascontiguousarray(image))
    return np.array(picture.resize(size, PillowImage.Resampling.LANCZOS, reducing_gap=3.0))


def fitted(image: Image, width: int, height: int, *, zoom: float) -> Image:
    """Resize an image to the largest size that fits into a place and keeps its shape.

    Args:
        image: RGB uint8 ``(height, width, 3)``.
        width: Of the place, in pixels, 1 or more.
        height: Of the place, in pixels, 1 or more.
        zoom: How many times its size a small image may become, 1 or more.
    """
    scale = min(width / image.shape[1], height / image.shape[0], zoom)
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.array(PillowImage.fromarray(np.ascontiguousarray(image)).resize(size, PillowImage.Resampling.BICUBIC, reducing_gap=2.0))


def encode_image(image: Image, format: str = "JPEG", quality: int = 85) -> bytes:
    """Encode an image; the same image gives the same bytes.

    Args:
        image: RGB uint8 ``(height, width, 3)``.
        format: "JPEG", "PNG" or "WEBP".
        quality: 1 to 95, for JPEG and WEBP.

    Raises:
        UsageError: Another format.
    """
    if format not in _FORMATS:
        raise UsageError(f'Images cannot be encoded as "{format}". {did_you_mean(format, _FORMATS)}')
    options: Mapping[str, Any] = {} if format == "PNG" else {"quality": quality}
    encoded = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(image)).save(encoded, format, **options)
    return encoded.getvalue()


def save_image(image: Image, path: Path) -> None:
    """Save an image in the format of its suffix; the file is there whole, or not at all.

    Args:
        image: RGB uint8 ``(height, width, 3)``.
        path: Ends in .jpg, .jpeg, .png or .webp; an existing file is replaced, its folder must exist.

    Raises:
        UsageError: Another suffix.
        OSError: No room, no permission, no such folder.
    """
    format = _FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if format is None:
        raise UsageError(f'Images cannot be saved as "{path.name}". {did_you_mean(path.suffix, _FORMAT_OF_SUFFIX)}')
    replace_file(path, encode_image(image, format, quality=92))


def _draw_box(pen: ImageDraw.ImageDraw, sighting: Sighting, box: Box, size: tuple[int, int]) -> None:
    colour, line = _colour(sighting), max(1, round(max(size) / 250))
    left, right = sorted((box.left, box.right))
    top, bottom = sorted((box.top, box.bottom))
    pen.rectangle((left, top, right, bottom), outline=colour, width=line)
    text, font, width, height = _label(sighting, size)
    x = min(max(left, 0), max(0, size[0] - width))
    above = top - height
    y = above if above >= 0 else min(bottom, size[1] - height)
    _draw_label(pen, text, font, (x, y, x + width, y + height), colour)


def _draw_banner(pen: ImageDraw.ImageDraw, sighting: Sighting, floor: float, size: tuple[int, int]) -> float:
    """Draw one banner that stands on ``floor``; return its upper edge, where the next one stands."""
    text, font, _, height = _label(sighting, size)
    _draw_label(pen, text, font, (0, floor - height, size[0], floor), _colour(sighting))
    return floor - height


def _draw_label(
    pen: ImageDraw.ImageDraw, text: str, font: Font, place: tuple[float, float, float, float], colour: tuple[int, int, int]
) -> None:
    left, top, right, bottom = place
    pen.rectangle((left, top, right - 1, bottom - 1) if right > left and bottom > top else place, fill=colour)
    x0, y0, _, y1 = font.getbbox(text)
    pen.text((left + (bottom - top) * 0.25 - x0, (top + bottom - y1 - y0) / 2), text, font=font, fill=_INK)


def _label(sighting: Sighting, size: tuple[int, int]) -> tuple[str, Font, int, int]:
    """Text, font, width and height of a label that is no wider than the image where letters can still be read."""
    name = "".join(character if character.isprintable() else "\ufffd" for character in sighting.name or "unknown")
    share = f"{sighting.confidence:.0%}".replace("%", " %")
    letters = max(_SMALLEST_LETTERS, round(max(size) / 22))
    while True:
        text = f"{name}  {share}"
        font = font_for(text, letters)
        width, height = round(font.getlength(text) + letters * 0.8), round(letters * 1.6)
        if width <= size[0] or (letters == _SMALLEST_LETTERS and len(name) <= 1):
            return text, font, width, height
        if letters > _SMALLEST_LETTERS:
            letters = max(_SMALLEST_LETTERS, int(letters * 0.85))
        else:
            name = name[: max(0, len(name) - 2)] + "…"


def _colour(sighting: Sighting) -> tuple[int, int, int]:
    return _UNKNOWN if sighting.name is None else _KNOWN
