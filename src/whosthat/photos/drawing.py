"""Pictures for people: sightings drawn onto an image, thumbnails, and saving without leaving half a file.

What belongs here: everything that turns an image back into something to look at. What does not: where labels go (`labels`), charts
(`evaluation.plots`), deciding what a sighting says (`recognition`).
"""

from __future__ import annotations

import io
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.durable import replace_file
from whosthat.errors import UsageError, did_you_mean
from whosthat.photos.labels import Place, place_label
from whosthat.photos.lettering import Font, drawable, font_for
from whosthat.translation import N_
from whosthat.types import Box, Image, Point, Sighting
from whosthat.wording import confidence_text

Colour = tuple[int, int, int]

PEOPLE_COLOURS: tuple[Colour, ...] = (
    *((0, 102, 94), (31, 88, 184), (168, 56, 0), (122, 50, 160), (176, 16, 60), (94, 92, 0)),
    *((160, 28, 124), (0, 108, 40), (60, 60, 190), (112, 66, 38)),
)
"""Colours of people; white letters on each read at a contrast above 5:1. Names tell people apart as well, colours never alone."""

UNKNOWN_COLOUR: Colour = (70, 70, 70)
"""The unknown are grey, and their boxes dashed."""

_INK: Colour = (255, 255, 255)
_SMALLEST_LETTERS = 9
_FORMAT_OF_SUFFIX = {".jpg": "JPEG", ".jpeg": "JPEG", ".png": "PNG", ".webp": "WEBP"}

Sides = dict[tuple[str | None, int], int]
"""On which side of their boxes labels are, by name and stranger's number."""


def draw_sightings(image: Image, sightings: Sequence[Sighting], sides: Sides | None = None) -> Image:
    """Draw who was seen onto a copy of an image: a box with a name where the sighting has a box, else a banner along the lower edge.

    Known people have solid boxes, each in a colour of their own, the unknown grey dashed ones. Lines and letters grow with the
    image and the face. Labels stay inside the image and off each other and other faces as long as there is room; one that had to
    move away is tied to its box by a line. A name that is too wide is drawn smaller, then cut. Banners stack upwards.

    Frames of a video share a dictionary ``sides``, empty at first: labels then stay on their side of the box until they must move.
    """
    picture = PillowImage.fromarray(np.ascontiguousarray(image))
    pen = ImageDraw.Draw(picture)
    colours = colours_of(sightings)
    floor = float(picture.height)
    for sighting in sightings:
        if sighting.box is None:
            floor = _draw_banner(pen, sighting, colours[sighting.name], floor, picture.size)
    boxed = [sighting for sighting in sightings if sighting.box is not None]
    _draw_boxes(pen, boxed, colours, floor, picture.size, {} if sides is None else sides)
    return np.array(picture)


def colours_of(sightings: Sequence[Sighting]) -> dict[str | None, Colour]:
    """Return the colour of each name: as far as possible always the same one, and different ones in one picture.

    Example:
        >>> colours_of([Sighting(None, 0.3)])
        {None: (70, 70, 70)}
    """
    colours: dict[str | None, Colour] = {None: UNKNOWN_COLOUR}
    for name in sorted({sighting.name for sighting in sightings if sighting.name is not None}):
        first = zlib.crc32(name.encode("utf-8", "replace")) % len(PEOPLE_COLOURS)
        wanted = PEOPLE_COLOURS[first:] + PEOPLE_COLOURS[:first]
        colours[name] = next((colour for colour in wanted if colour not in colours.values()), wanted[0])
    return colours


def thumbnail(image: Image, longest_side: int) -> Image:
    """Shrink an image so that its longer side has at most this many pixels, 1 or more; a smaller one comes back as it is."""
    scale = longest_side / max(image.shape[:2])
    return image if scale >= 1 else _resized(image, scale, PillowImage.Resampling.LANCZOS, 3.0)


def fitted(image: Image, width: int, height: int, *, zoom: float) -> Image:
    """Resize an image to the largest size that fits into a place, width and height in pixels, and keeps its shape.

    A small one grows to at most ``zoom`` times its size, 1 or more.
    """
    scale = min(width / image.shape[1], height / image.shape[0], zoom)
    return _resized(image, scale, PillowImage.Resampling.BICUBIC, 2.0)


def _resized(image: Image, scale: float, kind: PillowImage.Resampling, reducing_gap: float) -> Image:
    size = (max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale)))
    return np.array(PillowImage.fromarray(np.ascontiguousarray(image)).resize(size, kind, reducing_gap=reducing_gap))


