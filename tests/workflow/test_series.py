"""A series trains what is not trained yet, goes on after a stop, and sets all side by side. Trainings here are made up."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.dataset.audit import audit_folder
from whosthat.dataset.split import split_table
from whosthat.errors import DatasetError, RecipeError, RunError, TrainingError, TrainingInterruptedError, UsageError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.run_facts import RunFacts, TrialFacts, read_trial_facts, write_metrics, write_trial
from whosthat.photos.drawing import save_image
from whosthat.runs.folders import latest, summarise
from whosthat.training.experiments import grid
from whosthat.training.journal import write_history
from whosthat.training.recipe import default_recipe, read_recipe
from whosthat.training.search import Search
from whosthat.workflow import series as workflow
from whosthat.workflow.series import GO_ON, run_series, write_diary
from whosthat.workflow.train import split_of, train
from whosthat.workflow.training_run import begin
from whosthat.workflow.workers import Workers


@pytest.fixture
def photos(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    return draw_colours(tmp_path / "photos", each=12)


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch, judged: Callable[..., Evaluation]) -> Any:
    """Train nothing: ``done`` and ``tested`` tell of what, ``plans`` what comes of a batch size (validation accuracy or
    an error), ``failing`` of a run's test; ``at_once`` of them train at once."""

    made = SimpleNamespace(done=[], plans={}, tested=[], failing={}, at_once=1)

    def train(folder: Path, recipe: Any) -> Any:
        plan = made.plans.get(recipe.batch_size, 0.5)
        made.done.append(f"{recipe.batch_size} {recipe.seed}")
        if isinstance(plan, BaseException):
            raise plan
        history = [{"epoch": 1, "loss": 1, "accuracy": 0.5, "val_loss": 1, "val_accuracy": plan, "learning_rate": 0.1, "seconds": 1}]
        training = Training("cnn6", 10, 6, recipe.batch_size, 1, 1, 0.1, False, 2.0)
        write_history(history, folder / "history.csv")
        write_trial(folder, TrialFacts(training, ("green", "red"), ((3, 0), (1, 2))))
        (folder / "checkpoints" / "step-1").mkdir(parents=True)
        (folder / "checkpoints" / "step-1" / "manifest.json").touch()
        return SimpleNamespace(run=folder)

    def test(folder: Path) -> None:
        made.tested.append(folder.name)
        if isinstance(failure := made.failing.get(folder.name), BaseException):
            raise failure
        training = read_trial_facts(folder).training
        evaluation = judged(np.eye(2)[[0, 1]], np.array([0, 1]), ("green", "red"), ["a", "b"])
        write_metrics(folder, RunFacts("photos", "", 1, training, evaluation, diagnose((), evaluation, training)))

    def start(run: Any, recipe: Any, progress: Any) -> Any:
        assert not run.tested
        begin(run, recipe, latest=True)
        return train(run.folder, recipe)

    def resume(run: Path, *, features: Path, progress: Any, tested: bool = True, hopeless: Any = None) -> Any:
        if not (run / "trial.json").exists():
            made.done.append("resumed")
            train(run, read_recipe(run / "recipe.toml", complete=True))
        if tested:
            test(run)
        return SimpleNamespace(run=run)

    class Pool(Workers):
        def resume(self, run: Path, *, features: Path, tested: bool, bars: Any = (), progress: Any = None) -> None:
            resume(run, features=features, tested=tested, progress=progress)

    monkeypatch.setattr(workflow, "at_once", lambda recipes: made.at_once)
    monkeypatch.setattr(workflow, "Workers", Pool)
    monkeypatch.setattr(workflow, "start", start)
    monkeypatch.setattr(workflow, "resume", resume)
    return made


def steps(*sizes: int, **settings: Any) -> Any:
    return grid(["cnn6"], {"batch_size": sizes}, {"split": "2:1:1", "size": 48, **settings})


