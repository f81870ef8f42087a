"""``whosthat serve BUNDLE...``: answers over HTTP; the service is a surface of its own (``whosthat.server``)."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

from whosthat.cli.options import DeviceOption, about, argument, examples, new_app, option
from whosthat.cli.output import say
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError
from whosthat.settings import token_file
from whosthat.translation import N_, _

app = new_app()

BundlesArgument = Annotated[list[Path], argument("BUNDLE...", N_("Saved recognisers: bundles, run folders, or runs/latest."))]
HostOption = Annotated[str, option("--host ADDRESS", N_("Where to listen; left out, only this computer can ask."))]
PortOption = Annotated[int, option("--port N", N_("The port; 0 takes any that is free."), min=0, max=65535)]
_NAME_HELP = N_("A name by which others call this computer; may be given several times.")
NameOption = Annotated[list[str] | None, option("--name NAME", _NAME_HELP)]
TokenFileOption = Annotated[Path | None, option("--token-file FILE", N_("The file that holds the token; made where it is not there."))]
NoTokenOption = Annotated[bool, option("--no-token", N_("Let every program on this computer ask."))]
WaitingOption = Annotated[int, option("--queue N", N_("So many photos may wait; more are refused."), min=1, max=10_000)]
PhotosOption = Annotated[int, option("--max-photos N", N_("So many photos may stand in one request."), min=1, max=1000)]
SizeOption = Annotated[int, option("--max-mib N", N_("So many MiB one request may have."), min=1, max=1024)]


def need_server() -> None:
    """Raise UsageError where the packages of the service are not installed."""
    if not all(find_spec(name) for name in ("fastapi", "uvicorn", "python_multipart", "prometheus_client")):
        raise UsageError('The service needs FastAPI and uvicorn. Install them: pip install "whosthat[server]".')


@app.command(
    help=about(
        N_(
            "Programs send photos to /v1/identify and get names as JSON; /openapi.json describes every address. They show a token, which "
            "is printed the first time and kept in a file. A bundle that changes is opened again while the service runs."
        ),
        N_(
            "With --host, other computers can ask as well: whoever has the token learns who is in a photo, and photos and answers travel "
            "unencrypted. Put a server with TLS in front."
        ),
    ),
    epilog=examples("""
        serve runs/latest
        serve runs/party-faces-1 runs/team-faces-2 --port 9000
        serve runs/latest --host 0.0.0.0 --name photos.example
    """),  # not translated: command lines
)
def serve(  # noqa: PLR0913  typer makes one parameter of each option
    bundles: BundlesArgument,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8770,
    names: NameOption = None,
    file: TokenFileOption = None,
    no_token: NoTokenOption = False,
    queue: WaitingOption = 32,
    max_photos: PhotosOption = 16,
    max_mib: SizeOption = 64,
    device: DeviceOption = None,
) -> None:
    """Answer ``whosthat serve``."""
    need_server()
    from whosthat.server.app import make_app
    from whosthat.server.service import Limits, Service
    from whosthat.server.serving import Address, door_of, listen, run, token_in, url_of

    address = Address(host, port, tuple(names or ()))
    door_of(address, None if no_token else "asked before any file is opened")  # not translated: shown to nobody
    service = Service(bundles, Limits(body=max_mib << 20, photos=max_photos, waiting=max(queue, max_photos)))
    with listen(address) as opened, terminal_progress() as progress:
        token = None if no_token else token_in(file or token_file(), progress)
        door = door_of(address, token)
        if not address.is_loopback:
            say(_("Other computers can ask this service. Photos and answers travel unencrypted: put a server with TLS in front."))
        started = _("{bundles}: {url}", bundles=_(", ").join(service.bundles), url=url_of(opened, address))
        run(make_app(service, door=door), opened, service, lambda: say(started, _("Stop with Ctrl-C.")))
