"""``whosthat library LIBRARY write-xmp`` and ``read-xmp``: names for other programs, and from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from whosthat.cli.metadata import ContactsOption, InFilesOption, say_read, say_written
from whosthat.cli.options import JsonOption, about, examples, new_app
from whosthat.cli.output import say, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import DatasetError
from whosthat.translation import N_

if TYPE_CHECKING:
    from whosthat.workflow.metadata import XmpRead

app = new_app()


@app.command(
    help=about(
        N_("Write the names of all faces for digiKam, Lightroom and others, into XMP files beside the photos."),
        N_(
            "What other programs wrote there stays, and a face that they named otherwise is left to them. Names that were corrected "
            "since are written anew, and whosthat library LIBRARY forget takes a name out again. The exit code is 3 when a file cannot "
            "be written."
        ),
    ),
    epilog=examples("""
        library family write-xmp
        library family write-xmp --in-files
    """),  # not translated: command lines
)
def write_xmp(ctx: typer.Context, in_files: InFilesOption = False, as_json: JsonOption = False) -> None:
    """Answer ``whosthat library LIBRARY write-xmp``."""
    from whosthat.workflow.library.metadata import write_library_xmp

    with terminal_progress() as progress:
        written = write_library_xmp(ctx.obj, in_files=in_files, progress=progress)
    if as_json:
        show_json(written)
    if not say_written(written):
        raise typer.Exit(DatasetError.exit_code)


@app.command(
    help=about(
        N_("Take the names that faces have in digiKam, Lightroom, Picasa, immich or PhotoPrism."),
        N_(
            "They are read from XMP files beside the photos, from the photos themselves and from Picasa's files, and count like what "
            "you said yourself, but less than what you said of a single face. What whosthat wrote is not read back."
        ),
    ),
    epilog=examples("library family read-xmp"),  # not translated: a command line
)
def read_xmp(ctx: typer.Context, contacts: ContactsOption = None, as_json: JsonOption = False) -> None:
    """Answer ``whosthat library LIBRARY read-xmp``."""
    read = read_and_say(ctx.obj, contacts)
    if as_json:
        show_json(read)
    if read.problems:
        raise typer.Exit(DatasetError.exit_code)


def read_and_say(library: Path, contacts: Path | None = None) -> XmpRead:
    """Take the names of other programs, also at the end of a scan, and say what came of it."""
    from whosthat.workflow.library.metadata import read_library_xmp
    from whosthat.workflow.library.words import changed_sentence

    with terminal_progress() as progress:
        read, answered = read_library_xmp(library, contacts=contacts, progress=progress)
    say_read(read)
    say(changed_sentence(answered.changed), *([answered.note] if answered.note else []))
    return read
