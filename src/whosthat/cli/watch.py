"""``whosthat watch BUNDLE CAMERA|FOLDER``: who comes and who leaves, a line each, and messages to programs that the user names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import OUTPUT, BundleArgument, DeviceOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.translation import N_, _
from whosthat.wording import confidence_text, duration

if TYPE_CHECKING:
    from whosthat.workflow.watching import Notice

app = new_app()

LEFT_AFTER = 1.0
"""Seconds that somebody must have been there for their leaving to be worth a line: who is in one photo alone was not there for a time."""

_SOURCE_HELP = N_(
    "The number of a camera, from 0; the address of one of your network (rtsp://...); or a folder into which photos and videos come."
)
SourceArgument = Annotated[str, argument("CAMERA|FOLDER", _SOURCE_HELP)]
NameOption = Annotated[str, option("--name TEXT", N_("What messages call it, such as front door; what was given when left out."))]
IntervalOption = Annotated[float, option("--interval SECONDS", N_("Look every so many seconds."), min=0.05, max=3600)]
_AWAY_HELP = N_("Who was not seen for so many seconds has left, and is told again on coming back.")
AwayOption = Annotated[float, option("--away SECONDS", _AWAY_HELP, min=1, max=86400)]
ExistingOption = Annotated[bool, option("--existing", N_("Name the photos and videos that are in the folder already as well."))]
UnknownOption = Annotated[bool, option("--no-unknown", N_("Do not tell of unknown people."))]
_WEBHOOK_HELP = N_("Send each message to this address as JSON (POST). May be given several times.")
WebhookOption = Annotated[list[str] | None, option("--webhook URL", _WEBHOOK_HELP)]
_MQTT_HELP = N_("Send each message to this broker of MQTT, and let Home Assistant find it.")
MqttOption = Annotated[str | None, option("--mqtt HOST[:PORT]", _MQTT_HELP)]
UserOption = Annotated[str | None, option("--mqtt-user NAME", N_("Log in to the broker as this user."))]
TlsOption = Annotated[bool, option("--mqtt-tls", N_("Encrypt the connection to the broker."))]
CaOption = Annotated[Path | None, option("--ca FILE", N_("Certificates (PEM) to trust in the place of those of the system."))]
ImageOption = Annotated[bool, option("--image", N_("Send a small picture of the face along; otherwise no picture leaves this computer."))]
LinesOption = Annotated[bool, option("--json", N_("Write each message as one line of JSON."), OUTPUT)]


@app.command(
    help=about(
        N_(
            "Somebody who stays is told once, and again when they have left. It runs until Ctrl-C; a camera, folder or broker that is gone "
            "is waited for, and a bundle that changes is opened again."
        ),
        N_(
            "It opens connections to what you name and to nothing else: the camera, the webhooks, the broker. Passwords stand in "
            "WHOSTHAT_CAMERA_PASSWORD, WHOSTHAT_WEBHOOK_TOKEN and WHOSTHAT_MQTT_PASSWORD, or in the files that these variables name with "
            "_FILE at their end."
        ),
    ),
    epilog=examples("""
        watch runs/latest 0
        watch runs/latest rtsp://me@192.168.1.20/stream1 --name "front door"
        watch runs/latest /srv/uploads --webhook http://192.168.1.5:8123/api/webhook/door
        watch runs/latest 0 --mqtt 192.168.1.5 --mqtt-user whosthat
    """),  # not translated: command lines
)
def watch(  # noqa: PLR0913  typer makes a parameter of each option
    bundle: BundleArgument,
    source: SourceArgument,
    name: NameOption = "",
    interval: IntervalOption = 0.5,
    away: AwayOption = 30.0,
    existing: ExistingOption = False,
    no_unknown: UnknownOption = False,
    webhooks: WebhookOption = None,
    mqtt: MqttOption = None,
    mqtt_user: UserOption = None,
    mqtt_tls: TlsOption = False,
    ca: CaOption = None,
    image: ImageOption = False,
    device: DeviceOption = None,
    as_json: LinesOption = False,
) -> None:
    """Answer ``whosthat watch``."""
    from whosthat.runs.lock import listening
    from whosthat.workflow.telling import notifiers_of
    from whosthat.workflow.watching import Watching
    from whosthat.workflow.watching import watch as watch_source

    how = Watching(name, interval, away, existing=existing, unknown=not no_unknown, image=image)
    with terminal_progress() as progress, listening() as stop_request:
        notices = watch_source(
            bundle,
            source,
            how,
            notifiers=lambda called: notifiers_of(
                called, webhooks or (), mqtt_broker=mqtt, mqtt_user=mqtt_user, mqtt_tls=mqtt_tls, ca=ca, progress=progress
            ),
            stops=lambda: bool(stop_request.signal),
            progress=progress,
        )
        for notice in notices:
            if as_json:
                show_json(notice, line=True)
            elif notice.change.entered or notice.change.seconds >= LEFT_AFTER:
                show(_line(notice))
    say(_("Stopped."))


def _line(notice: Notice) -> str:
    change, time = notice.change, f"{notice.time:%Y-%m-%d %H:%M:%S}"
    who = change.name or (_("unknown {number}", number=change.stranger) if change.stranger else _("unknown"))
    if not change.entered:
        return _("{time} {who} left after {duration}", time=time, who=who, duration=duration(change.seconds))
    line = f"{time} {who} {confidence_text(change.confidence)}" if change.name else f"{time} {who}"
    return line if notice.photo is None else _("{line} in {photo}", line=line, photo=notice.photo)
