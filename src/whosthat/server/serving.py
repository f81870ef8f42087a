"""From a service to an address that answers: socket, token, uvicorn, an end that loses nothing; shared by ``serve`` and ``studio``.

What belongs here: the process around the application. What does not: the application (`app`), options (`whosthat.cli`).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI

from whosthat import durable
from whosthat.errors import UsageError, system_reason
from whosthat.progress import Progress
from whosthat.server.connections import timed_protocol
from whosthat.server.guards import LOOPBACK, Door, is_address
from whosthat.server.service import Service, log
from whosthat.translation import _

if TYPE_CHECKING:
    from whosthat.server.studio.studio import Studio

PORT = 8770
SHORTEST_TOKEN, LONGEST_TOKEN = 16, 1000
DRAINS_FOR = 20
"""Seconds that requests have to end after SIGTERM."""

KEEP_ALIVE = 15
"""Seconds that a connection is kept for a next request."""


@dataclass(frozen=True)
class Address:
    """Where to listen.

    Attributes:
        host: An address of this computer, or a name of it.
        port: 0 is any that is free.
        names: Further names by which others call it.
    """

    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()

    @property
    def is_loopback(self) -> bool:
        """Whether only this computer reaches it."""
        return self.host in LOOPBACK or self.host.startswith("127.")


def listen(address: Address) -> socket.socket:
    """Open the socket; UsageError where that cannot be, in particular where another program has the port."""
    try:
        family, kind, protocol, _name, place = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise UsageError("{host} is no address of this computer: {reason}.", host=address.host, reason=system_reason(error)) from error
    opened = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # there it would let two programs have one port
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(place)
        opened.listen(1024)
    except OSError as error:
        opened.close()
        raise UsageError(
            "The service cannot listen on {host}, port {port}: {reason}. Another program may have the port; choose another with --port.",
            host=address.host,
            port=address.port,
            reason=system_reason(error),
        ) from error
    return opened


def url_of(opened: socket.socket, address: Address) -> str:
    """Return under which address the service answers.

    Example:
        >>> with listen(Address(port=0)) as opened:
        ...     url_of(opened, Address()).rpartition(":")[0]
        'http://127.0.0.1'
    """
    host = f"[{address.host}]" if ":" in address.host else address.host
    return f"http://{host}:{opened.getsockname()[1]}"


def door_of(address: Address, token: str | None, studio: Studio | None = None) -> Door:
    """Return who may come in; UsageError where others could without a token."""
    if token is None and not address.is_loopback:
        raise UsageError(
            "On {host} whoever reaches this computer could ask who is in photos. Leave out --no-token, or --host.", host=address.host
        )
    names = {*LOOPBACK, address.host.lower(), *(name.lower() for name in address.names)}
    if not address.is_loopback:
        names.add(socket.gethostname().lower())
    everywhere = is_address(address.host) and not address.is_loopback
    if studio is None:
        return Door(token, names, everywhere)
    return Door(token, names, everywhere, studio.admits, studio.largest)


def token_in(file: Path, progress: Progress) -> str:
    """Return the token that a file holds; where there is none, make one for this user's eyes alone and tell it once.

    UsageError where the file cannot be used, or others can read it.
    """
    try:
        if not file.exists():
            durable.make_private_folder(file.parent)
            token = secrets.token_urlsafe(32)
            durable.replace_file(file, f"{token}\n".encode())
            progress.say(_("The service's token, shown this once: {token}", token=token))
            progress.say(_("It is kept in {file}, which only you can read.", file=file))
            return token
        facts = file.stat()
        if os.name != "nt" and facts.st_uid == os.getuid() and facts.st_mode & 0o077:
            raise UsageError("Others can read the token in {file}. Delete the file, and a new token is made.", file=file)
        with file.open("rb") as opened:
            token = opened.read(LONGEST_TOKEN + 2).decode("ascii", "replace").strip()
    except OSError as error:
        raise UsageError("The token's file {file} cannot be used: {reason}.", file=file, reason=system_reason(error)) from error
    if not SHORTEST_TOKEN <= len(token) <= LONGEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise UsageError(
            "{file} holds no token: {least} to {most} letters and digits without a space. Delete the file, and a new token is made.",
            file=file,
            least=SHORTEST_TOKEN,
            most=LONGEST_TOKEN,
        )
    progress.say(_("The service's token is kept in {file}.", file=file))
    return token


def run(
    app: FastAPI, opened: socket.socket, service: Service, started: Callable[[], None] | None = None, *, requests_told: bool = True
) -> None:
    """Answer on a socket until SIGTERM or Ctrl-C, then finish what was begun.

    Args:
        app: What `make_app` made of the service.
        opened: What `listen` opened; it is closed at the end.
        service: Told when the end begins.
        started: Called in the service's thread when it answers.
        requests_told: Whether standard error has a line for each request.
    """
    log_to_stderr(requests_told=requests_told)
    with opened:
        server_of(app, service, started).run(sockets=[opened])


def server_of(app: FastAPI, service: Service, started: Callable[[], None] | None = None) -> uvicorn.Server:
    """Return the server that `run` runs; whoever runs it in a thread of their own ends it by its ``should_exit``."""
    config = uvicorn.Config(
        app,
        http=timed_protocol(service.limits),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=DRAINS_FOR,
        backlog=1024,
        h11_max_incomplete_event_size=32 << 10,
    )
    return _Server(config, service, started)


class _Server(uvicorn.Server):  # type: ignore[misc]
    """uvicorn, which tells the service when the end begins, and ends without passing the signal on."""

    def __init__(self, config: uvicorn.Config, service: Service, started: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._service, self._tell = service, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets=sockets)
        if self.started and self._tell is not None:
            self._tell()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Hear SIGTERM and Ctrl-C while the service runs."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the end; a second Ctrl-C does not wait for requests."""
        self._service.draining = True
        super().handle_exit(sig, frame)


class _Lines(logging.Formatter):
    """One JSON object a line; of a failure its kind, never its words, which may hold names."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as a line."""
        facts: dict[str, Any] = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "level": record.levelname.lower()}
        facts |= getattr(record, "facts", {"event": record.msg})
        if record.exc_info and record.exc_info[0]:
            facts["error"] = record.exc_info[0].__name__
        return json.dumps(facts)


def log_to_stderr(*, requests_told: bool = True) -> None:
    """Write what the service and uvicorn say of themselves to standard error; once, however often it is called."""
    log.filters = [] if requests_told else [lambda record: getattr(record, "facts", {}).get("event") != "request"]
    for name, level in ((log.name, logging.INFO), ("uvicorn.error", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.setLevel(level)
        logger.propagate = False
        if not any(isinstance(handler.formatter, _Lines) for handler in logger.handlers):
            handler = logging.StreamHandler()
            handler.setFormatter(_Lines())
            logger.addHandler(handler)
