"""What people wear, each thing a small function: hair, masks, beards, headgear, emblems.

What belongs here: drawing one thing in the pen's coordinates. What does not: who wears what (`cast`), the body underneath (`figure`).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

from whosthat.cartoons.pen import INK, RED, WHITE, Colour, Pen, Point, mirrored

Part = Callable[[Pen, Colour, float], None]
"""Draws one thing: with this pen, in this colour, for a head this high (a multiple of its width)."""


def shade(colour: Colour, share: float) -> Colour:
    """Return a colour darkened (share below 0) or lightened (above 0), -1 to 1."""
    goal = 255 if share > 0 else 0
    return tuple(round(value + (goal - value) * abs(share)) for value in colour[:3])


def ring(count: int, radius: float, start: float = 0.0) -> list[Point]:
    """Return ``count`` points on a circle around (0, 0); ``start`` in radians."""
    angles = [start + 2 * math.pi * step / count for step in range(count)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def nothing(pen: Pen, colour: Colour, height: float) -> None:
    """Draw nothing: for who wears none of a kind."""


def _curls(pen: Pen, colour: Colour, height: float) -> None:
    for angle in range(175, 370, 22):
        x, y = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        pen.oval((1.02 * x, (height - 0.12) * y - 0.05), 0.34, 0.33, colour)
    for x in (-0.62, -0.2, 0.24, 0.64):
        pen.oval((x, -height + 0.3 + 0.12 * abs(x)), 0.3, 0.26, colour, ink=0)
        pen.stroke([(x - 0.12, -height + 0.38), (x, -height + 0.26), (x + 0.12, -height + 0.36)], shade(colour, -0.3), 0.045)


def _spikes(pen: Pen, colour: Colour, height: float) -> None:
    tips = [(-1.16, -0.45), (-1.05, -1.12), (-0.62, -1.5), (-0.12, -1.72), (0.42, -1.6), (0.95, -1.25), (1.18, -0.55)]
    valleys = [(-1.0, -0.72), (-0.78, -1.02), (-0.36, -1.18), (0.12, -1.2), (0.6, -1.08), (0.98, -0.75)]
    crown = [point for pair in zip(tips, valleys, strict=False) for point in pair] + [tips[-1]]
    hairline = [(0.92, -0.2), (0.6, -0.72), (0.2, -0.62), (-0.1, -0.8), (-0.5, -0.66), (-0.92, -0.2)]
    pen.shape([(x, y * height / 1.2) for x, y in crown + hairline], colour)


def _fringe(pen: Pen, colour: Colour, height: float) -> None:
    side = [(-1.04, 0.15), (-1.08, -0.45), (-0.7, -height)]
    pen.blob([*side, (0.7, -height), (1.08, -0.45), (1.04, 0.15), (0.84, -0.35), (0.3, -0.42), (-0.2, -0.5), (-0.84, -0.35)], colour)


def _bun(pen: Pen, colour: Colour, height: float) -> None:
    pen.oval((0, -height - 0.28), 0.46, 0.4, colour)
    pen.stroke([(-0.25, -height - 0.3), (0.05, -height - 0.45), (0.28, -height - 0.25)], shade(colour, 0.3), 0.05)
    pen.blob(mirrored([(0, -0.55), (-0.5, -0.72), (-0.9, -0.3), (-1.06, -0.1), (-1.06, -0.6), (-0.6, -height - 0.05)]), colour)


def _short(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -0.72), (-0.6, -0.68), (-0.88, -0.25), (-1.04, -0.08), (-1.05, -0.62), (-0.62, -height - 0.06)]), colour)


def _bob(pen: Pen, colour: Colour, height: float) -> None:
    left = [(0.25, -0.78), (-0.5, -0.5), (-0.9, 0.0), (-0.86, 0.7), (-1.3, 0.86), (-1.3, -0.3), (-0.85, -height)]
    right = [(0.3, -height - 0.12), (0.95, -height + 0.1), (1.3, -0.3), (1.3, 0.86), (0.86, 0.7), (0.9, 0.0), (0.7, -0.5)]
    pen.blob([*left, *right], colour)


HAIR: dict[str, Part] = {"curls": _curls, "spikes": _spikes, "fringe": _fringe, "bun": _bun, "short": _short, "bob": _bob, "bald": nothing}


def _domino(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -0.36), (-0.45, -0.46), (-1.0, -0.4), (-0.9, 0.16), (-0.45, 0.3), (-0.12, 0.12)]), colour)


def _goggles(pen: Pen, colour: Colour, height: float) -> None:
    pen.shape([(-1.02, -0.24), (1.02, -0.24), (1.0, 0.06), (-1.0, 0.06)], colour)
    for x in (-0.42, 0.42):
        pen.oval((x, -0.06), 0.43, 0.41, shade(colour, 0.25), ink=0.06)
        pen.oval((x, -0.06), 0.32, 0.3, (206, 236, 244))
        pen.stroke([(x - 0.2, -0.12), (x - 0.06, -0.27)], WHITE, 0.06)


def _moth(pen: Pen, colour: Colour, height: float) -> None:
    wing = [(0, -0.25), (-0.4, -0.6), (-1.3, -0.78), (-1.12, -0.1), (-0.72, 0.36), (-0.3, 0.3)]
    pen.blob(mirrored([*wing, (-0.06, 0.1)]), colour)
    for side in (-1, 1):
        pen.oval((side * 0.98, -0.46), 0.15, 0.15, shade(colour, -0.45))
        pen.oval((side * 0.98, -0.46), 0.06, 0.06, WHITE, ink=0)
        pen.stroke([(side * 0.14, -0.5), (side * 0.3, -1.2), (side * 0.62, -height - 0.5)], width=0.07)
        pen.oval((side * 0.64, -height - 0.52), 0.11, 0.11, colour)


def _monocle(pen: Pen, colour: Colour, height: float) -> None:
    pen.stroke([(0.7, 0.1), (0.86, 0.6), (0.74, 1.2)], colour, 0.05)
    pen.oval((0.42, -0.04), 0.38, 0.38, colour)
    pen.oval((0.42, -0.04), 0.3, 0.3, (228, 242, 246), ink=0.03)


def _stripe(pen: Pen, colour: Colour, height: float) -> None:
    for side, drop in itertools.product((-1, 1), (0.3, 0.48)):
        pen.stroke([(side * 0.5, drop), (side * 0.86, drop - 0.08)], colour, 0.1)


MASKS: dict[str, Part] = {"domino": _domino, "goggles": _goggles, "moth": _moth, "monocle": _monocle, "stripe": _stripe, "none": nothing}


def _moustache(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, 0.36), (-0.34, 0.38), (-0.62, 0.5), (-0.86, 0.34), (-0.74, 0.66), (-0.34, 0.62), (-0.06, 0.52)]), colour)


def _cone(pen: Pen, colour: Colour, height: float) -> None:
    outline = [(0, 0.5), (-0.4, 0.42), (-0.72, 0.34), (-1.04, 0.0), (-0.96, 0.75), (-0.6, height + 0.25), (-0.1, height + 0.62)]
    pen.blob(mirrored(outline), colour)
    for row, count in enumerate((4, 3, 2)):
        y = 0.92 + row * 0.3
        for step in range(count):
            x = (step - (count - 1) / 2) * 0.38
            pen.stroke([(x - 0.17, y - 0.1), (x, y + 0.08), (x + 0.17, y - 0.1)], shade(colour, 0.4), 0.055)


BEARDS: dict[str, Part] = {"moustache": _moustache, "cone": _cone, "none": nothing}


def _kettle(pen: Pen, colour: Colour, height: float) -> None:
    pen.shape([(1.0, -0.75), (1.62, -1.28), (1.78, -1.1), (1.1, -0.4)], shade(colour, -0.15))
    pen.blob(mirrored([(0, -height - 0.42), (-0.6, -height - 0.3), (-1.16, -0.5), (-1.1, -0.3)]), colour)
    pen.stroke([(-0.7, -height + 0.2), (-0.5, -height - 0.1)], shade(colour, 0.7), 0.12)
    pen.shape([(-1.2, -0.5), (1.2, -0.5), (1.16, -0.28), (-1.16, -0.28)], shade(colour, -0.25))
    pen.oval((0, -height - 0.5), 0.2, 0.17, RED)


def _toque(pen: Pen, colour: Colour, height: float) -> None:
    top = -height - 0.15
    for x, y in ((-0.66, -0.42), (0.66, -0.42), (0, -0.62)):
        pen.oval((x, top + y), 0.56, 0.46, colour)
    pen.shape([(-0.86, top - 0.35), (0.86, top - 0.35), (0.9, top + 0.5), (-0.9, top + 0.5)], colour)
    for x in (-0.45, 0.0, 0.45):
        pen.stroke([(x, top - 0.2), (x, top + 0.1)], shade(colour, -0.25), 0.045)


def _shell(pen: Pen, colour: Colour, height: float) -> None:
    pen.stroke([(-1.1, -0.5), (0, -height + 0.22), (1.1, -0.5)], shade(colour, -0.35), 0.2)
    fan = [(x, y - height + 0.3) for x, y in ring(13, 0.62, math.pi)[:7]]
    pen.blob([*fan, (0.14, -height + 0.52), (-0.14, -height + 0.52)], colour)
    for x, y in fan[1:-1]:
        pen.stroke([(x * 0.9, y), (0, -height + 0.48)], shade(colour, -0.35), 0.04)


def _cap(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -height - 0.35), (-0.8, -height - 0.2), (-1.12, -0.6), (-0.7, -0.72), (-0.05, -0.75)]), colour)
    pen.blob(mirrored([(0, -0.82), (-0.7, -0.78), (-1.0, -0.52), (-0.5, -0.5)]), shade(colour, -0.4))
    pen.oval((0, -height + 0.06), 0.15, 0.15, (240, 184, 56))


def _straw(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -height - 0.4), (-0.7, -height - 0.25), (-0.9, -0.65)]), colour)
    pen.oval((0, -0.66), 1.75, 0.27, shade(colour, 0.15))
    pen.stroke([(-0.86, -0.82), (0, -0.72), (0.86, -0.82)], RED, 0.17)


def _woolly(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -height - 0.3), (-0.75, -height - 0.1), (-1.12, -0.55)]), colour)
    pen.shape([(-1.14, -0.8), (1.14, -0.8), (1.12, -0.48), (-1.12, -0.48)], shade(colour, 0.35))
    pen.oval((0, -height - 0.36), 0.24, 0.24, shade(colour, 0.35))


_HATS: dict[str, Part] = {"kettle": _kettle, "toque": _toque, "cap": _cap, "straw": _straw, "woolly": _woolly}
HEADGEAR: dict[str, Part] = {**_HATS, "shell": _shell, "none": nothing}


def glasses(pen: Pen, colour: Colour, height: float) -> None:
    """Draw round glasses, which anybody may wear for a day."""
    for x in (-0.42, 0.42):
        for frame in (ring(24, 0.34), ring(24, 0.33)):
            points = [(x + dx, dy - 0.04) for dx, dy in frame]
            pen.stroke([*points, points[0]], colour, 0.06)
    pen.stroke([(-0.09, -0.06), (0.09, -0.06)], colour, 0.06)


def _flower(pen: Pen, colour: Colour, height: float) -> None:
    for x, y in ring(7, 0.27):
        pen.oval((x, y), 0.16, 0.16, colour, ink=0.035)
    pen.oval((0, 0), 0.16, 0.16, (120, 66, 40), ink=0.035)


def _drop(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -0.46), (-0.12, -0.2), (-0.3, 0.12), (-0.16, 0.38)]), colour)


def _steam(pen: Pen, colour: Colour, height: float) -> None:
    for x in (-0.26, 0.0, 0.26):
        pen.stroke([(x, 0.36), (x - 0.12, 0.14), (x + 0.12, -0.12), (x, -0.36)], colour, 0.11)


def _moth_emblem(pen: Pen, colour: Colour, height: float) -> None:
    pen.blob(mirrored([(0, -0.1), (-0.5, -0.4), (-0.44, 0.02), (-0.3, 0.34), (-0.06, 0.12)]), colour)
    pen.oval((0, 0.04), 0.06, 0.26, INK, ink=0)


def _moon(pen: Pen, colour: Colour, height: float) -> None:
    outer = ring(24, 0.4, math.radians(50))[:18]
    inner = [(x * 0.82 + 0.16, y * 0.82 - 0.02) for x, y in outer]
    pen.shape([*outer, *reversed(inner)], colour)


def _tree(pen: Pen, colour: Colour, height: float) -> None:
    pen.shape([(-0.07, 0.2), (0.07, 0.2), (0.07, 0.44), (-0.07, 0.44)], colour, ink=0.03)
    pen.shape([(0, -0.44), (0.26, -0.02), (0.14, -0.02), (0.36, 0.26), (-0.36, 0.26), (-0.14, -0.02), (-0.26, -0.02)], colour)


def _star(pen: Pen, colour: Colour, height: float) -> None:
    outer, inner = ring(5, 0.44, -math.pi / 2), ring(5, 0.2, -math.pi / 2 + math.pi / 5)
    pen.shape([point for pair in zip(outer, inner, strict=True) for point in pair], colour)


_SIGNS: dict[str, Part] = {"flower": _flower, "drop": _drop, "steam": _steam, "moth": _moth_emblem, "moon": _moon, "tree": _tree}
EMBLEMS: dict[str, Part] = {**_SIGNS, "star": _star, "none": nothing}
"""Around (0, 0), of the size 0.4."""
