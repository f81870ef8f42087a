"""What naming a face costs beside finding and embedding it, by the size of the gallery, on drawn embeddings of 256 numbers.

Each person is a point; their photos, and the face that is asked about, scatter around it as those of a face network do (harder than faces:
a person's photos lie as far from each other as from the face). Each size is a whole bundle, saved and then opened by a process of its own,
which names one face after another: head, threshold, confidence, and the three nearest enrolled photos with their names. The peak is
that process's resident memory, which counts what it has touched of mapped files.

"Exact" compares with all photos, with the extra `large` taken away. The same person: the share of faces for which the person that comes
first by the index is the one that comes first exactly.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import numpy as np

from benchmarks.measuring import Row, new_folder
from whosthat.faces.embedder import DLIB
from whosthat.recognition import index as indexes
from whosthat.recognition.bundle import BundleFacts, DataFacts, open_bundle, save_bundle
from whosthat.recognition.face_facts import FaceFacts
from whosthat.recognition.face_recogniser import KIND, FaceRecogniser, bundle_files
from whosthat.recognition.face_threshold import DistanceThreshold
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.types import Box, Face
from whosthat.workflow.face_photos import open_reader

TITLE = "Large galleries"
SIZES = ((7, 20), (1_680, 5), (10_000, 10), (100_000, 10))
DIMENSIONS, APART, SCATTER = 256, 0.65, 0.35
FACES, WARM_UP = 1_000, 20
FACE = Face(Box(0, 0, 90, 90), ((30, 35), (60, 35), (45, 50), (33, 65), (57, 65)), 0.99)
MS = {7: "<= 0.2 ms", 1_680: "<= 2 ms", 100_000: "<= 2 ms"}


def measure() -> list[Row]:
    """Each size, exactly and, where it pays, by its index."""
    return [row for people, each in SIZES for row in rows(people, each)]


def rows(people: int, each: int) -> list[Row]:
    """The figures of one size."""
    n, size = people * each, f"{people:,} people, {people * each:,} photos"
    with new_folder() as place:
        folder = place / "bundle"
        built = child("build", folder, people, each)
        exact = child("exact", folder, people, each)
        asked = child("index", folder, people, each) if n >= indexes.PAYS_FROM else exact
    largest = people == SIZES[-1][0]
    found = [
        Row(f"{size}: a face", f"{asked['ms']:.2f} ms ({asked['work']:.2f} of the processor)", MS.get(people, "")),
        Row(f"{size}: opening the bundle", f"{asked['opening']:.2f} s", "<= 2 s" if largest else ""),
        Row(f"{size}: peak memory", f"{asked['megabytes']:,.0f} MB", "<= 1,200 MB" if largest else ""),
    ]
    if n < indexes.PAYS_FROM:
        return found
    same = np.mean(np.array(asked["people"]) == exact["people"])
    right = [np.mean(np.array(one["people"]) == one["truth"]) for one in (asked, exact)]
    return [
        *found,
        Row(f"{size}: a face, exact", f"{exact['ms']:.2f} ms"),
        Row(f"{size}: peak memory, exact", f"{exact['megabytes']:,.0f} MB"),
        Row(f"{size}: the exact answer's person by the index, of {FACES:,} faces", f"{same:.3f}", ">= 0.998"),
        Row(f"{size}: the right person comes first, by the index and exactly", f"{right[0]:.3f}, {right[1]:.3f}"),
        Row(f"{size}: recall that the index states, cells looked at", f"{built['recall']:.4f}, {built['probes']:.0f}"),
        Row(f"{size}: building the index", f"{built['building']:.1f} s", "<= 60 s" if largest else ""),
        Row(f"{size}: gallery and index on disk", f"{built['gallery']:,.0f} and {built['index']:,.0f} MB"),
    ]


def child(*arguments: object) -> dict[str, float]:
    """Do one part in a process of its own, so that its memory is its own."""
    command = [sys.executable, "-m", "benchmarks.large_gallery", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def build(folder: Path, people: int, each: int) -> dict[str, float]:
    """Draw a gallery and save it as a bundle."""
    chance = np.random.default_rng(0)
    labels = np.repeat(np.arange(people), each)
    vectors = points(people)[labels]
    for start in range(0, len(labels), 50_000):
        rows = vectors[start : start + 50_000]
        rows += SCATTER / np.sqrt(DIMENSIONS) * chance.standard_normal(rows.shape, np.float32)
    names = tuple(f"person_{number:06}" for number in range(people))
    photos = tuple(EnrolledPhoto(f"{names[label]}/{row:07}.jpg", f"{row:064x}") for row, label in enumerate(labels.tolist()))
    gallery = Gallery(names, vectors, labels, photos)
    begin = time.perf_counter()
    index = indexes.index_of(gallery.vectors, gallery.labels)
    building = time.perf_counter() - begin
    opened = open_reader("mtcnn")
    faces = FaceFacts.with_template(
        opened.reader.template,
        detector="mtcnn",
        detector_files=tuple(opened.detector_files),
        embedder=DLIB.name,
        dimensions=DIMENSIONS,
        head="trimmed-mean",
        n_enrolled=len(photos),
    )
    threshold = DistanceThreshold(value=0.5, how="Drawn.")
    seen = DataFacts.of("drawn", {"train": [f"{row:016x}" for row in range(len(photos))]})
    facts = BundleFacts(kind=KIND, network=DLIB.name, labels=names, faces=faces, threshold=threshold, temperature=0.4, data=seen)
    np.save(folder.with_name("faces.npy"), faces_of(people))
    save_bundle(folder, facts, graph=opened.graph, more=bundle_files(gallery, opened.detector_files, index))
    sizes = {name: file.bytes / 1e6 for name, file in open_bundle(folder).manifest.files.items()}
    told = {"recall": index.recall, "probes": index.probes} if index else {}
    return {"building": building, "gallery": sizes["gallery.safetensors"], "index": sizes.get(indexes.FILE, 0.0), **told}


def ask(folder: Path, people: int) -> dict[str, object]:
    """Open the bundle, and name faces one by one."""
    truth, faces = np.random.default_rng(1).integers(people, size=FACES), np.load(folder.with_name("faces.npy"))
    begin = time.perf_counter()
    recogniser = FaceRecogniser.open(open_bundle(folder))
    opening = time.perf_counter() - begin
    for face in faces[:WARM_UP]:
        recogniser.name([FACE], face[None])
    spans, work, found = [], [], []
    for face in faces:
        begin, working = time.perf_counter(), time.thread_time()
        (sighting,) = recogniser.name([FACE], face[None])
        spans.append(time.perf_counter() - begin)
        work.append(time.thread_time() - working)
        found.append(int(next(iter(sighting.probabilities)).removeprefix("person_")))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
    figures = {"ms": 1e3 * statistics.median(spans), "work": 1e3 * statistics.median(work), "opening": opening, "megabytes": peak}
    return {**figures, "people": found, "truth": truth.tolist()}


def faces_of(people: int) -> np.ndarray:
    """Draw a face of each of some people, float32 (`FACES`, `DIMENSIONS`)."""
    chance = np.random.default_rng(1)
    scatter = SCATTER / np.sqrt(DIMENSIONS)
    faces: np.ndarray = points(people)[chance.integers(people, size=FACES)] + np.float32(scatter) * chance.standard_normal(
        (FACES, DIMENSIONS), np.float32
    )
    return faces


def points(people: int) -> np.ndarray:
    """Draw people, float32 (people, `DIMENSIONS`)."""
    drawn = np.random.default_rng(2).standard_normal((people, DIMENSIONS), np.float32)
    drawn *= APART / np.sqrt(2) / np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


def main() -> None:
    """Do what `child` asks for."""
    part, folder, people, each = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    if part == "build":
        print(json.dumps(build(folder, people, each)))
    elif part == "index":
        print(json.dumps(ask(folder, people)))
    else:
        with mock.patch.object(indexes, "available", return_value=False):
            print(json.dumps(ask(folder, people)))


if __name__ == "__main__":
    main()
