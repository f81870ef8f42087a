"""Slow work beside the window's event loop: one thread, answers handed over only when the window asks for them.

And garbage is collected in that loop: Tk ends the process when one of its objects goes in another thread. Knows nothing of photos and
nothing of Tk.
"""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

Result = TypeVar("Result")


class Worker:
    """Does one job after the other in a thread of its own."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="whosthat-desktop")
        self._jobs: deque[tuple[Future[Any], Callable[[Future[Any]], None]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether some job is not delivered yet."""
        return bool(self._jobs)

    def submit(self, job: Callable[[], Result], then: Callable[[Future[Result]], None]) -> None:
        """Do ``job`` in the thread, which must not touch the window, and call ``then`` with its future from `deliver`."""
        self._jobs.append((self._thread.submit(job), then))

    def deliver(self) -> None:
        """Call ``then`` for every job that is done, in order, in the caller's thread."""
        while self._jobs and self._jobs[0][0].done():
            future, then = self._jobs.popleft()
            then(future)

    def close(self) -> None:
        """End the thread after the job that it is doing; nothing is delivered any more."""
        self._jobs.clear()
        self._thread.shutdown(wait=False, cancel_futures=True)


@contextmanager
def collected_here() -> Iterator[None]:
    """Switch automatic collection off, which happens in whichever thread makes the next object; `collect_if_due` replaces it.

    What is there before, mostly modules, is not looked at inside: four of five objects, for which the window would stand still.
    """
    was_on = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.collect()
        if was_on:
            gc.enable()


def collect_if_due() -> None:
    """Collect what Python would by itself, unless it still does; call it now and then in the window's thread."""
    if gc.isenabled():
        return
    counts = zip(gc.get_count(), gc.get_threshold(), strict=True)
    due = [generation for generation, (count, limit) in enumerate(counts) if count > limit > 0]
    if due:
        gc.collect(max(due))
