"""The route that lists the open bundles (/v1/bundles)."""

from __future__ import annotations

from fastapi import APIRouter

from whosthat.server.forms import BundleAnswer, BundlesAnswer
from whosthat.server.service import OpenBundle, Service


def bundles_router(service: Service) -> APIRouter:
    """Return the routes of one service."""
    router = APIRouter(prefix="/v1", tags=["bundles"])

    @router.get("/bundles")
    async def bundles() -> BundlesAnswer:
        """List the bundles that answer; where they lie is not told."""
        return BundlesAnswer(bundles=[_answer(bundle) for bundle in service.bundles.values()])

    return router


def _answer(bundle: OpenBundle) -> BundleAnswer:
    facts, recogniser = bundle.facts, bundle.recogniser
    return BundleAnswer(
        name=bundle.name,
        kind=facts.kind,
        network=facts.network,
        labels=len(recogniser.labels),
        threshold=recogniser.threshold,
        people=facts.has_gallery,
        created=facts.created,
        available=not bundle.trouble,
    )
