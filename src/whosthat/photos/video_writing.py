"""From frames to an MP4 file with the sound of another video, through FFmpeg where it is installed.

What belongs here: finding FFmpeg, what it is asked, how it is watched and stopped. What does not: what is drawn into frames, the name of
the file (`workflow`), reading videos (`video`).

FFmpeg is a program of its own, started without a shell and with a list of arguments, and may open the two files and the pipe alone. It
takes the sound from a video that `video.open_video` has opened before, so that it is known to be no list of other files.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.errors import PhotoError
from whosthat.photos.timed_frames import frame_head, stream_head
from whosthat.types import Image

PATIENCE = 60
"""Seconds after which FFmpeg is stopped when it neither takes a frame nor writes a byte."""

_ENCODERS: Mapping[str, Sequence[str]] = {
    "libx264": ("-preset", "veryfast", "-crf", "20"),
    "libopenh264": ("-b:v", "6M"),
    "mpeg4": ("-q:v", "3"),
}
"""What makes the video, by preference: H.264, which every player knows, or MPEG-4, which every FFmpeg can write."""

_AS_IT_IS = frozenset({"aac", "ac3", "alac", "eac3", "mp3", "opus"})
"""Sound that MP4 may hold; any other becomes AAC."""

_TICKS = 60_000  # a second: 24, 25, 30 and 60 frames a second are whole ticks, so are 29.97; MPEG-4 counts to 65,535
_FORMATS = "mov,matroska,webm,avi,mpeg,mpegts,mpegvideo"  # what `signatures.is_video` lets through; playlists are none of them
_MATRICES = {"bt470bg": "bt601", "smpte170m": "bt601", "bt709": "bt709", "smpte240m": "smpte240m", "fcc": "fcc", "bt2020nc": "bt2020"}
"""How colours are made of brightness and two differences: the file's word for it, and that of FFmpeg's scaler."""

_SAFE = ("-v", "error", "-protocol_whitelist", "file,pipe")


@dataclass(frozen=True)
class Ffmpeg:
    """An FFmpeg that is installed: the programs, how it makes videos, and its word for frames at any time."""

    program: str
    probe: str
    encoder: str
    as_timed: tuple[str, str]


def find_ffmpeg() -> Ffmpeg | None:
    """Return the FFmpeg of this computer; None where there is none, or none that can make videos."""
    program, probe = shutil.which("ffmpeg"), shutil.which("ffprobe")
    return None if program is None or probe is None or _is_here(program) else _asked(program, probe)


def _is_here(program: str) -> bool:
    """Windows looks for programs in the current folder first, where a stranger may have put one."""
    return sys.platform == "win32" and Path(program).resolve().parent == Path.cwd()


@lru_cache(maxsize=4)
def _asked(program: str, probe: str) -> Ffmpeg | None:
    try:
        told = subprocess.run([program, "-encoders"], capture_output=True, timeout=30, check=True, stdin=subprocess.DEVNULL)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    known = {line.split()[1] for line in told.stdout.decode("utf-8", "replace").splitlines() if len(line.split()) > 1}
    encoder = next((name for name in _ENCODERS if name in known), None)
    version = re.search(rb"ffmpeg version n?(\d+)\.(\d+)", told.stderr)
    is_old = version is not None and (int(version[1]), int(version[2])) < (5, 1)
    return None if encoder is None else Ffmpeg(program, probe, encoder, ("-vsync" if is_old else "-fps_mode", "vfr"))


@dataclass(frozen=True)
class _Facts:
    """What FFmpeg says of the video whose sound is kept."""

    starts: float = 0.0  # seconds between the start of the file and its first frame: sound may begin before
    size: tuple[int, int] = (0, 0)  # as stored, before it is turned
    shape: str = ""  # of one pixel: "4:3"; empty for squares
    colours: Mapping[str, str] = field(default_factory=dict)
    sounds: tuple[str, ...] = ()


class VideoWriter:
    """Writes an MP4 file frame by frame; leave the ``with`` block by an error, and the file is not whole.

    Args:
        ffmpeg: The programs.
        path: The file; one that is there is replaced. It is whole when the block has ended without an error.
        like: The video whose sound, title and date are kept; one that `video.open_video` opens.
        size: Width and height of the frames, in pixels.
        rate: Its frames a second: how long the last frame stays.
        until: The sound ends after so many seconds; None keeps all of it.

    Raises:
        OSError: The disk is full, or FFmpeg cannot be started.
        PhotoError: FFmpeg fails, or stands still for `PATIENCE` seconds.
    """

    def __init__(self, ffmpeg: Ffmpeg, path: Path, like: Path, size: tuple[int, int], *, rate: float, until: float | None = None) -> None:
        width, height = (side + side % 2 for side in size)  # H.264 halves the sides of colours
        self._path, self._head = path, stream_head(width, height, rate)
        self._told = bytearray()
        self._asked_at = 0  # changes with whatever FFmpeg is asked to take
        self._ended, self._stood_still = threading.Event(), False
        own: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"process_group": 0}  # Ctrl-C is for us to handle
        words = [ffmpeg.program, *_arguments(ffmpeg, _facts_of(ffmpeg, like), like, (width, height), until), _file(path)]
        self._process: Any = subprocess.Popen(  # noqa: S603  a list of arguments, no shell
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **own
        )
        self._threads = [threading.Thread(target=run, name="whosthat-ffmpeg", daemon=True) for run in (self._listen, self._watch)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> VideoWriter:
        return self

    def write(self, image: Image, seconds: float) -> None:
        """Add a frame, RGB uint8 (height, width, 3), that is shown so many seconds after the first."""
        height, width = image.shape[:2]
        if height % 2 or width % 2:
            image = np.pad(image, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        self._asked_at += 1
        try:
            for part in (self._head, frame_head(seconds, image), np.ascontiguousarray(image).data):
                self._process.stdin.write(part)
        except OSError as error:  # it has ended; its last words say why
            self._process.wait()
            raise self._failed() from error
        self._head = b""

    def __exit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        process = self._process
        try:
            if kind is None:
                self._asked_at += 1
                with suppress(OSError):  # it has ended, and what was left for it goes nowhere
                    process.stdin.close()
                if process.wait() != 0 or self._stood_still:
                    raise self._failed()
        finally:
            self._ended.set()
            process.kill()
            process.wait()
            for thread in self._threads:
                thread.join()
            process.stderr.close()
            with suppress(OSError):
                process.stdin.close()

    def _failed(self) -> OSError | PhotoError:
        """Say why FFmpeg ended: in its last words."""
        self._threads[0].join(5)
        words = bytes(self._told).decode("utf-8", "replace")
        if os.strerror(errno.ENOSPC) in words:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        if self._stood_still:
            return PhotoError(None, "FFmpeg stood still for {seconds} seconds", seconds=PATIENCE)
        return PhotoError(None, "FFmpeg failed: {reason}", reason=(words.strip().splitlines() or ["?"])[-1][:200])

    def _listen(self) -> None:
        """Keep the last of what FFmpeg says: a pipe that nobody empties would stop it."""
        while piece := os.read(self._process.stderr.fileno(), 4096):
            self._told += piece
            del self._told[:-4096]

    def _watch(self) -> None:
        """Stop FFmpeg when it stands still. Seconds are counted while this process runs, so that a laptop may sleep."""
        seen, waited = (0, 0), 0
        while waited < PATIENCE:
            if self._ended.wait(1):
                return
            now = (self._asked_at, self._path.stat().st_size if self._path.exists() else 0)
            seen, waited = now, (waited + 1 if now == seen else 0)
        self._stood_still = True
        self._process.kill()


def _file(path: Path) -> str:
    """Name a file so that it is no option, no protocol and no pattern."""
    return f"file:{path.absolute()}"


def _arguments(ffmpeg: Ffmpeg, facts: _Facts, like: Path, size: tuple[int, int], until: float | None) -> list[str]:
    """Return what FFmpeg is asked, but for the file that it shall write."""
    frames = (*_SAFE, "-itsoffset", f"{facts.starts:.6f}", "-f", "matroska", "-probesize", "5000000", "-i", "pipe:0")
    limit = () if until is None else ("-t", f"{facts.starts + until:.3f}")
    sound = (*_SAFE, "-format_whitelist", _FORMATS, *limit, "-vn", "-sn", "-dn", "-i", _file(like))
    codecs = [(f"-c:a:{number}", "copy" if name in _AS_IT_IS else "aac") for number, name in enumerate(facts.sounds)]
    # Back by the matrix by which OpenCV made RGB of the video, with the word that its file has for it: the same colours again
    matrix = _MATRICES.get(facts.colours.get("colorspace", ""), "bt601") if _honours_matrices() else "bt601"
    filters = [f"scale=out_color_matrix={matrix}:out_range=tv", "format=yuv420p"]
    filters += [f"setparams=range=tv{''.join(f':{name}={value}' for name, value in facts.colours.items())}"]
    if facts.shape:
        across, down = facts.shape.split(":")
        is_turned = facts.size != size and facts.size == size[::-1]
        filters.append(f"setsar={down}/{across}" if is_turned else f"setsar={across}/{down}")
    video = ("-vf", ",".join(filters), "-c:v", ffmpeg.encoder, *_ENCODERS[ffmpeg.encoder], *ffmpeg.as_timed)
    times = ("-enc_time_base", f"1:{_TICKS}", "-video_track_timescale", str(_TICKS))
    maps = ("-map", "0:v:0", "-map", "1:a?", "-map_metadata", "1")
    inputs = ("-nostats", *frames, *(sound if facts.sounds else (*_SAFE, "-format_whitelist", _FORMATS, "-i", _file(like))))
    return ["-y", *inputs, *maps, *video, *times, *(word for codec in codecs for word in codec), "-f", "mp4"]


def _honours_matrices() -> bool:
    """OpenCV 4 takes every video for BT.601, whatever its file says."""
    import cv2

    return int(cv2.__version__.split(".")[0]) >= 5


def _facts_of(ffmpeg: Ffmpeg, path: Path) -> _Facts:
    """Ask FFmpeg about a video; what it cannot say stays as it usually is."""
    wanted = "stream=codec_type,codec_name,width,height,start_time,sample_aspect_ratio,color_space,color_transfer,color_primaries"
    shown = ("-show_entries", f"{wanted}:stream_disposition=attached_pic:format=start_time", "-of", "json")
    words = [ffmpeg.probe, *_SAFE, "-format_whitelist", _FORMATS, *shown, _file(path)]
    try:
        told = json.loads(
            subprocess.run(words, capture_output=True, timeout=PATIENCE, check=True, stdin=subprocess.DEVNULL).stdout  # noqa: S603
        )
        start = float(told.get("format", {}).get("start_time", 0))
    except (OSError, ValueError, subprocess.SubprocessError):
        return _Facts()
    streams = told.get("streams", [])
    sounds = tuple(str(one.get("codec_name", "")) for one in streams if one.get("codec_type") == "audio")
    pictures = [one for one in streams if one.get("codec_type") == "video" and not one.get("disposition", {}).get("attached_pic")]
    return _Facts(sounds=sounds) if not pictures else _of_pictures(pictures[0], start, sounds)


def _of_pictures(stream: Mapping[str, Any], start: float, sounds: tuple[str, ...]) -> _Facts:
    shape = str(stream.get("sample_aspect_ratio", ""))
    names = {"colorspace": "color_space", "color_primaries": "color_primaries", "color_trc": "color_transfer"}
    colours = {ours: str(stream[theirs]) for ours, theirs in names.items() if re.fullmatch("[a-z0-9-]{3,20}", str(stream.get(theirs)))}
    colours = {name: value for name, value in colours.items() if value not in ("unknown", "reserved")}
    if colours.get("colorspace") not in _MATRICES:
        colours.pop("colorspace", None)
    try:
        begins = float(stream.get("start_time", start)) - start
    except ValueError:  # "N/A"
        begins = 0.0
    is_shaped = re.fullmatch(r"[1-9]\d{0,4}:[1-9]\d{0,4}", shape) and shape != "1:1"
    size = (int(stream.get("width", 0)), int(stream.get("height", 0)))
    return _Facts(min(max(begins, 0.0), 3600.0), size, shape if is_shaped else "", colours, sounds)
