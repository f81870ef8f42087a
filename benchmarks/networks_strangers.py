"""What a network on a pretrained backbone says of itself, on photos and strangers that were not there.

`cats_dogs` with efficientnet-lite0, seeds 0 to 2: 90 photos of each class train (`whosthat train --strangers`), the other 60 are new.
Strangers are the people of `strangers`, every other one given, the others new. `whosthat evaluate --strangers` then answers for what is
new. The log loss is that of the closed set; at temperature 1 it is that of the network as it was trained. With `--keep-test-out` the
saved head has not learnt from the test photos.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.face_photos import STRANGERS, private_places
from benchmarks.measuring import SHARED, Row, process
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.image_classifier import ImageClassifier

TITLE = "Networks: confidence and strangers"
SEEDS = range(3)
TAUGHT = 90


def measure() -> list[Row]:
    """Every seed, and all together."""
    with private_places("mtcnn") as folder:
        given, new = halves(folder)
        trials = [trial(folder, given, new, seed) for seed in SEEDS]
    held = sum(one["held"] for one in trials)
    return [
        *(row(seed, one) for seed, one in zip(SEEDS, trials, strict=True)),
        Row("new strangers' share inside the stated interval", f"{held} of {len(trials)}", "all"),
    ]


def halves(folder: Path) -> tuple[Path, Path]:
    """Copy every other stranger into one folder, the others into another."""
    for number, person in enumerate(sorted(STRANGERS.iterdir())):
        shutil.copytree(person, folder / ("given", "new")[number % 2] / person.name)
    return folder / "given", folder / "new"


def trial(folder: Path, given: Path, new: Path, seed: int) -> dict[str, Any]:
    """Train with and without the test photos, and ask about what is new."""
    taught, kept = folder / f"taught-{seed}", folder / f"kept-{seed}"
    for kind in sorted((SHARED / "data" / "cats_dogs").iterdir()):
        for place, file in enumerate(np.random.default_rng(seed).permutation(sorted(map(str, kind.iterdir())))):
            target = (taught if place < TAUGHT else kept) / kind.name / Path(file).name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, target)
    words: list[str | Path] = ["train", taught, "--model", "efficientnet-lite0", "--seed", str(seed), "--json"]
    words += ["--strangers", given, "--runs", folder / "runs"]
    bundles = [Path(json.loads(process([*words, *more]).stdout)["bundle"]) for more in ([], ["--keep-test-out"])]
    saved, tested = (json.loads(process(["evaluate", bundle, kept, "--strangers", new, "--json"]).stdout) for bundle in bundles)
    threshold = open_bundle(bundles[0]).facts.threshold
    assert threshold is not None
    assert threshold.fpir is not None
    low, high, share = threshold.fpir_low or 0.0, threshold.fpir_high or 0.0, saved["strangers"]["share"]
    return {
        "saved": saved,
        "tested": tested,
        "stated": (threshold.fpir, low, high),
        "held": low <= share <= high,
        "raw": raw_loss(bundles[0], kept),
    }


def raw_loss(bundle: Path, photos: Path) -> float:
    """Log loss at temperature 1."""
    opened = open_bundle(bundle)
    recogniser = ImageClassifier.open(opened)
    recogniser.temperature = 1.0
    losses = [
        -np.log(recogniser.probabilities(recogniser.prepare(file)[None])[0, recogniser.labels.index(file.parent.name)])
        for file in sorted(photos.glob("*/*"))
    ]
    return float(np.mean(losses))


def row(seed: int, one: dict[str, Any]) -> Row:
    """One seed in a line."""
    saved, tested, (share, low, high) = one["saved"], one["tested"], one["stated"]
    return Row(
        f"seed {seed}: strangers stated, named; correct, log loss on new photos (at temperature 1); correct with `--keep-test-out`",
        f"{100 * share:.0f} % ({100 * low:.0f} to {100 * high:.0f}), {100 * saved['strangers']['share']:.0f} %; {saved['accuracy']:.3f}, "
        f"{saved['loss']:.3f} ({one['raw']:.3f}); {tested['accuracy']:.3f}",
    )
