"""Who, or what, is in this video, and when?

What belongs here: leading a video's frames, one by one or as windows of several, through a recogniser and a tracker. What does not: reading
videos (`photos.video`), following faces (`recognition.tracking`), drawing (`annotating`), many files (`predict`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.faces.finding import crowd_words, sharpness
from whosthat.photos.clips import evenly
from whosthat.photos.video import Frame, open_video
from whosthat.progress import SILENT, Progress
from whosthat.recognition.looks import number_strangers, quality_of, tells_enough
from whosthat.recognition.recogniser import Recogniser
from whosthat.recognition.tracking import Look, Span, Track, Tracker, spans_of, tracks_by_person
from whosthat.translation import _
from whosthat.types import Sighting
from whosthat.workflow.annotating import Boxes, draw_video

EVERY = 5
"""Look at every fifth frame unless told otherwise: five or six looks a second at usual rates, enough to follow a face."""

_BATCH, _READERS = 4, 2
"""Frames answered at once, and threads that prepare them; twice as many frames as a batch has are in memory at most."""


@dataclass(frozen=True)
class VideoAnswer:
    """Who is in a video, and when.

    ``tracks`` are the faces that were followed, or the runs of one answer for the whole picture, by when they began. Every ``every``-th
    frame was looked at, ``n_frames`` in all, the last at ``seconds``. ``problem`` is what kept the video from being looked at to its end,
    or that a frame showed more faces than were taken, in a few words, or "". Where asked for, ``drawn`` are pictures of everybody, and
    ``annotated`` is the video with boxes and names.
    """

    tracks: tuple[Track, ...]
    n_frames: int
    every: int
    seconds: float
    problem: str = ""
    drawn: tuple[Path, ...] = ()
    annotated: Path | None = None

    @property
    def people(self) -> dict[str, tuple[Span, ...]]:
        """When each person was to be seen, by name, in the order of first appearance; nobody unknown is in it."""
        return {who: spans_of(tracks) for who, tracks in tracks_by_person(self.tracks).items() if isinstance(who, str)}

    @property
    def strangers(self) -> dict[int, tuple[Span, ...]]:
        """When each stranger was to be seen, by number, in the order of first appearance; those that cannot be told apart are not in it."""
        return {who: spans_of(tracks) for who, tracks in tracks_by_person(self.tracks).items() if isinstance(who, int) and who}


def predict_video(
    recogniser: Recogniser,
    path: Path,
    *,
    every: int = EVERY,
    draw: Path | None = None,
    whole: bool = True,
    stops: Callable[[], bool] = lambda: False,
    progress: Progress = SILENT,
) -> VideoAnswer:
    """Identify who is in every Nth frame of a video, follow the faces, and name each by vote.

    A recogniser that answers for whole photos gives runs of the same answer. One that looks at several frames together is shown windows of
    so many looks, each one look later than the window before; a window's answer is that of the look in its middle. ``draw`` is a folder,
    which must exist, for a few pictures of everybody and, where FFmpeg is installed and ``whole`` is set, for the video with everybody
    drawn in. ``stops`` is asked after each look whether it was the last. Raises PhotoError when the video cannot be read, UsageError when
    N is below 1, OSError when a picture cannot be written.
    """
    tracker, n_frames, n_faces, seconds = Tracker(), 0, 0, 0.0
    cut_before: list[int] = []
    with open_video(path) as video:
        expected = -(-video.n_announced // every) if every > 0 else 0
        identified = _identified_in_windows if recogniser.frames > 1 else _identified
        for moment, sightings, looks in identified(recogniser, video.frames(every=every)):
            tracker.add(moment.index, moment.seconds, sightings, new_scene=moment.new_scene, looks=looks)
            n_frames, n_faces, seconds = n_frames + 1, max(n_faces, len(sightings)), moment.seconds
            cut_before += [moment.index] * moment.new_scene
            progress.step(_("frames of {video} looked at", video=path.name), n_frames, max(expected, n_frames))
            if stops():
                break
        problem, end = video.problem, seconds + every / video.rate
    tracks = tuple(number_strangers(tracker.tracks(), _embedder_of(recogniser)))
    if draw is None:
        return VideoAnswer(tracks, n_frames, every, seconds, problem or crowd_words(n_faces))
    boxes = Boxes(tracks, every, set(cut_before))
    drawn = draw_video(path, boxes, draw, whole=whole, until=end if problem else None, progress=progress)
    return VideoAnswer(tracks, n_frames, every, seconds, problem or drawn.problem or crowd_words(n_faces), drawn.pictures, drawn.video)


def _embedder_of(recogniser: Recogniser) -> str:
    reader = getattr(recogniser, "reader", None)
    return "" if reader is None else str(reader.embedder.facts.name)


_NO_IMAGE = np.empty((0, 0, 3), np.uint8)
_Answered = tuple[Frame, list[Sighting], list[Look]]  # the frame without its image


def _identified(recogniser: Recogniser, frames: Iterable[Frame]) -> Iterator[_Answered]:
    """Answer for frames in order, while threads prepare those that follow."""
    with ThreadPoolExecutor(_READERS, thread_name_prefix="whosthat-video") as readers:
        waiting: deque[tuple[Frame, Future[Any]]] = deque()
        try:
            for frame in frames:
                moment = replace(frame, image=_NO_IMAGE)
                waiting.append((moment, readers.submit(recogniser.prepare, frame.image)))
                if len(waiting) == 2 * _BATCH:
                    yield from _answer_batch(recogniser, [waiting.popleft() for _rest in range(_BATCH)])
            while waiting:
                yield from _answer_batch(recogniser, [waiting.popleft() for _rest in range(min(_BATCH, len(waiting)))])
        finally:
            readers.shutdown(cancel_futures=True)  # whoever asked may have stopped listening half-way


def _identified_in_windows(recogniser: Recogniser, frames: Iterable[Frame]) -> Iterator[_Answered]:
    """Answer for frames in order, each in the middle of a window; the first and the last window answer for what is before and after, too.

    A video with fewer frames than a window is one window, in which some are shown more than once. Windows run across cuts: things that
    move fast would be taken for some.
    """
    n, middle = recogniser.frames, (recogniser.frames - 1) // 2
    waiting: deque[Frame] = deque()  # looks without an answer
    window: deque[Any] = deque(maxlen=n)
    n_windows = 0
    for frame in frames:
        waiting.append(replace(frame, image=_NO_IMAGE, new_scene=False))
        window.append(recogniser.prepare(frame.image)[0])  # a photo is repeated, and one of it is enough
        if len(window) == n:
            sightings = recogniser.identify_prepared([np.stack(window)])[0]
            n_windows += 1
            ready = middle + 1 if n_windows == 1 else 1
            yield from (_looked(waiting.popleft(), sightings) for _rest in range(ready))
    if not n_windows:
        sightings = recogniser.identify_prepared([np.stack([window[index] for index in evenly(n, len(window))])])[0]
    yield from (_looked(moment, sightings) for moment in waiting)


def _answer_batch(recogniser: Recogniser, batch: list[tuple[Frame, Future[Any]]]) -> Iterator[_Answered]:
    prepared = [future.result() for _rest, future in batch]
    answers = recogniser.identify_prepared(prepared)
    yield from (_looked(moment, sightings, one) for (moment, _rest), sightings, one in zip(batch, answers, prepared, strict=True))


def _looked(moment: Frame, sightings: list[Sighting], prepared: Any = None) -> _Answered:
    """Say how well each sighting shows what it shows: a face by what was cut out, all else by how sure the answer is."""
    crops = {id(face): crop for face, crop in zip(getattr(prepared, "faces", ()), getattr(prepared, "crops", ()), strict=False)}
    looks = []
    for sighting in sightings:
        face, crop = sighting.face, crops.get(id(sighting.face))
        if face is None or crop is None:
            looks.append(Look(moment.index, moment.seconds, sighting.confidence, small=moment.small))
            continue
        sharp = sharpness(crop)
        embedding = sighting.embedding if tells_enough(face, sharp) else None
        looks.append(Look(moment.index, moment.seconds, quality_of(face, sharp), embedding, moment.small))
    return moment, sightings, looks
