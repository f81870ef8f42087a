"""Pillow and OpenCV without their warnings: whosthat says in its own words what is wrong with a file. Here nothing uses them."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _QuietPillow:
    """Hides what Pillow warns of, such as odd tags.

    ``warnings.catch_warnings`` changes the whole process: of several threads the first to enter sets the filter, the last to leave
    restores.
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


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Hide OpenCV's warnings inside this; for the whole process, as OpenCV knows one level."""
    import cv2

    of_version: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5, or 4
    before = of_version.getLogLevel()
    of_version.setLogLevel(2)  # keeps errors, hides warnings; the same number in both
    try:
        yield
    finally:
        of_version.setLogLevel(before)
