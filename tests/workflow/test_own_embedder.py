"""The face route with a network that somebody added: from the file to a bundle that needs it no more."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.faces.models import add_embedder
from whosthat.faces.mtcnn import Mtcnn
from whosthat.faces.own_embedders import EmbedderDescription, remove_embedder
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.training.recipe import default_recipe
from whosthat.types import Box, Face
from whosthat.workflow.face_photos import open_reader
from whosthat.workflow.people import add_person
from whosthat.workflow.train import train

SIDE = 112
RECIPE = default_recipe("faces", detector="mtcnn", embedder="my-net")


def draw(path: Path, person: int, seed: int) -> Path:
    """A face is four by four fields of colour, under so much noise that no two photos are copies."""
    fields = np.random.default_rng(person).integers(80, 176, (4, 4, 3)).repeat(28, axis=0).repeat(28, axis=1)
    noise = np.random.default_rng([person, seed]).integers(-75, 76, (16, 16, 3)).repeat(7, axis=0).repeat(7, axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image((fields + noise).astype(np.uint8), path)
    return path


@pytest.fixture
def description(foreign: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EmbedderDescription:
    """An added network; the detector sees every photo as one face."""
    points = tuple((x, y) for x, y in foreign.ARCFACE)
    monkeypatch.setattr(Mtcnn, "detect", lambda *_, **__: [Face(Box(0, 0, SIDE, SIDE), points, 1.0)])
    monkeypatch.setattr("whosthat.workflow.training_run.write_report", lambda run: run)
    described = EmbedderDescription.model_validate({**foreign.DESCRIBED, "same_person": 1.1})
    (tmp_path / "net.onnx").write_bytes(foreign.cells_graph())
    add_embedder(tmp_path / "net.onnx", described)
    return described


@pytest.fixture
def people(tmp_path: Path) -> Path:
    for person in range(3):
        for seed in range(8):
            draw(tmp_path / "people" / f"person{person}" / f"{seed}.png", person, seed)
    return tmp_path / "people"


@pytest.mark.usefixtures("description")
def test_a_bundle_keeps_the_network_that_made_it(people: Path, tmp_path: Path) -> None:
    result = train(people, RECIPE, runs=tmp_path / "runs")
    assert result.evaluation.accuracy == 1
    shutil.rmtree(tmp_path / "weights")
    facts = open_bundle(result.bundle).facts
    assert (facts.network, facts.faces.embedder, facts.faces.dimensions, facts.faces.crop_size) == ("my-net", "my-net", 48, SIDE)
    assert facts.licences == {"mtcnn": "MIT", "my-net": "MIT"}
    add_person(result.bundle, "person7", [draw(tmp_path / "new" / f"{seed}.png", 7, seed) for seed in range(3)])
    recogniser = FaceRecogniser.open(open_bundle(result.bundle))
    names = [recogniser.identify(draw(tmp_path / "asked.png", person, 99))[0].name for person in (0, 2, 7, 8)]
    assert names == ["person0", "person2", "person7", None]
    with pytest.raises(UsageError, match="There is no embedder named 'my-net'"):
        train(people, RECIPE, runs=tmp_path / "runs")


def test_another_network_of_the_same_name_is_not_given_what_the_first_one_embedded(
    description: EmbedderDescription, foreign: ModuleType, tmp_path: Path
) -> None:
    first = open_reader("mtcnn", "my-net").reader
    assert open_reader("mtcnn", "my-net").reader.key == first.key
    remove_embedder("my-net")
    (tmp_path / "net.onnx").write_bytes(foreign.cells_graph(factor=2))
    add_embedder(tmp_path / "net.onnx", description)
    assert open_reader("mtcnn", "my-net").reader.key != first.key
