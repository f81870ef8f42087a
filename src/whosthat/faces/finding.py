"""The one way from an image to faces, crops and embeddings, for training and for naming alike.

What belongs here: at what size a photo is looked at, how hard a photo that should hold a face is searched, and which face of
several is taken. What does not: the detectors and embedders themselves, many photos at once (`whosthat.workflow`), names.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.faces.alignment import CropTemplate, align
from whosthat.faces.detector import Detector
from whosthat.faces.embedder import Embedder
from whosthat.types import Box, Face, Point

if TYPE_CHECKING:
    from whosthat.types import FloatArray, Image

LOOKED_AT = 1600
"""Faces are looked for in a photo of at most this longer side, in pixels; crops are cut from the photo itself."""

SMALLEST_FACE = 20.0
"""Side in pixels, of the photo that is looked at, of the smallest face worth naming: below it, the embedding is mostly guesswork."""

SMALLEST_SHARE = 0.1
"""In a photo that is known to show a person, the face is first looked for from this share of the shorter side on."""

BORDER = 0.25
"""Where no face is found, this share of the shorter side is added in black on all sides: faces that the edge cuts need room."""

SMALLEST_TRIED = 16.0
"""Side of the smallest face that is looked for where the plain look found none."""

CENTRAL_BONUS = 0.5
"""How much less a face in a corner counts than one of the same size in the middle, 0 to 1."""

SHARPNESS_SIDE = 150
"""Side in pixels of the crop whose sharpness is measured."""

VERSION = 2
"""Changes when the same image would give other embeddings; remembered ones are then worked out again."""


@dataclass(frozen=True)
class Search:
    """What was found in a photo that should hold a face.

    Attributes:
        faces: All of them, surest first.
        way: How they were found: ``plain``, ``border``, ``lenient``, ``turned``; empty when there are none.
    """

    faces: tuple[Face, ...]
    way: str


@dataclass(frozen=True)
class CutFaces:
    """The faces of one photo, from left to right, and their aligned crops, uint8 (n, size, size, 3)."""

    faces: tuple[Face, ...]
    crops: Image


class FaceCropper:
    """A detector, and how the faces that it finds are cut out; may be used by several threads at once.

    Args:
        detector: Finds faces.
        template: Where this detector's landmarks shall lie in a crop.
    """

    missing = "no face was found in it"
    """Why a photo gives no portrait."""

    def __init__(self, detector: Detector, template: CropTemplate) -> None:
        self.detector = detector
        self.template = template

    @property
    def key(self) -> str:
        """A short word that changes whenever the same photo would give another crop."""
        return f"{self.detector.name}-{_digest(VERSION, self.detector.name, asdict(self.template))}"

    def find(self, image: Image, *, smallest: float = SMALLEST_FACE) -> list[Face]:
        """Find every face of a photo.

        Args:
            image: Upright RGB, uint8 (height, width, 3).
            smallest: Side of the smallest face in pixels of the photo as it is looked at (`LOOKED_AT`).

        Returns:
            The faces in pixels of ``image``, surest first.
        """
        small, scale = _looked_at(image)
        return [_placed(face, 1 / scale, 0.0) for face in self.detector.detect(small, smallest=smallest)]

    def search(self, image: Image) -> Search:
        """Find the faces of a photo that is known to show a person: where the plain look finds nothing, look harder.

        Args:
            image: As for `find`.
        """
        small, scale = _looked_at(image)
        search = self._search(small)
        return Search(tuple(_placed(face, 1 / scale, 0.0) for face in search.faces), search.way)

    def crops(self, image: Image, faces: Sequence[Face]) -> Image:
        """Cut the aligned crops of faces out of their photo; uint8 (n, size, size, 3)."""
        size = self.template.size
        crops = [align(image, face.landmarks, self.template) for face in faces]
        return np.stack(crops) if crops else np.empty((0, size, size, 3), np.uint8)

    def cut(self, image: Image) -> CutFaces:
        """Find every face of a photo and cut it out."""
        faces = sorted(self.find(image), key=lambda face: (face.box.left, face.box.top))
        return CutFaces(tuple(faces), self.crops(image, faces))

    def portrait(self, image: Image) -> Image | None:
        """Cut out the face that a photo of one person is about; uint8 (size, size, 3), or None where no face is found."""
        faces = self.search(image).faces
        return self.crops(image, [principal(faces, image.shape[1], image.shape[0])])[0] if faces else None

    def _search(self, image: Image) -> Search:
        side = min(image.shape[:2])
        smallest = max(SMALLEST_FACE, SMALLEST_SHARE * side)
        plain = self.detector.detect(image, smallest=smallest)
        if _is_sure(plain, self.detector.sure):
            return Search(tuple(plain), "plain")
        framed = [] if plain else self._framed(image, lenient=False)
        if _is_sure(framed, self.detector.sure):
            return Search(tuple(framed), "border")
        # a face that lies on its side or upside down is sometimes taken for another, unsurely: the surest look of all wins
        looks = [("plain", plain), ("border", framed), *(("turned", self._turned(image, quarters, smallest)) for quarters in (1, 3, 2))]
        way, best = max(looks, key=lambda look: look[1][0].score if look[1] else 0.0)
        if best:
            return Search(tuple(best), way)
        lenient = self._framed(image, lenient=True)
        return Search(tuple(lenient), "lenient" if lenient else "")

    def _framed(self, image: Image, *, lenient: bool) -> list[Face]:
        """Look with a black border, and for smaller faces."""
        side = min(image.shape[:2])
        border = math.ceil(BORDER * side)
        framed = np.pad(image, ((border, border), (border, border), (0, 0)))
        faces = self.detector.detect(framed, smallest=max(SMALLEST_TRIED, SMALLEST_SHARE * side / 2), lenient=lenient)
        return [_placed(face, 1.0, -border) for face in faces]

    def _turned(self, image: Image, quarters: int, smallest: float) -> list[Face]:
        """Look at the photo turned by so many quarters."""
        turned = np.ascontiguousarray(np.rot90(image, quarters))
        faces = self.detector.detect(turned, smallest=smallest)
        return [_turned_back(face, quarters, image.shape[0], image.shape[1]) for face in faces]


class FaceReader(FaceCropper):
    """A detector and an embedder that work together; may be used by several threads at once.

    Args:
        detector: Finds faces.
        embedder: Turns crops into vectors.
        template: Where this detector's landmarks shall lie in the embedder's crop; None takes the embedder's own.
    """

    def __init__(self, detector: Detector, embedder: Embedder, template: CropTemplate | None = None) -> None:
        super().__init__(detector, template or embedder.facts.template(detector.name))
        self.embedder = embedder

    @property
    def key(self) -> str:
        """A short word that changes whenever the same photo would give another embedding."""
        name = self.embedder.facts.name
        digest = _digest(VERSION, self.detector.name, name, self.embedder.fingerprint, asdict(self.template))
        return f"{self.detector.name}-{name}-{digest}"

    def embed(self, crops: Image) -> FloatArray:
        """Embed aligned crops; float32 (n, dimensions)."""
        return self.embedder.embed(crops)


def principal(faces: Sequence[Face], width: int, height: int) -> Face:
    """Choose the face that a photo in a person's folder is about: the largest, counted less the nearer it is to a corner.

    People who sort photos by person choose those in which that person is large and in the middle; the bystander's face is
    smaller or at the edge. Sureness plays no part: detectors are sure of bystanders, too.

    Args:
        faces: At least one.
        width: Of the photo, in pixels.
        height: Of the photo, in pixels.
    """

    def weight(face: Face) -> float:
        box = face.box
        away = math.hypot((box.left + box.right - width) / width, (box.top + box.bottom - height) / height) / math.sqrt(2)
        return box.width * box.height * (1 - CENTRAL_BONUS * min(away, 1.0))

    return max(faces, key=weight)


def sharpness(crop: Image) -> float:
    """Return the variance of the Laplacian of a crop in grey: how much fine detail it has; below about 20 it is blurred.

    Args:
        crop: RGB, uint8 (size, size, 3); brought to `SHARPNESS_SIDE` first, so that crops for different networks compare.

    Source: J. L. Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    import cv2

    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    if len(grey) != SHARPNESS_SIDE:
        grey = cv2.resize(grey, (SHARPNESS_SIDE, SHARPNESS_SIDE))
    return float(cv2.Laplacian(grey, cv2.CV_64F).var())


