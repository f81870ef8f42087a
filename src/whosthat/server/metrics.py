"""What a monitor asks: alive (/healthz), able to answer (/readyz), and figures of requests, photos and the queue for Prometheus (/metrics).

What belongs here: the routes and the counters. What does not: seeing requests come and go (`guards`), the log; names, photos or addresses
of clients, which no figure ever holds. Every service has a registry of its own, so that several live in one process.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from whosthat.server.refusals import Refusal
from whosthat.server.service import Service
from whosthat.version import __version__

if TYPE_CHECKING:
    from starlette.types import Scope

OPEN_PATHS = ("/healthz", "/readyz")
"""Whoever may connect may ask these: they tell nothing that is worth a token."""

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper ends of the histogram of answering times."""

ELSEWHERE = "(none)"
"""The route of a request that meets none; addresses that do not exist must not become figures of their own."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
ANSWERS = ("known", "unknown", "no_face", "unreadable")
"""As `service.outcome` gives them."""


class Metrics:
    """The figures of one service, which counts its photos itself."""

    def __init__(self, service: Service) -> None:
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Photos(service))
        self._requests = Counter(
            "whosthat_requests",
            "Answered requests.",  # not translated: for programs
            ["method", "route", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "whosthat_request_seconds",
            "From the head of a request to the end of its answer.",  # not translated: for programs
            ["route"],
            buckets=SECONDS,
            registry=registry,
        )
        self.open = Gauge("whosthat_requests_open", "Requests that are being answered.", registry=registry)  # not translated: for programs
        waiting = Gauge("whosthat_queue_photos", "Photos that wait.", registry=registry)  # not translated: for programs
        waiting.set_function(lambda: service.queue.waiting)
        room = Gauge("whosthat_queue_room", "How many photos may wait.", registry=registry)  # not translated: for programs
        room.set(service.limits.waiting)
        Gauge("whosthat_info", "The version.", ["version"], registry=registry).labels(__version__).set(1)  # not translated: for programs

    def count(self, scope: Scope, status: int, seconds: float) -> None:
        """Count a request that was answered, with this status after so many seconds."""
        route = getattr(scope.get("route"), "path", ELSEWHERE)
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)


class _Photos(Collector):
    """What the service counts itself: photos by their answer."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily("whosthat_photos", "Photos, by their answer.", labels=["answer"])  # not translated: for programs
        for answer in ANSWERS:
            family.add_metric([answer], self._service.counts[answer])
        yield family


def monitor_router(service: Service, metrics: Metrics) -> APIRouter:
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

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}})
    def figures() -> Response:
        """Give the figures of this service, for Prometheus."""
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    return router
