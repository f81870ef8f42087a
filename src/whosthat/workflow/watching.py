"""Who comes before a camera, or into a folder, as it happens: one notice when somebody comes, one when they have left.

What belongs here: looking again and again, from pictures to notices, whom they are passed to. What does not: who is there
(`recognition.presence`), cameras and folders (`photos.camera`, `photos.arrivals`), sending (`notifying`).

It runs for months: nothing that is kept grows with time. A camera or folder that is gone is waited for; a bundle that was changed is opened
again, so that somebody who was removed from it is named no more.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whosthat.errors import BundleError, PhotoError, UsageError
from whosthat.faces.finding import FaceReader, crowd_words
from whosthat.notifying.notifier import Notifier
from whosthat.photos.arrivals import Arrivals
from whosthat.photos.camera import PASSWORD, LiveCamera, open_camera, open_stream, stream_address
from whosthat.photos.video import frame_at, looks_like_video
from whosthat.progress import SILENT, Progress
from whosthat.recognition import load
from whosthat.recognition.bundle import find_bundle
from whosthat.recognition.grouping import same_stranger
from whosthat.recognition.looks import AMONG
from whosthat.recognition.manifest import MANIFEST
from whosthat.recognition.presence import NAMED, SOON, STRANGERS, UNNAMED, Change, Presence
from whosthat.recognition.recogniser import Recogniser
from whosthat.recognition.tracking import best_sightings
from whosthat.translation import _
from whosthat.types import Box, Image, Sighting
from whosthat.workflow.predict_video import predict_video
from whosthat.workflow.prediction import as_text
from whosthat.workflow.telling import secret_of

INTERVAL, AWAY = 0.5, 30.0
"""Seconds between two looks at a camera, or at a folder's list of files; seconds without a sighting after which somebody has left."""

PAUSE_PER_LISTING = 9
"""A folder is listed for a tenth of the time at most: 100,000 files take half a second, and are looked at every five."""

BUNDLE_LOOKED_AT = 10.0
"""Seconds between two looks at whether the bundle was changed."""

SLICE = 0.2
"""Seconds after which a wait notices that it shall end."""

PICTURE_SIDE = 320
"""Longest side of the picture of a face that goes with a notice, where asked for, in pixels."""


