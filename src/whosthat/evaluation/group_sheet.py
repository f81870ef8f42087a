"""The contact sheet of a discovery: one self-contained page with a card for each group of faces.

What belongs here: which faces are shown, their small crops, filling the template. What does not: which faces belong together, names
(`whosthat.workflow`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.dataset.threads import in_order
from whosthat.errors import PhotoError
from whosthat.evaluation.page import write_page
from whosthat.evaluation.small_pictures import around, small_picture
from whosthat.photos.reading import opened
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import Box

SIDE = 96
"""Longest side of a face on the page, in pixels."""

DECODED_AT = 1600
"""A large JPEG is decoded no larger than this longer side: enough for `SIDE` pixels of most faces, in a third of the time."""

SHOWN, TYPICAL = 17, 6
"""So many faces of a group are shown, two rows with what says how many more: the most typical, and those least like the others."""

MOST_FACES = 3000
"""Faces on the whole page; the groups that come later show none, but are listed."""

Place = tuple[Path, Box]


@dataclass(frozen=True, slots=True)
class Card:
    """A group on the page: its number, its faces as photo and box, the most typical first, its name, and who it may be, in words."""

    number: int
    faces: tuple[Place, ...]
    name: str | None = None
    guess: str | None = None


@dataclass(frozen=True, slots=True)
class _ShownFace:
    """A face on the page: its number in the group, its photo's name, and a JPEG in base64, empty where it cannot be shown."""

    number: int
    photo: str
    jpeg: str


def write_group_sheet(page: Path, cards: Sequence[Card], *, aside: int, names: Path, progress: Progress = SILENT) -> Path:
    """Write the page, in the place of an older one, and return it; OSError where that fails.

    So many faces ``aside`` are in no group; ``names`` is the file into which names are to be written.
    """
    shown = _shown(cards)
    crops = _crops([cards[at].faces[face] for at, faces in shown.items() for face in faces], progress)
    rows = [
        (card, [_ShownFace(face + 1, card.faces[face][0].name, crops.get(card.faces[face], "")) for face in shown[at]])
        for at, card in enumerate(cards)
    ]
    return write_page(
        page,
        "groups.html.j2",
        n_faces=sum(len(card.faces) for card in cards),
        several=[row for row in rows if len(row[0].faces) > 1],
        alone=[row for row in rows if len(row[0].faces) == 1],
        aside=aside,
        names=names.name,
    )


def _shown(cards: Sequence[Card]) -> dict[int, list[int]]:
    """Choose the faces of each card, in their order: the most typical ones, and those at the end, which may be mistakes."""
    room, shown = MOST_FACES, {}
    for at, card in enumerate(cards):
        n = len(card.faces)
        chosen = [face for face in range(n) if face < TYPICAL or face >= n - (SHOWN - TYPICAL)]
        shown[at] = chosen if len(chosen) <= room else []
        room -= len(shown[at])
    return shown


def _crops(places: Iterable[Place], progress: Progress) -> Mapping[Place, str]:
    """Return faces as small JPEGs in base64; each photo is read once, and what cannot be read is not there."""
    boxes: dict[Path, list[Box]] = defaultdict(list)
    for path, box in places:
        boxes[path].append(box)

    def cut(path: Path) -> dict[Place, str]:
        try:
            with opened(path, longest=DECODED_AT) as photo:
                return {(path, box): small_picture(around(photo.image, box, photo.shrunk), SIDE) for box in boxes[path]}
        except (PhotoError, OSError):
            return {}

    crops: dict[Place, str] = {}
    for done, found in enumerate(in_order(cut, boxes), start=1):
        crops |= found
        progress.step(_("photos shown"), done, len(boxes))
    return crops
