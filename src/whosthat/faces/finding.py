"""The one way from an image to faces, crops and embeddings, for training and for naming alike.

What belongs here: at what size a photo is looked at, how hard a photo that should hold a face is searched, and which face of several is
taken. What does not: the detectors and embedders themselves, many photos at once (`whosthat.workflow`), names.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.faces.alignment import CropTemplate, align, enlargement
from whosthat.faces.detector import Detector
from whosthat.faces.embedder import OnnxEmbedder
from whosthat.photos.reading import DecodedPhoto, opened
from whosthat.translation import N_, _
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, Image

LOOKED_AT = 1600  # faces are looked for in a photo of at most this longer side, in pixels; crops are cut from the photo itself
DECODED_AT = 2 * LOOKED_AT  # a JPEG that may show anybody is decoded at this longer side at least: at less, the detector sees other faces
LOOKED_HARDER_AT = 800  # the same where large faces are looked for in a photo that is turned, or has a border
SMALLEST_FACE = 20.0  # side in these pixels of the smallest face worth naming: below it, the embedding is mostly guesswork
MOST_FACES = 1000
"""So many faces of a photo are taken, the surest: their crops take 70 MB. `crowd_words` tells people. The limits of the detectors, against
photos full of noise, are wide enough for so many faces."""

CROWD = 64  # the crops of more faces than this take more memory than embeddings that wait; they are embedded at once
SMALLEST_SHARE = 0.1  # in a photo that is known to show a person, the face is first looked for from this share of the shorter side on
LARGE_SHARE = 0.15  # where a photo may show nobody, a turned one is searched for faces from this share on: landscapes must not take long
BORDER = 0.25  # where no face is found, this share of the shorter side is added in black on all sides: faces that the edge cuts need room
SMALLEST_TRIED = 16.0  # side of the smallest face that is looked for where the plain look found none
TURNS = (90, -90, 180, 45, -45)  # degrees by which a photo is turned where no face is found for sure
PLAIN = "plain"  # the way in which most faces are found: looking once
CENTRAL_BONUS = 0.5  # how much less a face in a corner counts than one of the same size in the middle, 0 to 1
RIVAL_SHARE = 0.5  # a photo may be about any face whose side is at least this share of the largest one's; smaller ones are bystanders
SHARPNESS_SIDE = 150  # side in pixels of the crop whose sharpness is measured
VERSION = 4  # changes when the same image would give other embeddings; remembered ones are then worked out again


@dataclass(frozen=True)
class Search:
    """All faces that were found in a photo that should hold one, surest first."""

    faces: tuple[Face, ...]
    way: str  # how they were found: ``plain``, ``border``, ``lenient``, ``turned``; empty when there are none


@dataclass(frozen=True)
class CutFaces:
    """Faces of one photo, those of `FaceCropper.cut` from left to right, and their aligned crops, uint8 (n, size, size, 3)."""

    faces: tuple[Face, ...]
    crops: Image
    sha256: str = ""  # of the photo's file, in hexadecimal; empty where an image was given


@dataclass(frozen=True)
class Portrait:
    """The face that a photo in a person's folder is about."""

    size: tuple[int, int]  # width and height of the photo, in pixels
    search: Search
    face: Face | None  # the one of those found; None without faces
    crop: Image | None  # its aligned crop, uint8 (size, size, 3)


@dataclass(frozen=True)
class SeenFaces:
    """The faces of one photo, from left to right, and their embeddings, float32 (n, dimensions): all that naming them takes.

    ``sharpness`` is that of each crop (`sharpness`); empty where it was not measured.
    """

    faces: tuple[Face, ...]
    vectors: FloatArray = field(compare=False)
    sharpness: tuple[float, ...] = field(default=(), compare=False)


