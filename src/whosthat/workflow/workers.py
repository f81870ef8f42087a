"""Several trainings at once: processes that each go on with one run after the other, and tell this one what comes of it.

What belongs here: how many there may be, and talking to them. What does not: what a run is (`train`), which runs there are (`series`).

A process gets lines of JSON, each a call of `train.resume`, and answers with lines: what it says on the way, then what came of it. It stops
with a checkpoint when its input ends, and so it does when the process that started it is killed. Each has as many threads as a training
alone, since the bits depend on them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, TypeVar

from whosthat import errors
from whosthat.cluster import Cluster, refuse_other_versions, versions
from whosthat.errors import TrainingError, TrainingInterruptedError, UsageError, WhosthatError
from whosthat.networks import registry
from whosthat.networks.backend import usable_cores
from whosthat.networks.ends import keeping_backbones
from whosthat.progress import SILENT, Progress
from whosthat.runs.files import RECIPE
from whosthat.runs.lock import listening
from whosthat.training.recipe import AnyRecipe
from whosthat.training.recipe_base import FaceRecipe
from whosthat.training.search import hopeless
from whosthat.translation import _
from whosthat.workflow.cluster_faces import refuse_unseen

Result = TypeVar("Result")

MOST = 4
"""More at once were not tried."""

CORES_OF_A_NETWORK = 2
"""A network that learns as a whole keeps two cores busy: two at once gained nothing on two. A head on stored features keeps one busy."""

BYTES_OF_A_TRAINING = 3 << 29
"""What a training takes at its peak, 1.5 GiB; all together get half of the computer's memory."""

_HEARD_EVERY = 0.2  # seconds in which a wish to stop is heard


def at_once(recipes: Sequence[AnyRecipe]) -> int:
    """Return how many of these trainings may run at once on this computer, at least 1."""
    networks = [recipe for recipe in recipes if not isinstance(recipe, FaceRecipe)]
    if len(networks) < len(recipes) or any(registry.is_custom(recipe.model) for recipe in networks):
        return 1  # faces take seconds, on all cores; another process does not know networks of the user's own
    cores = usable_cores() // (1 if _are_heads(recipes) else CORES_OF_A_NETWORK)
    return max(1, min(len(recipes), MOST, cores, _memory() // 2 // BYTES_OF_A_TRAINING))


def _are_heads(recipes: Sequence[AnyRecipe]) -> bool:
    """Whether all train a head on stored features, and nothing else."""
    return all(not isinstance(one, FaceRecipe) and one.transfer.enabled and not one.transfer.fine_tune_epochs for one in recipes)


def _memory() -> int:
    """Bytes of memory of this computer; where they are not told, as much as most have."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows
        return 8 << 30


class Workers:
    """Processes that train; a context manager, which ends them and waits until they have saved what they were at."""

    def __init__(self, n: int) -> None:
        self.n = n
        self._threads = ThreadPoolExecutor(n)  # each talks to a process of its own
        self._own = threading.local()
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            with contextlib.suppress(OSError):  # it is gone already
                process.stdin.close()  # type: ignore[union-attr]
        self._threads.shutdown()
        for process in self._processes:
            process.stdout.close()  # type: ignore[union-attr]
            process.wait()

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Call a function in a thread that has a process of its own, in which its calls of `resume` are carried out."""
        return self._threads.submit(work)

    def resume(self, run: Path, *, features: Path, tested: bool, bars: Sequence[float] = (), progress: Progress = SILENT) -> None:
        """Go on with a run in the process of this thread, as `train.resume` does; its errors are raised here.

        ``bars`` say when it is given up (`training.search.hopeless`); none are no reason to.

        Raises:
            TrainingError: The process ended by itself.
        """
        process = self._process()
        reply: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):  # a process that has ended says nothing
            process.stdin.write(json.dumps(_job(run, features, tested, bars)) + "\n")  # type: ignore[union-attr]
            process.stdin.flush()  # type: ignore[union-attr]
            for line in process.stdout:  # type: ignore[union-attr]
                reply = json.loads(line)
                if "step" not in reply:
                    break
                getattr(progress, reply["step"])(*reply["values"])
        if "error" not in reply:
            raise TrainingError(
                _(
                    "The process that trained {run} ended by itself (exit status {status}); perhaps memory ran out. Go on with: whosthat "
                    "train --resume {run}",
                    run=run,
                    status=process.wait(),
                )
            )
        _raise(reply["error"])

    def _process(self) -> subprocess.Popen[str]:
        process: subprocess.Popen[str] | None = getattr(self._own, "process", None)
        if process is None or process.poll() is not None:
            # Ctrl-C is for this process alone, which then ends the others' input. -P: no module of the current folder is imported.
            new_group = 0x200  # CREATE_NEW_PROCESS_GROUP, which subprocess has on Windows alone
            in_own_group: dict[str, Any] = {"start_new_session": True} if os.name == "posix" else {"creationflags": new_group}
            command = [sys.executable, "-P", "-m", __name__]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="ascii", **in_own_group)  # noqa: S603  this very program
            self._processes.append(process)
            self._own.process = process
        return process


