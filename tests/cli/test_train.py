"""``whosthat train``: which recipe the options mean, and how the result is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.cli.app import main
from whosthat.cli.train_options import assignments, merged, nested
from whosthat.errors import UsageError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.metrics import Evaluation
from whosthat.workflow.choosing import ModelChoice
from whosthat.workflow.train import TrainResult


@pytest.fixture
def result(judged: Callable[..., Evaluation]) -> TrainResult:
    evaluation = judged(np.array([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8]]), np.array([0, 1, 0]), ["ann", "bo"], ["ann/1", "bo/1", "ann/2"])
    history = [{"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5}]
    training = Training("cnn6", 10, 2, 5, 1, 1, 0.001, pretrained=False, seconds=3)
    return TrainResult(Path("runs/p-1"), Path("runs/p-1/bundle"), evaluation, diagnose(history, evaluation, training))


@pytest.fixture
def train(result: TrainResult, replaced: Any) -> Any:
    return replaced("whosthat.workflow.train.train", result)


def recipe_of(train: Any, *words: str) -> Any:
    assert main(["train", "photos", *words]) == 0
    return train.arguments[1]


def test_without_options_the_photos_choose_the_model_and_that_is_said(
    train: Any, replaced: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    replaced("whosthat.workflow.choosing.choose_model", ModelChoice("faces", "40 of 40 photos show a face"))
    assert recipe_of(train).model == "faces"
    assert "Training faces on the photos in photos: 40 of 40 photos show a face." in capsys.readouterr().err


def test_a_network_is_chosen_when_its_settings_are_asked_for(train: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert recipe_of(train, "--epochs", "3").model == "efficientnet-lite0"
    assert 'only networks have the setting "epochs"' in capsys.readouterr().err


@pytest.fixture
def holiday(tmp_path: Path) -> Path:
    for name in ("day1", "day2", "anna"):
        (tmp_path / "holiday" / name).mkdir(parents=True)
    return tmp_path / "holiday"


def test_folders_that_are_no_names_are_named(train: Any, holiday: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", str(holiday), "--model", "faces"]) == 0
    assert "The folders day1, day2 do not look like names of people" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("answer", "options", "code"),
    [("n\n", [], 2), ("", [], 2), ("yes\n", [], 0), ("n\n", ["--yes"], 0)],
    ids=["no", "nothing", "yes", "--yes"],
)
def test_on_a_terminal_they_are_asked_about(answer: str, options: list[str], code: int, train: Any, holiday: Path, terminal: Any) -> None:
    terminal("stdin", typed=answer)
    assert main(["train", str(holiday), "--model", "faces", *options]) == code
    assert bool(train.arguments) is (code == 0)


def test_the_command_alone_says_how_to_use_it_in_three_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train"]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.splitlines() == [
        "Usage: whosthat train [OPTIONS] [PHOTOS]",
        "Train a recogniser, test it honestly and save it.",
        "Example: whosthat train photos (more: whosthat train --help)",
    ]


def test_the_help_page_groups_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "--help"]) == 0
    headings = [line for line in capsys.readouterr().out.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Data:", "Model:", "Faces:", "Network:", "Output:", "Options:"]


def test_strangers_are_handed_on(train: Any) -> None:
    assert recipe_of(train, "--model", "faces", "--strangers", "others", "--set", 'head="nearest"').head == "nearest"
    assert train.options["strangers"] == Path("others")


def test_options_change_the_networks_own_recipe(train: Any) -> None:
    recipe = recipe_of(
        train, "--model", "cnn6", "--size", "64", "--epochs", "3", "--batch-size", "8", "--optimiser", "sgd", "--learning-rate", "0.02",
        "--split", "6:2:2", "--pictures-per-class", "9", "--seed", "5", "--no-augment", "--set", "schedule.name=cosine",
        "--set", "optimiser.momentum=0.8", "--set", "network.dropout=[0.1, 0.1, 0.1, 0.1, 0.1]",
    )  # fmt: skip
    assert (recipe.model, recipe.size, recipe.epochs, recipe.batch_size, recipe.seed) == ("cnn6", 64, 3, 8, 5)
    assert (recipe.split, recipe.pictures_per_class, recipe.augmentation.enabled) == ("6:2:2", 9, False)
    assert (recipe.optimiser.name, recipe.optimiser.learning_rate, recipe.optimiser.momentum) == ("sgd", 0.02, 0.8)
    assert (recipe.schedule.name, recipe.network.dropout) == ("cosine", (0.1,) * 5)


def test_a_recipe_file_can_be_changed_by_options(train: Any, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('model = "cnn6"\nepochs = 7\n[optimiser]\nname = "sgd"\nmomentum = 0.5\n', encoding="utf-8")
    recipe = recipe_of(train, "--recipe", str(file), "--size", "48", "--optimiser", "adam")
    assert (recipe.epochs, recipe.size, recipe.optimiser.name) == (7, 48, "adam")


def test_a_network_of_ones_own_is_trained_by_its_name(train: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from whosthat.networks import registry

    monkeypatch.setattr(registry, "load_custom", lambda _path: ("cnn6",))
    assert recipe_of(train, "--custom", str(tmp_path / "mine.py")).model == "cnn6"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "--help"),
        (["--epochs", "3"], 'Name the folder of photos: "whosthat train PHOTOS"'),
        (["photos", "--model", "cnn5"], 'Did you mean "cnn6"?'),
        (["photos", "--recipe", "reference-cnn6", "--model", "cnn6"], "names its model already"),
        (["photos", "--resume", "runs/latest"], "--resume uses the photos and the recipe of the run"),
        (["--note", "again", "--resume", "runs/latest"], "--resume uses the photos and the recipe of the run"),
        (["--strangers", "others", "--resume", "runs/latest"], "--resume uses the photos and the recipe of the run"),
        (["photos", "--set", "epochs"], "--set takes KEY=VALUE"),
        (["photos", "--set", "epoch=3"], "epochs"),
        (["photos", "--epochs", "0"], "epochs"),
        (["photos", "--optimiser", "adams"], "adam"),
        (["photos", "--recipe", "nowhere.toml"], 'There is no recipe "nowhere.toml"'),
    ],
)
def test_what_cannot_be_meant_is_refused_with_advice(
    words: list[str], message: str, train: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["train", *words])
    told = capsys.readouterr()
    assert message in told.err + told.out
    assert code == 2
    assert not train.arguments


def test_resume_is_given_the_run(result: TrainResult, replaced: Any, tmp_path: Path) -> None:
    resume = replaced("whosthat.workflow.train.resume", result)
    assert main(["train", "--resume", str(tmp_path / "latest")]) == 0
    assert resume.arguments == (tmp_path / "latest",)


def test_the_summary_tells_the_verdict_and_where_everything_lies(train: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "photos", "--model", "cnn6", "--runs", "elsewhere", "--note", "less dropout"]) == 0
    told = capsys.readouterr().out
    assert (train.options["runs"], train.options["note"]) == (Path("elsewhere"), "less dropout")
    assert "of 3 test photos, 2 correct, 1 wrong" in told
    assert f"whosthat predict {Path('runs/p-1')} photo.jpg" in told.replace("'", "")
    assert str(Path("runs/p-1/report.html")) in told


def test_json_holds_the_whole_result(train: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "photos", "--model", "cnn6", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["evaluation"]["n"] == 3
    assert document["diagnosis"]["verdict"]["grade"] == "too few to say"


def test_a_quality_gate_that_is_missed_ends_with_4(train: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "photos", "--model", "cnn6", "--min-accuracy", "0.66"]) == 0
    assert main(["train", "photos", "--model", "cnn6", "--min-accuracy", "0.67"]) == 4
    assert "The accuracy is 0.6667; --min-accuracy asks for 0.67." in capsys.readouterr().err


def test_values_are_toml_or_words() -> None:
    assert assignments(["a.b=1", "a.c=word", "a.d=true", "e=x=y"]) == {"a": {"b": 1, "c": "word", "d": True}, "e": "x=y"}


@pytest.mark.parametrize("text", ["", "epochs", "=3", "a..b=3", ".a=3"])
def test_half_an_assignment_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="KEY=VALUE"):
        assignments([text])


def test_a_section_of_another_name_starts_afresh() -> None:
    base = {"optimiser": {"name": "sgd", "momentum": 0.9}, "epochs": 3}
    assert merged(base, nested("optimiser.momentum", 0.5))["optimiser"] == {"name": "sgd", "momentum": 0.5}
    assert merged(base, nested("optimiser.name", "adam")) == {"optimiser": {"name": "adam"}, "epochs": 3}
