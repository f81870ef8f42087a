"""ONNX Runtime behind one door: whole graphs open, graphs that reach for files do not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from whosthat.inference import GraphError, open_session


def outside(location: str) -> TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=location)
    return tensor


def model(nodes: list[onnx.NodeProto], initializers: list[TensorProto]) -> onnx.ModelProto:
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in "xy")
    graph = helper.make_graph(nodes, "g", [x], [y], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def adding(tensor: TensorProto) -> bytes:
    return model([helper.make_node("Add", ["x", "w"], ["y"])], [tensor]).SerializeToString()


WHOLE = adding(numpy_helper.from_array(np.array([1, 2], np.float32), "w"))


def test_a_whole_graph_runs() -> None:
    session = open_session(WHOLE)
    assert (session.inputs, session.input_types, session.input_shapes) == (("x",), ("tensor(float)",), ((2,),))
    np.testing.assert_array_equal(session.run(np.zeros(2, np.float32))[0], [1, 2])


@pytest.mark.parametrize("location", ["w.bin", "../w.bin", "../../etc/passwd", "/etc/passwd", "*/_ORT_MEM_ADDR_/*", ""])
def test_a_graph_with_weights_outside_is_refused(location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "w.bin").write_bytes(bytes(8))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(GraphError, match="weights in another file"):
        open_session(adding(outside(location)))


def test_a_graph_cut_short_is_refused() -> None:
    with pytest.raises(GraphError, match="cut short"):
        open_session(WHOLE[:-3])


def test_a_location_of_zero_says_inside() -> None:
    inside = numpy_helper.from_array(np.array([1, 2], np.float32), "w")
    inside.data_location = TensorProto.DEFAULT
    open_session(adding(inside))
