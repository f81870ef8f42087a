"""Kill whosthat at random moments of its work on a library, and compare what becomes of it with a library that was left alone.

    python -m benchmarks.killing library LIBRARY scan ...    what ``whosthat library LIBRARY scan ...`` does, telling where it is

A process tells where it is by a line for each step that it enters or leaves. Half of the moments are drawn evenly from the time behind the
start of a command that is left alone: most of them fall where it takes longest. The others are drawn from the time of that step which was
hit least so far, so that the short ones, in which the library is written, are hit as well; in the one that is meant the process waits until
it is being watched.
"""

from __future__ import annotations

import functools
import importlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measuring import Row
from whosthat.cartoons import HEROES, draw_hero
from whosthat.library.store import FILE
from whosthat.photos.drawing import save_image

STARTING = "starting, and between steps"
LIBRARY, BUNDLE = "LIBRARY", "BUNDLE"
"""In a command, the library and the recogniser of a side."""

FORGOTTEN = "kid_kettle"
NOBODY = 2
"""What ``forget`` ends with where a killed one had deleted the rows."""

BATCH = 8
"""Photos that a killed scan takes at once, instead of 128: so few photos are many changes of the library."""

_CHANGING = "writing the library"
_STEPS = {
    "walking": ("workflow.library.scanning", "_Scanner._walk"),
    "reading": ("workflow.library.scan_batches", "Batches._take"),
    "finding faces": ("workflow.library.scan_batches", "Batches._seen"),
    "writing the cache": ("photo_cache", "PhotoCache.write"),
    "settling moves": ("workflow.library.scanning", "_Scanner._drop_moved"),
    "settling edits": ("workflow.library.scanning", "carry_facts"),
    "answering": ("workflow.library.scanning", "_Scanner._answered"),
    "correcting": ("workflow.library.correcting", "_settle"),
    "forgetting": ("workflow.library.forgetting", "forget"),
    "clearing the cache": ("workflow.library.forgetting", "forget_in_cache"),
    "clearing the recogniser": ("workflow.library.forgetting", "_forget_in_bundle"),
    "deleting rows": ("library.erasing", "Erasing.erase"),
    "overwriting pages": ("library.store", "Library.shrink"),
    "closing": ("library.store", "Library.__exit__"),
    _CHANGING: ("library.store", "Library.changing"),
}

_KNOWN = {
    "files": "SELECT name, hex(sha256), problem, missing_since IS NULL, was IS NULL FROM files LEFT JOIN photos ON photos.id = photo",
    "photos": "SELECT hex(sha256), width, height, taken_at FROM photos",
    "looks": "SELECT hex(sha256), reader FROM looks JOIN photos ON photos.id = photo",
    "faces": "SELECT hex(sha256), reader, number, left, top, right, bottom, hex(landmarks), score, sharpness, hex(vector) "
    "FROM faces JOIN photos ON photos.id = photo",
    "answers": "SELECT hex(sha256), number, name, round(confidence, 5), why FROM answers JOIN faces ON faces.id = face "
    "JOIN photos ON photos.id = photo LEFT JOIN people ON people.id = person",
    "people": "SELECT name FROM people",
    "facts": "SELECT DISTINCT hex(sha256), left, top, right, bottom, what, name, how, enrolled FROM facts JOIN photos ON photos.id = photo "
    "LEFT JOIN people ON people.id = person WHERE undone_at IS NULL",
    "forgotten": "SELECT hex(sha256), left, top, right, bottom, hex(mark) FROM forgotten LEFT JOIN photos ON photos.id = photo",
    "settings": "SELECT name, value FROM settings WHERE name IN ('reader', 'networks', 'due', 'forgetting')",
}


class Entered(NamedTuple):
    """A step of a command: how many times it was entered before, when it began and ended, in seconds."""

    step: str
    before: int
    begin: float
    end: float


