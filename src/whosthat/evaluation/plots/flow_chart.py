"""The slide's flow chart, from data to deployment, with the way that one run took drawn thick.

The training set is asked first: while it is not learned, the way leads back to the loss function. Then the test set:
what fails there has been learned by heart.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whosthat.evaluation.plots.canvas import Inks
from whosthat.translation import N_, _

WIDTH, HEIGHT = 4.7, 6.1
"""Size of the drawing, in inches."""

_BOX_WIDTH, _BOX_HEIGHT = 3.3, 0.74

TRAINED, TESTED = "training good", "test good"  # not translated: names of stations, as in `diagnosis.STATIONS`


@dataclass(frozen=True, slots=True)
class _Station:
    """One box: its centre on a grid of 8.6 by 11.4, its words, and whether it asks a question."""

    x: float
    y: float
    words: str
    asks: bool = False


_STATIONS: Mapping[str, _Station] = {
    "data": _Station(2.8, 10.8, N_("Data")),
    "split": _Station(2.8, 9.3, N_("Training, validation, test")),
    "loss": _Station(2.8, 7.8, N_("Define the loss function")),
    "optimise": _Station(2.8, 6.3, N_("Optimise")),
    TRAINED: _Station(2.8, 4.4, N_("Training set good?"), asks=True),
    TESTED: _Station(2.8, 2.2, N_("Test set good?"), asks=True),
    "deploy": _Station(2.8, 0.3, N_("Deploy")),
    "overfitting": _Station(7.2, 2.2, N_("Overfitting")),
}
_EDGES = (
    *((start, end, "") for start, end in itertools.pairwise(("data", "split", "loss", "optimise", TRAINED))),
    (TRAINED, TESTED, N_("yes")),
    (TRAINED, "loss", N_("no")),
    (TESTED, "deploy", N_("yes")),
    (TESTED, "overfitting", N_("no")),
)


def draw_flow_chart(axes: Any, path: Sequence[str], captions: Mapping[str, str], inks: Inks) -> None:
    """Draw the chart; stations and arrows on the run's way (`Diagnosis.path`) are thick and coloured, the others thin.

    Captions are small second lines by station.
    """
    axes.set_xlim(0.5, 8.4)
    axes.set_ylim(-0.2, 11.3)
    axes.set_axis_off()
    steps = set(itertools.pairwise(path))
    for start, end, answer in sorted(_EDGES, key=lambda edge: edge[:2] in steps):
        _draw_arrow(axes, start, end, answer, taken=(start, end) in steps, inks=inks)
    for name, station in _STATIONS.items():
        _draw_station(axes, station, captions.get(name, ""), passed=name in path, inks=inks)


@dataclass(frozen=True, slots=True)
class PageBox:
    """A station on the page: its outline, its words with their place, and whether the run passed it."""

    points: str
    x: float
    y: float
    words: str
    caption: str
    passed: bool


@dataclass(frozen=True, slots=True)
class PageArrow:
    """An arrow on the page: its corners, its head, what it answers with the place of the words, and whether the run took it."""

    points: str
    head: str
    words: str
    x: float
    y: float
    anchor: str
    taken: bool


@dataclass(frozen=True, slots=True)
class PageFlow:
    """The flow chart as ``chart.html.j2`` writes it; name, title and description as in `page_chart.laid_out`."""

    name: str
    title: str
    description: str
    boxes: tuple[PageBox, ...]
    arrows: tuple[PageArrow, ...]
    width: float = round(72 * WIDTH, 1)
    height: float = round(72 * HEIGHT, 1)


def flow_of_page(name: str, title: str, path: Sequence[str], captions: Mapping[str, str]) -> PageFlow:
    """Lay the chart out for a page; path and captions as in `draw_flow_chart`."""
    steps = set(itertools.pairwise(path))
    arrows = [_page_arrow(*edge, taken=edge[:2] in steps) for edge in sorted(_EDGES, key=lambda edge: edge[:2] in steps)]
    boxes = [_page_box(station, captions.get(key, ""), passed=key in path) for key, station in _STATIONS.items()]
    return PageFlow(name, title, describe_path(path), tuple(boxes), tuple(arrows))


def _on_page(x: float, y: float) -> tuple[float, float]:
    """Return where a point of the grid stands on the page, in units of which an inch has 72."""
    return round((x - 0.5) / 7.9 * 72 * WIDTH, 1), round((11.3 - y) / 11.5 * 72 * HEIGHT, 1)


def _outline(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)


def _page_box(station: _Station, caption: str, *, passed: bool) -> PageBox:
    x, y = _on_page(station.x, station.y)
    return PageBox(
        _outline([_on_page(*corner) for corner in _corners(station)]), x, y + (-1 if caption else 3.3), _(station.words), caption, passed
    )


def _page_arrow(start: str, end: str, answer: str, *, taken: bool) -> PageArrow:
    way = _way(start, end)
    (back_x, back_y), (x, y) = (_on_page(*point) for point in way[-2:])
    across, down = (x > back_x) - (x < back_x), (y > back_y) - (y < back_y)
    head = [(x, y), *((x - 7 * across + side * 3.5 * down, y - 7 * down + side * 3.5 * across) for side in (1, -1))]
    shaft = [*(_on_page(*point) for point in way[:-1]), (x - 5 * across, y - 5 * down)]
    words_x, words_y, anchor = _answer_place(way)
    at = _on_page(words_x, words_y)
    return PageArrow(_outline(shaft), _outline(head), _(answer) if answer else "", at[0], at[1] + 3.3, anchor, taken)


def describe_path(path: Sequence[str]) -> str:
    """Say the run's way in words."""
    return _("This run's way: {way}.", way=" → ".join(station_words(name) for name in path if name in _STATIONS))


