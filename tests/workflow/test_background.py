"""A call in a process of its own: what it tells, and that it stops when its input ends, whoever ends it."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from whosthat.runs.folders import summarise
from whosthat.workflow.background import COMMAND


@contextmanager
def begun(call: str, **arguments: Any) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps({"call": call, "arguments": arguments}) + "\n")
        process.stdin.flush()
        yield process


def told(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.stdout]


def test_a_check_tells_its_steps_and_ends_with_what_it_found(tmp_path: Path, draw_colours: Callable[..., Path]) -> None:
    with begun("check", photos=str(draw_colours(tmp_path / "photos", each=3))) as process:
        lines = told(process)
    assert lines[-2]["step"] == "step"
    assert lines[-2]["values"] == ["photos checked", 6, 6, ""]
    assert lines[-1]["end"] == "done"
    assert lines[-1]["result"]["checkup"]["n_photos"] == 6
    assert process.returncode == 0


def test_an_error_is_told_and_no_trace(tmp_path: Path) -> None:
    with begun("train", photos=str(tmp_path / "none"), runs=str(tmp_path / "runs"), model="faces") as process:
        (end,) = told(process)
    assert end["end"] == "failed"
    assert "none" in end["message"]


@pytest.mark.slow
def test_a_training_stops_with_a_checkpoint_when_its_input_ends(tmp_path: Path, draw_colours: Callable[..., Path]) -> None:
    photos, runs = draw_colours(tmp_path / "photos", each=12, side=48), tmp_path / "runs"
    with begun("train", photos=str(photos), runs=str(runs), model="cnn6", size=48, epochs=500) as process:
        for line in process.stdout:
            if "epoch" in json.loads(line):
                break
        began = time.monotonic()
        process.stdin.close()  # as it is closed when its parent is killed
        end = told(process)[-1]
    assert end["end"] == "stopped"
    assert time.monotonic() - began < 30
    assert summarise(runs / "photos-cnn6-1").state == "resumable"
