"""What several commands share about names for other programs: their options, and what they say of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import OUTPUT, option
from whosthat.cli.output import SHOWN_ROWS, say
from whosthat.errors import UsageError
from whosthat.translation import N_, _
from whosthat.wording import counted

if TYPE_CHECKING:
    from whosthat.types import SetAside
    from whosthat.workflow.metadata import XmpRead, XmpWritten

_WRITE_HELP = N_("Write the names for digiKam, Lightroom and others: into XMP files beside the photos, which keep all else they hold.")
WriteXmpOption = Annotated[bool, option("--write-xmp", _WRITE_HELP, OUTPUT)]
_IN_FILES_HELP = N_("Write names into the photos themselves, through ExifTool, which keeps each old file beside the new one.")
InFilesOption = Annotated[bool, option("--in-files", _IN_FILES_HELP, OUTPUT)]
_READ_HELP = N_("Take names from photos that were tagged in digiKam, Lightroom, Picasa, immich or PhotoPrism.")
ReadXmpOption = Annotated[bool, option("--read-xmp", _READ_HELP)]
_CONTACTS_HELP = N_("Picasa's contacts.xml, for names that its files beside the photos lack.")
ContactsOption = Annotated[Path | None, option("--contacts FILE.xml", _CONTACTS_HELP)]


def check_together(*, write: bool, in_files: bool, read: bool = False, contacts: Path | None = None, library: bool = False) -> None:
    """Refuse an option that needs another, or that a library has as a command."""
    if library and (read or write):
        raise UsageError(
            "A library reads names with whosthat library LIBRARY read-xmp, and writes them with whosthat library LIBRARY write-xmp."
        )
    if in_files and not write:
        raise UsageError("--in-files needs --write-xmp.")
    if contacts is not None and not read:
        raise UsageError("--contacts needs --read-xmp.")


def say_written(written: XmpWritten) -> bool:
    """Say what was written for other programs, and what not and why; tell whether all could be."""
    say(
        _(
            "Names were written for {photos}; {same} had them already.",
            photos=counted(written.written, "photo"),
            same=counted(written.unchanged, "photo"),
        )
    )
    if written.missing:
        say(_("{photos} with names are not there: plug in missing drives, or scan.", photos=counted(written.missing, "photo")))
    _say_each(written.kept)
    _say_each(written.problems)
    return not written.problems


def say_read(read: XmpRead) -> None:
    """Say what was read of other programs, and what not and why."""
    say(
        _(
            "Other programs had named {faces} in these photos; found again: {found}.",
            faces=counted(read.people, "face"),
            found=f"{read.faces:,}",
        )
    )
    _say_each(read.problems)


def _say_each(told: Sequence[SetAside]) -> None:
    say(*(_("{path}: {problem}", path=one.path, problem=one.reason) for one in told[:SHOWN_ROWS]))
    if len(told) > SHOWN_ROWS:
        say(_("... and {n:,} more.", n=len(told) - SHOWN_ROWS))
