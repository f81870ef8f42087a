"""Searching a library of 100,000 photos: drawn rows, of whose files little but the names exists.

155,050 faces of 256 numbers, 300 people, the commonest with 9,040 photos; 30 % of the faces have no name, 3 % of the photos no date, 5 % of
the files were missing at the last scan. *Shown*: what ``whosthat find`` does before it writes, in a process that runs: opening the library,
reading the query, SQL that finds and counts all answers, the first 20 photos with their names, and asking whether their files are there
(small ones here); medians of 9. *All*: the same for every photo that was found, as for --json, a playlist or links. Whole commands stand
beside ``whosthat find --help``, which is Python and imports.

*Similar faces, real photos*: avengers and strangers, 1,296 photos of 27 people, scanned without names; ``find --like`` for each of them.
How many of the photos found show the same person, how many of the person's other photos are found (both on average over the searches), and
how many wrong ones a search brings.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.face_photos import AVENGERS, DETECTORS, EMBEDDERS, STRANGERS, private_places
from benchmarks.measuring import Row, cost_of, median_seconds, new_folder
from whosthat.library.store import Library
from whosthat.workflow.library.find import find
from whosthat.workflow.library.scanning import scan

TITLE = "Searching 100,000 photos"
N_PHOTOS, N_PEOPLE, DIMENSIONS = 100_000, 300, 256
SHOWN = 20
READER = "drawn-reid-0095-0123456789abcdef"
ASKED: dict[str, dict[str, Any]] = {
    '"Person 0" and "Person 1" and not "Person 2"': {"query": '"Person 0" and "Person 1" and not "Person 2"'},
    '"Person 20"': {"query": '"Person 20"'},
    '"Person 0", the commonest': {"query": '"Person 0"'},
    '("Person 3" or "Person 4") and unknown, 2004 to 2006': {
        "query": '("Person 3" or "Person 4") and unknown',
        "since": "2004",
        "until": "2006",
    },
    "unknown in one folder of 200 photos": {"query": "unknown", "within": "2004/holiday 100"},
    "8 faces, since 2020": {"faces": "8", "since": "2020"},
    "nobody, one month": {"query": "nobody", "since": "2010-07", "until": "2010-07"},
    "nobody": {"query": "nobody"},
    "unknown": {"query": "unknown"},
    "everything since 1970": {"since": "1970"},
}


def measure() -> list[Row]:
    """Each question, as a function and as a whole command; then a photo that looks like others."""
    rows = []
    with new_folder() as folder:
        library, photos = folder / "library", folder / "photos"
        draw(library, photos)
        for what, question in ASKED.items():
            found = find(library, **question)
            shown = median_seconds(partial(look, library, question, SHOWN), times=9)
            everything = median_seconds(partial(look, library, question), times=3)
            figure = f"shown {1000 * shown:.0f} ms, all {1000 * everything:.0f} ms"
            rows.append(Row(f"{what}: {len(found.photos):,} photos", figure, "shown <= 50 ms"))
        rows.append(Row("whole command: find --help", f"{cost_of(['find', '--help']).seconds:.2f} s"))
        for what in ('"Person 20"', '"Person 0", the commonest', "everything since 1970"):
            words = [ASKED[what]["query"]] if "query" in ASKED[what] else ["--since", "1970"]
            costs = [cost_of(["find", library, *words, *json]) for json in ((), ("--json",))]
            table, json = (f"{cost.seconds:.2f} s, {cost.megabytes:.0f} MB" for cost in costs)
            rows.append(Row(f"whole command: {what}", f"{table}; with --json {json}"))
        photo = photos / "2000/holiday 0/IMG_000000.jpg"
        span = median_seconds(partial(look, library, {"like": photo}, SHOWN), times=3)
        cost = cost_of(["find", library, "--like", photo, "--json"])
        whole = f"whole command {cost.seconds:.2f} s, {cost.megabytes:.0f} MB"
        rows.append(Row("similar faces to a photo's 4, of 155,050", f"{span:.2f} s; {whole}"))
    for embedder in EMBEDDERS:
        detector = list(DETECTORS)[-1]
        with private_places(detector, embedder) as folder:
            rows.append(Row(f"similar faces, real photos, {embedder} on {DETECTORS[detector]}", similar(folder / "library")))
    return rows


def look(library: Path, question: dict[str, Any], most: int | None = None) -> None:
    """Find, and read the first photos, or all."""
    find(library, **question).first(most)


def similar(library: Path) -> str:
    """Look for the person of every photo, and count by folders who was found."""
    scan(library, [AVENGERS, STRANGERS])
    owners = [(path, path.parent) for folder in (AVENGERS, STRANGERS) for path in sorted(folder.rglob("*.jpg"))]
    sizes = Counter(owner for _path, owner in owners)
    precisions, recalls, wrong = [], [], 0
    for path, owner in owners:
        found = [one.path.parent for one in find(library, like=path).photos]
        right = found.count(owner)
        wrong += len(found) - right
        recalls.append(right / (sizes[owner] - 1))
        precisions += [right / len(found)] if found else []
    same = f"{100 * np.mean(precisions):.1f} % of those found are the same person"
    others = f"{100 * np.mean(recalls):.0f} % of the person's others are found"
    none = f"nobody found in {len(owners) - len(precisions)} of {len(owners):,}"
    return f"{same}, {others}; {wrong / len(owners):.2f} wrong a search, {none}"


def draw(folder: Path, photos: Path) -> None:
    """Make the library, and empty files in the places of its photos."""
    random = np.random.default_rng(0)
    taken = random.uniform(1e9, 1.76e9, N_PHOTOS)
    counts = random.choice([0, 1, 2, 3, 4, 8], N_PHOTOS, p=[0.3, 0.3, 0.2, 0.1, 0.06, 0.04])
    counts[0] = 4
    names = [f"{2000 + row * 20 // N_PHOTOS}/holiday {row // 200}/IMG_{row:06}.jpg" for row in range(N_PHOTOS)]
    for place in {os.path.dirname(name) for name in names}:
        (photos / place).mkdir(parents=True)
    with Library(folder, create=True) as library, library.changing() as change:
        change.execute("INSERT INTO roots VALUES (1, ?)", (os.fsencode(photos),))
        change.execute("INSERT INTO settings VALUES ('reader', ?)", (READER,))
        change.executemany("INSERT INTO people VALUES (?, ?)", [(row + 1, f"Person {row}") for row in range(N_PEOPLE)])
        for row, name in enumerate(names):
            content = f"photo {row}".encode()
            (photos / name).write_bytes(content)
            values = (row + 1, sha256(content), 4000, 3000, None if row % 33 == 0 else float(taken[row]))
            change.execute("INSERT INTO photos (id, sha256, width, height, taken_at) VALUES (?, ?, ?, ?, ?)", values)
            change.execute(
                "INSERT INTO files (id, root, name, stamp, photo, missing_since) VALUES (?, 1, ?, '', ?, ?)",
                (row + 1, os.fsencode(name), row + 1, 1.0 if row % 20 == 19 else None),
            )
            change.execute("INSERT INTO looks VALUES (?, ?)", (row + 1, READER))
        change.executemany(f"INSERT INTO faces VALUES ({', '.join('?' * 12)})", faces(counts, random))
        shares = 1 / np.arange(1, N_PEOPLE + 1) ** 0.8
        who = random.choice(N_PEOPLE, counts.sum(), p=shares / shares.sum()) + 1
        named = random.random(counts.sum()) >= 0.3
        answers = ((face + 1, int(who[face]) if named[face] else None) for face in range(len(who)))
        change.executemany("INSERT INTO answers VALUES (?, ?, 0.9, 'recogniser')", answers)


def faces(counts: NDArray[np.int64], random: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    """Yield the faces of all photos, as far apart as strangers are."""
    face = 0
    for photo, count in enumerate(counts.tolist(), start=1):
        vectors = random.normal(size=(count, DIMENSIONS)) * 0.79 / np.sqrt(2 * DIMENSIONS)
        for number, vector in enumerate(vectors.astype("<f4"), start=1):
            face += 1
            yield face, photo, READER, number, 400.0 * number, 100.0, 400.0 * number + 90, 200.0, bytes(40), 0.99, 50.0, vector.tobytes()


def sha256(content: bytes) -> bytes:
    """Return the SHA-256 of some bytes."""
    return hashlib.sha256(content).digest()
