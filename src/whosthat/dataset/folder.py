"""From a folder to a list of photos with their classes: one sub-folder, one class.

What belongs here: walking the folder, deciding what is a photo and whose it is, refusing a layout that cannot be right.
What does not: opening a photo (`audit` does), except for the first bytes of a file without a suffix.

Rules of the walk:
    * every folder directly inside the root is a class; photos anywhere below it belong to that class;
    * where clips are asked for, a video is one, and so is a folder of numbered frames inside a class folder, as a whole;
    * a class is named as its folder, in Unicode normal form C, so that a label typed on macOS equals one typed on Linux;
    * links to folders are not followed, and links to files only when they stay inside the root: the walk always ends,
      and a shared folder cannot pull in somebody's private files;
    * whatever is not used is listed in ``set_aside`` with its reason, never dropped silently;
    * a folder in storage (``s3://``) is read by the same rules, from its listing alone: a photo there has a photo's suffix, and there are
      no clips.
"""

from __future__ import annotations

import difflib
import os
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from whosthat.errors import DatasetError, system_reason
from whosthat.file_names import is_text
from whosthat.photos.clips import numbered_frames
from whosthat.photos.reading import looks_like_photo
from whosthat.photos.signatures import PHOTO_SUFFIXES, kind_of_file
from whosthat.photos.storage import Listing, StoredPhoto, listed, stored
from whosthat.translation import N_, _
from whosthat.types import SetAside
from whosthat.wording import counted

HIDDEN = N_("hidden: the name begins with a dot")
NOT_A_PHOTO = N_("not a photo")
NO_PHOTO_BUT = {"video": N_("a video"), "RAW photo": N_("a RAW photo; export it as JPEG")}  # not translated: keys
"""What is said of files that people take for photos, by `photos.signatures.kind_of_file`."""
NOT_A_FILE = N_("a pipe, socket or device, not a regular file")
BAD_NAME = N_("a name that is not valid Unicode; rename it")
UNREACHABLE = N_("a name with an empty folder or a dot as a folder in it; rename it")
LINKED_FOLDER = N_("a link to a folder; links to folders are not followed")
LINK_OUT = N_("a link to a place outside the photo folder")
BROKEN_LINK = N_("a broken link")
FOLDER_NAMED_AS_PHOTO = N_("a folder with the name of a photo")
CLOSED_FOLDER = N_("a folder that cannot be opened")
LOOSE = N_("a photo outside the class folders, so it has no class")
EMPTY_CLASS = N_("a folder without photos")


@dataclass(frozen=True, slots=True)
class Photo:
    """A file that is taken for a photo, or a clip: a video, or a folder of numbered frames.

    Attributes:
        path: Where it lies.
        class_name: Its class: the folder directly inside the root, in Unicode normal form C.
        name: The path relative to the root with forward slashes ("anna/2019/beach.jpg"); unique within a photo folder.
    """

    path: Path
    class_name: str
    name: str


@dataclass(frozen=True)
class PhotoFolder:
    """A folder of photos, one sub-folder per class.

    Attributes:
        root: The folder, as a real absolute path.
        classes: Class names in sorted order; the index of a name is its label.
        photos: Every photo, sorted by class, then by name.
        set_aside: Every file or folder that was left out, sorted by path, with its reason.
    """

    root: Path
    classes: tuple[str, ...]
    photos: tuple[Photo, ...]
    set_aside: tuple[SetAside, ...]


def scan(root: Path, *, clips: bool = False) -> PhotoFolder:
    """List the photos of a folder that holds one sub-folder per class.

    The answer depends on names alone, not on the order in which the file system gives them.

    Args:
        root: The folder. It may be a link.
        clips: Whether videos and folders of numbered frames are clips, one item each. Otherwise frames are photos, videos are set aside.

    Raises:
        DatasetError: There is no such folder, it is empty, it has no sub-folders, none of them holds photos, or two class names differ
            only by case or by Unicode normalisation.
    """
    place = stored(root)
    left: list[SetAside] = []
    if place is None:
        real_root = _existing_folder(root)
        classes = _on_this_computer(real_root, left, clips=clips)
    else:
        root = real_root = place
        classes = _in_storage(place, left, clips=clips)
    found = {folder.name: photos for folder, photos in classes.items() if photos}
    left += [SetAside(folder, EMPTY_CLASS) for folder, photos in classes.items() if not photos]
    if not found and not left:
        raise DatasetError("{root} is empty. Expected one sub-folder per class, each with photos in it.", root=root)
    _check_layout(root, list(found), left)
    return PhotoFolder(
        root=real_root,
        classes=tuple(sorted(_normal(name) for name in found)),
        photos=tuple(sorted((photo for photos in found.values() for photo in photos), key=lambda photo: (photo.class_name, photo.name))),
        set_aside=tuple(sorted(left, key=lambda item: item.path)),
    )


