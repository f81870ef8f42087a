"""The routes of KServe's inference protocol, version 2, for the network alone: what it takes comes in, what it gives goes out.

What belongs here: the routes. What does not: requests and answers (`tensors`). Names, calibration and the refusal of strangers are not the
network's: /v1/identify gives those.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Request, Response
from fastapi import Path as InPath
from numpy.typing import NDArray
from pydantic import BaseModel

from whosthat.errors import WhosthatError
from whosthat.inference import GraphError, Session
from whosthat.server.forms import FaultAnswer
from whosthat.server.refusals import Refusal, TranslatingRoute
from whosthat.server.service import Service
from whosthat.server.tensors import InferRequest, ModelFacts, facts_of, read_request, write_answer
from whosthat.version import __version__

BINARY = "application/octet-stream"  # not translated: a media type
JSON_LENGTH = "Inference-Header-Content-Length"
"""The header that says how many bytes of a body are JSON, where binary data follows."""

NamePath = Annotated[str, InPath(max_length=300, description="The bundle, as /v1/bundles names it.")]  # not translated: for programs


class Trouble(BaseModel):
    """Why there is no answer."""

    error: str


class ServerFacts(BaseModel):
    """What the protocol calls the server's metadata."""

    name: str
    version: str
    extensions: list[str]


class Live(BaseModel):
    """Whether the service runs."""

    live: bool


class Ready(BaseModel):
    """Whether the service, or a model, can answer."""

    ready: bool


class _ProtocolRoute(TranslatingRoute):
    """A route whose refusals are a sentence, as the protocol has them."""

    @staticmethod
    def told(error: WhosthatError) -> dict[str, Any]:
        return {"error": str(error)}


def kserve_router(service: Service) -> APIRouter:
    """Return the routes of one service."""
    refusals: dict[int | str, dict[str, Any]] = {status: {"model": Trouble} for status in (400, 404, 429, 503)}
    router = APIRouter(prefix="/v2", tags=["network"], route_class=_ProtocolRoute, responses={422: {"model": FaultAnswer}})

    @router.get("")
    async def server() -> ServerFacts:
        """Say which server this is."""
        return ServerFacts(name="whosthat", version=__version__, extensions=["binary_tensor_data"])

    @router.get("/health/live")
    async def live() -> Live:
        """Say that the service runs."""
        return Live(live=True)

    @router.get("/health/ready", responses={503: {"model": Ready}})
    async def ready(response: Response) -> Ready:
        """Say whether every bundle can answer."""
        response.status_code = 200 if service.ready else 503
        return Ready(ready=service.ready)

    @router.get("/models/{name}", responses=refusals)
    async def model(name: NamePath) -> ModelFacts:
        """Say what the network of a bundle takes and gives."""
        network, version = _network(service, name)
        return facts_of(name, version, network)

    @router.get("/models/{name}/ready", responses={**refusals, 503: {"model": Ready}})
    async def model_ready(name: NamePath, response: Response) -> Ready:
        """Say whether a bundle can answer."""
        try:
            service.bundle(name)
        except Refusal as refusal:
            if refusal.status != 503:
                raise
            response.status_code = 503
        return Ready(ready=response.status_code != 503)

    body = {"application/json": {"schema": InferRequest.model_json_schema()}, BINARY: {"schema": {"type": "string", "format": "binary"}}}

    @router.post("/models/{name}/infer", responses=refusals, openapi_extra={"requestBody": {"required": True, "content": body}})
    async def infer(name: NamePath, request: Request) -> Response:
        """Let the network of a bundle compute; numbers as JSON, or behind it as binary data."""
        network, version = _network(service, name)
        service.queue.check_room()
        content, length = await request.body(), _json_length(request)
        answer, json_part = await service.call(_infer, name, version, network, content, length)
        if json_part is None:
            return Response(answer, media_type="application/json")
        return Response(answer, media_type=BINARY, headers={JSON_LENGTH: str(json_part)})

    return router


def _network(service: Service, name: str) -> tuple[Session, str]:
    """Return a bundle's network, and as its version when the bundle was made."""
    bundle = service.bundle(name)
    return bundle.recogniser.network, bundle.facts.created


def _infer(name: str, version: str, network: Session, content: bytes, length: int | None) -> tuple[bytes, int | None]:
    call = read_request(content, length, network)
    return write_answer(name, version, call, _outputs(network, call.arrays), network)


def _outputs(network: Session, arrays: tuple[NDArray[Any], ...]) -> list[NDArray[np.float32]]:
    try:
        return network.run(*arrays)
    except GraphError as error:
        raise Refusal(400, "not_computed", "The network cannot compute this.") from error


def _json_length(request: Request) -> int | None:
    given = request.headers.get(JSON_LENGTH)
    if given is None:
        return None
    if not (given.isascii() and given.isdecimal() and len(given) < 12):
        raise Refusal(400, "malformed", "The header {name} is to be a number of bytes.", name=JSON_LENGTH)
    return int(given)
