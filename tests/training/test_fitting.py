from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import PhotoError, RunError, TrainingError, TrainingInterruptedError
from whosthat.training.journal import read_history

RECIPES = ("recipe", "transfer_recipe")


def numbers(run):
    """What history.csv says, but for the time that it took."""
    return [{name: value for name, value in row.items() if name != "seconds"} for row in read_history(run / "history.csv")]


def events(run):
    return [json.loads(line) for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_run_writes_down_what_happens(unbroken):
    run, fitted = unbroken["recipe"]
    assert [row["epoch"] for row in read_history(run / "history.csv")] == [1, 2, 3]
    assert fitted.history == read_history(run / "history.csv")
    assert [event["event"] for event in events(run) if event["event"] in {"start", "epoch", "end"}] == [
        "start",
        "epoch",
        "epoch",
        "epoch",
        "end",
    ]
    assert fitted.stopped == events(run)[-1]["reason"] == "All 3 epochs are done."
    assert list((run / "tensorboard").iterdir())
    assert fitted.history[-1]["loss"] < fitted.history[0]["loss"]


@pytest.mark.parametrize("name", RECIPES)
def test_the_model_has_the_weights_of_the_best_epoch(tiny, unbroken, name):
    _, fitted = unbroken[name]
    rows = {row["epoch"]: row for row in fitted.history}
    best = max(fitted.history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert fitted.best_epoch == best["epoch"]
    validation = tiny.photos(20)
    right = [
        (fitted.model.predict_on_batch(photos).argmax(1) == labels.argmax(1)).sum()
        for photos, labels in (validation.batch(0, index) for index in range(len(validation)))
    ]
    assert sum(right) / 20 == pytest.approx(rows[fitted.best_epoch]["val_accuracy"])


@contextmanager
def started(run, name):
    """Train in another process; it has done eleven steps when it is given, and has ended afterwards."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("tiny.py"), run, name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        for line in process.stdout:
            if line.startswith("steps 11"):
                break
        yield process


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process can hear")
def test_a_process_with_much_left_to_do_ends_soon_after_it_is_told_to(tmp_path):
    with started(tmp_path, "long_recipe") as process:
        process.terminate()
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()
    assert "Training was stopped by SIGTERM" in said


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_a_process_killed_at_any_moment_resumes_to_the_same_bits(tiny, unbroken, tmp_path, name):
    run, (unbroken_run, fitted) = tmp_path / "run", unbroken[name]
    with started(run, name) as process:
        process.kill()  # where in an epoch it falls is up to the machine; any place must do
    resumed = tiny.fit(run, getattr(tiny, name)(checkpoint_minutes=0.0), resume=True)
    assert tiny.bits(resumed.model) == tiny.bits(fitted.model)
    assert numbers(run) == numbers(unbroken_run)
    assert (resumed.best_epoch, resumed.stopped) == (fitted.best_epoch, fitted.stopped)
    assert "resume" in {event["event"] for event in events(run)}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_leaves_a_run_that_resumes_to_the_same_bits(tiny, unbroken, tmp_path, number, code):
    recipe = tiny.recipe(checkpoint_minutes=0.0)
    before = signal.getsignal(number)
    with pytest.raises(TrainingInterruptedError, match=r"Nothing is lost: go on with whosthat train --resume") as stopped:
        tiny.fit(tmp_path, recipe, progress=tiny.StopAt("", 8, number))
    assert stopped.value.exit_code == code
    assert signal.getsignal(number) is before
    assert events(tmp_path)[-2]["batch"] == 3
    resumed = tiny.fit(tmp_path, recipe, resume=True)
    assert tiny.bits(resumed.model) == tiny.bits(unbroken["recipe"][1].model)
    assert numbers(tmp_path) == numbers(unbroken["recipe"][0])


def test_every_state_that_a_recipe_can_add_survives_a_stop(tiny, tmp_path):
    recipe = tiny.recipe(
        optimiser={"name": "sgd", "learning_rate": 0.05, "decay": 0.01, "clip_norm": 1.0, "ema": 0.9},
        schedule={"name": "plateau", "patience": 1},
        class_weights=True,
        label_smoothing=0.1,
    )
    fitted = tiny.fit(tmp_path / "unbroken", recipe)
    with pytest.raises(TrainingInterruptedError):
        tiny.fit(tmp_path / "stopped", recipe, progress=tiny.StopAt("", 14))
    resumed = tiny.fit(tmp_path / "stopped", recipe, resume=True)
    assert tiny.bits(resumed.model) == tiny.bits(fitted.model)
    assert numbers(tmp_path / "stopped") == numbers(tmp_path / "unbroken")


def test_a_finished_run_resumes_to_its_outcome(tiny, unbroken, tmp_path):
    run, fitted = unbroken["recipe"]
    shutil.copytree(run, tmp_path / "copy")
    again = tiny.fit(tmp_path / "copy", tiny.recipe(checkpoint_minutes=0.0), resume=True)
    assert (tiny.bits(again.model), again.history) == (tiny.bits(fitted.model), fitted.history)


def test_a_loss_that_is_no_number_keeps_the_last_good_checkpoint(tiny, tmp_path):
    from whosthat.training.checkpoints import Checkpoints

    recipe = tiny.recipe(optimiser={"name": "sgd", "learning_rate": 1e30}, checkpoint_minutes=0.0)
    with pytest.raises(TrainingError, match="lower learning rate") as stopped:
        tiny.fit(tmp_path, recipe)
    checkpoint = Checkpoints(tmp_path / "checkpoints").newest(recipe.key())
    assert checkpoint is None or all(np.isfinite(array).all() for array in checkpoint.arrays.values())
    assert ("No checkpoint had been written yet." in str(stopped.value)) == (checkpoint is None)


def test_a_photo_that_cannot_be_read_is_said_in_its_own_words(tiny, tmp_path):
    from whosthat.training import fitting

    class Vanishing:
        shape = (44, 16, 16, 3)

        def __getitem__(self, row):
            raise PhotoError(Path("anna/1.jpg"), "the file is gone")

    train, validation = tiny.parts()
    train.images = Vanishing()
    with pytest.raises(PhotoError, match="the file is gone"):
        fitting.fit(tiny.recipe(), train, validation, tmp_path)


def test_a_run_that_exists_is_neither_trained_again_nor_with_another_recipe(tiny, unbroken):
    run, _ = unbroken["recipe"]
    with pytest.raises(RunError, match="already holds a run"):
        tiny.fit(run, tiny.recipe(checkpoint_minutes=0.0))
    with pytest.raises(RunError, match="only be resumed with its own recipe"):
        tiny.fit(run, tiny.recipe(seed=1), resume=True)


def test_a_run_folder_that_cannot_be_made_is_said(tiny, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot be created"):
        tiny.fit(tmp_path / "file" / "run")
