"""What a bundle of somebody else makes this computer do is known before it is done."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from whosthat.inference import open_session
from whosthat.inference.graph_file import MAX_FIELDS, MAX_NODES, GraphError, read_graph
from whosthat.inference.limits import MAX_NUMBERS, check_graph
from whosthat.inference.operators import RULES

node = helper.make_node


def graph(*nodes: onnx.NodeProto, x: tuple[int | str, ...] = ("n", 3, 8, 8), opset: int = 17, **weights: Any) -> onnx.ModelProto:
    """A model that takes x, float32, and gives y."""
    tensors = [numpy_helper.from_array(np.asarray(value), name) for name, value in weights.items()]
    inputs, outputs = (helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in (("x", x), ("y", None)))
    made = helper.make_graph(nodes, "g", [inputs], [outputs], tensors)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def refusal(model: onnx.ModelProto | bytes) -> str:
    with pytest.raises(GraphError) as refused:
        check_graph(model if isinstance(model, bytes) else model.SerializeToString())
    return str(refused.value)


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


LOOP = helper.make_graph(
    [node("Identity", ["c"], ["more"]), node("Identity", ["v"], ["w"])],
    "body",
    [helper.make_tensor_value_info(name, kind, []) for name, kind in (("i", 7), ("c", 9), ("v", 1))],
    [helper.make_tensor_value_info(name, kind, []) for name, kind in (("more", 9), ("w", 1))],
)
OUTSIDE = TensorProto(name="w", data_type=1, dims=[2], data_location=TensorProto.EXTERNAL)
SPARSE = helper.make_sparse_tensor(numpy_helper.from_array(np.ones(1, np.float32), "w"), numpy_helper.from_array(ints(0), "i"), [1 << 40])

HOSTILE: dict[str, tuple[onnx.ModelProto, str]] = {
    "a loop of 2 ** 62": (graph(node("Loop", ["many", "", "x"], ["y"], body=LOOP), many=ints(1 << 62)), "holds a graph of its own"),
    "a branch": (graph(node("If", ["x"], ["y"], then_branch=LOOP, else_branch=LOOP)), "holds a graph of its own"),
    "64 TB of zeros": (graph(node("ConstantOfShape", ["big"], ["y"]), big=ints(1 << 44)), "too much memory or time"),
    "64 TB of zeros, folded": (
        graph(node("Constant", [], ["s"], value_ints=[1 << 44]), node("ConstantOfShape", ["s"], ["y"])),
        "too much memory",
    ),
    "a 6 GB constant": (graph(node("Expand", ["one", "s"], ["y"]), one=np.float32(1), s=ints(1600, 1000, 1000)), "too much memory or time"),
    "a sparse constant": (graph(node("Constant", [], ["y"], sparse_value=SPARSE)), "sparse"),
    "doubling": (
        graph(*(node("Concat", [a, a], [b], axis=1) for a, b in zip("xabcdefghijklmnopqrst", "abcdefghijklmnopqrsty", strict=True))),
        "at Concat",
    ),
    "a huge border": (graph(node("Pad", ["x", "p"], ["y"]), p=ints(0, 0, 0, 0, 0, 0, 1 << 20, 1 << 20)), "at Pad"),
    "an outer product": (
        graph(
            node("Reshape", ["x", "s"], ["a"]),
            node("Reshape", ["x", "t"], ["b"]),
            node("MatMul", ["a", "b"], ["y"]),
            x=(1, 3, 99, 99),
            s=ints(-1, 1),
            t=ints(1, -1),
        ),
        "at MatMul",
    ),
    "work without memory": (
        graph(
            *(node("MatMul", [a, "w"], [b]) for a, b in zip(["x", *map(str, range(200))], [*map(str, range(200)), "y"], strict=True)),
            x=(1, 1000, 2000),
            w=np.zeros((2000, 2000), np.float32),
        ),
        "too much memory or time",
    ),
    "a window over everything": (
        graph(node("MaxPool", ["x"], ["y"], kernel_shape=[9999, 9999], pads=[9998] * 4)),
        "too much memory or time",
    ),
    "a size from the picture": (
        graph(node("ReduceMean", ["x"], ["m"]), node("Cast", ["m"], ["s"], to=7), node("Expand", ["x", "s"], ["y"])),
        "a size is computed",
    ),
    "a size from the number of pictures": (
        graph(node("Shape", ["x"], ["s"]), node("Mul", ["s", "k"], ["t"]), node("Expand", ["x", "t"], ["y"]), k=ints(1 << 30, 1, 1, 1)),
        "a size is computed",
    ),
    "a size from a table": (
        graph(
            node("Shape", ["x"], ["s"], end=1),
            node("Gather", ["table", "s"], ["t"]),
            node("Expand", ["x", "t"], ["y"]),
            table=ints(1, 1, 1 << 40),
        ),
        "a size is computed",
    ),
    "32 bits that overflow": (
        graph(
            node("Add", ["a", "a"], ["b"]),
            node("Cast", ["b"], ["c"], to=7),
            node("ConstantOfShape", ["c"], ["y"]),
            a=np.array([-(1 << 30) - 1], np.int32),
        ),
        "too much memory or time",
    ),
    "an operator of somebody": (graph(node("Gelu", ["x"], ["y"], domain="com.microsoft")), "only ONNX's own operators"),
    "chance": (graph(node("RandomNormalLike", ["x"], ["y"])), "'RandomNormalLike', which is not supported"),
    "a file": (graph(node("Constant", [], ["y"], value=OUTSIDE)), "weights in another file"),
    "old operators": (graph(node("Relu", ["x"], ["y"]), opset=6), "uses version 6 of ONNX's operators"),
    "many nodes": (graph(*[node("Relu", ["x"], ["y"])] * (MAX_NODES + 1)), "more than the 10,000"),
    "text": (graph(node("Identity", ["x"], ["y"]), w=np.array([b"a"], object)), "numbers of the type 8"),
    "too many sides": (graph(node("Unsqueeze", ["x", "a"], ["y"]), a=ints(*range(9))), "damaged or unusual"),
}


@pytest.mark.parametrize(("model", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_graph_is_refused_before_it_costs_anything(model: onnx.ModelProto, reason: str) -> None:
    assert reason in refusal(model)


def with_function() -> onnx.ModelProto:
    model = graph(node("Relu", ["x"], ["y"]))
    model.functions.append(onnx.FunctionProto(name="f", domain="d"))
    return model


def with_sparse_weights() -> onnx.ModelProto:
    model = graph(node("Relu", ["x"], ["y"]))
    model.graph.sparse_initializer.append(SPARSE)
    return model


def with_a_weight_of_nothing() -> onnx.ModelProto:
    model = graph(node("Relu", ["x"], ["y"]))
    model.graph.initializer.append(TensorProto(name="w", data_type=1, dims=[1 << 40]))
    return model


@pytest.mark.parametrize(
    ("make", "reason"),
    [(with_function, "functions of its own"), (with_sparse_weights, "sparse"), (with_a_weight_of_nothing, "it announces")],
)
def test_what_a_file_may_not_hold(make: Callable[[], onnx.ModelProto], reason: str) -> None:
    assert reason in refusal(make())


def test_a_graph_that_stands_there_twice_is_refused_as_protobuf_would_merge_them() -> None:
    harmless = graph(node("Relu", ["x"], ["y"])).SerializeToString()
    assert "not an ONNX graph" in refusal(harmless + graph(node("Loop", ["x"], ["y"])).SerializeToString())


def test_a_file_of_tiny_fields_is_not_taken_apart_for_ever() -> None:
    assert "parts" in refusal(b"\x08\x01" * (MAX_FIELDS + 1))


GOOD = {
    "convolution": graph(node("Conv", ["x", "w"], ["y"], strides=[2, 2], pads=[1, 1, 0, 1]), w=np.zeros((5, 3, 3, 3), np.float32)),
    "convolution, same": graph(
        node("Conv", ["x", "w"], ["y"], strides=[3, 3], auto_pad="SAME_UPPER"), w=np.zeros((5, 3, 3, 3), np.float32)
    ),
    "depthwise, dilated": graph(node("Conv", ["x", "w"], ["y"], group=3, dilations=[2, 2]), w=np.zeros((6, 1, 3, 3), np.float32)),
    "pool": graph(node("MaxPool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2])),
    "pool, rounded up": graph(node("AveragePool", ["x"], ["y"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)),
    "global pool": graph(node("GlobalAveragePool", ["x"], ["y"])),
    "dense": graph(node("Flatten", ["x"], ["f"]), node("Gemm", ["f", "w"], ["y"], transB=1), w=np.zeros((7, 192), np.float32)),
    "product": graph(node("MatMul", ["x", "w"], ["y"]), w=np.zeros((8, 5), np.float32)),
    "as exporters flatten": graph(
        *(node("Shape", ["x"], ["s"]), node("Gather", ["s", "zero"], ["g"]), node("Unsqueeze", ["g", "axes"], ["u"])),
        *(node("Concat", ["u", "rest"], ["t"], axis=0), node("Reshape", ["x", "t"], ["y"])),
        **{"zero": np.int64(0), "axes": ints(0), "rest": ints(-1)},
    ),
    "pad": graph(node("Pad", ["x", "p"], ["y"]), p=ints(0, 0, 1, 1, 0, 2, 0, 1)),
    "slice": graph(node("Slice", ["x", "a", "b", "c", "d"], ["y"]), a=ints(0, -1), b=ints(99, -99), c=ints(2, -1), d=ints(2, -3)),
    "split": graph(node("Split", ["x", "p"], ["y", "z"], axis=1), p=ints(1, 2)),
    "squeeze": graph(node("ReduceMean", ["x"], ["m"], axes=[2, 3]), node("Squeeze", ["m", "a"], ["y"]), a=ints(2, 3)),
    "reduce": graph(node("ReduceL2", ["x"], ["y"], axes=[1], keepdims=0)),
    "resize": graph(node("Resize", ["x", "", "s"], ["y"]), s=np.array([1, 1, 2, 1.5], np.float32)),
    "resize to": graph(node("Resize", ["x", "", "", "s"], ["y"]), s=ints(1, 3, 5, 20), x=(1, 3, 8, 8)),
    "gather": graph(node("Gather", ["x", "i"], ["y"], axis=1), i=ints(2, 1, 0)),
    "broadcast": graph(node("Mul", ["x", "w"], ["y"]), w=np.zeros((3, 1, 1), np.float32)),
    "lstm": graph(
        node("LSTM", ["x", "w", "r"], ["", "y"], hidden_size=4),
        x=(6, 2, 5),
        w=np.zeros((1, 16, 5), np.float32),
        r=np.zeros((1, 16, 4), np.float32),
    ),
    "sizes computed": graph(
        node("Shape", ["x"], ["s"]),
        node("Div", ["s", "two"], ["t"]),
        node("Expand", ["w", "t"], ["y"]),
        x=(2, 4, 6),
        two=ints(2),
        w=np.float32(1),
    ),
}


@pytest.mark.parametrize("model", GOOD.values(), ids=GOOD)
def test_the_sizes_are_those_that_onnx_runtime_finds(model: onnx.ModelProto, monkeypatch: pytest.MonkeyPatch) -> None:
    """For two pictures at once: what a rule says, against what is computed."""
    shape = [side.dim_value or 2 for side in model.graph.input[0].type.tensor_type.shape.dim]
    (computed, *_) = open_session(model.SerializeToString()).run(np.zeros(shape, np.float32))
    monkeypatch.setattr("whosthat.inference.limits.PICTURES", 2)
    found: list[tuple[int, ...]] = []
    for operator, rule in RULES.items():

        def watched(step: Any, rule: Callable[[Any], Any] = rule) -> Any:
            values = rule(step)
            found.extend(value.shape for name, value in zip(step.node.outputs, values, strict=False) if name == "y")
            return values

        monkeypatch.setitem(RULES, operator, watched)
    check_graph(model.SerializeToString())
    assert found[-1] == computed.shape


def test_values_that_are_no_longer_needed_are_not_counted() -> None:
    side = int((MAX_NUMBERS / 4) ** 0.5)
    names = ["x", *map(str, range(20)), "y"]
    check_graph(graph(*(node("Relu", [a], [b]) for a, b in itertools.pairwise(names)), x=(1, 1, side, side)).SerializeToString())


@given(st.binary(max_size=200))
def test_any_bytes_end_with_an_answer_or_a_graph_error(noise: bytes) -> None:
    with contextlib.suppress(GraphError):
        check_graph(noise)


@given(st.data())
def test_a_damaged_graph_ends_with_an_answer_or_a_graph_error(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(list(GOOD.values()))).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(GraphError):
        check_graph(bytes(content))


def test_what_stands_in_a_file_is_read() -> None:
    read = read_graph(GOOD["dense"].SerializeToString())
    assert (read.opset, read.inputs, read.outputs) == (17, {"x": (0, 3, 8, 8)}, ["y"])
    assert [(one.operator, one.inputs, one.attributes) for one in read.nodes] == [
        ("Flatten", ("x",), {}),
        ("Gemm", ("f", "w"), {"transB": 1}),
    ]
    assert read.tensors["w"].shape == (7, 192)


WHOLE = graph(node("Add", ["x", "w"], ["y"]), x=(2,), w=np.array([1, 2], np.float32))


def test_a_whole_graph_runs() -> None:
    WHOLE.graph.initializer[0].data_location = TensorProto.DEFAULT  # as some write it: a location of zero says inside
    session = open_session(WHOLE.SerializeToString())
    assert (session.inputs, session.input_types, session.input_shapes) == (("x",), ("tensor(float)",), ((2,),))
    np.testing.assert_array_equal(session.run(np.zeros(2, np.float32))[0], [1, 2])


@pytest.mark.parametrize("location", ["w.bin", "../w.bin", "../../etc/passwd", "/etc/passwd", "*/_ORT_MEM_ADDR_/*", ""])
def test_a_graph_with_weights_outside_is_not_opened(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(8))
    monkeypatch.chdir(tmp_path)
    model = graph(node("Add", ["x", "w"], ["y"]), x=(2,))
    model.graph.initializer.append(OUTSIDE)
    model.graph.initializer[0].external_data.add(key="location", value=location)
    with pytest.raises(GraphError, match="weights in another file"):
        open_session(model.SerializeToString())


def test_a_graph_cut_short_is_not_opened() -> None:
    with pytest.raises(GraphError, match="cut short"):
        open_session(WHOLE.SerializeToString()[:-3])