class _Side:
    """A library, and a recogniser and a cache of its own."""

    def __init__(self, place: Path, bundle: Path) -> None:
        self.library, self.bundle, self.cache = place / "library", place / "recogniser", place / "cache"
        shutil.copytree(bundle, self.bundle)

    def words(self, command: Sequence[str]) -> list[str]:
        """Return a command on this side."""
        return [str({LIBRARY: self.library, BUNDLE: self.bundle}.get(word, word)) for word in command]

    def left_alone(self, command: Sequence[str]) -> list[Entered]:
        """Run a command to its end, and return its steps."""
        steps: list[Entered] = []
        times = Counter[str]()
        with self._started(command) as running:
            now, since = next(_lines(running)), time.perf_counter()
            for line in _lines(running):
                moment = time.perf_counter()
                steps.append(Entered(now, times[now], since, moment))
                times[now] += 1
                now, since = line, moment
        if running.returncode not in (0, NOBODY if "forget" in command else 0):
            raise RuntimeError(f"{command} ended with {running.returncode}")
        return [*steps, Entered(now, times[now], since, time.perf_counter())]

    def killed(self, command: Sequence[str], steps: Sequence[Entered], hit: Counter[str], chance: random.Random) -> str:
        """Run a command whose steps are known, and kill it at a random moment; return the step, or nothing where it was faster."""
        drawn = steps[1]._replace(end=steps[-1].end)
        if chance.random() < 0.5:
            name = min({one.step for one in steps}, key=lambda step: (hit[step], chance.random()))
            drawn = chance.choice([one for one in steps if one.step == name])
        now = STARTING
        with self._started(command, until=f"{drawn.step} {drawn.before}") as running:
            for line in _lines(running):
                if line.startswith("?"):
                    until = time.perf_counter() + chance.uniform(0, drawn.end - drawn.begin)
                    os.write(running.stdin.fileno(), b"!")  # type: ignore[union-attr]
                    while time.perf_counter() < until:
                        time.sleep(max(0, until - time.perf_counter() - 0.001))
                    running.kill()
                else:
                    now = line
        return now if running.returncode < 0 else ""

    def _started(self, command: Sequence[str], until: str = "") -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "benchmarks.killing", until, *self.words(command)]
        place = {**os.environ, "WHOSTHAT_CACHE": str(self.cache)}
        return subprocess.Popen(words, env=place, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)


def kill(folder: Path, bundle: Path, kills: int) -> Iterator[Row]:
    """Kill the commands of a library's life again and again, and compare after each what it holds, and at last what is left of somebody."""
    chance, lives, compared, differing, hits = random.Random(0), 0, 0, 0, 0
    killed = Counter[str]()
    while killed.total() < kills:
        lives += 1
        life = folder / f"life {lives}"
        alone, other = (_Side(life / name, bundle) for name in ("left alone", "killed"))
        for most, command in _life(life / "photos", alone.library):
            needles = _told_of(alone.library, command[-1]) if "forget" in command else []
            steps = alone.left_alone(command)
            for _ in range(min(most, kills - killed.total())):
                step = other.killed(command, steps, killed, chance)
                killed[step] += bool(step)
                if not step:
                    break
            else:
                other.left_alone(command)
            compared += 1
            differing += known_of(alone.library) != known_of(other.library)
            hits += _hits(needles, life / "killed")
        shutil.rmtree(life)
    figure = f"{differing} of {compared} states differ, in {lives} lives; {hits} hits of who was forgotten"
    yield Row(f"killed {killed.total()} times at random moments", figure, "0 differ, 0 hits")
    yield Row("steps in which they were killed", ", ".join(f"{step} {n}" for step, n in killed.most_common() if n))


def _life(photos: Path, library: Path) -> Iterator[tuple[int, Sequence[str]]]:
    """Yield the commands of a library's life, and how many times each is to be killed; between them the photos change."""
    for number in range(40):
        draw_people(photos / str(number % 7) / f"{number}.png", number, 2 + number % 2, 160)
    yield 8, ("library", LIBRARY, "scan", str(photos), "--bundle", BUNDLE)
    shown = _photos_with_faces(library)
    for number, photo in enumerate(shown[:2]):
        yield 1, ("correct", LIBRARY, str(photo), "--face", "1", "--is", ("Bartholomew", FORGOTTEN)[number])
    shown[0].write_bytes(shown[0].read_bytes() + b"edited")
    (photos / "0").rename(photos / "moved")
    shown[-1].rename(photos / "renamed.png")
    shown[-2].unlink()
    for number in range(100, 112):
        draw_people(photos / "new" / f"{number}.png", number, 2 + number % 2, 160)
    yield 6, ("library", LIBRARY, "scan")
    yield 8, ("library", LIBRARY, "forget", FORGOTTEN)
    draw_people(photos / "last.png", 200, 3, 160)
    yield 4, ("library", LIBRARY, "scan")


