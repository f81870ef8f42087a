from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from whosthat.errors import UsageError, WeightsError
from whosthat.faces.embedder import OnnxEmbedder
from whosthat.faces.models import DETECTORS, EMBEDDERS, add_embedder, all_embedders, embedder_model
from whosthat.faces.own_embedders import EmbedderDescription, embedder_names
from whosthat.faces.weight_files import FILES
from whosthat.training.recipe_base import FaceRecipe


@pytest.fixture
def described(foreign: ModuleType) -> Any:
    return lambda **changes: EmbedderDescription.model_validate({**foreign.DESCRIBED, **changes})


@pytest.fixture
def network(tmp_path: Path, foreign: ModuleType) -> Path:
    (tmp_path / "net.onnx").write_bytes(foreign.cells_graph())
    return tmp_path / "net.onnx"


def test_an_added_embedder_can_be_opened_and_embeds(network: Path, described: Any) -> None:
    add_embedder(network, described())
    network.unlink()
    model = embedder_model("my-net")
    assert all_embedders() == (*EMBEDDERS, "my-net")
    assert OnnxEmbedder(model.facts, model.graph()).embed(np.zeros((2, 112, 112, 3), np.uint8)).shape == (2, 48)


def test_the_recipe_asks_for_an_embedder_that_is_always_here() -> None:
    model = EMBEDDERS[FaceRecipe().embedder]
    assert FILES[model.file.name].package


def test_sface_is_pinned_and_says_where_to_get_it_when_it_is_not_here() -> None:
    model = embedder_model("sface")
    assert (model.file.licence, model.file.bytes, model.facts.dimensions) == ("Apache-2.0", 38_696_353, 128)
    with pytest.raises(
        WeightsError, match=r"sface needs face_recognition_sface_2021dec\.onnx, which is missing.*opencv_zoo.*models add FILE"
    ):
        model.graph()


def test_an_unknown_embedder_suggests_the_nearest_and_says_how_to_add_one() -> None:
    with pytest.raises(UsageError, match=r'Did you mean "sface".*models add FILE\.onnx --describe FILE\.toml'):
        embedder_model("sfase")


@pytest.mark.parametrize("name", ["dlib-resnet", "sface", "mtcnn", "yunet", "auto", "cnn6", "mtcnn-pnet"])
def test_names_that_mean_something_else_are_taken(network: Path, described: Any, name: str) -> None:
    with pytest.raises(UsageError, match=f'The name "{name}" is taken'):
        add_embedder(network, described(name=name), reserved=["cnn6"])


def with_more_nodes(network: Path, *nodes: Any) -> None:
    """Let the last nodes work on what the network gives."""
    model = onnx.load_model_from_string(network.read_bytes())
    model.graph.node[-1].output[0] = "before"
    model.graph.node.extend(nodes)
    network.write_bytes(model.SerializeToString())


@pytest.mark.parametrize(
    ("nodes", "complaint"),
    [
        ([helper.make_node("Sub", ["before", "before"], ["zero"]), helper.make_node("Div", ["zero", "zero"], ["fc0"])], "not finite"),
        ([helper.make_node("Sub", ["before", "before"], ["fc0"])], "the same embedding for different pictures"),
        (
            [helper.make_node("Concat", ["before", "before"], ["fc0"], axis=1)],
            "should give 48 numbers for each of 4 crops, but gave an array of 4 x 96",
        ),
        ([helper.make_node("NoSuchOperator", ["before"], ["fc0"])], "which is not supported"),
        ([helper.make_node("MatMul", ["before", "before"], ["fc0"])], "cannot"),
    ],
)
def test_a_network_that_does_not_do_its_work_is_not_added(network: Path, described: Any, nodes: list[Any], complaint: str) -> None:
    with_more_nodes(network, *nodes)
    with pytest.raises(WeightsError, match=f"net.onnx was not added.*{complaint}"):
        add_embedder(network, described())
    assert embedder_names() == []


def test_every_embedder_has_a_template_for_every_detector() -> None:
    for model in EMBEDDERS.values():
        assert all(model.facts.template(detector).size >= 112 for detector in DETECTORS)
