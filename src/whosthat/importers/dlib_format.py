"""Reads dlib's serialised face network (``dlib_face_recognition_resnet_model_v1.dat``, CC0) into arrays, running nothing that it says.

The file is a nest of C++ templates written out: first the version numbers of all layers from the outermost inwards, then the input layer,
then the layers from the innermost outwards. Only what this one network needs is understood; anything else is refused.

What belongs here: bytes to layers. What does not: finding the file and checking its hash (`faces.weight_files`), building a graph
(`dlib_network`). Source: dlib 19's ``dlib/serialize.h`` and ``dlib/dnn/layers.h`` (the format; no code of theirs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from whosthat.errors import WeightsError
from whosthat.translation import _

if TYPE_CHECKING:
    from whosthat.types import FloatArray

INPUT_LAYER = "input_rgb_image_sized"
MAX_NAME = 64
MAX_TENSOR = 1 << 24


@dataclass(frozen=True)
class Convolution:
    """A convolution, and what is left of the batch normalisation behind it: ``x * gamma + beta`` for each filter; all float32."""

    weights: FloatArray  # (filters, channels, rows, columns)
    biases: FloatArray  # (filters,)
    stride: int
    padding: int
    gamma: FloatArray  # (filters,)
    beta: FloatArray  # (filters,)


@dataclass(frozen=True)
class Dense:
    """A matrix product without bias: ``weights`` (inputs, outputs), float32."""

    weights: FloatArray


@dataclass(frozen=True)
class Pool:
    """A pooling window, of the kind ``max`` or ``average``; ``rows`` 0 means the whole picture."""

    kind: str
    rows: int
    stride: int


Layer = Convolution | Dense | Pool | Literal["relu", "add"]


@dataclass(frozen=True)
class DlibNetwork:
    """The layers from the input outwards, and what is subtracted from red, green and blue first."""

    means: tuple[float, float, float]
    size: int
    layers: tuple[Layer, ...]


def read_network(data: bytes) -> DlibNetwork:
    """Read the whole file.

    Raises:
        WeightsError: The bytes are not this network.
    """
    cursor = _Cursor(data)
    cursor.expect_int(1)
    cursor.string()  # the loss layer's name and its two numbers: they served training
    cursor.reals(2)
    while (number := cursor.whole()) != len(INPUT_LAYER):  # the versions of all layers; the first other number begins the input's name
        if number not in (1, 2, 3):
            raise cursor.wrong(_("a layer of version {number}", number=number))
    if cursor.take(number) != INPUT_LAYER.encode():
        raise cursor.wrong(_("another input layer"))
    red, green, blue = cursor.reals(3)
    rows, columns = cursor.wholes(2)
    if rows != columns:
        raise cursor.wrong(_("an input that is not square"))
    layers: list[Layer] = []
    innermost = True
    while not (layers and isinstance(layers[-1], Dense)):
        _read_layer(cursor, layers)
        _skip_training_state(cursor, innermost=innermost)
        innermost = False
    return DlibNetwork((red, green, blue), rows, tuple(layers))


def _read_layer(cursor: _Cursor, layers: list[Layer]) -> None:
    """Append the next layer; an affine one becomes part of the convolution before it."""
    name = cursor.string()
    readers: dict[str, Callable[[], Layer]] = {
        "con_4": lambda: _read_convolution(cursor),
        "affine_": lambda: _read_affine(cursor, layers.pop() if layers else None),
        "fc_2": lambda: _read_dense(cursor),
        "max_pool_2": lambda: _read_pool(cursor, "max"),
        "avg_pool_2": lambda: _read_pool(cursor, "average"),
        "relu_": lambda: "relu",
        "add_prev_": lambda: "add",
    }
    if name not in readers:
        raise cursor.wrong(_('a layer named "{name}"', name=name))
    layers.append(readers[name]())


def _read_convolution(cursor: _Cursor) -> Convolution:
    parameters = cursor.tensor().ravel()
    filters, rows, columns, stride, stride_across, padding, padding_across = cursor.wholes(7)
    cursor.skip_aliases()
    cursor.reals(4)  # learning-rate and weight-decay multipliers
    channels, left_over = divmod(parameters.size - filters, max(filters * rows * columns, 1))
    if left_over or channels < 1 or stride != stride_across or padding != padding_across:
        raise cursor.wrong(_("a convolution whose numbers do not fit"))
    weights, biases = np.split(parameters, [filters * channels * rows * columns])
    weights = weights.reshape(filters, channels, rows, columns)
    return Convolution(weights, biases, stride, padding, np.ones(filters, np.float32), np.zeros(filters, np.float32))


def _read_affine(cursor: _Cursor, behind: Layer | None) -> Convolution:
    parameters = cursor.tensor().ravel()
    cursor.skip_aliases()
    cursor.whole()
    if not isinstance(behind, Convolution) or parameters.size != 2 * behind.biases.size:
        raise cursor.wrong(_("an affine layer whose numbers do not fit"))
    gamma, beta = np.split(parameters, 2)
    return replace(behind, gamma=gamma, beta=beta)


def _read_dense(cursor: _Cursor) -> Dense:
    outputs, inputs = cursor.wholes(2)
    parameters = cursor.tensor()
    cursor.skip_aliases()
    bias_mode = cursor.whole()
    cursor.reals(4)
    if bias_mode != 1 or parameters.size != inputs * outputs:
        raise cursor.wrong(_("a last layer with a bias"))
    return Dense(parameters.reshape(inputs, outputs))


def _read_pool(cursor: _Cursor, kind: str) -> Pool:
    rows, columns, stride, stride_across, _padding, _padding_across = cursor.wholes(6)
    if rows != columns or stride != stride_across:
        raise cursor.wrong(_("a pooling window that is not square"))
    return Pool(kind, rows, stride)


def _skip_training_state(cursor: _Cursor, *, innermost: bool) -> None:
    """Pass over what dlib keeps for training: three flags, gradients, the last output, and once the pictures per sample."""
    for _flag in range(3):
        if cursor.take(1) not in (b"0", b"1"):
            raise cursor.wrong(_("no flag"))
    for _tensor in range(3):
        cursor.tensor()
    if innermost:
        cursor.whole()


class _Cursor:
    """A place in the bytes, and dlib's few ways to write a value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def wrong(self, what: str) -> WeightsError:
        return WeightsError(
            "The file is not dlib's face network as whosthat knows it: it holds {found} before byte {at}.", found=what, at=self._at
        )

    def take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + length]
        if length < 0 or len(piece) < length:
            raise self.wrong(_("too few bytes"))
        self._at += length
        return piece

    def whole(self) -> int:
        control = self.take(1)[0]
        length = control & 0x0F
        if length > 8 or control & 0x70:
            raise self.wrong(_("no whole number"))
        magnitude = int.from_bytes(self.take(length), "little")
        return -magnitude if control & 0x80 else magnitude

    def wholes(self, n: int) -> list[int]:
        return [self.whole() for _number in range(n)]

    def expect_int(self, value: int) -> None:
        if self.whole() != value:
            raise self.wrong(_("another version"))

    def reals(self, n: int) -> list[float]:
        return [self._real() for _number in range(n)]

    def _real(self) -> float:
        mantissa, exponent = self.wholes(2)
        if abs(exponent) > 2000:
            raise self.wrong(_("no number"))
        return float(np.ldexp(mantissa, exponent))

    def string(self) -> str:
        length = self.whole()
        if not 0 <= length <= MAX_NAME:
            raise self.wrong(_("no name"))
        return self.take(length).decode("ascii", errors="replace")

    def tensor(self) -> FloatArray:
        self.expect_int(2)
        shape = self.wholes(4)
        if min(shape) < 0 or int(np.prod(shape, dtype=object)) > MAX_TENSOR:
            raise self.wrong(_("an array of impossible size"))
        return np.frombuffer(self.take(4 * int(np.prod(shape))), dtype="<f4").astype(np.float32).reshape(shape)

    def skip_aliases(self) -> None:
        """Pass over two tensors that only point into another: four sizes each, no numbers."""
        for _tensor in range(2):
            self.expect_int(1)
            self.wholes(4)