def _is_sure(faces: Sequence[Face], score: float) -> bool:
    return bool(faces) and faces[0].score >= score


def _digest(*facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]


def _looked_at(image: Image) -> tuple[Image, float]:
    """Shrink a large photo, and say by how much."""
    import cv2

    height, width = image.shape[:2]
    scale = min(1.0, LOOKED_AT / max(height, width))
    if scale == 1.0:
        return image, 1.0
    small: Image = cv2.resize(image, (max(1, round(width * scale)), max(1, round(height * scale))), interpolation=cv2.INTER_AREA)
    return small, scale


def _placed(face: Face, scale: float, shift: float) -> Face:
    """Shift a face, then scale it: into the pixels of another copy of the photo."""
    box = face.box
    left, top, right, bottom = ((value + shift) * scale for value in (box.left, box.top, box.right, box.bottom))
    return _face(Box(left, top, right, bottom), [((x + shift) * scale, (y + shift) * scale) for x, y in face.landmarks], face.score)


def _turned_back(face: Face, quarters: int, height: int, width: int) -> Face:
    """Bring a face from a photo that was turned by ``numpy.rot90`` back into the photo of this height and width."""

    def back(point: Point) -> Point:
        x, y = point
        places = {1: (width - y, x), 2: (width - x, height - y), 3: (y, height - x)}
        return places[quarters]

    corners = [back((face.box.left, face.box.top)), back((face.box.right, face.box.bottom))]
    (left, right), (top, bottom) = (sorted(values) for values in zip(*corners, strict=True))
    return _face(Box(left, top, right, bottom), [back(point) for point in face.landmarks], face.score)


def _face(box: Box, landmarks: Sequence[Point], score: float) -> Face:
    left_eye, right_eye, nose, left_mouth, right_mouth = landmarks
    return Face(box, (left_eye, right_eye, nose, left_mouth, right_mouth), score)
