"""How a network on whole photos shows its answers: the result picture of one photo, and a contact sheet of many.

What belongs here: drawing both, and which drawing an answer gets. What does not: marking faces in a photo (`drawing`), what a sighting
says (`recognition`).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw

from whosthat.photos.drawing import UNKNOWN_COLOUR, Colour, colours_of, draw_sightings, fitted, name_of, printable
from whosthat.photos.lettering import font_for
from whosthat.types import Image, Sighting
from whosthat.wording import confidence_text

MOST_BARS = 20
"""Of more classes only so many are drawn, the most probable."""

SMALLEST_WIDTH = 320
"""A narrower photo stands in the middle of a picture of this width, in pixels."""

COLUMNS = 5
"""Of a contact sheet."""

_CELL, _CAPTION = 160, 28
_PAPER: Colour = (255, 255, 255)
_INK: Colour = (28, 33, 39)
_TRACK: Colour = (232, 236, 240)


def draw_answer(image: Image, sightings: Sequence[Sighting]) -> Image:
    """Draw what was seen in a photo as ``predict --draw`` does: faces in it, or the answer for all of it around it. RGB uint8."""
    if len(sightings) == 1 and sightings[0].box is None:
        return draw_result(image, sightings[0])
    return draw_sightings(image, sightings)


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
    _write(pen, name_of(sighting), (margin, title / 2), 1.6 * letters, width - 2 * margin, colour)
    names_end, bars_end = round(width * 0.4), width - margin - 4 * letters
    for number, (name, share) in enumerate(classes):
        middle = title + height + margin + line * (number + 0.5)
        _write(pen, printable(name), (margin, middle), letters, names_end - 2 * margin, _INK)
        top, bottom = middle - letters * 0.4, middle + letters * 0.4
        pen.rectangle((names_end, top, bars_end, bottom), fill=_TRACK)
        end = names_end + round((bars_end - names_end) * share)
        if end > names_end:
            pen.rectangle((names_end, top, end, bottom), fill=colour if name == sighting.name else UNKNOWN_COLOUR)
        _write(pen, confidence_text(share), (bars_end + letters * 0.6, middle), letters, 4 * letters, _INK)
    return np.array(picture)


def draw_contact_sheet(answers: Sequence[tuple[Image, Sighting]]) -> Image:
    """Draw photos, one or more, in rows of `COLUMNS`, each with its name and confidence below: RGB uint8."""
    rows = -(-len(answers) // COLUMNS)
    step, height = _CELL + 12, _CELL + _CAPTION
    picture = PillowImage.new("RGB", (12 + COLUMNS * step, 12 + rows * height), _PAPER)
    pen = ImageDraw.Draw(picture)
    colours = colours_of([sighting for _image, sighting in answers])
    for place, (image, sighting) in enumerate(answers):
        left, top = 12 + place % COLUMNS * step, 12 + place // COLUMNS * height
        small = fitted(image, _CELL, _CELL, zoom=4)
        picture.paste(PillowImage.fromarray(small), (left + (_CELL - small.shape[1]) // 2, top + (_CELL - small.shape[0]) // 2))
        share = "" if sighting.name is None else confidence_text(sighting.confidence)
        widest = _CELL - (44 if share else 0)
        middle = top + _CELL + _CAPTION / 2 - 4
        _write(pen, name_of(sighting), (left, middle), 12, widest, colours[sighting.name])
        _write(pen, share, (left + widest + 2, middle), 12, 44, _INK)
    return np.array(picture)


def _write(pen: ImageDraw.ImageDraw, text: str, at: tuple[float, float], size: float, widest: int, colour: Colour) -> None:
    """Write a line of text, its left edge and its middle at a place; what is too wide is cut."""
    font = font_for(text, round(size))
    if font.getlength(text) > widest:
        while len(text) > 1 and font.getlength(f"{text}…") > widest:
            text = text[:-1]
        text = f"{text}…"
    pen.text(at, text, font=font, fill=colour, anchor="lm")
