"""The photos that the page shows at the moment, what the recogniser says of them, and what people said against it.

What belongs here: keeping them in memory, within bounds; answering again when people or the threshold change; corrections, which last as
long as the photo is shown. What does not: recognising (`recognition`), enrolling (`workflow.people`).

All methods may be called from several threads; changes come one after the other.
"""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from whosthat.errors import PhotoError
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.recogniser import Recogniser
from whosthat.server.refusals import not_found
from whosthat.translation import _
from whosthat.types import Face, FloatArray, Sighting

ROOM = 256 << 20
"""Bytes of photos that are kept; the oldest go."""

MOST_PHOTOS = 500


@dataclass
class ShownPhoto:
    """A photo, what was seen in it, and what people said of its faces by number, from 0.

    Attributes:
        faces: Those of a face recogniser, in the order of the sightings; empty for others.
        given: Names that people gave to faces, whatever the recogniser says: one photo may not outweigh what it has learnt of others.
        refused: Names that faces do not have.
        dismissed: Faces that nobody need name.
    """

    id: str
    name: str
    content: bytes
    size: tuple[int, int]
    sightings: Sequence[Sighting]
    faces: Sequence[Face] = ()
    given: dict[int, str] = field(default_factory=dict)
    refused: dict[int, set[str]] = field(default_factory=dict)
    dismissed: set[int] = field(default_factory=set)

    def name_of(self, face: int) -> str | None:
        """Return the name of a face: the one that it was given, else the predicted one, unless somebody spoke against it."""
        if face in self.given:
            return self.given[face]
        predicted = self.sightings[face].name
        return None if predicted in self.refused.get(face, ()) or face in self.dismissed else predicted

    def give(self, face: int, name: str) -> None:
        """Note that a face has this name."""
        self.given[face] = name
        self.dismissed.discard(face)
        self.refused.get(face, set()).discard(name)

    def refuse(self, face: int, name: str) -> None:
        """Note that a face does not have this name."""
        self.refused.setdefault(face, set()).add(name)
        self.given.pop(face, None)

    def dismiss(self, face: int) -> None:
        """Note that nobody need name a face."""
        self.dismissed.add(face)
        self.given.pop(face, None)


class ShownPhotos:
    """The photos that are shown, the newest last."""

    def __init__(self) -> None:
        self._photos: OrderedDict[str, ShownPhoto] = OrderedDict()
        self._lock = threading.RLock()

    def look(self, recogniser: Recogniser, name: str, content: bytes, *, keep: bool = True) -> ShownPhoto:
        """Identify who is in a photo and, unless told otherwise, keep it; PhotoError where it cannot be read."""
        photo = _looked_at(recogniser, secrets.token_hex(8), name, content)
        if keep:
            with self._lock:
                self._photos[photo.id] = photo
                while len(self._photos) > MOST_PHOTOS or sum(len(one.content) for one in self._photos.values()) > ROOM:
                    self._photos.popitem(last=False)
        return photo

    def get(self, id: str) -> ShownPhoto:
        """Return a photo; `Refusal` where it is not there any more."""
        with self._lock:
            if id not in self._photos:
                raise not_found(_("photo"))
            return self._photos[id]

    def face(self, id: str, face: int) -> ShownPhoto:
        """Return a photo that has so many faces that this number, from 0, is one of them."""
        photo = self.get(id)
        if not 0 <= face < len(photo.sightings):
            raise not_found(_("face"))
        return photo

    def all(self) -> list[ShownPhoto]:
        """Return every photo, the oldest first."""
        with self._lock:
            return list(self._photos.values())

    def clear(self) -> None:
        """Forget every photo."""
        with self._lock:
            self._photos.clear()

    def answer_again(self, recogniser: Recogniser) -> None:
        """Ask again who is in every photo: people or the threshold have changed."""
        for photo in self.all():
            sightings = _named_again(recogniser, photo)
            with self._lock:
                photo.sightings = sightings
                photo.given = {face: name for face, name in photo.given.items() if name in recogniser.labels}

    def correct(self, id: str, face: int, change: Callable[..., None], *name: str) -> None:
        """Change what people said of a face: `ShownPhoto.give`, ``refuse`` or ``dismiss``, the first two with a name."""
        photo = self.face(id, face)
        with self._lock:
            change(photo, face, *name)

    def unknown_faces(self) -> tuple[list[tuple[str, int]], FloatArray]:
        """Return the faces without a name that somebody may want to give one, photo and number, and their embeddings, float32 (n, d)."""
        found = [(photo.id, face, vector) for photo in self.all() for face, vector in _unknown(photo)]
        vectors = np.stack([vector for *_rest, vector in found]) if found else np.zeros((0, 1), np.float32)
        return [(id, face) for id, face, _vector in found], vectors


def _unknown(photo: ShownPhoto) -> Iterator[tuple[int, FloatArray]]:
    for face, sighting in enumerate(photo.sightings):
        if sighting.embedding is not None and face not in photo.dismissed and photo.name_of(face) is None:
            yield face, sighting.embedding


def _looked_at(recogniser: Recogniser, id: str, name: str, content: bytes) -> ShownPhoto:
    prepared = recogniser.prepare(content)
    sightings = recogniser.identify_prepared([prepared])[0]
    faces = prepared.faces if isinstance(recogniser, FaceRecogniser) else ()
    return ShownPhoto(id, name, content, _size(content), sightings, faces)


def _size(content: bytes) -> tuple[int, int]:
    """Return width and height of the upright photo, in pixels."""
    from whosthat.photos.reading import opened

    with opened(content, longest=160) as photo:
        return photo.size


def _named_again(recogniser: Recogniser, photo: ShownPhoto) -> Sequence[Sighting]:
    if isinstance(recogniser, FaceRecogniser) and len(photo.faces) == len(photo.sightings):
        vectors = [sighting.embedding for sighting in photo.sightings if sighting.embedding is not None]
        return recogniser.name(photo.faces, np.stack(vectors)) if vectors else ()
    return recogniser.identify(photo.content)


def as_json(photo: ShownPhoto, photo_of: Callable[[str], str | None]) -> dict[str, Any]:
    """Return what the page draws; ``photo_of`` tells under which name an enrolled photo can be asked for."""
    return {
        "id": photo.id,
        "name": photo.name,
        "width": photo.size[0],
        "height": photo.size[1],
        "faces": [_face_as_json(photo, face, photo_of) for face in range(len(photo.sightings))],
        "error": None,
    }


def _face_as_json(photo: ShownPhoto, face: int, photo_of: Callable[[str], str | None]) -> dict[str, Any]:
    seen = photo.sightings[face]
    facts = seen.to_dict(best=5)
    facts["box"] = None if seen.box is None else [*seen.box.sides]
    facts["nearest"] = [{**like, "path": (path := photo_of(like["photo"])), "thumbnail": path is not None} for like in facts["nearest"]]
    facts |= {"name": photo.name_of(face), "predicted": seen.name, "given": face in photo.given, "dismissed": face in photo.dismissed}
    return {"face": face, **facts, "not": sorted(photo.refused.get(face, ()))}


def failed(name: str, error: PhotoError) -> dict[str, Any]:
    """Return what stands in the place of a photo that cannot be read."""
    return {"id": None, "name": name, "width": 0, "height": 0, "faces": [], "error": error.reason}
