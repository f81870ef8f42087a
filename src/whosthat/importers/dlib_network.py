"""dlib's face network as an ONNX graph: 29 convolutions in residual blocks, a face of 150 x 150 pixels in, 128 numbers out.

Batch normalisation is folded into the convolutions, and the subtraction of the mean colour into the first one, so that the graph is
convolutions, ReLUs, pools and sums alone. On the same crop it gives what dlib gives, to about a millionth.

Source: D. E. King, "dlib-ml: a machine learning toolkit", JMLR 10, 2009; the network is a ResNet-34 (K. He et al., 2016) with a few layers
taken away.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.importers.dlib_format import Convolution, Dense, DlibNetwork, Layer, Pool
from whosthat.importers.graph import Graph

PIXEL_SCALE = 256.0
Shape = tuple[int, int]


def write_graph(network: DlibNetwork) -> bytes:
    """Build the graph, a serialised ONNX model.

    Its input ``faces`` is uint8 (n, 150, 150, 3), red green blue; its output ``embeddings`` float32 (n, 128), compared by Euclidean
    distance. Their length is not one.
    """
    writer = _Writer(network)
    for layer in network.layers:
        writer.add(layer)
    faces = ("faces", np.uint8, ["n", network.size, network.size, 3])
    return writer.graph.model("dlib_face_recognition_resnet_model_v1", faces, ("embeddings", np.float32, ["n", 128]))


class _Writer:
    """Grows the graph; knows at each point the name, channels and side length of what flows."""

    def __init__(self, network: DlibNetwork) -> None:
        self.graph = Graph()
        self._means: NDArray[np.float64] | None = np.array(network.means, dtype=np.float64)
        self._flow = self.graph.node("Transpose", self.graph.node("Cast", "faces", to=1), perm=[0, 3, 1, 2])
        self._shape: Shape = (3, network.size)
        self._begin_block()

    def add(self, layer: Layer) -> None:
        """Append one layer."""
        if isinstance(layer, Convolution):
            self._convolve(layer)
        elif isinstance(layer, Pool):
            self._pool(layer)
        elif isinstance(layer, Dense):
            self.graph.node("MatMul", self._flow, self.graph.array("dense", layer.weights), output="embeddings")
        elif layer == "add":
            self._add_shortcut()
        else:
            self._flow = self.graph.node("Relu", self._flow)
            if self._block_ended:
                self._begin_block()

    def _begin_block(self) -> None:
        """What flows here also goes around the next two convolutions."""
        self._shortcut, self._shortcut_shape, self._block_ended = self._flow, self._shape, False

    def _convolve(self, layer: Convolution) -> None:
        weights: NDArray[Any] = layer.weights
        gamma, biases = layer.gamma[:, None, None, None], layer.biases.astype(np.float64) * layer.gamma + layer.beta
        if self._means is None:  # multiplied in 64 bits, piece by piece, and rounded once
            weights = np.multiply(weights, gamma, out=np.empty_like(weights), dtype=np.float64, casting="same_kind")
        else:  # only the first one sees pixels
            weights = weights.astype(np.float64) * gamma / PIXEL_SCALE
            biases -= np.einsum("fchw,c->f", weights, self._means)
            self._means = None
        filters, _, side, _ = weights.shape
        names = self._flow, self.graph.array("weights", weights), self.graph.array("biases", biases)
        self._flow = self.graph.node("Conv", *names, strides=[layer.stride] * 2, pads=[layer.padding] * 4)
        self._shape = (filters, (self._shape[1] + 2 * layer.padding - side) // layer.stride + 1)

    def _pool(self, layer: Pool) -> None:
        window: dict[str, Any] = {"kernel_shape": [layer.rows] * 2, "strides": [layer.stride] * 2}
        if layer.rows == 0:
            self._flow = self.graph.node("Flatten", self.graph.node("GlobalAveragePool", self._flow))
        elif layer.kind == "max":
            self._flow = self.graph.node("MaxPool", self._flow, **window)
            self._shape = (self._shape[0], (self._shape[1] - layer.rows) // layer.stride + 1)
            self._begin_block()
        else:  # inside a block that halves its picture, the shortcut is what is averaged
            self._shortcut = self.graph.node("AveragePool", self._shortcut, **window)
            channels, side = self._shortcut_shape
            self._shortcut_shape = (channels, (side - layer.rows) // layer.stride + 1)

    def _add_shortcut(self) -> None:
        """Add what went around the block; dlib fills the smaller one up with zeros at the ends."""
        whole = (max(self._shape[0], self._shortcut_shape[0]), max(self._shape[1], self._shortcut_shape[1]))
        flow = self._fill(self._flow, self._shape, whole)
        shortcut = self._fill(self._shortcut, self._shortcut_shape, whole)
        self._flow, self._shape, self._block_ended = self.graph.node("Add", flow, shortcut), whole, True

    def _fill(self, name: str, shape: Shape, whole: Shape) -> str:
        """Add channels by a convolution, which leaves them in the blocks that ONNX Runtime computes with; a Pad would not."""
        if shape[0] < whole[0]:
            name = self.graph.node("Conv", name, self.graph.array("fill", np.eye(whole[0], shape[0])[:, :, None, None]))
        if shape[1] < whole[1]:
            pads = np.array([0, 0, 0, 0, 0, 0, whole[1] - shape[1], whole[1] - shape[1]], dtype=np.int64)
            name = self.graph.node("Pad", name, self.graph.array("pads", pads))
        return name
