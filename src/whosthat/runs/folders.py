"""Run folders: naming a new one, finding the newest, listing them and setting them side by side.

What belongs here: which runs there are and how they stand. What does not: what a run holds and means (`training`,
`evaluation`). Reading is lenient: a run that is damaged, half done or from another version is listed with what it tells.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from whosthat import durable
from whosthat.errors import BundleError, RunError, UsageError, did_you_mean, system_reason
from whosthat.file_names import safe_name
from whosthat.runs.files import BUNDLE, CHECKPOINTS, ENVIRONMENT, METRICS, NOTE, RECIPE, TRIAL, flat
from whosthat.translation import N_, _

LATEST = "latest"
MAX_FACTS_BYTES = 64 << 20
"""A run's ``metrics.json`` or ``recipe.toml`` larger than this is not read."""

MAX_NOTE = 500
"""So many characters of a note are shown."""

State = Literal["finished", "running", "not tested", "resumable", "broken off"]  # not translated: also for programs
STATES = (N_("finished"), N_("running"), N_("not tested"), N_("resumable"), N_("broken off"))
"""``finished`` has figures; ``running`` is being trained now; ``not tested`` is trained and ``resumable`` is not yet, and both have a
checkpoint to go on from; ``broken off`` ended before its first checkpoint. People see them with `_(state)`."""


@dataclass(frozen=True)
class RunSummary:
    """A run at a glance."""

    path: Path
    state: State
    model: str  # the network's name; empty when the recipe does not tell
    accuracy: float | None  # share of correct test photos, 0 to 1; None before the test
    started: datetime | None  # when its recipe was written, in UTC; None when there is none
    recipe: Mapping[str, object] = field(default_factory=dict, repr=False)  # one dotted key per setting; empty when it cannot be read
    note: str = ""  # what it is for, in its owner's words; empty when nothing was said

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.path.name

    def to_dict(self) -> dict[str, object]:
        """Return plain values, ready for JSON and tables."""
        started = self.started.isoformat(timespec="seconds") if self.started else None
        figures: dict[str, object] = {"run": self.name, "state": self.state, "model": self.model, "accuracy": self.accuracy}
        return figures | {"started": started, "note": self.note}


def new_run(runs: Path, photos_name: str, model: str) -> Path:
    """Make the folder of a new run, ``<photos>-<model>-<n>``; two processes never get the same one.

    ``runs`` is made when it is not there; characters in the photo folder's name that some system does not allow become ``_``.

    Raises:
        RunError: The folder cannot be written.
        UsageError: It is a file.
    """
    _check_folder(runs)
    stem = f"{_plain(photos_name)}-{_plain(model)}"
    try:
        runs.mkdir(parents=True, exist_ok=True)
        taken = [path.name.removeprefix(f"{stem}-") for path in runs.iterdir() if path.name.startswith(f"{stem}-")]
        number = 1 + max((int(text) for text in taken if text.isascii() and text.isdigit() and len(text) < 10), default=0)
        while True:
            run = runs / f"{stem}-{number}"
            with contextlib.suppress(FileExistsError):  # another process took this number just now
                run.mkdir(mode=0o700)
                return run
            number += 1
    except OSError as error:
        raise RunError(
            "No run can be started in {runs}: {error}. Choose a writable folder with --runs.", runs=runs, error=system_reason(error)
        ) from error


def _plain(name: str) -> str:
    """Make a name safe, with nothing in it that a shell reads."""
    return re.sub(r"([^\w-]|_)+", "_", safe_name(name)).strip("_") or "photos"


