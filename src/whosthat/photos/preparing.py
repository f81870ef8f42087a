"""From an image to a network's input: the one preparation that training, testing, predicting and serving share.

What belongs here: resizing to the size a network wants, the spec that says how, which is saved in every bundle, and what whoever cuts
something out of the image first must offer. What does not: finding what is cut out (`whosthat.faces`), rescaling values to floats (the
first layer of every network does that), and random changes (`augmenting`).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Protocol, get_args

import numpy as np
from PIL import Image as PillowImage

from whosthat.errors import UsageError, did_you_mean
from whosthat.translation import _
from whosthat.types import Image

PREPARE_VERSION = 1
"""Raised whenever `prepare` would give other values for the same spec: old caches are then built again."""

Fit = Literal["stretch", "crop", "pad"]

MAX_SIZE = 4096
MAX_FRAMES = 1024
_PADDING = (128, 128, 128)
# Pillow first averages whole blocks of pixels down to three times the wanted size, then filters: on a 12-megapixel photo
# 10 ms instead of 29, and within 4 grey levels of the full filter (0.2 on average). With 2 it would be 12 levels.
_REDUCING_GAP = 3.0


@dataclass(frozen=True)
class PrepareSpec:
    """How an image becomes a network's input; UsageError for a value outside its limits.

    Example:
        >>> PrepareSpec(112).shape
        (112, 112, 3)
        >>> PrepareSpec(64, frames=4).shape
        (4, 64, 64, 3)
    """

    size: int = 224  # width and height of the input, in pixels, 1 to 4096
    fit: Fit = "stretch"
    """What happens to a photo that is not square: "stretch" changes its proportions, as the reference does; "crop" keeps the middle and
    loses the ends; "pad" keeps all and fills up with mid-grey, which is neither of the extremes that a network could mistake for a sign."""
    frames: int | None = None
    """Frames of a clip, and how often a photo is repeated, for a network that looks at sequences; None for one that looks at a photo."""

    def __post_init__(self) -> None:
        _check_count("size", self.size, MAX_SIZE)
        if self.frames is not None:
            _check_count("frames", self.frames, MAX_FRAMES)
        if self.fit not in get_args(Fit):
            raise UsageError('There is no fit "{fit}". {choice}', fit=self.fit, choice=did_you_mean(str(self.fit), get_args(Fit)))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the prepared array: ``(size, size, 3)``, or ``(frames, size, size, 3)``."""
        still = (self.size, self.size, 3)
        return still if self.frames is None else (self.frames, *still)

    def key(self) -> str:
        """Return 12 hexadecimal digits that differ whenever `prepare` could give other values."""
        content = json.dumps({"version": PREPARE_VERSION, **self.to_dict()}, sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def to_dict(self) -> dict[str, Any]:
        """Return the spec as plain values, for a bundle or a recipe."""
        return asdict(self)

    @classmethod
    def from_dict(cls, mapping: Mapping[str, Any]) -> PrepareSpec:
        """Rebuild a spec from `to_dict`.

        Raises:
            UsageError: An unknown key, or a value outside its limits.
        """
        known = [field.name for field in fields(cls)]
        for key in mapping:
            if key not in known:
                raise UsageError('A prepare spec has no key "{key}". {choice}', key=key, choice=did_you_mean(str(key), known))
        return cls(**mapping)


class Cropper(Protocol):
    """Cuts out of a photo what a network shall look at, before `prepare`; may be asked by several threads at once."""

    @property
    def missing(self) -> str:
        """Why a photo has nothing to cut out, as in "no face was found in it"."""

    @property
    def key(self) -> str:
        """A short word, fit for a file name, that changes whenever the same photo would give another crop."""

    def portrait(self, image: Image) -> Image | None:
        """Cut out what the photo is about: RGB uint8 (height, width, 3), or None where it is missing."""


def prepare(image: Image, spec: PrepareSpec) -> Image:
    """Turn an image, RGB uint8 ``(height, width, 3)`` of any size, into a network's input: uint8 of shape ``spec.shape``.

    A square image that already has the size comes back as it is, not copied.

    Raises:
        ValueError: The array is not an image.

    Example:
        >>> prepare(np.zeros((30, 20, 3), np.uint8), PrepareSpec(8)).shape
        (8, 8, 3)
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(
            _("An image is a uint8 array (height, width, 3); this one is {dtype} {shape}.", dtype=image.dtype, shape=image.shape)
        )
    fitted = image if image.shape == (spec.size, spec.size, 3) else _fitted(image, spec)
    return fitted if spec.frames is None else np.repeat(fitted[None], spec.frames, axis=0)


def seen_part(spec: PrepareSpec, width: int, height: int) -> tuple[int, int, int, int]:
    """Return which part of a photo fills the network's input: left, top, right and bottom in pixels.

    "crop" leaves out the ends; "pad" reaches beyond the photo, so that left or top is below 0.

    Example:
        >>> seen_part(PrepareSpec(fit="crop"), 30, 20), seen_part(PrepareSpec(fit="pad"), 30, 20)
        ((5, 0, 25, 20), (0, -5, 30, 25))
    """
    if spec.fit == "stretch":
        return 0, 0, width, height
    side = (min if spec.fit == "crop" else max)(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return left, top, left + side, top + side


def _check_count(name: str, value: object, largest: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= largest:
        raise UsageError("{name} must be a whole number from 1 to {largest}, got {given!r}.", name=name, largest=largest, given=value)


def _fitted(image: Image, spec: PrepareSpec) -> Image:
    height, width = image.shape[:2]
    size = spec.size
    if spec.fit != "pad":
        left, top, right, bottom = seen_part(spec, width, height)
        return _resize(image[top:bottom, left:right], size, size)
    scale = size / max(height, width)
    inner = _resize(image, max(1, round(width * scale)), max(1, round(height * scale)))
    padded = np.full((size, size, 3), _PADDING, np.uint8)
    top, left = (size - inner.shape[0]) // 2, (size - inner.shape[1]) // 2
    padded[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return padded


def _resize(image: Image, width: int, height: int) -> Image:
    """Resize with a bilinear filter that widens when it shrinks, so that fine patterns do not alias."""
    picture = PillowImage.fromarray(np.ascontiguousarray(image))
    return np.array(picture.resize((width, height), PillowImage.Resampling.BILINEAR, reducing_gap=_REDUCING_GAP))
