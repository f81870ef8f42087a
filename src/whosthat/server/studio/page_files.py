"""The page's own files, and the link that opens it.

What belongs here: which files go out, as what, under which policy. What does not: the files (``page/``), who may ask for anything else
(`entrance`). The files are the same for everybody and hold nothing of anybody, so they need no cookie.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import Response

from whosthat.server.refusals import not_found
from whosthat.server.studio.entrance import PAGE_POLICY, Entrance

FOLDER = Path(__file__).parent / "page"

TYPES = {
    ".html": "text/html; charset=utf-8",  # not translated: a media type
    ".css": "text/css; charset=utf-8",  # not translated: a media type
    ".js": "text/javascript; charset=utf-8",  # not translated: a media type
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",  # not translated: a media type
}
"""The files that go out; no other kind does."""

HEADERS = {
    "Content-Security-Policy": PAGE_POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Cache-Control": "no-cache",
}


def router_of(entrance: Entrance) -> APIRouter:
    """Return the routes of the page's files and of the link."""
    router = APIRouter()

    @router.get("/")
    def index(if_none_match: Annotated[str | None, Header()] = None) -> Response:
        """Return the page."""
        return _answer("index.html", if_none_match)

    @router.get("/page/{name:path}")
    def file(name: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        """Return one of its files."""
        return _answer(name, if_none_match)

    @router.get("/studio/open")
    def open_page(key: Annotated[str, Query(max_length=200)] = "") -> Response:
        """Answer the one-time link."""
        return entrance.open(key)

    return router


def _answer(name: str, known: str | None) -> Response:
    parts = name.split("/")
    kind = TYPES.get(Path(name).suffix)
    place = FOLDER.joinpath(*parts)
    if kind is None or any(part in ("", "..") or "\\" in part or "\0" in part or ":" in part for part in parts) or not place.is_file():
        raise not_found(name[:100])
    content = place.read_bytes()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**HEADERS, "ETag": tag}
    return Response(status_code=304, headers=headers) if known == tag else Response(content, media_type=kind, headers=headers)
