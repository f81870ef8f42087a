"""From a video file to frames: upright RGB images with their times, one after the other, never all at once.

What belongs here: opening videos with OpenCV and FFmpeg, silently and from local files only; saying where one scene ends. What does not:
photos (`reading`), anything that knows who is in a frame.

Only files that start like a video reach FFmpeg: given a playlist under a video's name, it would fetch what the playlist lists.
"""

from __future__ import annotations

import math
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.errors import PhotoError, system_reason
from whosthat.photos.quiet import ffmpeg_may
from whosthat.photos.reading import first_bytes
from whosthat.photos.signatures import VIDEO_SUFFIXES, format_of, is_video
from whosthat.settings import MAX_VIDEO_FRAMES, MAX_VIDEO_PIXELS
from whosthat.translation import _
from whosthat.types import Image

_USUAL_RATE = 25.0
"""Frames a second where a file states none, or one that cannot be."""

_LIKELY_SHARE = 0.95
"""A file that ends before this share of the frames it announces, and of their time, is cut off or damaged. Announced numbers are often a
little off, and where the rate varies, Matroska and WebM announce frames that there never were."""

_SCENE_SIZE, _SAME_SCENE, _VISIBLE_CHANGE = (16, 9), 0.5, 4.0
"""Frames are compared as 16 x 9 grey pixels. A cut is a correlation below a half (in a concert clip the three cuts lie at -0.02,
0.19 and 0.31, all other frames at 0.77 and above), where grey values change by 4 of 255 on average: black on black is no cut."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a video."""

    index: int  # which frame of the file, from 0
    seconds: float  # when it is shown, from the start
    image: Image  # upright RGB uint8 (height, width, 3)
    new_scene: bool  # whether the video cut to another picture since the frame that was given before this one
    small: NDArray[np.float64]  # the image as grey pixels (9, 16), 0 to 255, to compare frames by


class Video:
    """An open video; made by `open_video`, closed by leaving the ``with`` block."""

    def __init__(self, capture: Any, path: Path) -> None:
        import cv2

        self._capture, self.path = capture, path
        self.rate = _between(capture.get(cv2.CAP_PROP_FPS), 0.1, 1000.0) or _USUAL_RATE  # frames a second
        self.n_announced = int(_between(capture.get(cv2.CAP_PROP_FRAME_COUNT), 1, 1e9))  # give or take; 0 when the file does not say
        self.n_read = 0  # frames read so far
        self._seconds = -1 / self.rate  # when the last of them is shown

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_rest: object) -> None:
        self._capture.release()

    @property
    def problem(self) -> str:
        """What kept the video from being read to its end, in a few words; "" when nothing did. Asked after the last frame."""
        if self.n_read >= MAX_VIDEO_FRAMES:
            return _("only the first {max_frames:,} frames were read", max_frames=MAX_VIDEO_FRAMES)
        if max(self.n_read, self._seconds * self.rate + 1) < _LIKELY_SHARE * self.n_announced:
            return _(
                "the file is cut off or damaged: only {n_read:,} of its {n_frames:,} frames can be read",
                n_read=self.n_read,
                n_frames=self.n_announced,
            )
        return ""

    def frames(self, *, every: int = 1) -> Iterator[Frame]:
        """Read on, and give every Nth frame, N 1 or more: the first, the one N later, and so on.

        The frames between are decoded, as each builds on the one before, and dropped.

        Raises:
            PhotoError: Not one frame can be decoded, or a frame has more pixels than allowed.
        """
        import cv2

        before: NDArray[np.float64] | None = None
        new_scene = False
        while self.n_read < MAX_VIDEO_FRAMES and (read := self._next()) is not None:
            bgr, stated = read
            index, self.n_read = self.n_read, self.n_read + 1
            self._seconds = stated if stated > self._seconds else self._seconds + 1 / self.rate  # some files state no time, or go back
            look = cv2.resize(bgr, _SCENE_SIZE, interpolation=cv2.INTER_AREA).mean(axis=2)
            new_scene |= before is not None and _is_cut(before, look)
            before = look
            if index % every == 0:
                yield Frame(index, self._seconds, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), new_scene, look)
                new_scene = False
        if self.n_read == 0:
            raise PhotoError(self.path, "no frame of the video can be decoded")

    def _next(self) -> tuple[Image, float] | None:
        """Decode a frame (blue, green, red) and the time that the file states for it; None at the end."""
        import cv2

        try:
            if not self._capture.grab():
                return None
            stated = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            there, bgr = self._capture.retrieve()
        except cv2.error as error:
            raise PhotoError(self.path, "the video cannot be decoded ({error})", error=error.msg) from error
        if not there:
            return None
        _check_pixels(self.path, bgr.shape[1], bgr.shape[0])
        return bgr, stated


