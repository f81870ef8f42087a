"""The contact sheet of a search: one self-contained page with a small picture of each photo that was found.

What belongs here: the small pictures, filling the template. What does not: which photos are found (`whosthat.workflow.library.find`).
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.dataset.threads import in_order
from whosthat.durable import replace_file
from whosthat.errors import PhotoError
from whosthat.evaluation.page import template
from whosthat.photos.drawing import encode_image, thumbnail
from whosthat.photos.reading import opened
from whosthat.progress import SILENT, Progress
from whosthat.translation import _

SIDE = 320
"""Longer side of a small picture, in pixels: shown at half of that, so that fine screens have enough."""

MOST_PHOTOS = 500
"""Photos on a page, about 20 kilobytes each; the rest is counted."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A photo on the page: its file, who is in it, and when it was taken, in words."""

    path: Path
    who: str
    when: str


@dataclass(frozen=True, slots=True)
class _Card:
    shown: Shown
    address: str
    jpeg: str


def write_found_sheet(page: Path, photos: Sequence[Shown], *, terms: str, progress: Progress = SILENT) -> Path:
    """Write the page, in the place of an older one, and return it; OSError where that fails.

    Args:
        page: The file to write.
        photos: What was found, in its order.
        terms: What was asked for, in words.
        progress: Shows the photos as they are read.
    """
    cards = []
    few = photos[:MOST_PHOTOS]
    for done, (shown, jpeg) in enumerate(zip(few, in_order(_small, [one.path for one in few]), strict=True), start=1):
        cards.append(_Card(shown, shown.path.absolute().as_uri(), jpeg))
        progress.step(_("photos shown"), done, len(few))
    text = template("found.html.j2").render(n=len(photos), cards=cards, terms=terms)
    replace_file(page, text.encode("utf-8", errors="replace"))  # a file name may hold bytes that are no letters
    return page


def _small(path: Path) -> str:
    """Return a photo as a small JPEG in base64; empty where it cannot be read."""
    try:
        with opened(path, longest=2 * SIDE) as photo:
            return base64.b64encode(encode_image(thumbnail(photo.image, SIDE))).decode("ascii")
    except (PhotoError, OSError):
        return ""
