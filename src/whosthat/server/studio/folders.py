"""The folders below the studio's own: which there are, which file a name means, and writing dropped photos into a new one.

What belongs here: names that come from a page, and what they may lead to. What does not: looking into photos (`photos`, `workflow.check`).

Folders and photos are named by their path below the studio's folder, with forward slashes; "" is that folder itself. A name leads nowhere
else: no ``..``, no drive, no link that ends outside. Hidden files and folders are not there.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from whosthat.durable import make_private_folder
from whosthat.errors import system_reason
from whosthat.file_names import candidates, is_text, safe_name, unused_path
from whosthat.library.store import is_library
from whosthat.photos.reading import looks_like_photo
from whosthat.photos.signatures import SNIFF_BYTES, format_of
from whosthat.server.refusals import Refusal, not_found
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.translation import _

LONGEST_NAME, LONGEST_PART = 1000, 255
"""Characters of a path that a page may ask for, and bytes of one folder's or file's name."""

MOST_FOLDERS, MOST_FILES = 500, 50_000
"""So many folders are listed, and so many files and folders are looked at, all together."""

MOST_PHOTOS = 10_000
"""So many photos of a folder are named."""

DEEPEST = 8
"""Levels of folders in what is dropped; those deeper are refused."""

_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Grounds:
    """The studio's folder, real and absolute, and folders in it that hold no photos to train on, such as the runs."""

    root: Path
    without: tuple[Path, ...] = ()

    def place(self, name: str) -> Path:
        """Return what a name means, which need not be there; `Refusal` where it leads elsewhere."""
        parts = _parts(name)
        place = self.root.joinpath(*parts)
        try:
            inside = place.resolve().is_relative_to(self.root)
        except (OSError, ValueError, RuntimeError):  # a link that leads to itself, a name that no system has
            inside = False
        if not inside:
            raise not_found(name[:100])
        return place

    def folder(self, name: str) -> Path:
        """Return an existing folder; `Refusal` where there is none."""
        place = self.place(name)
        if not place.is_dir():
            raise not_found(name[:100] or self.root.name)
        return place

    def photo(self, name: str) -> Path:
        """Return an existing file that looks like a photo; `Refusal` where there is none."""
        place = self.place(name)
        if not place.is_file() or not looks_like_photo(place):
            raise not_found(name[:100])
        return place

    def name_of(self, place: Path) -> str | None:
        """Return the name by which a page can ask for a file or folder; None where it lies elsewhere, or is not there."""
        try:
            real = place.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        return None if not real.is_relative_to(self.root) else _as_name(real.relative_to(self.root))

    def name_of_first(self, places: Iterable[Path]) -> str | None:
        """Return the name of the first of the places of one photo that has any; see `name_of`."""
        return next((name for place in places if (name := self.name_of(place)) is not None), None)


@dataclass(frozen=True)
class Listed:
    """A folder: how many photos are in it at any depth, and its folders with their numbers of photos, likewise, and of folders.

    ``more`` says that there are more than were looked at.
    """

    photos: int
    folders: tuple[tuple[str, int, int], ...]
    more: bool = False


@dataclass
class Kept:
    """What became of dropped files: how many were written, and those that were not, with the reason."""

    kept: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)


def listed(grounds: Grounds, name: str) -> Listed:
    """Return what is in a folder, sorted by name."""
    look, place = _Look(grounds), grounds.folder(name)
    try:
        photos, folders = look.into(place)
    except OSError as error:
        raise Refusal(409, "unreadable", "{folder} cannot be listed: {error}.", folder=place.name, error=system_reason(error)) from error
    within = [(one.name, look.photos_below(one), look.n_folders) for one in folders[:MOST_FOLDERS]]
    return Listed(photos + sum(n for _rest, n, _folders in within), tuple(within), len(folders) > MOST_FOLDERS or look.left <= 0)


def libraries(grounds: Grounds) -> list[str]:
    """Return the names of the libraries that lie directly in the studio's folder, sorted."""
    with suppress(OSError), os.scandir(grounds.root) as entries:
        names = [one.name for one in itertools.islice(entries, MOST_FILES) if one.is_dir(follow_symlinks=False) and is_library(one.path)]
        return sorted(name for name in names if not name.startswith(".") and is_text(name))
    return []


