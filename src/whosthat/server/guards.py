"""What every request passes before a route sees it: Host, Origin, token, size. After it: headers, log, figures, failures without a trace.

What belongs here: rules that hold for all routes, as one ASGI application around them. What does not: time and number of connections
(`serving`), what a single route takes.

Only the service's own names are accepted as Host, so that a web page cannot reach it by a name of its own that leads here (DNS rebinding),
and only its own pages as Origin. No header lets other pages read an answer (CORS).
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import secrets
import time
import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from whosthat import translation
from whosthat.server.metrics import OPEN_PATHS, Metrics
from whosthat.server.refusals import INTERNAL, Refusal, document, headers_of
from whosthat.server.service import Service, event

HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""What each answer carries unless its route says otherwise."""

GONE = 499
"""The status of a request whose client went away before it was answered."""

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Door:
    """Who may come in.

    Attributes:
        token: What programs show; None lets everybody in who can connect.
        names: The names and addresses by which the service may be called.
        any_address: Whether it may also be called by whichever numeric address: where it listens on all of them, it does not know them.
        admits: Tells whether a request needs no token: a page's cookie. None: none does.
        largest: Returns how many bytes a path takes; None, or a None from it, is the service's limit.
    """

    token: str | None = None
    names: Collection[str] = LOOPBACK
    any_address: bool = False
    admits: Callable[[Scope], bool] | None = None
    largest: Callable[[str], int | None] | None = None

    def knows(self, host: str) -> bool:
        """Tell whether a Host header names this service."""
        name = _host_name(host)
        return name in self.names or (self.any_address and is_address(name))

    def check(self, scope: Scope, headers: Headers) -> None:
        """Raise Refusal for a request that may not come in."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.knows(hosts[0]):
            raise Refusal(403, "wrong_host", "The service is not known by the name in this request's Host header.")
        origin = headers.get("origin")
        if origin is not None and origin.lower() != f"{scope['scheme']}://{hosts[0]}".lower():
            raise Refusal(403, "wrong_origin", "A page of another address may not ask this service.")
        if scope["path"] in OPEN_PATHS or self.token is None or (self.admits is not None and self.admits(scope)):
            return
        given = _token_given(headers)
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            raise Refusal(401, "unauthorized", "Send the service's token: the header Authorization: Bearer TOKEN, or x-api-key: TOKEN.")


def _token_given(headers: Headers) -> str:
    scheme, _space, token = headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")


def _host_name(host: str) -> str:
    """Return a Host header without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().removesuffix(".")


def is_address(name: str) -> bool:
    """Tell whether a host is given by its number."""
    with contextlib.suppress(ValueError):
        ipaddress.ip_address(name)
        return True
    return False


class Guard:
    """The application around the routes."""

    def __init__(self, app: ASGIApp, service: Service, door: Door, metrics: Metrics) -> None:
        self.app, self.service, self.door, self.metrics = app, service, door, metrics
        self.arriving = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; what is no HTTP, except the application's own start and end, is not answered."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        visit = _Visit(self, scope, receive, send)
        try:
            with self.metrics.open.track_inprogress(), _language(visit.headers):
                await visit.answer()
        finally:
            self.arriving -= visit.received
            visit.end()


class _Visit:
    """One request on its way in and out."""

    def __init__(self, guard: Guard, scope: Scope, receive: Receive, send: Send) -> None:
        self.guard, self.scope, self._receive, self._send = guard, scope, receive, send
        self.headers = Headers(scope=scope)
        self.begun, self.received, self.status = time.perf_counter(), 0, 0
        self.largest = guard.service.limits.body
        if guard.door.largest is not None:
            self.largest = guard.door.largest(scope["path"]) or self.largest

    async def answer(self) -> None:
        """Let the request in, or refuse it; nothing that fails inside is told outside."""
        try:
            self._check()
            await self.guard.app(self.scope, self.receive, self.send)
        except Refusal as refusal:
            await self._refuse(refusal)
        except ClientDisconnect:  # nobody is there to read an answer
            pass
        except Exception as error:  # noqa: BLE001  whatever it is, the service goes on and its inside stays inside
            where = traceback.extract_tb(error.__traceback__)[-1]
            event("failed", error=type(error).__name__, file=Path(where.filename).name, line=where.lineno)
            await self._refuse(Refusal(500, "internal", INTERNAL))

    def _check(self) -> None:
        self.guard.door.check(self.scope, self.headers)
        if self.guard.service.draining and self.scope["path"] not in OPEN_PATHS:
            raise Refusal(503, "draining", "The service is being stopped and takes no more photos.")
        length = self.headers.get("content-length", "0")
        if length.isdecimal() and int(length) > self.largest:
            raise self._too_large()

    def _too_large(self) -> Refusal:
        return Refusal(413, "too_large", "The request is too large: {n:,} bytes are taken at most.", n=self.largest)

    async def receive(self) -> Message:
        """Pass on a part of the body while it is within the limits."""
        message = await self._receive()
        size = len(message.get("body", b""))
        self.received += size
        self.guard.arriving += size
        if self.received > self.largest:
            raise self._too_large()
        if self.guard.arriving > self.guard.service.limits.arriving:
            raise Refusal(503, "full", "Too much is being received at once. Ask again in a second.", retry_after=1)
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, its first with the headers that all have."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            there = {name.lower() for name, _value in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in HEADERS.items() if name.encode() not in there]
            message = {**message, "headers": [*message["headers"], *more]}
        await self._send(message)

    async def _refuse(self, refusal: Refusal) -> None:
        if self.status:  # the answer has begun
            return
        body = json.dumps(document(refusal.code, str(refusal)), ensure_ascii=False).encode("utf-8", "replace")
        headers = {"content-type": "application/json", "content-length": str(len(body)), **headers_of(refusal)}
        raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})

    def end(self) -> None:
        """Count the request, and write a line about it: the route's pattern, never what stands in its places."""
        seconds, status = time.perf_counter() - self.begun, self.status or GONE
        self.guard.metrics.count(self.scope, status, seconds)
        route = getattr(self.scope.get("route"), "path", None)
        event("request", method=self.scope["method"][:16], route=route, status=status, ms=round(1000 * seconds, 1), bytes=self.received)


def _language(headers: Headers) -> Any:
    """Speak the first language that the client asks for, where there is one of its names; else the process's own."""
    first: str = headers.get("accept-language", "").split(",")[0].split(";")[0]
    code = translation.known(first.strip())
    return translation.using(code) if code else contextlib.nullcontext()
