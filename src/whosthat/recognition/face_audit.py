"""What the faces of a folder of people say about its photos: the data doctor's second look.

What belongs here: judging photos by the faces that were found in them, as data and in whole sentences. What does not: finding the
faces (`whosthat.workflow.photo_faces`), the arithmetic of suspects (`suspects`), files and their looks (`whosthat.dataset.audit`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.findings import Finding
from whosthat.faces.remembered import PhotoFaces
from whosthat.recognition.suspects import find_look_alikes, find_suspects
from whosthat.types import Box, Face
from whosthat.wording import counted, listing

SMALL_FACE = 40
"""Side in pixels below which a face is recognised worse: the network then sees pixels that were never photographed."""

BLURRED = 20.0
"""Sharpness (`PhotoFaces.sharpness`) below which a face is blurred."""

NEAR_PAIR = 0.5
"""Two people whose templates are nearer than this are worth a note."""


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
class SuspectPhoto:
    """A photo that probably shows somebody else.

    Attributes:
        photo: Its name.
        person: Whose folder it lies in.
        looks_like: The person it probably shows; None for somebody who has no folder.
        own_distance: To its own person; None when that person has no other photo.
        nearest_distance: To the nearest other person; None when there is none.
    """

    photo: str
    person: str
    looks_like: str | None
    own_distance: float | None
    nearest_distance: float | None


@dataclass(frozen=True)
class Pair:
    """Two people who are easily taken for each other: the distance of their templates, and photos that were nearer to the other."""

    first: str
    second: str
    distance: float
    confused: int


@dataclass(frozen=True)
class FaceAudit:
    """What the faces say.

    Attributes:
        n_photos: Photos that were looked at.
        without_face: Names of the photos in which no face was found.
        several: Photos with more than one face.
        small: Photos whose face is smaller than `SMALL_FACE`, the smallest first.
        blurred: Photos whose face is blurred, the most blurred first.
        suspects: Photos that probably show somebody else, the most striking first.
        look_alikes: Pairs of people, the nearest first.
        findings: The same in sentences, the most serious first.
    """

    n_photos: int
    without_face: tuple[str, ...]
    several: tuple[FaceOfSeveral, ...]
    small: tuple[PoorFace, ...]
    blurred: tuple[PoorFace, ...]
    suspects: tuple[SuspectPhoto, ...]
    look_alikes: tuple[Pair, ...]
    findings: tuple[Finding, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON; only finite numbers."""
        return asdict(self)


def audit_faces(audit: Audit, faces: Mapping[str, PhotoFaces]) -> FaceAudit:
    """Judge the photos of a folder by their faces.

    Args:
        audit: The photos.
        faces: What was found in them, by SHA-256; photos that are not there are left out.
    """
    seen = [(item, faces[item.sha256]) for item in audit.photos if item.sha256 in faces]
    without = tuple(item for item, found in seen if found.face is None)
    with_face = [(item, found, found.face) for item, found in seen if found.face is not None]
    several = tuple(_of_several(item, found, face) for item, found, face in with_face if len(found.faces) > 1)
    poor = [PoorFace(item.photo.name, _side(face), found.sharpness) for item, found, face in with_face]
    small = tuple(sorted((face for face in poor if face.side < SMALL_FACE), key=lambda face: face.side))
    blurred = tuple(sorted((face for face in poor if face.sharpness < BLURRED), key=lambda face: face.sharpness))
    suspects, pairs = _by_embeddings(audit.classes, [(item, found) for item, found, _ in with_face])
    findings = (
        *_without_face(audit.classes, without, [item for item, _ in seen]),
        *_suspects(suspects),
        *_poor("small-face", f"smaller than {SMALL_FACE} pixels", [f"{face.photo} ({face.side:.0f} pixels)" for face in small], small),
        *_poor("blurred-face", "blurred", [face.photo for face in blurred], blurred),
        *_look_alikes(pairs),
        *_several(several),
    )
    return FaceAudit(len(seen), tuple(item.photo.name for item in without), several, small, blurred, suspects, pairs, findings)


