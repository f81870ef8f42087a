from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from whosthat.errors import UsageError, WeightsError
from whosthat.faces.embedder import SAME_PERSON, OnnxEmbedder
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


def test_the_recipe_takes_reid_0095_where_both_its_files_are_here_else_the_embedder_that_always_is(tmp_path: Path) -> None:
    model = embedder_model(FaceRecipe().embedder)
    assert model.facts.name == "dlib-resnet"
    assert FILES[model.file.name].package
    (tmp_path / "weights").mkdir()
    for file, name in zip(EMBEDDERS["reid-0095"].files, ("dlib-resnet", "reid-0095"), strict=True):
        (tmp_path / "weights" / file.file).write_bytes(b"its content is looked at when it is read")
        assert embedder_model("auto").facts.name == name
    with pytest.raises(WeightsError, match=r"face-reidentification-retail-0095\.xml is not the published file"):
        embedder_model("auto").graph()


@pytest.mark.real
def test_reid_0095_looks_once_and_tells_turned_crops_from_others(real_weights: Path, tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    for file in EMBEDDERS["reid-0095"].files:
        (tmp_path / "weights" / file.file).symlink_to(real_weights / file.file)
    model = embedder_model("auto")
    embedder = OnnxEmbedder(model.facts, model.graph())
    crops = np.random.default_rng(0).integers(0, 256, (20, 128, 128, 3)).astype(np.uint8)
    vectors = embedder.embed(crops)
    assert vectors.shape == (20, 256)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), SAME_PERSON / np.sqrt(2 - 2 * 0.4165), rtol=1e-5)
    twice = OnnxEmbedder(replace(model.facts, looks=2), model.graph()).embed(crops)
    np.testing.assert_allclose(twice, (vectors + embedder.embed(crops[:, :, ::-1])) / 2, atol=1e-6)


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
