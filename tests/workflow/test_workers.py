"""Several trainings at once: how many, the same bits as one after the other, and nothing lost when somebody stops them."""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from whosthat.dataset.audit import audit_folder
from whosthat.errors import RunError, TrainingError, TrainingInterruptedError, UsageError
from whosthat.networks import registry
from whosthat.runs.folders import new_run, summarise
from whosthat.training.recipe import default_recipe
from whosthat.workflow import workers
from whosthat.workflow.train import split_of
from whosthat.workflow.training_run import TrainingRun, begin
from whosthat.workflow.workers import Workers, at_once, result_of

HEAD = default_recipe("efficientnet-lite0")
WHOLE = default_recipe("cnn6")


@pytest.fixture
def photos(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    return draw_colours(tmp_path / "photos", each=12)


def begun(photos: Path, runs: Path, recipe: Any) -> Path:
    """A run that was begun, and not trained."""
    audit = audit_folder(photos)
    run = new_run(runs, "photos", recipe.model)
    begin(TrainingRun(run, photos, audit, split_of(audit, recipe)), recipe, latest=False)
    return run


def is_there(file: Path) -> None:
    """Wait for a file."""
    ends = time.monotonic() + 60
    while not file.exists():
        assert time.monotonic() < ends, f"{file} did not come"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("recipes", "cores", "gib", "n"),
    [
        ([HEAD] * 12, 2, 16, 2),
        ([HEAD] * 12, 2, 4, 1),
        ([HEAD] * 12, 64, 64, workers.MOST),
        ([HEAD] * 3, 8, 64, 3),
        ([HEAD] * 12, 1, 16, 1),
        ([WHOLE] * 12, 2, 16, 1),
        ([WHOLE, HEAD], 4, 16, 2),
        ([default_recipe("efficientnet-lite0", transfer={"fine_tune_epochs": 2})] * 12, 2, 16, 1),
        ([HEAD, default_recipe("faces")], 8, 64, 1),
        ([HEAD], 8, 64, 1),
        ([], 8, 64, 1),
    ],
)
def test_as_many_at_once_as_cores_and_memory_allow(recipes: Any, cores: int, gib: int, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: cores)
    monkeypatch.setattr(os, "sysconf", lambda name: gib << 18 if name == "SC_PHYS_PAGES" else 4096)
    assert at_once(recipes) == n


def test_where_memory_is_not_told_two_heads_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sysconf")
    monkeypatch.setattr(workers, "usable_cores", lambda: 8)
    assert at_once([HEAD] * 12) == 2


def test_networks_of_the_users_own_are_trained_where_they_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cores", lambda: 8)
    monkeypatch.setattr(registry, "is_custom", lambda name: name == "cnn6")
    assert at_once([HEAD, WHOLE]) == 1


@pytest.mark.slow
def test_heads_at_once_get_the_same_bits_and_a_run_that_is_stopped_goes_on(photos: Path, tmp_path: Path) -> None:
    recipes = [default_recipe("efficientnet-lite0", size=32, epochs=3, seed=seed, split="2:1:1") for seed in (0, 1)]
    weights: list[list[str]] = []
    for n, runs in ((2, tmp_path / "two"), (1, tmp_path / "one")):
        folders = [begun(photos, runs, recipe) for recipe in recipes]
        with Workers(n) as pool:
            futures = [pool.submit(partial(pool.resume, run, features=runs / "features", tested=False)) for run in folders]
            for future in futures:
                result_of(future)
        assert [summarise(run).state for run in folders] == ["not tested"] * 2
        best = [sorted((run / "checkpoints").glob("best-*.safetensors")) for run in folders]
        weights.append([hashlib.sha256(file.read_bytes()).hexdigest() for files in best for file in files])
    assert len(weights[0]) >= 2
    assert weights[0] == weights[1]


@pytest.mark.slow
def test_whoever_leaves_stops_the_trainings_which_go_on_later(photos: Path, tmp_path: Path) -> None:
    run = begun(
        photos, tmp_path / "runs", default_recipe("cnn6", size=48, epochs=100_000, split="2:1:1", early_stopping={"patience": 9999})
    )
    with Workers(1) as pool:
        future = pool.submit(partial(pool.resume, run, features=tmp_path / "features", tested=False))
        is_there(run / "history.csv")
    with pytest.raises(TrainingInterruptedError, match="stopped by SIGINT"):
        future.result()
    assert list((run / "checkpoints").glob("step-*/manifest.json"))
    assert not (run / "training.pid").exists()


def test_what_a_process_raises_is_raised_here_and_what_it_says_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with Workers(1) as pool:
        for run, kind, told in ((tmp_path / "nothing", UsageError, "nothing"), (tmp_path / "empty", RunError, "recipe.toml")):
            future = pool.submit(partial(pool.resume, run, features=tmp_path, tested=True))
            with pytest.raises(kind, match=told):
                result_of(future)


def a_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Put a program in the place of Python."""
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    path.chmod(stat.S_IRWXU)
    monkeypatch.setattr(sys, "executable", str(path))


@pytest.mark.skipif(os.name != "posix", reason="this file system runs no scripts")
def test_a_process_that_ends_by_itself_costs_its_run_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    a_python(
        tmp_path,
        monkeypatch,
        f'[ -e "{tmp_path}/second" ] || {{ touch "{tmp_path}/second"; kill -9 $$; }}; read job; echo \'{{"error": null}}\'',
    )
    with Workers(1) as pool:
        with pytest.raises(TrainingError, match=r"exit status -9\); perhaps memory ran out.*--resume here"):
            result_of(pool.submit(partial(pool.resume, Path("here"), features=tmp_path, tested=False)))
        result_of(pool.submit(partial(pool.resume, Path("there"), features=tmp_path, tested=False)))


@pytest.mark.skipif(os.name != "posix", reason="this file system runs no scripts")
def test_steps_are_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = '{"step": "say", "values": ["Hello."]}', '{"step": "step", "values": ["epochs", 1, 3]}', '{"error": null}'
    a_python(tmp_path, monkeypatch, "read job\n" + "\n".join(f"echo '{line}'" for line in lines))
    told: list[Any] = []
    progress: Any = SimpleNamespace(say=told.append, step=lambda *values: told.append(values))
    with Workers(1) as pool:
        result_of(pool.submit(partial(pool.resume, Path("here"), features=tmp_path, tested=False, progress=progress)))
    assert told == ["Hello.", ("epochs", 1, 3)]


def test_ctrl_c_is_heard_while_others_train(tmp_path: Path) -> None:
    gate = threading.Event()
    with Workers(1) as pool:
        future = pool.submit(gate.wait)
        threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
        with pytest.raises(TrainingInterruptedError, match=r"^Training was stopped by SIGTERM\.$") as stopped:
            result_of(future)
        gate.set()
    assert stopped.value.exit_code == 128 + signal.SIGTERM
