"""Outcomes by train's test, by `evaluate` and by `predict --json`, on the same files, as whole processes.

`avengers` by faces and `cats_dogs` by efficientnet-lite0, seeds 0 to 4 each. `train --keep-test-out` saves the very recogniser that it
tests; the files of its test (`split.csv`) are copied into a folder of their own, and `whosthat evaluate` and `whosthat predict` answer for
them. Counted are correct, wrong, unknown and no face; "same" is the number of files that had the same outcome and the same name all
three times.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from benchmarks.face_photos import private_places
from benchmarks.measuring import SHARED, Row, process

TITLE = "One truth: outcomes by train, evaluate and predict"
SEEDS = range(5)
FOLDERS = {"avengers": "faces", "cats_dogs": "efficientnet-lite0"}
Answers = Mapping[str, tuple[str, str | None]]
"""Outcome and name of each test file."""


def measure() -> list[Row]:
    """Every folder and seed."""
    with private_places("mtcnn") as folder:
        return [row(SHARED / "data" / photos, model, seed, folder) for photos, model in FOLDERS.items() for seed in SEEDS]


def row(photos: Path, model: str, seed: int, folder: Path) -> Row:
    """Train, evaluate and predict with one seed."""
    words: list[str | Path] = ["--model", model, "--seed", str(seed), "--keep-test-out", "--runs", folder / "runs", "--json"]
    trained = json.loads(process(["train", photos, *words]).stdout)
    test = folder / "test" / f"{photos.name}-{seed}"
    for answer in trained["evaluation"]["answers"]:
        (test / answer["path"]).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(photos / answer["path"], test / answer["path"])
    evaluated = json.loads(process(["evaluate", trained["bundle"], test, "--json"]).stdout)
    predicted = json.loads(process(["predict", trained["bundle"], test, "--json"]).stdout)["predictions"]
    by_train, by_evaluate = (answers_of(one["answers"]) for one in (trained["evaluation"], evaluated))
    by_predict = {Path(one["path"]).relative_to(test).as_posix(): named(one, test) for one in predicted}
    same = sum(by_train[file] == by_evaluate.get(file) == by_predict.get(file) for file in by_train)
    figures = "; ".join(
        f"{who} {counts(answers)}"
        for who, answers in zip(("train", "evaluate", "predict"), (by_train, by_evaluate, by_predict), strict=True)
    )
    return Row(
        f"{photos.name}, {model}, seed {seed}: correct / wrong / unknown / no face",
        f"{figures}; same {same} of {len(by_train)}",
        "identical",
    )


def answers_of(answers: list[dict[str, str]]) -> Answers:
    """Read what train and evaluate say of each file."""
    return {answer["path"]: (answer["outcome"], answer["predicted"]) for answer in answers}


def named(prediction: dict[str, object], test: Path) -> tuple[str, str | None]:
    """Judge what predict says of a file by itself: the right name, else the surest other name, else unknown, else no face."""
    truth = Path(str(prediction["path"])).relative_to(test).parts[0]
    sightings = list(prediction["sightings"])  # type: ignore[call-overload]
    names = [one["name"] for one in sorted(sightings, key=lambda one: -one["confidence"]) if one["name"] is not None]
    if truth in names:
        return "correct", truth
    if names:
        return "wrong", names[0]
    return ("unknown" if sightings else "no_face"), None


def counts(answers: Answers) -> str:
    """Count the outcomes."""
    counted = Counter(outcome for outcome, _ in answers.values())
    return " / ".join(str(counted[outcome]) for outcome in ("correct", "wrong", "unknown", "no_face"))