class ClusterWorkers(Workers):
    """The same on a Ray cluster, whose machines see the photos and the runs in folders of the same paths.

    A run whose worker dies is gone on with elsewhere. Who leaves while runs are trained does not wait: they end with the cluster's job.
    """

    def __init__(self, cluster: Cluster, recipes: Sequence[AnyRecipe]) -> None:
        if any(not isinstance(recipe, FaceRecipe) and registry.is_custom(recipe.model) for recipe in recipes):
            raise UsageError("The machines of a cluster do not know networks of your own. Leave out the engine.")
        self._cluster = cluster
        self._cores = 1 if _are_heads(recipes) else CORES_OF_A_NETWORK
        super().__init__(max(1, min(len(recipes), cluster.cores() // self._cores)))

    def __exit__(self, *_: object) -> None:
        """Forget what was not begun."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def resume(self, run: Path, *, features: Path, tested: bool, bars: Sequence[float] = (), progress: Progress = SILENT) -> None:
        """Go on with a run on some machine."""
        job = _job(run.absolute(), features.absolute(), tested, bars)
        _raise(*self._cluster.in_order(_trained_there, _Trainer(), [job], lambda job: str(job["run"]), self._cores))


@dataclass(frozen=True)
class _Trainer:
    """What a worker of a cluster keeps between two runs, the backbone, and what it must have."""

    versions: Mapping[str, str | None] = field(default_factory=lambda: versions(["keras", "tensorflow", "tensorflow-cpu"]))
    key = "trainer"

    def open(self) -> object:
        refuse_other_versions(self.versions)
        keeping = keeping_backbones()
        keeping.__enter__()  # until the process ends
        return keeping


def _trained_there(job: Mapping[str, Any], _trainer: object) -> dict[str, str] | None:
    refuse_unseen(Path(job["run"]) / RECIPE)
    return _carry_out(job)


def result_of(future: Future[Result]) -> Result:
    """Wait for what a thread returns or raises; TrainingInterruptedError when Ctrl-C or SIGTERM comes."""
    with listening() as stop_request:
        while not wait([future], _HEARD_EVERY).done:
            if stop_request.signal:
                name = signal.Signals(stop_request.signal).name
                raise TrainingInterruptedError(_("Training was stopped by {signal}.", signal=name), stop_request.signal)
    return future.result()


def _raise(error: Mapping[str, str] | None) -> None:
    """Raise what was raised in another process."""
    if error is not None:
        kind = getattr(errors, error["kind"])
        raise TrainingInterruptedError(error["sentence"], signal.SIGINT) if kind is TrainingInterruptedError else kind(error["sentence"])


def _job(run: Path, features: Path, tested: bool, bars: Sequence[float]) -> dict[str, Any]:
    return {"run": str(run), "features": str(features), "tested": tested, "bars": list(bars)}


def _carry_out(job: Mapping[str, Any], progress: Progress = SILENT) -> dict[str, str] | None:
    """Do what `_job` says; return what was raised, if anything."""
    from whosthat.workflow.train import resume

    try:
        rule = partial(hopeless, job["bars"]) if job["bars"] else None
        resume(Path(job["run"]), features=Path(job["features"]), tested=job["tested"], hopeless=rule, progress=progress)
    except WhosthatError as raised:
        return {"kind": type(raised).__name__, "sentence": str(raised)}
    return None


class Told:
    """The progress of a process: everything becomes a line."""

    def __init__(self, lines: IO[str]) -> None:
        self._lines = lines

    def __getattr__(self, step: str) -> Callable[..., None]:
        return lambda *values: self.answer({"step": step, "values": values})

    def answer(self, line: Mapping[str, object]) -> None:
        """Write one line."""
        self._lines.write(json.dumps(line) + "\n")
        self._lines.flush()


def _serve() -> None:
    """Carry out what standard input says, until it ends."""
    told = Told(os.fdopen(os.dup(1), "w", encoding="ascii"))
    os.dup2(2, 1)  # whatever libraries print is no answer
    waiting: SimpleQueue[str] = SimpleQueue()
    busy = threading.Event()

    def listen() -> None:
        for line in sys.stdin:
            busy.set()
            waiting.put(line)
        if busy.is_set():
            signal.raise_signal(signal.SIGINT)
        waiting.put("")

    threading.Thread(target=listen, daemon=True).start()
    while line := waiting.get():
        error = _carry_out(json.loads(line), told)
        busy.clear()
        told.answer({"error": error})


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt), keeping_backbones():
        _serve()
