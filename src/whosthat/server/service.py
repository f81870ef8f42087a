"""The service without HTTP: open bundles by name, kept up to date, and photos answered through the queue.

What belongs here: which bundles answer, swapping one that changed and refusing for one that is gone, limits and counters. What does not:
requests (`guards`, `uploads`), routes, who waits (`queueing`).
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from whosthat.errors import BundleError, PhotoError, UsageError, WhosthatError, did_you_mean
from whosthat.recognition.bundle import find_bundle, open_bundle
from whosthat.recognition.manifest import MANIFEST
from whosthat.runs.files import BUNDLE
from whosthat.server.queueing import Queue
from whosthat.server.refusals import Refusal
from whosthat.types import Sighting, Verification
from whosthat.workflow.loading import load

Result = TypeVar("Result")

LOOKS_EVERY = 1.0
"""Seconds between two looks at the folders of the bundles."""

log = logging.getLogger("whosthat.server")
"""Where the service says what it does: one JSON object a line, without names of people, file names and images."""


def event(what: str, **facts: Any) -> None:
    """Write one line of the log."""
    log.info(what, extra={"facts": {"event": what, **facts}})


@dataclass(frozen=True)
class Limits:
    """What the service takes; photos with more pixels than `whosthat.settings.MAX_PHOTO_PIXELS` are refused by whoever reads them.

    Attributes:
        body: Bytes of one request.
        photos: Photos of one request.
        arriving: Bytes of all requests that are being received or answered.
        connections: How many may be open at once.
        patience: Seconds in which a request's first bytes, and then at least ``rate`` bytes a second, must come.
        rate: Bytes a second that a client must send, once its ``patience`` is used up.
        waiting: Photos that may wait to be answered.
        threads: How many photos are read and answered at once.
    """

    body: int = 64 << 20
    photos: int = 16
    arriving: int = 256 << 20
    connections: int = 256
    patience: float = 8.0
    rate: int = 16 << 10
    waiting: int = 32
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)


class OpenBundle:
    """A bundle that answers, and where it was found.

    Attributes:
        name: By what requests name it.
        path: What was given: a bundle, a run folder, runs/latest.
        recogniser: Who answers at the moment.
        trouble: Why it cannot answer any more; "" where it can.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name, self.path, self.trouble = name, path, ""
        self.seen = _state(path)
        self.recogniser = load(path)
        self.facts = open_bundle(path).facts

    def look(self) -> bool:
        """Open the bundle again where it was changed, and tell whether something changed; a damaged one leaves the old one answering.

        One that is gone answers no more: it may have been deleted for somebody's sake. Where runs/latest has come to mean a run that has no
        bundle yet, the one before goes on.
        """
        try:
            state = _state(self.path)
        except (BundleError, OSError) as error:
            if self.seen and (self.seen[0] / MANIFEST).is_file():
                return False
            changed, self.trouble, self.seen = not self.trouble, str(error), ()
            return changed
        if state == self.seen:
            return False
        recogniser, facts = load(self.path), open_bundle(self.path).facts
        self.recogniser, self.facts, self.trouble, self.seen = recogniser, facts, "", state
        return True


def _state(path: Path) -> tuple[Any, ...]:
    """Return by what a changed bundle is told from the one that was opened; BundleError where it is gone."""
    folder = find_bundle(path)
    facts = (folder / MANIFEST).stat()
    return folder.resolve(), facts.st_ino, facts.st_mtime_ns, facts.st_size


def name_of(path: Path) -> str:
    """Return by what name requests know a bundle: that of its folder, or of the run in which it lies.

    Example:
        >>> name_of(Path("runs/party-faces-1/bundle")), name_of(Path("runs/latest")), name_of(Path("/bundle"))
        ('party-faces-1', 'latest', 'bundle')
    """
    place = path.absolute()
    return (place.parent.name if place.name == BUNDLE else "") or place.name


