"""Whom a watching tells besides: notifiers made from the words of a command line, and the passwords of the environment.

What belongs here: addresses and passwords in, open notifiers out. What does not: sending (`whosthat.notifying`), what is worth telling
(`watching`).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from whosthat.errors import UsageError, system_reason
from whosthat.notifying import mqtt, webhook
from whosthat.notifying.notifier import Notifier
from whosthat.progress import SILENT, Progress
from whosthat.settings import secret
from whosthat.translation import _


def notifiers_of(
    name: str,
    webhooks: Sequence[str] = (),
    *,
    mqtt_broker: str | None = None,
    mqtt_user: str | None = None,
    mqtt_tls: bool = False,
    ca: Path | None = None,
    progress: Progress = SILENT,
) -> list[Notifier]:
    """Open the connections to whoever is to be told of the source of this name; passwords come from the environment (`settings.secret`).

    Args:
        name: What is watched, as people call it.
        webhooks: Addresses that get each notice as JSON.
        mqtt_broker: ``HOST`` or ``HOST:PORT``; None for none.
        mqtt_user: The name to log in to it with.
        mqtt_tls: Whether that connection is encrypted.
        ca: A file of certificates to trust, for both; None trusts those of the system.
        progress: Is told when one of them cannot be told, and when it can again.

    Raises:
        UsageError: An address, a password's file or a file of certificates cannot be used, or paho-mqtt is not installed.
    """
    opened: list[Notifier] = []
    try:
        for url in webhooks:
            opened.append(webhook.Webhook(url, token=secret_of(webhook.TOKEN), ca=ca, say=progress.say))
        if mqtt_broker is not None:
            password = secret_of(mqtt.PASSWORD)
            broker = mqtt.Broker(mqtt_broker, mqtt_user, password, mqtt_tls, ca)
            if password is not None and not mqtt_tls and not broker.is_loopback():
                progress.say(_("The broker's password travels unencrypted. Use --mqtt-tls where the broker can."))
            opened.append(mqtt.Mqtt(broker, name, progress.say))
    except UsageError:
        for one in opened:
            one.close()
        raise
    return opened


def secret_of(variable: str) -> str | None:
    """Return a password from the environment, or from the file named there; UsageError where that cannot be read."""
    try:
        return secret(variable)
    except (OSError, ValueError) as error:
        raise UsageError(
            "The file of {variable} cannot be read: {reason}.", variable=f"{variable}_FILE", reason=system_reason(error)
        ) from error
