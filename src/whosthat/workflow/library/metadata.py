"""Names of a library from and for other programs: what they say becomes facts, answers go into sidecars, and come out again.

What belongs here: which photos are written and read, in batches, and what the library remembers of it. What does not: one photo
(`metadata`), XMP (`whosthat.metadata`), the rows (`library.sidecars`).

What is written into a file is noted before, so that a kill leaves no name in a file that nobody can take out again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from whosthat.durable import sweep
from whosthat.errors import PhotoError
from whosthat.library import contents, facts
from whosthat.library.facts import Place, Saying, key_of
from whosthat.library.sidecars import Remembered, joined, remember, remembered, sidecars_with
from whosthat.library.store import Library, stamp_of
from whosthat.metadata.exiftool import find_exiftool, write_packet
from whosthat.metadata.regions import Region, same_face
from whosthat.metadata.sidecars import SidecarError, read_sidecar, sidecar_for, write_sidecar
from whosthat.metadata.xmp import same_name
from whosthat.metadata.xmp_merging import is_empty
from whosthat.metadata.xmp_merging import take_out as taken_out
from whosthat.photos.headers import header_of
from whosthat.progress import SILENT, Progress
from whosthat.safe_xml import XmlError
from whosthat.translation import _
from whosthat.types import Box, SetAside
from whosthat.workflow.library.answering import Answered, answer_again
from whosthat.workflow.metadata import Pending, PeopleReader, XmpRead, XmpWritten, matched, prepare

BATCH = 64
"""Files that are noted in one change of the library, before they are written."""

_ANSWERS = (
    'SELECT faces.photo, name, faces."left", faces.top, faces."right", faces.bottom, confidence FROM answers '
    "JOIN faces ON faces.id = face JOIN people ON people.id = person WHERE reader = ? ORDER BY faces.photo, confidence DESC"
)
_FILES = (
    "SELECT photo, roots.path, files.name, stamp FROM files JOIN roots ON roots.id = root "
    "WHERE photo IS NOT NULL AND missing_since IS NULL ORDER BY roots.path, files.name"
)


@dataclass(frozen=True, slots=True)
class _Ready:
    """A file that is ready to be written, what the library knows of it, and what it will know."""

    photo: Path
    pending: Pending
    old: Remembered | None
    new: Remembered


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
    program = find_exiftool() if in_files else None
    with Library(library) as opened, opened.alone():
        written = XmpWritten()
        people = _people(opened)
        files = [(Path(os.fsdecode(root), os.fsdecode(name)), stamp, photo) for photo, root, name, stamp in opened.rows(_FILES)]
        wanted = [file for file in files if file[2] in people]
        left_over = set(sidecars_with(opened))
        for start in range(0, len(wanted), BATCH):
            ready: list[_Ready] = []
            for path, stamp, photo in wanted[start : start + BATCH]:
                left_over -= {path, sidecar_for(path)}
                ready += _ready(opened, path, stamp, people[photo], program, written)
            _write(opened, ready, written)
            progress.step(_("photos"), min(start + BATCH, len(wanted)), len(wanted))
        there = [path for path in left_over if path.exists()]  # the others may lie on a drive that is not plugged in
        for path in sorted(there):
            _take_out_all(opened, path, written)
        return written


def take_out(library: Library, name: str) -> list[str]:
    """Take a person's name out of every file into which whosthat wrote it, and forget that it did; whoever calls holds `Library.alone`.

    A sidecar that whosthat made, that nobody changed since and that says nothing any more is deleted.

    Returns:
        A sentence for each file that may still hold the name.
    """
    kept = []
    paths = sidecars_with(library, name)
    for folder in {path.parent for path in paths if path.parent.is_dir()}:
        with suppress(OSError):
            sweep(folder)  # what a kill left of a sidecar holds names, too
    for path in paths:
        old = remembered(library, path) or Remembered("", False)
        spellings = [one for one in old.names if key_of(one) == key_of(name)]
        digest = old.sha256
        try:
            if not path.exists() and path.parent.is_dir():
                spellings = list(old.names)  # somebody deleted it: nothing of it is left
            else:
                digest = _without(path, spellings, old)
            if path.exists() and _names(path, name):
                kept.append(_("{path} holds the name {name}, which another program wrote there.", path=path, name=name))
        except (SidecarError, XmlError, PhotoError) as problem:
            kept.append(_("{path} may hold the name {name}: {problem}.", path=path, name=name, problem=getattr(problem, "reason", problem)))
        with library.changing() as change:
            names = {one: keywords for one, keywords in old.names.items() if one not in spellings}
            remember(change, path, Remembered(digest, old.is_made, names))
    return kept


def take_names(
    library: Library, photos: Collection[int] | None = None, *, contacts: str | Path | None = None, progress: Progress = SILENT
) -> XmpRead:
    """Take the names that other programs gave to faces as facts, in one step; whoever calls holds `Library.alone`.

    What was read before, or taken back, is not said again. Answers follow with `answering.answer_again`.

    Args:
        library: The library.
        photos: Rows of the photos to be read; None is all.
        contacts: Picasa's ``contacts.xml``.
        progress: Is told how far the work is.

    Raises:
        LibraryError: The library cannot be written.
        UsageError: The contacts cannot be read.
    """
    reader, read = PeopleReader(contacts), XmpRead()
    sayings: list[Saying] = []
    files = contents.files_of_photos(library, photos)
    for number, (photo, paths) in enumerate(files.items(), start=1):
        regions = [region for path in paths for region in reader.people_in(path, read.problems)]
        if regions:
            read.people += len(regions)
            read.faces += sum(1 for _pair in matched(regions, _places(library, photo)))
            sayings += _new(library, photo, regions)
        progress.step(_("photos"), number, len(files))
    if sayings:
        facts.say(library, sayings)
    return read


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
        read = take_names(opened, contacts=contacts, progress=progress)
        return read, answer_again(opened)


def _people(library: Library) -> dict[int, list[tuple[str, Box, float]]]:
    """Return who is in each photo: names, boxes and confidences, the surest first."""
    people: dict[int, list[tuple[str, Box, float]]] = {}
    for photo, name, left, top, right, bottom, confidence in library.rows(_ANSWERS, (library.setting("reader") or "",)):
        people.setdefault(photo, []).append((name, Box(left, top, right, bottom), confidence))
    return people


def _ready(
    library: Library, photo: Path, stamp: str, seen: Iterable[tuple[str, Box, float]], program: str | None, written: XmpWritten
) -> Iterator[_Ready]:
    """Prepare a photo's file; where that cannot be, say why."""
    try:
        if stamp_of(photo.stat()) != stamp:
            raise SidecarError(_("the photo was changed since the last scan; scan again"))
        target = photo if program is not None else sidecar_for(photo)
        old = remembered(library, target)
        pending = prepare(photo, seen, program, gone={} if old is None else old.names, complete=True)
    except (OSError, PhotoError, SidecarError, XmlError) as problem:
        written.problems.append(SetAside(photo, getattr(problem, "reason", str(problem))))
        return
    merged = pending.merged
    before = {name: old.names[known] for name in merged.names if old is not None and (known := _known(name, old.names)) is not None}
    names = joined(before, {name: merged.added.get(name, ()) for name in merged.names})
    is_made = pending.is_new or (old is not None and old.is_made)
    yield _Ready(photo, pending, old, Remembered(hashlib.sha256(merged.packet).hexdigest(), is_made, names))


