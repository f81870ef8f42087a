"""``whosthat desktop``: opens the window, which is a surface of its own (``whosthat.desktop``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from whosthat.cli.commands import COMMANDS
from whosthat.cli.options import about, argument, examples, new_app
from whosthat.translation import N_

app = new_app()

BundleOrNothing = Annotated[Path | None, argument("BUNDLE", N_("A bundle, a run's folder, or runs/latest."))]


@app.command(
    help=about(
        COMMANDS["desktop"],
        N_("The recogniser can be swapped in the window. Arrow keys go through the photos of the folder."),
    ),
    epilog=examples("""
        desktop
        desktop runs/latest
    """),  # not translated: command lines
)
def desktop(bundle: BundleOrNothing = None) -> None:
    """Answer ``whosthat desktop``."""
    from whosthat.desktop.window import open_window

    open_window(bundle)
