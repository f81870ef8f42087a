"""Scanning photos into a library: what a second scan costs, how much memory a large one takes, and what 50 kills do to it.

*Unchanged*: 10,000 drawn photos of 24 x 24 pixels in 100 folders, scanned once before; seconds of the whole command. *100 new*: the same
after 100 photos of 640 x 480 with a drawn person came; *their own time* is a scan of these 100 alone, with an empty cache, into a new
library, less the time of a scan that finds nothing new. *100,000 photos*: the most memory of the first scan, all of them looked at by the
real networks, and of the second.

*Killed 50 times*: 200 photos with 2 to 3 drawn people each; the scan is killed (SIGKILL, or its like on Windows) at random moments within
one and a half times its length, and begun again; when it has come to its end, it starts from nothing. Each finished library is compared
with one that was left alone: contents, files, and every face to the bit.

*predict again*: 200 photos of 12 megapixels (drawn, about 5 MB each) that a face recogniser has looked at; seconds of the whole command
when it has forgotten sizes and times of the files, and reads their bytes, and when it has not; medians of three, and the files lie in
the system's memory each time.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.measuring import WHOSTHAT, Row, cost_of, median_seconds, process
from whosthat.cartoons import HEROES, draw_hero, draw_photo_folder
from whosthat.library.store import FILE
from whosthat.photos.drawing import save_image

TITLE = "Scanning a library"
FEW, MANY, NEW, KILLS = 10_000, 100_000, 100, 50


def measure() -> list[Row]:
    """All four."""
    with tempfile.TemporaryDirectory() as name, _cache(Path(name) / "cache"):
        return [*unchanged(Path(name)), *large(Path(name)), *killed(Path(name)), *predicted_again(Path(name))]


def unchanged(folder: Path) -> Iterator[Row]:
    """A second scan, without and with new photos."""
    photos, library = folder / "few", folder / "library of few"
    draw_small(photos, FEW)
    process(["library", library, "scan", photos])
    nothing = median_seconds(lambda: process(["library", library, "scan"]), times=3, warm_up=0)
    yield Row(f"second scan of {FEW:,} unchanged photos", f"{nothing:.2f} s", "at most 3 s")
    new = [draw_people(folder / "new" / f"{number}.jpg", number, 1, 640) for number in range(NEW)]
    with _cache(folder / "another cache"):
        own = median_seconds(lambda: process(["library", folder / "library of new", "scan", folder / "new"]), times=1, warm_up=0)
    own -= median_seconds(lambda: process(["library", folder / "library of new", "scan"]), times=3, warm_up=0)
    for path in new:
        shutil.copy(path, photos / path.name)
    both = median_seconds(lambda: process(["library", library, "scan"]), times=1, warm_up=0)
    yield Row(f"{NEW} new photos among {FEW:,}", f"{both:.1f} s, {own:.1f} s of it their own", "at most 3 s and their own time")
    shutil.rmtree(photos)


def large(folder: Path) -> Iterator[Row]:
    """Memory at many photos."""
    photos, library = folder / "many", folder / "library of many"
    draw_small(photos, MANY)
    first, second = (cost_of(["library", library, "scan", photos]) for _ in range(2))
    yield Row(f"first scan of {MANY:,} photos", f"{first.megabytes:.0f} MB, {first.seconds / 60:.1f} min", "at most 600 MB")
    yield Row(f"second scan of {MANY:,} photos", f"{second.megabytes:.0f} MB, {second.seconds:.1f} s", "at most 600 MB")
    shutil.rmtree(photos)


def killed(folder: Path) -> Iterator[Row]:
    """Kill scans at random moments."""
    photos = folder / "people"
    for number in range(200):
        draw_people(photos / str(number % 7) / f"{number}.png", number, 2 + number % 2, 160)
    begin = time.perf_counter()
    with _cache(folder / "a cache of its own"):
        process(["library", folder / "left alone", "scan", photos])
    longest = 1.5 * (time.perf_counter() - begin)
    expected = contents(folder / "left alone")
    chance, kills, finished, differing = random.Random(0), 0, 0, 0
    shutil.rmtree(os.environ["WHOSTHAT_CACHE"], ignore_errors=True)
    while kills < KILLS:
        with subprocess.Popen(
            [*WHOSTHAT, "library", str(folder / "killed"), "scan", str(photos)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as running:
            try:
                running.wait(timeout=chance.uniform(0, longest))
            except subprocess.TimeoutExpired:
                running.kill()
                kills += 1
                continue
        assert running.returncode == 0
        finished += 1
        differing += contents(folder / "killed") != expected
        shutil.rmtree(folder / "killed")
        shutil.rmtree(os.environ["WHOSTHAT_CACHE"], ignore_errors=True)
    process(["library", folder / "killed", "scan", photos])
    differing += contents(folder / "killed") != expected
    figure = f"{finished + 1} libraries finished, {differing} of them unlike the one that was left alone ({len(expected)} rows)"
    yield Row(f"killed {kills} times at random moments", figure, "0 differ")


def predicted_again(folder: Path) -> Iterator[Row]:
    """Predict for photos that were looked at, with and without what is known of their files."""
    draw_photo_folder(folder / "heroes", photos_each=4)
    process(["train", folder / "heroes", "--model", "faces", "--runs", folder / "runs"])
    ground = np.kron(np.random.default_rng(0).integers(0, 255, (300, 400, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8))
    for number in range(200):
        image = ground.copy()
        image[:100] = np.random.default_rng(number).integers(0, 255, (100, 4000, 3), dtype=np.uint8)
        (folder / "holiday").mkdir(exist_ok=True)
        save_image(image, folder / "holiday" / f"{number}.jpg")
    words: list[str | Path] = ["predict", folder / "runs/latest", folder / "holiday", "--csv"]
    process(words)
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(3):
        for knows in (True, False):
            if not knows:
                with closing(sqlite3.connect(Path(os.environ["WHOSTHAT_CACHE"]) / "photos.sqlite")) as connection, connection:
                    connection.execute("DELETE FROM places")
            begin = time.perf_counter()
            process(words)
            seconds[knows].append(time.perf_counter() - begin)
    knowing, reading = (sorted(seconds[knows])[1] for knows in (True, False))
    size = sum(path.stat().st_size for path in (folder / "holiday").iterdir()) / 1e6
    yield Row(f"predict again, 200 photos of {size / 200:.1f} MB", f"{knowing:.2f} s; {reading:.2f} s where their bytes are read")


def draw_small(folder: Path, n: int) -> None:
    """Draw so many different photos of noise."""
    for number in range(n):
        path = folder / f"{number // 100:04}" / f"IMG_{number:06}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_image(np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8), path)


def draw_people(path: Path, number: int, people: int, side: int) -> Path:
    """Draw people side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heroes = [draw_hero(HEROES[(number + at) % len(HEROES)], number, side) for at in range(people)]
    save_image(np.concatenate(heroes, axis=1), path)
    return path


def contents(library: Path) -> list[Any]:
    """Return all that a library says of photos and faces, whatever the numbers of the rows."""
    with closing(sqlite3.connect(library / FILE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        files = connection.execute("SELECT name, sha256, width, height FROM files JOIN photos ON photos.id = photo").fetchall()
        faces = connection.execute("SELECT sha256, number, left, top, right, bottom, vector FROM faces JOIN photos ON photos.id = photo")
        digested = [(*row[:-1], hashlib.sha256(row[-1]).digest()) for row in faces]
        looks = connection.execute("SELECT sha256, reader FROM looks JOIN photos ON photos.id = photo").fetchall()
    return [*sorted(files), *sorted(digested), *sorted(looks)]


@contextmanager
def _cache(folder: Path) -> Iterator[None]:
    """Let the commands keep what they remember of photos in a folder."""
    before = os.environ.get("WHOSTHAT_CACHE")
    os.environ["WHOSTHAT_CACHE"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["WHOSTHAT_CACHE"]
        else:
            os.environ["WHOSTHAT_CACHE"] = before
