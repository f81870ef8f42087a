"""The result picture of a photo that was looked at as a whole: the answer as its title, the photo, and a bar for each class.

What belongs here: drawing it. What does not: marking faces in a photo (`drawing`), what a sighting says (`recognition`).
"""

from __future__ import annotations

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.photos.drawing import UNKNOWN_COLOUR, Colour, colours_of
from whosthat.photos.lettering import font_for
from whosthat.types import Image, Sighting
from whosthat.wording import confidence_text

MOST_BARS = 20
"""Of more classes only so many are drawn, the most probable."""

SMALLEST_WIDTH = 320
"""A narrower photo stands in the middle of a picture of this width, in pixels."""

_PAPER: Colour = (255, 255, 255)
_INK: Colour = (28, 33, 39)
_TRACK: Colour = (232, 236, 240)


def draw_result(image: Image, sighting: Sighting) -> Image:
    """Draw the answer for a whole photo around it: RGB uint8, wider and higher than the photo, which is not changed.

    The title is the name, or "unknown"; below the photo each class has a bar and its probability, the most probable first, and that of
    the name in its colour.
    """
    height, photo_width = image.shape[:2]
    width = max(photo_width, SMALLEST_WIDTH)
    letters = max(12, width // 32)
    margin, line = letters, round(letters * 1.7)
    classes = list(sighting.probabilities.items())[:MOST_BARS]
    title = round(letters * 3.2)
    picture = PillowImage.new("RGB", (width, title + height + 2 * margin + line * len(classes)), _PAPER)
    picture.paste(PillowImage.fromarray(np.ascontiguousarray(image)), ((width - photo_width) // 2, title))
    pen = ImageDraw.Draw(picture)
    colour = colours_of([sighting])[sighting.name]
    _write(pen, _printable(sighting.name or "unknown"), (margin, title / 2), 1.6 * letters, width - 2 * margin, colour)
    names_end, bars_end = round(width * 0.4), width - margin - 4 * letters
    for number, (name, share) in enumerate(classes):
        middle = title + height + margin + line * (number + 0.5)
        _write(pen, _printable(name), (margin, middle), letters, names_end - 2 * margin, _INK)
        top, bottom = middle - letters * 0.4, middle + letters * 0.4
        pen.rectangle((names_end, top, bars_end, bottom), fill=_TRACK)
        end = names_end + round((bars_end - names_end) * share)
        if end > names_end:
            pen.rectangle((names_end, top, end, bottom), fill=colour if name == sighting.name else UNKNOWN_COLOUR)
        _write(pen, confidence_text(share), (bars_end + letters * 0.6, middle), letters, 4 * letters, _INK)
    return np.array(picture)


def _write(pen: ImageDraw.ImageDraw, text: str, at: tuple[float, float], size: float, widest: int, colour: Colour) -> None:
    """Write a line of text, its left edge and its middle at a place; what is too wide is cut."""
    font = font_for(text, round(size))
    if font.getlength(text) > widest:
        while len(text) > 1 and font.getlength(f"{text}…") > widest:
            text = text[:-1]
        text = f"{text}…"
    pen.text(at, text, font=font, fill=colour, anchor="lm")


def _printable(name: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in name)
