"""MQTT as a broker hears it: a small one, which knows as much of MQTT 3.1.1 as is used, stands in for a real one."""

from __future__ import annotations

import itertools
import json
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from whosthat.errors import UsageError
from whosthat.notifying.mqtt import Broker, Mqtt, slug
from whosthat.notifying.notifier import WAITING

pytest.importorskip("paho")


class FakeBroker(socketserver.ThreadingTCPServer):
    """Takes connections and messages, and remembers both."""

    allow_reuse_address, daemon_threads = True, True

    def __init__(self, port: int = 0, refusal: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.refusal, self.logins, self.messages = refusal, [], []
        self.open: list[Any] = []

    def topics(self) -> list[str]:
        return [topic for topic, _payload, _kept in self.messages]

    def last(self, topic: str) -> str | None:
        return next((payload.decode() for found, payload, _kept in reversed(self.messages) if found == topic), None)


class Connection(socketserver.BaseRequestHandler):
    server: FakeBroker

    def handle(self) -> None:
        self.server.open.append(self.request)
        self.will: list[Any] = []
        with suppress(OSError):
            while self._packet():
                pass
        self.server.messages += self.will

    def _packet(self) -> bool:
        head = self._take(1)
        if not head:
            return False
        length = shift = 0
        while True:
            byte = self._take(1)[0]
            length |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        kind, body = head[0] >> 4, self._take(length)
        if kind == 1:
            self.server.logins.append(body)
            _client, topic, payload = itertools.islice(texts(body[10:]), 3)
            self.will = [(topic.decode(), payload, bool(body[7] & 0x20))]
            self.request.sendall(bytes([0x20, 2, 0, self.server.refusal]))
            return not self.server.refusal
        if kind == 3:
            (n,) = struct.unpack(">H", body[:2])
            has_number = head[0] & 6
            self.server.messages.append((body[2 : 2 + n].decode(), body[2 + n + (2 if has_number else 0) :], bool(head[0] & 1)))
            if has_number:
                self.request.sendall(b"\x40\x02" + body[2 + n : 4 + n])
        elif kind == 12:
            self.request.sendall(b"\xd0\x00")
        elif kind == 14:
            self.will = []
        return kind != 14

    def _take(self, n: int) -> bytes:
        taken = b""
        while len(taken) < n and (piece := self.request.recv(n - len(taken))):
            taken += piece
        return taken


def texts(body: bytes) -> Iterator[bytes]:
    """Yield what stands in a packet, each after its length."""
    while body:
        (n,) = struct.unpack(">H", body[:2])
        yield body[2 : 2 + n]
        body = body[2 + n :]


def serving(broker: FakeBroker) -> threading.Thread:
    thread = threading.Thread(target=broker.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    return thread


@pytest.fixture
def broker(loopback: None) -> Iterator[FakeBroker]:
    with FakeBroker() as opened:
        thread = serving(opened)
        yield opened
        opened.shutdown()
        thread.join()


def until(true: Callable[[], Any], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)


def address(broker: FakeBroker) -> str:
    return f"127.0.0.1:{broker.server_address[1]}"


ANNA = {"event": "entered", "name": "Anna", "confidence": 0.97}
DOOR = f"whosthat/{slug('Front door')}"


def test_messages_states_and_what_home_assistant_looks_for(broker: FakeBroker, heard: Any) -> None:
    notifier = Mqtt(Broker(address(broker), "me", "secret"), "Front door", heard.say)
    notifier.tell(ANNA)
    until(lambda: broker.last(f"{DOOR}/here") == json.dumps([slug("Anna")]))
    assert json.loads(broker.last(f"{DOOR}/sighting") or "") == ANNA
    notifier.tell({**ANNA, "event": "left"})
    notifier.close()
    assert broker.messages[-2:] == [(f"{DOOR}/here", b"[]", True), (f"{DOOR}/availability", b"offline", True)]
    assert b"\x00\x02me\x00\x06secret" in broker.logins[0]
    kept = {topic: json.loads(payload) for topic, payload, kept in broker.messages if kept and topic.startswith("homeassistant/")}
    sensor = kept[f"homeassistant/binary_sensor/whosthat/whosthat_{slug('Front door')}_person_{slug('Anna')}/config"]
    assert (sensor["name"], sensor["device"]["name"], sensor["device_class"]) == ("Anna", "Front door", "occupancy")
    assert sensor["state_topic"] == f"{DOOR}/here"
    assert sensor["value_template"] == f"{{{{ 'ON' if '{slug('Anna')}' in value_json else 'OFF' }}}}"
    assert sensor["availability_topic"] == f"{DOOR}/availability"
    assert any(topic.startswith("homeassistant/sensor/") for topic in kept)
    assert heard.said == []


def test_nobody_is_announced_before_they_are_seen_and_several_strangers_are_one(broker: FakeBroker, heard: Any) -> None:
    notifier = Mqtt(Broker(address(broker)), "0", heard.say)
    until(lambda: broker.topics())
    stranger = {"event": "entered", "name": None}
    for message in (stranger, stranger, {**stranger, "event": "left"}):
        notifier.tell(message)
    until(lambda: broker.last("whosthat/0/left"))
    until(lambda: broker.topics()[-2:] == ["whosthat/0/left", "whosthat/0/here"])
    assert broker.last("whosthat/0/here") == '["unknown"]'
    notifier.tell({**stranger, "event": "left"})
    notifier.close()
    assert broker.last("whosthat/0/here") == "[]"
    assert sum("person_" in topic for topic in broker.topics()) == 1


def test_pictures_go_to_a_topic_of_their_own(broker: FakeBroker, heard: Any) -> None:
    notifier = Mqtt(Broker(address(broker)), "0", heard.say)
    notifier.tell({**ANNA, "image": "/9j/"})
    until(lambda: "whosthat/0/image" in broker.topics())
    notifier.close()
    assert ("whosthat/0/image", b"\xff\xd8\xff", False) in broker.messages
    assert json.loads(broker.last("whosthat/0/sighting") or "") == ANNA


def test_a_broker_that_is_down_is_waited_for_and_told_what_waits(loopback: None, heard: Any) -> None:
    with FakeBroker() as down:
        place = address(down)
        port = down.server_address[1]
    notifier = Mqtt(Broker(place), "0", heard.say)
    until(lambda: heard.said)
    notifier.tell(ANNA)
    with FakeBroker(port) as back:
        thread = serving(back)
        until(lambda: back.last("whosthat/0/sighting"))
        until(lambda: len(heard.said) == 2)
        notifier.close()
        back.shutdown()
        thread.join()
    assert heard.said == [f"{place} cannot be told: it does not answer. Trying again.", f"{place} can be told again."]


def test_after_an_outage_the_broker_knows_all_again_and_who_is_there_now(broker: FakeBroker, heard: Any) -> None:
    notifier = Mqtt(Broker(address(broker)), "0", heard.say)
    notifier.tell(ANNA)
    until(lambda: broker.last("whosthat/0/here") == json.dumps([slug("Anna")]))
    broker.shutdown()
    broker.server_close()
    for one in broker.open:
        one.shutdown(socket.SHUT_RDWR)
    until(lambda: heard.said)
    notifier.tell({**ANNA, "event": "left"})
    for number in range(2 * WAITING):  # more than are kept
        notifier.tell({**ANNA, "name": str(number)})
    with FakeBroker(broker.server_address[1]) as back:  # without a memory
        thread = serving(back)
        until(lambda: json.loads(back.last("whosthat/0/sighting") or "{}").get("name") == str(2 * WAITING - 1))
        assert back.last("whosthat/0/availability") == "online"
        assert slug("Anna") not in json.loads(back.last("whosthat/0/here") or "")
        assert f"homeassistant/binary_sensor/whosthat/whosthat_0_person_{slug('Anna')}/config" in back.topics()
        assert back.topics().count("whosthat/0/sighting") <= WAITING + 1
        notifier.close()
        back.shutdown()
        thread.join()
    place = address(broker)
    assert heard.said == [f"{place} cannot be told: the connection was lost. Trying again.", f"{place} can be told again."]


def test_who_was_there_when_it_was_killed_is_not_there_for_ever(broker: FakeBroker, heard: Any) -> None:
    told = f"from {Mqtt.__module__} import Broker, Mqtt; Mqtt(Broker('{address(broker)}'), '0', print).tell({ANNA})"
    with subprocess.Popen([sys.executable, "-c", f"{told}; import time; time.sleep(60)"]) as process:
        until(lambda: broker.last("whosthat/0/here") == json.dumps([slug("Anna")]), 30)
        process.kill()
    until(lambda: broker.messages[-1] == ("whosthat/0/availability", b"offline", True))
    notifier = Mqtt(Broker(address(broker)), "0", heard.say)
    until(lambda: broker.messages[-2:] == [("whosthat/0/here", b"[]", True), ("whosthat/0/availability", b"online", True)])
    notifier.close()


def test_nothing_grows_while_a_broker_is_down(loopback: None, heard: Any) -> None:
    with FakeBroker() as down:
        place = address(down)
    notifier = Mqtt(Broker(place), "0", heard.say)
    began = time.monotonic()
    for number in range(2000):
        for event in ("entered", "left"):
            notifier.tell({**ANNA, "name": f"person {number}", "event": event})
    assert time.monotonic() - began < 5
    assert (len(notifier._client._out_messages), len(notifier._waiting), len(notifier._here)) == (0, WAITING, 0)
    notifier.close()


def test_a_login_that_is_refused_is_said(loopback: None, heard: Any) -> None:
    with FakeBroker(refusal=5) as broker:
        thread = serving(broker)
        notifier = Mqtt(Broker(address(broker), "me", "wrong"), "0", heard.say)
        until(lambda: heard.said)
        notifier.close()
        broker.shutdown()
        thread.join()
    assert heard.said == [f"{address(broker)} cannot be told: Not authorized. Trying again."]


@pytest.mark.parametrize("text", ["", "a b", "host:0", "host:99999", "mqtt://host", "me@host", "host:port", "a/b"])
def test_addresses_that_cannot_be_used(text: str) -> None:
    with pytest.raises(UsageError, match="A broker is HOST or HOST:PORT"):
        Broker(text).place()


def test_ports_are_those_of_mqtt() -> None:
    assert [Broker("host").place(), Broker("host", tls=True).place(), Broker("[::1]:7").place()] == [
        ("host", 1883),
        ("host", 8883),
        ("::1", 7),
    ]
    assert [Broker(host).is_loopback() for host in ("localhost", "127.0.0.1", "[::1]", "192.168.1.5")] == [True, True, True, False]


def test_any_name_makes_a_topic_of_its_own() -> None:
    names = ["anna", "Anna", "王小明", "a/b", "a+b", "#", "", "x" * 300]
    slugs = [slug(name) for name in names]
    assert len(set(slugs)) == len(names)
    assert all(one.replace("_", "").isalnum() and one.isascii() and one == one.lower() and len(one) < 60 for one in slugs)