def _write(library: Library, ready: Collection[_Ready], written: XmpWritten) -> None:
    """Note what will stand in some files, and write them; what could not be written is noted as it was."""
    changed = [one for one in ready if one.pending.is_changed]
    with library.changing() as change:
        for one in changed:
            now = joined(one.old.names if one.old is not None else {}, one.new.names)  # until it is written, both may stand there
            remember(change, one.pending.path, Remembered(one.new.sha256, one.new.is_made, now))
    done: list[_Ready] = []
    for one in ready:
        try:
            if one.pending.is_changed:
                one.pending.write()
                done.append(one)
            written.note(one.photo, one.pending)
        except SidecarError as problem:
            written.problems.append(SetAside(one.photo, str(problem)))
    with library.changing() as change:
        for one in changed:
            remember(change, one.pending.path, one.new if one in done else one.old or Remembered("", False))


def _take_out_all(library: Library, path: Path, written: XmpWritten) -> None:
    """Take out what whosthat wrote into a file whose photo shows nobody any more."""
    old = remembered(library, path)
    if old is None:
        return
    try:
        _without(path, list(old.names), old)
    except (SidecarError, XmlError, PhotoError) as problem:
        written.problems.append(SetAside(path, getattr(problem, "reason", str(problem))))
        return
    written.written += 1
    with library.changing() as change:
        remember(change, path, Remembered(old.sha256, old.is_made))


def _without(path: Path, names: Iterable[str], old: Remembered) -> str:
    """Take names out of a file, and return the SHA-256 of what is in it now; a sidecar of whosthat's own that says nothing is deleted."""
    is_sidecar = path.suffix.lower() == ".xmp"
    if is_sidecar:
        sidecar = read_sidecar(path)
        packet = sidecar.content
    else:
        packet = next(iter(header_of(path).packets), b"")
    left = packet
    for name in names:
        left = taken_out(left, name, old.names.get(name, ()))
    if is_sidecar and old.is_made and hashlib.sha256(packet).hexdigest() == old.sha256 and is_empty(left):
        path.unlink()
    elif left != packet and is_sidecar:
        write_sidecar(sidecar, left)
    elif left != packet:
        write_packet(find_exiftool(), path, left)
    return hashlib.sha256(left).hexdigest()


def _names(path: Path, name: str) -> bool:
    """Tell whether a name stands in a file."""
    content = read_sidecar(path).content if path.suffix.lower() == ".xmp" else b"".join(header_of(path).packets)
    return key_of(escape(name)) in key_of(content.decode("utf-8", "replace"))


def _known(name: str, names: Mapping[str, object]) -> str | None:
    return next((one for one in names if same_name(one, name)), None)


def _places(library: Library, photo: int) -> list[Box]:
    """Return where the faces of a photo are, in shares."""
    rows = library.rows(
        'SELECT "left" / width, top / height, "right" / width, bottom / height FROM faces JOIN photos ON photos.id = photo '
        "WHERE photo = ? AND reader = ?",
        (photo, library.setting("reader") or ""),
    )
    return [Box(*row) for row in rows]


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
