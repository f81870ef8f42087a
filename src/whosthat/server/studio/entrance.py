"""Who may come in: a link that opens the page once, a cookie from then on, and signs that a request comes from the page itself.

What belongs here: the key, the cookie, what a changing request must carry, and the headers that keep the page from loading or running
anything else. What does not: Host, sizes and times of requests (`whosthat.server.guards`).

The key is in the one-time link alone; whoever sees it later, in a history or on a screen, cannot use it. The cookie is sent to no other
site, and no script can read it. A page of another site can neither set the header ``X-Whosthat`` nor choose its Origin.
"""

from __future__ import annotations

import secrets

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from whosthat.server.refusals import Refusal

COOKIE, HEADER = "whosthat", "x-whosthat"

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; media-src blob:; "
    "font-src 'self'; frame-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"  # not translated: a header
)
"""What the page may load: its own files, and pictures and videos that somebody gave it."""

REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; sandbox allow-scripts; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"  # not translated: a header
)
"""The report brings its own scripts; it is shown as a page of nobody's, which can ask the studio nothing."""


class Entrance:
    """The key of the link, good for once, and the session that it opens."""

    def __init__(self) -> None:
        self._key: str | None = secrets.token_urlsafe(32)
        self._session = secrets.token_urlsafe(32)

    @property
    def link(self) -> str:
        """The path that opens the page; it holds nothing once it was used."""
        return f"/studio/open?key={self._key or ''}"

    def open(self, key: str) -> Response:
        """Answer the one-time link; `Refusal` where the key is wrong, or was used."""
        if self._key is None or not secrets.compare_digest(key.encode("utf-8", "replace"), self._key.encode()):
            raise Refusal(403, "used_link", "This link was used already, or is wrong. Start whosthat studio again for a new one.")
        self._key = None
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(COOKIE, self._session, httponly=True, samesite="strict", path="/")
        return answer

    def admit(self, request: Request) -> None:
        """Let a request in that comes from the page; `Refusal` for any other."""
        cookie = request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(cookie.encode("utf-8", "replace"), self._session.encode()):
            raise Refusal(401, "no_session", "Open the link that whosthat studio prints.")
        own = f"{request.url.scheme}://{request.headers.get('host', '')}"
        origin = request.headers.get("origin")
        changes = request.method not in ("GET", "HEAD")
        if (origin is not None or changes) and origin != own:
            raise Refusal(403, "wrong_origin", "This request does not come from the page of whosthat.")
        if changes and request.headers.get(HEADER) != "1":
            raise Refusal(403, "no_header", "This request does not come from the page of whosthat.")
