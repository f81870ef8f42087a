"""Scanning photos into a library: what a second scan costs, how much memory a large one takes, and what 50 kills do to it.

The photos are 100,000 drawn ones of 24 x 24 pixels in 1,000 folders. The networks look at 2,000 of them. Of each other one the cache of
photos remembers two drawn faces, one near a person whom the recogniser in use knows and one near nobody. So a scan reads, hashes and opens
every photo, takes 196,000 faces into the library and says who they are, and does not take a quarter of an hour.

*Unchanged*: the first 10,000, scanned once before into a library of their own; seconds of the whole command. *100 new*: the same
after 100 photos of 640 x 480 with a drawn person came; *their own time* is a scan of these 100 alone, with an empty cache, into a new
library, less the time of a scan that finds nothing new. *100,000 photos*: the most memory of the first scan, and of the second.

*Killed 50 times*: the life of a library: a first scan of 40 photos with 2 to 3 drawn people each, two corrections, a scan after photos
were added, moved, renamed, edited and deleted, the forgetting of a person, another scan. Each command is killed (SIGKILL, or its like on
Windows), is given again at once, and comes to its end at last; then the next one follows, and behind the last another life begins. After
each command the library is compared with one whose commands were left alone: files, photos, every face to the bit, answers, people, facts,
what was forgotten. A correction that was killed and given again is one fact. After the forgetting, name and embeddings are looked for in
the bytes of library, log, cache and recogniser. How the moments are drawn: `benchmarks.killing`.

*predict again*: 200 photos of 12 megapixels (drawn, about 6 MB each) whose faces are remembered; seconds of the whole command
when it has forgotten sizes and times of the files, and reads their bytes, and when it has not; medians of three, and the files lie in
the system's memory each time.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.killing import draw_people, kill
from benchmarks.measuring import Row, cost_of, median_seconds, new_folder, process
from whosthat.cartoons import draw_photo_folder
from whosthat.faces.finding import SeenFaces
from whosthat.faces.remembered import RememberedSightings
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import sha256_of
from whosthat.recognition import load
from whosthat.types import Box, Face

TITLE = "Scanning a library"
FEW, MANY, LOOKED_AT, NEW, KILLS = 10_000, 100_000, 2_000, 100, 50


def measure() -> list[Row]:
    """All of them."""
    with new_folder() as folder, _cache(folder / "cache"):
        draw_photo_folder(folder / "heroes", photos_each=4)
        process(["train", folder / "heroes", "--model", "faces", "--runs", folder / "runs"])
        bundle = (folder / "runs/latest").resolve() / "bundle"
        rows = [*kill(folder, bundle, KILLS), *predicted_again(folder, bundle)]
        remember_faces(draw_small(folder / "many")[: MANY - LOOKED_AT], bundle)
        return [*unchanged(folder, bundle), *large(folder, bundle), *rows]


def unchanged(folder: Path, bundle: Path) -> Iterator[Row]:
    """A second scan, without and with new photos."""
    photos, library = folder / "many" / "0", folder / "library of few"
    process(["library", library, "scan", photos, "--bundle", bundle])
    nothing = median_seconds(lambda: process(["library", library, "scan"]), times=3, warm_up=0)
    yield Row(f"second scan of {FEW:,} unchanged photos", f"{nothing:.2f} s", "at most 3 s")
    for number in range(NEW):
        draw_people(folder / "new" / f"{number}.jpg", number, 1, 640)
    with _cache(folder / "another cache"):
        own = median_seconds(lambda: process(["library", folder / "library of new", "scan", folder / "new"]), times=1, warm_up=0)
    own -= median_seconds(lambda: process(["library", folder / "library of new", "scan"]), times=3, warm_up=0)
    shutil.copytree(folder / "new", photos / "new")
    both = median_seconds(lambda: process(["library", library, "scan"]), times=1, warm_up=0)
    yield Row(f"{NEW} new photos among {FEW:,}", f"{both:.1f} s, {own:.1f} s of it their own", "at most 3 s and their own time")
    shutil.rmtree(photos / "new")


def large(folder: Path, bundle: Path) -> Iterator[Row]:
    """Memory at many photos."""
    photos, library = folder / "many", folder / "library of many"
    first = cost_of(["library", library, "scan", photos, "--bundle", bundle])
    second = cost_of(["library", library, "scan", photos])
    size = f"{MANY:,} photos, {2 * (MANY - LOOKED_AT):,} faces"
    yield Row(f"first scan of {size}", f"{first.megabytes:.0f} MB, {first.seconds / 60:.1f} min", "at most 600 MB")
    yield Row(f"second scan of {size}", f"{second.megabytes:.0f} MB, {second.seconds:.1f} s", "at most 600 MB")


def predicted_again(folder: Path, bundle: Path) -> Iterator[Row]:
    """Predict for photos that were looked at, with and without what is known of their files."""
    chance = np.random.default_rng(0)
    ground = np.kron(chance.integers(0, 255, (300, 400, 3), dtype=np.uint8), np.ones((10, 10, 1), np.uint8))
    ground[:100] = chance.integers(0, 255, (100, 4000, 3), dtype=np.uint8)
    content = encode_image(ground, "JPEG", quality=92)
    (folder / "holiday").mkdir()
    photos = [folder / "holiday" / f"{number}.jpg" for number in range(200)]
    for photo in photos:
        photo.write_bytes(content + photo.name.encode())  # behind the end of the image: another content
    remember_faces(photos, bundle)
    words: list[str | Path] = ["predict", bundle, folder / "holiday", "--csv"]
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
    yield Row(
        f"predict again, {len(photos)} photos of {len(content) / 1e6:.1f} MB",
        f"{knowing:.2f} s; {reading:.2f} s where their bytes are read",
    )
    shutil.rmtree(folder / "holiday")


def draw_small(folder: Path) -> list[Path]:
    """Draw many different photos of noise, 100 in a folder, 100 folders in one."""
    photos = [folder / str(n // FEW) / f"{n // 100:04}" / f"IMG_{n:06}.png" for n in range(MANY)]
    chance = np.random.default_rng(0)
    for photo in photos:
        photo.parent.mkdir(parents=True, exist_ok=True)
        photo.write_bytes(encode_image(chance.integers(0, 255, (24, 24, 3), dtype=np.uint8), "PNG"))
    return photos


def remember_faces(photos: Sequence[Path], bundle: Path) -> None:
    """Let the cache remember two faces of each photo: one near somebody whom the recogniser knows, one near nobody."""
    recogniser = load(bundle)
    known = recogniser.identifier.gallery.vectors  # type: ignore[attr-defined]
    chance = np.random.default_rng(0)
    boxes = (Box(0, 0, 12, 24), Box(12, 0, 24, 24))
    faces = tuple(
        Face(box, ((box.left + 4, 8), (box.left + 8, 8), (box.left + 6, 12), (box.left + 4, 16), (box.left + 8, 16)), 0.9) for box in boxes
    )
    with RememberedSightings(recogniser.reader.key) as cache:  # type: ignore[attr-defined]
        for start in range(0, len(photos), 1000):
            some = photos[start : start + 1000]
            vectors = chance.normal(0, 1, (len(some), 2, known.shape[1])).astype(np.float32)
            vectors *= np.linalg.norm(known[0]) / np.linalg.norm(vectors, axis=2, keepdims=True)
            vectors[:, 0] = known[chance.integers(0, len(known), len(some))] + 0.05 * vectors[:, 0]
            cache.put({sha256_of(photo): SeenFaces(faces, both, (50.0, 50.0)) for photo, both in zip(some, vectors, strict=True)})


def _cache(folder: Path) -> AbstractContextManager[object]:
    """Let the commands keep what they remember of photos in a folder."""
    return mock.patch.dict(os.environ, WHOSTHAT_CACHE=str(folder))
