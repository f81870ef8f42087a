"""The window on a virtual screen (Xvfb), as a process of its own with a run of faces to begin with: medians of 5 starts.

Up is when the window is drawn and answers keys; the recogniser is then still being opened beside it. Blocked is the longest time between
two turns of the event loop, asked for every 5 ms, while the recogniser is opened, photos of 12 megapixels are looked at one after the
other, a face is named, and the window is resized, less the 5 ms.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import SHARED, Row, new_folder, process

TITLE = "The window"

MEASURED = """
import json, sys, time
from pathlib import Path
started, runs, photos, tour = float(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "tour"
from whosthat.desktop import window as opening
from whosthat.desktop.worker import collected_here
root = opening.new_root()
from whosthat.desktop.main_window import MainWindow
with collected_here():
    window = MainWindow(root, None, runs)
    root.update()
    told = {"up": time.time() - started}
    longest, before = 0.0, time.perf_counter()
    def tick():
        global longest, before
        now = time.perf_counter()
        longest, before = max(longest, now - before - 0.005), now
        root.after(5, tick)
    def until(done):
        end = time.monotonic() + 60
        while not done() and time.monotonic() < end:
            root.update()
            time.sleep(0.001)
        if not done():
            raise SystemExit(str(window.viewer.state.message))
    def settled():
        return not window.worker.busy
    tick()
    until(lambda: settled() and window.viewer.state.bundle is not None)
    told["open"] = longest
    if tour:
        longest = 0.0
        window.viewer.open_folder(photos)
        until(lambda: settled() and window.viewer.state.picture is not None)
        for _ in range(3):
            window.viewer.step(1)
            until(settled)
        told["photos"], longest = longest, 0.0
        window.viewer.next_face(1)
        window.viewer.name_face("Somebody")
        until(settled)
        if window.viewer.state.doubted:
            window.viewer.name_face("Somebody")
            until(settled)
        if "Somebody" not in (window.viewer.state.people or ()):
            raise SystemExit(window.viewer.state.message)
        told["named"], longest = longest, 0.0
        for width in range(700, 1300, 60):
            root.geometry(f"{width}x{width * 2 // 3}")
            end = time.monotonic() + 0.1
            until(lambda: time.monotonic() > end)
        told["resized"] = longest
    window.close()
print(json.dumps(told))
"""


@contextmanager
def virtual_screen() -> Iterator[str]:
    """Run a screen that nobody sees, and give its name."""
    numbers, writing = os.pipe()
    arguments = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1400x1000x24", "-dpi", "96", "-nolisten", "tcp"]
    server = subprocess.Popen(arguments, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(numbers) as answer:
        yield f":{answer.readline().strip()}"
    server.terminate()
    server.wait()


def _start(display: str, runs: Path, photos: Path, what: str) -> dict[str, float]:
    command = [sys.executable, "-c", MEASURED, str(time.time()), str(runs), str(photos), what]
    environment = {**os.environ, "DISPLAY": display, "WHOSTHAT_LANG": "en"}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if ran.returncode:
        raise RuntimeError(ran.stderr)
    told: dict[str, float] = json.loads(ran.stdout)
    return told


def measure() -> list[Row]:
    """Start the window often, and once go through everything that is slow."""
    from PIL import Image

    with new_folder() as folder, virtual_screen() as display:
        for person in sorted((SHARED / "data" / "avengers").iterdir()):
            for path in sorted(person.glob("*.jpg"))[:8]:
                (folder / "people" / person.name).mkdir(parents=True, exist_ok=True)
                shutil.copy(path, folder / "people" / person.name)
        process(["train", folder / "people", "--model", "faces", "--runs", folder / "runs"])
        (folder / "large").mkdir()
        for path in sorted((SHARED / "data" / "group_photos").glob("*.jpg"))[:4]:
            with Image.open(path) as photo:
                photo.convert("RGB").resize((4000, 3000)).save(folder / "large" / path.name)
        starts = [_start(display, folder / "runs", folder / "large", "start") for _ in range(5)]
        tour = _start(display, folder / "runs", folder / "large", "tour")
    up = statistics.median(start["up"] for start in starts)
    opening = max(start["open"] for start in (*starts, tour))
    most = "<= 100 ms"
    return [
        Row("from nothing to the window", f"{up:.2f} s", "<= 1.5 s"),
        Row("event loop blocked while the recogniser is opened, longest of 6", f"{opening * 1000:.0f} ms", most),
        Row("... while photos of 12 megapixels are looked at", f"{tour['photos'] * 1000:.0f} ms", most),
        Row("... while a face is named", f"{tour['named'] * 1000:.0f} ms", most),
        Row("... while the window is resized", f"{tour['resized'] * 1000:.0f} ms", most),
    ]
