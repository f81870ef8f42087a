from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from whosthat.errors import WeightsError
from whosthat.faces.adapting import adapt
from whosthat.faces.embedder import SAME_PERSON, OnnxEmbedder
from whosthat.faces.models import SFACE
from whosthat.faces.own_embedders import EmbedderDescription
from whosthat.inference import open_session


def described(foreign: ModuleType, **changes: Any) -> EmbedderDescription:
    return EmbedderDescription.model_validate({**foreign.DESCRIBED, **changes})


def run(graph: bytes, crops: np.ndarray) -> np.ndarray:
    return np.concatenate([open_session(graph).run(crop[None])[0] for crop in crops])


@pytest.fixture
def crops() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, 112, 112, 3), np.uint8)


@pytest.mark.parametrize("layout", ["nchw", "nhwc"])
@pytest.mark.parametrize("kind", [TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_the_network_is_given_what_it_was_trained_with(foreign: ModuleType, crops: np.ndarray, layout: str, kind: int) -> None:
    vectors = run(adapt(foreign.cells_graph(layout=layout, kind=kind), described(foreign)), crops)
    np.testing.assert_allclose(vectors, foreign.cells_of(crops), atol=1e-3 if kind == TensorProto.FLOAT16 else 1e-5)


def test_colours_are_turned_round_for_networks_that_expect_blue_first(foreign: ModuleType, crops: np.ndarray) -> None:
    changed = described(foreign, colours="bgr", mean=(10, 20, 30), scale=(1, 2, 4))
    expected = foreign.cells_of(crops[..., ::-1], mean=np.array([10, 20, 30]), scale=np.array([1, 2, 4]))
    np.testing.assert_allclose(run(adapt(foreign.cells_graph(), changed), crops), expected, rtol=1e-5)


def test_vectors_that_are_compared_by_cosine_are_brought_to_one_length(foreign: ModuleType, crops: np.ndarray) -> None:
    vectors = run(adapt(foreign.cells_graph(factor=9), described(foreign, compare="cosine", same_person=0.5)), crops)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), SAME_PERSON, rtol=1e-5)  # a cosine of 0.5 is a distance of 1


def test_a_vector_of_zeros_stays_one(foreign: ModuleType) -> None:
    changed = described(foreign, compare="cosine", same_person=0.5, mean=0)
    assert not run(adapt(foreign.cells_graph(), changed), np.zeros((1, 112, 112, 3), np.uint8)).any()


def test_distances_mean_the_same_whatever_the_network_counts_in(foreign: ModuleType, crops: np.ndarray) -> None:
    plain = run(adapt(foreign.cells_graph(), described(foreign)), crops)
    larger = run(adapt(foreign.cells_graph(factor=20), described(foreign, same_person=20 * 0.6)), crops)
    np.testing.assert_allclose(larger, plain, rtol=1e-5)


def test_a_network_for_any_number_of_crops_stays_one(foreign: ModuleType, crops: np.ndarray) -> None:
    graph = adapt(foreign.cells_graph(batch="n"), described(foreign))
    np.testing.assert_allclose(open_session(graph).run(crops)[0], run(graph, crops), rtol=1e-5)


def test_a_graph_with_the_inputs_and_outputs_of_sface_becomes_an_embedder(foreign: ModuleType, crops: np.ndarray) -> None:
    similar = SFACE.model_copy(update={"dimensions": 48})  # OpenCV gives it red, green, blue from 0 to 255
    embedder = OnnxEmbedder(similar.facts, adapt(foreign.cells_graph(), similar))
    plain, mirrored = (foreign.cells_of(each, mean=0, scale=1) for each in (crops, crops[:, :, ::-1]))
    expected = sum(vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (plain, mirrored)) / 2
    np.testing.assert_allclose(embedder.embed(crops), expected * 0.6 / np.sqrt(2 - 2 * 0.363), rtol=1e-4)
    assert embedder.facts.template("yunet").points[0] == (38.2946, 51.6963)


@pytest.mark.parametrize(
    ("graph", "description", "complaint"),
    [
        ({"size": 160}, {}, r"has the shape 1 x 3 x 160 x 160, but its description says any x 3 x 112 x 112 \(crop_size 112, nchw\)"),
        ({}, {"layout": "nhwc"}, "its description says any x 112 x 112 x 3"),
        ({"batch": 4}, {}, "takes exactly 4 images at once"),
        ({"kind": TensorProto.INT64}, {}, "should hold floating-point numbers or uint8, but holds INT64"),
        ({"outputs": 2}, {}, r"should have one output, but has 2 \(fc0, fc1\)"),
        ({"opset": 6}, {}, "version 6 of ONNX's operators"),
        ({"weights": "outside"}, {}, "keeps weights in another file"),
    ],
)
def test_what_does_not_fit_is_said(foreign: ModuleType, graph: dict[str, Any], description: dict[str, Any], complaint: str) -> None:
    with pytest.raises(WeightsError, match=complaint):
        adapt(foreign.cells_graph(**graph), described(foreign, **description))


def test_a_graph_that_does_not_say_its_layout_needs_a_line_in_the_description(foreign: ModuleType, crops: np.ndarray) -> None:
    model = onnx.load_model_from_string(foreign.cells_graph())
    for axis in model.graph.input[0].type.tensor_type.shape.dim:
        axis.dim_value = -1  # as some exporters write "any"
    with pytest.raises(WeightsError, match=r'any x any x any x any.*Add a line to its description: layout = "nchw"'):
        adapt(model.SerializeToString(), described(foreign))
    vectors = open_session(adapt(model.SerializeToString(), described(foreign, layout="nchw"))).run(crops)[0]
    np.testing.assert_allclose(vectors, foreign.cells_of(crops), atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" * 9])
def test_a_file_that_is_no_graph_is_refused(foreign: ModuleType, content: bytes) -> None:
    with pytest.raises(WeightsError, match=r"The file of my-net cannot be used: (This is not an ONNX graph|The ONNX graph)"):
        adapt(content, described(foreign))
