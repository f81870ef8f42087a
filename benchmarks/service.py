"""The service (`whosthat serve`) on this computer, asked over loopback, beside the library in the same run.

A face recogniser is trained on `avengers`, with MTCNN and dlib's network; 200 of its photos that show one face are asked for, one photo a
request. `predict` and the service take turns at all of them, the library in this process, the service in its own, with nothing remembered.
The clients are part of what is measured: they share the two cores with the service.

Load comes at moments that chance chooses (a Poisson process), at 70 % of the photos per second that the service has just reached. Overload
is 100 clients that together ask ten times as often as it can answer. Every admitted answer is compared with the library's. A slow client
sends a request's head, or its body, one byte every 2 seconds. Memory is what the process holds (RSS), every second while photos are asked
for without a pause; the growth is the slope of the last two thirds. The planted leak keeps 256 bytes of each photo.

The soak takes `WHOSTHAT_SOAK_S` seconds, 600 unless it is set, the one with the leak half of that.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.face_photos import AVENGERS, private_places
from benchmarks.load import Answer, Server, as_fast_as_answered, at_a_rate, drip
from benchmarks.measuring import WHOSTHAT, Row, new_folder, process, resident
from whosthat.recognition import load
from whosthat.workflow.predict import predict

TITLE = "The service"
N_PHOTOS, TURNS, CLIENTS = 200, 7, 16
LOAD_S, OVERLOAD_S = 30.0, 10.0
SOAK_S = float(os.environ.get("WHOSTHAT_SOAK_S", "600"))
LEAKING = """
import sys
from whosthat.cli.app import main
from whosthat.server.service import Service
kept, identify = [], Service.identify
async def leaking(self, name, photos):
    kept.extend(photo[:256] for photo in photos)
    return await identify(self, name, photos)