class FaceCropper:
    """A detector, and how the faces that it finds are cut out; may be used by several threads at once."""

    missing = N_("no face was found")  # why a photo gives no portrait

    def __init__(self, detector: Detector, template: CropTemplate) -> None:
        self.detector = detector
        self.template = template

    @property
    def key(self) -> str:
        """A short word that changes whenever the same photo would give another crop."""
        return f"{self.detector.name}-{_digest(VERSION, self.detector.name, asdict(self.template))}"

    def find(self, image: Image) -> list[Face]:
        """Find the faces of a photo, surest first, at most `MOST_FACES`.

        Where none is found for sure, it is looked at turned and with a border, for large faces.
        """
        small, scale = _looked_at(image, LOOKED_AT)
        plain = self.detector.detect(small, smallest=SMALLEST_FACE)
        harder = plain if _best(plain) >= self.detector.sure else self._harder(small, plain, LARGE_SHARE).faces
        faces = harder if _best(harder) >= self.detector.likely else plain  # there may well be nobody
        return [_placed(face, 1 / scale, 0.0) for face in faces[:MOST_FACES]]

    def search(self, image: Image) -> Search:
        """Find the faces of a photo that is known to show a person: look harder than `find`, and take what is unsure as well."""
        small, scale = _looked_at(image, LOOKED_AT)
        plain = self.detector.detect(small, smallest=max(SMALLEST_FACE, SMALLEST_SHARE * min(small.shape[:2])))
        search = Search(tuple(plain), PLAIN) if _best(plain) >= self.detector.sure else self._harder(small, plain, SMALLEST_SHARE)
        if not search.faces:
            search = Search(tuple(self._framed(small, SMALLEST_SHARE / 2, lenient=True)), "lenient")
        return Search(tuple(_placed(face, 1 / scale, 0.0) for face in search.faces), search.way if search.faces else "")

    def finds_the_same(self, size: tuple[int, int], faces: Sequence[Face], way: str) -> bool:
        """Say whether `find` would give what `search` found in a photo of this width and height, because both looked in the same way."""
        alike = max(size) <= LOOKED_AT and SMALLEST_SHARE * min(size) <= SMALLEST_FACE
        return alike and way == PLAIN and _best(faces) >= self.detector.sure

    def crops(self, image: Image, faces: Sequence[Face]) -> Image:
        """Cut the aligned crops of faces out of their photo; uint8 (n, size, size, 3)."""
        size = self.template.size
        crops = [align(image, face.landmarks, self.template) for face in faces]
        return np.stack(crops) if crops else np.empty((0, size, size, 3), np.uint8)

    def cut(self, image: Image) -> CutFaces:
        """Find every face of a photo and cut it out."""
        faces = sorted(self.find(image), key=lambda face: (face.box.left, face.box.top))
        return CutFaces(tuple(faces), self.crops(image, faces))

    def cut_file(self, source: Path | bytes) -> CutFaces:
        """Read a photo, find every face and cut it out: as `cut`, but a large JPEG is decoded no larger than its faces need.

        Raises:
            PhotoError: The photo cannot be read.
        """
        with opened(source, longest=DECODED_AT) as photo:
            faces = sorted(self.find(photo.image), key=lambda face: (face.box.left, face.box.top))
            placed, crops = tuple(_placed(face, photo.shrunk, 0.0) for face in faces), self._crops_of(photo, faces)
        return CutFaces(placed, self._crops_of_whole(source, placed) if crops is None else crops, photo.sha256)

    def portrait_in_file(self, source: Path | bytes) -> Portrait:
        """Read a photo that is known to show a person, and cut out the face that it is about; as `cut_file`."""
        with opened(source, longest=LOOKED_AT) as photo:
            seen = self.search(photo.image)
            mains = [main_face(seen.faces, photo.image.shape[1], photo.image.shape[0])] if seen.faces else []
            crops = self._crops_of(photo, mains)
        search = Search(tuple(_placed(face, photo.shrunk, 0.0) for face in seen.faces), seen.way)
        if not mains:
            return Portrait(photo.size, search, None, None)
        face = search.faces[seen.faces.index(mains[0])]
        return Portrait(photo.size, search, face, (self._crops_of_whole(source, [face]) if crops is None else crops)[0])

    def _crops_of(self, photo: DecodedPhoto, faces: Sequence[Face]) -> Image | None:
        """Cut faces out of a photo that may have been shrunk; None where the whole one shows more of them."""
        if photo.shrunk > 1 and any(enlargement(face.landmarks, self.template) > 1 for face in faces):
            return None
        return self.crops(photo.image, faces)

    def _crops_of_whole(self, source: Path | bytes, faces: Sequence[Face]) -> Image:
        with opened(source) as photo:
            return self.crops(photo.image, faces)

    def portrait(self, image: Image) -> Image | None:
        """Cut out the face that a photo of one person is about; uint8 (size, size, 3), or None where no face is found."""
        faces = self.search(image).faces
        return self.crops(image, [main_face(faces, image.shape[1], image.shape[0])])[0] if faces else None

    def _harder(self, image: Image, plain: Sequence[Face], share: float) -> Search:
        """Look with a border where the plain look found nothing, and at the photo turned: the surest look wins.

        A face that lies on its side or upside down is sometimes taken for another, unsurely.
        """
        small, scale = _looked_at(image, LOOKED_HARDER_AT)
        looks = [] if plain else [("border", self._framed(small, share))]
        if not looks or _best(looks[0][1]) < self.detector.sure:
            looks += [("turned", self._turned(small, degrees, share)) for degrees in TURNS]
        way, faces = max(looks, key=lambda look: _best(look[1]))
        if _best(faces) <= _best(plain):
            return Search(tuple(plain), PLAIN)
        return Search(tuple(_placed(face, 1 / scale, 0.0) for face in faces), way)

    def _framed(self, image: Image, share: float, *, lenient: bool = False) -> list[Face]:
        """Look with a black border; for faces from this share of the shorter side on."""
        side = min(image.shape[:2])
        border = math.ceil(BORDER * side)
        framed = np.pad(image, ((border, border), (border, border), (0, 0)))
        faces = self.detector.detect(framed, smallest=max(SMALLEST_TRIED, share * side), lenient=lenient)
        return [_placed(face, 1.0, -border) for face in faces]

    def _turned(self, image: Image, degrees: float, share: float) -> list[Face]:
        """Look at the photo turned about its middle; for faces from this share of the shorter side on."""
        import cv2

        height, width = image.shape[:2]
        turn = _turn(degrees)
        across, down = (math.ceil(round(side, 6)) for side in np.abs(turn) @ (width, height))
        there = np.array([across, down]) / 2 - turn @ np.array([width, height]) / 2
        # OpenCV counts from the middle of the first pixel
        matrix = np.column_stack([turn, there + turn @ np.array([0.5, 0.5]) - 0.5])
        turned = cv2.warpAffine(image, matrix, (across, down), flags=cv2.INTER_LINEAR)
        faces = self.detector.detect(turned, smallest=max(SMALLEST_FACE, share * min(height, width)))
        return [_turned_back(face, turn, there) for face in faces]


