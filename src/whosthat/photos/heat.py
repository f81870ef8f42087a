"""Heat maps over photos, as pictures for people.

What belongs here: laying a heat map on the part of a photo that a network saw, colours, and photo and heat side by side with the answer.
What does not: computing heat (`recognition.explaining`).
"""

from __future__ import annotations

import cv2
import numpy as np

from whosthat.photos.drawing import draw_sightings, fitted
from whosthat.photos.preparing import PrepareSpec, seen_part
from whosthat.types import FloatArray, Image, Sighting

SIDE = 480
"""Longest side of the photo in a picture that explains an answer, in pixels; smaller photos grow at most four times."""

_PAPER = 255
_OPACITY = 0.6
"""Of the heat where it is highest; where it is 0, the photo shows."""


def draw_heat(image: Image, heat: FloatArray, spec: PrepareSpec) -> Image:
    """Lay heat over a copy of a photo: blue and clear where it is low, red where it is high.

    Args:
        image: RGB uint8 (height, width, 3), not prepared.
        heat: float32 (rows, columns), 0 to 1, over what the network saw.
        spec: How the photo was prepared, hence which part of it that was.
    """
    height, width = image.shape[:2]
    left, top, right, bottom = seen_part(spec, width, height)
    large = np.clip(cv2.resize(heat, (right - left, bottom - top), interpolation=cv2.INTER_CUBIC), 0, 1)
    whole = np.zeros((height, width), np.float32)
    inside = large[max(0, -top) : height - top, max(0, -left) : width - left]
    whole[max(0, top) :, max(0, left) :][: inside.shape[0], : inside.shape[1]] = inside
    colours = cv2.applyColorMap((255 * whole).astype(np.uint8), cv2.COLORMAP_TURBO)[..., ::-1]
    share = _OPACITY * np.sqrt(whole)[..., None]
    mixed: Image = np.round((1 - share) * image + share * colours).astype(np.uint8)
    return mixed


def explained(image: Image, heat: FloatArray, spec: PrepareSpec, sighting: Sighting) -> Image:
    """Return one picture: the photo, beside it the same with heat (as in `draw_heat`), below both the answer with its confidence."""
    photo = fitted(image, SIDE, SIDE, zoom=4)
    gap = np.full((photo.shape[0], 8, 3), _PAPER, np.uint8)
    both = np.concatenate([photo, gap, draw_heat(photo, heat, spec)], axis=1)
    room = max(20, round(max(both.shape[:2]) / 12))  # a banner's height, and a little more
    below = np.full((room, both.shape[1], 3), _PAPER, np.uint8)
    return draw_sightings(np.concatenate([both, below]), [Sighting(sighting.name, sighting.confidence)])
