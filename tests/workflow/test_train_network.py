"""A network is trained, tested and saved with a threshold, fitted on strangers where there are any."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.evaluation.run_facts import read_metrics
from whosthat.photos.drawing import save_image
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.training.recipe import default_recipe
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
    assert (threshold.kind, threshold.n_strangers, threshold.strangers_named) == ("max-softmax", 6, 0)
    assert threshold.known_refused is not None
    assert "counted on 6 photos of 6 strangers, each at the threshold that the others ask for" in result.notes[0]
    assert read_metrics(result.run).strangers == result.notes
    assert "strangers would be named" in (result.run / "report.html").read_text(encoding="utf-8")
    assert json.loads((result.run / "environment.json").read_text(encoding="utf-8"))["strangers"] == str(strangers.resolve())
    recogniser = load(result.bundle)
    assert all(recogniser.identify(file)[0].name is None for file in files)


def test_a_missing_folder_of_strangers_is_refused_before_anything_is_begun(photos: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="Name a folder with photos of strangers"):
        train(photos, recipe(), runs=tmp_path / "runs", strangers=tmp_path / "nowhere")
    assert not (tmp_path / "runs").exists()
