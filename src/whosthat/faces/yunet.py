"""YuNet: one small network that finds faces and landmarks in a single look; used when its file is present.

Source: W. Wu et al., "YuNet: a tiny millisecond-level face detector", Machine Intelligence Research 20, 2023. Weights: MIT. Run by OpenCV,
which brings the decoding of its outputs (``cv2.FaceDetectorYN``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from whosthat.types import Image

SMALLEST_SEEN = 10.0
"""Side in pixels of the smallest face that the network sees in what it is given."""


class YuNet:
    """The faster detector.

    Args:
        graph: The file's bytes, checked by whoever read them (`faces.weights`).
        min_score: What a face must reach, 0 to 1.
        overlap: Largest overlap of two faces, 0 to 1.

    Raises:
        WeightsError: OpenCV cannot read the bytes.
    """

    name = "yunet"
    licence = "MIT"

    def __init__(self, graph: bytes, *, min_score: float = 0.7, overlap: float = 0.3) -> None:
        import cv2

        data = np.frombuffer(graph, np.uint8)
        try:
            self._network: Any = cv2.FaceDetectorYN.create("onnx", data, np.empty(0, np.uint8), (320, 320), min_score, overlap, 5000)
        except cv2.error as error:
            raise WeightsError(f"OpenCV cannot read these bytes as YuNet's weights: {error}") from error

    def detect(self, image: Image, *, smallest: float = 20.0) -> list[Face]:
        """Find all faces; see `faces.detector.Detector`. A photo whose smallest face may be large is looked at smaller."""
        import cv2

        scale = min(1.0, SMALLEST_SEEN / smallest)
        height, width = image.shape[:2]
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        small = image if size == (width, height) else cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        self._network.setInputSize(size)
        _, rows = self._network.detect(cv2.cvtColor(small, cv2.COLOR_RGB2BGR))
        if rows is None:
            return []
        rows = rows * np.array([width / size[0], height / size[1]] * 7 + [1.0])
        return [_face(row) for row in rows[np.argsort(-rows[:, 14], kind="stable")]]


def _face(row: Any) -> Face:
    """Read one row: box as left, top, width, height; five points; score."""
    left, top, width, height, *points, score = (float(value) for value in row)
    pairs = list(zip(points[0::2], points[1::2], strict=True))
    return Face(Box(left, top, left + width, top + height), (pairs[0], pairs[1], pairs[2], pairs[3], pairs[4]), min(score, 1.0))
