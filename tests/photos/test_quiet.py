from __future__ import annotations

from contextlib import suppress
from typing import Any

import cv2

from whosthat.photos.quiet import quiet_opencv


def test_warnings_are_hidden_inside_and_come_back_whatever_happens() -> None:
    levels: Any = getattr(cv2.utils, "logging", cv2)
    before, inside = levels.getLogLevel(), None
    with suppress(KeyError), quiet_opencv():
        inside = levels.getLogLevel()
        raise KeyError
    assert (inside, levels.getLogLevel()) == (2, before)
