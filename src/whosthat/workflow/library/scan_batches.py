"""Reading the files that a scan found to be new, looking at their photos, and writing both into the library, a batch at a time.

What belongs here: from a file to rows. What does not: which files are new (`scanning`), which networks look (`reader`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from whosthat.dataset.threads import in_order
from whosthat.errors import PhotoError
from whosthat.faces.finding import SeenFaces, crowd_words
from whosthat.library import contents
from whosthat.library.contents import mark_of
from whosthat.library.store import Library, stamp_of_file
from whosthat.photos.reading import NO_PIXEL, DecodedPhoto, opened, sha256_of
from whosthat.progress import Progress
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.translation import _
from whosthat.types import SetAside
from whosthat.workflow.face_photos import seen_in_photos
from whosthat.workflow.forgetting import forget_in_cache
from whosthat.workflow.known_files import why_unreadable
from whosthat.workflow.library.reader import LibraryReader

if TYPE_CHECKING:
    import sqlite3


BATCH = 128
"""Photos that are looked at before the library is changed: a kill costs no more, and the cache of photos keeps most of their faces."""


class FoundFile(NamedTuple):
    """A file that is new, or not as the library knows it: below a root, whose path with a separator is ``prefix``."""

    root: int
    prefix: bytes
    name: bytes

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(os.fsdecode(self.prefix + self.name))


class _Read(NamedTuple):
    """What reading a file gave: its content, or why there is none."""

    stamp: str
    digest: str
    problem: str = ""


class Batches:
    """Takes files and photos into a library.

    Attributes:
        counts: Of the `scanning.Scan`: ``new``, ``changed``, ``faces`` and ``forgotten``.
        placed: The rows of photos that were found at a new place.
        looked: The rows of photos that were looked at.
        unreadable: What cannot be read.
        crowded: Photos of which only the surest faces were taken.
    """

    def __init__(self, library: Library, reader: LibraryReader, progress: Progress) -> None:
        self._library, self._reader, self._progress = library, reader, progress
        self._marks = {mark for (mark,) in library.rows("SELECT mark FROM forgotten WHERE mark IS NOT NULL")}
        self.counts = dict.fromkeys(("new", "changed", "faces", "forgotten"), 0)
        self.placed: set[int] = set()
        self.looked: set[int] = set()
        self.unreadable: list[SetAside] = []
        self.crowded: list[SetAside] = []

    def is_forgotten(self, *what: bytes | str) -> bool:
        """Tell whether a content, or a place and its stamp, is to be passed over."""
        return bool(self._marks) and mark_of(*what) in self._marks

    def look(self, found: Sequence[FoundFile]) -> None:
        """Take new files, then look at photos that the reader whose faces count has not seen: another one was in use, or they were away."""
        waiting = self._reader.not_looked_at()
        if not found and not waiting:
            return
        total = len(found) + len(waiting)
        for start in range(0, len(found), BATCH):
            self._take(found[start : start + BATCH], _Onward(self._progress, start, total))
        waiting = self._reader.not_looked_at()
        for start in range(0, len(waiting), BATCH):
            self._look_again(waiting[start : start + BATCH], _Onward(self._progress, max(0, total - len(waiting)) + start, total))
        self._reader.drop_others()
        self._forget_again()

    def _take(self, batch: Sequence[FoundFile], progress: Progress) -> None:
        """Read each file of a batch once, look at the photos that are new, and write all of it or nothing."""
        read = list(in_order(_read, batch))
        paths = {one.digest: file.path for file, one in zip(batch, read, strict=True) if one.digest}
        paths = {digest: path for digest, path in paths.items() if not self.is_forgotten(bytes.fromhex(digest))}
        known = contents.photos_by_digest(self._library, list(paths))
        new = [digest for digest in paths if digest not in known]
        glances = dict(zip(new, in_order(lambda digest: _glance(paths[digest], digest), new), strict=True))
        looked = self._reader.looked_at(list(known.values()))
        wanted = {
            digest: path for digest, path in paths.items() if not isinstance(glances.get(digest), str) and known.get(digest) not in looked
        }
        seen = self._seen(wanted, progress)
        problems = {digest: glance for digest, glance in glances.items() if isinstance(glance, str)}
        problems |= {digest: why_unreadable(path) for digest, path in wanted.items() if digest not in seen and digest in glances}
        with self._library.changing() as change:
            for digest, glance in glances.items():
                if isinstance(glance, DecodedPhoto) and digest in seen:
                    known[digest] = contents.put_photo(change, digest, glance.size, glance.taken_at)
                    self.counts["new"] += 1
            self._keep_faces(change, known, seen, paths)
            for file, one in zip(batch, read, strict=True):
                self._keep_file(change, file, one, known.get(one.digest), one.problem or problems.get(one.digest, ""))
        progress.step(_("photos looked at"), len(batch), len(batch))

    def _keep_file(self, change: sqlite3.Connection, file: FoundFile, read: _Read, photo: int | None, problem: str) -> None:
        if read.digest and self.is_forgotten(bytes.fromhex(read.digest)):
            change.execute("INSERT OR IGNORE INTO forgotten (mark) VALUES (?)", (mark_of(file.prefix, file.name, read.stamp),))
            change.execute("DELETE FROM files WHERE root = ? AND name = ?", (file.root, file.name))
            self.counts["forgotten"] += 1
        elif photo is not None:
            before = change.execute("SELECT photo FROM files WHERE root = ? AND name = ?", (file.root, file.name)).fetchone()
            contents.put_file(change, file.root, file.name, read.stamp, photo=photo)
            self.counts["changed"] += before is not None and before[0] not in (None, photo)
            self.placed.update([photo] * (before is None or before[0] != photo))
        elif problem:
            contents.put_file(change, file.root, file.name, read.stamp, photo=None, problem=problem)
            self.unreadable.append(SetAside(file.path, problem))
        # else it was changed between two looks, and the next scan finds it as new

    def _keep_faces(
        self, change: sqlite3.Connection, rows: Mapping[str, int], seen: Mapping[str, SeenFaces], paths: Mapping[str, Path]
    ) -> None:
        for digest, faces in seen.items():
            if digest in rows:
                contents.put_faces(change, rows[digest], self._reader.key, faces.faces, faces.vectors, faces.sharpness)
                self.counts["faces"] += len(faces.faces)
                self.looked.add(rows[digest])
                if words := crowd_words(len(faces.faces)):
                    self.crowded.append(SetAside(paths[digest], words))

    def _look_again(self, digests: Sequence[str], progress: Progress) -> None:
        """Look at photos that are in the library already."""
        rows = contents.photos_by_digest(self._library, digests)
        places = contents.files_of_photos(self._library, list(rows.values()))
        paths = {digest: places[row][0] for digest, row in rows.items() if row in places}
        seen = self._seen(paths, progress)
        with self._library.changing() as change:
            self._keep_faces(change, rows, seen, paths)
        self.unreadable += [SetAside(path, why) for digest, path in paths.items() if digest not in seen and (why := why_unreadable(path))]

    def _forget_again(self) -> None:
        """Keep the faces of people who were forgotten out of the cache, too, where another reader has now looked at them."""
        statement = "SELECT DISTINCT lower(hex(sha256)) FROM forgotten JOIN photos ON photos.id = photo WHERE photo IN ({})"
        if digests := [digest for (digest,) in self._library.rows_of(statement, sorted(self.looked))]:
            forget_in_cache(digests)

    def _seen(self, photos: Mapping[str, Path], progress: Progress) -> dict[str, SeenFaces]:
        return seen_in_photos(photos, self._reader.reader, what=_("photos looked at"), progress=progress) if photos else {}


class _Onward:
    """The progress of a batch, as part of all that is to be done."""

    def __init__(self, progress: Progress, before: int, total: int) -> None:
        self._progress, self._before, self._total = progress, before, total
        self.say, self.result, self.table = progress.say, progress.result, progress.table

    def step(self, what: str, done: int, total: int, note: str = "") -> None:
        self._progress.step(what, min(self._before + done, self._total), self._total, note)


def _read(file: FoundFile) -> _Read:
    """Hash a file; its stamp is older than its content, so that what changes meanwhile is read again next time.

    A file that the system does not let us read has no stamp: it is tried again by every scan, for it may be let tomorrow.
    """
    path = file.path
    stamp = stamp_of_file(path)
    is_small = bool(stamp) and int(stamp.partition(" ")[0]) <= MAX_PHOTO_BYTES
    if is_small and (digest := sha256_of(path)):
        return _Read(stamp, digest)
    return _Read("" if is_small else stamp, "", why_unreadable(path))


def _glance(path: Path, digest: str) -> DecodedPhoto | str | None:
    """Return what a photo's header tells, or why it cannot be read; None where it was changed meanwhile."""
    try:
        with opened(path, longest=NO_PIXEL) as photo:
            return photo if photo.sha256 == digest else None
    except PhotoError as error:
        return error.reason
