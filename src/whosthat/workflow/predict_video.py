"""Who, or what, is in this video, and when?

What belongs here: leading a video's frames, one by one or as windows of several, through a recogniser and a tracker, and pictures of the
result. What does not: reading videos
(`photos.video`), following faces (`recognition.tracking`), many files (`predict`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.photos.clips import evenly
from whosthat.photos.video import Frame, open_video
from whosthat.progress import SILENT, Progress
from whosthat.recognition.recogniser import Recogniser
from whosthat.recognition.tracking import Span, Track, Tracker, spans_of, tracks_by_name
from whosthat.translation import _
from whosthat.types import Sighting

EVERY = 5
"""Look at every fifth frame unless told otherwise: five or six looks a second at usual rates, enough to follow a face."""

_BATCH, _READERS = 4, 2
"""Frames answered at once, and threads that prepare them; twice as many frames as a batch has are in memory at most."""


@dataclass(frozen=True)
class VideoAnswer:
    """Who is in a video, and when.

    ``tracks`` are the faces that were followed, or the runs of one answer for the whole picture, by when they began. Every ``every``-th
    frame was looked at, ``n_frames`` in all, the last at ``seconds``. ``problem`` is what kept the video from being looked at to its end,
    in a few words, or "". ``drawn`` are pictures of the tracks, where asked for.
    """

    tracks: tuple[Track, ...]
    n_frames: int
    every: int
    seconds: float
    problem: str = ""
    drawn: tuple[Path, ...] = ()

    @property
    def people(self) -> dict[str, tuple[Span, ...]]:
        """When each person was to be seen, by name, in the order of first appearance; nobody unknown is in it."""
        return {name: spans_of(tracks) for name, tracks in tracks_by_name(self.tracks).items() if name is not None}


def predict_video(
    recogniser: Recogniser, path: Path, *, every: int = EVERY, draw: Path | None = None, progress: Progress = SILENT
) -> VideoAnswer:
    """Identify who is in every Nth frame of a video, follow the faces, and name each by vote.

    A recogniser that answers for whole photos gives runs of the same answer. One that looks at several frames together is shown windows of
    so many looks, each one look later than the window before; a window's answer is that of the look in its middle. ``draw`` is a folder,
    which must exist, for one picture of each track, from its surest frame, with all who are in it. Raises PhotoError when the video cannot
    be read, UsageError when N is below 1, OSError when a picture cannot be written.
    """
    tracker, n_frames, seconds = Tracker(), 0, 0.0
    with open_video(path) as video:
        expected = -(-video.n_announced // every) if every > 0 else 0
        identified = _identified_in_windows if recogniser.frames > 1 else _identified
        for moment, sightings in identified(recogniser, video.frames(every=every)):
            tracker.add(moment.index, moment.seconds, sightings, new_scene=moment.new_scene)
            n_frames, seconds = n_frames + 1, moment.seconds
            progress.step(_("frames of {video} looked at", video=path.name), n_frames, max(expected, n_frames))
        problem = video.problem
    tracks = tuple(tracker.tracks())
    drawn = () if draw is None else tuple(_draw(path, tracks, every, draw))
    return VideoAnswer(tracks, n_frames, every, seconds, problem, drawn)


@dataclass(frozen=True, slots=True)
class _Moment:
    """A frame without its image."""

    index: int
    seconds: float
    new_scene: bool


def _identified(recogniser: Recogniser, frames: Iterable[Frame]) -> Iterator[tuple[_Moment, list[Sighting]]]:
    """Answer for frames in order, while threads prepare those that follow."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="whosthat-video") as readers:
        waiting: deque[tuple[_Moment, Future[Any]]] = deque()
        try:
            for frame in frames:
                moment = _Moment(frame.index, frame.seconds, frame.new_scene)
                waiting.append((moment, readers.submit(recogniser.prepare, frame.image)))
                if len(waiting) == 2 * _BATCH:
                    yield from _answer_batch(recogniser, [waiting.popleft() for _rest in range(_BATCH)])
            while waiting:
                yield from _answer_batch(recogniser, [waiting.popleft() for _rest in range(min(_BATCH, len(waiting)))])
        finally:
            readers.shutdown(cancel_futures=True)  # whoever asked may have stopped listening half-way


def _identified_in_windows(recogniser: Recogniser, frames: Iterable[Frame]) -> Iterator[tuple[_Moment, list[Sighting]]]:
    """Answer for frames in order, each in the middle of a window; the first and the last window answer for what is before and after, too.

    A video with fewer frames than a window is one window, in which some are shown more than once. Windows run across cuts: things that
    move fast would be taken for some.
    """
    n, middle = recogniser.frames, (recogniser.frames - 1) // 2
    waiting: deque[_Moment] = deque()  # looks without an answer
    window: deque[Any] = deque(maxlen=n)
    n_windows = 0
    for frame in frames:
        waiting.append(_Moment(frame.index, frame.seconds, new_scene=False))
        window.append(recogniser.prepare(frame.image)[0])  # a photo is repeated, and one of it is enough
        if len(window) == n:
            sightings = recogniser.identify_prepared([np.stack(window)])[0]
            n_windows += 1
            ready = middle + 1 if n_windows == 1 else 1
            yield from ((waiting.popleft(), sightings) for _rest in range(ready))
    if not n_windows:
        sightings = recogniser.identify_prepared([np.stack([window[index] for index in evenly(n, len(window))])])[0]
    yield from ((moment, sightings) for moment in waiting)


def _answer_batch(recogniser: Recogniser, batch: list[tuple[_Moment, Future[Any]]]) -> Iterator[tuple[_Moment, list[Sighting]]]:
    answers = recogniser.identify_prepared([prepared.result() for _rest, prepared in batch])
    yield from ((moment, sightings) for (moment, _rest), sightings in zip(batch, answers, strict=True))


def _draw(path: Path, tracks: tuple[Track, ...], every: int, folder: Path) -> Iterator[Path]:
    """Read the video once more and draw the surest frame of each track, with the names that the votes gave.

    Decoding twice is quicker than identifying, and keeping a picture of every track would fill the memory.
    """
    from whosthat.photos.drawing import draw_sightings
    from whosthat.workflow.drawn_copies import save_copy

    wanted = {track.best_frame for track in tracks}
    with open_video(path) as video:
        for frame in video.frames(every=every) if wanted else ():
            if frame.index not in wanted:
                continue
            sightings = [
                Sighting(track.name, track.confidence, box=track.boxes[frame.index]) for track in tracks if frame.index in track.boxes
            ]
            name = f"{path.stem} {clock(frame.seconds).replace(':', '.')}.jpg"
            yield save_copy(draw_sightings(frame.image, sightings), folder, name, source=f"{path.resolve()} {frame.index}")
            wanted.remove(frame.index)
            if not wanted:
                return


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
