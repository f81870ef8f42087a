"""A moved threshold is saved with what it states of strangers, and what training chose comes back whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock

import whosthat
from whosthat.cli.app import main
from whosthat.errors import BundleError, RunError, UsageError
from whosthat.evaluation.threshold_part import THRESHOLD_FILE, ThresholdCurve, read_threshold_curve, write_threshold_curve
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.face_threshold import CHANGED, DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.recognition.threshold import CurvePoint, Threshold
from whosthat.workflow.removing import remove_person
from whosthat.workflow.thresholds import run_threshold, save_threshold

FITTED = DistanceThreshold(value=0.5, how="Measured.", fpir=0.01, fpir_low=0.001, fpir_high=0.03, n_strangers=40, fnir=0.1)
POINTS = (CurvePoint(0.4, 0.001, 0.4), CurvePoint(0.5, 0.01, 0.1), CurvePoint(0.6, 0.05, 0.02))


@pytest.fixture
def run(save_people: Callable[..., Path], tmp_path: Path) -> Path:
    """A run that knows four people, with a curve."""
    people, vectors = ("ann", "bo", "cy", "dee"), np.eye(4, 8, dtype=np.float32)
    photos = tuple(EnrolledPhoto(f"{name}/0.png", f"{number:064x}") for number, name in enumerate(people))
    folder = tmp_path / "runs" / "people-faces-1"
    save_people(folder / "bundle", Gallery(people, vectors, np.arange(4), photos), threshold=FITTED)
    (folder / "split.csv").write_text("path,class,part,group,sha256\n")
    write_threshold_curve(folder, ThresholdCurve("distance", POINTS))
    return folder


def stated(run: Path) -> DistanceThreshold | Threshold:
    return open_bundle(run).facts.threshold


def test_a_moved_threshold_states_what_it_does_and_the_gallery_is_the_same(run: Path) -> None:
    before = {path.name: path.read_bytes() for path in (run / "bundle").iterdir()}
    moved = save_threshold(run, 0.55)
    assert stated(run) == moved.saved
    assert (moved.saved.value, moved.saved.fpir, moved.fitted) == (0.55, pytest.approx(0.03), FITTED)
    assert moved.saved.how == (
        "Set by hand; training chose 0.500. Of 100 strangers about 3 would get a name; of 100 known photos about 6 would stay unknown."
    )
    assert (moved.saved.fpir_low, moved.saved.fpir_high, moved.saved.fnir, moved.saved.centre) == (None, None, None, FITTED.centre)
    after = {path.name: path.read_bytes() for path in (run / "bundle").iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"bundle.json", "manifest.json"}


@pytest.mark.parametrize("way", ["none", "value"])
def test_what_training_chose_comes_back_whole(run: Path, way: str) -> None:
    for value in (0.45, 0.55):
        save_threshold(run, value)
    assert run_threshold(run).fitted == FITTED
    assert save_threshold(run, None if way == "none" else 0.5).saved == FITTED == stated(run)
    assert read_threshold_curve(run) == ThresholdCurve("distance", POINTS)
    assert save_threshold(run, None).saved == FITTED


def test_the_rate_is_that_of_as_many_people_as_there_are(run: Path) -> None:
    save_threshold(run, 0.6)
    remove_person(run, "dee")
    remove_person(run, "cy")
    assert stated(run).fpir == pytest.approx(1 - 0.95**0.5)
    assert stated(run).how.endswith(CHANGED)
    assert run_threshold(run).at(0.6).strangers == pytest.approx(1 - 0.95**0.5)
    again = save_threshold(run, 0.5).saved
    assert (again.value, again.fpir, again.how) == (0.5, pytest.approx(1 - 0.99**0.5), f"Measured. {CHANGED}")
    assert save_threshold(run, 0.6).saved.fpir == pytest.approx(1 - 0.95**0.5)


def test_a_network_that_met_no_stranger_says_so(
    save_colours: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "colours-cnn6-1"
    fitted = Threshold(value=0.8, how="Measured.", known_named=0.95)
    save_colours(run / "bundle", threshold=fitted)
    (run / "split.csv").write_text("")
    write_threshold_curve(
        run, ThresholdCurve("confidence", (CurvePoint(0.0, None, 0.0), CurvePoint(0.8, None, 0.05), CurvePoint(0.9, None, 0.3)))
    )
    moved = whosthat.save_threshold(run, 0.85).saved
    assert (moved.known_named, moved.fpir) == (pytest.approx(1 - 0.175), None)
    assert "How many strangers would get a name is not known." in moved.how
    assert whosthat.load(run).threshold == 0.85
    assert main(["runs", "threshold", str(run), "--fitted"]) == 0
    assert "smallest confidence that gets a name is 0.800" in capsys.readouterr().out
    assert stated(run) == fitted


@pytest.mark.parametrize("value", [0.39, 0.61, -1, 11, float("nan"), "much"])
def test_a_threshold_of_which_nothing_is_known_is_refused(run: Path, value: float) -> None:
    with pytest.raises(UsageError, match="reaches from 0.400 to 0.600" if value in (0.39, 0.61) else "a number from 0 to 10"):
        save_threshold(run, value)
    assert stated(run) == FITTED


def test_without_a_curve_or_a_threshold_nothing_is_saved(run: Path, save_colours: Callable[..., Path], tmp_path: Path) -> None:
    (run / THRESHOLD_FILE).write_text("{")
    with pytest.raises(RunError, match=r"threshold\.json is damaged"):
        save_threshold(run, 0.45)
    (run / THRESHOLD_FILE).unlink()
    with pytest.raises(UsageError, match="Nothing is known of other thresholds"):
        save_threshold(run, 0.45)
    everything = save_colours(tmp_path / "everything", threshold=None)
    assert run_threshold(everything) is None
    with pytest.raises(UsageError, match="no threshold: every photo gets a name"):
        save_threshold(everything, 0.45)


def test_who_changes_people_is_waited_for(run: Path) -> None:
    with FileLock(run / ".bundle.lock"), pytest.raises(BundleError, match="being changed by another process"):
        save_threshold(run, 0.45)


def test_a_kill_leaves_one_threshold_or_the_other_and_the_way_back(
    run: Path, killed_at: Callable[..., AbstractContextManager[list[str]]]
) -> None:
    steps = 0
    for nth in range(1, 200):
        with killed_at(nth) as died:
            save_threshold(run, 0.55)
        assert stated(run).value in (0.5, 0.55)
        assert run_threshold(run).fitted == FITTED
        save_threshold(run, None)
        assert stated(run) == FITTED
        if not died:
            break
        steps = nth
    assert steps > 5


@pytest.mark.parametrize("moved", ['{"fitted": {"value": 3}, "people": 2}', '"yes"', '{"fitted": null, "people": 1}'])
def test_a_damaged_record_of_what_training_chose_is_told(run: Path, moved: str) -> None:
    document = json.loads((run / THRESHOLD_FILE).read_text())
    (run / THRESHOLD_FILE).write_text(json.dumps({**document, "moved": json.loads(moved)}))
    with pytest.raises(RunError, match=r"threshold\.json is damaged"):
        run_threshold(run)


def test_the_command_shows_moves_and_goes_back(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> str:
        assert main(["runs", "threshold", str(run), *words]) == 0
        return capsys.readouterr().out

    assert "The largest distance that gets a name is 0.500." in told()
    shown = told("0.6")
    assert "gets a name is 0.600" in shown
    assert "Training chose 0.500." in shown
    assert "Of 100 strangers about 5 would get a name" in shown
    assert shown.count(" % ") >= 3
    assert json.loads(told("--json")) == run_threshold(run).to_dict()
    assert "Training chose" not in told("--fitted")
    assert main(["runs", "threshold", str(run), "0.6", "--fitted"]) == 2
