"""One process a run, a polite way to stop it, and how to go on: whatever stops a run that has begun, nothing is lost.

What belongs here: the lock on a run folder, sweeping it, turning Ctrl-C and SIGTERM into a wish that training grants at the next batch, and
advice. What does not: what is saved then (`training.checkpoints`), finishing a run stopped after its test (`workflow.training_run`).
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from filelock import FileLock, Timeout

from whosthat.durable import sweep
from whosthat.errors import BundleError, RunError, system_reason
from whosthat.translation import _

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def run_lock(run: Path) -> Iterator[None]:
    """Hold a run folder for this process, and delete what killed ones left half written; who holds it already may hold it once more.

    Raises:
        RunError: Another process holds it.
    """
    owner = run / "training.pid"
    lock = FileLock(run / "training.lock", mode=0o600, is_singleton=True)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise RunError(
            "{run} is being trained by another process ({owner}). Wait until it ends, or stop it, then continue with --resume.",
            run=run,
            owner=_owner(owner),
        ) from None
    except OSError as error:
        raise RunError(
            "The run folder {run} cannot be written: {error}. Choose another folder with --runs.", run=run, error=system_reason(error)
        ) from error
    try:
        owner.write_text(str(os.getpid()), encoding="utf-8")
        if lock.lock_counter == 1:
            sweep(run)
        yield
    finally:
        if lock.lock_counter == 1:
            owner.unlink(missing_ok=True)
        lock.release()


def _owner(path: Path) -> str:
    try:
        return _("pid {number}", number=int(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return _("pid unknown")


@dataclass
class StopRequest:
    """Whether somebody asked training to stop; ``signal`` is the number of the signal, or 0."""

    signal: int = 0


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Turn the first Ctrl-C or SIGTERM into a wish; a second one ends the process as usual.

    Outside the main thread, where Python hears no signals, the wish can only be set by hand.
    """
    stop_request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield stop_request
        return
    before = {int(number): signal.getsignal(number) for number in _SIGNALS}

    def hear(number: int, _frame: FrameType | None) -> None:
        stop_request.signal = number
        signal.signal(number, before[number])

    for number in before:
        signal.signal(number, hear)
    try:
        yield stop_request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def resumable(run: Path) -> Iterator[None]:
    """Say how to go on when Ctrl-C, SIGTERM or the system stops the block.

    Raises:
        RunError: In the place of an OSError, such as a full disk.
    """
    try:
        yield
    except KeyboardInterrupt as stop:
        stop.add_note(_advice(run))
        raise
    except OSError as error:
        cause = system_reason(error)
        if error.filename:
            cause = _("{error} ({file})", error=cause, file=error.filename)
        raise RunError("The run had to stop: {error}. Make room or allow writing. {advice}", error=cause, advice=_advice(run)) from error


@contextmanager
def saving(run: Path) -> Iterator[None]:
    """Say how to go on when the results of a run cannot be written: all that training cost is in its checkpoints.

    Raises:
        RunError: Also in the place of a BundleError, since it is not the user's data that is bad.
    """
    try:
        yield
    except (BundleError, RunError) as error:
        raise RunError("{sentence} {more}", sentence=error, more=_advice(run)) from error


def _advice(run: Path) -> str:
    return _("Nothing is lost: go on with whosthat train --resume {run}.", run=run)
