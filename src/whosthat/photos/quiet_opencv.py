"""OpenCV without its warnings: whosthat says in its own words what is wrong with a file.

What belongs here: the two ways in which OpenCV 4 and 5 set what they write to standard error. What does not: anything that uses OpenCV.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_ERRORS = 2
"""The level that keeps errors, and hides warnings; the same number in OpenCV 4 and 5."""


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Hide OpenCV's warnings inside this; for the whole process, as OpenCV knows one level."""
    import cv2

    of_version: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5, or 4
    before = of_version.getLogLevel()
    of_version.setLogLevel(_ERRORS)
    try:
        yield
    finally:
        of_version.setLogLevel(before)
