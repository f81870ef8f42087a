"""A face recogniser that remembers photos: the faces of a photo that was looked at before are not found and embedded again.

What belongs here: looking up and keeping, in threads. What does not: the cache itself (`whosthat.faces.remembered`), naming.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

from whosthat.errors import CacheError
from whosthat.faces.finding import CutFaces, SeenFaces
from whosthat.photos.reading import sha256_of
from whosthat.progress import Progress
from whosthat.recognition.recogniser import Answering, PhotoSource, Recogniser, blaming_the_bundle
from whosthat.translation import _
from whosthat.types import Sighting

if TYPE_CHECKING:
    from whosthat.faces.finding import FaceReader
    from whosthat.faces.remembered import RememberedSightings
    from whosthat.recognition.face_recogniser import FaceRecogniser

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
        self._memory = memory
        self._progress = progress
        self._fresh: dict[str, SeenFaces] = {}
        self._lock = threading.Lock()

    @property
    def reader(self) -> FaceReader:
        """The recogniser's reader."""
        return self._recogniser.reader

    def recalled(self, path: Path) -> SeenFaces | None:
        """Return the faces of a photo that the cache knows; None of any other."""
        return None if self._memory is None else self._recalled(sha256_of(path))

    def prepare(self, photo: PhotoSource) -> tuple[str, CutFaces | SeenFaces]:
        """Return a photo's SHA-256, empty where it is no file, and its faces: embedded already, or yet to be."""
        if not isinstance(photo, str | Path):
            return "", self._recogniser.prepare(photo)
        seen = self.recalled(Path(photo))
        if seen is not None:
            return "", seen
        cut = self._recogniser.prepare(photo)
        return cut.sha256, cut  # its own digest, lest the file was replaced since

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
            if fresh and self._memory is not None:
                try:
                    self._memory.put(fresh)
                except CacheError as error:
                    self._forgo(error)

    def _recalled(self, digest: str) -> SeenFaces | None:
        with self._lock:
            if not digest or self._memory is None:
                return None
            try:
                return self._memory.get([digest]).get(digest)
            except CacheError as error:
                self._forgo(error)
                return None

    def _forgo(self, error: CacheError) -> None:
        self._memory = None
        self._progress.say(str(error))
