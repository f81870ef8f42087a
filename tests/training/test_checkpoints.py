from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.errors import RunError, TrainingError
from whosthat.progress import Silent
from whosthat.training.checkpoints import Best, Checkpoints, RunState

RECIPE = "0123456789abcdef"


class KilledError(BaseException):
    """What a test raises where a real process would die: nothing may catch it."""


def state_at(steps, **changes):
    return RunState(**({"recipe_key": RECIPE, "stage": "whole", "steps": steps, "history": [{"loss": 0.1}]} | changes))


def arrays_at(steps):
    return {"scalar": np.int64(steps) * np.ones((), np.int64), "matrix": np.full((3, 2), steps / 7, np.float32)}


def written(folder, *steps):
    checkpoints = Checkpoints(folder)
    for step in steps:
        checkpoints.write(state_at(step), arrays_at(step))
    return checkpoints


def step_found(folder, progress=None):
    checkpoint = Checkpoints(folder, progress or Silent()).newest(RECIPE)
    return checkpoint and checkpoint.state.steps


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path):
    state = state_at(5, best=Best(2, 0.5, 0.7))
    Checkpoints(tmp_path).write(state, arrays_at(5))
    checkpoint = Checkpoints(tmp_path).newest(RECIPE)
    assert checkpoint.state == state
    for name, array in arrays_at(5).items():
        np.testing.assert_array_equal(checkpoint.arrays[name], array)
        assert (checkpoint.arrays[name].dtype, checkpoint.arrays[name].shape) == (array.dtype, array.shape)


def test_an_empty_folder_holds_no_checkpoint(tmp_path):
    assert step_found(tmp_path / "new") is None


def test_two_are_kept(tmp_path):
    written(tmp_path, 1, 2, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000002", "step-00000003"]


@pytest.mark.parametrize("file", ["arrays.safetensors", "state.json", "manifest.json"])
@pytest.mark.parametrize("damage", ["cut", "change", "delete"])
def test_a_damaged_newest_gives_way_to_the_one_before_and_is_named(tmp_path, file, damage, heard):
    written(tmp_path, 1, 2)
    path = tmp_path / "step-00000002" / file
    content = path.read_bytes()
    path.write_bytes({"cut": content[:-3], "change": content[:-3] + b"xyz", "delete": b""}[damage])
    assert step_found(tmp_path, heard) == 1
    assert "step-00000002 is damaged" in heard.said[0]


def test_when_all_are_damaged_it_is_said(tmp_path):
    written(tmp_path, 1)
    (tmp_path / "step-00000001" / "state.json").write_bytes(b"{}")
    with pytest.raises(RunError, match=r"Every checkpoint .* is damaged"):
        step_found(tmp_path)


def test_another_recipes_checkpoint_is_refused(tmp_path):
    written(tmp_path, 1)
    with pytest.raises(RunError, match="belongs to the recipe 0123456789abcdef, not to fedcba"):
        Checkpoints(tmp_path).newest("fedcba")


def kill_at_call(monkeypatch, number):
    """Raise at the n-th of the calls that make a checkpoint durable."""
    calls = []

    def killing(real):
        def call(*arguments, **options):
            calls.append(real.__name__)
            if len(calls) == number:
                raise KilledError
            return real(*arguments, **options)

        return call

    monkeypatch.setattr(os, "fsync", killing(os.fsync))
    monkeypatch.setattr(Path, "replace", killing(Path.replace))
    monkeypatch.setattr(shutil, "rmtree", killing(shutil.rmtree))


def test_a_kill_between_any_two_steps_leaves_a_whole_checkpoint(tmp_path, monkeypatch):
    number, survived = 0, False
    while not survived:
        number += 1
        folder = tmp_path / str(number)
        checkpoints = written(folder, 1, 2)
        with monkeypatch.context() as patch:
            kill_at_call(patch, number)
            try:
                checkpoints.write(state_at(3), arrays_at(3))
                survived = True
            except KilledError:
                pass
        assert step_found(folder) in {2, 3}
        written(folder, 4)
        assert step_found(folder) == 4
        assert not list(folder.glob(".unfinished*"))
    assert number > 6


def test_a_full_disk_is_said_before_anything_is_written(tmp_path, monkeypatch):
    checkpoints = written(tmp_path, 1, 2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(TrainingError, match=r"The disk is full: .* Make room, then go on with whosthat train --resume"):
        checkpoints.write(state_at(3), arrays_at(3))
    assert step_found(tmp_path) == 2


def test_a_disk_that_fills_up_while_writing_leaves_the_old_checkpoints(tmp_path, monkeypatch):
    checkpoints = written(tmp_path, 1, 2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", Mock(side_effect=OSError(28, "No space left on device")))
        with pytest.raises(TrainingError, match=r"No space left on device.*Earlier checkpoints are safe"):
            checkpoints.write(state_at(3), arrays_at(3))
    assert step_found(tmp_path) == 2
    assert not list(tmp_path.glob(".unfinished*"))


def test_weights_that_are_no_numbers_are_never_written(tmp_path):
    checkpoints = written(tmp_path, 1)
    with pytest.raises(TrainingError, match="no longer finite"):
        checkpoints.write(state_at(2), {"matrix": np.array([1, np.nan], np.float32)})
    assert step_found(tmp_path) == 1


def test_best_weights_stay_while_a_kept_checkpoint_needs_them(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for steps in range(1, 5):
        best = Best(steps, 0.5, 0.5, *checkpoints.write_best(f"whole-{steps:05}", arrays_at(steps)))
        checkpoints.write(state_at(steps, best=best), arrays_at(steps))
    assert sorted(path.name for path in tmp_path.glob("best-*")) == ["best-whole-00003.safetensors", "best-whole-00004.safetensors"]
    np.testing.assert_array_equal(checkpoints.read_best(best)["matrix"], arrays_at(4)["matrix"])


def test_damaged_best_weights_are_refused(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    best = Best(1, 0.5, 0.5, *checkpoints.write_best("whole-00001", arrays_at(1)))
    (tmp_path / best.file).write_bytes(b"x")
    with pytest.raises(RunError, match="are damaged"):
        checkpoints.read_best(best)


@pytest.mark.parametrize(
    ("accuracy", "loss", "better"), [(0.6, 9, True), (0.5, 0.6, True), (0.5, 0.7, False), (0.5, 0.8, False), (0.4, 0, False)]
)
def test_the_best_has_the_highest_accuracy_and_at_equal_accuracy_the_lowest_loss(accuracy, loss, better):
    assert Best(1, 0.5, 0.7).beaten_by(accuracy, loss) is better
