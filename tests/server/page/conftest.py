"""The studio as people have it: the command in a process of its own, and its page in Chromium."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from whosthat.cartoons import HEROES, draw_hero, draw_photo_folder
from whosthat.photos.drawing import save_image
from whosthat.workflow.demo import demo_recipe
from whosthat.workflow.train import train

WAIT = 120_000
"""Milliseconds that the page has for what takes a while on a busy machine, a training too: only what never comes waits so long."""


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of drawn photos with two finished runs that learnt their faces. It is copied, never changed."""
    folder = tmp_path_factory.mktemp("studio")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WHOSTHAT_CACHE", str(folder / "cache"))
        draw_photo_folder(folder / "heroes", photos_each=12)
        for _run in range(2):
            train(folder / "heroes", demo_recipe(faces=True), runs=folder / "runs")
    shutil.rmtree(folder / "cache")
    return folder


@pytest.fixture
def start_studio(tmp_path: Path) -> Iterator[Callable[..., SimpleNamespace]]:
    """Start ``whosthat studio`` on a folder; what comes back has its ``link``, its ``folder`` and its ``process``."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> SimpleNamespace:
        command = [sys.executable, "-m", "whosthat", "studio", str(folder), "--runs", str(folder / "runs"), "--no-browser"]
        own = {"WHOSTHAT_TOKEN_FILE": str(tmp_path / "token"), "WHOSTHAT_NO_HINTS": "1", "PYTHONUNBUFFERED": "1", "COLUMNS": "200"}
        process = subprocess.Popen(
            command, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        )
        started.append(process)
        told: list[str] = []
        for line in process.stdout:  # type: ignore[union-attr]
            told.append(line)
            if found := re.search(r"http://\S+/studio/open\?key=\S+", line):
                threading.Thread(target=process.stdout.read, daemon=True).start()  # type: ignore[union-attr]  what it tells must go somewhere
                return SimpleNamespace(link=found[0], folder=folder, process=process)
        raise AssertionError("".join(told))

    yield start
    for process in started:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        process.stdout.close()  # type: ignore[union-attr]


def is_complaint(message: Any) -> bool:
    """Chromium also writes down each answer that refuses something, which the page shows to its reader."""
    return message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page in a browser profile of its own; at the end it must have complained of nothing in its console."""
    contexts, complaints = [], []

    def open_(link: str, **profile: Any) -> Any:
        context = browser.new_context(**{"viewport": {"width": 1180, "height": 860}, "reduced_motion": "reduce", **profile})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link)
        page.wait_for_selector("#heading")
        return page

    open_.complaints = complaints  # type: ignore[attr-defined]
    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def heroes(tmp_path: Path, trained: Path) -> Path:
    """The folder of a studio with trained runs; it may be changed."""
    return shutil.copytree(trained, tmp_path / "studio", symlinks=True)


@pytest.fixture
def page(heroes: Path, start_studio: Callable[..., Any], open_page: Callable[..., Any]) -> Any:
    """The page of a studio with trained runs."""
    return open_page(start_studio(heroes).link)


@pytest.fixture
def group_photo(tmp_path: Path) -> Path:
    """Two heroes side by side, whose faces the detector finds."""
    file = tmp_path / "two heroes.jpg"
    save_image(np.hstack([draw_hero(HEROES[2], 900, size=320), draw_hero(HEROES[1], 901, size=320)]), file)
    return file
