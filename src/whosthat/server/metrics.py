"""What a monitor asks: how many requests, how fast, how many photos and faces, how full the queue is; for Prometheus, at ``/metrics``.

What belongs here: the counters and counting requests. What does not: names, photos or addresses of clients, which no figure ever holds; the
log. Every service has a registry of its own, so that several live in one process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from whosthat.version import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from whosthat.types import Sighting

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the histogram of answering times."""

ELSEWHERE = "(none)"
"""The route of a request that meets none; addresses that do not exist must not become figures of their own."""


class Metrics:
    """The figures of one service.

    Args:
        waiting: Says how many photos wait in the queue.
        room: How many may wait.
    """

    def __init__(self, waiting: Callable[[], int], room: int) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter("whosthat_requests", "Answered requests.", ["method", "route", "status"], registry=registry)
        self._seconds = Histogram(
            "whosthat_request_seconds", "From the head of a request to the end of its answer.", ["route"], buckets=SECONDS, registry=registry
        )
        self._open = Gauge("whosthat_requests_open", "Requests that are being answered.", registry=registry)
        self._photos = Counter("whosthat_photos", "Photos, by what became of them.", ["outcome"], registry=registry)
        self._faces = Counter("whosthat_faces", "Faces or whole photos that were looked at, by answer.", ["answer"], registry=registry)
        Gauge("whosthat_queue_photos", "Photos that wait.", registry=registry).set_function(waiting)
        Gauge("whosthat_queue_room", "How many photos may wait.", registry=registry).set(room)
        Gauge("whosthat_info", "The version.", ["version"], registry=registry).labels(__version__).set(1)

    def count_photo(self, sightings: Iterable[Sighting] | None) -> None:
        """Count a photo by its answer; None for one that cannot be read."""
        if sightings is None:
            self._photos.labels("unreadable").inc()
            return
        answers = ["unknown" if sighting.name is None else "named" for sighting in sightings]
        self._photos.labels("answered" if answers else "no_face").inc()
        for answer in answers:
            self._faces.labels(answer).inc()

    def text(self) -> bytes:
        """Return all figures as Prometheus reads them."""
        return generate_latest(self.registry)

    def counting(self, app: ASGIApp) -> ASGIApp:
        """Return an app that does what this one does, and counts its requests."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await app(scope, receive, send)
                return
            status, begun = 0, time.perf_counter()

            async def noting(message: Message) -> None:
                nonlocal status
                if message["type"] == "http.response.start":
                    status = message["status"]
                await send(message)

            self._open.inc()
            try:
                await app(scope, receive, noting)
            finally:
                self._open.dec()
                self._count(scope, status, time.perf_counter() - begun)

        return counted

    def router(self) -> APIRouter:
        """Return the route ``/metrics``."""
        router = APIRouter(tags=["health"])

        @router.get("/metrics", summary="Figures for Prometheus", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
        def metrics() -> Response:
            return Response(self.text(), media_type=CONTENT_TYPE_LATEST)

        return router

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", ELSEWHERE)
        method = scope["method"] if scope["method"] in ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH") else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)
