"""The application: all routes of the service joined, behind the guard, with one shape for whatever is refused.

What belongs here: joining. What does not: any route.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import TYPE_CHECKING

from fastapi import Depends, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import Request

from whosthat.errors import WhosthatError
from whosthat.server.compreface import compreface_router
from whosthat.server.forms import FaultAnswer
from whosthat.server.guards import Door, Guard
from whosthat.server.identify import identify_router
from whosthat.server.kserve import kserve_router
from whosthat.server.metrics import Metrics, monitor_router
from whosthat.server.people import Register, people_router
from whosthat.server.refusals import document, headers_of, status_of
from whosthat.server.service import Service
from whosthat.translation import N_, _
from whosthat.version import __version__

if TYPE_CHECKING:
    from whosthat.server.studio.studio import Studio

_NOT_ROUTED = {
    400: ("malformed", N_("The request cannot be answered.")),
    404: ("not_found", N_("There is nothing at this address.")),
    405: ("method_not_allowed", N_("This address takes other methods: {methods}.")),
}
"""A code and a sentence for what Starlette refuses before a route is met."""


def make_app(service: Service, *, door: Door | None = None, studio: Studio | None = None) -> FastAPI:
    """Return the application of a service.

    Args:
        service: Whose bundles answer. It is closed when the application ends.
        door: Who may come in; None lets everybody in on this computer.
        studio: The page and its routes; None for a service for programs alone.
    """
    app = FastAPI(
        title="whosthat",
        version=__version__,
        summary=_("Who is in these photos?"),
        docs_url=None,
        redoc_url=None,
        responses={422: {"model": FaultAnswer}},  # `_not_valid` answers, not FastAPI
        lifespan=_lifespan(service, studio),
    )
    app.state.service = service
    metrics, register = Metrics(service), Register(service)
    routers = [monitor_router(service, metrics), identify_router(service), people_router(service, register)]
    for router in (*routers, kserve_router(service), compreface_router(service, register)):
        app.include_router(router)
    if studio is not None:
        _include_page(app, studio)
    app.add_exception_handler(WhosthatError, _refused)
    app.add_exception_handler(HTTPException, _not_routed)
    app.add_exception_handler(RequestValidationError, _not_valid)
    app.add_middleware(Guard, service=service, door=door or Door(), metrics=metrics)
    return app


def _include_page(app: FastAPI, studio: Studio) -> None:
    """Add the page's files, the link that opens it, and what the page asks."""
    from whosthat.server.studio import answers, groups, library, page_files, routes
    from whosthat.server.studio.studio import PREFIX

    app.include_router(page_files.router_of(studio.entrance), include_in_schema=False)
    for part in (routes, answers, groups, library):
        app.include_router(part.router, prefix=PREFIX, dependencies=[Depends(studio.admitted)], include_in_schema=False)


def _lifespan(service: Service, studio: Studio | None) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        running = asyncio.create_task(service.run())
        try:
            yield
        finally:
            if studio is not None:
                await studio.close()
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    return lifespan


async def _refused(request: Request, error: Exception) -> JSONResponse:
    """Answer for an error of whosthat."""
    if not isinstance(error, WhosthatError):
        raise error
    status, code = status_of(error)
    if status == 500:
        raise error  # the guard knows what to tell
    return JSONResponse(document(code, str(error)), status, headers_of(error))


async def _not_routed(request: Request, error: Exception) -> JSONResponse:
    """Answer where there is no route, or none for this method."""
    if not isinstance(error, HTTPException):
        raise error
    code, sentence = _NOT_ROUTED.get(error.status_code, _NOT_ROUTED[400])
    headers = dict(error.headers or {})
    sentence = _(sentence, methods=headers.get("Allow", ""))
    return JSONResponse(document(code, sentence), error.status_code, headers)


async def _not_valid(request: Request, error: Exception) -> JSONResponse:
    """Answer where a value of the request is none that its route takes; the value itself is not repeated."""
    if not isinstance(error, RequestValidationError):
        raise error
    places = sorted({".".join(str(part) for part in one["loc"])[:100] for one in error.errors()})
    sentence = _("The request has a value that cannot be used: {places}.", places=_(", ").join(places))
    return JSONResponse(document("invalid", sentence), 422)