def station_words(name: str) -> str:
    """Return what is written in a station of the chart, by its name in a path."""
    return _(_STATIONS[name].words)


def _draw_station(axes: Any, station: _Station, caption: str, *, passed: bool, inks: Inks) -> None:
    from matplotlib.patches import Polygon

    x, y = station.x, station.y
    look: dict[str, Any] = {"facecolor": inks.soft, "edgecolor": inks.good if passed else inks.line, "linewidth": 2.2 if passed else 1.1}
    axes.add_patch(Polygon(_corners(station), closed=True, joinstyle="round", **look))
    axes.text(x, y + (0.17 if caption else 0), _(station.words), ha="center", va="center", color=inks.ink if passed else inks.muted)
    if caption:
        axes.text(x, y - 0.22, caption, ha="center", va="center", color=inks.muted, fontsize=8)


def _draw_arrow(axes: Any, start: str, end: str, answer: str, *, taken: bool, inks: Inks) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    points = _way(start, end)
    look: dict[str, Any] = {"color": inks.good if taken else inks.line, "linewidth": 2.4 if taken else 1.2}
    head = "-|>,head_width=3.2,head_length=6"
    axes.add_patch(FancyArrowPatch(path=Path(points), arrowstyle=head, capstyle="round", joinstyle="round", **look))
    if answer:
        x, y, anchor = _answer_place(points)
        alignment = "center" if anchor == "middle" else "left"
        axes.text(x, y, _(answer), ha=alignment, va="center", color=inks.good if taken else inks.muted)


def _corners(station: _Station) -> list[tuple[float, float]]:
    """Return the outline of a station: a diamond where it asks, else a box."""
    x, y = station.x, station.y
    if station.asks:
        return [(x - 2.15, y), (x, y + 0.85), (x + 2.15, y), (x, y - 0.85)]
    across, high = (1.06 if station.x > 5 else _BOX_WIDTH / 2 + 0.06), _BOX_HEIGHT / 2 + 0.06
    return [(x - across, y - high), (x - across, y + high), (x + across, y + high), (x + across, y - high)]


def _answer_place(way: Sequence[tuple[float, float]]) -> tuple[float, float, str]:
    """Return where the answer at an arrow stands, and which of its parts is there, in the words of SVG."""
    (x, y), (_across, bend) = way[:2]
    return (x + 0.45, y + 0.22, "middle") if bend == y else (x + 0.16, y - 0.28, "start")


def _way(start: str, end: str) -> list[tuple[float, float]]:
    """Corners of an arrow: straight down, straight to the right, or back up along the right side."""
    here, there = _STATIONS[start], _STATIONS[end]
    half = 0.85 if here.asks else _BOX_HEIGHT / 2 + 0.06
    if there.x != here.x:
        return [(here.x + 2.15, here.y), (there.x - 1.12, there.y)]
    if there.y > here.y:
        return [(here.x + 2.15, here.y), (6.0, here.y), (6.0, there.y), (there.x + _BOX_WIDTH / 2 + 0.1, there.y)]
    return [(here.x, here.y - half), (there.x, there.y + (0.88 if there.asks else _BOX_HEIGHT / 2 + 0.1))]
