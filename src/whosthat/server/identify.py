"""The routes that answer photos: who is in them (/v1/identify), and whether two show one person (/v1/verify)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from whosthat.errors import PhotoError
from whosthat.server.forms import FaultAnswer, IdentifyAnswer, VerifyAnswer
from whosthat.server.refusals import Refusal
from whosthat.server.service import Service
from whosthat.server.uploads import ACCEPTED_BODIES, FORM, read_photos

TOP = 5
"""So many of the likeliest classes are sent unless a request asks for more."""

REFUSALS: dict[int | str, dict[str, Any]] = {status: {"model": FaultAnswer} for status in (401, 403, 404, 413, 415, 422, 429, 503)}
"""What every route that takes photos may answer besides, for the description of the service."""

BundleQuery = Annotated[str | None, Query(max_length=300, description="Which bundle answers; the first one where it is left out.")]
TopQuery = Annotated[int, Query(ge=0, le=1000, description="How many of the likeliest classes are sent.")]


def identify_router(service: Service) -> APIRouter:
    """Return the routes of one service."""
    router = APIRouter(prefix="/v1", tags=["photos"], responses=REFUSALS)

    @router.post("/identify", openapi_extra={"requestBody": {"required": True, "content": ACCEPTED_BODIES}})
    async def identify(request: Request, bundle: BundleQuery = None, top: TopQuery = TOP) -> IdentifyAnswer:
        """Say who is in a photo, or in each of several. `unknown` and `no_face` are answers."""
        name = service.bundle(bundle).name
        service.queue.check_room()  # before the photos are received
        answers = await service.identify(name, await read_photos(request, service.limits.photos))
        if all(isinstance(answer, PhotoError) for answer in answers):
            raise Refusal(422, "unreadable_photo", "No photo can be read: {reason}.", reason=_reason(answers[0]))
        return IdentifyAnswer.of(name, answers, top)

    @router.post("/verify", openapi_extra={"requestBody": {"required": True, "content": {FORM: ACCEPTED_BODIES[FORM]}}})
    async def verify(request: Request, bundle: BundleQuery = None) -> VerifyAnswer:
        """Say whether two photos show the same person, who need not be enrolled."""
        name = service.bundle(bundle).name
        service.queue.check_room(2)
        photos = await read_photos(request, service.limits.photos)
        if len(photos) != 2:
            raise Refusal(422, "two_photos", "Send two photos to compare; there are {n}.", n=len(photos))
        found = await service.verify(name, *photos)
        return VerifyAnswer(bundle=name, same=found.same, distance=found.distance, threshold=found.threshold, confidence=found.confidence)

    return router


def _reason(answer: object) -> str:
    return answer.reason if isinstance(answer, PhotoError) else ""
