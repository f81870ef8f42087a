"""A face recogniser that remembers photos: the faces of a photo that was looked at before are not found and embedded again.

What belongs here: looking up and keeping, in threads. What does not: the cache itself (`whosthat.faces.remembered`), naming.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from whosthat.errors import CacheError
from whosthat.faces.finding import CutFaces, SeenFaces, embedded_if_crowd
from whosthat.photos.storage import fetched_once
from whosthat.progress import Progress
from whosthat.recognition.recogniser import Answering, PhotoSource, Recogniser, blaming_the_bundle
from whosthat.translation import _
from whosthat.types import Sighting

if TYPE_CHECKING:
    from whosthat.faces.finding import FaceReader
    from whosthat.faces.remembered import RememberedSightings
    from whosthat.recognition.face_recogniser import FaceRecogniser

Answer = TypeVar("Answer")

KEPT_EVERY = 64
"""After so many photos, what was found is remembered: a killed process loses no more."""


@contextmanager
def recalling(recogniser: Recogniser, progress: Progress) -> Iterator[Answering]:
    """Let a face recogniser remember photos while the block runs; any other, or one without a usable cache, stays as it is."""
    if not hasattr(recogniser, "reader"):
        yield recogniser
        return
    from whosthat.faces.remembered import RememberedSightings  # SQLite: nobody else pays for it

    faces = cast("FaceRecogniser", recogniser)
    try:
        memory = RememberedSightings(faces.reader.key)
    except CacheError as error:
        progress.say(str(error))
        yield recogniser
        return
    if memory.was_damaged:
        progress.say(_("The cache of faces is damaged and is rebuilt."))
    with memory:
        remembering = Remembering(faces, memory, progress)
        try:
            yield remembering
        finally:
            remembering.keep()


class Remembering:
    """The recogniser, with a memory, if there is one, in front of its eyes; may be used by several threads at once."""

    def __init__(self, recogniser: FaceRecogniser, memory: RememberedSightings | None, progress: Progress) -> None:
        self._recogniser = recogniser
        self._memory = None if memory is None else _Memory(memory)
        self._progress = progress
        self._fresh: dict[str, SeenFaces] = {}
        self._lock = threading.Lock()

    @property
    def reader(self) -> FaceReader:
        """The recogniser's reader."""
        return self._recogniser.reader

    def unchanged(self, path: Path) -> tuple[str, SeenFaces] | None:
        """Return what `prepare` does of a photo that was looked at before, by size and times of its file; None of any other."""
        seen = self._asked(lambda memory: memory.unchanged(path))
        return None if seen is None else ("", seen)

    def recalled(self, path: Path) -> SeenFaces | None:
        """Return the faces of a photo that the cache knows; None of any other."""
        if (memory := self._memory) is None:  # another thread may forgo it meanwhile
            return None
        stamp, digest = memory.read(path)
        return self._asked(lambda memory: memory.known(path, stamp, digest)) if digest else None

    def note(self, path: Path, digest: str) -> None:
        """Remember what a photo in storage holds that others looked at."""
        self._asked(lambda memory: memory.note(path, digest))

    def prepare(self, photo: PhotoSource) -> tuple[str, CutFaces | SeenFaces]:
        """Return a photo's SHA-256, empty where it is no file, and its faces: embedded already, or yet to be."""
        if not isinstance(photo, str | Path):
            return "", self._recogniser.prepare(photo)
        with fetched_once():
            seen = self.recalled(photo if isinstance(photo, Path) else Path(photo))
            if seen is not None:
                return "", seen
            cut = self._recogniser.prepare(photo)
        return cut.sha256, embedded_if_crowd(cut, self.reader)  # its own digest, lest the file was replaced since

    def identify_prepared(self, prepared: Sequence[tuple[str, CutFaces | SeenFaces]]) -> list[list[Sighting]]:
        """Answer for photos that `prepare` has prepared, in order, and remember the new ones."""
        with blaming_the_bundle():
            fresh = iter(self._recogniser.reader.see([faces for _rest, faces in prepared if isinstance(faces, CutFaces)]))
        photos = [(digest, faces if isinstance(faces, SeenFaces) else next(fresh)) for digest, faces in prepared]
        with self._lock:
            self._fresh |= {digest: faces for digest, faces in photos if digest}
        if len(self._fresh) >= KEPT_EVERY:
            self.keep()
        return [self._recogniser.name(faces.faces, faces.vectors) for _rest, faces in photos]

    def keep(self) -> None:
        """Write down what was seen since the last time."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        self._asked(lambda memory: memory.keep(fresh))

    def _asked(self, what: Callable[[_Memory], Answer]) -> Answer | None:
        """Ask the memory, or change it; None without one, and once it cannot be used."""
        with self._lock:
            try:
                return None if self._memory is None else what(self._memory)
            except CacheError as error:
                self._memory = None
                self._progress.say(str(error))
                return None


class _Memory:
    """What the cache knows of photos and of the files in which they lie; for one thread at a time."""

    def __init__(self, sightings: RememberedSightings) -> None:
        from whosthat.workflow.known_files import KnownFiles, stamp_and_content, stamp_of

        self._sightings, self._files = sightings, KnownFiles(sightings)
        self._stamp, self.read = stamp_of, stamp_and_content

    def unchanged(self, path: Path) -> SeenFaces | None:
        digest = self._files.digest(path, self._stamp(path))
        return self._sightings.get([digest]).get(digest) if digest else None

    def known(self, path: Path, stamp: str, digest: str) -> SeenFaces | None:
        self._files.note(path, stamp, digest)
        return self._sightings.get([digest]).get(digest)

    def note(self, path: Path, digest: str) -> None:
        self._files.note(path, self._stamp(path), digest)

    def keep(self, fresh: Mapping[str, SeenFaces]) -> None:
        if fresh:
            self._sightings.put(fresh)
        self._files.keep()
