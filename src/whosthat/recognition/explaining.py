"""Where in a photo a network found its answer (Grad-CAM), and what its layers saw.

What belongs here: running parts of a bundle's graph, and turning maps into one heat map. What does not: cutting the graph
(`networks.onnx_parts`), pictures of it (`photos.heat`).

Grad-CAM weighs each map of the last convolution by how much the class's score would fall if the whole map fell a little, adds the maps up
and keeps what is above 0. That fall is measured: the part of the network behind the maps answers for copies of them, in each of which one
map is a little lower. So no Keras is needed (docs/decisions, Grad-CAM without gradients).
Source: Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import NetworkError
from whosthat.inference import Session, open_session
from whosthat.networks.onnx_parts import NetworkGraph
from whosthat.recognition.image_classifier import INPUT_TYPES

if TYPE_CHECKING:
    from whosthat.photos.preparing import PrepareSpec
    from whosthat.types import FloatArray, Image

MOST_LAYERS = 12
"""So many layers are shown of one photo: all of cnn6, and some of efficientnet-lite0's 49."""

COPIES = 16
"""So many copies of the maps go through the rest of the network at once."""

FALL = 1e-3
"""How much lower a map is made, as a share of the largest number in all maps: small enough to stay on one side of nearly every relu, and
large enough to be seen in float32. Lower and not higher, because a relu that stands at 0 must stay there, as it does for gradients."""


class Explainer:
    """Draws heat maps for the network of a graph, whose photos are prepared by ``spec``; NetworkError where it has no convolution."""

    def __init__(self, graph: bytes, spec: PrepareSpec) -> None:
        parts = NetworkGraph(graph)
        name = parts.last_maps
        self._trunk = open_session(parts.part([name]))
        self._input_type = INPUT_TYPES[self._trunk.input_types[0]]
        self._frames = spec.frames or 1
        shape = self._maps(np.zeros(spec.shape, np.uint8)).shape[1:]
        self._tail: Session = open_session(parts.part([parts.scores], {name: (COPIES * self._frames, *shape)}))

    def heat(self, prepared: Image, label: int) -> FloatArray:
        """Return where a class shows in a prepared photo, float32 (height, width) of the last maps, 0 to 1; all 0 where it shows nowhere.

        Of several frames, the mean.
        """
        maps = self._maps(prepared)
        heat = np.maximum(np.tensordot(self._weights(maps, label), maps, axes=(0, 1)), 0).mean(axis=0)
        highest = heat.max()
        share: FloatArray = (heat / highest if highest > 0 else heat).astype(np.float32)
        return share

    def _maps(self, prepared: Image) -> FloatArray:
        """Return the last maps, float32 (frames, channels, height, width)."""
        return self._trunk.run(prepared[None].astype(self._input_type, copy=False))[0]

    def _weights(self, maps: FloatArray, label: int) -> FloatArray:
        """Return how much the score of a class falls with each map, (channels,); all by one factor too small, which changes nothing."""
        n_channels = maps.shape[1]
        fall = FALL * float(np.abs(maps).max() or 1.0)
        scores = []
        for start in range(-1, n_channels, COPIES):  # the copy before the first channel is as it was
            copies = np.repeat(maps[None], COPIES, axis=0)
            for place, channel in enumerate(range(start, min(start + COPIES, n_channels))):
                if channel >= 0:
                    copies[place, :, channel] -= fall
            scores.append(self._tail.run(copies.reshape(-1, *maps.shape[1:]))[0][:, label])
        fallen = np.concatenate(scores)[: n_channels + 1].astype(np.float64)
        weights: FloatArray = (fallen[0] - fallen[1:]).astype(np.float32)
        return weights


@dataclass(frozen=True)
class Activation:
    """What one layer saw in a photo."""

    kind: str  # "convolution" or "pooling"
    place: int  # of so many layers that give maps, from 1
    maps: FloatArray  # float32 (channels, height, width), activated; of several frames those of the first


def activations(graph: bytes, spec: PrepareSpec, prepared: Image) -> tuple[list[Activation], int]:
    """Return what the layers of a network see in a prepared photo, in order, and how many layers give maps.

    Of more than `MOST_LAYERS` layers, so many are taken, evenly, the first and the last among them. NetworkError where none gives maps.
    """
    parts = NetworkGraph(graph)
    layers = parts.layers
    if not layers:
        raise NetworkError("This network has neither convolutions nor poolings, so no layer gives maps.")
    chosen = np.unique(np.linspace(0, len(layers) - 1, MOST_LAYERS).round().astype(int))
    session = open_session(parts.part(list(dict.fromkeys(layers[number].maps for number in chosen))))
    found = session.run(prepared[None].astype(INPUT_TYPES[session.input_types[0]], copy=False))
    return [Activation(layers[number].kind, int(number) + 1, maps[0]) for number, maps in zip(chosen, found, strict=True)], len(layers)
