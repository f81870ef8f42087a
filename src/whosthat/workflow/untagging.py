"""Taking out the names that whosthat wrote into the metadata of photos.

What belongs here: finding the files that hold a name, in folders and all folders inside, and saying what stays. What does not: what of a
packet is whosthat's (`metadata.xmp_merging`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from whosthat.durable import sweep_abandoned
from whosthat.errors import PhotoError, UsageError, system_reason
from whosthat.metadata.exiftool import InPhoto
from whosthat.metadata.sidecars import Sidecar, SidecarError, read_sidecar, sidecars_of
from whosthat.metadata.xmp import is_marked, mentions
from whosthat.metadata.xmp_merging import take_out
from whosthat.photos.headers import header_of
from whosthat.photos.reading import looks_like_photo
from whosthat.progress import SILENT, Progress
from whosthat.safe_xml import XmlError
from whosthat.translation import _
from whosthat.workflow.predict import places_given

_COPIES = ("_original", "_exiftool_tmp")
"""What ExifTool puts behind the name of a file that it keeps, or is writing."""


@dataclass(slots=True)
class Untagged:
    """What taking a name out did.

    Attributes:
        files: How many sidecars, or photos, held the name; sidecars that said nothing else are deleted.
        kept: A sentence for each file that still holds it, or may.
    """

    files: int = 0
    kept: list[str] = field(default_factory=list)


def untag(name: str, photos: str | Path | Iterable[str | Path], *, progress: Progress = SILENT) -> Untagged:
    """Take out a name that whosthat wrote for other programs, with its regions: of sidecars and, through ExifTool, of photos.

    What other programs wrote stays. Links are not followed.

    Args:
        name: Who, in large or small letters.
        photos: Files, and folders of any depth.
        progress: Is told how many files were looked at.

    Raises:
        UsageError: There is no name, or a path leads nowhere.
    """
    if not name.strip():
        raise UsageError("Say whose name is to be taken out.")
    places = places_given(photos)
    for place in places:
        if not os.path.lexists(place):
            raise UsageError("{path} was not found.", path=place)
    return untag_all([name], places, progress=progress)


def untag_all(names: Collection[str], places: Iterable[Path], *, progress: Progress = SILENT) -> Untagged:
    """Do what `untag` does, for all names of somebody, in places that are there."""
    removed = Untagged()
    files = list(_files(places, removed.kept))
    for number, path in enumerate(files, start=1):
        try:
            if (file := _opened(path)) is not None and is_marked(file.packet):
                _take_out(file, names, removed)
        except (SidecarError, XmlError, UsageError) as problem:  # UsageError: ExifTool is not installed any more
            removed.kept.append(_("{path} may hold the name: {problem}.", path=path, problem=str(problem).removesuffix(".")))
        progress.step(_("files"), number, len(files))
    return removed


def _files(places: Iterable[Path], kept: list[str]) -> Iterator[Path]:
    """Yield all files, and delete what kills left of sidecars; what cannot be looked at is said."""

    def report(error: OSError) -> None:
        kept.append(_("{path} may hold the name: it cannot be read ({error}).", path=error.filename, error=system_reason(error)))

    for place in places:
        if not place.is_dir():
            yield from (place, *sidecars_of(place))
            continue
        for folder, folders, names in os.walk(place, onerror=report):
            folders.sort()
            kept += [
                _("{path} may hold the name: another command may be writing it.", path=path)
                for path in sweep_abandoned(Path(folder), names)
            ]
            yield from (Path(folder, name) for name in sorted(names))


def _opened(path: Path) -> Sidecar | InPhoto | None:
    """Read a file that may hold XMP; None for others, and for links, through which whosthat never writes."""
    if path.is_symlink() or not path.is_file():
        return None
    if path.suffix.lower() == ".xmp":
        return read_sidecar(path)
    if not looks_like_photo(Path(re.sub(f"({'|'.join(_COPIES)})$", "", path.name))):
        return None
    try:
        return InPhoto(path, header_of(path).packets)
    except PhotoError:
        return None  # whosthat has written into no photo that it cannot read


def _take_out(file: Sidecar | InPhoto, names: Collection[str], removed: Untagged) -> None:
    left = file.packet
    for name in names:
        left = take_out(left, name) if left else left
    if left != file.packet:
        if file.path.name.endswith(_COPIES):
            raise SidecarError(_("it is a copy that ExifTool kept"))
        if isinstance(file, InPhoto):
            file.write(left, keep=False)  # or the old file would hold the name
        else:
            file.write(left)
        removed.files += 1
    if left and any(mentions(left, name) for name in names):
        removed.kept.append(_("{path} holds the name, which another program wrote there.", path=file.path))