def open_video(path: str | Path) -> Video:
    """Open a local video file. What its rotation tag says is applied, so frames are upright.

    A video whose frames have too many pixels is refused before one is decoded. It is read no further than `settings.MAX_VIDEO_FRAMES`;
    `Video.problem` then says so.

    Raises:
        PhotoError: The file is absent, no video, damaged, or in a format that cannot be decoded here.

    Example:
        with open_video("party.mp4") as video:
            for frame in video.frames(every=5):
                show(frame.seconds, frame.image)
    """
    path = Path(path)
    _check_is_video(path)
    import cv2

    with ffmpeg_may(protocol_whitelist="file"):
        # An absolute path cannot be read as "protocol:rest", nor one with a "%" as a pattern of many files.
        capture = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        raise PhotoError(path, "the video cannot be opened: it is damaged, cut off, or in a format that cannot be decoded here")
    width, height = (int(capture.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
    _check_pixels(path, width, height)
    return Video(capture, path)


def frame_at(path: Path, index: int) -> Image:
    """Return one frame of a video, as `Frame.image`; PhotoError where there is none."""
    with open_video(path) as video:
        for frame in video.frames(every=max(1, index)):
            if frame.index == index:
                return frame.image
    raise PhotoError(path, "the frame is not there any more")


def looks_like_video(path: Path) -> bool:
    """Tell whether a file would be taken for a video: by its first bytes, or by its suffix where they are not a photo's."""
    try:
        start = first_bytes(path)
    except OSError:  # opening it says why
        start = b""
    return is_video(start) or (path.suffix.lower() in VIDEO_SUFFIXES and format_of(start) is None)


def _check_is_video(path: Path) -> None:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would wait for ever
            raise PhotoError(path, "this is not a file")
        start = first_bytes(path)
    except FileNotFoundError as error:
        raise PhotoError(path, "not found") from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise PhotoError(path, "the video cannot be read ({error})", error=system_reason(error)) from error
    if not start:
        raise PhotoError(path, "the file is empty")
    if not is_video(start):
        raise PhotoError(path, "this is not a video in a format that whosthat reads (MP4, MOV, MKV, WebM, AVI, MPEG)")


def _check_pixels(path: Path, width: int, height: int) -> None:
    if width * height > MAX_VIDEO_PIXELS:
        raise PhotoError(
            path,
            "its frames have {megapixels:,.4g} megapixels ({width} x {height}), more than the {allowed:,.4g} allowed",
            megapixels=width * height / 1e6,
            width=width,
            height=height,
            allowed=MAX_VIDEO_PIXELS / 1e6,
        )


def _between(value: float, least: float, most: float) -> float:
    """The value where it can be true, else 0: files state what they like."""
    return value if math.isfinite(value) and least <= value <= most else 0.0


def _is_cut(before: NDArray[np.float64], now: NDArray[np.float64]) -> bool:
    """Whether the video cut to another picture between two frames, as small and grey."""
    if np.abs(now - before).mean() < _VISIBLE_CHANGE:
        return False
    changes = [view - view.mean() for view in (before, now)]
    strength = float(np.linalg.norm(changes[0]) * np.linalg.norm(changes[1]))
    return float((changes[0] * changes[1]).sum()) < _SAME_SCENE * strength or strength == 0
