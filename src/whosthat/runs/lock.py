"""One process a run, and a polite way to stop it.

What belongs here: the lock on a run folder, sweeping it, and turning Ctrl-C and SIGTERM into a wish that training grants at the next
batch. What does not: what is saved then (`callbacks`).
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
from whosthat.errors import RunError

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
            f"{run} is being trained by another process ({_owner(owner)}). Wait until it ends, or stop it, then continue with --resume."
        ) from None
    except OSError as error:
        raise RunError(f"The run folder {run} cannot be written: {error.strerror}. Choose another folder with --runs.") from error
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
        return f"pid {int(path.read_text(encoding='utf-8'))}"
    except (OSError, ValueError):
        return "pid unknown"


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
