"""Runs made of numbers alone: answers, histories and drawn pictures, no network and no photo."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.writing import keep_photos, write_plots
from whosthat.evaluation.run_facts import RunFacts, write_metrics
from whosthat.training.journal import write_history
from whosthat.types import PARTS


@pytest.fixture
def answer_with(judged: Callable[..., Evaluation]) -> Callable[..., Evaluation]:
    """Build an evaluation in which a chosen number of photos is right, spread evenly over the classes."""

    def build(n_right: int, n: int, n_classes: int = 2, labels: tuple[str, ...] | None = None) -> Evaluation:
        labels = labels or tuple(f"class {number}" for number in range(n_classes))
        truth = np.arange(n) % len(labels)
        said = np.where(np.arange(n) < n_right, truth, (truth + 1) % len(labels))
        probabilities = np.full((n, len(labels)), 0.1 / len(labels))
        probabilities[np.arange(n), said] += 0.9
        return judged(probabilities, truth, labels, [f"{labels[t]}/{row:03}.jpg" for row, t in enumerate(truth)])

    return build


@pytest.fixture
def training() -> Training:
    return Training(
        model="cnn6",
        n_train=400,
        n_validation=50,
        batch_size=40,
        epochs=20,
        best_epoch=1,
        learning_rate=0.01,
        pretrained=False,
        seconds=61.0,
    )


@pytest.fixture
def make_run(tmp_path: Path, answer_with: Callable[..., Evaluation], training: Training) -> Callable[..., Path]:
    """Build a complete run folder, as training leaves it before the report; with ``draw``, its pictures are drawn too."""

    def build(
        n_right: int = 50, n: int = 60, n_classes: int = 3, labels: tuple[str, ...] | None = None, n_epochs: int = 6, draw: bool = False
    ) -> Path:
        run = tmp_path / "runs" / "heroes-cnn6-1"
        run.mkdir(parents=True)
        evaluation = answer_with(n_right, n, n_classes, labels)
        same = {"accuracy": 0.9, "val_accuracy": 0.8, "learning_rate": 0.01, "seconds": 3.0}
        history = [{"epoch": epoch, "loss": 2 / epoch, "val_loss": 2.2 / epoch, **same} for epoch in range(1, n_epochs + 1)]
        trained = replace(training, best_epoch=n_epochs, epochs=n_epochs)
        facts = RunFacts("heroes", "2025-01-31T10:20:30+01:00", 1.3, trained, evaluation, diagnose(history, evaluation, trained))
        write_metrics(run, facts)
        write_history(history, run / "history.csv")
        _write_surroundings(run, evaluation)
        images = np.random.default_rng(0).integers(0, 256, (n, 24, 24, 3), dtype=np.uint8)
        keep_photos(run, evaluation, images)
        if draw:
            write_plots(run, facts, history)
        return run

    return build


def _write_surroundings(run: Path, evaluation: Evaluation) -> None:
    first = evaluation.labels[0]
    with (run / "split.csv").open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["path", "class", "part", "group", "sha256"])
        for name in evaluation.labels:
            writer.writerows([f"{name}/{number}.jpg", name, part, number, "0" * 64] for number, part in enumerate(PARTS))
    audit = {
        "root": str(run / "private" / "heroes"),
        "findings": [{"kind": "k", "severity": "warning", "sentence": "Two photos are alike.", "photos": [f"{first}/1.jpg"]}],
        "set_aside": [{"path": str(run / "private" / "heroes" / "ann" / "broken.jpg"), "reason": "the file is empty"}],
    }
    (run / "audit.json").write_text(json.dumps(audit), encoding="utf-8")
    (run / "recipe.toml").write_text('model = "cnn6"\n[optimiser]\nlearning_rate = 0.01\nnesterov = true\n', encoding="utf-8")
    environment = {"photos": str(run / "private" / "heroes"), "versions": {"keras": "3.15.1"}, "machine": "x86_64", "system": "Linux"}
    (run / "environment.json").write_text(json.dumps(environment), encoding="utf-8")
