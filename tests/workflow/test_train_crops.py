"""Networks that learn from faces, on drawn ones: the detector takes every coloured cell of a photo for a face."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.errors import BundleError, DatasetError, WhosthatError
from whosthat.evaluation.outcomes import Outcomes
from whosthat.faces import models
from whosthat.faces.embedder import DLIB
from whosthat.photos.drawing import save_image
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.face_classifier import KIND
from whosthat.training.recipe import Recipe, default_recipe, read_recipe
from whosthat.types import Box, Face, Image
from whosthat.workflow import train_network
from whosthat.workflow.evaluate import evaluate
from whosthat.workflow.export import export
from whosthat.workflow.train import TrainResult, resume, train

CELL, GREY = 60, 128
COLOURS = {"anna": (220, 30, 30), "bert": (30, 200, 30), "carl": (30, 30, 220)}
STRANGER = (210, 200, 40)


class ColouredCells:
    """Finds one face in each coloured cell."""

    name, licence, sure, likely = "mtcnn", "MIT", 0.9, 0.9

    def detect(self, image: Image, *, smallest: float = 20.0, lenient: bool = False) -> list[Face]:
        """Look at the middle of each cell; a photo in another form (with a border, turned) shows none."""
        if image.shape[0] != CELL:
            return []
        lefts = range(0, image.shape[1], CELL)
        return [cell_face(left) for left in lefts if np.ptp(image[CELL // 2, left + CELL // 2].astype(int)) > 60]


def cell_face(left: int) -> Face:
    points = DLIB.template("mtcnn").scaled(CELL).points
    left_eye, right_eye, nose, left_mouth, right_mouth = ((left + x, y) for x, y in points)
    return Face(Box(left, 0, left + CELL, CELL), (left_eye, right_eye, nose, left_mouth, right_mouth), 1.0)


def draw(path: Path, *colours: tuple[int, int, int], seed: int = 0) -> Path:
    """Draw a row of cells; grey cells show nobody."""
    noise = np.random.default_rng(seed).integers(-25, 26, (CELL // 6, len(colours) * CELL // 6, 3))
    cells = np.concatenate([np.broadcast_to(np.array(colour), (CELL, CELL, 3)) for colour in colours], axis=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(np.clip(cells + noise.repeat(6, axis=0).repeat(6, axis=1), 0, 255).astype(np.uint8), path)
    return path


@pytest.fixture(scope="module", autouse=True)
def coloured_cells() -> object:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "DETECTORS", {"mtcnn": replace(models.DETECTORS["mtcnn"], open=lambda files: ColouredCells())})
        yield


def tiny(**changes: object) -> Recipe:
    settings = {"size": 24, "epochs": 6, "batch_size": 8, "optimiser": {"name": "adam", "learning_rate": 0.02}, **changes}
    return default_recipe("custom", crop="faces", network={"blocks": "conv 4, pool, flatten, dense 16"}, **settings)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cells") / "people"
    for number, (name, colour) in enumerate(COLOURS.items()):
        for photo in range(12):
            draw(folder / name / f"{photo:02}.png", colour, seed=100 * number + photo)
    draw(folder / "anna" / "nobody.png", (GREY, GREY, GREY), seed=999)
    return folder


@pytest.fixture(scope="module")
def trained(people: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainResult:
    place = tmp_path_factory.mktemp("trained")
    strangers = place / "strangers"
    for photo in range(10):
        draw(strangers / f"{photo}.png", STRANGER, seed=500 + photo)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHOSTHAT_CACHE", str(place / "cache"))
        return train(people, tiny(), runs=place / "runs", strangers=strangers)


def test_every_face_gets_a_box_and_an_answer(trained: TrainResult, tmp_path: Path) -> None:
    photo = draw(tmp_path / "two.png", COLOURS["carl"], (GREY, GREY, GREY), COLOURS["anna"], seed=7)
    sightings = load(trained.run).identify(photo)
    assert [(sighting.name, sighting.box) for sighting in sightings] == [
        ("carl", Box(0, 0, CELL, CELL)),
        ("anna", Box(2 * CELL, 0, 3 * CELL, CELL)),
    ]


def test_a_photo_without_a_face_has_no_sighting(trained: TrainResult, tmp_path: Path) -> None:
    recogniser = load(trained.run)
    nobody = recogniser.prepare(draw(tmp_path / "none.png", (GREY, GREY, GREY)))
    anna = recogniser.prepare(draw(tmp_path / "anna.png", COLOURS["anna"], seed=5))
    assert [len(answers) for answers in recogniser.identify_prepared([nobody, anna, nobody])] == [0, 1, 0]


def test_nobody_is_named_twice_in_a_photo(trained: TrainResult, tmp_path: Path) -> None:
    photo = draw(tmp_path / "twins.png", COLOURS["bert"], COLOURS["bert"], seed=3)
    assert [sighting.name for sighting in load(trained.run).identify(photo)].count("bert") == 1


def test_the_bundle_says_how_faces_are_cut_out(trained: TrainResult) -> None:
    facts = open_bundle(trained.bundle).facts
    assert facts.kind == KIND
    assert (facts.crop.detector, facts.crop.template) == ("mtcnn", DLIB.template("mtcnn").scaled(24))
    assert facts.licences["mtcnn"] == "MIT"


def test_a_bundle_whose_detector_is_damaged_is_refused(trained: TrainResult, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(trained.bundle, tmp_path / "bundle"))
    (copy / "mtcnn-pnet.onnx").write_bytes(b"something else")
    with pytest.raises(BundleError, match=r"mtcnn-pnet\.onnx"):
        load(copy)


def test_strangers_fit_the_threshold(trained: TrainResult) -> None:
    threshold = open_bundle(trained.bundle).facts.threshold
    assert threshold.n_strangers == 10


def test_a_photo_without_a_face_counts_in_the_test(people: Path, tmp_path: Path) -> None:
    for number in range(8):
        draw(tmp_path / "people" / "anna" / f"nobody {number}.png", (GREY, GREY, GREY), seed=number)
    shutil.copytree(people, tmp_path / "people", dirs_exist_ok=True)
    evaluation = train(tmp_path / "people", tiny(epochs=1, split="2:1:2"), runs=tmp_path / "runs").evaluation
    assert evaluation.outcomes.no_face == sum("nobody" in answer.path for answer in evaluation.answers) > 0


def test_a_test_on_other_photos_counts_what_shows_no_face(tmp_path: Path, trained: TrainResult) -> None:
    others = tmp_path / "others"
    for number, (name, colour) in enumerate(COLOURS.items()):
        draw(others / name / "new.png", colour, seed=700 + number)
    draw(others / "bert" / "nobody.png", (GREY, GREY, GREY), seed=77)
    evaluation = evaluate(trained.run, others)
    assert evaluation.outcomes == Outcomes(correct=3, wrong=0, unknown=0, no_face=1)


def test_the_network_alone_is_exported(trained: TrainResult, tmp_path: Path) -> None:
    assert export(trained.bundle, "onnx", tmp_path / "network.onnx").stat().st_size > 0


def test_a_run_says_which_detector_was_meant(trained: TrainResult) -> None:
    recipe = read_recipe(trained.run / "recipe.toml", complete=True)
    assert isinstance(recipe, Recipe)
    assert (recipe.crop, recipe.detector) == ("faces", "mtcnn")


def test_a_stopped_run_goes_on_with_the_same_crops(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: TrainResult
) -> None:
    whole = open_bundle(trained.bundle).weights_file().read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(train_network, "save_bundle", Mock(side_effect=WhosthatError("stopped before the bundle")))
        with pytest.raises(WhosthatError, match="stopped before the bundle"):
            train(people, tiny(), runs=tmp_path / "second")
    again = resume(tmp_path / "second" / "latest")
    assert open_bundle(again.bundle).weights_file().read_bytes() == whole


def test_a_person_without_a_face_is_named(people: Path, tmp_path: Path) -> None:
    for photo in range(6):
        draw(tmp_path / "people" / "dora" / f"{photo}.png", (GREY, GREY, GREY), seed=photo)
        draw(tmp_path / "people" / "anna" / f"{photo}.png", COLOURS["anna"], seed=photo + 50)
    with pytest.raises(DatasetError, match=r"No usable photo is left for dora.*no face was found"):
        train(tmp_path / "people", tiny(), runs=tmp_path / "runs")
