"""The operators of ONNX that are run: one rule for each, from the shapes that flow into it to those that come out.

A shape must be known before anything is computed: from the file, and from how many pictures are given at once. Numbers from which shapes
are made are worked out as ONNX Runtime does it, to the bit. A size that hangs on the number of pictures is ``open``: nothing is computed
with it, lest a graph be small for as many pictures as were tried, and huge for others. How much is allowed stands in `limits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.inference.graph_file import ELEMENTS, SMALL, GraphError, Node, Tensor
from whosthat.translation import _

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """What flows through a graph."""

    shape: Shape
    numbers: NDArray[Any] | None = None  # what it holds, where it is small and known
    is_open: bool = False  # whether shape or numbers hang on how many pictures are given at once

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Step:
    """A node with what flows into it; an input that is left out is None."""

    node: Node
    inputs: Sequence[Value | None]

    def value(self, index: int) -> Value:
        """An input that must be there."""
        found = self.inputs[index]
        if found is None:
            raise IndexError(index)
        return found

    def shape(self, index: int = 0) -> Shape:
        """The shape of an input."""
        return self.value(index).shape

    def get(self, name: str, default: Any) -> Any:
        """An attribute."""
        return self.node.attributes.get(name, default)

    def ints(self, name: str, index: int, *, open_too: bool = False) -> list[int] | None:
        """Whole numbers that are an attribute in older versions of an operator and an input in newer ones; None where left out."""
        if name in self.node.attributes:
            return list(self.node.attributes[name])
        given = self.inputs[index] if index < len(self.inputs) else None
        if given is None:
            return None
        if given.numbers is None or given.numbers.dtype.kind not in "iu" or (given.is_open and not open_too):
            raise GraphError(_("a size is computed, not given; export the network for one image at a time"))
        return [int(number) for number in given.numbers.flat]

    def need(self, name: str, index: int, *, open_too: bool = False) -> list[int]:
        """The same, where they must be there."""
        found = self.ints(name, index, open_too=open_too)
        if found is None:
            raise IndexError(name)
        return found

    def axis(self, default: int = 0, index: int = 0) -> int:
        """The attribute ``axis`` of an input, from 0."""
        return int(self.get("axis", default)) % max(len(self.shape(index)), 1)


def _broadcast(*shapes: Shape) -> Shape:
    rank = max(map(len, shapes), default=0)
    axes = zip(*((1,) * (rank - len(shape)) + shape for shape in shapes), strict=True)
    return tuple(0 if 0 in axis else max(axis) for axis in axes)


def _elementwise(step: Step) -> list[Value]:
    given = [value for value in step.inputs if value is not None]
    return [Value(_broadcast(*(value.shape for value in given)))]


def _arithmetic(compute: Callable[..., Any]) -> Callable[[Step], list[Value]]:
    """Element by element; small whole numbers that the file tells are computed with: exporters write shapes so."""

    def rule(step: Step) -> list[Value]:
        (result,) = _elementwise(step)
        given = [step.value(index) for index in range(len(step.inputs))]
        known = all(one.numbers is not None and one.numbers.dtype.kind in "iu" and not one.is_open for one in given)
        if not known or result.size > SMALL:
            return [result]
        return [Value(result.shape, np.asarray(compute(*(one.numbers for one in given))))]

    return rule


def _quotient(first: Any, second: Any) -> Any:
    """Towards zero, as C divides."""
    return np.sign(first) * np.sign(second) * (np.abs(first) // np.where(second == 0, 1, np.abs(second)))


def _as_first(step: Step) -> list[Value]:
    """What an operator gives that keeps the shape of its first input; a second output, a mask, has it, too."""
    return [Value(step.shape())] * min(len(step.node.outputs), 2)


def _cast(step: Step) -> list[Value]:
    numbers, kind = step.value(0).numbers, np.dtype(ELEMENTS[step.get("to", 1)])
    whole = numbers is not None and numbers.dtype.kind in "iu" and kind.kind in "iu"
    return [Value(step.shape(), numbers.astype(kind) if whole and numbers is not None else None)]


def _constant(step: Step) -> list[Value]:
    ((_name, content),) = step.node.attributes.items()
    if isinstance(content, Tensor):
        return [Value(content.shape, content.values)]
    numbers = np.array(content)
    return [Value(numbers.shape, numbers)]


def _constant_of_shape(step: Step) -> list[Value]:
    shape = tuple(step.need("", 0, open_too=True))
    content = step.get("value", None)
    fill = np.float32(0) if content is None else content.values.flat[0]
    return [Value(shape, np.full(shape, fill) if math.prod(shape) <= SMALL and min(shape, default=0) >= 0 else None)]


def _shape(step: Step) -> list[Value]:
    sides = np.array(step.shape()[step.get("start", 0) : step.get("end", None)], np.int64)
    return [Value(sides.shape, sides)]


def _reshape(step: Step) -> list[Value]:
    old, wanted = step.shape(), step.need("shape", 1, open_too=True)
    sides = [old[axis] if side == 0 and not step.get("allowzero", 0) else side for axis, side in enumerate(wanted)]
    if -1 in sides:
        rest = -math.prod(sides)
        sides[sides.index(-1)] = math.prod(old) // rest if rest else 0
    return [Value(tuple(sides), _reordered(step, tuple(sides)))]


def _reordered(step: Step, shape: Shape) -> NDArray[Any] | None:
    numbers = step.value(0).numbers
    return None if numbers is None or numbers.size != math.prod(shape) else numbers.reshape(shape)


def _flatten(step: Step) -> list[Value]:
    shape, axis = step.shape(), step.get("axis", 1)
    return [Value((math.prod(shape[:axis]), math.prod(shape[axis:])))]


def _transpose(step: Step) -> list[Value]:
    shape = step.shape()
    order = step.get("perm", tuple(reversed(range(len(shape)))))
    return [Value(tuple(shape[axis] for axis in order))]


def _squeeze(step: Step) -> list[Value]:
    shape, axes = step.shape(), step.ints("axes", 1)
    gone = {axis for axis, side in enumerate(shape) if side == 1} if axes is None else {axis % len(shape) for axis in axes}
    kept = tuple(side for axis, side in enumerate(shape) if axis not in gone)
    return [Value(kept, _reordered(step, kept))]


def _unsqueeze(step: Step) -> list[Value]:
    axes, sides = step.need("axes", 1), iter(step.shape())
    rank = len(step.shape()) + len(axes)
    new = {axis % rank for axis in axes}
    shape = tuple(1 if axis in new else next(sides) for axis in range(rank))
    return [Value(shape, _reordered(step, shape))]


def _concat(step: Step) -> list[Value]:
    axis, shape = step.axis(), list(step.shape())
    shape[axis] = sum(step.shape(index)[axis] for index in range(len(step.inputs)))
    numbers = [step.value(index).numbers for index in range(len(step.inputs))]
    small = math.prod(shape) <= SMALL and all(one is not None for one in numbers)
    return [Value(tuple(shape), np.concatenate([one for one in numbers if one is not None], axis) if small else None)]


def _split(step: Step) -> list[Value]:
    axis, shape, n = step.axis(), step.shape(), len(step.node.outputs)
    each = -(-shape[axis] // n)
    parts = step.ints("split", 1) or [*[each] * (n - 1), shape[axis] - each * (n - 1)]
    return [Value((*shape[:axis], part, *shape[axis + 1 :])) for part in parts]


def _slice(step: Step) -> list[Value]:
    starts, ends = step.need("starts", 1), step.need("ends", 2)
    axes, steps = step.ints("axes", 3) or list(range(len(starts))), step.ints("steps", 4) or [1] * len(starts)
    cuts = [slice(None)] * len(step.shape())
    for axis, start, end, by in zip(axes, starts, ends, steps, strict=True):
        cuts[axis] = slice(start, end, by)
    shape = tuple(len(range(*cut.indices(side))) for cut, side in zip(cuts, step.shape(), strict=True))
    numbers = step.value(0).numbers
    return [Value(shape, None if numbers is None else numbers[tuple(cuts)])]


def _gather(step: Step) -> list[Value]:
    axis, shape = step.axis(), step.shape()
    numbers, chosen = step.value(0).numbers, step.value(1).numbers
    found = (*shape[:axis], *step.shape(1), *shape[axis + 1 :])
    if numbers is None or chosen is None or step.value(1).is_open or math.prod(found) > SMALL:
        return [Value(found)]
    return [Value(found, np.take(numbers, chosen, axis))]


def _pad(step: Step) -> list[Value]:
    shape, pads = list(step.shape()), step.need("pads", 1)
    axes = step.ints("axes", 3) or list(range(len(shape)))
    for axis, before, behind in zip(axes, pads[: len(axes)], pads[len(axes) :], strict=True):
        shape[axis] += before + behind
    return [Value(tuple(shape))]


def _resize(step: Step) -> list[Value]:
    shape, sizes = step.shape(), step.ints("sizes", 3)
    if sizes:
        if "axes" in step.node.attributes or step.get("keep_aspect_ratio_policy", "stretch") != "stretch":
            raise GraphError(_("this way of resizing is not supported"))
        return [Value(tuple(sizes))]
    scales = step.get("scales", None) or next(
        value.numbers.flat for value in step.inputs[1:] if value is not None and value.numbers is not None and value.size == len(shape)
    )
    return [Value(tuple(int(np.float32(side) * np.float32(scale)) for side, scale in zip(shape, scales, strict=True)))]


def _reduce(step: Step) -> list[Value]:
    shape, axes = step.shape(), step.ints("axes", 1)
    if "axis" in step.node.attributes:
        axes = [step.axis()]
    elif axes is None:
        axes = [] if step.get("noop_with_empty_axes", 0) else list(range(len(shape)))
    gone, kept = {axis % len(shape) for axis in axes}, step.get("keepdims", 1)
    return [Value(tuple(1 if axis in gone else side for axis, side in enumerate(shape) if kept or axis not in gone))]


def _windows(step: Step, kernel: Sequence[int]) -> Shape:
    """How many places a window has along each side of a picture."""
    sides, n = step.shape()[2:], len(kernel)
    strides, dilations = step.get("strides", (1,) * n), step.get("dilations", (1,) * n)
    pads, how = step.get("pads", (0,) * 2 * n), step.get("auto_pad", "NOTSET")
    if min(*strides, *dilations, *kernel) < 1:
        raise ValueError("a window of no size")  # not translated: not shown
    places = []
    for axis, (side, side_of_window, stride) in enumerate(zip(sides, kernel, strides, strict=True)):
        if how.startswith("SAME"):
            places.append(-(-side // stride))
            continue
        padded = side + (pads[axis] + pads[axis + n] if how == "NOTSET" else 0)
        free = padded - dilations[axis] * (side_of_window - 1) - 1
        places.append((-(-free // stride) if step.get("ceil_mode", 0) else free // stride) + 1)
    return tuple(places)


def _conv(step: Step) -> list[Value]:
    filters, _channels, *kernel = step.shape(1)
    return [Value((step.shape()[0], filters, *_windows(step, kernel)))]


def _pool(step: Step) -> list[Value]:
    shape = (*step.shape()[:2], *_windows(step, step.node.attributes["kernel_shape"]))
    rounded = bool(step.get("ceil_mode", 0))  # up, and by some versions down again where a window would lie outside
    return [Value(shape, is_open=rounded)] * len(step.node.outputs)


def _gemm(step: Step) -> list[Value]:
    first, second = step.shape(), step.shape(1)
    return [Value((first[1 if step.get("transA", 0) else 0], second[0 if step.get("transB", 0) else 1]))]


def _matmul(step: Step) -> list[Value]:
    first, second = step.shape(), step.shape(1)
    rows, columns = first[-2:-1], second[-1:] if len(second) > 1 else ()
    return [Value((*_broadcast(first[:-2], second[:-2]), *rows, *columns))]


def _recurrent(step: Step) -> list[Value]:
    steps, batch = step.shape()[:2]
    directions, _gates, units = step.shape(2)
    last = Value((directions, batch, units))
    return [Value((steps, directions, batch, units)), last, last][: len(step.node.outputs)]


RULES: dict[str, Callable[[Step], list[Value]]] = {
    **dict.fromkeys(("Relu", "LeakyRelu", "PRelu", "ThresholdedRelu", "Elu", "Selu", "Celu", "HardSigmoid", "HardSwish"), _elementwise),
    **dict.fromkeys(("Sigmoid", "Tanh", "Softplus", "Softsign", "Mish", "Gelu", "Erf", "Exp", "Log", "Sqrt", "Reciprocal"), _elementwise),
    **dict.fromkeys(("Abs", "Neg", "Sign", "Floor", "Ceil", "Round", "Not", "Pow", "Max", "Min", "Sum", "Mean"), _elementwise),
    **dict.fromkeys(("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "And", "Or", "Xor", "Where", "Clip"), _elementwise),
    "Add": _arithmetic(np.add),
    "Sub": _arithmetic(np.subtract),
    "Mul": _arithmetic(np.multiply),
    "Div": _arithmetic(_quotient),
    **dict.fromkeys(("Softmax", "LogSoftmax", "LpNormalization", "LRN", "BatchNormalization", "InstanceNormalization"), _as_first),
    **dict.fromkeys(("LayerNormalization", "GroupNormalization", "MeanVarianceNormalization", "Dropout"), _as_first),
    **dict.fromkeys(("QuantizeLinear", "DequantizeLinear"), _as_first),
    "Identity": lambda step: [step.value(0)],
    "Cast": _cast,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Shape": _shape,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Transpose": _transpose,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Expand": lambda step: [Value(_broadcast(step.shape(), tuple(step.need("shape", 1, open_too=True))))],
    "Pad": _pad,
    **dict.fromkeys(("Resize", "Upsample"), _resize),
    **dict.fromkeys((f"Reduce{what}" for what in ("Mean", "Sum", "SumSquare", "Max", "Min", "Prod", "L1", "L2", "LogSumExp")), _reduce),
    **dict.fromkeys(("GlobalAveragePool", "GlobalMaxPool"), lambda step: [Value((*step.shape()[:2], *(1 for _side in step.shape()[2:])))]),
    "Conv": _conv,
    **dict.fromkeys(("MaxPool", "AveragePool"), _pool),
    "Gemm": _gemm,
    "MatMul": _matmul,
    **dict.fromkeys(("LSTM", "GRU"), _recurrent),
}
"""What is run, with the shapes that come out. Not here: whatever repeats or chooses (Loop, Scan, If), gives something of chance or of a
size that nobody knows beforehand (NonZero, Range), and what no network for pictures needs."""
