"""Run folders: none overwrites another, the newest is found, and what changed between two is seen."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from unittest.mock import Mock

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import RunError, UsageError
from whosthat.runs import folders
from whosthat.runs.folders import STATES, compare_runs, discard_run, existing_run, latest, list_runs, new_run, set_latest
from whosthat.runs.lock import run_lock


def make_run(runs: Path, recipe: str = 'model = "cnn6"\n', metrics: object = None) -> Path:
    run = new_run(runs, "heroes", "cnn6")
    (run / "recipe.toml").write_text(recipe, encoding="utf-8")
    if metrics is not None:
        (run / "metrics.json").write_text(json.dumps(metrics), encoding="utf-8")
    return run


def test_states_do_not_depend_on_the_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_", lambda text, **values: f"<{text}>")
    done, gone = make_run(tmp_path, metrics={}), make_run(tmp_path)
    assert {run.state for run in list_runs(tmp_path)} == {"finished", "broken off"} < set(STATES)
    discard_run(gone)
    assert [run.path for run in list_runs(tmp_path)] == [done]


def test_runs_are_counted_up_and_never_reused(tmp_path: Path) -> None:
    names = [new_run(tmp_path / "runs", "heroes", "cnn6").name for _ in range(2)]
    (tmp_path / "runs" / "heroes-cnn6-1").rmdir()
    assert [*names, new_run(tmp_path / "runs", "heroes", "cnn6").name] == ["heroes-cnn6-1", "heroes-cnn6-2", "heroes-cnn6-3"]


def test_runs_that_start_at_once_get_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: new_run(tmp_path, "heroes", "cnn6"), range(40)))
    assert len(set(runs)) == 40


@given(st.text(max_size=300))
def test_any_text_becomes_a_name_that_every_system_and_shell_accepts(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        name = new_run(Path(folder), text, "cnn6").name
    assert 0 < len(name.encode()) <= 255
    assert not set("<>:\"/\\|?*. $&;()'") & set(name)


def test_a_run_is_called_like_its_photos(tmp_path: Path) -> None:
    runs = [new_run(tmp_path, name, "cnn6") for name in ("../Ana: 2021?", "照片", "?")]
    assert [run.name for run in runs] == [
        "Ana_2021-cnn6-1",
        "照片-cnn6-1",
        "photos-cnn6-1",
    ]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is read-only to this user")
def test_a_read_only_folder_is_explained(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match=r"Permission denied\. Choose a writable folder"):
        new_run(tmp_path / "runs", "heroes", "cnn6")


def test_latest_points_at_the_newest(tmp_path: Path) -> None:
    first, second = make_run(tmp_path), make_run(tmp_path)
    set_latest(first)
    set_latest(second)
    assert latest(tmp_path).samefile(second)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heroes-cnn6-1", "heroes-cnn6-2", "latest"]


def test_latest_is_a_text_file_where_links_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "symlink_to", Mock(side_effect=OSError(1314, "A required privilege is not held by the client")))
    run = make_run(tmp_path)
    set_latest(run)
    assert (tmp_path / "latest").read_text(encoding="utf-8") == "heroes-cnn6-1\n"
    assert latest(tmp_path) == run


def test_a_latest_of_the_users_own_is_not_touched(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (tmp_path / "latest").mkdir()
    with pytest.raises(RunError, match="Move away what is there"):
        set_latest(run)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["heroes-cnn6-1", "latest"]


def test_no_latest_and_a_removed_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no run in"):
        latest(tmp_path)
    (tmp_path / "latest").write_text("gone", encoding="utf-8")
    with pytest.raises(UsageError, match="points to a run that does not exist"):
        latest(tmp_path)


def test_every_state_is_recognised(tmp_path: Path) -> None:
    finished, resumable, running, broken = make_run(tmp_path, metrics={}), *(make_run(tmp_path) for _ in range(3))
    (resumable / "checkpoints" / "step-00000001").mkdir(parents=True)
    (resumable / "checkpoints" / "step-00000001" / "manifest.json").write_bytes(b"{}")
    set_latest(finished)
    with FileLock(running / "training.lock"):
        states = {run.name: run.state for run in list_runs(tmp_path)}
    assert states == {finished.name: "finished", resumable.name: "resumable", running.name: "running", broken.name: "broken off"}


def test_a_finished_run_tells_its_model_and_accuracy(tmp_path: Path) -> None:
    make_run(tmp_path, metrics={"evaluation": {"accuracy": 0.75, "outcomes": {}}})
    row = list_runs(tmp_path)[0].to_dict()
    assert (row["run"], row["model"], row["accuracy"]) == ("heroes-cnn6-1", "cnn6", 0.75)


def test_the_closed_set_accuracy_of_older_runs_is_not_taken_for_accuracy(tmp_path: Path) -> None:
    make_run(tmp_path, metrics={"format": 1, "evaluation": {"accuracy": 0.98}})
    assert list_runs(tmp_path)[0].accuracy is None


@pytest.mark.parametrize(("recipe", "metrics"), [("[[[", "no"), ("model = 3", [1]), ("", {"evaluation": {"accuracy": "high"}})])
def test_a_damaged_run_is_listed_all_the_same(recipe: str, metrics: object, tmp_path: Path) -> None:
    make_run(tmp_path, recipe, metrics)
    (summary,) = list_runs(tmp_path)
    assert (summary.model, summary.accuracy) == ("", None)


def test_no_folder_means_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "runs") == []


def test_comparing_shows_only_what_differs(tmp_path: Path) -> None:
    recipe = 'model = "cnn6"\nepochs = 20\n[optimiser]\nname = "sgd"\nlearning_rate = {rate}\n'
    slow = make_run(tmp_path, recipe.replace("{rate}", "0.01"), {"evaluation": {"accuracy": 0.5, "outcomes": {}}})
    fast = make_run(tmp_path, recipe.replace("{rate}", "0.02") + "nesterov = true\n", {"evaluation": {"accuracy": 0.6, "outcomes": {}}})
    rows = compare_runs([slow, fast])
    assert [row["accuracy"] for row in rows] == [0.5, 0.6]
    assert [list(row)[6:] for row in rows] == [["optimiser.learning_rate", "optimiser.nesterov"]] * 2
    assert [row["optimiser.nesterov"] for row in rows] == [None, True]


def test_runs_that_differ_in_their_strangers_alone_say_so(tmp_path: Path) -> None:
    runs = [make_run(tmp_path, 'model = "faces"\n') for _ in range(3)]
    assert list(compare_runs(runs)[0])[5:] == ["note"]
    (runs[1] / "environment.json").write_text('{"strangers": "others"}', encoding="utf-8")
    (runs[2] / "environment.json").write_text("damaged", encoding="utf-8")
    assert [row["strangers"] for row in compare_runs(runs)] == [None, "others", None]


def test_a_file_is_no_folder_of_runs(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("", encoding="utf-8")
    for refused in (lambda: list_runs(tmp_path / "runs"), lambda: new_run(tmp_path / "runs", "heroes", "cnn6")):
        with pytest.raises(UsageError, match="runs is a file"):
            refused()


def test_comparing_needs_two_runs_that_exist(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(UsageError, match="needs two or more runs, got 1"):
        compare_runs([run])
    with pytest.raises(UsageError, match='Did you mean "heroes-cnn6-1"'):
        compare_runs([run, tmp_path / "heroes-cnn6-l"])


def test_a_name_as_runs_are_listed_leads_to_its_folder(tmp_path: Path) -> None:
    make_run(tmp_path / "runs")
    with pytest.raises(UsageError, match=r'Did you mean ".*runs.heroes-cnn6-1"'):
        existing_run(tmp_path / "heroes-cnn6-1")


def test_a_run_in_which_nothing_was_trained_is_discarded_and_latest_steps_back(tmp_path: Path) -> None:
    trained, vain = make_run(tmp_path, metrics={}), make_run(tmp_path)
    set_latest(vain)
    discard_run(vain)
    assert not vain.exists()
    assert latest(tmp_path) == trained.resolve()
    discard_run(trained)
    assert trained.exists()


def test_discarding_the_only_run_leaves_no_latest(tmp_path: Path) -> None:
    vain = make_run(tmp_path)
    set_latest(vain)
    discard_run(vain)
    assert list(tmp_path.iterdir()) == []


def test_latest_is_set_whatever_killed_processes_left_and_nothing_of_living_ones_is_touched(
    tmp_path: Path, killed_at: Callable[..., AbstractContextManager[list[str]]]
) -> None:
    first, second, third = (new_run(tmp_path, "photos", "faces") for _ in range(3))
    with killed_at(1, "replace"):
        set_latest(second)
    with run_lock(second):
        set_latest(first)
        assert latest(tmp_path) == first
        assert [path.name for path in tmp_path.glob(".latest-*")] == [f".latest-{second.name}"]
    set_latest(third)
    assert list(tmp_path.glob(".latest-*")) == []
