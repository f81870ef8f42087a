"""``whosthat studio [FOLDER]``: the whole way from photos to names on a page; the page is a surface of its own (``whosthat.server``)."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from whosthat.cli.options import DeviceOption, RunsOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show
from whosthat.cli.serve import need_server
from whosthat.progress import SILENT
from whosthat.settings import token_file
from whosthat.translation import N_, _

app = new_app()

FolderArgument = Annotated[Path, argument("FOLDER", N_("The folder in which your folders of photos lie; left out, the present one."))]
PortOption = Annotated[int, option("--port N", N_("The port; 0 takes any that is free."), min=0, max=65535)]
NoBrowserOption = Annotated[bool, option("--no-browser", N_("Print the link, and open no browser."))]


@app.command(
    help=about(
        N_(
            "Drop folders of photos or choose some, look at what is wrong with them, train, read the report, identify people in photos, "
            "videos and the webcam, and correct what is wrong. Everything stays on this computer, and no other can reach the page."
        ),
        N_("The link opens the page once, in one browser. Training goes on when the browser is closed; Ctrl-C here stops it."),
    ),
    epilog=examples("""
        studio
        studio photos
        studio photos --no-browser
    """),  # not translated: command lines
)
def studio(
    folder: FolderArgument = Path(),
    runs: RunsOption = Path("runs"),
    port: PortOption = 0,
    no_browser: NoBrowserOption = False,
    device: DeviceOption = None,
) -> None:
    """Answer ``whosthat studio``."""
    need_server()
    from whosthat.server.app import make_app
    from whosthat.server.service import Service
    from whosthat.server.serving import Address, door_of, listen, run, token_in, url_of
    from whosthat.server.studio.studio import Studio

    service = Service([])
    opened_studio = Studio(folder, runs, service)
    address = Address(port=port)
    with listen(address) as opened:
        door = door_of(address, token_in(token_file(), SILENT), opened_studio)
        link = url_of(opened, address) + opened_studio.entrance.link

        def tell() -> None:
            if no_browser:
                show(link)
                sys.stdout.flush()
            else:
                say(_("The page opens in your browser. If it does not, open this link, which works once: {link}", link=link), wrap=False)
                _open(link)
            say(_("Stop with Ctrl-C."))

        run(make_app(service, door=door, studio=opened_studio), opened, service, tell, requests_told=False)


def _open(link: str) -> None:
    """Open the link beside the service, which a browser that is slow to start must not hold up."""
    import threading
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(link,), daemon=True).start()