def test_the_best_by_validation_is_chosen_and_latest(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: 0.6, 16: 0.9, 32: 0.7}
    result = run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert trainings.done == ["8 0", "16 0", "32 0"]
    assert result.experiments.choice.name == "batch_size=16"
    assert latest(tmp_path / "runs").name == "photos-cnn6-2"
    assert result.folder.name == "photos-compare-1"
    assert sorted(path.name for path in result.folder.iterdir()) == ["series.html", "series.json"]


def test_the_chosen_run_alone_is_tested(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: 0.6, 16: 0.9, 32: 0.7}
    result = run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert trainings.tested == ["photos-cnn6-2"]
    assert [summarise(trial.run).state for row in result.experiments.rows for trial in row.trials] == [
        "not tested",
        "finished",
        "not tested",
    ]
    assert "the chosen run alone was tested" in result.experiments.sentences[-1]
    run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert trainings.tested == ["photos-cnn6-2"]


def test_where_its_test_fails_the_next_is_chosen(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: 0.6, 16: 0.9}
    trainings.failing = {"photos-cnn6-2": TrainingError("The graph differs.")}
    result = run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    assert trainings.tested == ["photos-cnn6-2", "photos-cnn6-1"]
    assert latest(tmp_path / "runs").name == "photos-cnn6-1"
    assert result.experiments.sentences[-1] == "batch_size=16 failed: The graph differs."


def test_what_is_trained_is_not_trained_again_and_the_page_is_the_same(photos: Path, tmp_path: Path, trainings: Any) -> None:
    first = run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    again = run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    assert trainings.done == ["8 0", "16 0"]
    assert again.folder == first.folder
    more = run_series(photos, steps(8, 16, 32), repeat=2, runs=tmp_path / "runs")
    assert trainings.done[2:] == ["8 1", "16 1", "32 0", "32 1"]
    assert more.folder.name == "photos-compare-2"
    assert [len(row.trials) for row in more.experiments.rows] == [2, 2, 2]
    assert {trial.photos for row in more.experiments.rows for trial in row.trials} == {more.experiments.rows[0].trials[0].photos}


def test_several_at_once_make_the_same_page(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: 0.6, 16: 0.9, 32: TrainingError("The loss is no number."), 64: DatasetError("No photos.")}
    twice = [*steps(8, 16, 32, 64), steps(8)[0].__class__("again", steps(8)[0].recipe)]
    one = run_series(photos, twice, runs=tmp_path / "one")
    done = list(trainings.done)
    trainings.at_once = 2
    told: list[str] = []
    progress: Any = SimpleNamespace(say=told.append, step=lambda *_, **__: None)
    two = run_series(photos, twice, runs=tmp_path / "two", progress=progress)
    assert "As many as 2 runs are trained at once." in told
    assert sum("90 % of the validation photos correct." in sentence for sentence in told) == 1
    assert sorted(trainings.done[len(done) :]) == sorted([*done, *["resumed"] * len(done)])
    assert two.experiments.sentences == one.experiments.sentences
    assert [row.accuracies for row in two.experiments.rows] == [row.accuracies for row in one.experiments.rows]
    assert len(trainings.tested) == 2
    assert [len(list(runs.glob("photos-cnn6-*"))) for runs in (tmp_path / "one", tmp_path / "two")] == [
        4,
        3,
    ]  # made-up runs are not removed


