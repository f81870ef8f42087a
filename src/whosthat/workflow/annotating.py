"""A video with its answers drawn in: every frame again, with boxes that follow the faces between the frames that were looked at.

What belongs here: where each face is in each frame, the second reading of the video, the file and the pictures that come of it. What does
not: drawing (`photos.drawing`), encoding (`photos.video_writing`), which looks are worth a picture (`recognition.looks`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from whosthat.errors import PhotoError
from whosthat.photos.drawing import Sides, draw_sightings
from whosthat.photos.video import open_video
from whosthat.photos.video_writing import VideoWriter, find_ffmpeg
from whosthat.progress import SILENT, Progress
from whosthat.recognition.looks import shown_frames
from whosthat.recognition.tracking import Track
from whosthat.translation import _
from whosthat.types import Box, Sighting
from whosthat.workflow.drawn_copies import save_copy, video_copy


@dataclass(frozen=True)
class Drawn:
    """What was drawn: pictures of the best looks, and the video; None where FFmpeg is not there or fails, which ``problem`` then says."""

    pictures: tuple[Path, ...] = ()
    video: Path | None = None
    problem: str = ""


def how_to_get_ffmpeg() -> str:
    """Say what to install so that videos are drawn whole; empty where FFmpeg is there."""
    if find_ffmpeg() is not None:
        return ""
    return _(
        "Of videos, pictures alone are drawn: FFmpeg is not installed. Install it for videos with boxes and names "
        "(apt install ffmpeg, brew install ffmpeg or winget install ffmpeg)."
    )


_Followed = tuple[Track, tuple[int, ...]]
"""A track and the frames of its looks."""


@dataclass
class Boxes:
    """Where each track is in each frame, asked frame by frame.

    Between two looks a box moves evenly. Before the first look and after the last, it stays for half of the way to the look where it was
    not seen; up to a cut, where there was one, for nobody walks out of the picture in that moment.

    Args:
        tracks: The tracks of a video of which every ``every``-th frame was looked at.
        cut_before: The looks before which the video cut to another picture since the look before.
    """

    tracks: Sequence[Track]
    every: int
    cut_before: Collection[int]
    _scene: int = 0
    _waiting: list[_Followed] = field(default_factory=list)
    _open: list[_Followed] = field(default_factory=list)

    def __post_init__(self) -> None:
        followed = [(track, tuple(track.boxes)) for track in self.tracks]
        self._waiting = sorted(followed, key=lambda one: -one[1][0])  # the next one last

    def at(self, index: int, *, new_scene: bool) -> list[Sighting]:
        """Return who is where in the next frame, in which a new scene may begin."""
        if new_scene:
            self._scene = index
        while self._waiting and self._waiting[-1][1][0] - self.every < index:
            self._open.append(self._waiting.pop())
        self._open = [(track, looks) for track, looks in self._open if looks[-1] + self.every > index]
        return [_sighting(track, looks, index) for track, looks in self._open if self._is_there(looks, index)]

    def _is_there(self, looks: Sequence[int], index: int) -> bool:
        first, last = looks[0], looks[-1]
        if index < first:
            return self._scene > first - self.every if first in self.cut_before else first - index < self.every - self.every // 2
        if index > last:
            return self._scene <= last and (last + self.every in self.cut_before or index - last <= self.every // 2)
        return True


def _sighting(track: Track, looks: Sequence[int], index: int) -> Sighting:
    place = bisect_right(looks, index)
    before, after = looks[max(place - 1, 0)], looks[min(place, len(looks) - 1)]
    share = 0.0 if before == after else (index - before) / (after - before)
    return Sighting(track.name, track.confidence, box=_between(track.boxes[before], track.boxes[after], share), stranger=track.stranger)


def _between(one: Box | None, other: Box | None, share: float) -> Box | None:
    if one is None or other is None:
        return one
    sides = ((a + share * (b - a)) for a, b in zip(one.sides, other.sides, strict=True))
    return Box(*sides)


def draw_video(
    path: Path, boxes: Boxes, folder: Path, *, whole: bool = True, until: float | None = None, progress: Progress = SILENT
) -> Drawn:
    """Read a video once more, draw its answers into every frame, and save the best frames of everybody as pictures.

    Decoding twice is quicker than identifying, and keeping frames would fill the memory. A copy replaces an earlier one of the same video,
    and no other file.

    Args:
        path: The video.
        boxes: Who is where in it; asked once.
        folder: Where the copies go; it must exist.
        whole: Whether the video is written as well, where FFmpeg is installed.
        until: After so many seconds the sound ends; None keeps all.
        progress: Is told the frames.

    Raises:
        OSError: A file cannot be written, the disk is full.
        PhotoError: The video can no longer be read.
    """
    ffmpeg, wanted = find_ffmpeg() if whole else None, shown_frames(boxes.tracks)
    saved: list[Path] = []
    sides: Sides = {}
    try:
        with ExitStack() as stack:
            copy = stack.enter_context(video_copy(folder, f"{path.stem}.mp4", source=str(path.resolve()))) if ffmpeg else None
            video = stack.enter_context(open_video(path))
            writer = None
            for frame in video.frames():
                if ffmpeg is not None and copy is not None and writer is None:
                    size = (frame.image.shape[1], frame.image.shape[0])
                    writer = stack.enter_context(VideoWriter(ffmpeg, copy.temporary, path, size, rate=video.rate, until=until))
                if writer is None and len(saved) == len(wanted):
                    break
                sightings = boxes.at(frame.index, new_scene=frame.new_scene)
                if writer is not None or frame.index in wanted:
                    image = draw_sightings(frame.image, sightings, sides) if sightings else frame.image
                if frame.index in wanted:
                    name = f"{path.stem} {clock(frame.seconds).replace(':', '.')}.jpg"
                    saved.append(save_copy(image, folder, name, source=f"{path.resolve()} {frame.index}"))
                if writer is not None:
                    writer.write(image, frame.seconds)
                progress.step(_("frames of {video} drawn", video=path.name), frame.index + 1, max(video.n_announced, frame.index + 1))
    except PhotoError as error:
        if error.path is not None:
            raise
        return Drawn(tuple(saved), None, _("it could not be drawn: {problem}", problem=error.reason))
    return Drawn(tuple(saved), None if copy is None else copy.path)


def clock(seconds: float) -> str:
    """Return a time in a video as people write it.

    Example:
        >>> clock(7.25), clock(83.04), clock(3661)
        ('0:07.2', '1:23.0', '1:01:01.0')
    """
    tenths = int(seconds * 10 + 1e-6)
    minutes, rest = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    return (f"{hours}:{minutes:02}" if hours else f"{minutes}") + f":{rest // 10:02}.{rest % 10}"
