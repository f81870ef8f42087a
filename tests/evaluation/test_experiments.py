"""Settings side by side: validation chooses, the test is told once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from whosthat.errors import RunError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.experiments import Row, cells, read_trial, side_by_side, to_dict, write_page, write_series
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.overlay import MOST_LINES, lines
from whosthat.evaluation.run_facts import RunFacts, write_metrics
from whosthat.training.journal import write_history


@pytest.fixture
def row(tmp_path: Path, answer_with: Callable[..., Evaluation], training: Training) -> Callable[..., Row]:
    """Build the row of a setting from real run folders: a validation accuracy for each seed, and how many of 40 tests were correct."""

    def build(name: str, *accuracies: float, n_right: int = 30, rate: float = 0.01, photos: str = "1", **more: object) -> Row:
        trials = []
        for seed, accuracy in enumerate(accuracies):
            run = tmp_path / "runs" / f"{re.sub('[^a-z]', '', name)}-{seed}"
            run.mkdir(parents=True)
            same = {"loss": 1.0, "accuracy": 0.9, "val_loss": 3 - accuracy, "learning_rate": rate, "seconds": 1.0}
            history = [{"epoch": epoch, "val_accuracy": share, **same} for epoch, share in ((1, accuracy / 2), (2, accuracy))]
            evaluation = answer_with(n_right, 40)
            trained = replace(training, epochs=2, best_epoch=2)
            facts = RunFacts("heroes", "2025-01-31T10:20:30+01:00", 1.0, trained, evaluation, diagnose(history, evaluation, trained))
            write_metrics(run, facts)
            write_history(history, run / "history.csv")
            (run / "split.csv").write_text(f"path,class,part,group,sha256\na/1.jpg,a,validation,0,{photos}\n", encoding="utf-8")
            (run / "recipe.toml").write_text(f'model = "cnn6"\nseed = {seed}\n', encoding="utf-8")
            trials.append(read_trial(run))
        return Row(name, {"model": "cnn6", "optimiser.learning_rate": rate}, trials=tuple(trials), **more)

    return build


def test_validation_chooses_and_only_the_chosen_test_is_told(row: Callable[..., Row], tmp_path: Path) -> None:
    result = side_by_side("heroes", [row("lucky", 0.6, n_right=39), row("good", 0.9, n_right=33, rate=0.02)])
    assert result.choice is not None
    assert result.best is not None
    assert (result.choice.name, result.best.run.name, result.differing) == ("good", "good-0", ("optimiser.learning_rate",))
    assert result.sentences[0] == "Use good: 90 % of 50 validation photos correct."
    assert "82.5 % of 40 test photos correct (95 % interval 68.1 % to 91.3 %)" in result.sentences[1]
    assert "The other test figures are not shown" in result.sentences[2]
    page = write_series(tmp_path, result, "key").read_text(encoding="utf-8")
    document = (tmp_path / "series.json").read_text(encoding="utf-8")
    assert "82.5" in page
    assert "0.825" in document
    assert "97.5" not in page
    assert "0.975" not in document
    assert 'href="runs/good-0/report.html"' in page
    assert json.loads(document)["rows"][1]["settings"] == {"optimiser.learning_rate": 0.02}


def test_settings_that_may_be_as_good_are_named(row: Callable[..., Row]) -> None:
    result = side_by_side("heroes", [row("a", 0.88), row("b", 0.9), row("c", 0.5)])
    assert result.sentences[1] == "On so few validation photos these may be as good: a."
    assert side_by_side("heroes", (*result.rows[:2], row("d", 0.86))).sentences[1].endswith("all others may be as good.")


def test_repeats_count_by_their_mean(row: Callable[..., Row]) -> None:
    result = side_by_side("heroes", [row("lucky once", 0.95, 0.55), row("steady", 0.8, 0.9)])
    assert result.choice is not None
    assert result.choice.name == "steady"
    assert result.best == result.choice.trials[1]
    assert result.sentences[0] == "Use steady: on average over 2 seeds, 85 % of 50 validation photos correct (80 % to 90 %)."
    assert cells(result, result.choice)["validation"] == "85 % (80 % to 90 %)"
    assert cells(result, result.choice)["best epoch"] == "2 of 2, 2 of 2"


def test_the_lower_loss_decides_between_equals(row: Callable[..., Row]) -> None:
    first, second = row("first", 0.8), row("second", 0.8)
    lower = replace(second.trials[0], history=[{**epoch, "val_loss": 0.1} for epoch in second.trials[0].history])
    choice = side_by_side("heroes", [first, replace(second, trials=(lower,))]).choice
    assert choice is not None
    assert choice.name == "second"


def test_a_chosen_run_at_the_baseline_is_called_so(row: Callable[..., Row]) -> None:
    assert "That is not clearly better than the baseline (50 %" in side_by_side("heroes", [row("a", 0.8, n_right=21)]).sentences[2]


def test_other_validation_photos_are_told(row: Callable[..., Row]) -> None:
    told = side_by_side("heroes", [row("a", 0.8), row("b", 0.7, photos="2")]).sentences[-1]
    assert "did not all have the same validation photos" in told
    assert "same validation photos" not in side_by_side("heroes", [row("c", 0.8), row("d", 0.7)]).sentences[-1]


def test_what_failed_or_is_to_come_has_its_place_and_a_sentence(row: Callable[..., Row], tmp_path: Path) -> None:
    rows = [row("a", 0.8), Row("b", {"model": "cnn6"}, failures=("The loss is not a number.",)), Row("c", {"model": "cnn6"}, waiting=True)]
    result = side_by_side("heroes", rows)
    assert [cells(result, one)["validation"] for one in rows] == ["80 %", "failed", "not yet"]
    assert result.sentences[-1] == "b failed: The loss is not a number."
    assert [one["validation"] for one in to_dict(result)["rows"]] == [0.8, None, None]
    nothing = side_by_side("heroes", rows[1:])
    assert (nothing.choice, nothing.sentences[0]) == (None, "No run has been trained to the end yet, so there is no choice.")
    write_page(tmp_path / "page.html", nothing)
    assert "<figure>" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_runs_without_epochs_or_without_an_end_are_shown_and_not_chosen(row: Callable[..., Row], make_run: Callable[..., Path]) -> None:
    run = make_run(n_epochs=0)
    faces = read_trial(run)
    (run / "metrics.json").unlink()
    begun = read_trial(run)
    rows = [Row("faces", trials=(faces,)), Row("begun", trials=(begun,)), row("a", 0.4)]
    result = side_by_side("heroes", rows)
    assert result.choice is rows[2]
    assert [cells(result, one)["validation"] for one in rows] == ["-", "broken off", "40 %"]
    assert [cells(result, one)["training"] for one in rows] == ["1 min 1 s", "-", "1 min 1 s"]


def test_names_are_escaped_on_the_page(row: Callable[..., Row], tmp_path: Path) -> None:
    write_page(tmp_path / "page.html", side_by_side("<i>", [row("<b>a", 0.8, why="<u>why")]))
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert all(f"<{tag}>" not in page and f"&lt;{tag}&gt;" in page for tag in "ibu")
    assert "http" not in page.replace("http-equiv", "").replace("http://www.w3.org", "")
    assert page.count("<figure>") == 2


def test_more_rows_than_lines_leave_the_chosen_one(row: Callable[..., Row]) -> None:
    one = row("a", 0.5)
    rows = [replace(one, name=str(number)) for number in range(MOST_LINES + 5)]
    rows[-1] = row("best", 0.9)
    drawn = lines(side_by_side("heroes", rows))
    assert len(drawn) == MOST_LINES == len({(colour, dashes) for _, colour, dashes in drawn})
    assert drawn[-1][0] is rows[-1]


def test_a_damaged_run_is_named(make_run: Callable[..., Path]) -> None:
    run = make_run()
    (run / "split.csv").write_text("nothing\nelse\n", encoding="utf-8")
    with pytest.raises(RunError, match=r"split\.csv is damaged"):
        read_trial(run)