def encode_image(image: Image, format: str = "JPEG", quality: int = 85, *, exif: bytes = b"", comment: bytes = b"") -> bytes:
    """Encode an image as "JPEG", "PNG" or "WEBP"; the same image gives the same bytes.

    Quality, 1 to 95, is for JPEG and WEBP; for JPEG alone what ``exif`` says about the shot, and a ``comment`` that no picture shows.
    """
    options: dict[str, Any] = {} if format == "PNG" else {"quality": quality}
    if format == "JPEG":
        options |= {"exif": exif, "comment": comment}
    encoded = io.BytesIO()
    PillowImage.fromarray(np.ascontiguousarray(image)).save(encoded, format, **options)
    return encoded.getvalue()


def save_image(image: Image, path: Path) -> None:
    """Save an image in the format of its suffix, .jpg, .jpeg, .png or .webp; the file is there whole, or not at all.

    Raises:
        UsageError: Another suffix.
        OSError: No room, no permission, no such folder.
    """
    format = _FORMAT_OF_SUFFIX.get(path.suffix.lower())
    if format is None:
        raise UsageError(
            'Images cannot be saved as "{name}". {choice}', name=path.name, choice=did_you_mean(path.suffix, _FORMAT_OF_SUFFIX)
        )
    replace_file(path, encode_image(image, format, quality=92))


@dataclass(frozen=True, slots=True)
class _Label:
    """Text that fits into a label of this width and height."""

    text: str
    font: Font
    size: tuple[int, int]


def _draw_boxes(
    pen: ImageDraw.ImageDraw,
    sightings: Sequence[Sighting],
    colours: Mapping[str | None, Colour],
    floor: float,
    size: tuple[int, int],
    sides: Sides,
) -> None:
    """Draw all boxes, then what ties labels to them, then all labels: nothing lies on a label."""
    boxes = [_tidy(sighting.box) for sighting in sightings if sighting.box is not None]
    labels = _placed_labels(sightings, boxes, floor, size, sides)
    sides.clear()
    sides.update({(sighting.name, sighting.stranger): place.side for sighting, (_label, place) in zip(sightings, labels, strict=True)})
    for sighting, box in zip(sightings, boxes, strict=True):
        _draw_outline(pen, box, colours[sighting.name], _line(box, size), dashed=sighting.name is None)
    for sighting, box, (label, place) in zip(sightings, boxes, labels, strict=True):
        if place.gap > label.size[1] / 2:
            _draw_tie(pen, box, place.box, colours[sighting.name], _line(box, size))
    for sighting, (label, place) in zip(sightings, labels, strict=True):
        _draw_label(pen, label, place.box, colours[sighting.name])


def _placed_labels(
    sightings: Sequence[Sighting], boxes: Sequence[Box], floor: float, size: tuple[int, int], sides: Sides
) -> list[tuple[_Label, Place]]:
    """Find text and place of each label. Those of known people, and of large faces, choose first."""
    taken = [Box(0, floor, size[0], size[1])]
    found: dict[int, tuple[_Label, Place]] = {}
    for number in sorted(range(len(boxes)), key=lambda number: (sightings[number].name is None, -boxes[number].height)):
        others = [box for other, box in enumerate(boxes) if other != number]
        side = sides.get((sightings[number].name, sightings[number].stranger))
        found[number] = _fitting_label(sightings[number], boxes[number], size, taken, others, side)
        taken.append(found[number][1].box)
    return [found[number] for number in range(len(boxes))]


