"""A network is trained, tested and saved with a threshold, fitted on strangers where there are any."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.evaluation.network_part import read_network
from whosthat.evaluation.run_facts import read_metrics
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.weights import load_weights
from whosthat.photos.drawing import save_image
from whosthat.recognition import load
from whosthat.recognition.bundle import WEIGHTS, open_bundle
from whosthat.training.experiments import Step
from whosthat.training.recipe import default_recipe, design_of
from whosthat.workflow.series import run_series
from whosthat.workflow.train import train

COLOURS = {"blue": (20, 40, 220), "red": (220, 40, 20)}


def paint(path: Path, colour: tuple[int, int, int], seed: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(-20, 20, (16, 16, 3))
    save_image(np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8), path)
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, name in enumerate(sorted(COLOURS) * 10):
        paint(tmp_path / "photos" / name / f"{seed}.png", COLOURS[name], seed)
    return tmp_path / "photos"


def recipe():
    return default_recipe("custom", size=16, epochs=1, split="6:2:2", network={"blocks": "flatten, dense 4"})


def test_strangers_set_the_threshold_and_are_told_of_everywhere(photos: Path, tmp_path: Path) -> None:
    strangers = tmp_path / "others"
    files = [paint(strangers / f"{seed}.png", (40, 200, 60), seed) for seed in range(100, 106)]
    paint(strangers / "known.png", COLOURS["blue"], 0)  # blue/0.png once more: a photo in the folders is no stranger's
    result = train(photos, recipe(), runs=tmp_path / "runs", strangers=strangers)
    threshold = open_bundle(result.bundle).facts.threshold
    assert (threshold.kind, threshold.n_strangers, threshold.fpir) == ("max-softmax", 6, 0)
    assert threshold.fnir is not None
    assert "estimated by cross-validation on 6 photos of 6 strangers" in result.notes[0]
    assert read_metrics(result.run).notes == result.notes
    assert "strangers would get a name" in (result.run / "report.html").read_text(encoding="utf-8")
    assert json.loads((result.run / "environment.json").read_text(encoding="utf-8"))["strangers"] == str(strangers.resolve())
    recogniser = load(result.bundle)
    assert all(recogniser.identify(file)[0].name is None for file in files)


def test_the_run_keeps_its_network_so_that_the_report_can_be_made_again_without_keras(photos: Path, tmp_path: Path) -> None:
    result = train(photos, recipe(), runs=tmp_path / "runs")
    network = read_network(result.run)
    assert (network.network, network.parameters) == ("custom", 16 * 16 * 3 * 4 + 4 + 4 * 2 + 2)
    assert (result.run / "plots" / "network.png").read_bytes().startswith(b"\x89PNG")
    program = "import sys; sys.modules['keras'] = None; from pathlib import Path; from whosthat.evaluation.report import write_report"
    subprocess.run([sys.executable, "-c", f"{program}; write_report(Path(sys.argv[1]))", result.run], check=True)
    assert "768x4 + 4 = 3,076" in (result.run / "report.html").read_text(encoding="utf-8")


def test_photos_of_each_class_and_part_are_told_before_and_each_epoch_when_it_is_done(photos: Path, tmp_path: Path, heard: Any) -> None:
    train(photos, recipe().model_copy(update={"epochs": 2}), runs=tmp_path / "runs", progress=heard)
    assert heard.tables == [
        [
            ("photos of each class", "training", "validation", "test"),
            *(("all classes", "12", "4", "4"), ("blue", "6", "2", "2"), ("red", "6", "2", "2")),
        ]
    ]
    assert [line.split(":")[0] for line in heard.results] == ["Epoch 1/2", "Epoch 2/2"]


def test_a_missing_folder_of_strangers_is_refused_before_anything_is_begun(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Choose a folder with photos of strangers"):
        train(photos, recipe(), runs=tmp_path / "runs", strangers=tmp_path / "nowhere")
    assert not (tmp_path / "runs").exists()


def _build(design):
    layers = load_keras().layers
    photo = load_keras().Input((design.size, design.size, 3), name="photo")
    features = layers.Flatten(name="features")(layers.Rescaling(1 / 255)(photo))
    return load_keras().Model(photo, layers.Dense(design.n_classes, activation="softmax", name="predictions")(features))


def transfer_recipe(**changes):
    """A frozen backbone, which only flattens, and a head."""
    name = "flat-pretrained"
    if name not in registry.names():
        words = dict.fromkeys(("title", "licence", "source", "paper"), "")
        numbers = {"input_size": 16, "minimum_size": 8, "learning_rate": 1e-4, "parameters": 0}
        facts = registry.NetworkFacts(name, **words, **numbers, loss="categorical_crossentropy", optimiser="adam", weights="imagenet")
        registry.register(facts)(_build)
    return default_recipe(name, epochs=2, batch_size=4, split="6:2:2", augmentation={"enabled": False}, **changes)


@pytest.mark.parametrize("keep_test_out", [False, True])
def test_a_head_learns_from_the_test_photos_once_the_test_is_done_unless_they_are_kept_out(
    photos: Path, tmp_path: Path, keep_test_out: bool
) -> None:
    result = train(photos, transfer_recipe(keep_test_out=keep_test_out), runs=tmp_path / "runs")
    bundle = open_bundle(result.bundle)
    learnt = "The saved one has learnt from all 20 photos."
    assert (learnt in result.notes) is not keep_test_out
    assert sorted(bundle.facts.data.parts) == (["test", "train", "validation"] if keep_test_out else ["train"])
    assert sum(map(len, bundle.facts.data.parts.values())) == 20
    # the test's answers are those of the saved recogniser only where that has not learnt since
    recogniser = load(bundle.folder)
    again = [recogniser.identify(photos / answer.path)[0].probabilities[answer.best] for answer in result.evaluation.answers]
    assert ([answer.confidence for answer in result.evaluation.answers] == pytest.approx(again, abs=1e-5)) is keep_test_out


def test_a_trained_head_has_a_learning_curve_that_ends_at_the_test(photos: Path, tmp_path: Path) -> None:
    curve = read_metrics((result := train(photos, transfer_recipe(), runs=tmp_path / "runs")).run).learning
    assert ([point.count for point in curve.points], curve.n_test, curve.each) == ([2, 5, 6], 4, "class")
    assert curve.points[-1].accuracy == result.evaluation.accuracy
    assert "photos per class" in (result.run / "report.html").read_text(encoding="utf-8")
    assert read_metrics(train(photos, recipe(), runs=tmp_path / "runs").run).learning is None  # it learnt as a whole


def test_a_run_of_a_series_draws_no_learning_curve(photos: Path, tmp_path: Path) -> None:
    run_series(photos, [Step("one", transfer_recipe(), {})], runs=tmp_path / "runs")
    assert read_metrics(tmp_path / "runs" / "photos-flat-pretrained-1").learning is None


def test_the_graph_and_the_weights_of_a_bundle_are_those_of_one_network(photos: Path, tmp_path: Path) -> None:
    bundle = open_bundle(train(photos, transfer_recipe(), runs=tmp_path / "runs").bundle)
    model = registry.build("flat-pretrained", design_of(transfer_recipe(), 2))
    load_weights(model, bundle.folder / WEIGHTS)
    recogniser = load(bundle.folder)
    recogniser.temperature = 1.0
    inputs = np.random.default_rng(0).integers(0, 255, (5, 16, 16, 3), dtype=np.uint8)
    np.testing.assert_allclose(recogniser.probabilities(inputs), model.predict_on_batch(inputs), atol=1e-5)


def test_transfer_chooses_its_threshold_on_all_photos_but_those_of_the_test(photos: Path, tmp_path: Path) -> None:
    threshold = open_bundle(train(photos, transfer_recipe(), runs=tmp_path / "runs").bundle).facts.threshold
    assert "16 photos not used for training" in threshold.how


def _copied(source: Path, target: Path, *, first: int, last: int) -> Path:
    for folder in sorted(source.iterdir()):
        (target / folder.name).mkdir(parents=True)
        for file in sorted(folder.iterdir())[first:last]:
            shutil.copyfile(file, target / folder.name / file.name)
    return target


def log_loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


@pytest.mark.slow
@pytest.mark.real
def test_confidence_and_the_share_of_strangers_hold_on_photos_kept_aside(real_data: Path, tmp_path: Path) -> None:
    photos = _copied(real_data / "cats_dogs", tmp_path / "photos", first=0, last=20)
    strangers = _copied(real_data / "strangers", tmp_path / "strangers", first=0, last=5)
    result = train(photos, default_recipe("efficientnet-lite0", epochs=20), runs=tmp_path / "runs", strangers=strangers)
    recogniser, facts = load(result.bundle), open_bundle(result.bundle).facts

    def answers(folder: Path) -> np.ndarray:
        return np.concatenate([recogniser.probabilities(recogniser.prepare(file)[None]) for file in sorted(folder.glob("*/*"))])

    new = _copied(real_data / "cats_dogs", tmp_path / "new", first=20, last=60)
    truth = np.repeat([0, 1], 40)
    calibrated = log_loss(answers(new), truth)
    share = float(
        (answers(_copied(real_data / "strangers", tmp_path / "others", first=5, last=10)).max(axis=1) >= facts.threshold.value).mean()
    )
    recogniser.temperature = 1.0
    assert calibrated <= log_loss(answers(new), truth) + 0.005
    assert 0.5 < facts.temperature < 2
    assert facts.threshold.value < 1
    assert facts.threshold.fpir_low <= share <= facts.threshold.fpir_high
