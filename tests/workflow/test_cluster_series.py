"""A series whose runs are trained on a Ray cluster: the same bits as on this computer."""

from __future__ import annotations

import hashlib
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import ClusterError, UsageError
from whosthat.runs.folders import latest, summarise
from whosthat.training.experiments import grid
from whosthat.training.search import Search
from whosthat.workflow import series, workers
from whosthat.workflow.series import run_series
from whosthat.workflow.workers import ClusterWorkers, Workers

SETTINGS = {"split": "2:1:1", "size": 32, "epochs": 2}


@pytest.fixture
def photos(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    return draw_colours(tmp_path / "photos", each=12)


def bits(runs: Path) -> list[str]:
    """The best weights of every run."""
    return sorted(hashlib.sha256(file.read_bytes()).hexdigest() for file in runs.glob("photos-eff*/checkpoints/best-*"))


@pytest.mark.slow
def test_runs_that_a_cluster_trains_have_the_same_bits(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = grid(["efficientnet-lite0"], {"batch_size": [4, 8]}, SETTINGS)
    monkeypatch.setattr(series, "at_once", lambda recipes: 2)
    here = run_series(photos, steps, runs=tmp_path / "here")
    monkeypatch.setattr(Workers, "_process", lambda self: pytest.fail("a process of this computer was asked"))
    there = run_series(photos, steps, runs=tmp_path / "there", engine="ray")
    assert bits(tmp_path / "there") == bits(tmp_path / "here") != []
    assert there.experiments.sentences == here.experiments.sentences
    assert summarise(latest(tmp_path / "there")).state == "finished"


@pytest.mark.slow
def test_a_search_on_a_cluster_trains_and_gives_up_what_it_does_here(photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def search() -> Search:
        return Search(["efficientnet-lite0"], {"optimiser.learning_rate": ["0.000001..0.1"]}, 6, {**SETTINGS, "epochs": 4})

    here = run_series(photos, search(), runs=tmp_path / "here")
    monkeypatch.setattr(series, "start", lambda *_, **__: pytest.fail("a run was trained by this process"))
    there = run_series(photos, search(), runs=tmp_path / "there", engine="ray")
    epochs = [[len(trial.history) for trial in row.trials] for row in here.experiments.rows]
    assert len(epochs) == 6
    assert epochs == [[len(trial.history) for trial in row.trials] for row in there.experiments.rows]
    assert min(epochs[4:]) < [4]  # one was given up
    assert bits(tmp_path / "there") == bits(tmp_path / "here") != []
    assert there.experiments.sentences == here.experiments.sentences


def test_a_machine_that_does_not_see_the_run_is_refused(tmp_path: Path) -> None:
    class Cluster:
        def cores(self) -> int:
            return 4

        def in_order(self, work: Any, tools: Any, jobs: list[Any], *_: object) -> Any:
            return (work(job, tools.open()) for job in jobs)

    pool = ClusterWorkers(Cluster(), [])  # type: ignore[arg-type]
    with pytest.raises(ClusterError, match="gone"):
        pool.resume(tmp_path / "gone", features=tmp_path, tested=False)


def test_a_machine_with_another_keras_is_refused() -> None:
    with pytest.raises(ClusterError, match=r"has keras .*, this computer 1\.0"):
        workers._Trainer({"keras": "1.0"}).open()


def test_what_no_cluster_can_train_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.registry, "is_custom", lambda name: True)
    recipes = [step.recipe for step in grid(["cnn6"], {"batch_size": [4, 8]}, {})]
    with pytest.raises(UsageError, match="networks of your own"):
        ClusterWorkers(None, recipes)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_goes_on_from_its_checkpoint(photos: Path, tmp_path: Path) -> None:
    often = {"checkpoint_minutes": 0.001, "early_stopping": {"enabled": False}}
    steps = grid(["cnn6"], {"batch_size": [4]}, {"split": "2:1:1", "size": 48, "epochs": 40, **often})
    run, killed = tmp_path / "runs" / "photos-cnn6-1", threading.Event()

    def kill() -> None:
        while not list(run.glob("checkpoints/step-*/manifest.json")):
            if killed.wait(0.02):
                return
        os.kill(int((run / "training.pid").read_text(encoding="utf-8")), signal.SIGKILL)
        killed.set()

    killer = threading.Thread(target=kill)
    killer.start()
    result = run_series(photos, steps, runs=tmp_path / "runs", engine="ray")
    assert killed.is_set()
    killer.join()
    assert len((run / "history.csv").read_text(encoding="utf-8").splitlines()) == 41
    assert '"resume"' in (run / "events.jsonl").read_text(encoding="utf-8")
    assert result.experiments.best.run == run
