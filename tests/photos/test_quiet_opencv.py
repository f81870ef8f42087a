from __future__ import annotations

from typing import Any

import cv2
import pytest

from whosthat.photos.quiet_opencv import quiet_opencv


def test_warnings_are_hidden_inside_and_come_back_whatever_happens() -> None:
    levels: Any = getattr(cv2.utils, "logging", cv2)
    before = levels.getLogLevel()
    with pytest.raises(KeyError), quiet_opencv():
        assert levels.getLogLevel() == 2
        raise KeyError
    assert levels.getLogLevel() == before
