"""Runs made of numbers alone: answers, histories and drawn pictures, no network and no photo."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from whosthat.evaluation.diagnosis import Training
from whosthat.evaluation.metrics import Evaluation, evaluate


@pytest.fixture
def answer_with() -> Callable[..., Evaluation]:
    """Build an evaluation in which a chosen number of photos is right, spread evenly over the classes."""

    def build(n_right: int, n: int, n_classes: int = 2, labels: tuple[str, ...] | None = None) -> Evaluation:
        labels = labels or tuple(f"class {number}" for number in range(n_classes))
        truth = np.arange(n) % len(labels)
        said = np.where(np.arange(n) < n_right, truth, (truth + 1) % len(labels))
        probabilities = np.full((n, len(labels)), 0.1 / len(labels))
        probabilities[np.arange(n), said] += 0.9
        return evaluate(probabilities, truth, labels, [f"{labels[t]}/{row:03}.jpg" for row, t in enumerate(truth)])

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
