"""The contact sheet of a search: one self-contained page with a small picture of each photo that was found.

What belongs here: filling the template. What does not: which photos are found (`whosthat.workflow.library.find`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.evaluation.page import write_page
from whosthat.evaluation.small_pictures import small_photos
from whosthat.progress import SILENT, Progress

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


def write_found_sheet(page: Path, photos: Sequence[Shown], *, terms: str, progress: Progress = SILENT) -> Path:
    """Write the page, in the place of an older one, and return it; OSError where that fails. The terms are what was asked for, in words."""
    few = photos[:MOST_PHOTOS]
    cards = list(zip(few, small_photos([one.path for one in few], SIDE, progress), strict=True))
    return write_page(page, "found.html.j2", n=len(photos), cards=cards, terms=terms)