def set_latest(run: Path) -> None:
    """Let ``latest``, beside the run, point at it: a link, or a text file with its name where links cannot be made.

    Raises:
        RunError: ``latest`` cannot be written, or is a folder that somebody made.
    """
    latest = run.with_name(LATEST)
    temporary = run.with_name(f".{LATEST}-{run.name}")
    try:
        for left in run.parent.glob(f".{LATEST}-*"):  # by killed processes: living ones hold their run
            if left == temporary or not _is_held(run.with_name(left.name.removeprefix(f".{LATEST}-"))):
                left.unlink(missing_ok=True)
        try:
            temporary.symlink_to(run.name, target_is_directory=True)
            temporary.replace(latest)
        except (OSError, NotImplementedError):  # Windows without the privilege, file systems without links
            temporary.unlink(missing_ok=True)
            durable.replace_file(latest, f"{run.name}\n".encode(), temporary=temporary)
    except OSError as error:
        raise RunError(
            "{latest} cannot point to {name}: {error}. Move away what is there.", latest=latest, name=run.name, error=system_reason(error)
        ) from error


def latest(runs: Path) -> Path:
    """Return the newest run.

    Raises:
        UsageError: There is no run, or the one that ``latest`` names is gone.
    """
    pointer = runs / LATEST
    try:
        run = follow_pointer(pointer)
    except BundleError as error:
        raise UsageError(str(error)) from error
    if not run.is_dir():
        gone = (
            _("{pointer} points to a run that does not exist.", pointer=pointer)
            if os.path.lexists(pointer)
            else _("There is no run in {runs} yet.", runs=runs)
        )
        advice = _('Train one with "whosthat train PHOTOS", or give a run\'s folder.')
        raise UsageError("{sentence} {more}", sentence=gone, more=advice)
    return run.resolve() if pointer.is_symlink() else run


def follow_pointer(path: Path) -> Path:
    """Return the run that ``latest`` names where links cannot be made: a text file with the name beside it; any other path unchanged.

    Raises:
        BundleError: The text file holds something else.
    """
    if path.name != LATEST or not path.is_file():
        return path
    with path.open("rb") as file:
        name = file.read(1024).decode("utf-8", "replace").strip()
    if not name or "/" in name or "\\" in name or name in (".", ".."):
        raise BundleError(
            "{path} should hold the name of a run beside it, got {name!r}. Choose the run folder itself.", path=path, name=name[:60]
        )
    return path.with_name(name)


def discard_run(run: Path) -> None:
    """Remove a run in which nothing was trained, and let ``latest`` point at the newest of the others; others stay as they are."""
    if _state(run) != "broken off":  # not translated: a `State`
        return
    shutil.rmtree(run, ignore_errors=True)
    pointer = run.with_name(LATEST)
    if _pointed_at(pointer) != run.name:
        return
    others = list_runs(run.parent)
    if others:
        set_latest(others[-1].path)
    else:
        pointer.unlink(missing_ok=True)


def _pointed_at(pointer: Path) -> str:
    """Name the run at which ``latest`` points, there or not; "" when it is no pointer."""
    try:
        return pointer.readlink().name if pointer.is_symlink() else follow_pointer(pointer).name
    except (OSError, BundleError):
        return ""


def list_runs(runs: Path) -> list[RunSummary]:
    """Return every run of a folder, the oldest first; an empty list when there is none.

    Raises:
        RunError: The folder cannot be read.
        UsageError: It is a file.
    """
    _check_folder(runs)
    if not runs.is_dir():
        return []
    try:
        folders = [path for path in runs.iterdir() if path.is_dir() and not path.is_symlink() and (path / RECIPE).is_file()]
    except OSError as error:
        raise RunError("The runs in {runs} cannot be listed: {error}.", runs=runs, error=system_reason(error)) from error
    long_ago = datetime.min.replace(tzinfo=UTC)
    return sorted(map(summarise, folders), key=lambda run: (run.started or long_ago, run.name))


def answering_runs(runs: Path) -> list[RunSummary]:
    """Return the runs of a folder that hold a saved recogniser, the newest first; errors as for `list_runs`."""
    return [run for run in reversed(list_runs(runs)) if (run.path / BUNDLE).is_dir()]


def has_latest(runs: Path) -> bool:
    """Tell whether a folder has a ``latest``, be it gone what it points at."""
    return os.path.lexists(runs / LATEST)


