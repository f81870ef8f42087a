"""Models are compared on one split; what stops one of them does not stop the others. Trainings here are made up."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.dataset.audit import audit_folder
from whosthat.dataset.split import split, write_split
from whosthat.errors import NetworkError, RecipeError, RunError, TrainingInterruptedError, UsageError
from whosthat.evaluation.metrics import Evaluation
from whosthat.runs.folders import latest, new_run
from whosthat.training.recipe import default_recipe
from whosthat.workflow import compare as workflow
from whosthat.workflow.compare import compare, recipes_for
from whosthat.workflow.training_run import TrainResult

THRESHOLD = {"value": 0.4, "how": "by hand", "known_named": 1, "fpir": 0.0, "fpir_low": 0, "fpir_high": 0.2}


@pytest.fixture
def photos(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    return draw_colours(tmp_path / "photos", each=20)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch, save_colours: Callable[..., Path], judged: Callable[..., Evaluation]) -> dict[str, Any]:
    """What each model does when it is trained: the share of its test photos that are correct, or an error."""
    plans: dict[str, Any] = {}

    def train(root: Path, recipe: Any, *, runs: Path, strangers: Any, progress: Any) -> TrainResult:
        plan = plans[recipe.model]
        if isinstance(plan, Exception):
            raise plan
        audit = audit_folder(root)
        parts = split(audit, ratios=recipe.ratios, seed=recipe.seed)
        run = new_run(runs, root.name, recipe.model)
        write_split(parts, run / "split.csv")
        test = parts.parts["test"][: plan.get("answered")]
        truth = np.array([audit.classes.index(item.photo.class_name) for item in test])
        said = np.where(np.arange(len(test)) < plan["share"] * len(test), truth, 1 - truth)
        evaluation = judged(np.eye(2)[said], truth, audit.classes, [item.photo.name for item in test])
        bundle = save_colours(run / "bundle", threshold=THRESHOLD if strangers else None)
        return TrainResult(run, bundle, evaluation, None)

    monkeypatch.setattr(workflow, "train", train)
    return plans


def recipes(*models: str, **changes: object) -> Any:
    return recipes_for(models, {"split": "2:1:5", **changes})


def test_every_model_is_judged_on_the_same_photos(photos: Path, tmp_path: Path, trainings: dict[str, Any]) -> None:
    trainings |= {"cnn6": {"share": 1.0}, "vgg16": {"share": 0.6}}
    shutil.copytree(photos / "red", tmp_path / "others")
    result = compare(photos, recipes("cnn6", "vgg16"), runs=tmp_path / "runs", strangers=tmp_path / "others")
    comparison = result.comparison
    assert [one.model for one in comparison.contestants] == ["cnn6", "vgg16"]
    assert {len(one.correct) for one in comparison.contestants} == {comparison.n_test}
    assert comparison.choice == "cnn6"
    first = comparison.contestants[0]
    assert (first.accuracy, first.baseline, first.fpir, first.strangers.high) == (1.0, 0.5, 0.0, 0.2)
    assert first.photos_per_second > 0
    assert first.n_bytes == sum(file.stat().st_size for file in (tmp_path / "runs" / first.run / "bundle").iterdir())
    assert result.folder.name == "photos-compare-1"
    assert sorted(path.name for path in result.folder.iterdir()) == ["compare.html", "comparison.json"]
    assert latest(tmp_path / "runs").name == "photos-cnn6-1"


def test_a_photo_without_an_answer_is_not_right(photos: Path, tmp_path: Path, trainings: dict[str, Any]) -> None:
    trainings |= {"faces": {"share": 1.0, "answered": 10}, "cnn6": {"share": 1.0}}
    comparison = compare(photos, recipes("faces", "cnn6"), runs=tmp_path / "runs").comparison
    by_model = {one.model: one for one in comparison.contestants}
    assert sum(by_model["faces"].correct) == 10
    assert len(by_model["faces"].correct) == comparison.n_test > 10


def test_a_model_that_cannot_be_trained_is_told_and_left_out(photos: Path, tmp_path: Path, trainings: dict[str, Any]) -> None:
    trainings |= {"cnn6": {"share": 1.0}, "vgg16": NetworkError("There are no weights.")}
    comparison = compare(photos, recipes("vgg16", "cnn6"), runs=tmp_path / "runs").comparison
    assert (comparison.choice, comparison.sentences[-1]) == ("cnn6", "vgg16 could not be trained: There are no weights.")


def test_without_any_model_there_is_no_comparison(photos: Path, tmp_path: Path, trainings: dict[str, Any]) -> None:
    trainings |= {"cnn6": NetworkError("No."), "vgg16": NetworkError("No.")}
    with pytest.raises(RunError, match=r"No model could be trained\. cnn6: No\."):
        compare(photos, recipes("cnn6", "vgg16"), runs=tmp_path / "runs")


def test_stopping_stops_all(photos: Path, tmp_path: Path, trainings: dict[str, Any]) -> None:
    trainings |= {"cnn6": TrainingInterruptedError("Stopped.", 2), "vgg16": {"share": 1.0}}
    with pytest.raises(TrainingInterruptedError):
        compare(photos, recipes("cnn6", "vgg16"), runs=tmp_path / "runs")


def test_photos_that_change_meanwhile_end_the_comparison(
    photos: Path, tmp_path: Path, trainings: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    trainings |= {"cnn6": {"share": 1.0}, "vgg16": {"share": 1.0}}
    train = workflow.train

    def train_and_touch(*arguments: Any, **options: Any) -> TrainResult:
        result = train(*arguments, **options)
        (photos / "red" / "0.png").unlink(missing_ok=True)
        return result

    monkeypatch.setattr(workflow, "_contestant", lambda *_: None)
    monkeypatch.setattr(workflow, "train", train_and_touch)
    with pytest.raises(RunError, match="is not that of the models before"):
        compare(photos, recipes("cnn6", "vgg16"), runs=tmp_path / "runs")


@pytest.mark.parametrize("models", [(), ("cnn6",), ("cnn6", "cnn6")])
def test_comparing_needs_two_different_models(models: tuple[str, ...], photos: Path) -> None:
    with pytest.raises(UsageError, match="two or more different models"):
        compare(photos, recipes(*models))


def test_recipes_that_split_differently_are_refused(photos: Path) -> None:
    with pytest.raises(UsageError, match='"seed" must be the same for all'):
        compare(photos, [default_recipe("cnn6"), default_recipe("vgg16", seed=1)])


def test_settings_go_to_the_models_that_have_them() -> None:
    faces, cnn6 = recipes_for(("faces", "cnn6"), {"epochs": 3, "seed": 4, "head": "nearest"})
    assert (faces.head, faces.seed, cnn6.epochs, cnn6.seed) == ("nearest", 4, 3, 4)
    with pytest.raises(RecipeError, match="epoch"):
        recipes_for(("faces", "cnn6"), {"epoch": 3})
    with pytest.raises(RecipeError, match="head"):
        recipes_for(("cnn6", "vgg16"), {"head": "nearest"})
