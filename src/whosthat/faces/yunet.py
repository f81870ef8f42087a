"""YuNet: one small network that finds faces and landmarks in a single look; used when its file is present.

Source: W. Wu et al., "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20, 2023. Weights: MIT. What its
outputs mean: ``cv2.FaceDetectorYN`` (OpenCV, ``modules/objdetect/src/face_detect.cpp``), whose answers these are in half of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.faces.detector import suppress
from whosthat.inference import GraphError, open_session
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Image

    Floats = NDArray[np.float32]

SMALLEST_SEEN = 16.0  # side in pixels of the smallest face worth finding in what the network is given; it finds faces from 10 on

LEAST_SIDE = 256
"""Longer side, in pixels, of the smallest picture that the network is given: it finds faces in smaller ones, but its landmarks
become inexact. On 748 photos of about 150 pixels, the share of known people named while 1 % of strangers are: 0.90 at 128
pixels, 0.95 at 160, 0.96 at 256 and at 320."""

TWICE_FROM = 384
"""Longer side, in pixels, of a picture in which large faces are no longer found well: they are looked for at `LEAST_SIDE` as well."""

STRIDES = (8, 16, 32)  # pixels between the places at which the network looks for small, larger and large faces
KINDS = (1, 1, 4, 10)  # numbers that it gives for each: is it a face, is it anything, where and how large, five landmarks
MAX_SEEN = 5000  # the surest of them: a photo full of noise must not cost minutes
LARGEST = 1e6  # no number that the network gives is larger: they are a few units

MIN_SCORE, LENIENT_SCORE = 0.7, 0.4  # what a face must reach; the second in a photo that is known to hold one
SAME_FACE = 0.3  # two boxes that overlap by more are one face


class YuNet:
    """The faster detector, from the file's bytes, which `faces.weight_files` checked; WeightsError where they are no such network."""

    name = "yunet"
    licence = "MIT"
    sure = 0.92  # of 300 photos of one person 94 % have a face that reaches it; upside down 7 %, on their side none
    likely = 0.85  # of 444 pieces of photos without a face, looked at in six ways, none reaches it

    def __init__(self, graph: bytes) -> None:
        try:
            self._session = open_session(graph)
        except GraphError as error:
            raise WeightsError("These bytes are not YuNet's weights: {error}", error=error) from error

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces; see `faces.detector.Detector`. Small faces are looked for in a large picture, large ones in a small one."""
        longer = max(image.shape[:2])
        coarse = LEAST_SIDE / longer
        fine = max(min(1.0, SMALLEST_SEEN / smallest), coarse)
        least = LENIENT_SCORE if lenient else MIN_SCORE
        rows = self._rows(image, fine, least)
        if fine * longer >= TWICE_FROM:
            rows = np.concatenate([rows, self._rows(image, coarse, least)])
            rows = rows[suppress(_corners(rows), rows[:, 14], SAME_FACE)]
        return [_face(row) for row in rows[np.argsort(-rows[:, 14], kind="stable")]]

    def _rows(self, image: Image, scale: float, least: float) -> NDArray[np.float64]:
        """Look once, at a copy of the photo that is ``scale`` times as wide: (n, 15), left, top, width, height, five points, score."""
        import cv2

        height, width = image.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        framed = cv2.copyMakeBorder(small, 0, -size[1] % STRIDES[-1], 0, -size[0] % STRIDES[-1], cv2.BORDER_CONSTANT)
        rows = self._seen(framed, least)
        rows = rows[np.argsort(-rows[:, 14], kind="stable")[:MAX_SEEN]]
        whole = np.trunc(rows[:, :4])  # OpenCV compares boxes of whole pixels
        rows = rows[suppress(_corners(whole), rows[:, 14], SAME_FACE)]
        grown: NDArray[np.float64] = rows * np.array([width / size[0], height / size[1]] * 7 + [1.0])
        return grown

    def _seen(self, picture: Image, least: float) -> Floats:
        """Run the network on a picture whose sides are multiples of its last stride; return every place that is sure enough."""
        import cv2

        try:
            found = self._session.run(cv2.dnn.blobFromImage(picture, swapRB=True))
        except ValueError as error:
            raise WeightsError("The face detector cannot be run: {error}", error=error) from error
        grids = [(picture.shape[0] // stride, picture.shape[1] // stride) for stride in STRIDES]
        if [output.shape for output in found] != [(1, rows * columns, numbers) for numbers in KINDS for rows, columns in grids]:
            raise WeightsError("The face detector's output is not a list of faces.")
        seen = []
        for number, (stride, (_rows, columns)) in enumerate(zip(STRIDES, grids, strict=True)):
            faces, things, boxes, points = (found[number + len(STRIDES) * kind][0] for kind in range(len(KINDS)))
            scores = np.sqrt(faces.clip(0, 1) * things.clip(0, 1))[:, 0]
            (sure,) = np.nonzero(scores >= least)
            corner = np.stack([sure % columns, sure // columns], axis=1).astype(np.float32)
            with np.errstate(over="ignore"):  # looked for below
                sides = np.exp(boxes[sure, 2:]) * stride
            marks = (points[sure].reshape(-1, 5, 2) + corner[:, None]) * stride
            places = (boxes[sure, :2] + corner) * stride - sides / 2
            seen.append(np.concatenate([places, sides, marks.reshape(-1, 10), scores[sure, None]], axis=1))
        rows = np.concatenate(seen)
        if not -LARGEST <= rows.min(initial=0) <= rows.max(initial=0) <= LARGEST:
            raise WeightsError("The face detector's output is not a list of faces.")
        return rows


def _corners(rows: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Return left, top, right and bottom of rows that begin with left, top, width and height."""
    return np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)


def _face(row: NDArray[np.floating[Any]]) -> Face:
    """Read one row: box as left, top, width, height; five points; score."""
    left, top, width, height, *points, score = (float(value) for value in row)
    return Face.of(Box(left, top, left + width, top + height), zip(points[0::2], points[1::2], strict=True), min(score, 1.0))
