"""Cameras, of this computer or of a network: one upright RGB image after the other, as long as they are open.

What belongs here: opening a camera with OpenCV, silently, reading from it, and opening it again when it goes away. What does not: videos in
files (`video`), anything that knows who is in an image. All of this may take seconds: never ask for it in the thread of a window.

A camera of a network is opened because somebody named its address. FFmpeg may then speak the protocols of that address, and takes nothing
but pictures from it: no list of other addresses, no file.
"""

from __future__ import annotations

import contextlib
import re
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from whosthat.errors import PhotoError, UsageError
from whosthat.photos.quiet import ffmpeg_may, quiet_opencv
from whosthat.settings import MAX_VIDEO_PIXELS
from whosthat.types import Image

_BACKENDS = {"linux": "CAP_V4L2", "win32": "CAP_DSHOW", "darwin": "CAP_AVFOUNDATION"}
"""What reads cameras on each system; OpenCV would try everything else as well, such as files named by numbers, and complain of each."""

PROTOCOLS = {
    "rtsp": "rtsp,rtp,rtcp,udp,tcp",
    "rtsps": "rtsps,rtsp,rtp,srtp,udp,tcp,tls",
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
}
"""The addresses that a camera may have, and what FFmpeg may speak there."""

_FORMATS = "rtsp,mpjpeg,mjpeg,jpeg_pipe,mpegts,flv,matroska,webm,h264,hevc"
"""Streams of pictures; playlists (HLS, DASH, concat), which name other addresses, are none of them."""

STREAM_TIMEOUT = 8000
"""Milliseconds until a stream that does not open, or gives nothing, is given up."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds until a camera that is gone is tried again: twice as long each time."""

PASSWORD = "WHOSTHAT_CAMERA_PASSWORD"  # noqa: S105  the name of a variable


class Camera:
    """An open camera; made by `open_camera`. One thread at a time may use it."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture

    def frame(self) -> Image:
        """Return what the camera sees now: RGB uint8 (height, width, 3).

        Raises:
            PhotoError: It gives no picture any more, or one with more pixels than a video's frame may have.
        """
        import cv2

        with quiet_opencv():
            there, bgr = self._capture.read()
        if not there or bgr is None or bgr.ndim != 3:
            raise PhotoError(None, "The camera gives no picture. It may be unplugged, or another program may be using it.")
        if bgr.shape[0] * bgr.shape[1] > MAX_VIDEO_PIXELS:
            raise PhotoError(None, "The camera's pictures are too large. Set it to a smaller size.")
        image: Image = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
        return image

    def pass_by(self) -> bool:
        """Let the next picture go by without making an image of it; False where there is none."""
        return bool(self._capture.grab())

    def close(self) -> None:
        """Give the camera back to other programs."""
        self._capture.release()


def open_camera(number: int = 0) -> Camera:
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


def stream_address(text: str, password: str | None = None) -> str | None:
    """Return the address of a camera of a network, with its password put in; None for a text that is no address.

    Raises:
        UsageError: Another protocol, no host, or a password in the address: everybody on this computer could see it.
    """
    if not re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
        return None
    parts = re.fullmatch(r"([a-z]+)://(?:([^/?#@:\s]*)(:[^/?#@\s]*)?@)?([^/?#@\s]+)([/?#]\S*)?", text)
    if parts is None or parts[1] not in PROTOCOLS:
        raise UsageError("A camera's address begins with rtsp://, rtsps://, http:// or https://; got {address}.", address=text)
    if parts[3]:
        raise UsageError("A password in an address can be seen by everybody on this computer. Set {variable}.", variable=PASSWORD)
    if password is None:
        return text
    hidden = "".join(f"%{byte:02X}" for byte in password.encode())
    return f"{parts[1]}://{parts[2] or ''}:{hidden}@{parts[4]}{parts[5] or ''}"


def open_stream(address: str) -> Camera:
    """Open a camera of a network by what `stream_address` gave.

    Raises:
        PhotoError: It does not answer, or gives no pictures.
    """
    import cv2

    scheme = address.partition("://")[0]
    words = {"rtsp_transport": "tcp"} if "rtsp" in scheme else {}
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, STREAM_TIMEOUT, cv2.CAP_PROP_READ_TIMEOUT_MSEC, STREAM_TIMEOUT]
    with ffmpeg_may(protocol_whitelist=PROTOCOLS[scheme], format_whitelist=_FORMATS, **words):
        capture = cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)
    if not capture.isOpened():
        capture.release()
        raise PhotoError(None, "The camera does not answer, or gives no pictures that can be read.")
    return Camera(capture)


class LiveCamera:
    """A camera that is read all the time in a thread, so that its newest picture is at hand, and opened again when it goes away.

    Args:
        opened: Opens the camera, or raises PhotoError.
        say: Is told what is wrong when the camera goes away, and, by an empty text, that it is back.
    """

    def __init__(self, opened: Callable[[], Camera], say: Callable[[str], None]) -> None:
        self._opened, self._say = opened, say
        self._changed = threading.Condition()
        self._image: Image | None = None
        self._wanted, self._stops, self._is_away = False, False, False
        self._thread = threading.Thread(target=self._work, name="whosthat-camera", daemon=True)
        self._thread.start()

    def newest(self, timeout: float) -> Image | None:
        """Return what the camera sees now, RGB uint8 (height, width, 3); None where there is nothing for so many seconds."""
        with self._changed:
            self._wanted, self._image = True, None
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._image is not None or self._stops, timeout)
            image, self._image, self._wanted = self._image, None, False
        return image

    def close(self) -> None:
        """Give the camera back; a thread that waits for it ends with the process."""
        with self._changed:
            self._stops = True
            self._changed.notify_all()
        self._thread.join(STREAM_TIMEOUT / 1000 + 1)

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while not self._stops:
            since = time.monotonic()
            try:
                with contextlib.closing(self._opened()) as camera:
                    self._read(camera)
            except PhotoError as error:
                self._tell(error.reason)
            if time.monotonic() - since > LONGEST_PAUSE:
                pause = FIRST_PAUSE
            with self._changed:
                self._changed.wait_for(lambda: self._stops, pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _read(self, camera: Camera) -> None:
        """Read until the camera ends, or nobody wants its pictures any more."""
        while not self._stops:
            if self._wanted:
                image = camera.frame()
                self._tell("")
                with self._changed:
                    self._image, self._wanted = image, False
                    self._changed.notify_all()
            elif not camera.pass_by():
                return

    def _tell(self, problem: str) -> None:
        """Say once that the camera is away, and once that it is back."""
        if bool(problem) != self._is_away:
            self._is_away = bool(problem)
            self._say(problem)
