"""The whole process `whosthat train` with 1,680 people and 2 to 5 photos each, whose faces are remembered.

Photos and embeddings are drawn: small pictures of random spots, and for each of them a remembered face whose embedding scatters
around its person as dlib's do, one in ten much more, so that there are mistakes and suspects to report. So everything that training
does counts, but for finding faces. The first process looks at all photos; the others find nothing changed, median of 3. The peak is
the resident memory of a process, and the report's size is that of its file. Chromium, headless, opens the report from the disk.
"""

from __future__ import annotations

import statistics
from pathlib import Path

import numpy as np

from benchmarks.face_photos import private_places
from benchmarks.measuring import Row, cost_of
from whosthat.durable import sha256_of
from whosthat.faces.finding import SeenFaces
from whosthat.faces.remembered import PhotoFaces, RememberedFaces, RememberedSightings
from whosthat.photos.drawing import encode_image
from whosthat.types import Box, Face
from whosthat.workflow.face_photos import open_reader

TITLE = "Training with 1,680 people"
PEOPLE, FEWEST, MOST = 1_680, 2, 5
DIMENSIONS, APART, SCATTER = 128, 0.65, 0.35
"""Distance between two drawn people, and of a photo from its person: about those of dlib's network."""

POOR, POOR_SCATTER = 0.1, 0.7

FACE = Face(Box(20, 20, 76, 76), ((36, 40), (60, 40), (48, 50), (38, 62), (58, 62)), 0.999)
TIMES = 3


def measure() -> list[Row]:
    """Train once with nothing but the faces remembered, then again."""
    with private_places("mtcnn") as folder:
        photos = folder / "drawn"
        n = draw(photos)
        arguments: list[str | Path] = ["train", photos, "--model", "faces", "--runs", folder / "runs"]
        first = cost_of(arguments)
        again = [cost_of(arguments) for _ in range(TIMES)]
        run = folder / "runs" / "drawn-faces-1"
        report, metrics = (run / name for name in ("report.html", "metrics.json"))
        return [
            Row(f"train, {PEOPLE:,} people, {n:,} photos, faces remembered, photos not", f"{first.seconds:.1f} s"),
            Row("train again", f"{statistics.median(one.seconds for one in again):.1f} s", "<= 40 s"),
            Row(
                "peak memory of the first and of the others",
                f"{first.megabytes:.0f}, {max(one.megabytes for one in again):.0f} MB",
                "<= 1 GB",
            ),
            Row("report.html", f"{report.stat().st_size / 1e6:.2f} MB", "<= 3 MB"),
            Row("metrics.json", f"{metrics.stat().st_size / 1e6:.2f} MB"),
            *in_browser(report),
        ]


def in_browser(report: Path) -> list[Row]:
    """Open the report in Chromium: until it can be used, and until a sorted or filtered table is laid out again."""
    from playwright.sync_api import sync_playwright

    timed = "async act => { const from = performance.now(); act(); document.body.offsetHeight; return performance.now() - from; }"
    table = "document.querySelector('#confused table[data-rows]')"
    sort = f"({timed})(() => {table}.tHead.querySelector('button').click())"
    typed = "input.value = '0042'; input.dispatchEvent(new Event('input'))"
    find = f"({timed})(() => {{ const input = document.querySelector('#confused input[type=search]'); {typed} }})"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(report.as_uri())
        ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
        sorting, finding = page.evaluate(sort), page.evaluate(find)
        assert page.evaluate(f"[...{table}.tBodies[0].rows].filter(row => !row.hidden).length") == 1
        browser.close()
    return [
        Row("report in Chromium: until it can be used", f"{ready:.0f} ms"),
        Row("sorting its table of people; finding one of them", f"{sorting:.0f}, {finding:.0f} ms"),
    ]


def draw(photos: Path) -> int:
    """Draw the photos, remember a face of each, and return how many there are."""
    chance = np.random.default_rng(0)
    people = chance.normal(size=(PEOPLE, DIMENSIONS))
    people *= APART / np.sqrt(2) / np.linalg.norm(people, axis=1, keepdims=True)
    portraits, sightings = {}, {}
    for number, person in enumerate(people):
        folder = photos / f"person_{number:04}"
        folder.mkdir(parents=True)
        for photo in range(int(chance.integers(FEWEST, MOST + 1))):
            spots = chance.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
            file = folder / f"{photo}.jpg"
            file.write_bytes(encode_image(spots.repeat(12, axis=0).repeat(12, axis=1)))
            scatter = POOR_SCATTER if chance.random() < POOR else SCATTER
            vector = (person + scatter * chance.normal(size=DIMENSIONS) / np.sqrt(DIMENSIONS)).astype(np.float32)
            digest = sha256_of(file)
            portraits[digest] = PhotoFaces((96, 96), (FACE,), 0, "plain", 500.0, vector)
            sightings[digest] = SeenFaces((FACE,), vector[None])
    key = open_reader("mtcnn").reader.key
    with RememberedFaces(key) as faces, RememberedSightings(key) as seen:
        faces.put(portraits)
        seen.put(sightings)
    return len(portraits)
