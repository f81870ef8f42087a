"""What `service` asks with: many connections to a server on this computer, each of bare bytes, so that asking costs next to nothing."""

from __future__ import annotations

import asyncio
import itertools
import random
import re
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

HOST = "127.0.0.1"

GIVE_UP_S = 60.0
"""An answer that takes longer counts as lost."""


@dataclass(frozen=True)
class Server:
    """Where a server listens, and the token that it wants."""

    port: int
    token: str

    def request(self, body: bytes) -> bytes:
        """Return the bytes of a request that asks who is in a photo."""
        head = (
            f"POST /v1/identify HTTP/1.1\r\nHost: {HOST}:{self.port}\r\nAuthorization: Bearer {self.token}\r\n"
            f"Content-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(frozen=True)
class Answer:
    """What came back for a request: which one it was, and how long it took; status 0: lost."""

    number: int
    status: int
    seconds: float
    body: bytes = field(repr=False, default=b"")
    retry_after: str = ""


class Connection:
    """One connection, opened again when the server has closed it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: bytes) -> tuple[int, bytes, str]:
        """Send a request and return status, body and Retry-After of the answer; status 0 where none came."""
        for fresh in (self._streams is None, True):  # a server may close a connection that has rested
            try:
                if fresh:
                    await self.close()
                    self._streams = await asyncio.open_connection(HOST, self._server.port, limit=1 << 22)
                return await asyncio.wait_for(self._exchange(request), GIVE_UP_S)
            except (OSError, EOFError, TimeoutError):
                await self.close()
                if fresh:
                    break
        return 0, b"", ""

    async def close(self) -> None:
        """Close the connection; it is opened again when it is needed."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> tuple[int, bytes, str]:
        assert self._streams is not None
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = dict(re.findall(r"^([\w-]+): *(.*?)\r$", head.lower(), re.M))
        body = await reader.readexactly(int(lines.get("content-length", "0")))
        if lines.get("connection") == "close":
            await self.close()
        return int(head.split(" ", 2)[1]), body, lines.get("retry-after", "")


@asynccontextmanager
async def connections(server: Server, count: int) -> AsyncIterator[list[Connection]]:
    """So many connections, closed in the end."""
    opened = [Connection(server) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            await connection.close()


async def as_fast_as_answered(server: Server, requests: Sequence[bytes], clients: int, seconds: float = 0.0) -> list[Answer]:
    """Let each client send its next request when the last is answered: every request once, or round and round for so many seconds."""
    begin, answers = time.perf_counter(), []
    queue: Iterable[int] = itertools.count() if seconds else range(len(requests))
    numbers = iter(queue)

    async def client(connection: Connection) -> None:
        for number in numbers:
            if seconds and time.perf_counter() - begin > seconds:
                break
            answers.append(await _timed(connection, number, requests))

    async with connections(server, clients) as opened:
        await asyncio.gather(*map(client, opened))
    return answers


async def at_a_rate(server: Server, requests: Sequence[bytes], per_second: float, seconds: float, *, clients: int = 0) -> list[Answer]:
    """Send requests at a rate, whether or not earlier ones are answered, at moments that chance chooses (a Poisson process).

    With ``clients``, so many connections share the rate, each sends one request at a time, and its waiting delays its own next one only.
    """
    begin, chance = time.perf_counter(), random.Random(0)
    answers: list[Answer] = []
    free: list[Connection] = []

    async def one(number: int) -> None:
        connection = free.pop() if free else Connection(server)
        answers.append(await _timed(connection, number, requests))
        free.append(connection)

    async def client(first: int, connection: Connection) -> None:
        moment = chance.random() * clients / per_second
        for number in itertools.count(first, clients):
            moment = max(moment, time.perf_counter() - begin)
            if moment > seconds:
                break
            await asyncio.sleep(begin + moment - time.perf_counter())
            answers.append(await _timed(connection, number, requests))
            moment += clients / per_second

    if clients:
        async with connections(server, clients) as opened:
            await asyncio.gather(*itertools.starmap(client, enumerate(opened)))
        return answers
    tasks, moment = [], 0.0
    for number in itertools.count():
        moment += chance.expovariate(per_second)
        if moment > seconds:
            break
        await asyncio.sleep(max(0.0, begin + moment - time.perf_counter()))
        tasks.append(asyncio.create_task(one(number)))
    await asyncio.gather(*tasks)
    for connection in free:
        await connection.close()
    return answers


async def drip(server: Server, *, body: bool, every: float = 2.0, most: float = 30.0) -> float:
    """Send a request's head, or its body, one byte at a time; return after how many seconds the server closed the connection."""
    begin = time.perf_counter()
    reader, writer = await asyncio.open_connection(HOST, server.port)
    request = server.request(b"\xff" * 1000)
    start = request.index(b"\r\n\r\n") + 4 if body else 0
    closed = asyncio.create_task(reader.read(-1))
    writer.write(request[:start])
    for byte in request[start:]:
        writer.write(bytes([byte]))
        done, _ = await asyncio.wait([closed], timeout=every)
        if done or time.perf_counter() - begin > most:
            break
    writer.close()
    closed.cancel()
    return time.perf_counter() - begin


async def _timed(connection: Connection, number: int, requests: Sequence[bytes]) -> Answer:
    sent = time.perf_counter()
    status, body, retry_after = await connection.ask(requests[number % len(requests)])
    return Answer(number, status, time.perf_counter() - sent, body, retry_after)
