"""What one photo costs at each stage of a large job, in processor time: the figures behind the paper plan of docs/scale.md.

Drawn photos with one face each, small (240 x 240) and of a phone's size (4000 x 3000, with noise, so that the file is as large as a
photo's). Processor time of one process, OpenCV with one thread as in a worker: other work on the machine matters little.
"""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

os.environ["OPENCV_FOR_THREADS_NUM"] = "1"  # read when OpenCV is imported
from benchmarks.face_photos import private_places
from benchmarks.measuring import Row
from whosthat.cartoons import HEROES, draw_hero
from whosthat.cluster import Cluster
from whosthat.faces.remembered import RememberedSightings
from whosthat.photo_cache import place
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import read, sha256_of
from whosthat.workflow.cluster_faces import _seen
from whosthat.workflow.face_photos import BATCH, open_reader

TITLE = "What a photo costs at each stage"
SMALL, LARGE = 200, 6
BATCHES = 500


def measure() -> list[Row]:
    """Both sizes of photos, then what does not depend on them."""
    with private_places("mtcnn") as folder:
        small, large = draw_small(folder), draw_large(folder)
        reader = open_reader("mtcnn").reader
        _seen([*small[:4], large[0]], reader)  # warms up
        seen = _seen(small, reader)
        return [
            *photo_rows("240 x 240", small, reader),
            *photo_rows("4000 x 3000", large, reader),
            Row("what travels back for a photo", f"{len(pickle.dumps(seen, 5)) / len(seen):.0f} bytes"),
            *cache_rows(seen, reader),
            Row("given to Ray and taken back, a photo in batches of 8", milliseconds(handed_out(seen[:BATCH]), BATCH * BATCHES)),
        ]


def photo_rows(size: str, photos: list[Path], reader: Any) -> list[Row]:
    """What a photo of one size costs a worker, and the process that hands it out."""
    bytes_each = sum(photo.stat().st_size for photo in photos) / len(photos)
    return [
        Row(
            f"{size}, {bytes_each / 1000:.0f} kB: read, decode, find and embed",
            milliseconds(processor(lambda: _seen(photos, reader)), len(photos)),
        ),
        Row(f"{size}: of that, read and decode", milliseconds(processor(lambda: [read(photo) for photo in photos]), len(photos))),
        Row(f"{size}: SHA-256", milliseconds(processor(lambda: [sha256_of(photo) for photo in photos]), len(photos))),
    ]


def cache_rows(seen: list[Any], reader: Any) -> list[Row]:
    """What remembering costs."""
    photos = {f"{number:064x}": seen[number % len(seen)][1] for number in range(2000)}
    digests = list(photos)
    with RememberedSightings(reader.key) as memory:
        parts = [{digest: photos[digest] for digest in digests[start : start + 64]} for start in range(0, len(digests), 64)]
        kept = sum(processor(partial(memory.put, part)) for part in parts)
        found = processor(lambda: [memory.get([digest]) for digest in digests])
    return [
        Row("looked up in the cache, and kept there", milliseconds(found + kept, len(photos))),
        Row("the cache, a photo", f"{place().stat().st_size / len(photos):.0f} bytes"),
    ]


def handed_out(result: Any) -> float:
    """Processor seconds of this process for batches that come back at once."""

    class Nothing:
        key = "nothing"

        def open(self) -> str:
            return self.key

    cluster = Cluster(cores=1)
    try:
        items = [[(f"{number:064x}", Path(f"/photos/{number}.jpg")) for number in range(BATCH)] for _ in range(BATCHES)]
        work: Callable[[Any, Any], Any] = lambda item, tool: result  # noqa: E731  sent whole, with the result in it
        list(cluster.in_order(work, Nothing(), items[:8]))
        return processor(lambda: list(cluster.in_order(work, Nothing(), items)))
    finally:
        cluster.close()


def processor(action: Callable[[], object]) -> float:
    """Processor seconds of an action, all threads of this process together."""
    began = time.process_time()
    action()
    return time.process_time() - began


def milliseconds(seconds: float, photos: int) -> str:
    """Of one photo."""
    return f"{1000 * seconds / photos:.3g} ms"


def draw_small(folder: Path) -> list[Path]:
    """Draw the small photos."""
    paths = [folder / f"small {number}.jpg" for number in range(SMALL)]
    for number, path in enumerate(paths):
        save_image(draw_hero(HEROES[number % len(HEROES)], number, 240), path)
    return paths


def draw_large(folder: Path) -> list[Path]:
    """Draw the large photos: every pixel 8 times as wide and high, then noise as of a sensor."""
    chance, paths = np.random.default_rng(0), [folder / f"large {number}.jpg" for number in range(LARGE)]
    for number, path in enumerate(paths):
        drawn = np.kron(draw_hero(HEROES[number], number, 500), np.ones((8, 8, 1), np.uint8))[:3000]
        save_image((drawn + chance.normal(0, 6, (*drawn.shape[:2], 1))).clip(0, 255).astype(np.uint8), path)
    return paths
