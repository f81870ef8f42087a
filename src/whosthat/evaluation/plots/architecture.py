"""A network as a row of boxes, from the photo to the answer: each as high as its maps are wide, and as broad as it has channels.

Layers that come after each other and give the same shape share a box. Sides are drawn by their square root, channels by their logarithm:
224 pixels and 7, or 3 channels and 2,048, would not fit into one picture otherwise.
"""

from __future__ import annotations

import itertools
import math
import re
import textwrap
from collections.abc import Sequence
from typing import Any

from whosthat.evaluation.network_part import layer_words, shape_words
from whosthat.evaluation.plots.canvas import PRINT, Inks, drawn, is_wide, png, sentence_of, svg_file
from whosthat.networks.layers import BLOCK, LayerFacts, NetworkLayers
from whosthat.translation import _
from whosthat.wording import counted

MOST_IN_A_ROW = 8
"""Boxes side by side; more go on in a further row, so that words stay as large as they are read."""

_PITCH, _TALL, _BROAD = 1.2, 1.15, 0.42
"""In inches: from one box to the next, the highest box, the broadest."""

_LINE, _HEADING = 0.16, 0.42
"""In inches: a line of words, and the room for the title."""

_SLANT = (0.26, 0.16)
"""How far, as shares of its height, the back of a box lies to the right of its front, and above it."""

_WORDS_ACROSS = 19
"""A line of words under a box is broken after so many letters."""

_FILL = "\u2060"
"""Stands behind a letter that is as wide as two while lines are measured: `textwrap` counts letters."""

_TIED = "\N{NO-BREAK SPACE}"
"""Stands between a word and its number while lines are broken: "stride 2"."""

_LEARNS = ("Conv2D", "DepthwiseConv2D", BLOCK)
_CONNECTS = ("Dense", "LSTM")

Box = tuple[LayerFacts, ...]


def picture_of(layers: NetworkLayers, suffix: str) -> bytes:
    """Return the drawing of a network, dark on white, as a whole ``.svg`` or ``.png`` file."""
    content: bytes = drawn(architecture_size(layers), PRINT, png if suffix == ".png" else svg_file, draw_architecture, layers)
    return content


def architecture_size(layers: NetworkLayers) -> tuple[float, float]:
    """Return how large the drawing of a network is, in inches."""
    rows = _rows(layers)
    return _PITCH * max(map(len, rows)), _HEADING + sum(map(_height, rows))


def draw_architecture(axes: Any, layers: NetworkLayers, inks: Inks) -> None:
    """Draw a network; over each box stands what comes out of it, under it the layers that it is."""
    width, height = architecture_size(layers)
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    title = _("{network}: {parameters}", network=layers.network, parameters=counted(layers.parameters, "parameter"))
    axes.text(0.06, height - 0.14, title, color=inks.ink, fontsize=10, va="center")
    shapes = [layer.shape for layer in layers.layers]
    widest = max((shape[-2] for shape in shapes if _is_map(shape)), default=1), max(shape[-1] for shape in shapes)
    top = height - _HEADING
    for row in _rows(layers):
        middle = top - 2 * _LINE - _TALL * (1 + _SLANT[1]) / 2
        ends = [_draw_box(axes, box, (place + 0.5) * _PITCH, middle, widest, inks) for place, box in enumerate(row)]
        for (_left, start), (end, _right) in itertools.pairwise(ends):
            axes.annotate("", (end - 0.03, middle), (start + 0.03, middle), arrowprops={"arrowstyle": "->", "color": inks.muted, "lw": 0.8})
        top -= _height(row)


def describe_architecture(layers: NetworkLayers) -> str:
    """Say in words what the drawing shows."""
    boxes = [
        _("{shape}: {layers}", shape=shape_words(box[0].shape), layers=_(", ").join(_lines(box))) for row in _rows(layers) for box in row
    ]
    return sentence_of(boxes)


