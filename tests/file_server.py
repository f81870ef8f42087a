"""A web server on this computer that hands out one file, well or badly, for the tests of downloading."""

from __future__ import annotations

import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer(ThreadingHTTPServer):
    """Its attributes say how it behaves; ``asked`` holds the path and the range of every request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.content = b""
        self.ranges = True  # whether it knows how to send a part
        self.part_at: int | None = None  # where the parts that it sends begin, instead of where it was asked
        self.cuts: list[int] = []  # after how many bytes of an answer it hangs up, answer by answer
        self.cut = "end"  # or "reset", as a network that breaks, or "stall", as one that sleeps
        self.ended = threading.Event()
        self.says_length = True
        self.status = 200  # another one is an answer without content
        self.redirect = ""
        self.asked: list[tuple[str, str | None]] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/file"


class _Handler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        server, wanted = self.server, self.headers.get("Range")
        server.asked.append((self.path, wanted))
        if server.redirect and self.path == "/file":
            self.send_response(302)
            self.send_header("Location", server.redirect)
            self.end_headers()
            return
        if server.status != 200:
            self.send_error(server.status)
            return
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and server.ranges else 0
        if begin >= len(server.content) > 0:
            self.send_error(416)
            return
        self._send(begin)

    def do_CONNECT(self) -> None:
        self.server.asked.append((self.path, None))
        self.send_error(403, "this proxy lets nothing through")

    def _send(self, begin: int) -> None:
        server = self.server
        begin = begin if server.part_at is None or not begin else server.part_at
        self.send_response(206 if begin else 200)
        if begin:
            self.send_header("Content-Range", f"bytes {begin}-{len(server.content) - 1}/{len(server.content)}")
        if server.says_length:
            self.send_header("Content-Length", str(len(server.content) - begin))
        self.end_headers()
        part = server.content[begin:]
        if not server.cuts:
            self.wfile.write(part)
            return
        self.wfile.write(part[: server.cuts.pop(0)])
        if server.cut == "reset":
            time.sleep(0.05)  # what was sent is read first
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
        elif server.cut == "stall":
            server.ended.wait(10)

    def log_message(self, *_: object) -> None:
        """Write nothing."""
