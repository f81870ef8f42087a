"""One call of the workflow in a process of its own, for a surface that must go on answering meanwhile and may stop it at any moment.

What belongs here: the calls that can be made so, and what goes over the pipes. What does not: starting the process and keeping what it
tells (a surface does, in its own way of waiting), the calls themselves.

The process gets one line of JSON, ``{"call": NAME, "arguments": {...}}``, and answers with lines:

    {"step": "say" | "step" | "result" | "table", "values": [...]}   what a `progress.Progress` hears
    {"run": NAME}                                                    the run in which it trains, as soon as that is known
    {"epoch": {...}}                                                 a row of the run's history.csv, and ``of``, the most epochs
    {"end": "done" | "stopped" | "failed", "message": ..., "result": {...}}

When its input ends it stops as after Ctrl-C, with a checkpoint where there is one to write. So it does when its parent is killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from whosthat.errors import PhotoError, TrainingInterruptedError, WhosthatError, system_reason
from whosthat.progress import Progress
from whosthat.runs.files import HISTORY, RECIPE
from whosthat.translation import _
from whosthat.wording import closed_up
from whosthat.workflow.workers import Told

COMMAND = (sys.executable, "-P", "-m", __name__)
"""How the process is started; -P: no module of the current folder is imported."""

NICENESS = 5
"""The process gives way to the one that answers people."""

LOOKED_EVERY = 0.5
"""Seconds between two looks for the run in which this process trains."""


def _check(progress: Progress, photos: str) -> dict[str, Any]:
    from whosthat.workflow.check import check
    from whosthat.workflow.setting_aside import doubtful_photos

    checkup = check(photos, progress=progress)
    return {"checkup": checkup.to_dict(), "doubtful": doubtful_photos(checkup)}


def _train(
    progress: Progress, photos: str, runs: str, model: str | None = None, strangers: str | None = None, **settings: Any
) -> dict[str, Any]:
    from whosthat.workflow.train import train

    return _summary(train(photos, model, runs=runs, strangers=strangers, progress=progress, **settings))


def _resume(progress: Progress, run: str) -> dict[str, Any]:
    from whosthat.workflow.train import resume

    return _summary(resume(run, progress=progress))


def _video(
    progress: Progress, bundle: str, video: str, draw: str, every: int | None = None, threshold: float | None = None
) -> dict[str, Any]:
    from whosthat.workflow.loading import load
    from whosthat.workflow.predict_video import EVERY, predict_video
    from whosthat.workflow.prediction import Prediction, to_dict

    recogniser, path, folder = load(bundle), Path(video), Path(draw)
    if threshold is not None:
        recogniser.threshold = threshold
    folder.mkdir(parents=True, exist_ok=True)
    try:  # the page shows pictures alone
        seen = predict_video(recogniser, path, every=every or recogniser.every or EVERY, draw=folder, whole=False, progress=progress)
    except PhotoError as error:
        return to_dict(Prediction(path, error=error.reason))
    return to_dict(Prediction(path, video=seen))


def _discover(progress: Progress, photos: str, bundle: str | None = None, without: Sequence[str] = ()) -> dict[str, Any]:
    """Find the faces, which the cache then knows, and count them."""
    from whosthat.workflow.discover import discover

    found = discover(photos, bundle=bundle, without=[Path(one) for one in without], progress=progress)
    return {"photos": found.photos, "faces": len(found.faces), "unreadable": len(found.unreadable)}


def _learn(progress: Progress, library: str) -> dict[str, Any]:
    """Let a library's own recogniser learn from the names, and answer again."""
    from whosthat.library.store import Library
    from whosthat.workflow.library.groups import change_groups

    with Library(library) as opened:
        named = change_groups(opened, lambda found: found, learns=True)
    return {"sentence": " ".join(named.notes)}


def _scan(progress: Progress, library: str, photos: Sequence[str] = (), without: Sequence[str] = ()) -> dict[str, Any]:
    """Bring a library up to date; say what was found, and which files cannot be read."""
    from whosthat.workflow.library.scanning import scan
    from whosthat.workflow.library.words import scan_sentences

    found = scan(library, photos, without=[Path(one) for one in without], progress=progress)
    unreadable = [{"photo": str(one.path), "reason": _(one.reason)} for one in found.unreadable]
    crowds = (_("{path}: {problem}", path=one.path.name, problem=one.reason) for one in found.crowded)
    return {"sentence": closed_up(" ".join([*scan_sentences(found), *crowds])), "unreadable": unreadable}


