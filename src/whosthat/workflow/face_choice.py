"""Which face of a photo is the person to be enrolled: the one that was asked for, or that fits the other photos; otherwise nobody.

What belongs here: looking at the faces of a photo again, choosing one, and the question where that is not clear. What does not: finding
and embedding faces (`whosthat.faces`), the face that a photo in a person's folder is about (`face_photos`), changing a gallery (`people`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import UsageError, WhichFaceError
from whosthat.faces.finding import PLAIN, FaceReader, rivals
from whosthat.faces.remembered import PhotoFaces
from whosthat.photos.reading import read
from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.heads import templates_of
from whosthat.recognition.identifier import Identifier
from whosthat.translation import N_, _
from whosthat.types import Face
from whosthat.wording import counted, listing
from whosthat.workflow.face_photos import stacked

if TYPE_CHECKING:
    from whosthat.types import FloatArray

_PLACES = (
    (N_("top left"), N_("top"), N_("top right")),
    (N_("left"), N_("middle"), N_("right")),
    (N_("bottom left"), N_("bottom"), N_("bottom right")),
)
"""Nine parts of a photo, row by row."""


@dataclass(frozen=True)
class Crowd:
    """A photo, its width and height, and its faces from left to right, at least one, with their embeddings, float32 (n, dimensions)."""

    path: Path
    size: tuple[int, int]
    faces: tuple[Face, ...]
    vectors: FloatArray


@dataclass(frozen=True)
class Chosen:
    """The embedding that stands for each photo, float32 (n, dimensions), and a sentence for each that was chosen among several faces."""

    vectors: FloatArray
    notes: tuple[str, ...] = ()


def look_again(path: Path, found: PhotoFaces, reader: FaceReader) -> Crowd:
    """Find every face of a photo as predicting does, or else take those that were found in it, and embed all of them."""
    image = read(path)
    faces = tuple(sorted(reader.find(image) or found.faces, key=lambda face: (face.box.left, face.box.top)))
    return Crowd(path, found.size, faces, reader.embed(reader.crops(image, faces)))


def looks_like(crowd: Crowd, identifier: Identifier) -> list[str | None]:
    """Return the person whom each face is nearest to; None where nobody is near enough."""
    nearest = zip(*identifier.nearest_people(crowd.vectors), strict=True)
    return [identifier.gallery.people[person] if identifier.threshold.accepts(float(far)) else None for far, person in nearest]


def choose_face(person: str, path: Path, found: PhotoFaces, identifier: Identifier, reader: FaceReader, number: int) -> FloatArray:
    """Return the embedding of one face of a person's photo, float32 (1, dimensions); ``number`` counts from 1, from left to right.

    Raises UsageError when there is no such face; it says whom each face looks like.
    """
    crowd = look_again(path, found, reader)
    if not 1 <= number <= len(crowd.faces):
        lines = "\n".join(_lines(crowd, identifier))
        raise UsageError(
            "There is no face {number} in {path}, which shows {faces}. Choose {person}:\n{lines}",
            number=number,
            path=path,
            faces=counted(len(crowd.faces), "face"),
            person=person,
            lines=lines,
        )
    return crowd.vectors[number - 1 : number]


def choose_faces(
    person: str, photos: Mapping[str, Path], found: Mapping[str, PhotoFaces], identifier: Identifier, reader: FaceReader
) -> Chosen:
    """Choose the face that shows a person in each of some photos; of several faces, the only one that fits the other photos.

    Photos go by SHA-256; in each a face was found. Raises WhichFaceError when several faces of a photo may be meant, and not exactly one of
    them fits the other photos.
    """
    doubtful = [digest for digest in photos if len(rivals(found[digest].faces)) > 1 or found[digest].way != PLAIN]
    looked = {digest: look_again(photos[digest], found[digest], reader) for digest in doubtful}
    crowds = {digest: crowd for digest, crowd in looked.items() if len(rivals(crowd.faces)) > 1}
    vectors = {digest: found[digest].vector for digest in photos}
    known = _known_faces(person, [found[digest] for digest in photos if digest not in crowds], identifier)
    notes, unclear = [], []
    for digest, crowd in crowds.items():
        fits = _fitting(crowd, known, identifier.threshold.value)
        if len(fits) == 1:
            vectors[digest] = crowd.vectors[fits[0]]
            notes.append(_note(person, crowd, fits[0]))
        else:
            unclear.append(crowd)
    if unclear:
        raise WhichFaceError(_question(person, unclear, identifier, alone=len(photos) == 1))
    return Chosen(np.stack(list(vectors.values())).astype(np.float32), tuple(notes))


def _known_faces(person: str, clear: Sequence[PhotoFaces], identifier: Identifier) -> FloatArray | None:
    """What the person looks like: as enrolled or, for somebody new, as in the photos that are clear; None if there are none."""
    gallery = identifier.gallery
    if person in gallery.people:
        own: FloatArray = gallery.vectors[gallery.labels == gallery.people.index(person)]
        return own
    return stacked(clear) if clear else None


def _fitting(crowd: Crowd, known: FloatArray | None, farthest: float) -> list[int]:
    """Return the faces that are near enough to be the person."""
    if known is None:
        return []
    template = templates_of(known, np.zeros(len(known), np.int64), 1)
    to_template = corrected(distances(crowd.vectors, template), np.array([len(known)]))[:, 0]
    return np.flatnonzero(to_template <= farthest).tolist()


def _note(person: str, crowd: Crowd, row: int) -> str:
    return _(
        "Of the {n} faces in {path}, number {number} ({place}) was enrolled: it looks like {person} in other photos.",
        n=len(crowd.faces),
        path=crowd.path,
        number=row + 1,
        place=_place(crowd.faces[row], crowd.size),
        person=person,
    )


def _question(person: str, crowds: Sequence[Crowd], identifier: Identifier, *, alone: bool) -> str:
    """Say which photos show several faces, and number those of the first."""
    first = crowds[0]
    if len(crowds) == 1:
        unclear = _(
            "{path} shows {n} faces, and it is not clear which of them is {person}.", path=first.path, n=len(first.faces), person=person
        )
    else:
        names = listing([f"{crowd.path} ({len(crowd.faces)})" for crowd in crowds])
        unclear = _(
            "{n} photos show several faces, and it is not clear which of them is {person}: {names}.",
            n=len(crowds),
            person=person,
            names=names,
        )
    if alone:
        advice = _("Choose one by its number.")
    elif len(crowds) == 1:
        advice = _("Leave it out, or add it alone and choose a face by its number.")
    else:
        advice = _("Leave them out, or add them one by one and choose a face by its number.")
    which = _("The faces in {photo}, from left to right:", photo=first.path.name)
    return "\n".join([_("{unclear} {advice} Nothing was changed.", unclear=unclear, advice=advice), which, *_lines(first, identifier)])


def _lines(crowd: Crowd, identifier: Identifier) -> list[str]:
    """Return a line for each face: number, place, size, box, and whom it looks like."""
    lines = []
    for number, (face, person) in enumerate(zip(crowd.faces, looks_like(crowd, identifier), strict=True), start=1):
        box, looks = face.box, _("looks like {person}", person=person) if person else _("looks like nobody who is enrolled")
        line = _(
            "{number}: {place}, {width:.0f} x {height:.0f} pixels from ({left:.0f}, {top:.0f}), {looks}",
            number=number,
            place=_place(face, crowd.size),
            width=box.width,
            height=box.height,
            left=box.left,
            top=box.top,
            looks=looks,
        )
        lines.append(f"  {line}")
    return lines


def _place(face: Face, size: tuple[int, int]) -> str:
    """Say in which of nine parts of the photo a face is."""
    across = min(max(int(1.5 * (face.box.left + face.box.right) / size[0]), 0), 2)
    down = min(max(int(1.5 * (face.box.top + face.box.bottom) / size[1]), 0), 2)
    return _(_PLACES[down][across])
