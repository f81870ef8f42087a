"""The camera, without one: OpenCV's answers are those that it gives where there is one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos import camera as cameras
from whosthat.photos.camera import open_camera


class Capture:
    """What ``cv2.VideoCapture`` gives: blue pictures first to last, then nothing."""

    def __init__(self, *frames: Any) -> None:
        self.frames = list(frames)
        self.released = False

    def isOpened(self) -> bool:
        return True

    def set(self, _name: int, _value: float) -> bool:
        return False

    def read(self) -> tuple[bool, Any]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def release(self) -> None:
        self.released = True


def test_no_camera_is_a_sentence_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PhotoError, match=r"No camera was found\. Plug one in"):
        open_camera(79)
    assert capfd.readouterr().err == ""


def test_pictures_are_rgb_until_the_camera_is_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = Capture(np.full((4, 6, 3), (200, 0, 9), np.uint8))
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number, _backend: capture)
    camera = open_camera()
    image = camera.frame()
    assert (image.shape, image[0, 0].tolist(), image.flags.c_contiguous) == ((4, 6, 3), [9, 0, 200], True)
    with pytest.raises(PhotoError, match="gives no picture"):
        camera.frame()
    camera.close()
    assert capture.released


def test_pictures_beyond_every_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number, _backend: Capture(np.zeros((4, 6, 3), np.uint8)))
    monkeypatch.setattr(cameras, "MAX_VIDEO_PIXELS", 23)
    with pytest.raises(PhotoError, match="too large"):
        open_camera().frame()


def test_a_file_named_by_a_number_is_no_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("79").write_bytes(b"RIFF....AVI ")
    with pytest.raises(PhotoError, match="No camera"):
        open_camera(79)