@dataclass(frozen=True)
class Notice:
    """Somebody came, or left.

    Attributes:
        change: Who, and which of the two.
        time: When, with the time zone.
        source: What is watched, as it was named.
        photo: In a folder: the photo or video that shows them.
        image: JPEG of the face, where asked for; empty otherwise.
    """

    change: Change
    time: datetime
    source: str
    photo: Path | None = None
    image: bytes = field(default=b"", repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, for JSON.

        ``event`` is "entered" or "left", ``name`` None for unknown, ``seconds`` how long somebody was there, ``image`` JPEG in base64 where
        there is one.
        """
        change = self.change
        facts: dict[str, Any] = {
            "time": self.time.isoformat(timespec="milliseconds"),
            "event": "entered" if change.entered else "left",
            "name": None if change.name is None else as_text(change.name),
            "stranger": change.stranger or None,
            "confidence": round(change.confidence, 4) if change.name is not None else None,
            "seconds": round(change.seconds, 1),
            "source": as_text(self.source),
            "photo": None if self.photo is None else as_text(self.photo),
        }
        return facts | ({"image": base64.b64encode(self.image).decode()} if self.image else {})


@dataclass(frozen=True)
class Watching:
    """How to watch.

    Attributes:
        name: What notices call the camera or folder; empty takes what was given.
        interval: Seconds between two looks.
        away: Seconds without a sighting after which somebody has left, and is told again when they come back.
        existing: Whether photos and videos that are in a folder already are named as well.
        unknown: Whether unknown people are told.
        image: Whether notices carry a picture of the face.
    """

    name: str = ""
    interval: float = INTERVAL
    away: float = AWAY
    existing: bool = False
    unknown: bool = True
    image: bool = False


def watch(
    bundle: str | Path,
    source: str,
    how: Watching = Watching(),
    *,
    notifiers: Callable[[str], Sequence[Notifier]] | None = None,
    stops: Callable[[], bool] | None = None,
    progress: Progress = SILENT,
) -> Iterator[Notice]:
    """Watch a camera or a folder, and yield a notice whenever somebody comes or has left, until ``stops`` says so.

    Args:
        bundle: A saved recogniser.
        source: The number of a camera of this computer, from 0; the address of one of a network (rtsp, rtsps, http, https); or a folder
            into which photos and videos come.
        how: How often, who, what goes with a notice.
        notifiers: Returns whom to tell as well, for the name of the source; they are closed at the end. None tells nobody.
        stops: Is asked several times a second; None never stops.
        progress: Is told when a camera, a folder or a notifier is gone, and when it is back.

    Raises:
        BundleError: The bundle cannot be used.
        UsageError: There is no such folder, the address cannot be used, or a number of seconds is none.

    Example:
        for notice in watch("runs/latest", "0"):
            show(notice.time, notice.change.name, notice.change.entered)
    """
    if stream_address(source) is None and not _is_camera(source) and not Path(source).is_dir():
        raise UsageError("{folder} is no folder, no camera's number and no address. Give one of the three.", folder=source)
    if not (how.interval > 0 and how.away > 0):
        raise UsageError("Seconds between looks, and until somebody has left, must be more than 0.")
    who = _Recogniser(bundle, progress)
    others = [] if notifiers is None else notifiers(source_name(source, how))
    progress.say(_("Watching {source}. Stop with Ctrl-C.", source=source_name(source, how)))
    try:
        for notice in _notices(source, who, how, stops or (lambda: False), progress):
            for notifier in others:
                notifier.tell(_for_others(notice, source))
            yield notice
    finally:
        if others:
            with ThreadPoolExecutor(len(others)) as pool:  # each may take its last seconds
                list(pool.map(lambda notifier: notifier.close(), others))


def _for_others(notice: Notice, folder: str) -> dict[str, Any]:
    """Return a notice for other programs: where the folder lies on this computer is none of their business."""
    facts = notice.to_dict()
    if notice.photo is not None:
        facts["photo"] = as_text(Path(os.path.relpath(notice.photo, folder)))
    return facts


def source_name(source: str, how: Watching) -> str:
    """Return what notices call a source: the name that was given, else a camera's number, a folder's name, an address without what logs in.

    Example:
        >>> source_name("rtsp://me@10.0.0.7/live?key=1", Watching()), source_name("0", Watching(name="door"))
        ('rtsp://10.0.0.7/live', 'door')
    """
    if how.name:
        return how.name
    scheme, there, rest = source.partition("://")
    if not there:
        return _("camera {number}", number=source) if _is_camera(source) else Path(source).resolve().name or source
    return f"{scheme}://{rest.partition('?')[0].rpartition('@')[2]}"


def _is_folder(source: str) -> bool:
    return not _is_camera(source) and stream_address(source) is None


def _is_camera(source: str) -> bool:
    return source.isascii() and source.isdecimal() and len(source) <= 3


def _looks(source: str, how: Watching, stops: Callable[[], bool], progress: Progress) -> Iterator[Image | Path | None]:
    """Yield what is looked at: an image of a camera, a photo or video of a folder; None where there is nothing to see."""
    address = stream_address(source, secret_of(PASSWORD))
    if address is None and not _is_camera(source):
        return _folder_looks(Path(source), how, stops, progress)
    name = source_name(source, how)

    def say(problem: str) -> None:
        progress.say(
            _("{camera}: {problem} Trying again.", camera=name, problem=problem) if problem else _("{camera} is back.", camera=name)
        )

    number = int(source) if address is None else 0
    return _camera_looks(LiveCamera(lambda: open_camera(number) if address is None else open_stream(address), say), how, stops)


def _camera_looks(camera: LiveCamera, how: Watching, stops: Callable[[], bool]) -> Iterator[Image | Path | None]:
    try:
        due = time.monotonic()
        while not stops():
            image = camera.newest(SLICE)
            yield image
            due = max(due + how.interval, time.monotonic()) if image is not None else time.monotonic()
            _wait(due, stops)
    finally:
        camera.close()


def _folder_looks(folder: Path, how: Watching, stops: Callable[[], bool], progress: Progress) -> Iterator[Image | Path | None]:
    arrivals, was_there, was_full = Arrivals(folder, existing=how.existing), True, False
    while not stops():
        began = time.monotonic()
        photos = arrivals.poll()
        listed = time.monotonic() - began
        if arrivals.is_there != was_there:
            was_there = arrivals.is_there
            progress.say(_("{folder} is back.", folder=folder) if was_there else _("{folder} is gone. Waiting for it.", folder=folder))
        if arrivals.is_full and not was_full:
            progress.say(_("{folder} holds too many files; not all of them are seen. Move old ones away.", folder=folder))
        was_full = arrivals.is_full
        for photo in filter(arrivals.take, photos):
            yield photo
            if stops():
                return
        yield None
        _wait(time.monotonic() + max(how.interval, PAUSE_PER_LISTING * listed), stops)


def _wait(until: float, stops: Callable[[], bool]) -> None:
    while (left := until - time.monotonic()) > 0 and not stops():
        time.sleep(min(left, SLICE))


class _Recogniser:
    """The recogniser, opened again when its bundle was changed."""

    def __init__(self, bundle: str | Path, progress: Progress) -> None:
        self._bundle, self._progress = Path(bundle), progress
        self._state: tuple[Any, ...] = self._look()
        self.recogniser: Recogniser | None = _opened(bundle)
        self._next = time.monotonic() + BUNDLE_LOOKED_AT

    def current(self) -> Recogniser | None:
        """Return the recogniser as its bundle is now; None where it is gone or damaged: it may have been deleted for somebody's sake."""
        if time.monotonic() < self._next:
            return self.recogniser
        self._next = time.monotonic() + BUNDLE_LOOKED_AT
        try:
            state = self._look()
            if state != self._state:
                self.recogniser, self._state = _opened(self._bundle), state
                self._progress.say(_("{bundle} was changed and is opened again.", bundle=self._bundle))
        except (BundleError, OSError) as error:
            if self.recogniser is not None:
                self._progress.say(_("{problem} Nobody is named until it is back.", problem=error))
            self.recogniser, self._state = None, ()
        return self.recogniser

    def _look(self) -> tuple[Any, ...]:
        facts = (find_bundle(self._bundle) / MANIFEST).stat()
        return facts.st_ino, facts.st_mtime_ns, facts.st_size


def _opened(bundle: str | Path) -> Recogniser:
    recogniser = load(bundle)
    if recogniser.frames > 1:
        raise UsageError("{bundle} looks at clips, and cannot watch. Take a recogniser of photos.", bundle=bundle)
    return recogniser


def _presence(recogniser: Recogniser | None, how: Watching, *, looks: bool) -> Presence:
    """Say how often somebody must be seen: a camera looks again at once, a photo may be the only one."""
    reader: FaceReader | None = getattr(recogniser, "reader", None)
    alike = 0.0 if reader is None else same_stranger(reader.embedder.facts.name, AMONG)
    unnamed = (UNNAMED if looks else 1) if how.unknown else 0
    return Presence(how.away, NAMED if looks else 1, unnamed, soon=max(SOON, 3 * how.interval), alike=alike, follows=looks)


def _notices(source: str, who: _Recogniser, how: Watching, stops: Callable[[], bool], progress: Progress) -> Iterator[Notice]:
    name, presence = source_name(source, how), _presence(who.recogniser, how, looks=not _is_folder(source))
    was_full, told = False, ""
    for what in _looks(source, how, stops, progress):
        recogniser = who.current()
        seen: list[tuple[Sighting, int]] = []
        if what is not None and recogniser is not None:
            try:
                seen, problem = _seen(what, recogniser, stops, progress)
                where = str(what) if isinstance(what, Path) else name
                if problem and where != told:  # a camera's crowd stays for many looks
                    progress.say(_("{path}: {problem}", path=where, problem=problem))
                    told = where
            except PhotoError as error:
                progress.say(str(error))
        photo = what if isinstance(what, Path) else None
        changes = presence.see(time.monotonic(), [sighting for sighting, _frame in seen])
        if presence.is_full and not was_full:
            progress.say(_("More than {n} unknown people are there. The others are not told.", n=STRANGERS))
        was_full = presence.is_full
        for change in changes:
            image = b""
            if how.image and change.entered and what is not None:
                frame = next(frame for sighting, frame in seen if sighting is change.sighting)
                image = _picture(what, frame, change.sighting.box)
            yield Notice(change, datetime.now(UTC).astimezone(), name, photo if change.entered else None, image)
    for change in presence.end():
        yield Notice(change, datetime.now(UTC).astimezone(), name)


def _seen(
    what: Image | Path, recogniser: Recogniser, stops: Callable[[], bool], progress: Progress
) -> tuple[list[tuple[Sighting, int]], str]:
    """Return who is seen, and in which frame of a video; everybody in it at once, as often as a camera must see them; and what is amiss."""
    if not isinstance(what, Path) or not looks_like_video(what):
        seen = [(sighting, 0) for sighting in recogniser.identify(what)]
        return seen, crowd_words(len(seen))
    answer = predict_video(recogniser, what, stops=stops, progress=progress)
    seen = best_sightings(answer.tracks, named=min(NAMED, answer.n_frames), unnamed=min(UNNAMED, answer.n_frames))
    return seen, "" if stops() else answer.problem


def _picture(what: Image | Path, frame: int, box: Box | None) -> bytes:
    """Return the face, with what is around it, as a small JPEG; empty where the photo or video has gone."""
    from whosthat.photos.drawing import encode_image, thumbnail
    from whosthat.photos.reading import read

    with suppress(PhotoError):
        image = what if not isinstance(what, Path) else frame_at(what, frame) if looks_like_video(what) else read(what)
        height, width = image.shape[:2]
        if box is not None:
            around = max(box.width, box.height) / 2
            left, top = max(0, int(box.left - around)), max(0, int(box.top - around))
            image = image[
                top : max(top + 1, min(height, int(box.bottom + around))), left : max(left + 1, min(width, int(box.right + around)))
            ]
        return encode_image(thumbnail(image, PICTURE_SIDE))
    return b""
