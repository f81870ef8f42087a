"""Doing one thing to many photos at once, in threads: Pillow and hashing release Python's lock while they work."""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from whosthat.photos.storage import AT_ONCE, stored

Item = TypeVar("Item")
Result = TypeVar("Result")

_AHEAD = 4
"""Results waiting for each thread: enough that none idles, few enough that memory stays flat."""


def in_order(work: Callable[[Item], Result], items: Iterable[Item], *, waiting_for: Sequence[Path] = ()) -> Iterator[Result]:
    """Yield ``work(item)`` for every item, in the order of the items, computed a few items ahead on every core.

    Where the items are ``waiting_for`` places in storage, more are computed at once: nearly all of their time goes by until it answers.
    Whoever stops listening early (an error, Ctrl-C) waits for the few items in hand, not for the rest.

    Example:
        >>> list(in_order(str.upper, ["a", "b"]))
        ['A', 'B']
    """
    workers = os.cpu_count() or 1
    if any(map(stored, waiting_for)):
        workers = max(workers, AT_ONCE)
    remaining = iter(items)
    with ThreadPoolExecutor(workers, thread_name_prefix="photos") as pool:
        waiting: deque[Future[Result]] = deque(pool.submit(work, item) for item in itertools.islice(remaining, workers * _AHEAD))
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(work, item) for item in itertools.islice(remaining, 1))
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