def _rows(layers: NetworkLayers) -> list[list[Box]]:
    """Divide the boxes evenly among as many rows as they need."""
    boxes = [tuple(members) for _shape, members in itertools.groupby(layers.layers, lambda layer: layer.shape)]
    n_rows = math.ceil(len(boxes) / MOST_IN_A_ROW)
    each = math.ceil(len(boxes) / n_rows)
    return [boxes[start : start + each] for start in range(0, len(boxes), each)]


def _height(row: Sequence[Box]) -> float:
    return _TALL * (1 + _SLANT[1]) + _LINE * (3.5 + max(len(_wrapped(box)) for box in row))


def _lines(box: Box) -> list[str]:
    """The layers of a box, those that are alike counted."""
    lines = []
    for words, members in itertools.groupby(box, lambda layer: "" if layer.kind == BLOCK else layer_words(layer)):
        alike = list(members)
        if not words:
            inside = counted(sum(len(layer.inside) for layer in alike), "layer")
            words = _("{blocks}, {layers}", blocks=counted(len(alike), "block"), layers=inside)
        elif len(alike) > 1:
            words = _("{n} times {words}", n=len(alike), words=words)
        lines.append(words)
    return lines


def _wrapped(box: Box) -> list[str]:
    """The lines of a box, none wider than `_WORDS_ACROSS`, but for half of a Chinese character; none begins with a lone number."""
    kept = (re.sub(r" (?=\d+(,|$))", _TIED, line) for line in _lines(box))
    measured = ("".join(letter + _FILL * is_wide(letter) for letter in line) for line in kept)
    return [part.replace(_FILL, "").replace(_TIED, " ") for line in measured for part in textwrap.wrap(line, _WORDS_ACROSS)]


def _draw_box(axes: Any, box: Box, x: float, middle: float, widest: tuple[int, int], inks: Inks) -> tuple[float, float]:
    """Draw one box around a point, and return its left and right end."""
    from matplotlib.patches import Polygon

    shape, kinds = box[0].shape, {layer.kind for layer in box}
    colour = inks.validation if kinds & {*_LEARNS} else inks.good if kinds & {*_CONNECTS} else inks.train
    maps = _is_map(shape)
    tall = _TALL * (math.sqrt(shape[-2] / widest[0]) if maps else _share(shape[-1], widest[1]))
    broad = _BROAD * _share(shape[-1], widest[1]) if maps else 0.12
    right, up = (tall * _SLANT[0], tall * _SLANT[1]) if maps else (0.0, 0.0)
    left, low = x - (broad + right) / 2, middle - (tall + up) / 2
    corners = {
        0.55: [(0, 0), (broad, 0), (broad, tall), (0, tall)],
        0.3: [(0, tall), (broad, tall), (broad + right, tall + up), (right, tall + up)],
        0.75: [(broad, 0), (broad + right, up), (broad + right, tall + up), (broad, tall)],
    }
    for opacity, face in list(corners.items())[: 3 if maps else 1]:
        points = [(left + across, low + high) for across, high in face]
        axes.add_patch(Polygon(points, facecolor=colour, alpha=opacity, edgecolor="none"))
        axes.add_patch(Polygon(points, fill=False, edgecolor=inks.ink, linewidth=0.5, joinstyle="round"))
    edge = _TALL * (1 + _SLANT[1]) / 2
    axes.text(x, middle + edge + _LINE, shape_words(shape), ha="center", va="center", color=inks.ink, fontsize=8.5)
    for number, line in enumerate(_wrapped(box)):
        axes.text(x, middle - edge - _LINE * (number + 0.8), line, ha="center", va="center", color=inks.muted, fontsize=8.5)
    return left, left + broad + right


def _is_map(shape: Sequence[int]) -> bool:
    """Say whether a shape has height, width and channels, with frames before them or without."""
    return len(shape) >= 3


def _share(length: int, longest: int) -> float:
    return math.log2(length + 1) / math.log2(longest + 1)
