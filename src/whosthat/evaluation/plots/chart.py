"""What a chart holds, whichever way it is drawn: lines, bars, axes and their ticks, and the values that are read off it.

What belongs here: the description of a chart, and drawing one by matplotlib for PNG files. What does not: which charts a run has
(`charts`), charts inside a page (`page_chart`), what is no chart (`flow_chart`, `architecture`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from whosthat.evaluation.plots.canvas import Inks, boxed

MOST_TICKS = 9

_OFFSET, _FRACTION = "offset points", "axes fraction"  # not translated: matplotlib's words


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its two ends, the ticks with their words, what runs along it, and whether it is logarithmic (then all is above 0)."""

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    label: str = ""
    log: bool = False

    def place(self, value: float) -> float:
        """Return where a value lies, from 0 at the low end to 1 at the high end; what lies outside runs along the edge."""
        low, high, value = (math.log(max(one, self.low)) if self.log else one for one in (self.low, self.high, value))
        return min(max((value - low) / (high - low), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, those that are no numbers left out.

    Attributes:
        ink: The name of a colour of `Inks`, or a colour such as ``#1f77b4``.
        label: Its words in the legend, where it has some.
        dashes: Lengths of dashes and gaps, such as ``8 3``; none for a whole line.
        width: In points.
        dots: Whether each point has a dot: a single point has no line.
    """

    xs: Sequence[float]
    ys: Sequence[float]
    ink: str
    label: str = ""
    dashes: str = ""
    width: float = 2.2
    dots: bool = False

    @property
    def colour(self) -> str:
        """The ink as a page's style names it."""
        return self.ink if self.ink.startswith("#") else f"var(--{self.ink})"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar from one end to the other, so high, with a word on it."""

    low: float
    high: float
    value: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    Attributes:
        band: A filled stretch: points as (x, lowest, highest).
        mark: An upright dotted line with its words, as (x, words).
        readings: What is read off at a place, as (x, lines of text), in the order of x.
        corner: Where matplotlib puts the legend.
    """

    title: str
    across: Axis
    up: Axis
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    bars_label: str = ""
    band: tuple[tuple[float, float, float], ...] = ()
    mark: tuple[float, str] | None = None
    readings: tuple[tuple[float, tuple[str, ...]], ...] = ()
    corner: str = "best"


def even_ticks(low: float, high: float, most: int = 7) -> tuple[tuple[float, str], ...]:
    """Return round numbers at even steps of 1, 2 or 5 that hold the two ends between them, about so many.

    Example:
        >>> [words for _value, words in even_ticks(0.13, 0.78)]
        ['0', '0.2', '0.4', '0.6', '0.8']
    """
    span = (high - low) or abs(high) or 1.0
    tenth = 10.0 ** math.floor(math.log10(span / most))
    step = next(tenth * digit for digit in (1, 2, 5, 10, 20) if span / (tenth * digit) <= most - 1)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple((place * step, f"{place * step:.6g}") for place in range(first, last + 1))


def count_axis(first: int, last: int, label: str) -> Axis:
    """Return an axis of whole numbers, with half a step of room at either end."""
    step = max(1, round(even_ticks(0, max(last - first, 1), MOST_TICKS)[1][0]))
    ticks = tuple((float(n), str(n)) for n in range(first, last + 1) if n % step == 0) or ((float(first), str(first)),)
    return Axis(first - 0.5, last + 0.5, ticks, label)


def value_axis(values: Sequence[float], label: str = "", *, low: float | None = None) -> Axis:
    """Return an axis that holds all numbers among the values, from ``low`` where that is given."""
    known = [value for value in values if math.isfinite(value)] or [0.0, 1.0]
    ticks = even_ticks(min(known) if low is None else low, max(known))
    return Axis(ticks[0][0], ticks[-1][0], ticks, label)


def loss_axis(low: float, high: float) -> Axis:
    """Return a logarithmic axis with ticks at 1, 2, 5, 10... from the last that is not above ``low`` to the first not below ``high``."""
    exponents = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 2)
    steps = [digit * 10.0**exponent for exponent in exponents for digit in (1, 2, 5)]
    first = max(place for place, step in enumerate(steps) if step <= low * 1.001)
    last = min(place for place, step in enumerate(steps) if step >= high * 0.999)
    ticks = steps[first : max(last, first + 1) + 1]
    shown = ticks if len(ticks) <= MOST_TICKS else [tick for tick in ticks if f"{tick:e}".startswith("1")]
    return Axis(ticks[0] * 0.95, ticks[-1] * 1.05, tuple((tick, f"{tick:g}") for tick in shown), log=True)


def draw_chart(axes: Any, make: Callable[..., Chart], *what: Any) -> None:
    """Draw the chart that is made of what is given, but for the inks at its end, on matplotlib's ``Axes``.

    It is made here, in a language that can be drawn. Horizontal lines alone, without an axis or ticks at the left.
    """
    *about, inks = what
    chart, colours = make(*about), dict(zip((field.name for field in fields(Inks)), astuple(inks), strict=True))
    axes.set_title(boxed(chart.title))
    if chart.band:
        axes.fill_between(*zip(*chart.band, strict=True), color=inks.soft)
    _draw_bars(axes, chart, inks)
    for line in chart.lines:
        dashes: Any = (0, [float(length) / line.width for length in line.dashes.split()]) if line.dashes else "solid"
        look = {"color": colours.get(line.ink, line.ink), "linestyle": dashes, "linewidth": line.width, "label": boxed(line.label) or None}
        axes.plot(line.xs, line.ys, marker="o" if line.dots else None, markersize=4, **look)
    for axis, name in ((chart.across, "x"), (chart.up, "y")):
        axes.set(
            **{f"{name}scale": "log" if axis.log else "linear", f"{name}lim": (axis.low, axis.high), f"{name}label": boxed(axis.label)}
        )
        axes.set(**{f"{name}ticks": [value for value, _words in axis.ticks], f"{name}ticklabels": [words for _value, words in axis.ticks]})
    axes.minorticks_off()
    axes.grid(axis="y")
    axes.tick_params(length=0)
    axes.spines["left"].set_visible(False)
    if chart.mark is not None:
        _draw_mark(axes, *chart.mark, late=chart.across.place(chart.mark[0]) > 0.5, inks=inks)
    if chart.bars_label or any(line.label for line in chart.lines):
        axes.legend(loc=chart.corner, labelcolor=inks.ink)


def _draw_bars(axes: Any, chart: Chart, inks: Inks) -> None:
    look: dict[str, Any] = {"align": "edge", "color": inks.validation, "alpha": 0.75, "label": chart.bars_label}
    place: dict[str, Any] = {"xytext": (0, 2), "textcoords": _OFFSET, "ha": "center", "color": inks.ink, "fontsize": 8}
    if chart.bars_label:
        axes.bar([bar.low for bar in chart.bars], [bar.value for bar in chart.bars], [bar.high - bar.low for bar in chart.bars], **look)
    for bar in chart.bars:
        axes.annotate(bar.label, ((bar.low + bar.high) / 2, bar.value), **place)


def _draw_mark(axes: Any, x: float, words: str, *, late: bool, inks: Inks) -> None:
    axes.axvline(x, color=inks.good, linewidth=1.2, linestyle=(0, (1, 2)), zorder=0)
    shift, side = (-5, "right") if late else (5, "left")
    place: dict[str, Any] = {"xycoords": ("data", _FRACTION), "xytext": (shift, -2), "textcoords": _OFFSET}
    axes.annotate(words, (x, 1), **place, ha=side, va="top", color=inks.good)
