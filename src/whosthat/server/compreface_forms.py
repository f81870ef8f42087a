"""What CompreFace's clients send and expect: sightings and enrolled photos in its words.

What belongs here: the format of its documents, and how a recogniser fills them that can answer "unknown". What does not: routes
(`compreface`).

A face without a name has no subjects. CompreFace itself names the most similar subject of every face, however little they resemble
each other, and leaves the threshold to its client; here the bundle's own threshold decides, and ``similarity`` is the confidence.

Source: CompreFace, "Rest API description" and "Face services and plugins".
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Annotated, Any

from pydantic import BaseModel, Field

from whosthat.types import Box, Sighting

NO_FACE = 28
"""CompreFace's number for a photo without a face, by which its clients know it."""

PLUGINS = ("landmarks", "calculator")
"""The face plugins whose answers are given; others, such as age and gender, are passed over."""


class FaceBox(BaseModel):
    """Where a face is, in whole pixels, and how sure the detector is of it, 0 to 1."""

    probability: float
    x_max: int
    y_max: int
    x_min: int
    y_min: int


class Subject(BaseModel):
    """Somebody whom a face may show, and with what confidence, 0 to 1."""

    subject: str
    similarity: float


class RecognisedFace(BaseModel):
    """One face of a photo."""

    box: FaceBox
    subjects: list[Subject]
    landmarks: list[tuple[int, int]] | None = None
    embedding: list[float] | None = None


class Recognised(BaseModel):
    """The faces of a photo."""

    result: list[RecognisedFace]
    plugins_versions: dict[str, str] | None = None


class Failure(BaseModel):
    """Why a request failed: a sentence, and CompreFace's number for it."""

    message: str
    code: int


class Subjects(BaseModel):
    """The names of everybody who is enrolled."""

    subjects: list[str]


class SubjectName(BaseModel):
    """The name of somebody."""

    subject: Annotated[str, Field(min_length=1, max_length=1_000)]


class Updated(BaseModel):
    """Whether somebody has another name now."""

    updated: bool


class Deleted(BaseModel):
    """How many enrolled photos were deleted."""

    deleted: int


class SavedFace(BaseModel):
    """An enrolled photo: whose it is, and the number by which it is known."""

    image_id: uuid.UUID
    subject: str


class SavedFaces(BaseModel):
    """A page of the enrolled photos."""

    faces: list[SavedFace]
    page_number: int
    page_size: int
    total_pages: int
    total_elements: int


class Encoded(BaseModel):
    """A photo as CompreFace takes it in JSON."""

    file: Annotated[str, Field(description="The photo's bytes in Base64.")]  # not translated: for programs


def recognised(
    sightings: Sequence[Sighting], *, limit: int = 0, least: float = 0.0, predictions: int = 1, plugins: Collection[str] = ()
) -> list[RecognisedFace]:
    """Say in CompreFace's words who is in a photo.

    Args:
        sightings: The faces of the photo.
        limit: How many faces, largest first; 0 for all.
        least: The smallest score of the detector, 0 to 1, with which a face counts.
        predictions: How many subjects of a face that has a name, likeliest first; a face without one has none.
        plugins: Which of `PLUGINS` are asked for.
    """
    faces = [(sighting, sighting.box) for sighting in sightings if sighting.box is not None and _score(sighting) >= least]
    if limit:
        faces = sorted(faces, key=lambda face: face[1].width * face[1].height, reverse=True)[:limit]
    return [_face(sighting, box, predictions, plugins) for sighting, box in faces]


def image_id(sha256: str) -> uuid.UUID:
    """Return the number by which an enrolled photo is known, made of its SHA-256 so that it stays the same.

    Example:
        >>> image_id("00112233445566778899aabbccddeeff" * 2)
        UUID('00112233-4455-6677-8899-aabbccddeeff')
    """
    return uuid.UUID(sha256[:32])


def page_of(faces: Sequence[SavedFace], number: int, size: int) -> SavedFaces:
    """Return one page, from 0, of so many faces."""
    return SavedFaces(
        faces=list(faces[number * size : (number + 1) * size]),
        page_number=number,
        page_size=size,
        total_pages=-(-len(faces) // size),
        total_elements=len(faces),
    )


def _face(sighting: Sighting, box: Box, predictions: int, plugins: Collection[str]) -> RecognisedFace:
    face = sighting.face
    likeliest = islice(sighting.probabilities.items(), predictions) if sighting.name is not None else ()
    more: dict[str, Any] = {}
    if "landmarks" in plugins and face is not None:
        more["landmarks"] = [(round(x), round(y)) for x, y in face.landmarks]
    if "calculator" in plugins and sighting.embedding is not None:
        more["embedding"] = sighting.embedding.tolist()
    return RecognisedFace(
        box=FaceBox(
            probability=_score(sighting), x_max=round(box.right), y_max=round(box.bottom), x_min=round(box.left), y_min=round(box.top)
        ),
        subjects=[Subject(subject=name, similarity=round(similarity, 5)) for name, similarity in likeliest],
        **more,
    )


def _score(sighting: Sighting) -> float:
    return 1.0 if sighting.face is None else min(1.0, float(sighting.face.score))
