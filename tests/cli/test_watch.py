"""``whosthat watch``: what it hands on, what it shows, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.cli.app import main
from whosthat.photos.drawing import save_image
from whosthat.recognition.presence import Change
from whosthat.types import Sighting
from whosthat.workflow.watching import Notice, Watching

NOON = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)


def notice(name: str | None, *, entered: bool = True, stranger: int = 0, seconds: float = 0.0, photo: str = "") -> Notice:
    change = Change(entered, name, stranger, 0.971 if name else 0.0, seconds, Sighting(name, 0.971))
    return Notice(change, NOON, "hall", Path(photo) if photo else None)


def test_a_line_for_each_who_comes_and_who_leaves(replaced: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    calls = replaced(
        "whosthat.workflow.watching.watch",
        [
            notice("Anna", photo="in/1.jpg"),
            notice(None, stranger=2),
            notice(None),
            notice("Anna", entered=False, seconds=125),
            notice("Bo", entered=False, seconds=0.2),
        ],
    )
    assert main(["watch", "bundle", "0", "--name", "hall", "--interval", "2", "--away", "60", "--no-unknown", "--image"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "2026-07-01 12:00:05 Anna 97 % in in/1.jpg",
        "2026-07-01 12:00:05 unknown 2",
        "2026-07-01 12:00:05 unknown",
        "2026-07-01 12:00:05 Anna left after 2 min 5 s",
    ]
    assert calls.arguments == (Path("bundle"), "0", Watching("hall", 2.0, 60.0, unknown=False, image=True))


def test_json_is_a_line_each(replaced: Callable[..., Any], capsys: pytest.CaptureFixture[str]) -> None:
    replaced("whosthat.workflow.watching.watch", [notice("Zoë"), notice(None, entered=False)])
    assert main(["watch", "bundle", "0", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["name"]) for line in lines] == [("entered", "Zoë"), ("left", None)]
    assert lines[0]["time"] == "2026-07-01T12:00:05.000+00:00"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["none"], "is no folder, no camera's number and no address"),
        (["rtsp://me:secret@host/x"], "Set WHOSTHAT_CAMERA_PASSWORD."),
        ([".", "--webhook", "file:///x"], "A webhook is an address that begins with http"),
        ([".", "--mqtt", "mqtt://x"], "A broker is HOST or HOST:PORT"),
    ],
)
def test_what_cannot_be_used_is_refused(
    words: list[str], sentence: str, tmp_path: Path, save_colours: Callable[..., Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", str(save_colours(tmp_path / "bundle")), *words]) == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="this file system knows no SIGTERM")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(number: signal.Signals, tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    (tmp_path / "in").mkdir()
    save_image(np.full((32, 32, 3), (250, 0, 0), np.uint8), tmp_path / "in" / "a.png")
    words = ["watch", str(save_colours(tmp_path / "bundle")), str(tmp_path / "in"), "--existing", "--interval", "0.05", "--json"]
    with subprocess.Popen([sys.executable, "-m", "whosthat", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        late = threading.Timer(60, process.kill)
        late.start()
        first = json.loads(process.stdout.readline())
        process.send_signal(number)
        rest, told = process.communicate()
        late.cancel()
    assert (first["event"], first["name"], json.loads(rest)["event"]) == ("entered", "red", "left")
    assert process.returncode == 0
    assert told.splitlines()[-1] == "Stopped."
    assert "Traceback" not in told