class FaceReader(FaceCropper):
    """A detector and an embedder that work together; may be used by several threads at once.

    ``template`` says where this detector's landmarks shall lie in the embedder's crop; None takes the embedder's own.
    """

    def __init__(self, detector: Detector, embedder: OnnxEmbedder, template: CropTemplate | None = None) -> None:
        super().__init__(detector, template or embedder.facts.template(detector.name))
        self.embedder = embedder

    @property
    def key(self) -> str:
        """A short word that changes whenever the same photo would give another embedding."""
        name, looks = self.embedder.facts.name, self.embedder.facts.looks
        more = [] if looks == 2 else [looks]  # so that what was remembered before there was a choice still counts
        digest = _digest(VERSION, self.detector.name, name, self.embedder.fingerprint, asdict(self.template), *more)
        return f"{self.detector.name}-{name}-{digest}"

    def embed(self, crops: Image) -> FloatArray:
        """Embed aligned crops; float32 (n, dimensions)."""
        return self.embedder.embed(crops)

    def see(self, photos: Sequence[CutFaces]) -> list[SeenFaces]:
        """Embed the faces of several photos at once."""
        if not photos:
            return []
        vectors = self.embed(np.concatenate([photo.crops for photo in photos]))
        ends = np.cumsum([len(photo.faces) for photo in photos])
        return [
            SeenFaces(photo.faces, own, tuple(map(sharpness, photo.crops)))
            for photo, own in zip(photos, np.split(vectors, ends[:-1]), strict=True)
        ]


