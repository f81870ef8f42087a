"""Reads a network in OpenVINO's IR, an ``.xml`` with its layers and a ``.bin`` with its numbers, running nothing that they say.

The XML is a hostile file until it is read (`safe_xml`), and a constant becomes an array only when its place lies inside the ``.bin`` and
its size is that of its shape. Only the layers of face-reidentification-retail-0095 are understood; anything else is refused.

What belongs here: two files to layers. What does not: finding the files and checking their hashes (`faces.weight_files`), building a graph
(`openvino_network`). Source: OpenVINO's documentation of the IR and of its operation sets (opset1).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import WeightsError
from whosthat.safe_xml import Element, Limits, XmlError, parsed
from whosthat.translation import _
from whosthat.wording import visible

if TYPE_CHECKING:
    from whosthat.types import FloatArray

_LIMITS = Limits(size=4 << 20, elements=200_000, depth=16, attributes=64)
MAX_LAYERS = 5_000
MAX_DIMENSIONS = 5

_INPUTS = {
    **dict.fromkeys(("Parameter", "Const"), 0),
    **dict.fromkeys(("Convert", "Sigmoid", "AvgPool", "Result"), 1),
    **dict.fromkeys(("Convolution", "GroupConvolution", "Add", "Multiply", "Subtract", "PReLU"), 2),
}
"""Every kind of layer that is understood, and how many inputs it has."""

_NUMBERS: Mapping[str, np.dtype[Any]] = {"f16": np.dtype("<f2"), "f32": np.dtype("<f4")}
_WHOLE = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Layer:
    """One layer: its kind, its settings as they are written, and the layers whose results it takes, in order, as places in the list."""

    kind: str
    settings: Mapping[str, str]
    inputs: tuple[int, ...]
    array: FloatArray | None = None
    """Of a constant, its numbers, float32."""

    def numbers(self, setting: str, count: int, least: int = 0, most: int = 1 << 30) -> list[int]:
        """Return a setting that holds so many whole numbers between ``least`` and ``most``; WeightsError where it does not."""
        values = _whole_numbers(self.settings.get(setting, ""))
        if len(values) != count or not all(least <= value <= most for value in values):
            raise self._unknown(setting)
        return values

    def expect(self, **settings: str) -> None:
        """Raise a WeightsError unless every one of these settings has this value."""
        for setting, value in settings.items():
            if self.settings.get(setting) != value:
                raise self._unknown(setting)

    def _unknown(self, setting: str) -> WeightsError:
        return wrong(
            _('{kind} has the setting {setting}="{text}"', kind=self.kind, setting=setting, text=_shown(self.settings.get(setting, "")))
        )


def read_network(xml: bytes, numbers: bytes) -> tuple[Layer, ...]:
    """Read both files; each layer stands behind those whose results it takes.

    Raises:
        WeightsError: They are no network that is understood here.
    """
    try:
        root = parsed(xml, _LIMITS)
    except XmlError as problem:
        raise wrong(str(problem)) from problem
    parts = {part.tag: part for part in root.parts}
    if root.tag != "net" or not {"layers", "edges"} <= parts.keys():
        raise wrong(_("it does not list layers and edges"))
    written = parts["layers"].parts
    if len(written) > MAX_LAYERS:
        raise wrong(_("it has more than {n:,} layers", n=MAX_LAYERS))
    places = {element.settings.get("id", ""): place for place, element in enumerate(written)}
    if len(places) != len(written):
        raise wrong(_("two layers have the same number"))
    sources = _sources(parts["edges"], places)
    left = len(numbers)
    layers: list[Layer] = []
    for place, element in enumerate(written):
        layer = _layer(element, sources[place], place)
        if layer.kind == "Const":
            array = _constant(layer, numbers, left)
            left -= int(layer.settings["size"])
            layer = Layer(layer.kind, layer.settings, (), array)
        layers.append(layer)
    return tuple(layers)


def wrong(problem: str) -> WeightsError:
    """Say what makes a file unreadable."""
    return WeightsError("The file is not an OpenVINO network that whosthat can read: {problem}.", problem=problem)


def _sources(edges: Element, places: Mapping[str, int]) -> list[dict[str, int]]:
    """Return for each layer which layer comes in by which port."""
    sources: list[dict[str, int]] = [{} for _place in places]
    for edge in edges.parts:
        source, target = (places.get(edge.settings.get(end, "")) for end in ("from-layer", "to-layer"))
        port = edge.settings.get("to-port", "")
        if source is None or target is None or port in sources[target]:
            ends = " -> ".join(edge.settings.get(end, "") for end in ("from-layer", "to-layer"))
            raise wrong(_("an edge joins layers that do not exist, or comes twice: {edge}", edge=_shown(ends)))
        sources[target][port] = source
    return sources


def _layer(element: Element, sources: Mapping[str, int], place: int) -> Layer:
    kind = element.settings.get("type", "")
    if kind not in _INPUTS:
        raise wrong(_('it has a layer of the kind "{kind}"', kind=_shown(kind)))
    if set(sources) != {str(port) for port in range(_INPUTS[kind])}:
        raise wrong(_("{kind} has {n} inputs", kind=kind, n=len(sources)))
    inputs = tuple(sources[str(port)] for port in range(len(sources)))
    if any(source >= place for source in inputs):
        raise wrong(_("{kind} takes what is computed later", kind=kind))
    data = next((part.settings for part in element.parts if part.tag == "data"), {})
    return Layer(kind, data, inputs)


def _constant(layer: Layer, numbers: bytes, left: int) -> FloatArray:
    """Take a constant out of the ``.bin``; all constants together have no more bytes than it."""
    kind = _NUMBERS.get(layer.settings.get("element_type", ""))
    shape = _whole_numbers(layer.settings.get("shape", ""))
    if kind is None or len(shape) > MAX_DIMENSIONS or 0 in shape:
        settings = ", ".join(layer.settings.get(name, "") for name in ("element_type", "shape"))
        raise wrong(_("a constant has the settings {settings}", settings=_shown(settings)))
    (offset,), (size,) = layer.numbers("offset", 1), layer.numbers("size", 1)
    if size != math.prod(shape) * kind.itemsize or size > left or offset + size > len(numbers):
        raise wrong(
            _(
                "a constant of the shape {shape} should lie at byte {offset:,} and have {size:,} bytes, but the .bin has {n:,}",
                shape=shape,
                offset=offset,
                size=size,
                n=len(numbers),
            )
        )
    array: FloatArray = np.frombuffer(numbers, kind, math.prod(shape), offset).reshape(shape).astype(np.float32)
    if not np.isfinite(array).all():
        raise wrong(_("a constant holds numbers that are not finite"))
    return array


def _shown(text: str) -> str:
    """What is shown of a text out of the file."""
    return visible(text[:80])


def _whole_numbers(text: str) -> list[int]:
    """Read whole numbers with commas between them; an empty text holds none."""
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    if not all(_WHOLE.fullmatch(word) for word in words):
        raise wrong(_('expected whole numbers, got "{text}"', text=_shown(text)))
    return [int(word) for word in words]
