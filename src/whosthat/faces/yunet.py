"""YuNet: one small network that finds faces and landmarks in a single look; used when its file is present.

Source: W. Wu et al., "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20, 2023. Weights: MIT. Run by OpenCV,
which brings the decoding of its outputs (``cv2.FaceDetectorYN``).
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.faces.detector import suppress
from whosthat.inference import GraphError, check_graph
from whosthat.photos.quiet import quiet_opencv
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from whosthat.types import Image

SMALLEST_SEEN = 16.0  # side in pixels of the smallest face worth finding in what the network is given; it finds faces from 10 on

LEAST_SIDE = 256
"""Longer side, in pixels, of the smallest picture that the network is given: it finds faces in smaller ones, but its landmarks
become inexact. On 748 photos of about 150 pixels, the share of known people named while 1 % of strangers are: 0.90 at 128
pixels, 0.95 at 160, 0.96 at 256 and at 320."""

TWICE_FROM = 384
"""Longer side, in pixels, of a picture in which large faces are no longer found well: they are looked for at `LEAST_SIDE` as well."""

LENIENT_SCORE = 0.4  # what a face must reach in a photo that is known to hold one


class YuNet:
    """The faster detector, from the file's bytes, which were checked by whoever read them (`faces.weight_files`).

    A face must reach ``min_score``, and two may not overlap by more than ``overlap``, both 0 to 1. Raises WeightsError where OpenCV cannot
    read the bytes.
    """

    name = "yunet"
    licence = "MIT"
    sure = 0.92  # of 300 photos of one person 94 % have a face that reaches it; upside down 7 %, on their side none
    likely = 0.85  # of 444 pieces of photos without a face, looked at in six ways, none reaches it

    def __init__(self, graph: bytes, *, min_score: float = 0.7, overlap: float = 0.3) -> None:
        try:
            check_graph(graph)
        except GraphError as error:
            raise WeightsError("These bytes are not YuNet's weights: {error}", error=error) from error
        self._graph = np.frombuffer(graph, np.uint8)
        self._min_score, self._overlap = min_score, overlap
        self._of_thread = threading.local()
        self._network()

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces; see `faces.detector.Detector`. Small faces are looked for in a large picture, large ones in a small one."""
        longer = max(image.shape[:2])
        coarse = LEAST_SIDE / longer
        fine = max(min(1.0, SMALLEST_SEEN / smallest), coarse)
        rows = self._rows(image, fine, lenient=lenient)
        if fine * longer >= TWICE_FROM:
            rows = np.concatenate([rows, self._rows(image, coarse, lenient=lenient)])
            boxes = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
            rows = rows[suppress(boxes, rows[:, 14], self._overlap)]
        return [_face(row) for row in rows[np.argsort(-rows[:, 14], kind="stable")]]

    def _rows(self, image: Image, scale: float, *, lenient: bool) -> Any:
        """Look once, at a copy of the photo that is ``scale`` times as wide; returns OpenCV's rows in the photo's pixels."""
        import cv2

        height, width = image.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        network = self._network()
        network.setInputSize(size)
        network.setScoreThreshold(LENIENT_SCORE if lenient else self._min_score)
        _found, rows = network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        return np.empty((0, 15)) if rows is None else rows * np.array([width / size[0], height / size[1]] * 7 + [1.0])

    def _network(self) -> Any:
        """OpenCV's detector keeps the size of its last picture: each thread has its own."""
        import cv2

        if not hasattr(self._of_thread, "network"):
            nothing, size = np.empty(0, np.uint8), (LEAST_SIDE, LEAST_SIDE)
            try:
                with quiet_opencv():  # it warns about a setting that nobody chose
                    made = cv2.FaceDetectorYN.create("onnx", self._graph, nothing, size, self._min_score, self._overlap, 5000)
            except cv2.error as error:
                raise WeightsError("OpenCV cannot read these bytes as YuNet's weights: {error}", error=error) from error
            self._of_thread.network = made
        return self._of_thread.network


def _face(row: Any) -> Face:
    """Read one row: box as left, top, width, height; five points; score."""
    left, top, width, height, *points, score = (float(value) for value in row)
    left_eye, right_eye, nose, left_mouth, right_mouth = zip(points[0::2], points[1::2], strict=True)
    box = Box(left, top, left + width, top + height)
    return Face(box, (left_eye, right_eye, nose, left_mouth, right_mouth), min(score, 1.0))
