"""A client that is slow, goes away, or is one too many: over real connections on this computer."""

from __future__ import annotations

import http.client
import socket
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

HEAD = b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture(autouse=True)
def ticks_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.server.connections.TICK", 0.05)


def connected(address: tuple[str, int]) -> socket.socket:
    return socket.create_connection(address, timeout=10)


def seconds_until_closed(client: socket.socket, drip: bytes = b"", every: float = 0.1) -> float:
    """Send the drip byte by byte, for ever, and return when the other side ended the connection."""
    begun, stop = time.monotonic(), threading.Event()

    def send() -> None:
        while drip and not stop.wait(every):
            try:
                client.sendall(drip)
            except OSError:
                return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        while client.recv(4096):
            pass
    except ConnectionError:
        pass
    finally:
        stop.set()
        thread.join()
    return time.monotonic() - begun


@pytest.mark.parametrize(
    ("first", "drip"),
    [
        (b"", b""),
        (b"GET /hea", b""),
        (b"GET /healthz HTTP/1.1\r\nX-Slow: ", b"a"),
        (HEAD, b"a"),
        (HEAD, b""),
        (b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    ],
    ids=["nothing", "half a line", "slow headers", "slow body", "no body", "slow chunks"],
)
def test_a_slow_client_is_closed(running: Callable[..., Any], first: bytes, drip: bytes) -> None:
    with connected(running(patience=0.5)) as client:
        client.sendall(first)
        assert 0.4 <= seconds_until_closed(client, drip) < 5


def test_a_slow_second_request_is_closed(running: Callable[..., Any]) -> None:
    with connected(running(patience=0.5)) as client:
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"200 OK" in client.recv(4096)
        client.sendall(b"GET /heal")
        assert 0.2 <= seconds_until_closed(client, b"x") < 5


def test_a_large_photo_over_a_slow_line_is_answered(running: Callable[..., Any], colour_photo: Callable[..., bytes]) -> None:
    photo = colour_photo(side=200)
    with connected(running(patience=0.3, rate=20_000)) as client:
        head = HEAD.replace(b"100000", str(len(photo)).encode())
        client.sendall(head)
        for start in range(0, len(photo), 5000):
            client.sendall(photo[start : start + 5000])
            time.sleep(0.05)
        assert b"200 OK" in client.recv(4096)


def test_whoever_goes_away_in_the_middle_disturbs_nobody(running: Callable[..., Any], colour_photo: Callable[..., bytes]) -> None:
    address = running()
    for sent in (b"", b"POST", HEAD, HEAD + b"half of it", HEAD.replace(b"100000", b"4") + b"full"):
        with connected(address) as client:
            client.sendall(sent)
    client = http.client.HTTPConnection(*address)
    client.request("POST", "/v1/identify", body=colour_photo(), headers={"content-type": "image/png"})
    assert client.getresponse().status == 200
    client.close()


def test_whoever_goes_away_makes_room_in_the_queue(
    running: Callable[..., Any], make_service: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, colour_photo: Callable[..., bytes]
) -> None:
    service, photo = make_service(threads=1), colour_photo()
    recogniser, goes, answered = service.bundle().recogniser, threading.Event(), []
    real = type(recogniser).identify_prepared

    def wait(self: Any, prepared: Any) -> Any:
        answered.append(len(prepared))
        assert goes.wait(60)
        return real(self, prepared)

    monkeypatch.setattr(type(recogniser), "identify_prepared", wait)
    address = running(service)
    whole = HEAD.replace(b"100000", str(len(photo)).encode()) + photo
    with connected(address) as first:
        first.sendall(whole)
        until(lambda: answered == [1])
        with connected(address) as second:
            second.sendall(whole)
            until(lambda: service.queue.waiting == 1)
        until(lambda: b'status="499"' in urllib.request.urlopen(f"http://{address[0]}:{address[1]}/metrics").read())
        goes.set()
        assert b"200 OK" in first.recv(4096)
    until(lambda: service.queue.waiting == 0)
    assert answered == [1]


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds; fail where it does not come."""
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_connection_too_many_is_refused(running: Callable[..., Any]) -> None:
    address = running(connections=2)
    held = [connected(address) for _ in range(2)]
    time.sleep(0.1)
    with connected(address) as third:
        answer = third.recv(4096)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert answer.endswith(b'{"error":{"code":"full","message":"Too many connections are open."}}')
        assert third.recv(4096) == b""
    for client in held:
        client.close()


def test_whoever_is_refused_while_sending_reads_why(running: Callable[..., Any]) -> None:
    address = running(body=1 << 20)
    client = http.client.HTTPConnection(*address)
    client.request("POST", "/v1/identify", body=bytes(3 << 20), headers={"content-type": "image/png"})
    assert client.getresponse().status == 413
    client.close()


def test_whoever_is_refused_may_not_send_for_ever(running: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.server.connections.LINGER", 0.3)
    with connected(running(body=1000, rate=1)) as client:
        client.sendall(HEAD)
        assert 0.2 <= seconds_until_closed(client, b"a" * 20) < 5


@pytest.mark.parametrize(
    "request_line",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/identify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_no_request_is_refused_without_a_trace(running: Callable[..., Any], request_line: bytes) -> None:
    with connected(running(patience=0.5)) as client:
        client.sendall(request_line)
        try:
            answer = client.recv(65536)
        except ConnectionError:  # it was cut off while it was sending
            return
        assert answer == b"" or answer.split()[1] in (b"400", b"403", b"404")
        assert b"Traceback" not in answer