def summarise(run: Path) -> RunSummary:
    """Return one run at a glance, with whatever can be read of it."""
    recipe = flat(_read(run / RECIPE, tomllib.loads))
    model, started = recipe.get("model"), None
    with contextlib.suppress(OSError):
        started = datetime.fromtimestamp((run / RECIPE).stat().st_mtime, UTC)
    return RunSummary(run, _state(run), model if isinstance(model, str) else "", _accuracy(run), started, recipe, _note(run))


def compare_runs(runs: Sequence[Path]) -> list[dict[str, object]]:
    """Set runs side by side, one row a run, as in a diary of experiments that each change one thing.

    A row holds what `RunSummary.to_dict` says, and then every recipe setting in which the runs differ, by its dotted key (such as
    ``optimiser.learning_rate``), and ``strangers``, their folder, where that differs; None where a run does not have it.

    Raises:
        UsageError: Fewer than two runs, or one that is not there.
    """
    if len(runs) < 2:
        raise UsageError("Comparing needs two or more runs, got {n}.", n=len(runs))
    summaries = [summarise(existing_run(run)) for run in runs]
    settings = [{**one.recipe, "strangers": _read(one.path / ENVIRONMENT, json.loads).get("strangers")} for one in summaries]
    keys = dict.fromkeys(key for each in settings for key in each)
    differing = [key for key in keys if key != "model" and len({repr(each.get(key)) for each in settings}) > 1]
    return [one.to_dict() | {key: each.get(key) for key in differing} for one, each in zip(summaries, settings, strict=True)]


def existing_run(run: Path) -> Path:
    """Return the folder that a path to a run means, ``runs/latest`` included.

    Raises:
        UsageError: There is no such run; the nearest name is suggested.
    """
    if run.name == LATEST:
        return latest(run.parent)
    if not run.is_dir():
        if (listed := run.parent / "runs" / run.name).is_dir():  # the name as "runs list" shows it
            raise UsageError('There is no run {run}. Did you mean "{listed}"?', run=run, listed=listed)
        beside = [summary.name for summary in list_runs(run.parent)]
        advice = did_you_mean(run.name, beside) if beside else _("whosthat runs list names all runs.")
        raise UsageError("There is no run {run}. {advice}", run=run, advice=advice)
    return run


def _check_folder(runs: Path) -> None:
    if runs.exists() and not runs.is_dir():
        raise UsageError("{runs} is a file. Choose the folder that holds the runs.", runs=runs)


def _state(run: Path) -> State:
    if _is_held(run):
        return "running"
    if (run / METRICS).is_file():
        return "finished"
    if not any((run / CHECKPOINTS).glob("step-*/manifest.json")):
        return "broken off"  # not translated: a `State`
    return "not tested" if (run / TRIAL).is_file() else "resumable"  # not translated: a `State`


def _is_held(run: Path) -> bool:
    """Tell whether a process trains this run: it holds ``training.lock`` (`runs.lock`)."""
    if not (run / "training.lock").is_file():
        return False
    try:
        with FileLock(run / "training.lock", timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False  # a run folder that cannot be written is not being trained by anybody


def _read(file: Path, parse: Any) -> dict[str, Any]:
    """Parse a file leniently: what cannot be read is an empty mapping."""
    try:
        if file.stat().st_size > MAX_FACTS_BYTES:
            return {}
        content = parse(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):  # ValueError is also what bad TOML, JSON and UTF-8 raise
        return {}
    return content if isinstance(content, dict) else {}


def _note(run: Path) -> str:
    """Read the first characters of a run's note, on one line."""
    try:
        with (run / NOTE).open(encoding="utf-8", errors="replace") as file:
            return " ".join(file.read(MAX_NOTE).split())
    except OSError:
        return ""


def _accuracy(run: Path) -> float | None:
    """Find the test accuracy in what `evaluation.run_facts` writes."""
    evaluation = _read(run / METRICS, json.loads).get("evaluation")
    if not isinstance(evaluation, Mapping) or "outcomes" not in evaluation:  # format 1 counted otherwise
        return None
    accuracy = evaluation.get("accuracy")
    return float(accuracy) if isinstance(accuracy, int | float) and 0 <= accuracy <= 1 else None
