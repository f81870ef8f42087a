"""Files made of photos that were found: a playlist, a contact sheet, links in a folder.

What belongs here: writing them without ever touching a photo. What does not: finding (`find`), how the contact sheet looks
(`evaluation.found_sheet`).
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from whosthat.durable import make_private_folder, move_to_free_name, replace_file, unfinished_in
from whosthat.errors import UsageError, system_reason
from whosthat.file_names import candidates
from whosthat.library.store import outside_libraries
from whosthat.progress import SILENT, Progress
from whosthat.workflow.library.find import FoundPhoto

SHEET = "found.html"
"""The contact sheet in its folder."""

PLAYLISTS = (".m3u8", ".m3u")
_HEAD = b"#EXTM3U"


def write_playlist(file: Path, photos: Iterable[Path]) -> None:
    """Write a playlist in UTF-8, in the place of an older one; paths are relative to it wherever they can be.

    A path that no line can hold (a line end in it, bytes that are no letters) stands there as a file: address.

    Raises:
        UsageError: The name does not end in .m3u8 or .m3u, another file has it, it lies in a library, or it cannot be written.
    """
    check_playlist(file)
    try:
        if os.path.lexists(file) and not _is_playlist(file):
            raise UsageError("{file} is no playlist. Choose another name.", file=file)
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [_HEAD, *(_line(photo, file.parent).encode() for photo in photos)]
        replace_file(file, b"\n".join([*lines, b""]))
    except OSError as error:
        raise UsageError("{file} cannot be written: {error}. Choose another name.", file=file, error=system_reason(error)) from error


def check_playlist(file: Path) -> None:
    """Raise UsageError where the name does not end in .m3u8 or .m3u, or the file would lie in a library."""
    outside_libraries(file)
    if file.suffix.lower() not in PLAYLISTS:
        raise UsageError("The name of a playlist ends in .m3u8; got {file}.", file=file)


def _is_playlist(file: Path) -> bool:
    if not file.is_file():  # asked first: opening a pipe could wait for ever
        return False
    with file.open("rb") as old:
        return old.read(16).removeprefix(b"\xef\xbb\xbf").startswith(_HEAD)


def _line(photo: Path, folder: Path) -> str:
    absolute = Path(os.path.abspath(photo))  # noqa: PTH100  pathlib's keeps ".."
    try:
        path = os.path.relpath(absolute, os.path.abspath(folder))  # noqa: PTH100
    except ValueError:  # Windows: on another drive
        path = str(absolute)
    if not path.isprintable() or path != path.strip():
        return absolute.as_uri()
    return os.path.join(os.curdir, path) if path.startswith("#") else path  # noqa: PTH118  pathlib takes the dot off


def write_sheet(folder: Path, photos: Sequence[FoundPhoto], terms: str, *, progress: Progress = SILENT) -> Path:
    """Write the contact sheet of a search into a folder, in the place of an older one, and return it.

    Args:
        folder: Is made where it is not there.
        photos: What was found.
        terms: What was asked for, in words.
        progress: Shows the photos as they are read.

    Raises:
        UsageError: It lies in a library, or cannot be written.
    """
    from whosthat.evaluation.found_sheet import Shown, write_found_sheet  # Pillow and more

    outside_libraries(folder)
    try:
        make_private_folder(folder)
        shown = [Shown(one.path, one.who, one.when) for one in photos]
        return write_found_sheet(folder / SHEET, shown, terms=terms, progress=progress)
    except OSError as error:
        raise UsageError(
            "{folder} cannot be written: {error}. Choose another folder.", folder=folder, error=system_reason(error)
        ) from error


def link_photos(folder: Path, photos: Sequence[Path]) -> Counter[str]:
    """Make a link to each photo in a new folder, under its own name, with a number where that is taken.

    Symbolic links; where the system has none, hard links; where it has none of these either, copies. Nothing is deleted or overwritten.

    Returns:
        How many there are of each: ``link``, ``copy``, and ``gone`` for photos that could not be read any more.

    Raises:
        UsageError: The folder holds files already, lies in a library, or cannot be written.
    """
    outside_libraries(folder)
    made: Counter[str] = Counter()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise UsageError("{folder} holds files already. Name a new folder for the links.", folder=folder)
        names = _Names()
        ways = list(_WAYS)
        for photo in photos:
            source = Path(os.path.abspath(photo))  # noqa: PTH100
            made[_placed(source, folder / names.free(photo.name), ways) if source.is_file() else "gone"] += 1
    except OSError as error:
        raise UsageError(
            "{folder} cannot be written: {error}. Choose another folder.", folder=folder, error=system_reason(error)
        ) from error
    return made


class _Names:
    """Names that no file before had, also where upper and lower case are one."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbered: dict[str, Iterator[str]] = {}

    def free(self, name: str) -> str:
        """Return a name, or the first with a number that is free."""
        numbered = self._numbered.setdefault(name, candidates(name))  # goes on: the ten thousandth IMG_0001.jpg takes one step
        free = next(candidate for candidate in numbered if candidate.casefold() not in self._taken)
        self._taken.add(free.casefold())
        return free


def _placed(source: Path, target: Path, ways: list[tuple[str, Callable[[Path, Path], None]]]) -> str:
    """Make a link or a copy in the first of the ways that works; those before it are not tried again."""
    while len(ways) > 1:
        try:
            ways[0][1](source, target)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            ways.pop(0)
        else:
            return ways[0][0]
    ways[0][1](source, target)
    return ways[0][0]


def _copy(source: Path, target: Path) -> None:
    temporary = unfinished_in(target.parent)
    try:
        shutil.copy2(source, temporary)
        move_to_free_name(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


_WAYS: tuple[tuple[str, Callable[[Path, Path], None]], ...] = (
    ("link", lambda source, target: target.symlink_to(source)),
    ("link", lambda source, target: target.hardlink_to(source)),
    ("copy", _copy),
)
