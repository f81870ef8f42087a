"""Finding and embedding faces on a Ray cluster of this computer's cores, beside the threads of one process.

5,000 drawn photos of 240 x 240 pixels, every file with other bytes (500 pictures, saved ten times each): every face is found
by MTCNN and embedded, and nothing is remembered, as in `whosthat predict` of a folder. Each run is a process of its own; its time
counts from a warm reader and a cluster that has started (a row of its own) to the last face. The ways take turns. One
worker and two look at a fifth of the photos.

Seconds on the wall depend on who else uses the machine; processor seconds, of all processes of a run together, less so: both
stand here. The embeddings of all runs are compared to the bit.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import Row, new_folder
from whosthat.cartoons import HEROES, draw_hero
from whosthat.cluster import Cluster
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import sha256_of
from whosthat.workflow.face_photos import open_reader, seen_in_photos

TITLE = "Faces on a Ray cluster"
PHOTOS, PICTURES, SIDE = 5000, 500, 240
TURNS, WARM_UP = 1, 16


@dataclass(frozen=True)
class Run:
    """What one process took, and a digest of all that it found."""

    start: float
    seconds: float
    processor: float
    megabytes: float
    faces: str
    cores_busy: float  # of this computer, by others, while it ran


def measure() -> list[Row]:
    """Threads and two workers on all photos, then one worker and two on a fifth."""
    with new_folder() as folder:
        draw(folder)
        ways = {"threads": (0, PHOTOS), "two workers": (2, PHOTOS), "one, a fifth": (1, PHOTOS // 5), "two, a fifth": (2, PHOTOS // 5)}
        runs: dict[str, list[Run]] = {way: [] for way in ways}
        for _ in range(TURNS):
            for way, (workers, photos) in ways.items():
                runs[way].append(run(folder, workers, photos))
                print(f"  {way}: {runs[way][-1]}", flush=True)
    same = len({one.faces for way in ("threads", "two workers") for one in runs[way]}) == 1
    ratio = [two.seconds / one.seconds for one, two in zip(runs["threads"], runs["two workers"], strict=True)]
    processor = [two.processor / one.processor for one, two in zip(runs["threads"], runs["two workers"], strict=True)]
    gain = [one.seconds / two.seconds for one, two in zip(runs["one, a fifth"], runs["two, a fifth"], strict=True)]
    return [
        *(Row(f"{way}: photos/s on the wall, for a processor second", rates(ways[way][1], found)) for way, found in runs.items()),
        Row("cores that others used meanwhile", ", ".join(f"{one.cores_busy:.1f}" for found in runs.values() for one in found)),
        Row("overhead of two workers against threads, wall", ", ".join(f"{100 * (one - 1):+.0f} %" for one in ratio), "<= 15 %"),
        Row("the same, processor seconds", ", ".join(f"{100 * (one - 1):+.0f} %" for one in processor)),
        Row("two workers against one, wall", ", ".join(f"{one:.2f} times" for one in gain), ">= 1.7 times"),
        Row("starting the cluster, once a command", f"{statistics.median(one.start for one in runs['two workers']):.1f} s"),
        Row(
            "largest process: threads, any of Ray",
            " and ".join(f"{max(one.megabytes for one in runs[way]):.0f} MB" for way in ("threads", "two workers")),
        ),
        Row("faces of threads and workers, to the bit", "the same" if same else "DIFFERENT", "the same"),
    ]


def rates(photos: int, runs: list[Run]) -> str:
    """Rates of the runs of one way."""
    photos -= WARM_UP
    return "; ".join(f"{photos / one.seconds:.1f}, {photos / one.processor:.1f}" for one in runs)


def draw(folder: Path) -> None:
    """Draw the pictures, and save each under as many names as it takes; JPEG readers stop before the bytes that differ."""
    for number in range(PICTURES):
        first = folder / f"{number:05}.jpg"
        save_image(draw_hero(HEROES[number % len(HEROES)], number, SIDE), first)
        content = first.read_bytes()
        for copy in range(1, PHOTOS // PICTURES):
            (folder / f"{number + copy * PICTURES:05}.jpg").write_bytes(content + copy.to_bytes(4, "big"))


def run(folder: Path, workers: int, photos: int) -> Run:
    """Run `job` in a process of its own, and count what it and all below it took."""
    before, busy, began = resource.getrusage(resource.RUSAGE_CHILDREN), _busy(), time.perf_counter()
    with new_folder() as cache:
        command = [sys.executable, "-m", "benchmarks.ray_engine", str(folder), str(workers), str(photos)]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | {"WHOSTHAT_CACHE": str(cache)})
    elapsed, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout.splitlines()[-1])
    waited_for = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    own = max(waited_for, told["processor"])  # nobody waits for Ray's processes
    return Run(told["start"], told["seconds"], told["processor"], told["megabytes"], told["faces"], (_busy() - busy - own) / elapsed)


def job(folder: Path, workers: int, photos: int) -> dict[str, object]:
    """Look at so many photos, in threads (no workers) or on a cluster of so many cores."""
    paths = {sha256_of(path): path for path in sorted(folder.iterdir())[:photos]}
    began = time.perf_counter()
    cluster = Cluster(cores=workers) if workers else None
    reader = open_reader("mtcnn", cluster=cluster).reader
    few = dict(list(paths.items())[:WARM_UP])
    seen_in_photos(few, reader, what="")
    start = time.perf_counter() - began
    busy, began = _own(), time.perf_counter()
    found = seen_in_photos({digest: path for digest, path in paths.items() if digest not in few}, reader, what="")
    seconds, processor, megabytes = time.perf_counter() - began, _own() - busy, _peak()
    if cluster is not None:
        cluster.close()
    faces = hashlib.sha256(b"".join(found[digest].vectors.tobytes() for digest in sorted(found))).hexdigest()
    return {"start": start, "seconds": seconds, "processor": processor, "megabytes": megabytes, "faces": faces}


def _busy() -> float:
    """Processor seconds that this computer has spent, on anything."""
    user, nice, system = Path("/proc/stat").read_text().splitlines()[0].split()[1:4]
    return (int(user) + int(nice) + int(system)) / os.sysconf("SC_CLK_TCK")


def _family() -> list[Path]:
    """This process and all below it, in /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return [Path("/proc") / str(pid) for pid in family]


def _own() -> float:
    """Processor seconds of this process and all below it."""
    ticks = 0
    for process in _family():
        try:
            ticks += sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:15]))
        except OSError:
            continue
    return ticks / os.sysconf("SC_CLK_TCK")


def _peak() -> float:
    """The most memory that one process of the family held, in megabytes."""
    peaks = []
    for process in _family():
        try:
            lines = (process / "status").read_text().splitlines()
        except OSError:
            continue
        peaks += [int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")]
    return max(peaks)


if __name__ == "__main__":
    print(json.dumps(job(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))))
