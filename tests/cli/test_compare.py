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
from whosthat.evaluation.outcomes import Outcomes
from whosthat.proportions import wilson_interval
from whosthat.workflow.compare import CompareResult


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


def test_json_holds_the_choice(compared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["choice"], document["contestants"][1]["model"], document["n_test"]) == ("cnn6", "vgg16", 100)


def test_an_unknown_model_is_refused_with_advice(compared: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "p", "--models", "cnn5,vgg16"]) != 0
    assert 'Did you mean "cnn6"?' in capsys.readouterr().err
    assert not compared.arguments