CALLS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "check": _check,
    "train": _train,
    "resume": _resume,
    "video": _video,
    "discover": _discover,
    "learn": _learn,
    "scan": _scan,
}
"""What can be called, by name; each takes a progress and keywords, and returns what can be written as JSON."""


def _summary(result: Any) -> dict[str, Any]:
    from whosthat.evaluation.verdict import judge

    evaluation = result.evaluation
    return {
        "run": result.run.name,
        "sentence": judge(evaluation).sentence if evaluation is not None else "",
        "accuracy": None if evaluation is None else evaluation.accuracy,
        "notes": list(result.notes),
        "hint": result.hint,
    }


class _Telling(Told):
    """Tells what a progress hears and, of a training, its run and every epoch that is over."""

    def __init__(self, lines: IO[str], runs: Path | None) -> None:
        super().__init__(lines)
        self._run: Path | None = None
        self._runs, self._told, self._looked = runs, 0, 0.0

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        """Tell the step, always with its note."""
        self.answer({"step": "step", "values": (what, done, total, note)})

    def answer(self, line: Mapping[str, object]) -> None:
        """Tell, and look whether that brings a run, or an epoch, to tell of."""
        super().answer(line)
        if self._run is None and self._runs is not None and "step" in line and time.monotonic() - self._looked > LOOKED_EVERY:
            self._looked = time.monotonic()
            for file in self._runs.glob("*/training.pid"):
                if not file.parent.is_symlink() and _is_ours(file):
                    self.tell_run(file.parent)
        if line.get("step") == "result":
            self.tell_epochs()

    def tell_run(self, run: Path) -> None:
        """Tell the run's name, and the epochs that it has behind it."""
        self._run = run
        self.answer({"run": run.name})
        self.tell_epochs()

    def tell_epochs(self) -> None:
        """Tell what history.csv holds and was not told."""
        if self._run is None or not (self._run / HISTORY).is_file():
            return
        import csv

        with (self._run / HISTORY).open(encoding="utf-8", newline="") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        for row in rows[self._told :]:
            self.answer({"epoch": {**row, "epoch": int(row["epoch"]), "of": _most_epochs(self._run)}})
        self._told = len(rows)


def _is_ours(file: Path) -> bool:
    try:
        return file.read_text(encoding="utf-8") == str(os.getpid())
    except OSError:  # it is gone already
        return False


def _most_epochs(run: Path) -> int:
    from whosthat.training.recipe import Recipe, read_recipe

    recipe = read_recipe(run / RECIPE, complete=True)
    return recipe.epochs + (recipe.transfer.fine_tune_epochs if recipe.transfer.enabled else 0) if isinstance(recipe, Recipe) else 0


def _carry_out(job: Mapping[str, Any], told: Progress) -> dict[str, Any]:
    """Do what a line asks for; return how it ended."""
    try:
        result = CALLS[job["call"]](told, **job["arguments"])
        return {"end": "done", "message": result.get("sentence", ""), "result": result}
    except TrainingInterruptedError as stop:
        return {"end": "stopped", "message": str(stop), "result": None}
    except KeyboardInterrupt as stop:
        return {"end": "stopped", "message": " ".join([_("Stopped."), *getattr(stop, "__notes__", ())]), "result": None}
    except WhosthatError as error:
        return {"end": "failed", "message": str(error), "result": None}
    except OSError as error:
        return {"end": "failed", "message": _("The system refused: {reason}.", reason=system_reason(error)), "result": None}
    except MemoryError:
        message = _("There is not enough memory. Close other programs, or train with smaller photos or batches.")
        return {"end": "failed", "message": message, "result": None}


def _serve() -> None:
    """Carry out the call that standard input names, and stop when it ends."""
    lines = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)  # whatever libraries print is no answer
    with suppress(AttributeError, OSError):  # Windows has no niceness
        os.nice(NICENESS)
    job = json.loads(sys.stdin.readline())
    runs = job["arguments"].get("runs")
    told, over = _Telling(lines, None if runs is None else Path(runs)), threading.Event()

    def listen() -> None:
        sys.stdin.read()
        if over.is_set():
            return
        if hasattr(signal, "pthread_kill") and (main := threading.main_thread().ident):
            signal.pthread_kill(main, signal.SIGINT)  # unlike one that is raised here, it wakes a main thread that waits for others
        else:
            signal.raise_signal(signal.SIGINT)

    threading.Thread(target=listen, daemon=True).start()
    if job["call"] == "resume":
        told.tell_run(Path(job["arguments"]["run"]))
    end = _carry_out(job, told)
    over.set()
    told.tell_epochs()
    told.answer(end)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):  # asked to stop when it was done, or before it began
        _serve()
