"""Names of a library from and for other programs: what they say becomes facts, answers go into sidecars, and come out again.

What belongs here: which photos of a library are written and read. What does not: one photo (`workflow.metadata`), folders
(`workflow.untagging`), XMP (`whosthat.metadata`).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from whosthat.errors import PhotoError
from whosthat.library import contents, facts
from whosthat.library.facts import Place, Saying
from whosthat.library.store import Library, stamp_of_file
from whosthat.metadata.regions import Region, same_face
from whosthat.metadata.sidecars import SidecarError, read_sidecar, sidecars_of
from whosthat.metadata.xmp import is_marked, same_name
from whosthat.photos.headers import header_of
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.types import Box, SetAside
from whosthat.workflow.library.answering import Answered, answer_again
from whosthat.workflow.metadata import NamesWriter, PeopleReader, XmpRead, XmpWritten, matched
from whosthat.workflow.untagging import Untagged, untag_all

_ANSWERS = (
    'SELECT faces.photo, name, faces."left", faces.top, faces."right", faces.bottom, confidence FROM answers '
    "JOIN faces ON faces.id = face JOIN people ON people.id = person WHERE reader = ? ORDER BY faces.photo, confidence DESC"
)
_FILES = (
    "SELECT photo, roots.path, files.name, stamp FROM files JOIN roots ON roots.id = root "
    "WHERE photo IS NOT NULL AND missing_since IS NULL ORDER BY roots.path, files.name"
)


def write_library_xmp(library: str | Path, *, in_files: bool = False, progress: Progress = SILENT) -> XmpWritten:
    """Write the names that the faces of a library have for other programs, as `write_xmp` does, and take out those they had.

    Args:
        library: Its folder.
        in_files: Write into the photos themselves, through ExifTool, which keeps the old file beside each. The next scan looks at these
            photos again.
        progress: Is told how far the work is.

    Raises:
        LibraryError: The library cannot be changed now.
        UsageError: There is no library, or ExifTool is not installed.
    """
    written = XmpWritten()
    writer = NamesWriter(written, in_files=in_files)
    with Library(library) as opened, opened.alone():
        people = _people(opened)
        files = opened.rows(_FILES)
        written.missing = len(people.keys() - {photo for photo, *_file in files})
        for number, (photo, root, name, stamp) in enumerate(files, start=1):
            path = Path(os.fsdecode(root), os.fsdecode(name))
            progress.step(_("photos"), number, len(files))
            if photo not in people and not _is_written(path, in_files=in_files):
                continue
            if stamp_of_file(path) == stamp:
                writer.write(path, people.get(photo, ()), complete=True)
            else:
                written.problems.append(SetAside(path, _("the photo was changed since the last scan; scan again")))
        return written


def take_out(library: Library, name: str, progress: Progress = SILENT) -> Untagged:
    """Take a person's name, and older ones, out of what whosthat wrote in the folders of a library; folders may still hold it, too."""
    older = library.rows("SELECT aliases.name FROM aliases JOIN people ON people.id = person WHERE people.name = ?", (name,))
    roots = [root for root in contents.roots_of(library).values() if root.is_dir()]
    untagged = untag_all([*(one for (one,) in older), name], roots, progress=progress)
    untagged.kept += [_("{folder} is not there; photos in it may hold the name.", folder=folder) for folder in _away(library)]
    return untagged


def read_library_xmp(library: str | Path, *, contacts: str | Path | None = None, progress: Progress = SILENT) -> tuple[XmpRead, Answered]:
    """Take the names that other programs gave to the faces of a library, and answer again who the faces are.

    They are read from sidecars, the photos themselves and Picasa's files, and become facts; what was read before, or taken back, does not
    again.

    Args:
        library: Its folder.
        contacts: Picasa's ``contacts.xml``, for names that its folders' files lack.
        progress: Is told how far the work is.

    Returns:
        What was read, and how many answers changed.

    Raises:
        BundleError: The recogniser in use cannot be opened.
        LibraryError: The library cannot be changed now.
        UsageError: There is no library, or the contacts cannot be read.
    """
    with Library(library) as opened, opened.alone():
        reader, read = PeopleReader(contacts), XmpRead()
        sayings: list[Saying] = []
        files = contents.files_of_photos(opened)
        for number, (photo, paths) in enumerate(files.items(), start=1):
            regions = [region for path in paths for region in reader.people_in(path, read.problems)]
            if regions:
                read.people += len(regions)
                read.faces += sum(1 for _pair in matched(regions, [face.place for face in contents.faces_of(opened, photos=[photo])]))
                sayings += _new(opened, photo, regions)
            progress.step(_("photos"), number, len(files))
        if sayings:
            facts.say(opened, sayings)
        return read, answer_again(opened)


def _people(library: Library) -> dict[int, list[tuple[str, Box, float]]]:
    """Return who is in each photo: names, boxes and confidences, the surest first."""
    people: dict[int, list[tuple[str, Box, float]]] = {}
    for photo, name, left, top, right, bottom, confidence in library.rows(_ANSWERS, (library.setting("reader") or "",)):
        people.setdefault(photo, []).append((name, Box(left, top, right, bottom), confidence))
    return people


def _away(library: Library) -> list[Path]:
    """Return the folders of photos that are not there, such as a drive that is not plugged in; the outer one of two."""
    files = library.rows("SELECT roots.path, files.name FROM files JOIN roots ON roots.id = root")
    folders = {Path(os.fsdecode(root), os.fsdecode(name)).parent for root, name in files}
    missing = [folder for folder in folders if not folder.is_dir()]
    return sorted({next(one for one in (folder, *folder.parents) if one.parent.is_dir()) for folder in missing})


def _is_written(photo: Path, *, in_files: bool) -> bool:
    """Tell whether whosthat wrote into a photo, or its sidecar, before; what cannot be read is not written again either."""
    try:
        packets = header_of(photo).packets if in_files else (read_sidecar(path).packet for path in sidecars_of(photo))
        return any(map(is_marked, packets))
    except (OSError, PhotoError, SidecarError):
        return False


def _new(library: Library, photo: int, regions: Iterable[Region]) -> Iterator[Saying]:
    """Yield what was not read of a photo before."""
    rows = library.rows(
        'SELECT name, facts."left", top, facts."right", bottom FROM facts JOIN people ON people.id = person '
        "WHERE photo = ? AND what = 'is' AND how = 'metadata'",
        (photo,),
    )
    known = [Region(name, Box(*sides)) for name, *sides in rows]
    for region in regions:
        if not any(same_name(region.name, one.name) and same_face(region.box, one.box) for one in known):
            known.append(region)
            yield Saying(Place(photo, region.box), "is", region.name, "metadata")
