"""Where a cartoon is drawn and in which light: what is around and over the figure, and what a camera would do to the colours."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.cartoons.pen import Colour
from whosthat.types import Image

_SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((126, 196, 232), (240, 244, 226)),
    ((250, 176, 112), (252, 232, 180)),
    ((38, 42, 88), (120, 96, 150)),
    ((120, 168, 140), (226, 232, 190)),
    ((214, 122, 140), (250, 214, 200)),
    ((92, 100, 120), (196, 198, 204)),
)


def draw_background(size: int, generator: np.random.Generator) -> Any:
    """Draw a place at random: a Pillow picture, mode RGB, this many pixels wide and high."""
    top, bottom = (np.array(colour, float) for colour in _SKIES[generator.integers(len(_SKIES))])
    share = np.linspace(0, 1, size)[:, None, None]
    sky = np.broadcast_to(top * (1 - share) + bottom * share, (size, size, 3))
    picture = PillowImage.fromarray(sky.astype(np.uint8))
    places = (_city, _hills, _rays, _dots, _stars)
    places[generator.integers(len(places))](ImageDraw.Draw(picture, "RGBA"), size, generator)
    return picture


def lit(image: Image, generator: np.random.Generator) -> Image:
    """Put an image into a light at random: stronger from one side, warm or cold, bright or dim, with a little sensor noise."""
    size = image.shape[0]
    angle, strength = generator.uniform(0, 2 * math.pi), generator.uniform(0.05, 0.4)
    across = np.linspace(-1, 1, size)
    slope = across[None, :] * math.cos(angle) + across[:, None] * math.sin(angle)
    brightness, warmth = generator.uniform(0.72, 1.15), generator.uniform(-0.1, 0.1)
    tint = brightness * np.array([1 + warmth, 1.0, 1 - warmth])
    light: NDArray[np.float64] = image * (1 + strength * slope)[:, :, None] * tint
    noise = generator.normal(0, generator.uniform(1, 5), image.shape)
    exposed: Image = np.clip(np.rint(light + noise), 0, 255).astype(np.uint8)
    return exposed


def _city(canvas: Any, size: int, generator: np.random.Generator) -> None:
    left = 0.0
    tone = int(generator.integers(40, 130))
    while left < size:
        width, height = generator.uniform(0.08, 0.2) * size, generator.uniform(0.2, 0.75) * size
        canvas.rectangle((left, size - height, left + width, size), fill=(tone, tone + 6, tone + 26, 255))
        for row in np.arange(size - height + 0.03 * size, size, 0.07 * size):
            for column in np.arange(left + 0.02 * size, left + width - 0.03 * size, 0.05 * size):
                if generator.random() < 0.4:
                    canvas.rectangle((column, row, column + 0.02 * size, row + 0.03 * size), fill=(252, 226, 140, 200))
        left += width + generator.uniform(0, 0.03) * size


def _hills(canvas: Any, size: int, generator: np.random.Generator) -> None:
    for _ in range(3):
        x, y = generator.uniform(0, size), generator.uniform(0.05, 0.35) * size
        for step in (-1, 0, 1):
            radius = size * (0.06 if step else 0.085)
            middle = x + step * 0.09 * size
            canvas.ellipse((middle - radius, y - radius, middle + radius, y + radius), fill=(255, 255, 255, 190))
    for level in (0.62, 0.78):
        x, radius = generator.uniform(0, size), generator.uniform(0.6, 1.0) * size
        green = (int(generator.integers(60, 140)), int(generator.integers(120, 180)), 90, 255)
        canvas.ellipse((x - radius, level * size, x + radius, level * size + 2 * radius), fill=green)


def _rays(canvas: Any, size: int, generator: np.random.Generator) -> None:
    count, start = int(generator.integers(7, 13)), generator.uniform(0, math.pi)
    middle = (generator.uniform(0.3, 0.7) * size, generator.uniform(0.3, 0.7) * size)
    for ray in range(count):
        angles = (start + 2 * math.pi * ray / count, start + 2 * math.pi * (ray + 0.5) / count)
        far = [(middle[0] + 2 * size * math.cos(angle), middle[1] + 2 * size * math.sin(angle)) for angle in angles]
        canvas.polygon([middle, *far], fill=(255, 255, 255, 90))


def _dots(canvas: Any, size: int, generator: np.random.Generator) -> None:
    gap = generator.uniform(0.07, 0.12) * size
    colour = (*(int(value) for value in generator.integers(0, 256, 3)), 90)
    for row in range(int(size / gap) + 2):
        for column in range(int(size / gap) + 2):
            x, y = (column + 0.5 * (row % 2)) * gap, row * gap
            radius = 0.36 * gap * row * gap / size
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _stars(canvas: Any, size: int, generator: np.random.Generator) -> None:
    for _ in range(40):
        x, y, radius = (*generator.uniform(0, size, 2), generator.uniform(0.002, 0.009) * size)
        canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 250, 220, 220))
    x, y, radius = generator.uniform(0.1, 0.9) * size, generator.uniform(0.1, 0.4) * size, generator.uniform(0.06, 0.14) * size
    canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(252, 240, 196, 255))
