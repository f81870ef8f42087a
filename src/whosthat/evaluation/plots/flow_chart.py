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


def describe_path(path: Sequence[str]) -> str:
    """Say the run's way in words."""
    return _("This run's way: {way}.", way=" → ".join(station_words(name) for name in path if name in _STATIONS))


def station_words(name: str) -> str:
    """Return what is written in a station of the chart, by its name in a path."""
    return _(_STATIONS[name].words)


def _draw_station(axes: Any, station: _Station, caption: str, *, passed: bool, inks: Inks) -> None:
    from matplotlib.patches import FancyBboxPatch, Polygon

    x, y = station.x, station.y
    look: dict[str, Any] = {"facecolor": inks.soft, "edgecolor": inks.good if passed else inks.line, "linewidth": 2.2 if passed else 1.1}
    if station.asks:
        corners = [(x - 2.15, y), (x, y + 0.85), (x + 2.15, y), (x, y - 0.85)]
        axes.add_patch(Polygon(corners, closed=True, joinstyle="round", **look))
    else:
        width = 2.0 if station.x > 5 else _BOX_WIDTH
        corner = (x - width / 2, y - _BOX_HEIGHT / 2)
        axes.add_patch(FancyBboxPatch(corner, width, _BOX_HEIGHT, boxstyle="round,pad=0.06,rounding_size=0.18", **look))
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
        (x, y), (_across, bend) = points[:2]
        right, up, alignment = (0.45, 0.22, "center") if bend == y else (0.16, -0.28, "left")
        axes.text(x + right, y + up, _(answer), ha=alignment, va="center", color=inks.good if taken else inks.muted)


def _way(start: str, end: str) -> list[tuple[float, float]]:
    """Corners of an arrow: straight down, straight to the right, or back up along the right side."""
    here, there = _STATIONS[start], _STATIONS[end]
    half = 0.85 if here.asks else _BOX_HEIGHT / 2 + 0.06
    if there.x != here.x:
        return [(here.x + 2.15, here.y), (there.x - 1.12, there.y)]
    if there.y > here.y:
        return [(here.x + 2.15, here.y), (6.0, here.y), (6.0, there.y), (there.x + _BOX_WIDTH / 2 + 0.1, there.y)]
    return [(here.x, here.y - half), (there.x, there.y + (0.88 if there.asks else _BOX_HEIGHT / 2 + 0.1))]
