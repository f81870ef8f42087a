"""``whosthat untag``: take a name out of the metadata of photos."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.options import JsonOption, argument, examples, new_app
from whosthat.cli.output import say, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import DatasetError
from whosthat.translation import N_, _
from whosthat.wording import counted

app = new_app()

NameArgument = Annotated[str, argument("NAME", N_("Whose name is taken out."))]
PathsArgument = Annotated[list[Path], argument("PHOTOS...", N_("Photos, and folders of any depth."))]


@app.command(
    help=N_(
        "Regions and keywords that whosthat wrote are taken out of XMP files beside the photos and, through ExifTool, of the photos "
        "themselves. What other programs wrote stays. Files that still hold the name are listed, and the exit code is then 3."
    ),
    epilog=examples("untag anna holiday"),  # not translated: a command line
)
def untag(name: NameArgument, photos: PathsArgument, as_json: JsonOption = False) -> None:
    """Answer ``whosthat untag``."""
    from whosthat.workflow.untagging import untag as take_out

    with terminal_progress() as progress:
        untagged = take_out(name, photos, progress=progress)
    say(_("The name was taken out of {files}.", files=counted(untagged.files, "file")), *untagged.kept)
    if as_json:
        show_json(untagged)
    if untagged.kept:
        raise typer.Exit(DatasetError.exit_code)
