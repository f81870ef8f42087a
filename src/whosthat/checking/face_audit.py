"""What the faces of a folder of people say about its photos, as data: the data doctor's second look.

What does not belong here: saying it in sentences (`face_findings`), finding the faces (`whosthat.workflow.face_photos`), the arithmetic of
suspects (`suspects`), files and their looks (`whosthat.dataset.audit`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

from whosthat.checking.suspects import Pair, find_look_alikes, find_suspects, judge_photos
from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.faces.remembered import PhotoFaces
from whosthat.recognition.heads import compared, templates_of
from whosthat.translation import N_
from whosthat.types import Box, Face, Point

SMALL_FACE = 40
"""Side in pixels below which a face is recognised worse: the network then sees pixels that were never photographed."""

BLURRED = 20.0
"""Sharpness (`PhotoFaces.sharpness`) below which a face is blurred."""

LARGEST, CENTRAL = N_("it is the largest"), N_("it is nearer the middle than the largest, and not much smaller")
"""Why one face of several was taken; kept in English, shown with `_(why)`."""

CUT_SHARE = 0.25
"""Share of a face beyond the photo's edge from which on it counts as cut.

Measured by cutting 84 whole faces at each side: up to a quarter, their distance to their own person grows by 0.054 at most, beyond it
by 0.06 to 0.09; up to 0.3, 7 (MTCNN) and 13 (YuNet) in 100 more than of the whole faces are farther than 0.5 from it, then 15 and 21.
"""

_GRID = np.stack(np.meshgrid(*2 * [np.linspace(-1, 1, 41)]), axis=-1).reshape(-1, 2)
_DISC = _GRID[np.hypot(*_GRID.T) <= 1]
"""Points evenly spread over the disc of radius 1."""

NEAR_PAIR = 0.5
"""Two people whose templates are nearer than this, on the scale of `faces.embedder.SAME_PERSON`, look alike."""


@dataclass(frozen=True)
class FaceOfSeveral:
    """A photo with several faces: how many, which was taken (in pixels of the upright photo) and why."""

    photo: str
    n_faces: int
    taken: Box
    why: str


@dataclass(frozen=True)
class PoorFace:
    """A photo whose face shows little: its side in pixels, and its sharpness."""

    photo: str
    side: float
    sharpness: float


@dataclass(frozen=True)
class CutFace:
    """A photo whose edge cuts the face: the share of the face that lies beyond it, 0 to 1."""

    photo: str
    beyond: float


@dataclass(frozen=True)
class SuspectPhoto:
    """A photo that probably shows somebody else than the person whose folder it lies in.

    ``looks_like`` is who that is, None for somebody who has no folder; the distances to its own person and to the nearest other are None
    when there is no other photo or person.
    """

    photo: str
    person: str
    looks_like: str | None
    own_distance: float | None
    nearest_distance: float | None


@dataclass(frozen=True)
class UnlikePhotos:
    """Photos of one person that look like each other and unlike the person's others: another age, or somebody who has no folder."""

    person: str
    photos: tuple[str, ...]


Line = TypeVar("Line", FaceOfSeveral, PoorFace, CutFace, SuspectPhoto)


