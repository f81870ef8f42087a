"""The routes for whoever watches the service, open to everybody who may connect: alive (/healthz), and able to answer (/readyz)."""

from __future__ import annotations

from fastapi import APIRouter

from whosthat.server.refusals import Refusal
from whosthat.server.service import Service

PATHS = ("/healthz", "/readyz")
"""They tell nothing that is worth a token."""


def health_router(service: Service) -> APIRouter:
    """Return the routes of one service."""
    router = APIRouter(tags=["health"])

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        """Say that the service runs."""
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> dict[str, str]:
        """Say that every bundle can answer."""
        if not service.ready:
            raise Refusal(503, "not_ready", "The service is being stopped, or a bundle is gone.")
        return {"status": "ready"}

    return router