def test_of_several_at_once_a_stop_stops_all_and_they_go_on(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.at_once, trainings.plans = 2, {16: TrainingInterruptedError("Stopped.", 2)}
    with pytest.raises(TrainingInterruptedError) as stopped:
        run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert stopped.value.__notes__ == [GO_ON]
    trainings.plans = {}
    result = run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert trainings.done.count("8 0") == 1
    assert [row.accuracies for row in result.experiments.rows] == [(0.5,)] * 3


def test_a_search_trains_what_it_asks_for_and_goes_on_after_a_stop(photos: Path, tmp_path: Path, trainings: Any) -> None:
    def search(n: int) -> Search:
        return Search(["cnn6"], {"batch_size": ["2..9"]}, n, {"split": "2:1:1", "size": 48})

    trainings.plans = {size: size / 10 for size in range(2, 10)}
    first = run_series(photos, search(4), runs=tmp_path / "runs")
    trained = list(trainings.done)
    assert len(trained) == len(first.experiments.rows)
    again = run_series(photos, search(6), runs=tmp_path / "runs")
    assert again.folder == first.folder
    assert trainings.done[: len(trained)] == trained
    assert len(set(trainings.done)) == len(trainings.done) == len(again.experiments.rows)
    best = max(trainings.done, key=lambda one: int(one.split()[0])).split()[0]
    assert again.experiments.choice.name == f"batch_size={best}"


def test_other_photos_are_trained_anew(photos: Path, tmp_path: Path, trainings: Any) -> None:
    run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    (photos / "red" / "0.png").unlink()
    run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    assert trainings.done == ["8 0", "16 0"] * 2


def test_a_stopped_series_goes_on_where_it_was(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {16: TrainingInterruptedError("Stopped.", 2)}
    with pytest.raises(TrainingInterruptedError) as stopped:
        run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert stopped.value.__notes__ == [GO_ON]
    left = json.loads((tmp_path / "runs" / "photos-compare-1" / "series.json").read_text(encoding="utf-8"))
    assert [row["waiting"] for row in left["rows"]] == [False, True, True]
    trainings.plans = {}
    result = run_series(photos, steps(8, 16, 32), runs=tmp_path / "runs")
    assert trainings.done == ["8 0", "16 0", "resumed", "16 0", "32 0"]
    assert [row.accuracies for row in result.experiments.rows] == [(0.5,)] * 3
    assert sorted(path.name for path in (tmp_path / "runs").glob("photos-*")) == [
        "photos-cnn6-1",
        "photos-cnn6-2",
        "photos-cnn6-3",
        "photos-compare-1",
    ]


def test_one_that_fails_does_not_stop_the_others(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: TrainingError("The loss is no number.")}
    result = run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    assert result.experiments.sentences[-1] == "batch_size=8 failed: The loss is no number."
    assert "The loss is no number." in result.report.read_text(encoding="utf-8")
    with pytest.raises(RunError, match=r"No run could be trained\. batch_size=8 failed: The loss is no number\."):
        run_series(photos, steps(8), runs=tmp_path / "runs")


def test_a_full_disk_stops_all_and_says_how_to_go_on(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {8: RunError("No space left on device.")}
    with pytest.raises(RunError, match="No space") as stopped:
        run_series(photos, steps(8, 16), runs=tmp_path / "runs")
    assert stopped.value.__notes__ == [GO_ON]


def test_what_takes_minutes_is_announced_but_for_what_is_trained(photos: Path, tmp_path: Path, trainings: Any, monkeypatch: Any) -> None:
    told: list[str] = []
    progress = SimpleNamespace(say=told.append, step=lambda *_, **__: None)
    monkeypatch.setattr(workflow, "expected_seconds", lambda *_: 90)
    run_series(photos, steps(8, 16), runs=tmp_path / "runs", progress=progress)
    assert "This takes up to about 3 minutes." in told
    told.clear()
    run_series(photos, steps(8, 16), runs=tmp_path / "runs", progress=progress)
    assert not any("This takes" in sentence for sentence in told)


def test_of_several_runs_of_a_recipe_the_finished_one_counts(photos: Path, tmp_path: Path, trainings: Any) -> None:
    run_series(photos, steps(8), runs=tmp_path / "runs")
    copy = shutil.copytree(tmp_path / "runs" / "photos-cnn6-1", tmp_path / "runs" / "photos-cnn6-2")
    (copy / "metrics.json").unlink()
    result = run_series(photos, steps(8), runs=tmp_path / "runs")
    assert trainings.done == ["8 0"]
    assert result.experiments.rows[0].trials[0].run.name == "photos-cnn6-1"


def test_the_same_recipe_in_two_steps_is_trained_once(photos: Path, tmp_path: Path, trainings: Any) -> None:
    twice = [steps(8)[0], steps(8)[0].__class__("again", steps(8)[0].recipe)]
    result = run_series(photos, twice, runs=tmp_path / "runs")
    assert trainings.done == ["8 0"]
    assert [row.trials[0].run.name for row in result.experiments.rows] == ["photos-cnn6-1"] * 2


def test_a_note_is_kept_and_shown(photos: Path, tmp_path: Path, trainings: Any) -> None:
    (step,) = steps(8)
    run_series(photos, [step.__class__(step.name, step.recipe, why="Too\nslow.")], runs=tmp_path / "runs")
    assert summarise(tmp_path / "runs" / "photos-cnn6-1").note == "Too slow."


def test_damaged_runs_and_pages_of_others_are_passed_over(photos: Path, tmp_path: Path, trainings: Any) -> None:
    for name, text in (("photos-cnn6-1/recipe.toml", "epochs ="), ("photos-compare-1/series.json", "[]")):
        (tmp_path / "runs" / name).parent.mkdir(parents=True)
        (tmp_path / "runs" / name).write_text(text, encoding="utf-8")
    assert run_series(photos, steps(8, 16), runs=tmp_path / "runs").folder.name == "photos-compare-2"


@pytest.mark.parametrize("repeat", [0, 1001])
def test_repeats_have_limits(repeat: int, photos: Path) -> None:
    with pytest.raises(UsageError, match="1 to 1000 times"):
        run_series(photos, steps(8), repeat=repeat)


def test_what_a_network_cannot_do_is_refused_before_anything_is_trained(photos: Path, tmp_path: Path, trainings: Any) -> None:
    with pytest.raises(RecipeError, match=r"^batch_size=8: .* at least 42 x 42"):
        run_series(photos, steps(8, size=16), runs=tmp_path / "runs")
    with pytest.raises(DatasetError):
        run_series(photos, steps(8), runs=tmp_path / "runs", strangers=tmp_path / "nobody")
    assert not (tmp_path / "runs").exists()


def test_runs_become_a_diary(photos: Path, tmp_path: Path, trainings: Any) -> None:
    trainings.plans = {16: 0.8}
    (first, second) = steps(8, 16)
    run_series(photos, [first.__class__(first.name, first.recipe, why="The first."), second], runs=tmp_path / "runs")
    runs = [tmp_path / "runs" / f"photos-cnn6-{number}" for number in (2, 1)]
    diary = write_diary(runs, tmp_path / "diary.html")
    assert [row.name for row in diary.rows] == ["photos-cnn6-1", "photos-cnn6-2"]
    page = (tmp_path / "diary.html").read_text(encoding="utf-8")
    assert "The first." in page
    assert 'href="runs/photos-cnn6-2/report.html"' in page
    assert diary.differing == ("batch_size",)
    with pytest.raises(UsageError, match="two or more runs"):
        write_diary(runs[:1], tmp_path / "diary.html")


def test_a_recipe_can_take_the_first_classes_and_split_by_a_seed_of_its_own(photos: Path, tmp_path: Path) -> None:
    photos.joinpath("red").rename(photos / "blue")
    for number in range(12):
        (photos / "white").mkdir(exist_ok=True)
        save_image(np.random.default_rng(number).integers(0, 255, (12, 12, 3), dtype=np.uint8), photos / "white" / f"{number}.png")
    changes: dict[str, Any] = {"size": 16, "epochs": 1, "split": "2:1:1", "network": {"blocks": "flatten, dense 4"}}
    recipe = default_recipe("custom", classes=2, **changes)
    result = train(photos, recipe.model_copy(update={"seed": 1, "split_seed": 0}), runs=tmp_path / "runs", note="two of three")
    assert result.evaluation.labels == ("blue", "green")
    assert (result.run / "split.csv").read_bytes() == split_table(split_of(audit_folder(photos), recipe))
    assert summarise(result.run).note == "two of three"
