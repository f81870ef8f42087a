"""The demo's photos: cartoon heroes that whosthat draws itself, so that its whole flow can be tried without anybody's photos.

What belongs here: drawing one picture of somebody, and a folder of pictures as a person would keep it. What does not: training on them.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import ImageDraw

from whosthat.cartoons.cast import EVERYBODY, HERO_CAST, STRANGER_CAST, UNSEEN_CAST
from whosthat.cartoons.figure import draw_figure, draw_mood
from whosthat.cartoons.pen import Pen
from whosthat.cartoons.scene import draw_background, lit
from whosthat.errors import UsageError, did_you_mean
from whosthat.photos.drawing import encode_image, thumbnail
from whosthat.photos.reading import read
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import Image

__all__ = ["HEROES", "STRANGERS", "UNSEEN_STRANGERS", "draw_hero", "draw_photo_folder"]

HEROES: tuple[str, ...] = tuple(HERO_CAST)
STRANGERS: tuple[str, ...] = tuple(STRANGER_CAST)
UNSEEN_STRANGERS: tuple[str, ...] = tuple(UNSEEN_CAST)

_OVERSAMPLING = 3  # drawn three times as large and averaged: smooth edges


def draw_hero(name: str, seed: int, size: int = 160) -> Image:
    """Draw one picture of one of `HEROES`, `STRANGERS` or `UNSEEN_STRANGERS`: RGB uint8 ``(size, size, 3)``.

    Each seed, 0 or more, gives its own pose, light, background, hair and expression; the same name, seed and size give the same pixels.

    Raises:
        UsageError: Nobody has this name.

    Example:
        >>> draw_hero("kid_kettle", seed=1, size=32).shape
        (32, 32, 3)
    """
    character = EVERYBODY.get(name)
    if character is None:
        raise UsageError('There is no cartoon of "{name}". {hint}', name=name, hint=did_you_mean(name, EVERYBODY))
    generator = np.random.default_rng((int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]), seed))
    large = size * _OVERSAMPLING
    picture = draw_background(large, generator)
    tilt, zoom = math.radians(generator.normal(0, 9)), generator.uniform(0.82, 1.22)
    x, y = generator.normal(0.5, 0.05), generator.normal(0.47, 0.04)
    pen = Pen(ImageDraw.Draw(picture, "RGBA"), 0.185 * large * zoom, tilt, (x * large, y * large))
    draw_figure(pen, character, draw_mood(character, generator))
    return lit(np.array(picture.reduce(_OVERSAMPLING)), generator)


def draw_photo_folder(
    folder: Path,
    *,
    photos_each: int,
    seed: int = 0,
    names: Sequence[str] = HEROES,
    size: int = 160,
    flaws: bool = False,
    progress: Progress = SILENT,
) -> None:
    """Draw a folder of photos, one sub-folder per name: ``<folder>/<name>/001.jpg`` and so on; files of the same names are replaced.

    Photos are ``size`` pixels wide and high. Another seed gives other pictures of the same people; those of two seeds are never the same.
    ``flaws`` also leaves behind what real folders hold: a photo that was cut off, an exact copy, a smaller copy.

    Raises:
        UsageError: Nobody has one of the names.
        OSError: No room, or no permission.
    """
    for position, name in enumerate(names):
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        for number in range(1, photos_each + 1):
            image = draw_hero(name, seed * 1_000_000 + number, size)
            (place / f"{number:03d}.jpg").write_bytes(encode_image(image, quality=90))
            progress.step(_("cartoons drawn"), position * photos_each + number, len(names) * photos_each)
    if flaws and names:
        _leave_flaws([folder / name for name in names], size)


def _leave_flaws(places: Sequence[Path], size: int) -> None:
    """Spread three flaws over the first, a middle and the last folder."""
    first, middle, last = places[0], places[len(places) // 2], places[-1]
    whole = (first / "001.jpg").read_bytes()
    (first / "cut off.jpg").write_bytes(whole[: len(whole) // 2])  # not translated: a file
    (middle / "001 (copy).jpg").write_bytes((middle / "001.jpg").read_bytes())
    smaller = thumbnail(read(last / "001.jpg"), max(1, size * 3 // 4))
    (last / "001 small.jpg").write_bytes(encode_image(smaller, quality=70))  # not translated: a file
