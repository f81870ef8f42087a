"""Bringing a library up to date with the photos on the disk: only what is new is looked at, and what has gone is remembered.

What belongs here: walking the folders, telling new, changed, moved and missing files apart by size and times. What does not: reading and
looking at the new ones (`scan_batches`), what becomes of facts when a photo was edited (`edited_photos`), who the faces are.

Nothing is written before it is whole: a batch of photos, with their faces, is one change of the library. A scan that is killed at any
moment is finished by the next one, which finds the same files and looks at those that are not there yet.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from whosthat.errors import BundleError, UsageError
from whosthat.library import contents
from whosthat.library.store import Library, stamp_of_file
from whosthat.photos.storage import stored
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import SetAside
from whosthat.workflow.library.answering import answer_again, is_answered
from whosthat.workflow.library.edited_photos import carry_facts
from whosthat.workflow.library.forgetting import finish_forgetting
from whosthat.workflow.library.reader import LibraryReader
from whosthat.workflow.library.scan_batches import Batches, FoundFile
from whosthat.workflow.predict import find_photos, places_given
from whosthat.workflow.prediction import Prediction

DUE = "due"
"""The setting that is there while a scan has not answered for all that it found, be it stopped."""

HEIC_SUFFIXES = frozenset({".heic", ".heif"})


@dataclass(frozen=True)
class Scan:
    """What a scan found.

    Attributes:
        photos: How many different photos the library holds now, missing ones too.
        files: How many files of them are there.
        new: Photos, by content, that it did not know.
        changed: Files that hold another photo than before.
        moved: Files that were found at another place.
        missing: Files that were there at the last scan, and are not now; of folders that are not there, too.
        back: Files that were missing, and are there again.
        faces: Faces that were found in photos that were looked at this time.
        carried: Facts that an edited photo took over from the one that was there before.
        answered: Faces that have another name than before.
        forgotten: Files that were passed over, because they show nobody but people who were forgotten.
        unreadable: New and changed files that cannot be read, and folders that cannot be listed.
        unreadable_before: Files that could not be read at an earlier scan, and are as they were.
        crowded: Photos of which only the surest faces were taken, because they show so many.
        not_there: Folders that are not there, or hold no photos; what the library knows of their photos stays.
        passed_over: Files that are no photos, by kind (`photos.signatures.kind_of_file`), and "HEIC photo" where those cannot be read.
    """

    photos: int = 0
    files: int = 0
    new: int = 0
    changed: int = 0
    moved: int = 0
    missing: int = 0
    back: int = 0
    faces: int = 0
    carried: int = 0
    answered: int = 0
    forgotten: int = 0
    unreadable: tuple[SetAside, ...] = ()
    unreadable_before: int = 0
    crowded: tuple[SetAside, ...] = ()
    not_there: tuple[Path, ...] = ()
    passed_over: Mapping[str, int] = field(default_factory=dict)


class _Part(NamedTuple):
    """What is walked: a folder that is remembered, or one inside it."""

    root: int
    path: Path
    folder: Path


class _Known(NamedTuple):
    """A file as the library knows it."""

    row: int
    stamp: str
    photo: int | None
    missing: bool


def scan(
    library: str | Path,
    photos: str | Path | Iterable[str | Path] = (),
    *,
    bundle: str | Path | None = None,
    without: Collection[Path] = (),
    progress: Progress = SILENT,
) -> Scan:
    """Look at the new photos of a library; no photo is changed.

    Args:
        library: The library's own folder; made when it is not there and ``photos`` are given.
        photos: Folders, each remembered from now on; their photos are taken at any depth. Without any, all that are remembered.
        bundle: A face recogniser that is in use from now on; its networks find the faces. None keeps the one in use.
        without: Folders that are passed over this time.
        progress: Is told how far the work is.

    Raises:
        BundleError: The recogniser cannot be used.
        CacheError: The cache in which faces are remembered cannot be used.
        LibraryError: The library is damaged, cannot be written, or is being changed by another process.
        UsageError: There is no library and no photos are given, or these are no folders.
        WeightsError: The weights of the networks are missing.

    Example:
        scan("family", ["photos/2024", "photos/2025"])
    """
    folders = [_folder(path, Path(library)) for path in places_given(photos)]
    with Library(library, create=bool(folders)) as opened, opened.alone():
        if (forgotten := finish_forgetting(opened, progress)) is not None:
            receipt, file = forgotten
            progress.say(_("{name} was forgotten, as was begun before. The receipt is {path}.", name=receipt.removed, path=file))
        scanner = _Scanner(opened, LibraryReader(opened, bundle, progress), [opened.folder, *without], progress)
        try:
            return scanner.scan(_parts(opened, folders), answer=bundle is not None)
        except KeyboardInterrupt as stop:
            stop.add_note(_("What was found so far is kept. Scan again to go on."))
            raise


def _folder(path: Path, library: Path) -> Path:
    """Return a folder that somebody gave without links in it, so that one folder has one name."""
    if (there := stored(path)) is not None:
        raise UsageError("{path} is no folder of this computer. A library scans folders of this computer.", path=there)
    if not path.is_dir():
        raise UsageError("{path} is no folder. Name the folders in which the photos lie.", path=path)
    folder = path.resolve()
    if folder.is_relative_to(library.resolve()):
        raise UsageError(
            "{folder} cannot hold the photos and be the library. Name another folder for the library: whosthat library NEW scan PHOTOS",
            folder=path,
        )
    return folder


def _parts(library: Library, folders: Sequence[Path]) -> list[_Part]:
    """Remember folders, and say what is to be walked; no folder that is remembered lies in another one."""
    parts: list[_Part] = []
    for folder in sorted(set(folders), key=lambda path: len(path.parts)):  # outer ones first
        roots = contents.roots_of(library)
        root = next((row for row, path in roots.items() if folder.is_relative_to(path)), None)
        if root is None:
            with library.changing() as change:
                root = contents.put_root(change, folder)
                for row, path in roots.items():
                    if path.is_relative_to(folder):
                        contents.move_root(change, row, root, os.fsencode(path.relative_to(folder)))
        if not any(folder.is_relative_to(part.folder) for part in parts):
            parts.append(_Part(root, roots.get(root, folder), folder))
    parts = parts or [_Part(row, path, path) for row, path in contents.roots_of(library).items()]
    if not parts:
        raise UsageError("No photos were scanned yet. Name their folders: whosthat library {folder} scan PHOTOS", folder=library.folder)
    return parts


class _Scanner:
    """One scan, and what it found so far."""

    def __init__(self, library: Library, reader: LibraryReader, without: Collection[Path], progress: Progress) -> None:
        self._library, self._reader, self._without, self._progress = library, reader, without, progress
        self._batches = Batches(library, reader, progress)
        self._passed_over = Counter[str]()
        self._not_there: list[Path] = []
        self._not_listed: list[SetAside] = []
        self._counts = dict.fromkeys(("missing", "back"), 0)
        self._found: list[FoundFile] = []
        self._gone: list[int] = []  # files that are not where they were, though other photos are there
        self._reads_heic = find_spec("pillow_heif") is not None

    def scan(self, parts: Sequence[_Part], *, answer: bool) -> Scan:
        """Walk, look at what is new, settle what has moved or changed, and ``answer`` for it, or for all photos."""
        was_stopped = self._library.setting(DUE) is not None
        for part in parts:
            self._walk(part)
        if answer or self._found or self._reader.not_looked_at():
            self._set_due("1")
        self._batches.look(self._found)
        moved = self._drop_moved()
        carried = carry_facts(self._library, self._reader.key)
        answered = self._answered(everything=answer or was_stopped or carried > 0)
        ((photos,),) = self._library.rows("SELECT count(*) FROM photos")
        ((files,),) = self._library.rows("SELECT count(*) FROM files WHERE photo IS NOT NULL AND missing_since IS NULL")
        ((unreadable,),) = self._library.rows("SELECT count(*) FROM files WHERE problem <> '' AND missing_since IS NULL")
        return Scan(
            photos=photos,
            files=files,
            moved=moved,
            carried=carried,
            answered=answered,
            unreadable=(*self._not_listed, *self._batches.unreadable),
            unreadable_before=max(unreadable - len(self._batches.unreadable), 0),
            crowded=tuple(self._batches.crowded),
            not_there=tuple(self._not_there),
            passed_over=self._passed_over,
            **self._counts,
            **self._batches.counts,
        )

    def _answered(self, *, everything: bool) -> int:
        """Say who the faces are that are new, or all; return how many have another name than before."""
        try:
            if self._library.setting(DUE) is None and is_answered(self._library):
                return 0
            answered = answer_again(self._library, None if everything else self._batches.looked)
        except BundleError as error:
            self._progress.say(_("The answers are unchanged. {error}", error=error))
            return 0
        self._set_due(None)
        if answered.note:
            self._progress.say(answered.note)
        return answered.changed

    def _set_due(self, value: str | None) -> None:
        if self._library.setting(DUE) != value:
            with self._library.changing() as change:
                contents.set_setting(change, DUE, value)

    def _walk(self, part: _Part) -> None:
        """Compare what lies in a folder with what the library knows of it."""
        prefix = contents.inside(part.path)
        known = self._known(part, prefix)
        blocked: list[bytes] = []
        back: list[_Known] = []
        is_empty = True
        for item in find_photos([part.folder] * part.folder.is_dir(), without=self._without, passed_over=self._passed_over):
            if isinstance(item, Prediction):
                if item.path != part.folder:
                    blocked.append(contents.inside(item.path).removeprefix(prefix))
                    self._not_listed.append(SetAside(item.path, item.error))
                continue
            is_empty = False
            before = known.pop(os.fsencode(item).removeprefix(prefix), None)
            if not self._is_new(part.root, prefix, item, before) and before is not None and before.missing:
                back.append(before)
        gone = [file for name, file in known.items() if not name.startswith(tuple(blocked))]
        self._note_missing([file for file in gone if not file.missing], back)
        if is_empty:
            self._not_there.append(part.folder)
        else:
            self._gone += [file.row for file in gone]

    def _is_new(self, root: int, prefix: bytes, path: Path, before: _Known | None) -> bool:
        """Put a file among those to be read unless it is as the library knows it, or is passed over."""
        if not self._reads_heic and path.suffix.lower() in HEIC_SUFFIXES:
            self._passed_over["HEIC photo"] += 1  # not translated: a key of `wording.NOUNS`
            return False
        stamp, name = stamp_of_file(path), os.fsencode(path).removeprefix(prefix)
        if before is not None and stamp and before.stamp == stamp:
            return False
        if self._batches.is_forgotten(prefix, name, stamp):
            self._batches.counts["forgotten"] += 1
            return False
        self._found.append(FoundFile(root, prefix, name))
        return True

    def _known(self, part: _Part, prefix: bytes) -> dict[bytes, _Known]:
        below = contents.inside(part.folder).removeprefix(prefix)
        rows = self._library.rows("SELECT name, id, stamp, photo, missing_since IS NOT NULL FROM files WHERE root = ?", (part.root,))
        return {name: _Known(*rest) for name, *rest in rows if name.startswith(below)}

    def _note_missing(self, missing: Sequence[_Known], back: Sequence[_Known]) -> None:
        self._counts["missing"] += sum(file.photo is not None for file in missing)
        self._counts["back"] += sum(file.photo is not None for file in back)
        if missing or back:
            now = time.time()
            with self._library.changing() as change:
                change.executemany("UPDATE files SET missing_since = ? WHERE id = ?", [(now, file.row) for file in missing])
                change.executemany("UPDATE files SET missing_since = NULL WHERE id = ?", [(file.row,) for file in back])

    def _drop_moved(self) -> int:
        """Forget places that are empty now and whose photo lies elsewhere; return how many files were moved there in this scan."""
        statement = (
            "SELECT id, photo FROM files WHERE (photo IS NULL OR EXISTS (SELECT 1 FROM files AS other WHERE other.photo = files.photo "
            "AND other.missing_since IS NULL)) AND id IN ({})"
        )
        dropped = list(self._library.rows_of(statement, self._gone))
        if dropped:
            with self._library.changing() as change:
                change.executemany("DELETE FROM files WHERE id = ?", [(row,) for row, _photo in dropped])
        moved = sum(photo in self._batches.placed for _row, photo in dropped)
        self._counts["missing"] -= min(moved, self._counts["missing"])
        return moved
