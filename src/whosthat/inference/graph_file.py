"""What stands in an ONNX file, read without the onnx package (importing it takes longer than answering for a photo).

What belongs here: the nodes, the shapes of weights and the few small numbers that decide about sizes; weights are skipped, not read.
Refused is whatever a network that looks at pictures does not need: files outside, graphs inside graphs, functions, sparse tensors,
operators of others. What does not belong here: what an operator does (`operators`). Source: onnx.proto3 (ONNX 1.17); numbers of fields
never change.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.translation import _

MAX_NODES = 10_000
MAX_RANK = 8
MAX_FIELDS = 1_000_000  # fields of all messages, and bytes of lists of whole numbers: a network of 200 layers has 30,000

MAX_TEXT = 4096
SMALL = 1024  # tensors of so many numbers are read: they may say how large something becomes

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
ELEMENTS: dict[int, str] = {1: "<f4", 2: "u1", 3: "i1", 6: "<i4", 7: "<i8", 9: "?", 10: "<f2", 11: "<f8"}
"""The element types that tensors may have, by their number in ONNX."""


class GraphError(ValueError):
    """A graph that is damaged, or that is not run because of what it would do or cost."""


@dataclass(frozen=True)
class Tensor:
    """A constant: its shape and, where it is small and holds plain numbers, its values."""

    shape: tuple[int, ...]
    values: NDArray[Any] | None


@dataclass(frozen=True)
class Node:
    """One step of a graph; attributes are whole numbers, floats, texts, tuples of numbers, or tensors."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]


@dataclass(frozen=True)
class Graph:
    """What a graph computes."""

    opset: int  # version of the operators
    inputs: dict[str, tuple[int, ...]]  # shape of everything that has to be given, by name; 0 stands for any number
    tensors: dict[str, Tensor]
    nodes: list[Node]
    outputs: list[str]


def read_graph(content: bytes) -> Graph:
    """Read a serialised ONNX model.

    Raises:
        GraphError: It is damaged, or holds something that is not run here.
    """
    model = _Message(memoryview(content), _Allowance())
    for number, parts in {20: _("training steps"), 25: _("functions of its own")}.items():
        if model.all(number):
            raise GraphError(_("The ONNX graph holds {parts}, which are not supported.", parts=parts))
    versions = {item.text(1): item.number(2) for item in model.messages(8)}
    graph = model.message(7)
    if graph.all(15):
        raise GraphError(_("The ONNX graph holds sparse tensors, which are not supported."))
    if len(graph.all(1)) > MAX_NODES:
        raise GraphError(_("The ONNX graph has {n:,} nodes, more than the {most:,} allowed.", n=len(graph.all(1)), most=MAX_NODES))
    tensors = {item.text(8): _tensor(item) for item in graph.messages(5)}
    inputs = {item.text(1): _declared_shape(item) for item in graph.messages(11)}
    return Graph(
        opset=versions.get("", versions.get("ai.onnx", 1)),
        inputs={name: shape for name, shape in inputs.items() if name not in tensors},
        tensors=tensors,
        nodes=[_node(item) for item in graph.messages(1)],
        outputs=[item.text(1) for item in graph.messages(12)],
    )


def _node(message: _Message) -> Node:
    operator, domain = message.text(4), message.text(7)
    if domain not in ("", "ai.onnx"):
        raise GraphError(
            _(
                "The ONNX graph uses the operator {operator!r} of {domain!r}; only ONNX's own operators are supported.",
                operator=operator[:60],
                domain=domain[:60],
            )
        )
    attributes = {item.text(1): _attribute(item, operator) for item in message.messages(5)}
    return Node(operator, tuple(message.texts(1)), tuple(message.texts(2)), attributes)


def _attribute(message: _Message, operator: str) -> Any:
    if any(message.all(number) for number in (6, 11)):
        raise GraphError(
            _("The ONNX graph uses the operator {operator!r}, which holds a graph of its own and is not supported.", operator=operator[:60])
        )
    if any(message.all(number) for number in (10, 22, 23)):
        raise GraphError(_("The ONNX graph holds sparse tensors or lists of tensors, which are not supported."))
    if message.all(5):
        return _tensor(message.message(5))
    if message.all(8):
        return tuple(message.numbers(8))
    if message.all(7):
        return tuple(message.floats(7))
    if message.all(2):
        return message.floats(2)[-1]
    return message.text(4) if message.all(4) else message.number(3)


def _tensor(message: _Message) -> Tensor:
    if message.all(13) or message.number(14):
        raise GraphError(_("The ONNX graph keeps weights in another file; export it as a single file."))
    shape, kind = tuple(message.numbers(1)), ELEMENTS.get(message.number(2))
    if kind is None:
        raise GraphError(_("The ONNX graph holds numbers of the type {number}, which are not supported.", number=message.number(2)))
    n = _elements(shape)
    if n > message.size:
        raise GraphError(_("The ONNX graph is damaged: it announces {n:,} numbers in {size:,} bytes.", n=n, size=message.size))
    return Tensor(shape, _values(message, kind, shape) if n <= SMALL and message.size <= 16 * SMALL else None)


