"""Photos of `avengers` that took no part in training, made worse in one way at a time, and then named as `predict` does.

"right" is the share in which the person is named, "nobody" that in which no face is found at all; somebody else's name counts as
wrong. Each kind of damage is done to every test photo (median size 125 x 165 pixels). Without a face: squares out of
`group_photos` in which no detector sees a face however it looks; there, every face found is false.

Photos are turned about their middle with their edge repeated around them. "brighter" and "darker" are powers of 0.4 and 2.5,
noise has a standard deviation of 25, blur one of a hundredth of the longer side; the cut leaves 64 % of the width and the height.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
from PIL import Image as Pillow

from benchmarks.face_photos import AVENGERS, DETECTORS, GROUP_PHOTOS, enrolled, private_places
from benchmarks.measuring import Row
from whosthat.dataset.audit import Audit, audit_folder
from whosthat.faces.detector import Detector
from whosthat.faces.embedder import DLIB
from whosthat.photos.drawing import thumbnail
from whosthat.photos.reading import read
from whosthat.recognition.enrolling import fit_identifier
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.training.recipe_base import FaceRecipe
from whosthat.types import Image
from whosthat.workflow.face_photos import faces_of_photos, open_reader
from whosthat.workflow.train_faces import split_faces

TITLE = "Faces: photos that are turned, cut, small, dark or noisy"
PIECES = 25
"""Squares without a face out of each photo of `group_photos`, where there are so many."""


def turned(degrees: float) -> Callable[[Image], Image]:
    """Turn a photo about its middle."""

    def turn(image: Image) -> Image:
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        across, down = (int(side) for side in np.abs(matrix[:, :2]) @ (width, height))
        matrix[:, 2] += (across - width) / 2, (down - height) / 2
        result: Image = cv2.warpAffine(image, matrix, (across, down), borderMode=cv2.BORDER_REPLICATE)
        return result

    return turn


def scaled(factor: float) -> Callable[[Image], Image]:
    """Make a photo larger."""
    return lambda image: cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)


def cut(share: float) -> Callable[[Image], Image]:
    """Cut this share off every side."""

    def inside(image: Image) -> Image:
        down, across = (int(share * side) for side in image.shape[:2])
        return np.ascontiguousarray(image[down : len(image) - down, across : image.shape[1] - across])

    return inside


def power(exponent: float) -> Callable[[Image], Image]:
    """Make a photo brighter or darker."""
    return lambda image: (255 * (image / 255) ** exponent).astype(np.uint8)


def noisy(image: Image) -> Image:
    """Add noise, the same each time."""
    return np.clip(image + np.random.default_rng(0).normal(0, 25, image.shape), 0, 255).astype(np.uint8)


def blurred(image: Image) -> Image:
    """Blur with a Gaussian."""
    result: Image = cv2.GaussianBlur(image, (0, 0), max(image.shape[:2]) / 100)
    return result


def grey(image: Image) -> Image:
    """Take the colours away."""
    return np.repeat(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[:, :, None], 3, axis=2)


def compressed(image: Image) -> Image:
    """Store as a JPEG of quality 10."""
    stored = io.BytesIO()
    Pillow.fromarray(image).save(stored, "JPEG", quality=10)
    return np.asarray(Pillow.open(stored).convert("RGB"))


DAMAGES: Mapping[str, Callable[[Image], Image]] = {
    "as it is": lambda image: image,
    **{f"turned by {degrees} degrees": turned(degrees) for degrees in (15, 30, 45, 90, 180)},
    "cut, 10 % off every side": cut(0.1),
    "cut, 18 % off every side": cut(0.18),
    "at most 80 pixels": lambda image: thumbnail(image, 80),
    "at most 40 pixels": lambda image: thumbnail(image, 40),
    "three times as large": scaled(3),
    "blurred": blurred,
    "JPEG of quality 10": compressed,
    "darker": power(2.5),
    "brighter": power(0.4),
    "grey": grey,
    "with noise": noisy,
}


def measure() -> list[Row]:
    """Every damage with every detector, then photos without a face."""
    with private_places("mtcnn"):
        avengers = audit_folder(AVENGERS)
    recognisers = {name: recogniser_of(name, avengers) for name in DETECTORS}
    test = [(item.photo.class_name, read(item.photo.path)) for item in split_faces(avengers, FaceRecipe()).parts["test"]]
    damaged = [
        Row(f"{damage}, {DETECTORS[name]}", named(recognisers[name], test, DAMAGES[damage])) for damage in DAMAGES for name in DETECTORS
    ]
    pieces = pieces_without_faces([recogniser.reader.detector for recogniser in recognisers.values()])
    return [*damaged, *(Row(f"photos without a face, {DETECTORS[name]}", false_faces(recognisers[name], pieces)) for name in DETECTORS)]


def recogniser_of(detector: str, photos: Audit) -> FaceRecogniser:
    """Train on all photos but the test photos."""
    with private_places(detector):
        reader = open_reader(detector).reader
        found = faces_of_photos({item.sha256: item.photo.path for item in photos.photos}, reader)
    parts = split_faces(photos, FaceRecipe()).parts
    learnt, groups = enrolled((*parts["train"], *parts["validation"]), found, photos.classes)
    return FaceRecogniser(reader, fit_identifier(learnt, groups, embedder=DLIB.name).identifier)


def named(recogniser: FaceRecogniser, test: list[tuple[str, Image]], damage: Callable[[Image], Image]) -> str:
    """Name every damaged photo, and count."""

    def outcome(photo: tuple[str, Image]) -> str:
        person, image = photo
        sightings = recogniser.identify(damage(image))
        names = {sighting.name for sighting in sightings} - {None}
        return "nobody" if not sightings else "unknown" if not names else "right" if names == {person} else "wrong"

    with ThreadPoolExecutor(2) as pool:
        outcomes = Counter(pool.map(outcome, test))
    return ", ".join(f"{outcome} {outcomes[outcome] / len(test):.3f}" for outcome in ("right", "unknown", "nobody", "wrong"))


def pieces_without_faces(detectors: list[Detector]) -> list[Image]:
    """Cut squares out of photos where there is no face, however leniently one looks."""
    generator, pieces = np.random.default_rng(0), []
    for path in sorted(GROUP_PHOTOS.iterdir()):
        image = thumbnail(read(path), 1600)
        boxes = [face.box for detector in detectors for face in detector.detect(image, smallest=16, lenient=True)]
        height, width = image.shape[:2]
        sides = (generator.uniform(0.2, 0.6, 400) * min(height, width)).astype(int)
        corners = (generator.random((400, 2)) * (np.array([width, height]) - sides[:, None])).astype(int)
        free = [
            image[y : y + side, x : x + side]
            for side, (x, y) in zip(sides, corners, strict=True)
            if not any(box.left < x + side and box.right > x and box.top < y + side and box.bottom > y for box in boxes)
        ]
        pieces += free[:PIECES]
    return [np.ascontiguousarray(piece) for piece in pieces]


def false_faces(recogniser: FaceRecogniser, pieces: list[Image]) -> str:
    """Count the pieces in which a face is seen all the same."""
    with ThreadPoolExecutor(2) as pool:
        seen = sum(map(bool, pool.map(recogniser.reader.find, pieces)))
    return f"a face is seen in {seen} of {len(pieces)}"
