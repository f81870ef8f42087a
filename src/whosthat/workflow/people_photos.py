"""The enrolled photos of one person: which they are, leaving one out, and choosing another face in one.

What belongs here: changes of single enrolled photos in a saved bundle. What does not: enrolling new ones (`people`), faces that are not
somebody's (`people.rule_out`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import DatasetError, PhotoError, UsageError, did_you_mean
from whosthat.photos.reading import sha256_of
from whosthat.progress import SILENT, Progress
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.gallery import ONE_FACE, EnrolledPhoto, Gallery
from whosthat.recognition.index import index_of
from whosthat.types import Box
from whosthat.wording import counted, listing
from whosthat.workflow import face_choice
from whosthat.workflow.face_photos import faces_of_photos
from whosthat.workflow.gallery_bundle import check_others_left, gallery_of, known_name, recogniser_of, save_gallery
from whosthat.workflow.removing import held

if TYPE_CHECKING:
    from whosthat.types import FloatArray

_DIGEST = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True)
class FaceOfPhoto:
    """A face of a photo in which somebody is enrolled.

    Attributes:
        number: From 1, from left to right.
        box: Where it is, in pixels.
        looks_like: The person whom it is nearest to; None where nobody is near enough.
        enrolled: Whether this is the face that is enrolled.
    """

    number: int
    box: Box
    looks_like: str | None
    enrolled: bool


@dataclass(frozen=True)
class EnrolledFaces:
    """Whose enrolled photo it is, its name in the gallery, and its faces from left to right."""

    person: str
    photo: str
    faces: tuple[FaceOfPhoto, ...]


def photos_of(bundle: str | Path, name: str) -> tuple[EnrolledPhoto, ...]:
    """Return the enrolled photos of somebody: names and SHA-256. UsageError when nobody has this name; BundleError as of `list_people`."""
    gallery = gallery_of(bundle)
    return gallery.photos_of(known_name(name, gallery.people))


def remove_photo(bundle: str | Path, name: str, photo: str | Path) -> EnrolledPhoto:
    """Enrol a photo of somebody no longer; the bundle is replaced in one step, and what it gave is returned.

    Args:
        bundle: The face recogniser.
        name: Whose photo it is.
        photo: The file, its name in the gallery ("anna/beach.jpg" or "beach.jpg"), or eight digits of its SHA-256 or more.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        UsageError: Nobody has this name, no or several enrolled photos are meant, or it is the only one of this person.
    """
    with held(bundle) as (opened, _rest):
        identifier = recogniser_of(opened).identifier
        gallery = identifier.gallery
        name = known_name(name, gallery.people)
        row = _row_of(gallery, name, photo)
        check_others_left(gallery, name, gallery.photos[row].name, 1)
        kept = gallery.of(np.arange(len(gallery.photos)) != row)
        digest = gallery.photos[row].sha256
        gone = frozenset({digest}) - {one.sha256 for one in kept.photos}
        save_gallery(opened, kept, identifier.index and identifier.index.without(np.array([row], np.int64)), gone=gone)
    return gallery.photos[row]


def choose_face(
    bundle: str | Path, photo: str | Path, face: int | None = None, *, name: str | None = None, progress: Progress = SILENT
) -> EnrolledFaces:
    """Say which faces an enrolled photo shows and which of them is enrolled; with ``face``, enrol that one instead.

    Args:
        bundle: The face recogniser; it is replaced in one step.
        photo: The file of a photo that is enrolled.
        face: The number of the face that is the person, from 1, from left to right; None changes nothing.
        name: Whose photo it is; needed where several people are enrolled by it.
        progress: Is told how far the work is.

    Raises:
        BundleError: The bundle cannot be used or saved; the old one is then still there.
        PhotoError: The photo cannot be read.
        UsageError: The photo is not enrolled, by several people and no name is given, or there is no such face.
        DatasetError: No face is found in it any more.
    """
    path = Path(photo)
    with held(bundle) as (opened, _rest):
        recogniser = recogniser_of(opened)
        gallery = recogniser.identifier.gallery
        row = _enrolled_row(gallery, path, name)
        crowd = _crowd(path, gallery.photos[row].sha256, recogniser, progress)
        chosen = _enrolled_face(crowd.vectors, gallery.vectors[row])
        if face is not None and not 1 <= face <= len(crowd.faces):
            faces = counted(len(crowd.faces), "face")
            raise UsageError("There is no face {number} in {path}, which shows {faces}.", number=face, path=path, faces=faces)
        if face is not None and face != chosen + 1:
            chosen = face - 1
            vectors = np.array(gallery.vectors)
            vectors[row] = crowd.vectors[chosen]
            gallery = replace(gallery, vectors=vectors)
            save_gallery(opened, gallery, recogniser.identifier.index and index_of(vectors, gallery.labels))
            recogniser.identifier = replace(recogniser.identifier, gallery=gallery, index=None)
    return EnrolledFaces(gallery.people[gallery.labels[row]], gallery.photos[row].name, _faces(crowd, recogniser, chosen))


def _row_of(gallery: Gallery, name: str, photo: str | Path) -> int:
    """Return the row of an enrolled photo of somebody, by file, name or SHA-256."""
    text = str(photo)
    rows = np.flatnonzero(gallery.labels == gallery.people.index(name)).tolist()
    digest = sha256_of(Path(photo)) if Path(photo).is_file() else text.lower() if _DIGEST.fullmatch(text.lower()) else ""
    found = [row for row in rows if digest and gallery.photos[row].sha256.startswith(digest)]
    found = found or [row for row in rows if f"/{gallery.photos[row].name}".endswith(f"/{text}")]
    if not found:
        names = [gallery.photos[row].name for row in rows]
        raise UsageError("{photo} is not enrolled as a photo of {name}. {choice}", photo=photo, name=name, choice=did_you_mean(text, names))
    if len({gallery.photos[row].sha256 for row in found}) > 1:
        names = [f"{gallery.photos[row].name} ({gallery.photos[row].sha256[:8]})" for row in found]
        raise UsageError("{photo} may be one of several photos: {names}. Give more of its name.", photo=photo, names=listing(names))
    return int(found[0])


def _enrolled_row(gallery: Gallery, path: Path, name: str | None) -> int:
    digest = sha256_of(path)
    if not digest:
        raise PhotoError(path, "it cannot be read")
    rows = [row for row, photo in enumerate(gallery.photos) if photo.sha256 == digest]
    people = {gallery.people[gallery.labels[row]]: row for row in rows}
    if not people:
        raise UsageError("{photo} is not enrolled.", photo=path)
    if name is None and len(people) > 1:
        raise UsageError("{photo} is enrolled as a photo of {names}. Say whose photo you mean.", photo=path, names=listing(sorted(people)))
    return people[next(iter(people)) if name is None else known_name(name, sorted(people))]


def _crowd(path: Path, digest: str, recogniser: FaceRecogniser, progress: Progress) -> face_choice.Crowd:
    """Look at the photo again; where nothing is found as in predicting, take what was found when it was enrolled."""
    found = faces_of_photos({digest: path}, recogniser.reader, progress=progress)
    if digest not in found:
        raise PhotoError(path, "it cannot be read")
    crowd = face_choice.look_again(path, found[digest], recogniser.reader)
    if not crowd.faces:
        raise DatasetError("No face is found in {photo} any more.", photo=path)
    return crowd


def _enrolled_face(vectors: FloatArray, enrolled: FloatArray) -> int:
    """Return which of a photo's faces, float32 (n, dimensions), is the enrolled one; -1 where none is."""
    far = np.linalg.norm(vectors - enrolled, axis=1)
    return int(far.argmin()) if far.min() < ONE_FACE else -1


def _faces(crowd: face_choice.Crowd, recogniser: FaceRecogniser, chosen: int) -> tuple[FaceOfPhoto, ...]:
    looks = face_choice.looks_like(crowd, recogniser.identifier)
    return tuple(FaceOfPhoto(row + 1, face.box, who, row == chosen) for row, (face, who) in enumerate(zip(crowd.faces, looks, strict=True)))