def _values(message: _Message, kind: str, shape: tuple[int, ...]) -> NDArray[Any] | None:
    """The numbers of a small tensor; None where they are stored in a way that nobody uses for sizes."""
    if message.all(9):
        raw = _bytes(message.all(9)[-1])
        flat = np.frombuffer(raw, kind) if len(raw) % np.dtype(kind).itemsize == 0 else np.empty(0)
    else:
        flat = np.array([*message.floats(4), *message.numbers(7), *message.numbers(5)]).astype(kind)
    return flat.reshape(shape) if flat.size == _elements(shape) else None


def _declared_shape(message: _Message) -> tuple[int, ...]:
    """The shape of a graph's input; a dimension without a number, or with none above 0, is 0."""
    types = message.message(2)
    if not types.all(1):
        raise GraphError(_("The ONNX graph has an input that is not a tensor."))
    shape = types.message(1).messages(2)
    return tuple(max(axis.number(1), 0) for axis in (shape[0].messages(1) if shape else ()))


def _elements(shape: tuple[int, ...]) -> int:
    if len(shape) > MAX_RANK or any(side < 0 for side in shape):
        raise GraphError(_("The ONNX graph holds a tensor of {n} dimensions or of a negative size.", n=len(shape)))
    return math.prod(shape)


class _Allowance:
    """How much of a file may still be taken apart: a file of nothing but tiny fields would cost minutes and gigabytes."""

    left = MAX_FIELDS

    def spend(self, n: int) -> None:
        self.left -= n
        if self.left < 0:
            raise GraphError(_("The ONNX graph has more than the {most:,} parts allowed.", most=MAX_FIELDS))


class _Message:
    """One protobuf message, split into its fields: where each lies that is bytes, what it says where it is a number."""

    def __init__(self, view: memoryview, allowance: _Allowance) -> None:
        self.size = len(view)
        self._allowance = allowance
        self._fields: dict[int, list[Any]] = {}
        for number, value in _fields(view):
            allowance.spend(1)
            self._fields.setdefault(number, []).append(value)

    def all(self, number: int) -> list[Any]:
        return self._fields.get(number, [])

    def messages(self, number: int) -> list[_Message]:
        return [_Message(_bytes(value), self._allowance) for value in self.all(number)]

    def message(self, number: int) -> _Message:
        """A part that stands there once; protobuf would merge several, which nobody writes."""
        parts = self.messages(number)
        if len(parts) != 1:
            raise GraphError(_("This is not an ONNX graph, or it is damaged."))
        return parts[0]

    def texts(self, number: int) -> list[str]:
        found = [_bytes(value) for value in self.all(number)]
        if any(len(text) > MAX_TEXT for text in found):
            raise GraphError(_("The ONNX graph holds a name of more than {most:,} bytes.", most=MAX_TEXT))
        return [text.tobytes().decode("utf-8", "replace") for text in found]

    def text(self, number: int) -> str:
        return (self.texts(number) or [""])[-1]

    def number(self, number: int) -> int:
        return (self.numbers(number) or [0])[-1]

    def numbers(self, number: int) -> list[int]:
        """Whole numbers, packed or not."""
        found: list[int] = []
        for value in self.all(number):
            if isinstance(value, int):
                found.append(value)
                continue
            self._allowance.spend(len(value))
            at = 0
            while at < len(value):
                one, at = _varint(value, at)
                found.append(one)
        return [(value + (1 << 63)) % (1 << 64) - (1 << 63) for value in found]  # 64 bits with a sign

    def floats(self, number: int) -> list[float]:
        """Floats of 32 bits, packed or not."""
        packed = b"".join(_bytes(value) for value in self.all(number))
        if len(packed) % 4:
            raise GraphError(_("The ONNX graph is damaged: a float is cut short."))
        return list(struct.unpack(f"<{len(packed) // 4}f", packed))


def _bytes(value: Any) -> memoryview:
    if isinstance(value, int):
        raise GraphError(_("The ONNX graph is damaged: a number where a text or a part was expected."))
    view: memoryview = value
    return view


def _fields(view: memoryview) -> Iterator[tuple[int, Any]]:
    """Yield the number of each field with its value: an int, or the bytes of anything else."""
    at, end = 0, len(view)
    while at < end:
        tag, at = _varint(view, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, at = _varint(view, at)
            yield number, value
            continue
        if wire_type == _BYTES:
            length, at = _varint(view, at)
        elif wire_type in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire_type == _EIGHT_BYTES else 4
        else:
            raise GraphError(
                _("The ONNX graph is damaged: wire type {wire_type} at byte {at} does not exist there.", wire_type=wire_type, at=at)
            )
        if at + length > end or tag >= 1 << 32:
            raise GraphError(_("The ONNX graph is damaged or cut short at byte {at}.", at=at))
        yield number, view[at : at + length]
        at += length


def _varint(view: memoryview, at: int) -> tuple[int, int]:
    """Read a number of up to ten bytes of seven bits; return it and the offset behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(view):
            break
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise GraphError(_("The ONNX graph is damaged or cut short at byte {at}.", at=at))
