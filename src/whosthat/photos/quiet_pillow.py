"""Pillow without its warnings: whosthat says in its own words what is wrong with a file.

What belongs here: hiding what Pillow warns of, from several threads. What does not: reading photos.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager


class _QuietPillow:
    """Pillow's warnings about odd tags are of no use to a person with a thousand photos.

    ``warnings.catch_warnings`` changes the whole process, so with several threads the first to enter sets the filter and
    the last to leave restores what was there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.filterwarnings("ignore", module=r"PIL\b")
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._saved.__exit__(None, None, None)


quiet_pillow = _QuietPillow()