@dataclass(frozen=True)
class FaceAudit:
    """What the faces say.

    Attributes:
        n_photos: Photos that were looked at.
        people_without_face: People in none of whose photos a face was found.
        without_face: Names of the photos in which no face was found.
        several: Photos with more than one face.
        small: Photos whose face is smaller than `SMALL_FACE`; here and below the worst first.
        blurred: Photos whose face is blurred.
        cut: Photos whose edge cuts the face.
        suspects: Photos that probably show somebody else.
        look_alikes: Pairs of people, those with most confused photos first, then the nearest.
        unlike: Photos that training leaves out, until somebody says that they show another age of the person.
    """

    n_photos: int
    people_without_face: tuple[str, ...] = ()
    without_face: tuple[str, ...] = ()
    several: tuple[FaceOfSeveral, ...] = ()
    small: tuple[PoorFace, ...] = ()
    blurred: tuple[PoorFace, ...] = ()
    cut: tuple[CutFace, ...] = ()
    suspects: tuple[SuspectPhoto, ...] = ()
    look_alikes: tuple[Pair, ...] = ()
    unlike: tuple[UnlikePhotos, ...] = ()

    @property
    def misplaced(self) -> tuple[SuspectPhoto, ...]:
        """The suspects that are not told as `unlike`: those may show another age, and somebody has to look."""
        unlike = {photo for one in self.unlike for photo in one.photos}
        return tuple(one for one in self.suspects if one.photo not in unlike)

    def without(self, people: Collection[str], photos: Collection[str]) -> FaceAudit:
        """Return what is left when people go: no line that names them or a photo of theirs.

        A suspect in somebody else's folder that looks like one of them goes as well: it probably shows them.
        """

        def kept(lines: tuple[Line, ...]) -> tuple[Line, ...]:
            return tuple(line for line in lines if line.photo not in photos)

        return FaceAudit(
            n_photos=max(0, self.n_photos - len(photos)),
            people_without_face=tuple(name for name in self.people_without_face if name not in people),
            without_face=tuple(photo for photo in self.without_face if photo not in photos),
            several=kept(self.several),
            small=kept(self.small),
            blurred=kept(self.blurred),
            cut=kept(self.cut),
            suspects=tuple(line for line in kept(self.suspects) if line.looks_like not in people),
            look_alikes=tuple(pair for pair in self.look_alikes if not {pair.first, pair.second} & set(people)),
            unlike=tuple(one for one in self.unlike if one.person not in people and not set(one.photos) & set(photos)),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON; only finite numbers."""
        return asdict(self)


def audit_faces(audit: Audit, faces: Mapping[str, PhotoFaces]) -> FaceAudit:
    """Judge the photos of a folder by the faces that were found in them, by SHA-256; photos that are not there are left out."""
    seen = [(item, faces[item.sha256]) for item in audit.photos if item.sha256 in faces]
    with_face = [(item, found, found.face) for item, found in seen if found.face is not None]
    poor = [PoorFace(item.photo.name, min(face.box.width, face.box.height), found.sharpness) for item, found, face in with_face]
    cut = [CutFace(item.photo.name, _beyond(face, *found.size)) for item, found, face in with_face]
    suspects, pairs, unlike = _by_embeddings(audit.classes, [(item, found) for item, found, _face in with_face])
    shown, enrolled = ({item.photo.class_name for item, *_rest in photos} for photos in (seen, with_face))
    return FaceAudit(
        n_photos=len(seen),
        people_without_face=tuple(name for name in audit.classes if name in shown - enrolled),
        without_face=tuple(item.photo.name for item, found in seen if found.face is None),
        several=tuple(_of_several(item, found, face) for item, found, face in with_face if len(found.faces) > 1),
        small=_below(SMALL_FACE, poor, lambda face: face.side),
        blurred=_below(BLURRED, poor, lambda face: face.sharpness),
        cut=_below(-CUT_SHARE, cut, lambda face: -face.beyond),
        suspects=suspects,
        look_alikes=pairs,
        unlike=unlike,
    )


def _below(limit: float, faces: Sequence[Line], measure: Callable[[Line], float]) -> tuple[Line, ...]:
    """Return the faces that measure less than the limit, the least first."""
    return tuple(sorted((face for face in faces if measure(face) < limit), key=measure))


def _by_embeddings(
    classes: Sequence[str], photos: Sequence[tuple[AuditedPhoto, PhotoFaces]]
) -> tuple[tuple[SuspectPhoto, ...], tuple[Pair, ...], tuple[UnlikePhotos, ...]]:
    if not photos:
        return (), (), ()
    vectors = np.stack([found.vector for _item, found in photos])
    label_of = {name: label for label, name in enumerate(classes)}
    labels = np.array([label_of[item.photo.class_name] for item, _found in photos], np.int64)
    groups = np.array([item.group for item, _found in photos], np.int64)
    compared_photos = compared(vectors, labels, groups, len(classes))
    judged = judge_photos(vectors, labels, groups, compared_photos)
    suspects = []
    for found in find_suspects(compared_photos):
        photo, looks_like = photos[found.row][0].photo, None if found.looks_like is None else classes[found.looks_like]
        suspects.append(SuspectPhoto(photo.name, photo.class_name, looks_like, _finite(found.own), _finite(found.nearest)))
    first = judged.ages == 0
    templates = templates_of(vectors[first], labels[first], len(classes))
    pairs = find_look_alikes(templates, labels, compared_photos, classes)
    unlike: dict[str, list[str]] = {}
    for row in np.flatnonzero(judged.unlike).tolist():
        photo = photos[row][0].photo
        unlike.setdefault(photo.class_name, []).append(photo.name)
    return tuple(suspects), tuple(pairs), tuple(UnlikePhotos(person, tuple(names)) for person, names in unlike.items())


def _of_several(item: AuditedPhoto, found: PhotoFaces, face: Face) -> FaceOfSeveral:
    largest = max(found.faces, key=lambda one: one.box.width * one.box.height)
    return FaceOfSeveral(item.photo.name, len(found.faces), face.box, LARGEST if face is largest else CENTRAL)


def _beyond(face: Face, width: int, height: int) -> float:
    """Return the share of a face that lies beyond the photo's edges, 0 to 1.

    The face is taken for a disc around the middle between eyes and mouth: some detectors end their boxes at the edge, but all
    guess where hidden landmarks are.
    """
    left_eye, right_eye, _nose, left_mouth, right_mouth = face.landmarks
    eyes, mouth = _middle(left_eye, right_eye), _middle(left_mouth, right_mouth)
    across, down = _middle(eyes, mouth)
    radius = max(math.dist(eyes, mouth), math.dist(left_eye, right_eye))
    if radius <= across <= width - radius and radius <= down <= height - radius:
        return 0.0
    disc = (across, down) + radius * _DISC
    return round(1 - float(((disc >= 0) & (disc <= (width, height))).all(axis=1).mean()), 3)


def _middle(one: Point, other: Point) -> Point:
    return (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _finite(distance: float) -> float | None:
    return round(distance, 4) if np.isfinite(distance) else None