def _by_embeddings(
    classes: Sequence[str], photos: Sequence[tuple[AuditedPhoto, PhotoFaces]]
) -> tuple[tuple[SuspectPhoto, ...], tuple[Pair, ...]]:
    if not photos:
        return (), ()
    vectors = np.stack([found.vector for _, found in photos])
    owners = np.array([classes.index(item.photo.class_name) for item, _ in photos], np.int64)
    groups = np.array([item.group for item, _ in photos], np.int64)
    suspects = tuple(
        SuspectPhoto(
            photos[suspect.row][0].photo.name,
            photos[suspect.row][0].photo.class_name,
            None if suspect.looks_like is None else classes[suspect.looks_like],
            _finite(suspect.own),
            _finite(suspect.nearest),
        )
        for suspect in find_suspects(vectors, owners, groups, len(classes))
    )
    pairs = find_look_alikes(vectors, owners, groups, len(classes))
    return suspects, tuple(Pair(classes[pair.first], classes[pair.second], pair.distance, pair.confused) for pair in pairs)


def _of_several(item: AuditedPhoto, found: PhotoFaces, face: Face) -> FaceOfSeveral:
    largest = max(found.faces, key=lambda one: one.box.width * one.box.height)
    why = "it is the largest" if face is largest else "it is nearer the middle than the largest, and not much smaller"
    return FaceOfSeveral(item.photo.name, len(found.faces), face.box, why)


def _side(face: Face) -> float:
    return min(face.box.width, face.box.height)


def _finite(distance: float) -> float | None:
    return round(distance, 4) if np.isfinite(distance) else None


# ------------------------------------------------------------------------------------------------------------- findings


def _without_face(classes: Sequence[str], without: Sequence[AuditedPhoto], seen: Sequence[AuditedPhoto]) -> Iterator[Finding]:
    empty = {item.photo.class_name for item in seen} - {item.photo.class_name for item in set(seen) - set(without)}
    lost = [name for name in classes if name in empty]
    if lost:
        yield Finding(
            "no-face-at-all", "problem", f"No face was found in any photo of {listing(lost)}. Nothing can be learnt of them; add photos."
        )
    if without:
        names = tuple(item.photo.name for item in without)
        yield Finding(
            "no-face",
            "warning",
            f"No face was found in {counted(len(names), 'photo')}: {listing(names)}. The face route does not use them.",
            names,
        )


def _suspects(suspects: Sequence[SuspectPhoto]) -> Iterator[Finding]:
    if suspects:
        shown = [f"{one.photo} ({f'looks like {one.looks_like}' if one.looks_like else 'somebody without a folder'})" for one in suspects]
        yield Finding(
            "wrong-person",
            "warning",
            f"{counted(len(suspects), 'photo')} may show somebody else than the folder says, the most striking first: {listing(shown)}."
            " Look at them: a wrong name teaches wrong things.",
            tuple(one.photo for one in suspects),
        )


def _poor(kind: str, how: str, shown: Sequence[str], faces: Sequence[PoorFace]) -> Iterator[Finding]:
    if faces:
        yield Finding(
            kind,
            "warning",
            f"The face is {how} in {counted(len(faces), 'photo')}: {listing(shown)}. They are used, but show little.",
            tuple(face.photo for face in faces),
        )


def _look_alikes(pairs: Sequence[Pair]) -> Iterator[Finding]:
    near = [pair for pair in pairs if pair.distance < NEAR_PAIR]
    if near:
        shown = [f"{pair.first} and {pair.second}" for pair in near]
        yield Finding(
            "look-alike-people",
            "note",
            f"{counted(len(near), 'pair')} of people may be taken for each other: {listing(shown)}. More photos of them help most.",
        )


def _several(several: Sequence[FaceOfSeveral]) -> Iterator[Finding]:
    if several:
        names = tuple(one.photo for one in several)
        central = sum(one.why != "it is the largest" for one in several)
        yield Finding(
            "several-faces",
            "note",
            f"{counted(len(names), 'photo')} show several faces: {listing(names)}. The largest was taken in {len(names) - central:,} of"
            f" them, one nearer the middle in {central:,}.",
            names,
        )
