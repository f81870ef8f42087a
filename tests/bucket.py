"""S3-compatible storage on this computer that answers as one does, or badly."""

from __future__ import annotations

import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit


class Bucket(ThreadingHTTPServer):
    """Holds files by ``bucket/key``, and answers well unless told otherwise."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.refuses, self.halves, self.sleeps = False, False, 0.0
        self.bad: dict[str, str] = {}
        """Files that alone are ``refused``, cut in ``half`` or come with an ``error``, by ``bucket/key``."""
        self.late = 0.0
        """Seconds that each answer takes."""
        self.page = 1000
        """So many names come at once."""
        self.asked: list[str] = []
        self.at_once = [0]
        """How many answers were under way, whenever that changed."""
        self.ended = threading.Event()

    def holds(self, folder: Path, place: str) -> None:
        """Take in the files of a folder."""
        for path in folder.rglob("*"):
            if path.is_file():
                self.files[f"{place}/{path.relative_to(folder).as_posix()}"] = path.read_bytes()

    @property
    def fetched(self) -> list[str]:
        """The files that were asked for, each as often as it was."""
        return [unquote(urlsplit(path).path).removeprefix("/") for path in self.asked if "list-type" not in path]


class _Handler(BaseHTTPRequestHandler):
    server: Bucket
    protocol_version = "HTTP/1.1"
    timeout = 60

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        self.server.at_once.append(self.server.at_once[-1] + 1)
        time.sleep(self.server.late)
        self.server.at_once.append(self.server.at_once[-1] - 1)
        if self.server.sleeps and self.server.ended.wait(self.server.sleeps):
            self.close_connection = True
            return
        address = urlsplit(self.path)
        name, asked = unquote(address.path).removeprefix("/"), {key: values[0] for key, values in parse_qs(address.query).items()}
        bad = self.server.bad.get(name)
        if self.server.refuses or bad == "refused":
            self._send(403, b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>")
        elif bad == "error":
            self._send(500, b"<Error><Code>InternalError</Code><Message>We encountered an internal error.</Message></Error>")
        elif "list-type" in asked:
            self._list(name.strip("/"), asked)
        elif name not in self.server.files:
            self._send(404, b"<Error><Code>NoSuchKey</Code><Message>not here</Message></Error>")
        else:
            first, _dash, last = self.headers["Range"].removeprefix("bytes=").partition("-")
            content = self.server.files[name][int(first) : int(last) + 1]
            if content:
                self._send(206, content, half=bad == "half")
            else:
                self._send(416, b"<Error><Code>InvalidRange</Code><Message>not satisfiable</Message></Error>")

    def _list(self, bucket: str, asked: dict[str, str]) -> None:
        beginning, after = f"{bucket}/{asked.get('prefix', '')}", unquote(asked.get("continuation-token", ""))
        names = sorted(name for name in self.server.files if name.startswith(beginning) and name.partition("/")[2] > after)
        page, rest = names[: self.server.page], names[self.server.page :]
        contents = "".join(map(self._object, page))
        token = f"<NextContinuationToken>{quote(page[-1].partition('/')[2])}</NextContinuationToken>" if rest else ""
        truncated = f"<IsTruncated>{str(bool(rest)).lower()}</IsTruncated><EncodingType>url</EncodingType>"
        self._send(200, f"<ListBucketResult>{truncated}{token}{contents}</ListBucketResult>".encode())

    def _object(self, name: str) -> str:
        content = self.server.files[name]
        key, etag = quote(name.partition("/")[2]), hashlib.md5(content, usedforsecurity=False).hexdigest()
        facts = f"<Size>{len(content)}</Size><ETag>&quot;{etag}&quot;</ETag><LastModified>2026-01-02T03:04:05.000Z</LastModified>"
        return f"<Contents><Key>{key}</Key>{facts}</Contents>"

    def do_HEAD(self) -> None:
        name = unquote(urlsplit(self.path).path).removeprefix("/")
        self.send_response(200 if name in self.server.files else 404)
        self.send_header("Content-Length", str(len(self.server.files.get(name, b""))))
        self.send_header("ETag", '"head"')
        self.end_headers()

    def _send(self, status: int, content: bytes, *, half: bool = False) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        cut = half or self.server.halves
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True

    def log_message(self, *words: object) -> None:
        pass
