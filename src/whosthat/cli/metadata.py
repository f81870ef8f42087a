"""What several commands share about names for other programs: their options, and what they say of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import OUTPUT, option
from whosthat.cli.output import say
from whosthat.errors import UsageError
from whosthat.translation import N_, _
from whosthat.wording import counted

if TYPE_CHECKING:
    from whosthat.types import SetAside
    from whosthat.workflow.metadata import XmpRead, XmpWritten
    from whosthat.workflow.prediction import Prediction

MOST_TOLD = 20
"""So many photos are told one by one."""

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


class NamesForOthers:
    """The names of predictions, written for other programs where that is asked for.

    Raises UsageError where ``in_files`` is asked for alone.
    """

    def __init__(self, *, write: bool, in_files: bool) -> None:
        check_together(write=write, in_files=in_files)
        self._write, self._in_files = write, in_files
        self._told: XmpWritten | None = None

    def written(self, predictions: Iterator[Prediction]) -> Iterator[Prediction]:
        """Write them as the predictions pass by; UsageError where that needs ExifTool and it is not installed."""
        if not self._write:
            return predictions
        from whosthat.workflow.metadata import XmpWritten, write_xmp

        self._told = XmpWritten()
        return write_xmp(predictions, self._told, in_files=self._in_files)

    def told(self) -> bool:
        """Say what was written, and tell whether all could be."""
        return self._told is None or say_written(self._told)


def say_written(written: XmpWritten) -> bool:
    """Say what was written for other programs, and what not and why; tell whether all could be."""
    say(
        _(
            "Names were written for {photos}; {same} had them already.",
            photos=counted(written.written, "photo"),
            same=counted(written.unchanged, "photo"),
        )
    )
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
    say(*(_("{path}: {problem}", path=one.path, problem=one.reason) for one in told[:MOST_TOLD]))
    if len(told) > MOST_TOLD:
        say(_("... and {n:,} more.", n=len(told) - MOST_TOLD))
