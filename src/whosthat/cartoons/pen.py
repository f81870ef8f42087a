"""A pen that draws smooth, inked shapes in the figure's own coordinates.

What belongs here: geometry (turning, scaling, curves) and ink.
What does not: knowing what is drawn. The middle of the head is (0, 0), half its width is 1, x grows to the right, y downwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

Colour = tuple[int, ...]  # red, green, blue and, where it is not 255, opacity
Point = tuple[float, float]

INK: Colour = (38, 28, 44)
WHITE: Colour = (255, 255, 255)
RED: Colour = (206, 58, 56)


@dataclass(frozen=True)
class Pen:
    """Draws on a Pillow canvas through a similarity transform."""

    canvas: Any  # a PIL.ImageDraw in mode "RGBA", so that colours with an opacity blend
    unit: float  # length of 1, in pixels
    tilt: float  # turned by this angle, in radians, clockwise as seen
    origin: Point  # where (0, 0) lies, in pixels

    def moved(self, right: float, down: float) -> Pen:
        """Return a pen whose (0, 0) lies elsewhere, in this pen's units."""
        return replace(self, origin=self._place((right, down)))

    def shape(self, points: Sequence[Point], fill: Colour, ink: float = 0.05) -> None:
        """Fill a polygon and draw its outline, ``ink`` units wide."""
        placed = [self._place(point) for point in points]
        self.canvas.polygon(placed, fill=fill)
        if ink:
            self._line([*placed, *placed[:2]], INK, ink)

    def blob(self, points: Sequence[Point], fill: Colour, ink: float = 0.05) -> None:
        """Fill a smooth closed curve through the points."""
        self.shape(_curve([points[-1], *points, *points[:2]]), fill, ink)

    def oval(self, middle: Point, across: float, down: float, fill: Colour, ink: float = 0.05) -> None:
        """Fill an ellipse with the half-axes ``across`` and ``down``."""
        turns = [2 * math.pi * step / 40 for step in range(40)]
        self.shape([(middle[0] + across * math.cos(turn), middle[1] + down * math.sin(turn)) for turn in turns], fill, ink)

    def stroke(self, points: Sequence[Point], colour: Colour = INK, width: float = 0.06) -> None:
        """Draw a smooth open line through the points, with round ends."""
        line = _curve([points[0], *points, points[-1]]) if len(points) > 2 else points
        placed = [self._place(point) for point in line]
        self._line(placed, colour, width)
        radius = self.unit * width / 2
        for x, y in (placed[0], placed[-1]):
            self.canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def _line(self, placed: Sequence[Point], colour: Colour, width: float) -> None:
        self.canvas.line(placed, fill=colour, width=max(1, round(self.unit * width)), joint="curve")

    def _place(self, point: Point) -> Point:
        cos, sin = math.cos(self.tilt) * self.unit, math.sin(self.tilt) * self.unit
        return (self.origin[0] + point[0] * cos - point[1] * sin, self.origin[1] + point[0] * sin + point[1] * cos)


def mirrored(points: Sequence[Point]) -> list[Point]:
    """Return the points followed by their mirror images, in an order that closes one symmetric outline."""
    return [*points, *((-x, y) for x, y in reversed(points))]


def _curve(points: Sequence[Point], steps: int = 8) -> list[Point]:
    """Catmull-Rom spline through all points but the first and the last, which only steer it."""
    curve = []
    for before, start, end, after in zip(points, points[1:], points[2:], points[3:], strict=False):
        for step in range(steps):
            t = step / steps
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, -(t**2) + t**3)
            nodes = (before, start, end, after)
            x, y = (sum(weight * node[axis] for weight, node in zip(weights, nodes, strict=True)) / 2 for axis in (0, 1))
            curve.append((x, y))
    return [*curve, points[-2]]
