"""Random views of a training photo: turned, moved, zoomed, mirrored, lit differently, by one warp, so pixels are interpolated once.

Only training photos are ever augmented (`dataset.batches` sees to that). A view is a pure function of (seed, epoch, photo): it does not
depend on the batch size, on threads, or on which photos came before, and a resumed run sees the same views as one that was never stopped.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from whosthat.types import Image


@dataclass(frozen=True)
class Augmentation:
    """How far a view may differ from its photo. The defaults are the reference's; `training.recipe_base` keeps values in their limits."""

    rotation: float = 12.0  # turned by up to this many degrees either way, 0 to 180
    shift: float = 0.13  # moved by up to this share of the width, and of the height, 0 to 1
    zoom: float = 0.2  # magnified or shrunk by up to this share, 0 to 0.9
    flip: bool = True  # mirrored left to right in half of the views
    brightness: float = 0.0  # lighter or darker by up to this share of the full range, 0 to 1
    contrast: float = 0.0  # raised or lowered by up to this share, 0 to 1


def view_generator(seed: int, epoch: int, photo: int) -> np.random.Generator:
    """Return the random numbers of one view: of the run's seed, the epoch from 0, and the photo's index in its part of the split."""
    return np.random.default_rng((seed, epoch, photo))


def augment(image: Image, augmentation: Augmentation, generator: np.random.Generator) -> Image:
    """Return one random view of a photo: uint8 of the same shape; the photo itself, not copied, where the augmentation changes nothing.

    The photo is RGB uint8 ``(height, width, 3)``, or a sequence ``(frames, height, width, 3)`` whose frames all move alike. What the warp
    brings in from outside repeats its edge, as in the reference; mirroring it there instead would put a second forehead above the first.
    The same number of random numbers (`view_generator`) is always drawn, whatever the settings.
    """
    draws = generator.uniform(-1.0, 1.0, size=7)
    if not any(astuple(augmentation)):
        return image
    frames = image[None] if image.ndim == 3 else image
    warp = _warp(draws, augmentation, width=frames.shape[2], height=frames.shape[1])
    light = _light(draws[5], draws[6], augmentation)
    views = np.stack([_view(frame, warp, light) for frame in frames])
    return views[0] if image.ndim == 3 else views


def _view(frame: Image, warp: NDArray[np.float64] | None, light: Image | None) -> Image:
    import cv2  # costs a tenth of a second, and only training augments

    if warp is not None:
        size = (frame.shape[1], frame.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frame = cv2.warpAffine(frame, warp, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return frame if light is None else light[frame]


def _warp(draws: NDArray[np.float64], augmentation: Augmentation, *, width: int, height: int) -> NDArray[np.float64] | None:
    """The 2 x 3 matrix that leads from a pixel of the view to its place in the photo; None when nothing moves."""
    angle = math.radians(augmentation.rotation * draws[0])
    moved = augmentation.shift * np.array([width * draws[1], height * draws[2]])
    scale = 1.0 / (1.0 + augmentation.zoom * draws[3])
    mirror = -1.0 if augmentation.flip and draws[4] < 0 else 1.0
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    turn = np.array([[mirror * cos, mirror * sin], [-sin, cos]])
    centre = np.array([(width - 1) / 2, (height - 1) / 2])
    matrix = np.column_stack([turn, centre - turn @ (centre + moved)])
    return None if np.array_equal(matrix, np.eye(2, 3)) else matrix


def _light(brightness: float, contrast: float, augmentation: Augmentation) -> Image | None:
    """A table from old value to new, 256 entries; None when nothing changes."""
    if not (augmentation.brightness or augmentation.contrast):
        return None
    old = np.arange(256)
    new = (old - 128.0) * (1.0 + augmentation.contrast * contrast) + 128.0 + 255.0 * augmentation.brightness * brightness
    table: Image = np.clip(np.rint(new), 0, 255).astype(np.uint8)
    return table
