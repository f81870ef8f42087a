"""A screen for the window's tests: the one that is there, or a virtual one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def display() -> Iterator[None]:
    """Make sure that windows can open; skips with the reason where they cannot."""
    pytest.importorskip("tkinter", reason="this Python has no Tk")
    if not sys.platform.startswith("linux") or os.environ.get("DISPLAY"):
        yield
        return
    program = shutil.which("Xvfb")
    if program is None:
        pytest.skip("there is neither a screen (DISPLAY) nor a virtual one (Xvfb)")
    numbers, writing = os.pipe()
    arguments = [program, "-displayfd", str(writing), "-screen", "0", "1100x760x24", "-nolisten", "tcp"]
    server = subprocess.Popen(arguments, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(numbers) as answer:
        os.environ["DISPLAY"] = f":{answer.readline().strip()}"
    yield
    del os.environ["DISPLAY"]
    server.terminate()
    server.wait()
