"""The faces of one photo of a library: which photo and which face somebody means, and who they are.

What belongs here: from a path, a SHA-256 or a face's id to rows of the library. What does not: what is said of a face (`correcting`).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from whosthat.errors import DatasetError, UsageError, WhichFaceError
from whosthat.library.contents import LibraryFace, faces_of, files_of, photos_by_digest, roots_of
from whosthat.library.store import Library
from whosthat.photos.reading import sha256_of
from whosthat.translation import _
from whosthat.types import Box

_ID = re.compile(r"([0-9a-f]{64})(?:-([1-9]\d{0,8}))?")


@dataclass(frozen=True, slots=True)
class FaceAnswer:
    """A face of a photo, and who it is.

    Attributes:
        number: From 1, from the left.
        box: Where it is, in pixels of the upright photo.
        name: Who it is; None for nobody who is known.
        confidence: How sure that is, 0 to 1.
        why: ``fact``, ``no_face``, ``recogniser``, ``group``; empty where nothing is known of it.
    """

    number: int
    box: Box
    name: str | None
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class LibraryPhoto:
    """A photo of a library.

    Attributes:
        sha256: Of its bytes, in hexadecimal.
        size: Width and height of the upright photo, in pixels.
        paths: Where it lies, or lay at the last scan.
        faces: From the left.
    """

    sha256: str
    size: tuple[int, int]
    paths: tuple[Path, ...]
    faces: tuple[FaceAnswer, ...]


def photo_in(library: str | Path, photo: str | Path) -> LibraryPhoto:
    """Return a photo with its faces, and who they are; errors as of `photo_row`, LibraryError where the library is damaged."""
    with Library(library) as opened:
        row, _number = photo_row(opened, photo)
        ((digest, *size),) = opened.rows("SELECT lower(hex(sha256)), width, height FROM photos WHERE id = ?", (row,))
        return LibraryPhoto(digest, (size[0], size[1]), files_of(opened, row, missing=True), _answers(opened, row))


def photo_row(library: Library, photo: str | Path) -> tuple[int, int | None]:
    """Return the row of a photo that somebody named, and the number of the face where an id says it.

    A photo is named by its path, also when it is gone, by its SHA-256, or by a face's id, "<SHA-256>-<number>". Raises UsageError where the
    library does not know it.
    """
    if found := _ID.fullmatch(str(photo)):
        row = photos_by_digest(library, [found[1]]).get(found[1])
        if row is None:
            raise UsageError("The library {folder} has no photo {photo}.", folder=library.folder, photo=found[1])
        return row, int(found[2]) if found[2] else None
    path = Path(os.path.realpath(photo))
    listed = _listed(library, path)
    digest = sha256_of(path) if path.is_file() else ""
    row = photos_by_digest(library, [digest]).get(digest) if digest else listed
    if row is not None:
        return row, None
    if listed is not None:
        raise UsageError("{photo} was changed since it was scanned. Scan again first.", photo=photo)
    if not path.exists():
        raise UsageError("There is no photo {photo}, and the library {folder} knows none.", photo=photo, folder=library.folder)
    raise UsageError("{photo} is not in the library {folder}. Scan its folder first.", photo=photo, folder=library.folder)


def _listed(library: Library, path: Path) -> int | None:
    """Return the row of the photo that lay at a place at the last scan."""
    for root, folder in roots_of(library).items():
        if path.is_relative_to(folder):
            name = os.fsencode(path.relative_to(folder))
            found = library.rows("SELECT photo FROM files WHERE root = ? AND name = ? AND photo IS NOT NULL", (root, name))
            if found:
                return int(found[0][0])
    return None


def _answers(library: Library, photo: int) -> tuple[FaceAnswer, ...]:
    statement = (
        'SELECT number, "left", top, "right", bottom, name, coalesce(confidence, 0), coalesce(why, \'\') FROM faces '
        "LEFT JOIN answers ON face = faces.id LEFT JOIN people ON people.id = person WHERE photo = ? AND reader = ? ORDER BY number"
    )
    rows = library.rows(statement, (photo, library.setting("reader") or ""))
    return tuple(FaceAnswer(number, Box(*sides), name, confidence, why) for number, *sides, name, confidence, why in rows)


def face_meant(library: Library, photo: int, given: str | Path, number: int | None) -> LibraryFace:
    """Return the face of a photo's row that is meant by its number, from 1, from the left; None is the only one.

    Raises DatasetError where no face was found, WhichFaceError where there are several, UsageError where there is none of this number.
    """
    found = faces_of(library, photos=[photo])
    if not found:
        raise DatasetError("No face was found in {photo}.", photo=given)
    if number is None and len(found) > 1:
        lines = "\n".join(f"  {_line(one)}" for one in _answers(library, photo))
        raise WhichFaceError(
            "{photo} shows {n} faces. Choose one by its number, counted from the left:\n{lines}", photo=given, n=len(found), lines=lines
        )
    for one in found:
        if number in (None, one.number):
            return one
    raise UsageError(
        "There is no face {number} in {photo}; its faces are {numbers}.",
        number=number,
        photo=given,
        numbers=", ".join(str(one.number) for one in found),
    )


def _line(answer: FaceAnswer) -> str:
    return _(
        "{number}: {width:.0f} x {height:.0f} pixels from ({left:.0f}, {top:.0f}), {name}",
        number=answer.number,
        width=answer.box.width,
        height=answer.box.height,
        left=answer.box.left,
        top=answer.box.top,
        name=answer.name or _("unknown"),
    )