def main_face(faces: Sequence[Face], width: int, height: int) -> Face:
    """Choose the face that a photo in a person's folder is about, of one or more: the largest, counted less the nearer it is to a corner.

    People who sort photos by person choose those in which that person is large and in the middle; the bystander's face is smaller or at the
    edge. Sureness plays no part: detectors are sure of bystanders, too. ``width`` and ``height`` are the photo's, in pixels.
    """

    def weight(face: Face) -> float:
        box = face.box
        away = math.hypot((box.left + box.right - width) / width, (box.top + box.bottom - height) / height) / math.sqrt(2)
        return box.width * box.height * (1 - CENTRAL_BONUS * min(away, 1.0))

    return max(faces, key=weight)


def rivals(faces: Sequence[Face]) -> list[Face]:
    """Return the faces that a photo may be about: those at least half as large as the largest; one, where it is clear."""
    areas = [face.box.width * face.box.height for face in faces]
    return [face for face, area in zip(faces, areas, strict=True) if area >= RIVAL_SHARE**2 * max(areas)]


def embedded_if_crowd(photo: CutFaces, reader: FaceReader) -> CutFaces | SeenFaces:
    """Embed the faces of a photo now if they are very many; of any other photo, `FaceReader.see` does so for several at once."""
    return reader.see([photo])[0] if len(photo.faces) > CROWD else photo


def crowd_words(n_faces: int) -> str:
    """Say that a photo may show more faces than were taken; empty where it has fewer than `MOST_FACES`."""
    return _("shows very many faces; only the {n:,} surest were taken", n=MOST_FACES) if n_faces >= MOST_FACES else ""


def sharpness(crop: Image) -> float:
    """Return the variance of the Laplacian of an RGB crop in grey: how much fine detail it has; below about 20 it is blurred.

    Crops are brought to `SHARPNESS_SIDE` first, so that those for different networks compare. Source: J. L. Pech-Pacheco et al., "Diatom
    autofocusing in brightfield microscopy", ICPR 2000.
    """
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) != SHARPNESS_SIDE:
        grey = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE))
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def _best(faces: Sequence[Face]) -> float:
    return faces[0].score if faces else 0.0


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def _looked_at(image: Image, side: int) -> tuple[Image, float]:
    """Shrink a photo whose longer side is longer than ``side``, and say by how much."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, side / max(height, width))
    if scale == 1.0:
        return image, 1.0
    small: Image = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    return small, scale


def _placed(face: Face, scale: float, shift: float) -> Face:
    """Shift a face, then scale it: into the pixels of another copy of the photo."""
    box = Box(*((value + shift) * scale for value in face.box.sides))
    return Face.of(box, [((x + shift) * scale, (y + shift) * scale) for x, y in face.landmarks], face.score)


def _turn(degrees: float) -> NDArray[np.float64]:
    """Return the matrix that turns points of an image to the left."""
    angle = math.radians(degrees)
    return np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])


def _turned_back(face: Face, turn: NDArray[np.float64], there: NDArray[np.float64]) -> Face:
    """Bring a face from a photo that was turned, then shifted, back; its box has the same area, and the photo's directions."""
    box = face.box
    corners = np.array([[box.left, box.top], [box.right, box.bottom], *face.landmarks])
    (left, top), (right, bottom), *landmarks = ((corners - there) @ turn).tolist()
    middle = np.array([left + right, top + bottom]) / 2
    sides = np.abs(turn.T) @ (box.width, box.height)
    half = sides * math.sqrt(box.width * box.height / sides.prod()) / 2
    return Face.of(Box(*(middle - half).tolist(), *(middle + half).tolist()), landmarks, face.score)
