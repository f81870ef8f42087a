from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whosthat.errors import WeightsError
from whosthat.faces.own_embedders import (
    EmbedderDescription,
    embedder_names,
    keep_embedder,
    own_embedders,
    read_embedder,
    remove_embedder,
)
from whosthat.faces.weight_files import read_weights

GRAPH = b"a graph that was checked"


@pytest.fixture
def description(foreign: ModuleType) -> EmbedderDescription:
    return EmbedderDescription.model_validate({**foreign.DESCRIBED, "mean": (1, 2, 3)})


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return tmp_path / "weights"


def test_what_was_kept_comes_back(description: EmbedderDescription, weights: Path) -> None:
    assert own_embedders() == {}
    kept = keep_embedder(GRAPH, description)
    assert own_embedders() == {"my-net": kept}
    assert kept.description == description
    assert (kept.file.bytes, kept.file.licence, kept.file.own) == (len(GRAPH), "MIT", True)
    assert read_weights(kept.file) == GRAPH
    assert sorted(path.name for path in weights.iterdir()) == ["embedder-my-net.json", "embedder-my-net.onnx"]


def test_a_name_belongs_to_one_embedder(description: EmbedderDescription) -> None:
    keep_embedder(GRAPH, description)
    for graph, changes in ((b"other", {}), (GRAPH, {"scale": 2.0})):
        with pytest.raises(WeightsError, match=r"There is another embedder named my-net.*models remove my-net"):
            keep_embedder(graph, description.model_copy(update=changes))


def test_a_damaged_file_is_named_and_mended_by_adding_it_again(description: EmbedderDescription, weights: Path) -> None:
    kept = keep_embedder(GRAPH, description)
    (weights / "embedder-my-net.onnx").write_bytes(GRAPH[::-1])
    with pytest.raises(
        WeightsError, match=r"embedder-my-net\.onnx is not the .*expected SHA-256 .*, got .*models add FILE --describe FILE\.toml"
    ):
        read_weights(kept.file)
    (weights / "embedder-my-net.onnx").unlink()
    with pytest.raises(WeightsError, match=r"my-net needs embedder-my-net\.onnx, which is missing"):
        read_weights(kept.file)
    keep_embedder(GRAPH, description)
    assert read_weights(kept.file) == GRAPH


def test_removing_leaves_nothing(description: EmbedderDescription, weights: Path) -> None:
    keep_embedder(GRAPH, description)
    assert remove_embedder("my-net")
    assert not remove_embedder("my-net")
    assert not remove_embedder("../../my-net")
    assert list(weights.iterdir()) == []


@pytest.mark.parametrize("damage", [("MIT", 'MIT", "x": "'), ('"format":1', '"format":2'), ("my-net", "other"), ("{", "")])
def test_a_damaged_description_is_named_and_can_be_removed(
    description: EmbedderDescription, weights: Path, damage: tuple[str, Any]
) -> None:
    keep_embedder(GRAPH, description)
    path = weights / "embedder-my-net.json"
    text = path.read_text().replace('"format": 1', '"format":1')
    path.write_text(text.replace(*damage))
    with pytest.raises(WeightsError, match=r"embedder-my-net\.json of the embedder my-net is damaged.*models remove my-net"):
        read_embedder("my-net")
    assert remove_embedder("my-net")


def test_files_of_others_are_no_embedders(weights: Path) -> None:
    weights.mkdir()
    for name in ("embedder-.json", "embedder-A B.json", "embedder-x.onnx", "faces.json"):
        (weights / name).touch()
    assert embedder_names() == []
