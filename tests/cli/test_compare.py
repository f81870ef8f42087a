"""``whosthat compare``: the table, the verdict, JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from whosthat.cli.app import main
from whosthat.evaluation.comparison import Contestant
from whosthat.evaluation.comparison import compare as choose
from whosthat.evaluation.experiments import Row, side_by_side
from whosthat.evaluation.outcomes import Outcomes
from whosthat.proportions import wilson_interval
from whosthat.workflow.compare import CompareResult
from whosthat.workflow.series import SeriesResult


def contestant(model: str, n_right: int) -> Contestant:
    correct, outcomes = tuple(number < n_right for number in range(100)), Outcomes(n_right, 98 - n_right, 2, 0)
    return Contestant(
        model, f"p-{model}-1", correct, outcomes, n_right / 100, wilson_interval(n_right, 100), 0.2, None, None, 50, 3.25, 2_500_000, False
    )


@pytest.fixture
def compared(replaced: Any) -> Any:
    folder = Path("runs/p-compare-1")
    result = CompareResult(folder, folder / "compare.html", choose("p", [contestant("cnn6", 97), contestant("vgg16", 50)]))
    return replaced("whosthat.workflow.compare.compare", result)


def test_the_table_and_the_verdict_are_shown(compared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--models", "cnn6, vgg16", "--epochs", "2", "--set", "size=48", "--strangers", "others", "--runs", "elsewhere"]
    assert main(["compare", "p", *words]) == 0
    assert [(recipe.model, recipe.epochs, recipe.size) for recipe in compared.arguments[1]] == [("cnn6", 2, 48), ("vgg16", 2, 48)]
    assert (compared.options["runs"], compared.options["strangers"]) == (Path("elsewhere"), Path("others"))
    told = capsys.readouterr().out
    rows = {line.partition("  ")[0]: line.split("  ")[1:] for line in told.splitlines()}
    assert [cell for cell in rows["model"] if cell.strip()] == ["cnn6", "vgg16"]
    assert re.search("95 % interval +91.5 % to 99 % +40.4 % to 59.6 %", told)
    assert "Use cnn6: of 100 test photos, 97 correct, 1 wrong, 2 unknown (97 % correct)." in told
    assert str(Path("runs/p-compare-1/compare.html")) in told


def test_models_can_be_named_one_after_the_other(compared: Any) -> None:
    assert main(["compare", "p", "vgg16", "cnn6"]) == 0
    assert [recipe.model for recipe in compared.arguments[1]] == ["vgg16", "cnn6"]
    assert main(["compare", "p"]) == 0
    assert [recipe.model for recipe in compared.arguments[1]] == ["faces", "cnn6", "efficientnet-lite0"]


def test_json_holds_the_choice(compared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["choice"], document["contestants"][1]["model"], document["n_test"]) == ("cnn6", "vgg16", 100)


def test_an_unknown_model_is_refused_with_advice(compared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", "--models", "cnn5,vgg16"]) != 0
    assert 'Did you mean "cnn6"?' in capsys.readouterr().err
    assert not compared.arguments


@pytest.fixture
def trained(replaced: Any) -> Any:
    row = Row("batch_size=16", {"model": "cnn6"})
    result = SeriesResult(Path("runs/p-compare-1"), Path("runs/p-compare-1/series.html"), side_by_side("p", [row]))
    return replaced("whosthat.workflow.series.run_series", result)


def test_settings_are_varied_and_the_table_is_shown(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--vary", "batch_size=16,32", "--vary", "optimiser.name=sgd, adam", "--repeat", "3", "--epochs", "2"]
    assert main(["compare", "p", "cnn6", *words]) == 0
    assert [(step.recipe.batch_size, step.recipe.optimiser.name, step.recipe.epochs) for step in trained.arguments[1]] == [
        *((16, "sgd", 2), (16, "adam", 2), (32, "sgd", 2), (32, "adam", 2))
    ]
    assert trained.options["repeat"] == 3
    told = capsys.readouterr()
    assert "Training 12 runs" in told.err
    assert "batch_size=16" in told.out
    assert "No run has been trained to the end yet" in told.out
    assert str(Path("runs/p-compare-1/series.html")) in told.out


def test_a_series_can_be_named_and_comes_as_json(trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", "--series", "reference-diary", "--set", "size=64", "--json"]) == 0
    assert [step.recipe.size for step in trained.arguments[1]] == [64] * 7
    assert json.loads(capsys.readouterr().out)["rows"][0]["name"] == "batch_size=16"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cnn6", "--vary", "batchsize=16"], 'Did you mean "batch_size"?'),
        (["cnn6", "--vary", "batch_size"], "--vary takes KEY=A,B,..."),
        (["cnn6", "--vary", "batch_size="], "--vary takes KEY=A,B,..."),
        (["cnn6", "--vary", "epochs=1", "--vary", "epochs=2"], '--vary was given twice for "epochs"'),
        (["--vary", "epochs=1"], "Name the model whose settings are varied"),
        (["cnn6", "--series", "reference-diary"], "A series file says itself what is trained"),
        (["--series", "reference-dairy"], 'Did you mean "reference-diary"?'),
    ],
)
def test_what_cannot_be_a_series_is_refused(words: list[str], sentence: str, trained: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", *words]) == 2
    assert sentence in capsys.readouterr().err
    assert not trained.arguments
