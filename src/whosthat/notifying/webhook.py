"""Messages as JSON to a web address (POST), such as an automation of Home Assistant or a small server of one's own.

What belongs here: one request, its limits, what an answer means. What does not: waiting and trying again (`notifier.Outbox`).

Nothing of an answer but its status is used. No redirect is followed and no proxy asked: the message goes where the user said, or nowhere.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from whosthat.errors import UsageError, system_reason
from whosthat.notifying.notifier import Message, NotSentError, Outbox
from whosthat.notifying.trust import trusting
from whosthat.translation import _
from whosthat.version import __version__

TIMEOUT, WHOLE = 5.0, 15.0
"""Seconds until a step of a request is given up, and the whole of it, however it trickles."""

_LATER = {408, 425, 429, *range(500, 600)}
"""Answers after which the same message may arrive the next time."""


class Webhook(Outbox):
    """A web address that is told what happened.

    Args:
        url: http or https, without a password.
        token: Sent as ``Authorization: Bearer``; None sends none.
        ca: A file of certificates to trust, for a server with one of its own; None trusts those of the system.
        say: Is told when the address cannot be reached, and when it can again.

    Raises:
        UsageError: The address or the file cannot be used.
    """

    def __init__(self, url: str, *, token: str | None = None, ca: Path | None = None, say: Callable[[str], None]) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise UsageError("{url} is no address: {reason}.", url=url, reason=error) from error
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or any(letter <= " " for letter in url):
            raise UsageError("A webhook is an address that begins with http:// or https://; got {url}.", url=url)
        if parts.username is not None or parts.password is not None:
            raise UsageError("A password in an address can be seen by everybody on this computer. Set {variable}.", variable=TOKEN)
        if token is not None and (not token.isascii() or not token.isprintable()):
            raise UsageError("{variable} holds letters that cannot be sent.", variable=TOKEN)
        self._host, self._port = parts.hostname, port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._context = trusting(ca) if parts.scheme == "https" else None
        self._headers = {"Content-Type": "application/json", "User-Agent": f"whosthat/{__version__}", "Connection": "close"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"  # not translated: HTTP
        super().__init__(self._post, parts.netloc, say)

    def _post(self, message: Message) -> None:
        connection = self._connection()
        hurry = threading.Timer(WHOLE, _hang_up, [connection])
        hurry.daemon = True
        hurry.start()
        try:
            connection.request("POST", self._path, json.dumps(message).encode(), self._headers)
            status = connection.getresponse().status
        except OSError as error:
            raise NotSentError(_reason(error), again=True) from error
        except http.client.HTTPException as error:
            raise NotSentError(_("it does not answer as a web server does"), again=True) from error
        finally:
            hurry.cancel()
            connection.close()
        if not 200 <= status < 300:
            raise NotSentError(_("it answers {status}", status=status), again=status in _LATER)

    def _connection(self) -> http.client.HTTPConnection:
        if self._context is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
        return http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT, context=self._context)


TOKEN = "WHOSTHAT_WEBHOOK_TOKEN"  # noqa: S105  the name of a variable


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _("its certificate is not trusted ({reason})", reason=error.verify_message)
    if isinstance(error, ssl.SSLError):
        return _("it does not answer with encryption")
    if isinstance(error, TimeoutError | http.client.RemoteDisconnected):
        return _("it does not answer")
    return system_reason(error) or _("it does not answer")


def _hang_up(connection: http.client.HTTPConnection) -> None:
    """End a request that trickles: whoever waits for its next byte sees the connection close."""
    opened: socket.socket | ssl.SSLSocket | None = getattr(connection, "sock", None)
    if opened is not None:
        with contextlib.suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)