Service.identify = leaking
main(sys.argv[1:])
"""

Names = list[str | None]


def measure() -> list[Row]:
    """Train, then measure one thing after the other."""
    with private_places("mtcnn") as folder:
        process(["train", AVENGERS, "--model", "faces", "--runs", folder / "runs"])
        return measure_with(folder / "runs" / "latest")


def measure_with(bundle: Path) -> list[Row]:
    """Measure the service of a bundle that knows the people of `avengers`."""
    photos, expected = photos_with_one_face(bundle)
    with serving(bundle) as (server, running):
        requests = [server.request(photo.read_bytes()) for photo in photos]
        rates, rows = throughput(bundle, photos, (server, running), requests, expected)
        rows += latency(server, requests, 0.7 * rates, expected)
        rows += overload(server, requests, 10 * rates, expected)
        rows += slow_clients(server)
    return [*rows, *memory(bundle, photos)]


def photos_with_one_face(bundle: Path) -> tuple[list[Path], list[Names]]:
    """Choose photos in which one face is found, and what the library answers for them."""
    found = list(predict(load(bundle), sorted(AVENGERS.rglob("*.jpg"))[:: 1096 // (2 * N_PHOTOS) or 1]))
    chosen = [one for one in found if len(one.sightings) == 1][:N_PHOTOS]
    return [one.path for one in chosen], [[sighting.name for sighting in one.sightings] for one in chosen]


@contextlib.contextmanager
def serving(bundle: Path, *, leaking: bool = False) -> Iterator[tuple[Server, int]]:
    """Start the service in a process of its own, and give where it listens and its number; end it in peace."""
    command = [sys.executable, "-c", LEAKING] if leaking else WHOSTHAT
    with new_folder() as folder, (folder / "said").open("w+") as said:
        token = folder / "token"
        options = ["serve", str(bundle), "--port", "0", "--token-file", str(token)]
        with subprocess.Popen([*command, *options], stdout=said, stderr=said) as running:
            try:
                yield Server(_port(running, Path(said.name)), token.read_text().strip()), running.pid
            finally:
                running.terminate()
                running.wait(60)


def _port(running: subprocess.Popen[bytes], said: Path) -> int:
    """Wait until the service says where it listens."""
    end = time.monotonic() + 60
    while time.monotonic() < end and running.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text()):
            return int(found[1])
        time.sleep(0.05)
    raise RuntimeError(f"the service did not start: {said.read_text()}")


def throughput(
    bundle: Path, photos: Sequence[Path], service: tuple[Server, int], requests: Sequence[bytes], expected: Sequence[Names]
) -> tuple[float, list[Row]]:
    """Let library and service take turns; return photos per second of the service, and the rows."""
    (server, running), recogniser = service, load(bundle)
    ours, theirs, shares, spent, library_spent = [], [], [], [], []
    asyncio.run(as_fast_as_answered(server, requests[:20], CLIENTS))  # warms up
    list(predict(recogniser, photos[:20]))
    right = 0
    for _ in range(TURNS):
        begin, cpu = time.perf_counter(), time.process_time()
        list(predict(recogniser, photos))
        theirs.append(len(photos) / (time.perf_counter() - begin))
        library_spent.append(1000 * (time.process_time() - cpu) / len(photos))
        begin, cpu = time.perf_counter(), time.process_time() + _processor_seconds(running)
        answers = asyncio.run(as_fast_as_answered(server, requests, CLIENTS))
        ours.append(len(photos) / (time.perf_counter() - begin))
        spent.append(1000 * (time.process_time() + _processor_seconds(running) - cpu) / len(photos))
        shares.append(ours[-1] / theirs[-1])
        right += count_right(answers, expected)
    rate = statistics.median(ours)
    return rate, [
        Row("the library, `predict`", f"{statistics.median(theirs):.1f} photos/s"),
        Row(f"the service, {CLIENTS} clients", f"{rate:.1f} photos/s, {right} of {TURNS * len(photos)} answers as the library's", "all"),
        Row("share of the library's photos per second", f"{statistics.median(shares):.2f} (turns: {_listed(shares)})", ">= 0.85"),
        Row(
            "processor time a photo",
            f"library {statistics.median(library_spent):.1f} ms, service and clients {statistics.median(spent):.1f} ms "
            f"({statistics.median(library_spent) / statistics.median(spent):.2f})",
        ),
    ]


def latency(server: Server, requests: Sequence[bytes], rate: float, expected: Sequence[Names]) -> list[Row]:
    """Ask at 70 % of what the service can answer."""
    answers = asyncio.run(at_a_rate(server, requests, rate, LOAD_S))
    p50, p99 = np.percentile([answer.seconds for answer in answers], [50, 99])
    right = count_right(answers, expected)
    return [
        Row(
            f"70 % load, {rate:.1f} photos/s",
            f"p50 {1000 * p50:.0f} ms, p99 {1000 * p99:.0f} ms, p99 / p50 {p99 / p50:.1f}; {right} of {len(answers)} right",
            "p99 <= 3 x p50",
        )
    ]


def overload(server: Server, requests: Sequence[bytes], rate: float, expected: Sequence[Names]) -> list[Row]:
    """Let 100 clients ask ten times as often as the service can answer."""
    answers = asyncio.run(at_a_rate(server, requests, rate, OVERLOAD_S, clients=100))
    by_status = {status: [answer for answer in answers if answer.status == status] for status in {answer.status for answer in answers}}
    refused, admitted, lost = (by_status.get(status, []) for status in (429, 200, 0))
    others = sorted(set(by_status) - {0, 200, 429})
    spans = np.array([answer.seconds for answer in refused] or [np.nan]) * 1000
    said = sum(bool(answer.retry_after) for answer in refused)
    return [
        Row(
            f"100 clients, ten times the capacity, {len(answers) / OVERLOAD_S:.0f} requests/s: refused",
            f"{len(refused)} (429, {said} with Retry-After), p50 {np.median(spans):.0f} ms, p99 {np.percentile(spans, 99):.0f} ms, "
            f"slowest {spans.max():.0f} ms",
            "within 100 ms",
        ),
        Row(
            "admitted",
            f"{len(admitted)}, {count_right(admitted, expected)} right; {len(lost)} lost" + (f"; also {others}" if others else ""),
            "all right, none lost",
        ),
    ]


def slow_clients(server: Server) -> list[Row]:
    """Send one byte every 2 seconds."""
    head, body = (asyncio.run(drip(server, body=part)) for part in (False, True))
    return [Row("one byte every 2 s: closed after", f"{head:.1f} s (head), {body:.1f} s (body)", "within 10 s")]


def memory(bundle: Path, photos: Sequence[Path]) -> list[Row]:
    """Let a fresh service run, and one that leaks."""
    rows = []
    for leaking, seconds, target in ((False, SOAK_S, "at most 5 MB an hour"), (True, SOAK_S / 2, "more than 5 MB an hour")):
        with serving(bundle, leaking=leaking) as (server, running):
            requests = [server.request(photo.read_bytes()) for photo in photos]
            what = f"memory over {seconds:.0f} s" + " with the planted leak" * leaking
            rows.append(Row(what, soaked(server, running, requests, seconds), target))
    return rows


def soaked(server: Server, running: int, requests: Sequence[bytes], seconds: float) -> str:
    """Ask for photos without a pause, and say how the memory of the process grew."""

    async def soak() -> tuple[list[tuple[float, float]], list[Answer]]:
        asking = asyncio.create_task(as_fast_as_answered(server, requests, 2, seconds))
        begin, samples = time.perf_counter(), []
        while not asking.done():
            samples.append((time.perf_counter() - begin, resident(running)))
            await asyncio.wait([asking], timeout=1.0)
        return samples, await asking

    samples, answers = asyncio.run(soak())
    times, megabytes = np.array([sample for sample in samples if sample[0] > seconds / 3]).T
    slope = float(np.polyfit(times, megabytes, 1)[0])
    failed = sum(answer.status != 200 for answer in answers)
    return (
        f"{3600 * slope:+.1f} MB an hour ({megabytes[0]:.1f} to {megabytes[-1]:.1f} MB in {times[-1] - times[0]:.0f} s, "
        f"{len(answers)} photos, {failed} not answered)"
    )


def count_right(answers: Sequence[Answer], expected: Sequence[Names]) -> int:
    """Count the answers that name whom the library names."""
    return sum(answer.status == 200 and _names(answer.body) == expected[answer.number % len(expected)] for answer in answers)


def _names(body: bytes) -> Names:
    return [sighting["name"] for sighting in json.loads(body)["photos"][0]["sightings"]]


def _processor_seconds(process_id: int) -> float:
    """Seconds that a process has computed."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _listed(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:.2f}" for number in numbers)
