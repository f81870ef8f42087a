"""Pillow and OpenCV without their warnings: whosthat says in its own words what is wrong with a file. Here nothing uses them.

Also what FFmpeg may do where OpenCV opens something by it.
"""

from __future__ import annotations

import os
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


_OPENING = threading.Lock()


@contextmanager
def ffmpeg_may(**options: str) -> Iterator[None]:
    """Let OpenCV open something by FFmpeg inside this, silently and with these options alone; one thread at a time.

    OpenCV reads what FFmpeg may do from the environment, when it opens something.
    """
    own = {"OPENCV_FFMPEG_CAPTURE_OPTIONS": "|".join(f"{name};{value}" for name, value in options.items()), "OPENCV_FFMPEG_LOGLEVEL": "-8"}
    with _OPENING, quiet_opencv():
        before = {name: os.environ.get(name) for name in own}
        os.environ.update(own)
        try:
            yield
        finally:
            for name, value in before.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
