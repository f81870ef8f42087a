"""A whole figure, from the cape behind to the hat on top, in one pose and mood.

What belongs here: the order of things, the body, the face and its expressions, and what varies from picture to picture.
What does not: single things worn (`attire`), who wears them (`cast`), what is around them (`scene`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from whosthat.cartoons import attire
from whosthat.cartoons.attire import shade
from whosthat.cartoons.cast import BLUE, GREEN, PURPLE, Character, Worn
from whosthat.cartoons.pen import INK, RED, WHITE, Colour, Pen, mirrored


@dataclass(frozen=True)
class Mood:
    """What differs between two pictures of one character."""

    turn: float  # of the head, -1 (to the viewer's left) to 1
    nod: float  # the head lowered (above 0) or raised, -1 to 1
    gaze: float  # where the eyes look, -1 to 1
    lids: float  # how far the eyes are closed, 0 to 1
    brows: float  # raised (above 0) or frowning, -1 to 1
    mouth: str  # a key of `_MOUTHS`
    suit: tuple[Colour, Colour]  # its colour and that of its trimmings
    hair_colour: Colour  # the character's, a little lighter or darker
    headgear: Worn  # the character's, or a woolly hat on a cold day
    glasses: bool


def draw_mood(character: Character, generator: np.random.Generator) -> Mood:
    """Draw at random how a character looks today."""
    turn, nod, gaze, brows, hair = generator.uniform(-1, 1, 5)
    cold = generator.random() < 0.15 and character.headgear[0] in {"none", "shell"}
    woollen = (RED, BLUE, GREEN, PURPLE)[generator.integers(4)]
    return Mood(
        turn=float(turn),
        nod=float(nod),
        gaze=float(gaze),
        lids=float(generator.choice([0.0, 0.0, 0.15, 0.35, 1.0], p=[0.3, 0.3, 0.2, 0.15, 0.05])),
        brows=float(brows),
        mouth=str(generator.choice(list(_MOUTHS))),
        suit=character.suits[generator.integers(len(character.suits))],
        hair_colour=shade(character.hair[1], 0.18 * float(hair)),
        headgear=("woolly", woollen) if cold else character.headgear,
        glasses=bool(generator.random() < 0.15) and character.mask[0] not in {"goggles", "monocle"},
    )


def draw_figure(pen: Pen, character: Character, mood: Mood) -> None:
    """Draw a character; what comes first lies behind."""
    head = pen.moved(0.1 * mood.turn, 0.05 * mood.nod)
    face = head.moved(0.2 * mood.turn, 0.1 * mood.nod)
    crown = head.moved(-0.04 * mood.turn, 0)
    height, (hair, _), (mask, mask_colour), (headgear, headgear_colour) = character.height, character.hair, character.mask, mood.headgear
    _draw_body(pen, character, mood)
    if hair == "bob":  # the only hair that also falls behind the neck
        crown.blob(mirrored([(0, -height), (-1.0, -0.8), (-1.3, 0.2), (-1.16, 0.95), (-0.4, 1.0)]), shade(mood.hair_colour, -0.2))
    _draw_head(head, character, mood)
    attire.MASKS[mask](face, mask_colour, height)
    _draw_eyes(face, character, mood)
    _draw_nose(face, character, mood)
    attire.BEARDS[character.beard](face, mood.hair_colour, height)
    _MOUTHS[mood.mouth](face.moved(0, 0.62 if character.beard == "none" else 0.72))
    if mood.glasses:
        attire.glasses(face, INK, height)
    attire.HAIR[hair](crown, mood.hair_colour, height)
    attire.HEADGEAR[headgear](crown, headgear_colour, height)


def _draw_body(pen: Pen, character: Character, mood: Mood) -> None:
    suit, trimming = mood.suit
    if character.cape:
        pen.blob(mirrored([(0, 1.0), (-1.0, 1.15), (-2.0, 1.9), (-2.5, 4.6)]), shade(trimming, -0.12))
    pen.shape([(-0.42, 0.6), (0.42, 0.6), (0.5, 1.6), (-0.5, 1.6)], shade(character.skin, -0.14))
    pen.blob(mirrored([(0, 1.52), (-0.5, 1.36), (-1.3, 1.56), (-1.78, 2.3), (-1.85, 4.6)]), suit)
    pen.stroke([(-0.62, 1.36), (-0.3, 1.68), (0, 1.74), (0.3, 1.68), (0.62, 1.36)], trimming, 0.2)
    for side in (-1, 1):
        pen.stroke([(side * 1.22, 2.5), (side * 1.28, 3.6)], shade(suit, -0.35), 0.05)
    emblem = pen.moved(0.14 * mood.turn, 2.36)
    attire.EMBLEMS[character.emblem](emblem, trimming, character.height)


def _draw_head(head: Pen, character: Character, mood: Mood) -> None:
    skin, jaw, height = character.skin, character.jaw, character.height
    for side in (-1, 1):
        head.oval((side * 1.0 - 0.06 * mood.turn, 0.1), 0.18, 0.26, shade(skin, -0.08))
    outline = [(0, -height), (-0.72, -height * 0.8), (-1.0, -0.15), (-0.92, 0.42), (-jaw, height * 0.88)]
    head.blob([*mirrored(outline)[:5], (0, height), *mirrored(outline)[5:-1]], skin)
    far = -1.0 if mood.turn > 0 else 1.0
    shadow = [(far * 0.98, -0.5), (far * 0.97, 0.3), (far * jaw, height * 0.86), (far * 0.66, 0.3)]
    head.blob(shadow, (*shade(skin, -0.35), 70), ink=0)
    for side in (-1, 1):
        head.oval((side * 0.56 + 0.18 * mood.turn, 0.44), 0.2, 0.14, (226, 92, 82, 60), ink=0)


def _draw_eyes(face: Pen, character: Character, mood: Mood) -> None:
    for side in (-1, 1):
        x = side * 0.42
        if mood.lids > 0.9:
            face.stroke([(x - 0.2, -0.02), (x, 0.06), (x + 0.2, -0.02)], width=0.07)
        else:
            face.oval((x, -0.04), 0.22, 0.24 * (1 - mood.lids), WHITE, ink=0.045)
            face.oval((x + 0.1 * mood.gaze, -0.02), 0.1, 0.12 * (1 - 0.5 * mood.lids), INK, ink=0)
            face.oval((x + 0.1 * mood.gaze - 0.035, -0.07), 0.035, 0.035, WHITE, ink=0)
        inner, outer = -0.42 - 0.1 * mood.brows, -0.46
        thick = 0.15 if character.beard == "cone" else 0.1
        face.stroke([(side * 0.18, inner), (side * 0.42, outer - 0.08), (side * 0.7, outer)], shade(character.hair[1], -0.25), thick)


def _draw_nose(face: Pen, character: Character, mood: Mood) -> None:
    lean = 0.1 if mood.turn > 0 else -0.1
    face.stroke([(0.0, 0.08), (lean, 0.3), (-lean * 0.4, 0.34)], shade(character.skin, -0.45), 0.06)


def _laugh(pen: Pen) -> None:
    pen.blob([(-0.34, -0.08), (0, -0.05), (0.34, -0.08), (0.2, 0.24), (-0.2, 0.24)], (120, 40, 48))
    pen.oval((0, 0.18), 0.14, 0.06, (226, 110, 110), ink=0)


_MOUTHS: dict[str, Callable[[Pen], None]] = {
    "smile": lambda pen: pen.stroke([(-0.34, -0.04), (0, 0.12), (0.34, -0.04)], width=0.07),
    "grin": lambda pen: pen.blob([(-0.36, -0.06), (0, -0.02), (0.36, -0.06), (0.22, 0.16), (-0.22, 0.16)], WHITE),
    "laugh": _laugh,
    "calm": lambda pen: pen.stroke([(-0.24, 0.03), (0.24, 0.02)], width=0.07),
    "surprise": lambda pen: pen.oval((0, 0.06), 0.13, 0.16, (120, 40, 48)),
    "smirk": lambda pen: pen.stroke([(-0.2, 0.06), (0.1, 0.06), (0.32, -0.08)], width=0.07),
}
"""Around (0, 0)."""