def _fitting_label(
    sighting: Sighting, box: Box, size: tuple[int, int], taken: Sequence[Box], others: Sequence[Box], side: int | None
) -> tuple[_Label, Place]:
    """Return the largest label that finds a free place, or the smallest one where it disturbs least."""
    longest = max(size)
    least = max(_SMALLEST_LETTERS, longest // 80)
    letters = max(least, min(longest // 36, max(longest // 56, round(box.height * 0.22))))
    while True:
        label = _label(sighting, letters, size[0])
        place = place_label(label.size, box, size, taken, others, side)
        if place.is_free or letters == least:
            return label, place
        letters = max(least, int(letters * 0.85))


def _draw_outline(pen: ImageDraw.ImageDraw, box: Box, colour: Colour, line: int, *, dashed: bool) -> None:
    """Draw a box with a thin white edge around its line, so that it is seen on any background."""
    corners = [(box.left, box.top), (box.right, box.top), (box.right, box.bottom), (box.left, box.bottom)]
    edge = max(1, line // 3)
    sides = list(zip(corners, corners[1:] + corners[:1], strict=True))
    pieces = [piece for start, end in sides for piece in (_dashes(start, end, 5 * line) if dashed else [(start, end)])]
    for width, paint in ((line + 2 * edge, _INK), (line, colour)):
        for start, end in pieces:
            left, right = sorted((_first_pixel(start[0], width), _first_pixel(end[0], width)))
            top, bottom = sorted((_first_pixel(start[1], width), _first_pixel(end[1], width)))
            pen.rectangle((left, top, right + width - 1, bottom + width - 1), fill=paint)


def _first_pixel(middle: float, width: int) -> int:
    """Return the first pixel of a line of this width around a place; wider lines around the same place reach evenly beyond."""
    return math.floor(middle - (width - 1) / 2 + 0.5)


def _dashes(start: Point, end: Point, length: int) -> list[tuple[Point, Point]]:
    """Cut a line into dashes of about a length with gaps as long; both its ends are dashes, so that corners are seen."""
    distance = abs(end[0] - start[0]) + abs(end[1] - start[1])
    count = min(200, max(1, round((distance / length + 1) / 2)))  # a box from a hostile file may be any size
    xs, ys = ([a + (b - a) * part / (2 * count - 1) for part in range(2 * count)] for a, b in zip(start, end, strict=True))
    points = list(zip(xs, ys, strict=True))
    return list(zip(points[::2], points[1::2], strict=True))


def _draw_tie(pen: ImageDraw.ImageDraw, box: Box, label: Box, colour: Colour, line: int) -> None:
    """Join a label to its box where they are nearest."""
    ends = [
        (min(max((label.left + label.right) / 2, of.left), of.right), min(max((label.top + label.bottom) / 2, of.top), of.bottom))
        for of in (box, label)
    ]
    ends[1] = (min(max(ends[0][0], label.left), label.right), min(max(ends[0][1], label.top), label.bottom))
    pen.line(ends, fill=_INK, width=line + 2)
    pen.line(ends, fill=colour, width=line)


def _tidy(box: Box) -> Box:
    """The same box with left before right and top above bottom."""
    (left, right), (top, bottom) = sorted((box.left, box.right)), sorted((box.top, box.bottom))
    return Box(left, top, right, bottom)


def _line(box: Box, size: tuple[int, int]) -> int:
    return max(1, round(min(max(size) / 280, max(box.width, box.height) / 18)))


def _draw_banner(pen: ImageDraw.ImageDraw, sighting: Sighting, colour: Colour, floor: float, size: tuple[int, int]) -> float:
    """Draw one banner that stands on ``floor``; return its upper edge, where the next one stands."""
    label = _label(sighting, max(_SMALLEST_LETTERS, round(max(size) / 22)), size[0])
    top = floor - label.size[1]
    _draw_label(pen, label, Box(0, top, size[0], floor), colour)
    return top


def _draw_label(pen: ImageDraw.ImageDraw, label: _Label, box: Box, colour: Colour) -> None:
    pen.rectangle((box.left, box.top, max(box.left, box.right - 1), max(box.top, box.bottom - 1)), fill=colour)
    x0, y0, _x1, y1 = label.font.getbbox(label.text)
    pen.text((box.left + box.height * 0.25 - x0, (box.top + box.bottom - y1 - y0) / 2), label.text, font=label.font, fill=_INK)


def name_of(sighting: Sighting) -> str:
    """Return what a picture calls somebody: the name, or "unknown" and which of the unknown; what cannot be printed is replaced."""
    return printable(sighting.name or f"{drawable(N_('unknown'))} {sighting.stranger or ''}".rstrip())


def printable(text: str) -> str:
    """Replace what cannot be printed."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _label(sighting: Sighting, letters: int, widest: int) -> _Label:
    """Return the label of a sighting, no wider than the image as long as its letters can be read.

    How sure is said of a name alone: of the unknown it would be the best guess's share, and read as how surely unknown.
    """
    name = name_of(sighting)
    share = "" if sighting.name is None else f"  {confidence_text(sighting.confidence)}"
    while True:
        text = f"{name}{share}"
        font = font_for(text, letters)
        width, height = round(font.getlength(text) + letters * 0.8), round(letters * 1.6)
        if width <= widest or (letters <= _SMALLEST_LETTERS and len(name) <= 1):
            return _Label(text, font, (width, height))
        if letters > _SMALLEST_LETTERS:
            letters = max(_SMALLEST_LETTERS, int(letters * 0.85))
        else:
            name = name[: max(0, len(name) - 2)] + "…"
