"""S3-compatible storage on this computer that answers as one does, or badly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit


class Bucket(ThreadingHTTPServer):
    """Holds files by ``bucket/key``, and answers well unless told otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.refuses, self.halves, self.sleeps = False, False, 0.0
        self.asked: list[str] = []
        self.awake = threading.Event()


class _Handler(BaseHTTPRequestHandler):
    server: Bucket

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.sleeps and self.server.awake.wait(self.server.sleeps):
            return
        address = urlsplit(self.path)
        name, asked = unquote(address.path).strip("/"), parse_qs(address.query)
        if self.server.refuses:
            self._send(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif "list-type" in asked:
            keys = sorted(file.partition("/")[2] for file in self.server.files if file.startswith(f"{name}/"))
            keys = [key for key in keys if key.startswith(asked.get("prefix", [""])[0])]
            contents = "".join(
                f"<Contents><Key>{key}</Key><Size>{len(self.server.files[f'{name}/{key}'])}</Size></Contents>" for key in keys
            )
            self._send(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>".encode())
        elif name not in self.server.files:
            self._send(404, b"<Error><Code>NoSuchKey</Code><Message>not here</Message></Error>")
        else:
            first, _dash, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            self._send(206, self.server.files[name][int(first) : int(last) + 1])

    def do_HEAD(self) -> None:
        self._send(404, b"")

    def _send(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.server.halves else content)

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Bucket]:
    """Serve until the block ends."""
    with Bucket() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.awake.set()
            server.shutdown()
            thread.join()
