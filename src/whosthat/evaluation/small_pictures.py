"""Small pictures that stand inside a page, as JPEG in base64.

What belongs here: making them, of photos and of faces. What does not: which ones a page shows.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from whosthat.dataset.threads import in_order
from whosthat.errors import PhotoError
from whosthat.photos.drawing import encode_image, thumbnail
from whosthat.photos.reading import opened
from whosthat.progress import Progress
from whosthat.translation import _
from whosthat.types import Box, Image

AROUND = 0.25
"""So much of a face's side is shown around it on every side: hair and chin help to know somebody."""

BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
"""What a picture that was kept must look like to stand in a page."""


def small_picture(image: Image, side: int) -> str:
    """Return an image, its longer side at most so many pixels, as JPEG in base64."""
    return base64.b64encode(encode_image(thumbnail(image, side))).decode("ascii")


def small_photos(paths: Sequence[Path], side: int, progress: Progress) -> Iterator[str]:
    """Yield photos as `small_picture`, each empty where it cannot be read."""

    def small(path: Path) -> str:
        try:
            with opened(path, longest=2 * side) as photo:
                return small_picture(photo.image, side)
        except (PhotoError, OSError):
            return ""

    for done, picture in enumerate(in_order(small, paths), start=1):
        yield picture
        progress.step(_("photos shown"), done, len(paths))


def around(image: Image, box: Box, shrunk: float = 1, margin: float = AROUND) -> Image:
    """Cut a square around a face out of a photo, uint8 (side, side, 3) or what of it lies in the photo: at least one pixel.

    The box is in pixels of the photo before it was ``shrunk`` so many times; the margin on each side is a share of its longer side.
    """
    height, width = image.shape[:2]
    half = max(box.width, box.height) * (0.5 + margin) / shrunk
    across, down = (box.left + box.right) / 2 / shrunk, (box.top + box.bottom) / 2 / shrunk
    left, top = int(min(max(across - half, 0), width - 1)), int(min(max(down - half, 0), height - 1))
    return image[top : max(int(down + half), top + 1), left : max(int(across + half), left + 1)]
