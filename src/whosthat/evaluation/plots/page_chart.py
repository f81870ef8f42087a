"""Where everything of a chart stands inside a page: numbers for ``chart.html.j2``, which writes the ``<svg>``. No matplotlib is needed.

What belongs here: places and sizes. What does not: colours and fonts, which the page's style gives, in either theme.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass

from whosthat.evaluation.plots.canvas import width_of
from whosthat.evaluation.plots.chart import Chart, Line

_LETTER, _TOP, _BOTTOM, _RIGHT = 5.4, 26.0, 40.0, 12.0
"""In units of the drawing, of which an inch has 72: the width of a letter, the room for the title, for what runs along the bottom, and
at the right."""

MOST_READINGS = 400
"""Of more places values are shown of so many, evenly spread."""


@dataclass(frozen=True, slots=True)
class PageChart:
    """A chart ready for the page; name, title and description as in `laid_out`, everything else in units of the drawing."""

    chart: Chart
    name: str
    title: str
    description: str
    width: float
    height: float
    left: float
    right: float
    top: float
    bottom: float

    def x(self, value: float) -> float:
        """Where a value of the axis along the bottom stands."""
        return round(self.left + self.chart.across.place(value) * (self.right - self.left), 1)

    def y(self, value: float) -> float:
        """Where a value of the upright axis stands."""
        return round(self.bottom - self.chart.up.place(value) * (self.bottom - self.top), 1)

    def points(self, line: Line) -> list[tuple[float, float]]:
        """The points of a line that are numbers."""
        return [(self.x(x), self.y(y)) for x, y in zip(line.xs, line.ys, strict=True) if math.isfinite(y)]

    @property
    def band(self) -> str:
        """The outline of the band."""
        above = [(x, high) for x, _low, high in self.chart.band]
        below = [(x, low) for x, low, _high in reversed(self.chart.band)]
        return _corners((self.x(x), self.y(y)) for x, y in above + below)

    def way(self, line: Line) -> str:
        """The corners of a line."""
        return _corners(self.points(line))

    @property
    def strips(self) -> list[tuple[float, float, float, tuple[str, ...]]]:
        """For each reading: its place, where the strip that it answers for begins and how wide it is, and its lines of text."""
        readings = self.chart.readings
        chosen = [readings[n * len(readings) // MOST_READINGS] for n in range(MOST_READINGS)] if len(readings) > MOST_READINGS else readings
        places = [self.x(x) for x, _lines in chosen]
        ends = [self.left, *((one + other) / 2 for one, other in itertools.pairwise(places)), self.right]
        return [
            (x, round(start, 1), round(end - start, 1), lines)
            for (_x, lines), x, (start, end) in zip(chosen, places, itertools.pairwise(ends), strict=False)  # without a reading no strip
        ]


def laid_out(chart: Chart, name: str, title: str, description: str, size: tuple[float, float] = (4.7, 3.1)) -> PageChart:
    """Lay a chart out, so many inches wide and high.

    Its name keeps ids apart: no other drawing of the page has it. Title and description are for those who cannot see it.
    """
    width, height = (round(72 * inches, 1) for inches in size)
    left = 8 + _LETTER * max(width_of(words) for _value, words in chart.up.ticks)
    right, bottom = round(width - _RIGHT, 1), round(height - _BOTTOM, 1)
    return PageChart(chart, name, title, description, width, height, round(left, 1), right, _TOP, bottom)


def _corners(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
