"""Which graphs are run: every operator is known, and how much memory and time it takes is known before anything is computed.

What belongs here: the limits, and holding a graph against them. What does not: reading the file (`graph_file`), what an operator gives
(`operators`), running it. docs/decisions/0013 says why.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from whosthat.inference.graph_file import MAX_RANK, Graph, GraphError, Node, read_graph
from whosthat.inference.operators import RULES, Step, Value
from whosthat.translation import _

MAX_NUMBERS = 1 << 26
"""Numbers that may be there at one time for each picture, besides the weights: 256 MiB. VGG16 reaches it at 720 x 720 pixels."""

MAX_WORK = 1 << 39  # multiplications for each picture: some seconds on one core. VGG16 at 224 x 224 pixels has 2 ** 34
PICTURES = 16  # pictures that are given at once, at most
OPEN_SIDE = 256  # in the place of a side that a graph leaves open, as those of detectors do
OLDEST_OPSET = 7  # since this version of ONNX's operators, arithmetic broadcasts as numpy does


def check_graph(content: bytes) -> None:
    """Refuse a graph that would do something else than a network that looks at pictures, or more.

    Raises:
        GraphError: It is damaged, reaches outside itself, uses an operator that is not run here, or is too large.
    """
    graph = read_graph(content)
    if graph.opset < OLDEST_OPSET:
        raise GraphError(
            _(
                "The ONNX graph uses version {opset} of ONNX's operators; the oldest supported is {oldest}.",
                opset=graph.opset,
                oldest=OLDEST_OPSET,
            )
        )
    is_open = any(shape[:1] == (0,) for shape in graph.inputs.values())
    grows_only = all(node.operator != "Shape" for node in graph.nodes)  # with the number of pictures
    for pictures in (1,) if not is_open else (PICTURES,) if grows_only else (1, PICTURES):
        _hold_against_limits(graph, pictures)


def _hold_against_limits(graph: Graph, pictures: int) -> None:
    """Walk through a graph and add up what is there at one time, and what is computed."""
    known: dict[str, Value | None] = {name: Value(tensor.shape, tensor.values) for name, tensor in graph.tensors.items()}
    known[""] = None
    weights = set(known)
    known |= {name: _given(shape, pictures) for name, shape in graph.inputs.items()}
    last_use = {name: number for number, node in enumerate(graph.nodes) for name in node.inputs} | dict.fromkeys(graph.outputs, -1)
    there, work = sum(_size(known[name]) for name in graph.inputs), 0
    for number, node in enumerate(graph.nodes):
        inputs, outputs = _computed(node, known)
        there += sum(map(_size, outputs))
        work += _work(node, inputs, outputs)
        if there > MAX_NUMBERS * pictures or work > MAX_WORK * pictures:
            raise GraphError(_("The ONNX graph needs too much memory or time at {name}.", name=_name(node)))
        known |= {name: value for name, value in zip(node.outputs, outputs, strict=False) if name}
        there -= sum(_size(known[name]) for name in {*node.inputs} - weights if last_use[name] == number)


def _given(shape: tuple[int, ...], pictures: int) -> Value:
    sides = tuple(side or (OPEN_SIDE if axis else pictures) for axis, side in enumerate(shape))
    return Value(sides, is_open=0 in shape)


def _size(value: Value | None) -> int:
    return 0 if value is None else value.size


def _name(node: Node) -> str:
    return f"{node.operator[:60]} ({', '.join(node.outputs)[:60]})"


def _computed(node: Node, known: dict[str, Value | None]) -> tuple[list[Value], list[Value]]:
    """Return what flows into a node and what comes out."""
    rule = RULES.get(node.operator)
    if rule is None:
        raise GraphError(_("The ONNX graph uses the operator {operator!r}, which is not supported.", operator=node.operator[:60]))
    try:
        step = Step(node, [known[name] for name in node.inputs])
        outputs = rule(step)
    except GraphError as error:
        raise GraphError(_("The ONNX graph is not run: at {name} {error}.", name=_name(node), error=error)) from error
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, StopIteration) as error:
        raise GraphError(_("The ONNX graph is damaged or unusual at {name}.", name=_name(node))) from error
    if any(len(value.shape) > MAX_RANK or min(value.shape, default=0) < 0 for value in outputs):
        raise GraphError(_("The ONNX graph is damaged or unusual at {name}.", name=_name(node)))
    inputs = [value for value in step.inputs if value is not None]
    is_open = any(value.is_open for value in inputs)
    return inputs, [Value(value.shape, value.numbers, value.is_open or is_open) for value in outputs]


def _work(node: Node, inputs: Sequence[Value], outputs: Sequence[Value]) -> int:
    """Multiplications, or numbers looked at, whichever are more."""
    out, each = outputs[0].size if outputs else 0, 1
    if node.operator == "Conv":
        each = math.prod(inputs[1].shape[1:])
    elif node.operator in ("Gemm", "MatMul"):
        each = max(inputs[0].shape, default=1)
    elif node.operator in ("LSTM", "GRU"):
        out, each = math.prod(inputs[0].shape[:2]), inputs[1].size + inputs[2].size
    elif node.operator in ("MaxPool", "AveragePool"):
        each = math.prod(node.attributes["kernel_shape"])
    elif node.operator == "LRN":
        each = max(int(node.attributes.get("size", 1)), 1)
    return max(out * each, sum(map(_size, (*inputs, *outputs))))
