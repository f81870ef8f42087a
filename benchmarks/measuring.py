"""What every benchmark shares: rows of a table, medians of whole processes, the machine in words."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SHARED = Path(os.environ.get("WHOSTHAT_SHARED", Path(__file__).resolve().parents[2] / "shared"))
WHOSTHAT = [sys.executable, "-m", "whosthat"]


@dataclass(frozen=True)
class Row:
    """One measured figure: what it is, what came out, what it should reach (empty: none was set)."""

    what: str
    figure: str
    target: str = ""


@contextmanager
def new_folder() -> Iterator[Path]:
    """An empty folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def machine() -> str:
    """The machine in words: processor, cores, system, Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


def median_seconds(action: Callable[[], object], *, times: int = 5, warm_up: int = 1) -> float:
    """Median wall seconds of ``action`` over ``times`` runs after ``warm_up`` uncounted ones."""
    for _ in range(warm_up):
        action()
    spans = []
    for _ in range(times):
        begin = time.perf_counter()
        action()
        spans.append(time.perf_counter() - begin)
    return statistics.median(spans)


def process(arguments: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run whosthat as a whole process; fails loudly."""
    return subprocess.run([*WHOSTHAT, *map(str, arguments)], capture_output=True, text=True, check=True)


@dataclass(frozen=True)
class Cost:
    """What a whole process took: wall seconds, and the most resident memory it held in megabytes."""

    seconds: float
    megabytes: float


def cost_of(arguments: Sequence[str | Path]) -> Cost:
    """Run whosthat as a whole process below a small one, which asks the system for the most memory that its child held."""
    command = [*WHOSTHAT, *map(str, arguments)]
    measured = (
        f"import resource, subprocess, time; begin = time.perf_counter(); subprocess.run({command!r}, check=True, capture_output=True); "
        "print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run([sys.executable, "-c", measured], capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()
    return Cost(float(seconds), int(peak) / (1e6 if sys.platform == "darwin" else 1e3))


def resident(process_id: int) -> float:
    """Megabytes of memory that a process holds."""
    return int(Path(f"/proc/{process_id}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def first_line_seconds(arguments: Sequence[str | Path]) -> float:
    """Wall seconds from the start of a whosthat process to its first line on standard error; then it is ended."""
    begin = time.perf_counter()
    with subprocess.Popen([*WHOSTHAT, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        running.stderr.readline()
        span = time.perf_counter() - begin
        running.kill()
    return span
