"""What the studio has in hand: its folder, its runs, the job, the recogniser that is open, the photos that are shown.

What belongs here: the one object that all routes share, and opening a recogniser. What does not: requests (`routes`, `answers`).
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import Request
from starlette.types import Scope

from whosthat import translation
from whosthat.errors import PhotoError, RunError, UsageError, WhosthatError, system_reason
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.recognition.recogniser import Recogniser
from whosthat.runs.files import BUNDLE
from whosthat.runs.folders import LATEST, latest
from whosthat.server.refusals import Refusal, status_of
from whosthat.server.service import Service
from whosthat.server.studio.checked import Looks
from whosthat.server.studio.entrance import Entrance
from whosthat.server.studio.folders import Grounds
from whosthat.server.studio.jobs import Jobs
from whosthat.server.studio.photos import Copies
from whosthat.server.studio.runs import Runs
from whosthat.server.studio.shown import ShownPhotos
from whosthat.workflow.groups_at_hand import GroupsAtHand
from whosthat.workflow.loading import load
from whosthat.workflow.training_run import recorded

PREFIX = "/studio/api"

LARGEST_VIDEO = 200 << 20
"""Bytes of a video that a page may send."""


@dataclass(frozen=True)
class Opened:
    """The recogniser that answers: the run it comes from, and the folder of photos that this run learnt from, None where that is gone."""

    run: str
    recogniser: Recogniser
    photos: Path | None

    @property
    def enrols(self) -> bool:
        """Whether people can be added without training again."""
        return isinstance(self.recogniser, FaceRecogniser)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        threshold = self.recogniser.threshold
        return {"name": self.run, "kind": "faces" if self.enrols else "image", "enrols": self.enrols, "threshold": threshold}


class Studio:
    """One studio: one folder, one person, one page.

    Args:
        folder: The folder below which the page may look for photos.
        runs: Where runs are made and listed.
        service: Answers programs with the recogniser that is open.
    """

    def __init__(self, folder: Path, runs: Path, service: Service) -> None:
        root = folder.resolve()
        if not root.is_dir():
            raise UsageError("{folder} is no folder. Name the folder in which your photos lie.", folder=folder)
        self.grounds = Grounds(root, (runs.resolve(),))
        self.runs = Runs(runs.resolve())
        self.entrance, self.jobs, self.copies = Entrance(), Jobs(self.without_places), Copies()
        self.looks, self.shown = Looks(self.grounds), ShownPhotos()
        self.dropped: set[Path] = set()
        self.groups: GroupsAtHand | None = None
        self.elsewhere: set[Path] = set()
        """Folders that libraries know, of which some may lie outside of the studio's."""
        self.looked_at: set[Path] = set()
        """Folders whose faces were found, so that their groups can be shown at once."""
        self.changing = threading.Lock()
        """Held by whoever changes people or the threshold."""
        self.service = service
        self.language = translation.language()
        self.pictures: dict[str, bytes] = {}
        """JPEG files that were drawn of the last video, by a number."""
        self.opened: Opened | None = None
        """The recogniser that is open, if any."""
        self._opening = threading.Lock()
        self._desk = tempfile.TemporaryDirectory(prefix="whosthat-studio-")

    async def admitted(self, request: Request) -> AsyncIterator[None]:
        """Let a request of the page in, and answer in the page's language."""
        self.entrance.admit(request)
        request.state.studio = self
        with translation.using(self.language):
            try:
                yield
            except WhosthatError as error:
                if isinstance(error, Refusal):
                    raise
                raise Refusal(*status_of(error), self.without_places(_reason(error))) from error
            except OSError as error:
                raise Refusal(503, "system", "The system refused: {reason}.", reason=system_reason(error)) from error

    def without_places(self, text: str) -> str:
        """Name folders and files as the page does: where the studio's folder lies is nobody's business."""
        for place in (self.grounds.root, self.runs.folder.parent, self.desk):
            text = text.replace(f"{place}{os.sep}", "")
        for place in sorted(self.elsewhere, reverse=True):
            text = text.replace(str(place), place.name)
        return text

    def admits(self, scope: Scope) -> bool:
        """Tell whether a request needs no token: the studio's own routes ask for their cookie, everything else needs the token."""
        path: str = scope["path"]
        return path == "/" or path.startswith(("/studio/", "/page/"))

    def largest(self, path: str) -> int | None:
        """Return how many bytes a request may hold: more for a video."""
        return LARGEST_VIDEO if path == f"{PREFIX}/identify/video" else None

    def ending(self) -> bool:
        """Tell whether the service is being stopped."""
        return self.service.draining

    @property
    def desk(self) -> Path:
        """A folder for its owner alone, for files that live as long as the studio."""
        return Path(self._desk.name)

    def open(self, run: str) -> Opened:
        """Open a run's recogniser; what the one before said is forgotten."""
        place = self.runs.place(run)
        opened = Opened(run, load(place / BUNDLE), _photos_of(place))
        with self._opening:
            if self.opened is not None:
                self.service.remove(self.opened.run)
            self.service.add(place / BUNDLE, run)
            self.opened = opened
        self.shown.clear()
        return opened

    def recogniser(self) -> Opened:
        """Return the recogniser that is open, or else open the newest; `Refusal` where there is none."""
        if self.opened is None:
            try:
                name = latest(self.runs.folder).resolve().name
            except UsageError as error:
                raise Refusal(409, "no_run", "There is no recogniser yet. Train one first.") from error
            if name == LATEST:
                raise Refusal(409, "no_run", "There is no recogniser yet. Train one first.")
            return self.open(name)
        return self.opened

    def photo_of(self, opened: Opened) -> Any:
        """Return a function from an enrolled photo's name in its folder to that by which the page can ask for it, or None."""
        return lambda name: None if opened.photos is None else self.grounds.name_of(opened.photos / name)

    async def close(self) -> None:
        """Stop the job, and leave nothing behind."""
        await self.jobs.close()
        self._desk.cleanup()


def _reason(error: WhosthatError) -> str:
    return error.reason if isinstance(error, PhotoError) else str(error)


def _photos_of(run: Path) -> Path | None:
    try:
        return recorded(run)[1]
    except RunError:
        return None
