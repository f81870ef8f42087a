"""The routes that answer photos: who is in them (/v1/identify), whether two show one person (/v1/verify), and who answers (/v1/bundles)."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.requests import ClientDisconnect

from whosthat.errors import PhotoError
from whosthat.server.forms import BundleAnswer, BundlesAnswer, FaultAnswer, IdentifyAnswer, VerifyAnswer
from whosthat.server.refusals import Refusal
from whosthat.server.service import Service
from whosthat.server.uploads import ACCEPTED_BODIES, FORM, read_photos

Result = TypeVar("Result")

TOP = 5
"""So many of the likeliest classes are sent unless a request asks for more."""

REFUSALS: dict[int | str, dict[str, Any]] = {status: {"model": FaultAnswer} for status in (401, 403, 404, 413, 415, 422, 429, 503)}
"""What every route that takes photos may answer besides, for the description of the service."""

_BUNDLE = "Which bundle answers; the first one where it is left out."  # not translated: OpenAPI
_TOP = "How many of the likeliest classes are sent."  # not translated: OpenAPI
BundleQuery = Annotated[str | None, Query(max_length=300, description=_BUNDLE)]
TopQuery = Annotated[int, Query(ge=0, le=1000, description=_TOP)]


def identify_router(service: Service) -> APIRouter:
    """Return the routes of one service."""
    router = APIRouter(prefix="/v1", tags=["photos"], responses=REFUSALS)

    @router.post("/identify", openapi_extra={"requestBody": {"required": True, "content": ACCEPTED_BODIES}})
    async def identify(request: Request, bundle: BundleQuery = None, top: TopQuery = TOP) -> IdentifyAnswer:
        """Say who is in a photo, or in each of several. `unknown` and `no_face` are answers."""
        name = service.bundle(bundle).name
        service.queue.check_room()  # before the photos are received
        photos = await read_photos(request, service.limits.photos)
        answers = await unless_gone(request, service.identify(name, photos))
        failures = [answer for answer in answers if isinstance(answer, PhotoError)]
        if len(failures) == len(answers):
            raise Refusal(422, "unreadable_photo", "No photo can be read: {reason}.", reason=failures[0].reason)
        return IdentifyAnswer.of(name, answers, top)

    @router.post("/verify", openapi_extra={"requestBody": {"required": True, "content": {FORM: ACCEPTED_BODIES[FORM]}}})
    async def verify(request: Request, bundle: BundleQuery = None) -> VerifyAnswer:
        """Say whether two photos show the same person, who need not be enrolled."""
        name = service.bundle(bundle).name
        service.queue.check_room(2)
        photos = await read_photos(request, service.limits.photos)
        if len(photos) != 2:
            raise Refusal(422, "two_photos", "Send two photos to compare; there are {n}.", n=len(photos))
        found = await unless_gone(request, service.verify(name, *photos))
        return VerifyAnswer(bundle=name, same=found.same, distance=found.distance, threshold=found.threshold, confidence=found.confidence)

    @router.get("/bundles", tags=["bundles"])
    async def bundles() -> BundlesAnswer:
        """List the bundles that answer; where they lie is not told."""
        return BundlesAnswer(bundles=[BundleAnswer.of(bundle) for bundle in service.bundles.values()])

    return router


async def unless_gone(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what the work gives, or give it up where the client goes away: what still waits in the queue then makes room."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientDisconnect
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