def _on_this_computer(root: Path, left: list[SetAside], *, clips: bool) -> dict[Path, list[Photo]]:
    """Return the photos of each class folder; append everything else to ``left``."""
    found: dict[Path, list[Photo]] = {}
    for entry in _entries(root):
        reason = _why_not_a_class(entry)
        if reason is None:
            found[Path(entry.path)] = list(_photos_below(Path(entry.path), root, left, clips=clips))
        else:
            left.append(SetAside(Path(entry.path), reason))
    return found


def _in_storage(root: StoredPhoto, left: list[SetAside], *, clips: bool) -> dict[Path, list[Photo]]:
    """Do the same of a folder in storage."""
    listing = _listing(root, clips=clips)
    depth = len(root.parts)
    found: dict[Path, list[Photo]] = {}
    aside: dict[Path, str] = dict.fromkeys(listing.unreachable, UNREACHABLE)
    for marked in listing.folders:
        if (names := marked.parts[depth:]) and _closed((*names, "")) is None:
            found.setdefault(root / names[0], [])
    for path in listing.files:
        names = path.parts[depth:]
        reason = None if _is_photo(path) else _no_photo(path.name)
        if (closed := _closed(names)) is not None:
            aside[StoredPhoto(*path.parts[: depth + closed[0]])] = closed[1]
        elif len(names) == 1:
            aside[path] = reason or LOOSE
        else:
            photos = found.setdefault(root / names[0], [])
            if reason is None:
                photos.append(Photo(path, _normal(names[0]), "/".join(names)))
            else:
                aside[path] = reason
    if not found and not aside:
        raise DatasetError("There is nothing at {root}: in storage, an empty folder and none are the same. Check the address.", root=root)
    left += [SetAside(path, reason) for path, reason in aside.items()]
    return found


def _listing(root: StoredPhoto, *, clips: bool) -> Listing:
    if clips:
        raise DatasetError("{root} is in storage, and clips are read from folders of this computer alone. Copy it to one.", root=root)
    try:
        return listed(root)
    except OSError as error:
        raise DatasetError(
            "The folder {folder} cannot be listed: {error}. Check its permissions.", folder=root, error=system_reason(error)
        ) from error


def _closed(names: Sequence[str]) -> tuple[int, str] | None:
    """Say of the names that lead to a file in storage how many of them lead to what is not looked into, and why; None where none does."""
    for n, name in enumerate(names, start=1):
        if name.startswith("."):
            return n, HIDDEN
        if n < len(names) and _is_photo(Path(name)):
            return n, FOLDER_NAMED_AS_PHOTO
    return None


def _is_photo(path: Path) -> bool:
    return path.suffix.lower() in PHOTO_SUFFIXES


def _existing_folder(root: Path) -> Path:
    try:
        real = root.resolve(strict=True)
        if not stat.S_ISDIR(real.stat().st_mode):
            raise DatasetError("{root} is a file. Expected a folder with one sub-folder of photos per class.", root=root)
    except FileNotFoundError as error:
        near = _near_sibling(root)
        if near is None:
            raise DatasetError("There is no folder {root}. Check the path.", root=root) from error
        raise DatasetError('There is no folder {root}. Did you mean "{near}"? Check the path.', root=root, near=near) from error
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: a loop of links (Python < 3.13); ValueError: a NUL character
        raise DatasetError(
            "The folder {root} cannot be opened: {error}. Check the path and its permissions.", root=root, error=error
        ) from error
    return real


def _near_sibling(root: Path) -> Path | None:
    """The folder beside it that was perhaps meant; did_you_mean would list all of them when none is near."""
    try:
        siblings = [entry.name for entry in os.scandir(root.parent) if entry.is_dir()]
    except OSError:
        return None  # the parent is missing too: there is nothing to suggest
    near = difflib.get_close_matches(root.name, siblings, n=1, cutoff=0.6)
    return root.parent / near[0] if near else None


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listing:
            return sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        raise DatasetError(
            "The folder {folder} cannot be listed: {error}. Check its permissions.", folder=folder, error=system_reason(error)
        ) from error


