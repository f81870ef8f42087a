"""The camera of this computer: one upright RGB image after the other, as long as it is open.

What belongs here: opening a camera with OpenCV, silently, and reading from it. What does not: videos in files (`video`), anything that
knows who is in an image. All of this may take seconds: never ask for it in the thread of a window.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from whosthat.errors import PhotoError
from whosthat.photos.quiet import quiet_opencv
from whosthat.settings import MAX_VIDEO_PIXELS
from whosthat.types import Image

FIRST = 0
"""The number of the camera that a system counts first."""

_BACKENDS = {"linux": "CAP_V4L2", "win32": "CAP_DSHOW", "darwin": "CAP_AVFOUNDATION"}
"""What reads cameras on each system; OpenCV would try everything else as well, such as files named by numbers, and complain of each."""


class Camera:
    """An open camera; made by `open_camera`. One thread at a time may use it."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture

    def frame(self) -> Image:
        """Return what the camera sees now: RGB uint8 (height, width, 3).

        Raises:
            PhotoError: It gives no picture any more, or one with more pixels than a video's frame may have.
        """
        with quiet_opencv():
            there, bgr = self._capture.read()
        if not there or bgr is None or bgr.ndim != 3:
            raise PhotoError(None, "The camera gives no picture. It may be unplugged, or another program may be using it.")
        if bgr.shape[0] * bgr.shape[1] > MAX_VIDEO_PIXELS:
            raise PhotoError(None, "The camera's pictures are too large. Set it to a smaller size.")
        return np.ascontiguousarray(bgr[..., ::-1])

    def close(self) -> None:
        """Give the camera back to other programs."""
        self._capture.release()


def open_camera(number: int = FIRST) -> Camera:
    """Open a camera, by default the first of this computer.

    Raises:
        PhotoError: There is none, or it cannot be used.
    """
    import cv2

    backend = getattr(cv2, _BACKENDS.get(sys.platform, ""), cv2.CAP_ANY)
    with quiet_opencv():
        capture = cv2.VideoCapture(number, backend)
    if not capture.isOpened():
        capture.release()
        raise PhotoError(None, "No camera was found. Plug one in, allow its use, or close the program that is using it.")
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # what it sees now, not what it saw while the last picture was looked at
    return Camera(capture)
