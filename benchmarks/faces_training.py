"""The whole process `whosthat train avengers`, and `whosthat predict` of one photo.

Cold: with an empty cache. Again: nothing changed, median of 3. One photo changed: before each of 3 runs another photo is
written anew. The peak is the resident memory of the cold process. Without YuNet's file, training takes the embedded MTCNN; with it
(`whosthat models add`), YuNet.

Predicting cold is a whole process that remembers nothing (`--no-cache`), median of 9; warm is the recogniser that is already open, from a
file to its names.
"""

from __future__ import annotations

import shutil
import statistics
from pathlib import Path

from benchmarks.face_photos import AVENGERS, DETECTORS, private_places
from benchmarks.measuring import Cost, Row, cost_of, median_seconds, process
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import read
from whosthat.recognition import load

TITLE = "Faces: training and predicting"
TIMES = 3


def measure() -> list[Row]:
    """Training and predicting with every detector that is here."""
    return [row for detector in DETECTORS for row in rows(detector)]


def rows(detector: str) -> list[Row]:
    """The figures of one detector."""
    with private_places(detector) as folder:
        photos = folder / AVENGERS.name
        shutil.copytree(AVENGERS, photos)
        files = sorted(photos.rglob("*.jpg"))
        cold = train(photos)
        again = [train(photos).seconds for _ in range(TIMES)]
        changed = [train_changed(photos, file).seconds for file in files[:TIMES]]
        bundle = photos.parent / "runs" / "latest"
        predict_cold = median_seconds(lambda: process(["predict", "--no-cache", bundle, files[-1]]), times=9)
        recogniser = load(bundle)
        predict_warm = median_seconds(lambda: recogniser.identify(files[-1]), times=30, warm_up=3)
    name = DETECTORS[detector]
    return [
        Row(f"train, cold, {len(files):,} photos, {name}", f"{cold.seconds:.1f} s", "<= 8 s"),
        Row(f"its peak memory, {name}", f"{cold.megabytes:.0f} MB", "<= 1 GB"),
        Row(f"train again, {name}", f"{statistics.median(again):.1f} s", "<= 1.5 s"),
        Row(f"train with one photo changed, {name}", f"{statistics.median(changed):.1f} s"),
        Row(f"predict one photo, cold, {name}", f"{predict_cold:.2f} s", "<= 0.4 s"),
        Row(f"predict one photo, warm, {name}", f"{predict_warm * 1000:.1f} ms", "<= 10 ms"),
    ]


def train(photos: Path) -> Cost:
    """Train with every default."""
    return cost_of(["train", photos, "--runs", photos.parent / "runs"])


def train_changed(photos: Path, changed: Path) -> Cost:
    """Train after one photo was written anew."""
    changed.write_bytes(encode_image(read(changed)))
    return train(photos)
