"""``whosthat desktop``: opens the window, which is a surface of its own (``whosthat.desktop``)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from whosthat.cli.options import argument, examples, new_app
from whosthat.translation import N_

app = new_app()

BundleOrNothing = Annotated[Path | None, argument("BUNDLE", N_("A bundle, a run's folder, or runs/latest."))]


@app.command(epilog=examples("desktop", N_("desktop runs/latest")))
def desktop(bundle: BundleOrNothing = None) -> None:
    """Open a window: choose a photo, see the name.

    The recogniser can be swapped in the window. Arrow keys go through the photos of the folder.
    """
    from whosthat.desktop.window import open_window

    open_window(bundle)