def draw_people(path: Path, number: int, people: int, side: int) -> Path:
    """Draw people side by side."""
    path.parent.mkdir(parents=True, exist_ok=True)
    heroes = [draw_hero(HEROES[(number + at) % len(HEROES)], number, side) for at in range(people)]
    save_image(np.concatenate(heroes, axis=1), path)
    return path


def known_of(library: Path) -> dict[str, list[Any]]:
    """Return all that a library says, whatever the numbers of its rows, and when it was said; RuntimeError where it is damaged.

    A confidence is float32, and its seventh digit depends on how many faces were answered at once.
    """
    with closing(sqlite3.connect(library / FILE)) as connection:
        damage = connection.execute("PRAGMA integrity_check").fetchall() + connection.execute("PRAGMA foreign_key_check").fetchall()
        if damage != [("ok",)]:
            raise RuntimeError(f"{library}: {damage}")
        return {table: sorted(connection.execute(select).fetchall(), key=repr) for table, select in _KNOWN.items()}


def _photos_with_faces(library: Path) -> list[Path]:
    with closing(sqlite3.connect(library / FILE)) as connection:
        select = "SELECT path, name FROM files JOIN roots ON roots.id = root WHERE photo IN (SELECT photo FROM faces) ORDER BY name"
        return [Path(os.fsdecode(path), os.fsdecode(name)) for path, name in connection.execute(select)]


def _told_of(library: Path, person: str) -> list[bytes]:
    """Return what must not be left of somebody: name and embeddings."""
    with closing(sqlite3.connect(library / FILE)) as connection:
        select = "SELECT vector FROM faces JOIN answers ON face = faces.id JOIN people ON people.id = person WHERE people.name = ?"
        return [person.encode(), *(vector for (vector,) in connection.execute(select, (person,)))]


def _hits(needles: Sequence[bytes], side: Path) -> int:
    """Count in how many files of a library, its recogniser and its cache something is found."""
    receipts = (f"forgotten {FORGOTTEN}", f"removed {FORGOTTEN}")
    contents = [path.read_bytes() for path in side.rglob("*") if path.is_file() and not path.name.startswith(receipts)]
    return sum(needle in content for needle in needles for content in contents)


def _lines(running: subprocess.Popen[bytes]) -> Iterator[str]:
    """Yield what a process tells: the step that it has now, or "?" where it waits in the one that was named."""
    for line in running.stdout or ():
        if line.startswith(b"> "):
            yield line[2:].decode().rstrip()


def main() -> int:
    """Be whosthat, and tell each step; wait in one that the first word names, with how many times it was entered before."""
    from whosthat.cli.app import main as whosthat
    from whosthat.workflow.library import scan_batches

    scan_batches.BATCH = BATCH
    inside, times = [STARTING], Counter[str]()
    until, *words = sys.argv[1:]

    @contextmanager
    def telling(step: str) -> Iterator[None]:
        inside.append(step)
        tell()
        try:
            yield
        finally:
            inside.pop()
            tell()

    def tell() -> None:
        now = inside[-1]
        os.write(1, f"> {now}\n".encode())
        if until == f"{now} {times[now]}":
            os.write(1, b"> ?\n")
            os.read(0, 1)
        times[now] += 1

    def told(does: Callable[..., Any], step: str) -> Callable[..., Any]:
        @contextmanager
        def block(*values: Any) -> Iterator[Any]:
            with telling(step), does(*values) as value:
                yield value

        return block if step == _CHANGING else telling(step)(does)

    for step, (module, path) in _STEPS.items():
        *owners, name = path.split(".")
        owner = functools.reduce(getattr, owners, importlib.import_module(f"whosthat.{module}"))
        setattr(owner, name, told(getattr(owner, name), step))
    tell()
    return whosthat(words)


if __name__ == "__main__":
    raise SystemExit(main())
