"""People in places of a photo, as other programs count places: in shares of the photo as it is stored, before it is turned upright.

What belongs here: the shape of a region, turning places, overlap. What does not: how a region is written down (`xmp`, `picasa`).

Source: Metadata Working Group, "Guidelines for Handling Image Metadata", 2.0, 5.9: "Region metadata is applied to the stored image." So do
digiKam, Lightroom, immich and PhotoPrism, and Picasa for JPEG (ExifTool's picasa_faces.config turns its rectangles for RAW files alone).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from whosthat.types import Box

OVERLAP = 0.3
"""Two boxes show the same face when they have at least this share of their union in common: programs cut faces differently."""

SAME_SHAPE = 0.02
"""So far may width by height of a photo be from that to which regions were applied, relatively: smaller copies round their sides."""

# EXIF orientation -> where a place (x, y) of the stored photo lies in the upright one, in shares (EXIF 2.32, tag 0x0112).
_TURNS: Mapping[int, Callable[[float, float], tuple[float, float]]] = {
    2: lambda x, y: (1 - x, y),
    3: lambda x, y: (1 - x, 1 - y),
    4: lambda x, y: (x, 1 - y),
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}
_BACK = {6: 8, 8: 6}
_SIDEWAYS = (5, 6, 7, 8)


class Applied(Enum):
    """What the places of a list of regions mean."""

    STORED = "stored"
    """Shares of the photo as it is stored."""

    UPRIGHT = "upright"
    """Shares of the photo as it is shown: the list names its sides so, and they are the other way round in the file."""

    ANOTHER = "another"
    """Shares of a photo of another shape: this one was cut, or turned, since."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How a photo is stored: width and height in pixels, and the EXIF orientation, 1 to 8, that turns it upright."""

    width: int
    height: int
    orientation: int = 1

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height of the photo as it is shown."""
        return (self.height, self.width) if self.orientation in _SIDEWAYS else (self.width, self.height)

    def upright(self, box: Box) -> Box:
        """Turn a box, in shares of the stored photo, into one in shares of the upright one."""
        return _turned(box, self.orientation)

    def stored(self, box: Box) -> Box:
        """Turn a box, in shares of the upright photo, into one in shares of the stored one."""
        return _turned(box, _BACK.get(self.orientation, self.orientation))

    def applied(self, width: float, height: float) -> Applied:
        """Say what regions mean that were applied to a photo of these sides; sides that are no numbers are taken for the stored ones."""
        if not (width > 0 and height > 0 and math.isfinite(width / height)):
            return Applied.STORED
        if _same_shape(width, height, self.width, self.height):
            return Applied.STORED
        return Applied.UPRIGHT if _same_shape(width, height, *self.upright_size) else Applied.ANOTHER


@dataclass(frozen=True, slots=True)
class Region:
    """A face in a photo.

    Attributes:
        name: Who it is; "" where nobody has said so.
        box: Where, in shares of width and height of the upright photo, 0 to 1.
    """

    name: str
    box: Box


def same_face(one: Box, other: Box) -> float:
    """Return how well two boxes fit as those of one face, 0 where they do not.

    That is their overlap or, where one holds the middle of the other and is not three times as long, a little less than `OVERLAP`.
    """
    if one.right < other.left or other.right < one.left or one.bottom < other.top or other.bottom < one.top:
        return 0.0  # most pairs of a photo with many regions: there are millions
    share = one.overlap(other)
    if share >= OVERLAP:
        return share
    sizes = sorted((max(one.width, one.height), max(other.width, other.height)))
    near = (_holds_middle(one, other) or _holds_middle(other, one)) and sizes[1] <= 3 * sizes[0]
    return min(share, OVERLAP * 0.99) if near else 0.0


def cut(left: float, top: float, right: float, bottom: float) -> Box | None:
    """Return a box in shares, cut to the photo; None where nothing of it is left, or a side is no number."""
    if not all(map(math.isfinite, (left, top, right, bottom))):
        return None
    left, top, right, bottom = (min(1.0, max(0.0, side)) for side in (left, top, right, bottom))
    return Box(left, top, right, bottom) if right > left and bottom > top else None


def without_doubles(regions: Iterable[Region]) -> tuple[Region, ...]:
    """Return regions without those of a face that came before."""
    kept: list[Region] = []
    for region in regions:
        if not any(same_face(region.box, other.box) for other in kept):
            kept.append(region)
    return tuple(kept)


def _holds_middle(one: Box, other: Box) -> bool:
    x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
    return one.left <= x <= one.right and one.top <= y <= one.bottom


def _turned(box: Box, orientation: int) -> Box:
    turn = _TURNS.get(orientation)
    if turn is None:
        return box
    (x0, y0), (x1, y1) = turn(box.left, box.top), turn(box.right, box.bottom)
    return Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _same_shape(width: float, height: float, other_width: float, other_height: float) -> bool:
    return abs(width * other_height / (height * other_width) - 1) <= SAME_SHAPE