def _why_not_a_class(entry: os.DirEntry[str]) -> str | None:
    """The reason why an entry of the root is not a class folder; None when it is one."""
    reason = _why_not_a_folder(entry)
    if reason is not None or _is_folder(entry):
        return reason
    return LOOSE if looks_like_photo(Path(entry.path)) else _no_photo(entry.name)


def _why_not_a_folder(entry: os.DirEntry[str]) -> str | None:
    """What is wrong with an entry whatever it is, or with it as a folder to look into."""
    if not is_text(entry.name):
        return BAD_NAME
    if entry.name.startswith("."):
        return HIDDEN
    if not _is_folder(entry):
        return None
    if _is_link(entry):
        return LINKED_FOLDER
    path = Path(entry.path)
    return FOLDER_NAMED_AS_PHOTO if path.suffix and looks_like_photo(path) else None


def _photos_below(class_folder: Path, root: Path, left: list[SetAside], *, clips: bool) -> Iterator[Photo]:
    """Yield the photos at any depth below a class folder; append everything else to ``left``."""
    class_name = _normal(class_folder.name)
    waiting = [class_folder]
    while waiting:
        folder = waiting.pop()
        try:
            entries = _entries(folder)
        except DatasetError:
            left.append(SetAside(folder, CLOSED_FOLDER))
            continue
        frames = {path.name for path in numbered_frames(folder)} if clips and folder != class_folder else set()
        if frames:
            yield Photo(folder, class_name, folder.relative_to(root).as_posix())
            entries = [entry for entry in entries if entry.name not in frames]
        for entry in entries:
            path = Path(entry.path)
            reason = _why_not_a_folder(entry)
            if reason is None and _is_folder(entry):
                waiting.append(path)
                continue
            reason = reason or _why_not_a_photo(entry, root, clips=clips)
            if reason is None:
                yield Photo(path, class_name, path.relative_to(root).as_posix())
            else:
                left.append(SetAside(path, reason))


def _why_not_a_photo(entry: os.DirEntry[str], root: Path, *, clips: bool) -> str | None:
    path = Path(entry.path)
    if not path.is_file():
        return BROKEN_LINK if entry.is_symlink() else NOT_A_FILE
    if entry.is_symlink() and not Path(os.path.realpath(path)).is_relative_to(root):
        return LINK_OUT
    return None if looks_like_photo(path) or (clips and kind_of_file(entry.name) == "video") else _no_photo(entry.name)


def _no_photo(name: str) -> str:
    return NO_PHOTO_BUT.get(kind_of_file(name), NOT_A_PHOTO)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False  # a link that leads to itself


def _is_link(entry: os.DirEntry[str]) -> bool:
    """A symbolic link or a Windows junction (which Python 3.11 takes for an ordinary folder)."""
    if entry.is_symlink():
        return True
    junction = getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", None)
    return junction is not None and getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == junction


def _normal(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _check_layout(root: Path, class_folders: list[str], left: list[SetAside]) -> None:
    """Refuse a layout from which nothing can be learnt, saying what it should look like."""
    alike = defaultdict(list)
    for name in class_folders:
        alike[_normal(_normal(name).casefold())].append(name)
    twins = next((names for names in alike.values() if len(names) > 1), None)
    if twins is not None:
        raise DatasetError(
            "The class folders {twins} in {root} differ only by upper and lower case or by how their accents are "
            "stored; on other computers they are one folder. Merge or rename them.",
            twins=_(" and ").join(repr(name) for name in twins),
            root=root,
        )
    if class_folders:
        return
    loose = sum(item.reason == LOOSE for item in left)
    empty = [item.path.name for item in left if item.reason == EMPTY_CLASS]
    if loose:
        raise DatasetError(
            "Found {n} photo(s) directly in {root}; put each class's (or person's) photos in a folder of their own.", n=loose, root=root
        )
    if videos := sum(item.reason == NO_PHOTO_BUT["video"] for item in left):
        raise DatasetError(
            "{root} holds no photos, but {videos}. A network learns from videos when it looks at several frames of "
            "each: --model cnn-lstm --frames 8.",
            root=root,
            videos=counted(videos, "video"),
        )
    why = _("{root} has no sub-folders with photos. Expected one sub-folder per class, each with photos in it.", root=root)
    if empty:
        why = _("{why} No photos were found in: {folders}.", why=why, folders=_(", ").join(map(repr, empty[:10])))
    raise DatasetError(why)