class _Look:
    """One look into folders, which ends when it has seen `MOST_FILES` files and folders."""

    def __init__(self, grounds: Grounds) -> None:
        self.left, self.n_folders = MOST_FILES, 0
        self._grounds = grounds

    def photos_below(self, place: Path) -> int:
        """Count the photos of a folder at any depth; ``n_folders`` are then those directly in it."""
        photos, waiting, self.n_folders = 0, [place], 0
        while waiting and self.left > 0:
            inside = waiting.pop()
            with suppress(OSError):  # a folder that others may not open holds nothing for us
                more, inner = self.into(inside)
                photos += more
                waiting += inner
                self.n_folders += len(inner) if inside == place else 0
        return photos

    def into(self, place: Path) -> tuple[int, list[Path]]:
        """Count the photos directly in a folder, and list the folders that are neither hidden, nor links, nor left out."""
        photos, folders = 0, []
        with os.scandir(place) as entries:
            for entry in itertools.islice(entries, max(0, self.left)):
                self.left -= 1
                if entry.name.startswith(".") or not is_text(entry.name):
                    continue
                path = Path(entry.path)
                if entry.is_dir(follow_symlinks=False):
                    if path not in self._grounds.without and not entry.name.endswith("-set-aside"):
                        folders.append(path)
                elif looks_like_photo(path):
                    photos += 1
        return photos, sorted(folders)


def new_folder(grounds: Grounds, wanted: str) -> Path:
    """Make a folder for dropped photos below the studio's, with a name that is free; `Refusal` where it cannot be written."""
    try:
        place = unused_path(grounds.root, safe_name(wanted))
        make_private_folder(place)
    except OSError as error:
        raise Refusal(
            409, "not_written", "Nothing can be written to {folder}: {error}.", folder=grounds.root.name, error=system_reason(error)
        ) from error
    return place


def photos_below(grounds: Grounds, name: str) -> tuple[list[str], int]:
    """Return the names of the photos of a folder at any depth, `MOST_PHOTOS` at most, and how many there are; hidden ones are not there."""
    found: list[str] = []
    total = 0
    for place, folders, files in os.walk(grounds.folder(name)):
        kept = sorted(one for one in folders if not one.startswith(".") and not one.endswith("-set-aside"))
        folders[:] = [one for one in kept if Path(place, one) not in grounds.without]
        for file in sorted(one for one in files if not one.startswith(".") and looks_like_photo(Path(place, one))):
            total += 1
            if len(found) < MOST_PHOTOS and (known := grounds.name_of(Path(place, file))):
                found.append(known)
    return found, total


def keep_dropped(folder: Path, files: Sequence[tuple[str, bytes]]) -> Kept:
    """Write dropped files into a folder that `new_folder` made; each comes with its path in what was dropped."""
    done = Kept()
    for name, content in files:
        shown = name[:200]
        try:
            parts = [next(candidates(part)) for part in _parts(name)]
        except Refusal:
            done.refused.append((shown, _("its name cannot be used")))
            continue
        if not parts or len(parts) > DEEPEST:
            done.refused.append((shown, _("it lies too deep")))
        elif reason := _keep(folder.joinpath(*parts), content):
            done.refused.append((shown, reason))
        else:
            done.kept += 1
    return done


def _keep(place: Path, content: bytes) -> str:
    """Write one photo where nothing is yet; return why not, or nothing."""
    if format_of(content[:SNIFF_BYTES]) is None:
        return _("not a photo")
    if len(content) > MAX_PHOTO_BYTES:
        return _("it is larger than {megabytes:,.0f} MB", megabytes=MAX_PHOTO_BYTES / 1e6)
    try:
        make_private_folder(place.parent)
        with place.open("xb") as file:
            file.write(content)
    except FileExistsError:
        return _("there is a file of this name already")
    except OSError as error:
        return _("it cannot be written ({error})", error=system_reason(error))
    return ""


def _parts(name: str) -> list[str]:
    r"""Take a name apart; `Refusal` for what leads up, to a drive, or to what is hidden. ``\`` parts names as well: Windows would do so."""
    if len(name) > LONGEST_NAME or "\0" in name or not is_text(name):
        raise Refusal(404, "not_found", "The name is too long, or no text.")
    parts = [part for part in re.split(r"[/\\]", name) if part]
    elsewhere = name.startswith(("/", "\\")) or any(part.startswith(".") or _DRIVE.match(part) for part in parts)
    if elsewhere or any(len(part.encode()) > LONGEST_PART for part in parts):
        raise not_found(name[:100])
    return parts


def _as_name(relative: Path) -> str | None:
    name = relative.as_posix()
    return ("" if name == "." else name) if is_text(name) else None
