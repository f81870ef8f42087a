"""Clips: short series of frames in which the order counts, as videos or as folders of numbered frames.

What belongs here: telling what a clip is, taking frames from it evenly, and which bytes make it what it is. What does not: decoding photos
(`reading`) and videos (`video`), resizing (`preparing`), answering for a long video piece by piece (`workflow.predict_video`).

Frames are shaped as they are read, so that no more than one is in memory in full size.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from whosthat.errors import PhotoError
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import looks_like_photo, opened, read, sha256_of
from whosthat.photos.signatures import VIDEO_SUFFIXES
from whosthat.photos.video import open_video
from whosthat.types import Image

_NUMBERED = re.compile(r"(.*?)(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Clip:
    """Frames of a clip, and what is known of all of it."""

    frames: tuple[Image, ...]  # those that were asked for, shaped, in order
    n_frames: int  # in the whole clip, 2 or more
    width: int  # of its frames, in pixels, as the height
    height: int
    sha256: str  # of the video file; of a folder, of its frames' digests in order; in hexadecimal


def is_clip(path: Path) -> bool:
    """Tell, by its name, whether what was found in a photo folder is a clip: a video, or a folder (of numbered frames)."""
    return path.suffix.lower() in VIDEO_SUFFIXES or path.is_dir()


def numbered_frames(folder: Path) -> tuple[Path, ...]:
    """Return the frames of a folder of numbered frames, in the order of their numbers; nothing where the folder is none.

    It is one when every photo directly in it ends in a number that no other has, after one and the same beginning: ``1.png, 2.png`` or
    ``run-0001.jpg, run-0002.jpg``. Hidden files, links and what is no photo do not count. A folder that cannot be listed is none.
    """
    try:
        with os.scandir(folder) as entries:
            files = [Path(entry.path) for entry in entries if not entry.name.startswith(".") and entry.is_file(follow_symlinks=False)]
    except OSError:
        return ()
    photos = [path for path in files if looks_like_photo(path)]
    numbered = {(match[1], int(match[2])): path for path in photos if (match := _NUMBERED.fullmatch(path.stem))}
    if len(numbered) < len(photos) or len({beginning for beginning, _number in numbered}) != 1:
        return ()
    return tuple(path for _number, path in sorted(numbered.items()))


def read_clip(path: Path, n: int, shaped: Callable[[Image], Image]) -> Clip:
    """Read a clip and take ``n`` frames from it, evenly from its first to its last; where it has fewer, some are taken more than once.

    ``shaped`` is given each of these frames, upright RGB uint8 (height, width, 3), and gives what is kept of it.

    Raises:
        PhotoError: It has one frame, its frames differ in size, or one of them cannot be read.
    """
    return _read_folder(path, n, shaped) if path.is_dir() else _read_video(path, n, shaped)


def prepare_clip(path: Path, spec: PrepareSpec) -> tuple[Image, str]:
    """Turn a clip into a network's input, uint8 of shape ``spec.shape``, whose spec says how many frames; its SHA-256 comes with it.

    Raises PhotoError as `read_clip` does.
    """
    still = replace(spec, frames=None)
    clip = read_clip(path, spec.frames or 1, lambda frame: prepare(frame, still))
    return np.stack(clip.frames), clip.sha256


def picture_of(path: Path) -> Image:
    """Read what stands for a photo or a clip in a report, upright RGB uint8: the photo, or the frame in the middle of the clip.

    Raises PhotoError where it cannot be read.
    """
    return read_clip(path, 3, lambda frame: frame).frames[1] if is_clip(path) else read(path)


def digest_of(path: Path) -> str:
    """Return the SHA-256 by which a photo or a clip is known; empty where it cannot be read."""
    if not path.is_dir():
        return sha256_of(path)
    digests = [sha256_of(frame) for frame in numbered_frames(path)]
    return _joined(digests) if digests and all(digests) else ""


def stamp_of(folder: Path) -> str:
    """Return a text that changes when a frame of a folder changes, as far as size and times tell; empty where they cannot be read."""
    try:
        stats = [(path.name, path.stat()) for path in numbered_frames(folder)]
    except OSError:
        return ""
    texts = [f"{name} {stat.st_size} {stat.st_mtime_ns} {stat.st_ctime_ns}" for name, stat in stats]
    return _joined([hashlib.sha256(os.fsencode(text)).hexdigest() for text in texts])


def evenly(n: int, n_frames: int) -> list[int]:
    """Return the indices of ``n`` frames out of ``n_frames``, evenly from the first to the last.

    Example:
        >>> evenly(4, 10), evenly(4, 2)
        ([0, 3, 6, 9], [0, 0, 1, 1])
    """
    return [int(index) for index in np.rint(np.linspace(0, n_frames - 1, n))]


def _joined(digests: list[str]) -> str:
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _read_folder(folder: Path, n: int, shaped: Callable[[Image], Image]) -> Clip:
    paths = numbered_frames(folder)
    _check_length(folder, len(paths))
    wanted = evenly(n, len(paths))
    kept: dict[int, Image] = {}
    digests, sizes = [], []
    for index, path in enumerate(paths):  # also those that are not wanted: the digest is of all, and a damaged one tells of a damaged clip
        try:
            with opened(path) as photo:
                digests.append(photo.sha256)
                sizes.append((photo.image.shape[1], photo.image.shape[0]))
                if index in wanted:
                    kept[index] = shaped(photo.image)
        except PhotoError as error:
            raise PhotoError(folder, "its frame {name} cannot be read: {reason}", name=path.name, reason=error.reason) from error
        if sizes[-1] != sizes[0]:
            one, other = (f"{width} x {height}" for width, height in (sizes[0], sizes[-1]))
            raise PhotoError(
                folder,
                "its frames differ in size: {first} has {size} pixels, {other} {other_size}",
                first=paths[0].name,
                size=one,
                other=path.name,
                other_size=other,
            )
    return Clip(tuple(kept[index] for index in wanted), len(paths), *sizes[0], _joined(digests))


def _read_video(path: Path, n: int, shaped: Callable[[Image], Image]) -> Clip:
    """Read a video once where it has as many frames as it says, else again, now that they are counted."""
    expected, size = 0, (0, 0)
    while True:
        kept: dict[int, Image] = {}
        with open_video(path) as video:
            expected = expected or video.n_announced or 1
            wanted = set(evenly(n, expected))
            for frame in video.frames():
                size = (frame.image.shape[1], frame.image.shape[0])
                if frame.index in wanted:
                    kept[frame.index] = shaped(frame.image)
        if video.problem:
            raise PhotoError(path, video.problem)
        _check_length(path, video.n_read)
        if video.n_read == expected:
            return Clip(tuple(kept[index] for index in evenly(n, expected)), expected, *size, sha256_of(path))
        expected = video.n_read


def _check_length(path: Path, n_frames: int) -> None:
    if n_frames == 0:
        raise PhotoError(path, "this folder holds no numbered frames, such as 001.png, 002.png")
    if n_frames == 1:
        raise PhotoError(path, "it is a clip of one frame, and so has no order; a photo lies in the folder of its class itself")
