"""Turns, scales and moves a face so that its five landmarks come to lie where an embedding network expects them.

What belongs here: the similarity transform and the crop. What does not: where a network expects them (the `CropTemplate` of each embedder).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import Image, Point

FILL = (0, 0, 0)  # colour of what lies beyond the photo's edge; the networks were trained with black there
LONGEST_WARPED = 32_767  # OpenCV 4 warps no picture with so many rows or columns
SMALLEST_SCALE = 1e-4  # a face that would have to shrink by more than this is none
SMALLEST_SPREAD = 1e-12  # points whose squared distances from their middle add up to less, in pixels, are one point


@dataclass(frozen=True)
class CropTemplate:
    """Where the five landmarks lie in a network's crop."""

    size: int  # side of the square crop in pixels
    points: tuple[Point, Point, Point, Point, Point]  # eyes from left to right, nose, corners of the mouth likewise; pixels of the crop
    origin: str  # where these numbers come from, in one sentence

    def scaled(self, size: int) -> CropTemplate:
        """Return the same framing for crops of another size; whole numbers are the middles of pixels.

        Example:
            >>> CropTemplate(100, ((30, 35), (70, 35), (50, 55), (35, 75), (65, 75)), "drawn").scaled(50).points[0]
            (14.75, 17.25)
        """
        ratio = size / self.size
        left_eye, right_eye, nose, left_mouth, right_mouth = (((x + 0.5) * ratio - 0.5, (y + 0.5) * ratio - 0.5) for x, y in self.points)
        return CropTemplate(size, (left_eye, right_eye, nose, left_mouth, right_mouth), self.origin)


def similarity(source: Sequence[Point], target: Sequence[Point]) -> NDArray[np.float64]:
    """Find the turn, scale and shift that bring points, of which two differ at least, nearest to as many targets.

    Returns a 2 x 3 matrix ``m``: a point ``(x, y)`` goes to ``m @ (x, y, 1)``. It never mirrors. Points that have no direction in common
    with their targets are shifted only.

    Source: S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", PAMI 13(4), 1991; in two
    dimensions without mirroring it is one division of complex numbers.

    Example:
        >>> similarity([(0, 0), (1, 0)], [(5, 5), (5, 7)]).round(6).tolist()
        [[0.0, -2.0, 5.0], [2.0, 0.0, 5.0]]
    """
    here = np.array([complex(*point) for point in source])
    there = np.array([complex(*point) for point in target])
    centred, goal = here - here.mean(), there - there.mean()
    spread = float(np.vdot(centred, centred).real)
    turn = np.vdot(centred, goal) / spread if spread > SMALLEST_SPREAD else 1.0 + 0j
    turn = turn if abs(turn) > SMALLEST_SCALE else 1.0 + 0j
    shift = there.mean() - turn * here.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


def enlargement(landmarks: Sequence[Point], template: CropTemplate) -> float:
    """Return how many times as wide a face is in its crop as in the photo."""
    matrix = similarity(landmarks, template.points)
    return float(np.hypot(matrix[0, 0], matrix[1, 0]))


def align(image: Image, landmarks: Sequence[Point], template: CropTemplate) -> Image:
    """Cut the aligned crop of one face, RGB uint8 (size, size, 3), out of an upright photo, RGB uint8 (height, width, 3).

    A face that is shrunk to less than half is averaged first, so that it does not flicker.
    """
    import cv2

    matrix = similarity(landmarks, template.points)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < 0.5 or max(image.shape) >= LONGEST_WARPED:
        image, matrix = _cut_out(image, matrix, template.size)
    if scale < 0.5:
        image, matrix = _shrunk(image, matrix, scale)
    side = (template.size, template.size)
    crop: Image = cv2.warpAffine(image, matrix, side, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=FILL)
    return crop


def _cut_out(image: Image, matrix: NDArray[np.float64], size: int) -> tuple[Image, NDArray[np.float64]]:
    """Keep only the part of the photo that the crop shows: shrinking all of a large photo for each face would cost seconds."""
    height, width = image.shape[:2]
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) - matrix[:, 2]
    there = corners @ np.linalg.inv(matrix[:, :2]).T
    left, top = np.clip(np.floor(there.min(axis=0)) - 2, 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(there.max(axis=0)) + 2, [left + 1, top + 1], [width, height]).astype(int)
    moved = matrix.copy()
    moved[:, 2] += matrix[:, :2] @ np.array([left, top])
    return image[top:bottom, left:right], moved


def _shrunk(image: Image, matrix: NDArray[np.float64], scale: float) -> tuple[Image, NDArray[np.float64]]:
    """Average whole blocks of pixels so that the warp that follows shrinks by less than a half."""
    import cv2

    height, width = image.shape[:2]
    factor = scale * 1.5
    small = (max(1, round(width * factor)), max(1, round(height * factor)))
    ratio = np.array([width / small[0], height / small[1]])
    shrunk = matrix.copy()
    shrunk[:, :2] *= ratio
    # the middle of pixel 0 moves when pixels grow
    shrunk[:, 2] += matrix[:, :2] @ ((ratio - 1) / 2)
    averaged: Image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    return averaged, shrunk
