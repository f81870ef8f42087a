"""Messages over MQTT, such as Home Assistant's broker passes on, and the messages by which Home Assistant finds what there is.

What belongs here: topics, what is kept by the broker, the connection. What does not: who was seen (`workflow.watching`).

paho-mqtt keeps the connection and the pauses between attempts; what waits meanwhile stands in the queue of `notifier.Outbox`, which keeps
the newest. Topics, below ``whosthat/ID``: ``availability`` (online or offline), ``sighting`` and ``left`` (messages as JSON),
``here`` (who is there now, a JSON list of `slug`) and ``image`` (JPEG, where asked for). ``availability`` and ``here`` are kept by the
broker. Source: MQTT 3.1.1; Home Assistant's pages "MQTT", section "MQTT discovery", and "MQTT binary sensor".
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from whosthat.errors import UsageError
from whosthat.notifying.notifier import LAST_WORDS, LONGEST_PAUSE, Message, NotSentError, Outbox
from whosthat.notifying.trust import trusting
from whosthat.translation import _
from whosthat.version import __version__

PORT, TLS_PORT = 1883, 8883
PASSWORD = "WHOSTHAT_MQTT_PASSWORD"  # noqa: S105  the name of a variable
DISCOVERY = "homeassistant"
"""The topic below which Home Assistant looks for devices."""

UNKNOWN = "unknown"
MOST_PEOPLE = 500
"""So many people get a sensor of their own; of others, messages alone."""


@dataclass(frozen=True)
class Broker:
    """Where a broker is, and how it is asked.

    Args:
        address: ``HOST``, ``HOST:PORT`` or ``[IPv6]:PORT``; the port is 1883, with TLS 8883, when left out.
        user: The name to log in with; None logs in without one.
        password: What goes with it.
        tls: Whether the connection is encrypted.
        ca: A file of certificates to trust; None trusts those of the system.
    """

    address: str
    user: str | None = None
    password: str | None = None
    tls: bool = False
    ca: Path | None = None

    def is_loopback(self) -> bool:
        """Tell whether it is on this computer."""
        host = self.place()[0]
        return host == "localhost" or host.startswith("127.") or host == "::1"

    def place(self) -> tuple[str, int]:
        """Return host and port; UsageError for an address that is none."""
        found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%]+)\]|([^\s:/@\[\]]+))(?::(\d{1,5}))?", self.address)
        if found is None or (found[3] and not 0 < int(found[3]) < 65536):
            raise UsageError("A broker is HOST or HOST:PORT, such as 192.168.1.5:1883; got {address}.", address=self.address)
        return found[1] or found[2], int(found[3]) if found[3] else (TLS_PORT if self.tls else PORT)


class Mqtt(Outbox):
    """A broker that is told what happened, and by it Home Assistant; after an outage, also who is there now.

    Args:
        broker: Where it is.
        source: What is watched, as people call it: "front door".
        say: Is told when the broker cannot be reached, and when it can again.

    Raises:
        UsageError: The address or the file of certificates cannot be used, or paho-mqtt is not installed.
    """

    def __init__(self, broker: Broker, source: str, say: Callable[[str], None]) -> None:
        if find_spec("paho") is None:
            raise UsageError('MQTT needs paho-mqtt. Install it: pip install "whosthat[watch]".')
        from paho.mqtt import client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        (host, port), self._source = broker.place(), source
        self.id = slug(source)
        self._base = f"whosthat/{self.id}"
        self._announced: dict[str, Message] = {}
        self._here: Counter[str] = Counter()
        self._online = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"whosthat-{self.id}-{secrets.token_hex(4)}"[:64])
        self._client.reconnect_delay_set(1, int(LONGEST_PAUSE))
        if broker.user is not None:
            self._client.username_pw_set(broker.user, broker.password)
        if broker.tls:
            self._client.tls_set_context(trusting(broker.ca))
        self._client.will_set(f"{self._base}/availability", "offline", qos=1, retain=True)
        self._client.on_connect, self._client.on_disconnect = self._connected, self._disconnected
        self._gone = _("it does not answer, or its certificate is not trusted") if broker.tls else _("it does not answer")
        self._client.on_connect_fail = lambda *_rest: self._reached.now(self._gone)
        sighting = f"{self._base}/sighting"
        template = f"{{{{ value_json.name or '{UNKNOWN}' }}}}"  # not translated: a template of Home Assistant
        last = {"state_topic": sighting, "value_template": template, "json_attributes_topic": sighting, "icon": "mdi:account"}
        self._announce("sensor", "last", _("Last seen"), last)
        super().__init__(self._send, broker.address, say)
        self._client.connect_async(host, port, keepalive=60)
        self._client.loop_start()

    def tell(self, message: Message) -> None:
        """See `Notifier.tell`."""
        name = _name_in(message)
        self._here[name] += 1 if _has_entered(message) else -1  # several strangers are one "unknown"
        if self._here[name] <= 0:
            del self._here[name]
        super().tell(message)

    def close(self) -> None:
        """See `Notifier.close`."""
        if self._online.is_set():
            super().close()
            _wait_for(self._publish("availability", "offline", retain=True))
        self._client.disconnect()
        self._client.loop_stop()

    def _send(self, message: Message) -> None:
        """Send a message once the broker is there, and whether its person is here now: the message may have waited."""
        if not self._online.wait(LONGEST_PAUSE):
            raise NotSentError(self._gone, again=True)
        facts, name = dict(message), _name_in(message)
        if image := facts.pop("image", ""):
            self._announce("image", "image", _("Last face"), {"image_topic": f"{self._base}/image"})
            self._publish("image", base64.b64decode(image))
        template = f"{{{{ 'ON' if '{slug(name)}' in value_json else 'OFF' }}}}"  # not translated: a template of Home Assistant
        state = {"state_topic": f"{self._base}/here", "value_template": template, "device_class": "occupancy"}
        self._announce("binary_sensor", f"person_{slug(name)}", name, state)
        self._publish("sighting" if _has_entered(message) else "left", json.dumps(facts))
        _wait_for(self._publish_here())

    def _publish_here(self) -> Any:
        """Say who is here in one message: it also ends what an earlier process, which was killed, said of people this one has not seen."""
        return self._publish("here", json.dumps(sorted(map(slug, [*self._here]))), retain=True)

    def _publish(self, topic: str, payload: str | bytes, *, retain: bool = False) -> Any:
        return self._client.publish(f"{self._base}/{topic}", payload, qos=1, retain=retain)

    def _announce(self, kind: str, key: str, name: str, own: Message) -> None:
        """Let Home Assistant know what there is, a person the first time that they are seen: nobody else's name leaves this computer."""
        unique = f"whosthat_{self.id}_{key}"
        topic = f"{DISCOVERY}/{kind}/whosthat/{unique}/config"
        if topic in self._announced or len(self._announced) >= MOST_PEOPLE:
            return
        device = {"identifiers": [f"whosthat_{self.id}"], "name": self._source, "manufacturer": "whosthat", "sw_version": __version__}
        known = {"name": name, "unique_id": unique, "availability_topic": f"{self._base}/availability"}
        self._announced[topic] = {**known, "device": device, "origin": {"name": "whosthat"}, **own}
        if self._online.is_set():
            self._send_announced(topic)

    def _send_announced(self, topic: str) -> None:
        self._client.publish(topic, json.dumps(self._announced[topic]), qos=1, retain=True)

    def _connected(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any = None) -> None:
        """Say all that the broker must know: it may have lost what it kept, and people came and left meanwhile."""
        if code.is_failure:
            self._reached.now(str(code))
            return
        for topic in [*self._announced]:
            self._send_announced(topic)
        self._publish_here()
        self._publish("availability", "online", retain=True)  # last: no sensor is to show what it showed before the outage
        self._online.set()
        self._reached.now()

    def _disconnected(self, _client: Any, _data: Any, _flags: Any, code: Any, _properties: Any = None) -> None:
        self._online.clear()
        if code.is_failure:
            self._reached.now(_("the connection was lost"))


def _wait_for(sent: Any) -> None:
    with suppress(RuntimeError):  # the connection has just been lost: paho-mqtt sends it when it is back
        sent.wait_for_publish(LAST_WORDS)


def _name_in(message: Message) -> str:
    return str(message.get("name") or UNKNOWN)


def _has_entered(message: Message) -> bool:
    return message.get("event") == "entered"


def slug(name: str) -> str:
    """Turn any name into one that topics and Home Assistant take, and that no other name has.

    Example:
        >>> slug("anna"), slug("Front door")
        ('anna', 'front_door_91b2dbad')
    """
    plain = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:40]
    own = hashlib.sha256(name.encode("utf-8", "backslashreplace")).hexdigest()[:8]
    return plain if plain and plain == name else f"{plain}_{own}".strip("_")
