"""What the service answers where it gives none: a status, a short code for programs, one sentence for people.

What belongs here: the table from errors to statuses, and the document that every refusal has: ``{"error": {"code", "message"}}``. What does
not: deciding that something is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from whosthat.errors import (
    BundleError,
    CacheError,
    ClusterError,
    DatasetError,
    LibraryError,
    NameTakenError,
    PhotoError,
    RunError,
    UsageError,
    WhosthatError,
)
from whosthat.translation import N_


class Refusal(WhosthatError):  # noqa: N818  an answer, too
    """A request that gets no answer.

    Args:
        status: The HTTP status, 400 to 599.
        code: What programs compare.
        message: As of `WhosthatError`.
        retry_after: In how many seconds the client may ask again; None says nothing about that.
        values: What fills the places of the message.
    """

    def __init__(self, status: int, code: str, message: str, /, *, retry_after: int | None = None, **values: Any) -> None:
        super().__init__(message, **values)
        self.status, self.code, self.retry_after = status, code, retry_after


def not_found(what: str) -> Refusal:
    """Return the refusal for a thing that is not there, be it a folder, a photo, a run or a job."""
    return Refusal(404, "not_found", "There is no {what} here.", what=what)


_STATUS: tuple[tuple[type[WhosthatError], int, str], ...] = (
    (PhotoError, 422, "unreadable_photo"),
    (DatasetError, 422, "unusable_photos"),
    (NameTakenError, 409, "taken"),
    (UsageError, 422, "invalid"),
    (BundleError, 503, "bundle_unavailable"),
    (RunError, 409, "conflict"),
    (CacheError, 503, "unavailable"),
    (LibraryError, 503, "unavailable"),
    (ClusterError, 503, "unavailable"),
)

INTERNAL = N_("The service failed at this request. What happened stands in its log.")


def status_of(error: WhosthatError) -> tuple[int, str]:
    """Return the status and the code of an error."""
    if isinstance(error, Refusal):
        return error.status, error.code
    return next(((status, code) for kind, status, code in _STATUS if isinstance(error, kind)), (500, "internal"))


def headers_of(error: WhosthatError) -> dict[str, str]:
    """Return what the headers say besides: when to ask again, and how to say who one is."""
    status, _code = status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if status in (429, 503):
        headers["Retry-After"] = str(getattr(error, "retry_after", None) or 1)
    return headers


def document(code: str, message: str) -> dict[str, dict[str, str]]:
    """Return what a refusal's body holds."""
    return {"error": {"code": code, "message": message}}


class TranslatingRoute(APIRoute):
    """A route of another program's protocol, whose refusals are in that program's words: a subclass says in which (`told`)."""

    @staticmethod
    def told(error: WhosthatError) -> dict[str, Any]:
        """Return the document that tells an error."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Return what answers a request."""
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except WhosthatError as error:
                status, _code = status_of(error)
                if status == 500:
                    raise
                return JSONResponse(self.told(error), 400 if status == 422 else status, headers_of(error))

        return handled
