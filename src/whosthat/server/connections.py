"""How long a connection may take to say something, and how many there may be: uvicorn's protocol with a clock.

What belongs here: what must be decided before a request is whole. What does not: what a request holds (`guards`).

A client has a few seconds for the first bytes of a request, and then must send at a least speed, headers and body alike; so one byte
every two seconds ends the connection, and a large photo over a slow line does not.
"""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from whosthat.server.service import Limits, event

TICK = 1.0
"""Seconds between two looks at a connection's clock."""

LINGER = 2.0
"""Seconds in which the rest of a request that was refused may still come: whoever is cut off while sending does not read the answer."""

UNREAD = 30.0
"""Seconds in which a client must have read some of an answer that waits for it."""

_SAYS_FULL = b'{"error":{"code":"full","message":"Too many connections are open."}}'
FULL = b"\r\n".join(
    [
        b"HTTP/1.1 503 Service Unavailable",
        b"content-type: application/json",
        b"content-length: %d" % len(_SAYS_FULL),
        b"retry-after: 1",
        b"connection: close",
        b"",
        _SAYS_FULL,
    ]
)


class TimedProtocol(H11Protocol):  # type: ignore[misc]
    """One connection; ``limits`` is set by `timed_protocol`."""

    limits: Limits

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Take a connection, or refuse it where there are too many."""
        super().connection_made(transport)
        now = self.loop.time()
        self._begun: float | None = now  # since when a request is awaited or arriving
        self._answered: float | None = None  # since when an answer is out whose request is not yet whole
        self._unread, self._unread_since = 0, now
        self._arrived = 0
        self._clock = self.loop.call_later(TICK, self._tick)
        if len(self.connections) > self.limits.connections:
            transport.write(FULL)
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Take some bytes; with the last of a request its time ends."""
        if self._begun is None:
            self._begun, self._arrived = self.loop.time(), 0
        self._arrived += len(data)
        super().data_received(data)
        if not self._is_arriving():
            self._begun = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._clock.cancel()
        super().connection_lost(exc)

    def _is_arriving(self) -> bool:
        """Tell whether a request has begun and is not whole."""
        state = self.conn.their_state
        return state is h11.SEND_BODY or (state is h11.IDLE and bool(self.conn.trailing_data[0]))

    def _tick(self) -> None:
        if self.transport.is_closing():
            return
        now = self.loop.time()
        if self._begun is None and self._is_arriving():  # what came behind the request before
            self._begun, self._arrived = now, 0
        if self._is_too_slow(now) or self._lingers(now) or self._is_not_read(now):
            event("slow client closed", bytes=self._arrived)
            self.transport.abort()
            return
        self._clock = self.loop.call_later(TICK, self._tick)

    def _is_too_slow(self, now: float) -> bool:
        if self._begun is None or self.flow.read_paused:
            return False
        return now - self._begun > self.limits.patience + self._arrived / self.limits.rate

    def _lingers(self, now: float) -> bool:
        if self.cycle is None or not self.cycle.response_complete or self.conn.their_state is not h11.SEND_BODY:
            self._answered = None
            return False
        self._answered = self._answered or now
        return now - self._answered > LINGER

    def _is_not_read(self, now: float) -> bool:
        unread: int = self.transport.get_write_buffer_size()
        if unread == 0 or unread != self._unread:
            self._unread, self._unread_since = unread, now
        return unread > 0 and now - self._unread_since > UNREAD


def timed_protocol(limits: Limits) -> type[Any]:
    """Return the protocol for uvicorn, with these limits."""
    return type("LimitedProtocol", (TimedProtocol,), {"limits": limits})
