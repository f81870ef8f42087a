"""``whosthat desktop``: opens the window, which is a surface of its own (``whosthat.desktop``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from whosthat.cli.options import RunsOption, about, argument, examples, new_app
from whosthat.translation import N_

app = new_app()

BundleOrNothing = Annotated[Path | None, argument("BUNDLE", N_("A bundle or a run's folder; by default runs/latest, if it is there."))]


@app.command(
    help=about(
        N_("Other runs can be chosen in the window. Left and right go through the photos of the folder, up and down through the faces."),
        N_("A face can be named, a person added, a name taken back, and the picture saved with its names."),
    ),
    epilog=examples("""
        desktop
        desktop runs/latest
    """),  # not translated: command lines
)
def desktop(bundle: BundleOrNothing = None, runs: RunsOption = Path("runs")) -> None:
    """Answer ``whosthat desktop``."""
    from whosthat.desktop.window import open_window

    open_window(bundle, runs)
