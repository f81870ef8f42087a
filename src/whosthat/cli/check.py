"""``whosthat check``: what the data doctor found, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.cli.options import JsonOption, PhotosArgument, examples, new_app
from whosthat.cli.output import say, show, show_json, show_table
from whosthat.cli.terminal import terminal_progress

if TYPE_CHECKING:
    from whosthat.dataset.audit import Audit

app = new_app()


@app.command(epilog=examples("check photos", "check photos --json > findings.json"), no_args_is_help=True)
def check(photos: PhotosArgument, as_json: JsonOption = False) -> None:
    """Look for trouble in a folder of photos.

    Files that cannot be read, photos that appear twice or under two names, classes with few photos, photos that are too
    small. Nothing is changed. --json names every photo.
    """
    say(f"Looking at the photos in {photos}.")
    from whosthat.workflow.check import check as check_photos

    with terminal_progress() as progress:
        audit = check_photos(photos, progress=progress)
    if as_json:
        show_json(audit)
    else:
        show_audit(audit)


def show_audit(audit: Audit) -> None:
    """Write the photos of each class, then every finding."""
    show_table(("class", "photos"), [(name, f"{count:,}") for name, count in audit.counts().items()], right=("photos",))
    show("", f"{len(audit.photos):,} photos of {len(audit.classes)} classes can be used; {_set_aside(len(audit.set_aside))}.")
    for finding in audit.findings:
        show("", f"{finding.severity.capitalize()}: {finding.sentence}")
    if not audit.findings:
        show("", "Nothing to worry about was found.")


def _set_aside(count: int) -> str:
    return "no file was set aside" if count == 0 else f"{count:,} {'file was' if count == 1 else 'files were'} set aside"
