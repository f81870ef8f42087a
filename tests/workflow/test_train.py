"""What stops a training loses nothing and leaves nothing half; and one seed gives one outcome."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from whosthat.cartoons import HEROES, draw_photo_folder
from whosthat.cli.app import main
from whosthat.errors import DatasetError, NetworkError, RecipeError, RunError, UsageError
from whosthat.recognition.bundle import open_bundle
from whosthat.runs.folders import latest, list_runs
from whosthat.training.recipe import AnyRecipe, Recipe, default_recipe
from whosthat.workflow.train import TrainResult, resume, train

TIMES = {"created", "seconds"}


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawn") / "heroes"
    draw_photo_folder(folder, photos_each=8, names=HEROES[:3], size=48)
    return folder


def tiny_recipe(blocks: str = "conv 4, pool, global", **changes: Any) -> Recipe:
    return default_recipe("custom", size=16, epochs=2, batch_size=8, network={"blocks": blocks}, **changes)


@pytest.fixture
def begun(photos: Path, tmp_path: Path) -> Callable[..., TrainResult]:
    """Train in ``tmp_path / "runs"``."""
    return lambda recipe=None, **options: train(options.pop("photos", photos), recipe or tiny_recipe(), runs=tmp_path / "runs", **options)


@pytest.fixture
def without_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.workflow.train.require_keras", Mock(side_effect=NetworkError("keras is not installed")))
    monkeypatch.setattr("whosthat.workflow.train.audit_folder", lambda *_, **__: pytest.fail("a photo was read"))


@pytest.mark.usefixtures("without_keras")
def test_without_keras_a_network_is_refused_before_a_photo_is_read(begun: Callable[..., TrainResult], tmp_path: Path) -> None:
    with pytest.raises(NetworkError, match="not installed"):
        begun()
    assert not (tmp_path / "runs").exists()


def outcome(run: Path) -> tuple[bytes, str, object]:
    """The split, the hash of the weights, and the figures without times."""

    def timeless(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: timeless(item) for key, item in value.items() if key not in TIMES}
        return [timeless(item) for item in value] if isinstance(value, list) else value

    weights = hashlib.sha256((run / "bundle" / "weights.safetensors").read_bytes()).hexdigest()
    return (run / "split.csv").read_bytes(), weights, timeless(json.loads((run / "metrics.json").read_text(encoding="utf-8")))


def test_one_seed_gives_one_split_one_network_and_one_result(begun: Callable[..., TrainResult]) -> None:
    assert outcome(begun().run) == outcome(begun().run)


@pytest.mark.parametrize(
    ("cause", "step"),
    [
        ("ctrl-c", "train_network.fit_temperature"),
        ("full disk", "training_run.write_plots"),
        ("ctrl-c", "training_run.write_report"),
    ],
)
def test_what_stops_a_run_after_training_is_told_and_resumed(
    step: str, cause: str, photos: Path, begun: Callable[..., TrainResult], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def stop(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt if cause == "ctrl-c" else OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"whosthat.workflow.{step}", stop)
        with pytest.raises((KeyboardInterrupt, RunError)) as stopped:
            begun()
    run = latest(tmp_path / "runs")
    told = " ".join([str(stopped.value), *getattr(stopped.value, "__notes__", [])])
    assert f"Nothing is lost: go on with whosthat train --resume {run}." in told
    (tmp_path / "runs" / "latest").unlink()  # as if it had been killed before that was written
    assert resume(run).run == run
    assert latest(tmp_path / "runs") == run
    assert {"bundle", "metrics.json", "report.html"} <= {path.name for path in run.iterdir()}
    assert resume(run).run == run


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_during_the_test_ends_the_command_with_its_code_and_says_how_to_go_on(
    number: signal.Signals, code: int, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("whosthat.workflow.train_network.fit_temperature", lambda *_: signal.raise_signal(number))
    words = ["--model", "custom", "--blocks", "conv 4, pool, global", "--size", "16", "--epochs", "1", "--json"]
    assert main(["train", str(photos), *words, "--runs", str(tmp_path / "runs")]) == code
    told = capsys.readouterr()
    assert told.out == ""
    assert "go on with whosthat train --resume" in told.err


@pytest.mark.parametrize(
    ("recipe", "error", "message"),
    [
        (tiny_recipe("conv 4, pol"), RecipeError, 'Did you mean "pool"'),
        (tiny_recipe("conv 4, dense 3"), NetworkError, "needs a vector"),
    ],
)
def test_a_network_that_cannot_be_built_leaves_no_run(
    recipe: Recipe, error: type[Exception], message: str, begun: Callable[..., TrainResult], tmp_path: Path
) -> None:
    with pytest.raises(error, match=message):
        begun(recipe)
    assert list(tmp_path.glob("runs/*")) == []


def test_a_network_refuses_a_single_class_and_offers_faces(tmp_path: Path) -> None:
    draw_photo_folder(tmp_path / "own", photos_each=4, names=HEROES[:1], size=48)
    with pytest.raises(DatasetError, match=r"custom needs at least two\..* train with --model faces"):
        train(tmp_path / "own", tiny_recipe(), runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("recipe", [tiny_recipe(), default_recipe("faces")])
def test_a_class_named_as_the_answer_for_strangers_is_refused_before_anything_is_trained(recipe: AnyRecipe, tmp_path: Path) -> None:
    draw_photo_folder(tmp_path / "own", photos_each=4, names=HEROES[:2], size=48)
    (tmp_path / "own" / HEROES[0]).rename(tmp_path / "own" / "Unknown")
    with pytest.raises(DatasetError, match="'Unknown' is the answer for strangers, so a class or a person needs another name"):
        train(tmp_path / "own", recipe, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


def test_a_disk_that_is_full_from_the_start_leaves_no_run(
    begun: Callable[..., TrainResult], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "whosthat.workflow.training_run.durable.replace_file", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device"))
    )
    with pytest.raises(RunError, match=r"No run can be started in .*: No space left on device\. Make room"):
        begun()
    assert list(tmp_path.glob("runs/*")) == []


def test_photos_that_are_lost_before_training_are_named(photos: Path, tmp_path: Path, heard: Any) -> None:
    folder = tmp_path / "own"
    draw_photo_folder(folder, photos_each=8, names=HEROES[:3], size=48)
    lonely = folder / "lonely"
    lonely.mkdir()
    (lonely / "text.jpg").write_text("no photo", encoding="utf-8")

    def vanish(audit: Any, **options: Any) -> Any:
        from whosthat.dataset.split import split

        parts = split(audit, **options)
        parts.parts["train"][0].photo.path.unlink()
        return parts

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("whosthat.workflow.train.split", vanish)
        train(folder, tiny_recipe(), runs=tmp_path / "runs", progress=heard)
    said = "\n".join(heard.said)
    assert "No photo of lonely can be used, so it is not a class." in said
    assert f'1 file in {folder} will not be used: "whosthat check" shows which and why.' in said
    assert "is not used: not found." in said


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (lambda run: (run / "recipe.toml").unlink(), RunError, "cannot be used: it holds no recipe.toml"),
        (lambda run: (run / "recipe.toml").write_bytes(b"\xff"), RunError, "cannot be used, because its records are damaged"),
        (lambda run: (run / "environment.json").write_bytes(b"[]"), RunError, "cannot be used, because its records are damaged"),
        (lambda run: (run / "split.csv").write_bytes(b"path\n"), DatasetError, "is not a split file"),
    ],
)
def test_a_damaged_run_is_not_resumed(
    damage: Callable[[Path], object],
    error: type[Exception],
    message: str,
    begun: Callable[..., TrainResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("whosthat.workflow.train_network.prepare_photos", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        begun()
    (run,) = (tmp_path / "runs").glob("heroes-*")
    damage(run)
    with pytest.raises(error, match=message):
        resume(run)


def test_a_run_that_is_not_there_is_said_with_the_nearest_name(begun: Callable[..., TrainResult], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="whosthat runs list names all runs"):
        resume(tmp_path / "runs" / "heroes-custom-1")
    assert list_runs(tmp_path / "runs") == []


def test_a_folder_whose_name_is_no_unicode_is_trained_on(photos: Path, begun: Callable[..., TrainResult], tmp_path: Path) -> None:
    strange = tmp_path / os.fsdecode(b"photos \xff")
    try:
        shutil.copytree(photos, strange)
    except OSError:
        pytest.skip("this file system takes no such name")
    result = begun(photos=strange)
    assert open_bundle(result.bundle).facts.data.folder == "photos \\udcff"
