"""Reads dlib's serialised face network into plain arrays, without dlib and without running anything that the file says.

The file (``dlib_face_recognition_resnet_model_v1.dat``, CC0) is a nest of C++ templates written out: first the version numbers of all
layers from the outermost inwards, then the input layer, then the layers from the innermost outwards. Only what this one
network needs is understood; anything else is refused.

What belongs here: bytes to layers. What does not: finding the file and checking its hash (`faces.weight_files`), building a graph
(`faces.dlib_network`).

Source: dlib 19's ``dlib/serialize.h`` and ``dlib/dnn/layers.h`` (the format; no code of theirs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import WeightsError

if TYPE_CHECKING:
    from whosthat.types import FloatArray

INPUT_LAYER = "input_rgb_image_sized"
MAX_NAME = 64
MAX_TENSOR = 1 << 24
_INFINITE = {32000: float("inf"), 32001: float("-inf"), 32002: float("nan")}


@dataclass(frozen=True)
class Convolution:
    """A convolution: ``weights`` (filters, channels, rows, columns) and ``biases`` (filters,), float32."""

    weights: FloatArray
    biases: FloatArray
    stride: int
    padding: int


@dataclass(frozen=True)
class Affine:
    """What is left of a batch normalisation: ``x * gamma + beta`` per channel, float32 (channels,)."""

    gamma: FloatArray
    beta: FloatArray


@dataclass(frozen=True)
class Dense:
    """A matrix product without bias: ``weights`` (inputs, outputs), float32."""

    weights: FloatArray


@dataclass(frozen=True)
class Pool:
    """A pooling window; ``rows`` 0 means the whole picture."""

    kind: str
    rows: int
    stride: int


@dataclass(frozen=True)
class Plain:
    """A layer without numbers: ``relu_`` or ``add_prev_``."""

    kind: str


Layer = Convolution | Affine | Dense | Pool | Plain


@dataclass(frozen=True)
class DlibNetwork:
    """The layers from the input outwards, and what is subtracted from red, green and blue first."""

    means: tuple[float, float, float]
    size: int
    layers: tuple[Layer, ...]


def read_network(data: bytes) -> DlibNetwork:
    """Read the whole file.

    Returns:
        Its layers, in the order in which a picture passes them.

    Raises:
        WeightsError: The bytes are not this network.
    """
    cursor = _Cursor(data)
    cursor.expect_int(1)
    cursor.string()  # the loss layer's name and its two numbers: they served training
    cursor.real()
    cursor.real()
    while (number := cursor.whole()) != len(INPUT_LAYER):  # the versions of all layers; the first other number begins the input's name
        if number not in (1, 2, 3):
            raise cursor.wrong(f"a layer of version {number}")
    if cursor.take(number) != INPUT_LAYER.encode():
        raise cursor.wrong("another input layer")
    means = (cursor.real(), cursor.real(), cursor.real())
    rows, columns = cursor.whole(), cursor.whole()
    if rows != columns:
        raise cursor.wrong("an input that is not square")
    layers: list[Layer] = []
    while not (layers and isinstance(layers[-1], Dense)):
        layers.append(_read_layer(cursor))
        _skip_training_state(cursor, innermost=len(layers) == 1)
    return DlibNetwork(means, rows, tuple(layers))


def _read_layer(cursor: _Cursor) -> Layer:
    name = cursor.string()
    readers: dict[str, Callable[[_Cursor], Layer]] = {
        "con_4": _read_convolution,
        "affine_": _read_affine,
        "fc_2": _read_dense,
        "max_pool_2": lambda c: _read_pool(c, "max"),
        "avg_pool_2": lambda c: _read_pool(c, "average"),
        "relu_": lambda _: Plain("relu"),
        "add_prev_": lambda _: Plain("add"),
    }
    if name not in readers:
        raise cursor.wrong(f'a layer named "{name}"')
    return readers[name](cursor)


def _read_convolution(cursor: _Cursor) -> Convolution:
    parameters = cursor.tensor()
    filters, rows, columns, stride, stride_across, padding, padding_across = (cursor.whole() for _ in range(7))
    cursor.alias()
    cursor.alias()
    for _ in range(4):
        cursor.real()  # learning-rate and weight-decay multipliers
    channels, left_over = divmod(parameters.size - filters, max(filters * rows * columns, 1))
    if left_over or channels < 1 or stride != stride_across or padding != padding_across:
        raise cursor.wrong("a convolution whose numbers do not fit")
    weights, biases = np.split(parameters.ravel(), [filters * channels * rows * columns])
    return Convolution(weights.reshape(filters, channels, rows, columns), biases, stride, padding)


def _read_affine(cursor: _Cursor) -> Affine:
    parameters = cursor.tensor().ravel()
    cursor.alias()
    cursor.alias()
    cursor.whole()
    if parameters.size % 2:
        raise cursor.wrong("an affine layer whose numbers do not fit")
    gamma, beta = np.split(parameters, 2)
    return Affine(gamma, beta)


def _read_dense(cursor: _Cursor) -> Dense:
    outputs, inputs = cursor.whole(), cursor.whole()
    parameters = cursor.tensor()
    cursor.alias()
    cursor.alias()
    bias_mode = cursor.whole()
    for _ in range(4):
        cursor.real()
    if bias_mode != 1 or parameters.size != inputs * outputs:
        raise cursor.wrong("a last layer with a bias")
    return Dense(parameters.reshape(inputs, outputs))


def _read_pool(cursor: _Cursor, kind: str) -> Pool:
    rows, columns, stride, stride_across, _, _ = (cursor.whole() for _ in range(6))
    if rows != columns or stride != stride_across:
        raise cursor.wrong("a pooling window that is not square")
    return Pool(kind, rows, stride)


def _skip_training_state(cursor: _Cursor, *, innermost: bool) -> None:
    """Pass over what dlib keeps for training: three flags, gradients, the last output."""
    for _ in range(3):
        cursor.flag()
    for _ in range(3):
        cursor.tensor()
    if innermost:
        cursor.whole()  # pictures per sample


class _Cursor:
    """A place in the bytes, and dlib's few ways to write a value."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def wrong(self, what: str) -> WeightsError:
        return WeightsError(f"The file is not dlib's face network as whosthat knows it: it holds {what} before byte {self._at}.")

    def take(self, length: int) -> bytes:
        piece = self._data[self._at : self._at + length]
        if length < 0 or len(piece) < length:
            raise self.wrong("too few bytes")
        self._at += length
        return piece

    def whole(self) -> int:
        control = self.take(1)[0]
        length = control & 0x0F
        if length > 8 or control & 0x70:
            raise self.wrong("no whole number")
        magnitude = int.from_bytes(self.take(length), "little")
        return -magnitude if control & 0x80 else magnitude

    def expect_int(self, value: int) -> None:
        if self.whole() != value:
            raise self.wrong("another version")

    def real(self) -> float:
        mantissa, exponent = self.whole(), self.whole()
        if exponent in _INFINITE:
            return _INFINITE[exponent]
        if abs(exponent) > 2000:
            raise self.wrong("no number")
        return float(np.ldexp(mantissa, exponent))

    def flag(self) -> bool:
        byte = self.take(1)
        if byte not in (b"0", b"1"):
            raise self.wrong("no flag")
        return byte == b"1"

    def string(self) -> str:
        length = self.whole()
        if not 0 <= length <= MAX_NAME:
            raise self.wrong("no name")
        return self.take(length).decode("ascii", errors="replace")

    def tensor(self) -> FloatArray:
        self.expect_int(2)
        shape = [self.whole() for _ in range(4)]
        if min(shape) < 0 or int(np.prod(shape, dtype=object)) > MAX_TENSOR:
            raise self.wrong("an array of impossible size")
        count = int(np.prod(shape))
        return np.frombuffer(self.take(4 * count), dtype="<f4").astype(np.float32).reshape(shape)

    def alias(self) -> None:
        """A tensor that only points into another: four sizes, no numbers."""
        self.expect_int(1)
        for _ in range(4):
            self.whole()
