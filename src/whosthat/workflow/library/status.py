"""What a library holds, and whether it is sound.

What belongs here: counting and checking. What does not: changing it (`scanning`, `forgetting`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from whosthat.dataset.threads import in_order
from whosthat.faces import finding
from whosthat.library import contents
from whosthat.library.erasing import NOTE
from whosthat.library.store import Library, stamp_of_file
from whosthat.photos.reading import sha256_of
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import SetAside
from whosthat.workflow.library.in_use import bundle_in_use

_COUNTS = (
    "SELECT (SELECT count(*) FROM photos), (SELECT count(*) FROM files WHERE photo IS NOT NULL AND missing_since IS NULL), "
    "(SELECT count(*) FROM files WHERE photo IS NOT NULL AND missing_since IS NOT NULL), "
    "(SELECT count(*) FROM photos WHERE NOT EXISTS (SELECT 1 FROM looks WHERE photo = photos.id AND reader = :reader)), "
    "(SELECT count(*) FROM faces WHERE reader = :reader), "
    "(SELECT count(*) FROM faces LEFT JOIN answers ON face = faces.id WHERE reader = :reader AND person IS NULL "
    "AND (why IS NULL OR why NOT IN ('fact', 'no_face')))"
)
_PEOPLE = (
    "SELECT name, count(faces.id) FROM people LEFT JOIN answers ON person = people.id "
    "LEFT JOIN faces ON faces.id = face AND reader = :reader GROUP BY people.id ORDER BY name"
)
_KNOWN = "SELECT path, name, stamp, sha256 FROM files JOIN roots ON roots.id = root JOIN photos ON photos.id = photo ORDER BY path, name"
_LOST = "SELECT count(DISTINCT photo) FROM facts WHERE NOT EXISTS (SELECT 1 FROM files WHERE files.photo = facts.photo)"
_PROBLEMS = (
    "SELECT path, name, problem FROM files JOIN roots ON roots.id = root WHERE problem <> '' AND missing_since IS NULL ORDER BY path, name"
)
_CROWDS = (
    "SELECT path, name, :words FROM files JOIN roots ON roots.id = root WHERE missing_since IS NULL "
    "AND photo IN (SELECT photo FROM faces WHERE reader = :reader AND number >= :most) ORDER BY path, name"
)


@dataclass(frozen=True)
class ScannedFolder:
    """A folder that is scanned, and whether it is there now."""

    path: Path
    there: bool


@dataclass(frozen=True)
class LibraryStatus:
    """What a library holds.

    Attributes:
        folder: The library.
        folders: What is scanned.
        photos: Different photos, by content, missing ones too.
        files: Files of photos that were there at the last scan.
        missing: Files that were not.
        unreadable: Files that cannot be read, and why.
        waiting: Photos that the networks in use have not looked at.
        faces: Faces that these found.
        people: People who have a name in the library, by name, with the number of their faces.
        unanswered: Faces without a name of which nobody has said that it is nobody, or no face.
        bundle: The recogniser in use; None without one.
        bytes: What the library's folder takes on the disk.
        crowded: Photos of which only the surest faces were taken, because they show so many.
    """

    folder: Path
    folders: tuple[ScannedFolder, ...]
    photos: int
    files: int
    missing: int
    unreadable: tuple[SetAside, ...]
    waiting: int
    faces: int
    people: dict[str, int]
    unanswered: int
    bundle: Path | None
    bytes: int
    crowded: tuple[SetAside, ...] = ()


@dataclass(frozen=True)
class LibraryCheck:
    """Whether a library is sound, and agrees with the disk.

    Attributes:
        damage: What is wrong with its own file, in the words of SQLite; empty where all is well.
        stopped: Whether somebody is still to be forgotten, because that was stopped.
        changed: Files whose size, times or (where it was read) content are others than the library knows.
        gone: Files that are not there; of folders that are not there, all.
        lost: Photos of which something was said and that lie nowhere.
        checked: How many files were looked at.
    """

    damage: tuple[str, ...]
    stopped: bool
    changed: tuple[Path, ...]
    gone: tuple[Path, ...]
    lost: int
    checked: int

    @property
    def advice(self) -> tuple[str, ...]:
        """What to do, a sentence for each trouble; empty where all is well."""
        return tuple(
            sentence
            for wrong, sentence in (
                (self.damage, _("Restore library.sqlite from a backup, or delete the library's folder and scan again.")),
                (self.stopped, _("Somebody was not forgotten completely. Scan, and it is finished.")),
                (self.changed, _("Scan, and changed files are looked at again.")),
                (
                    self.gone,
                    _("Plug in missing drives, or scan: moved files are found. What is gone for good can be forgotten."),
                ),
            )
            if wrong
        )


def library_status(library: str | Path) -> LibraryStatus:
    """Say what a library holds.

    Raises:
        LibraryError: It is damaged, or kept by others.
        UsageError: There is none.
    """
    with Library(library) as opened:
        reader = opened.setting("reader") or ""
        (counts,) = opened.rows(_COUNTS, {"reader": reader})
        photos, files, missing, waiting, faces, unanswered = counts
        crowds = {"reader": reader, "most": finding.MOST_FACES, "words": finding.crowd_words(finding.MOST_FACES)}
        return LibraryStatus(
            folder=opened.folder,
            folders=tuple(ScannedFolder(path, path.is_dir()) for path in contents.roots_of(opened).values()),
            photos=photos,
            files=files,
            missing=missing,
            unreadable=_set_aside(opened.rows(_PROBLEMS)),
            crowded=_set_aside(opened.rows(_CROWDS, crowds)),
            waiting=waiting,
            faces=faces,
            people=dict(opened.rows(_PEOPLE, {"reader": reader})),
            unanswered=unanswered,
            bundle=bundle_in_use(opened),
            bytes=sum(_size(Path(place, name)) for place, _folders, names in os.walk(opened.folder) for name in names),
        )


def verify_library(library: str | Path, *, read: bool = False, progress: Progress = SILENT) -> LibraryCheck:
    """Check a library's own file, and compare what it knows of the photos with the disk; nothing is changed.

    Args:
        library: The library.
        read: Read every file, and compare its content; else sizes and times tell.
        progress: Is told how many files were looked at.

    Raises:
        LibraryError: It is so damaged that it cannot be opened, or kept by others.
        UsageError: There is none.
    """
    with Library(library) as opened:
        damage = [text for (text,) in opened.rows("PRAGMA integrity_check") if text != "ok"]
        orphans = opened.rows("PRAGMA foreign_key_check")
        damage += [_("{table}: row {row} belongs to nothing", table=table, row=row) for table, row, *_rest in orphans]
        changed: list[Path] = []
        gone: list[Path] = []
        known = opened.rows(_KNOWN)
        looks = in_order(lambda file: _look(*file, read=read), known)
        for done, (path, verdict) in enumerate(looks, start=1):
            progress.step(_("files checked"), done, len(known))
            if verdict is not None:
                (changed if verdict else gone).append(path)
        ((lost,),) = opened.rows(_LOST)
        return LibraryCheck(
            damage=tuple(damage),
            stopped=opened.setting(NOTE) is not None,
            changed=tuple(changed),
            gone=tuple(gone),
            lost=lost,
            checked=len(known),
        )


def _set_aside(rows: Iterable[tuple[bytes, bytes, str]]) -> tuple[SetAside, ...]:
    return tuple(SetAside(Path(os.fsdecode(root), os.fsdecode(name)), why) for root, name, why in rows)


def _look(root: bytes, name: bytes, stamp: str, content: bytes, *, read: bool) -> tuple[Path, bool | None]:
    """Return a file, and whether it is another one than the library knows; False where it is gone, None where all is well."""
    path = Path(os.fsdecode(root), os.fsdecode(name))
    now = stamp_of_file(path)
    if not now:
        return path, False
    is_changed = now != stamp or (read and sha256_of(path) != content.hex())
    return path, True if is_changed else None


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # SQLite deletes its log when the last one closes the file
        return 0