class Service:
    """Open bundles, and the queue in front of them.

    Args:
        paths: Bundles, run folders or runs/latest; the first one answers where no name is given. Errors as of `whosthat.load`, and
            UsageError where two have one name.
        limits: What it takes.
    """

    def __init__(self, paths: Iterable[Path], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.bundles: dict[str, OpenBundle] = {}
        self.counts: Counter[str] = Counter()
        self.draining = False
        for path in paths:
            self.add(path)
        self.queue = Queue(self.limits.threads, self.limits.waiting)

    @property
    def ready(self) -> bool:
        """Whether every bundle can answer and the service is not being stopped."""
        return not self.draining and not any(bundle.trouble for bundle in self.bundles.values())

    def add(self, path: Path, name: str | None = None) -> OpenBundle:
        """Open one more bundle; errors as of the class. It reads files: call it in a thread where requests are answered."""
        name = name or name_of(path)
        if name in self.bundles:
            raise UsageError("Two bundles are named {name}. Rename one of the folders.", name=name)
        self.bundles[name] = OpenBundle(name, path)
        return self.bundles[name]

    def remove(self, name: str) -> None:
        """Answer with a bundle no more; nothing happens to its folder."""
        self.bundles.pop(name, None)

    def bundle(self, name: str | None = None) -> OpenBundle:
        """Return a bundle that can answer, the first one where no name is given.

        Raises:
            Refusal: There is none of this name (404), or it is gone (503).
        """
        chosen = next(iter(self.bundles.values()), None) if name is None else self.bundles.get(name)
        if chosen is None:
            choice = did_you_mean(name or "", self.bundles) if self.bundles else ""
            raise Refusal(404, "no_such_bundle", "There is no bundle of this name. {choice}", choice=choice)
        if chosen.trouble:
            raise Refusal(503, "bundle_unavailable", "The bundle {name} is not there any more.", name=chosen.name, retry_after=10)
        return chosen

    async def identify(self, name: str | None, photos: Sequence[bytes]) -> list[list[Sighting] | PhotoError]:
        """Answer for photos as `Recogniser.identify` does, in order; one that cannot be read gives its PhotoError.

        Raises:
            Refusal: There is no such bundle (404), it is gone (503), or too many photos are waiting (429).
            BundleError: Its networks fail.
        """
        answers = await self.queue.identify(self.bundle(name).recogniser, photos)
        for answer in answers:
            self.counts[outcome(answer)] += 1
        return answers

    async def verify(self, name: str | None, first: bytes, second: bytes) -> Verification:
        """Tell whether two photos show the same person; errors as of `identify` and of `Recogniser.verify`."""
        recogniser = self.bundle(name).recogniser
        return await self.queue.call(recogniser.verify, first, second, weight=2)

    async def call(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Let one of the queue's threads call a function; Refusal (429) where too much is waiting."""
        return await self.queue.call(function, *arguments)

    async def look(self) -> None:
        """Look at the folders of all bundles, once."""
        for bundle in list(self.bundles.values()):
            try:
                changed = await asyncio.to_thread(bundle.look)
            except (WhosthatError, OSError) as error:  # it is being copied, or damaged: the old one answers
                if self.counts["not_swapped"] == 0:
                    event("not_swapped", reason=type(error).__name__)
                self.counts["not_swapped"] += 1
                continue
            if changed:
                self.counts["not_swapped"] = 0
                event("gone" if bundle.trouble else "swapped", bundle=bundle.name)

    async def run(self) -> None:
        """Look at the folders until cancelled, then finish what waits."""
        try:
            while True:
                await asyncio.sleep(LOOKS_EVERY)
                await self.look()
        finally:
            await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Take nothing more and finish what waits."""
        self.draining = True
        self.queue.close()


def outcome(answer: list[Sighting] | PhotoError) -> str:
    """Return what an answer is, for programs: ``known``, ``unknown``, ``no_face`` or ``unreadable``; only the last is an error."""
    if isinstance(answer, PhotoError):
        return "unreadable"
    if not answer:
        return "no_face"
    return "known" if any(sighting.name is not None for sighting in answer) else "unknown"
