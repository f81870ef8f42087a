"""Webhooks: what is sent, to whom, and what a bad server can do."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from whosthat.errors import UsageError
from whosthat.notifying import notifier, webhook
from whosthat.notifying.webhook import Webhook


class Server(http.server.ThreadingHTTPServer):
    """Remembers what it was sent, and answers as it is told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.got: list[tuple[str, dict[str, str], Any]] = []
        self.answers: list[int] = []
        self.trickles = False

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((self.path, dict(self.headers), json.loads(body)))
        if self.server.trickles:
            self._trickle()
            return
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.send_header("Location", self.server.url + "/elsewhere")
        self.end_headers()

    def _trickle(self) -> None:
        try:
            self.wfile.write(b"HT")
            for _rest in range(100):
                self.wfile.write(b"a")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, *_rest: Any) -> None: ...


@pytest.fixture
def server(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(notifier, "FIRST_PAUSE", 0.01)
    with Server() as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


MESSAGE = {"event": "entered", "name": "Zoë 王"}


def test_a_message_is_posted_as_json_with_the_token(server: Server, heard: Any) -> None:
    hook = Webhook(server.url + "/api/webhook/door?x=1", token="secret", say=heard.say)
    hook.tell(MESSAGE)
    hook.close()
    ((path, headers, body),) = server.got
    assert (path, body, headers["Content-Type"]) == ("/api/webhook/door?x=1", MESSAGE, "application/json")
    assert headers["Authorization"] == "Bearer secret"
    assert heard.said == []


@pytest.mark.parametrize(("status", "times"), [(503, 2), (429, 2), (404, 1), (302, 1)])
def test_only_what_may_pass_later_is_tried_again_and_no_redirect_is_followed(server: Server, heard: Any, status: int, times: int) -> None:
    server.answers = [status]
    hook = Webhook(server.url + "/door", say=heard.say)
    hook.tell(MESSAGE)
    hook.close()
    assert [path for path, _headers, _body in server.got] == ["/door"] * times
    assert heard.said[0] == f"{server.place} cannot be told: it answers {status}." + " Trying again." * (times > 1)


def test_a_server_that_trickles_is_hung_up_on(server: Server, heard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "WHOLE", 0.2)
    server.trickles = True
    hook = Webhook(server.url, say=heard.say)
    hook.tell(MESSAGE)
    began = time.monotonic()
    hook.close()
    assert time.monotonic() - began < 5
    assert heard.said[0] == f"{server.place} cannot be told: it does not answer as a web server does. Trying again."


@pytest.mark.parametrize(
    ("scheme", "answer", "reason"),
    [
        ("http", None, "it does not answer"),
        ("http", b"", "it does not answer"),
        ("http", b"SSH-2.0\r\n", "it does not answer as a web server does"),
        ("https", b"HTTP/1.1 400 Bad Request\r\n\r\n", "it does not answer with encryption"),
    ],
)
def test_what_is_no_web_server_is_said_in_plain_words(
    scheme: str, answer: bytes | None, reason: str, loopback: None, heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhook, "TIMEOUT", 0.2 if answer is None else 10.0)
    monkeypatch.setattr(notifier, "LAST_WORDS", 0.0)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        place = f"127.0.0.1:{listening.getsockname()[1]}"
        hook = Webhook(f"{scheme}://{place}", say=heard.say)
        hook.tell(MESSAGE)
        connection, _address = listening.accept()
        with connection:
            while answer is not None and scheme == "http" and b"}" not in connection.recv(4096):
                pass
            connection.sendall(answer or b"")
            if answer is not None:
                connection.shutdown(socket.SHUT_WR)
            hook.close()
            hook._thread.join(10)
    assert heard.said == [f"{place} cannot be told: {reason}. Trying again."]


def test_a_certificate_that_is_not_trusted_is_said(server: Server, heard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED]")
    monkeypatch.setattr(notifier, "LAST_WORDS", 0.1)
    error.verify_message = "self-signed certificate"
    monkeypatch.setattr("http.client.HTTPConnection.request", lambda *_rest: raises(error))
    hook = Webhook(server.url, say=heard.say)
    hook.tell(MESSAGE)
    hook.close()
    assert heard.said == [f"{server.place} cannot be told: its certificate is not trusted (self-signed certificate). Trying again."]


def raises(error: Exception) -> None:
    raise error


def test_a_server_that_is_down_is_said_once(loopback: None, heard: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifier, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(notifier, "LAST_WORDS", 0.3)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens there
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        hook = Webhook(f"http://{place}", say=heard.say)
        for _rest in range(5):
            hook.tell(MESSAGE)
        hook.close()
    assert heard.said == [f"{place} cannot be told: Connection refused. Trying again."]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("file:///etc/passwd", "begins with http"),
        ("ftp://example.org/x", "begins with http"),
        ("http:///x", "begins with http"),
        ("http://me:secret@example.org/", "can be seen by everybody"),
        ("http://example.org/a b", "begins with http"),
        ("http://example.org/\r\nX: y", "begins with http"),
        ("http://example.org:99999/", "is no address"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, words: str, heard: Any) -> None:
    with pytest.raises(UsageError, match=words):
        Webhook(url, say=heard.say)


def test_a_token_or_certificate_that_cannot_be_used(tmp_path: Any, heard: Any) -> None:
    with pytest.raises(UsageError, match="cannot be sent"):
        Webhook("http://example.org", token="a\r\nX: y", say=heard.say)
    with pytest.raises(UsageError, match="cannot be used as a file of certificates"):
        Webhook("https://example.org", ca=tmp_path / "none.pem", say=heard.say)
