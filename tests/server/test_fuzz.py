"""Requests made from the service's own description, as it allows them and as it does not: none may fail inside, or show its inside.

With ``WHOSTHAT_FUZZ=1000`` in the environment, so many of both kinds are sent to each address, not `EXAMPLES`.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import requests
from hypothesis import strategies
from schemathesis import GenerationMode, openapi

from whosthat.server.app import make_app
from whosthat.server.guards import Door
from whosthat.server.service import Limits, Service

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

EXAMPLES = int(os.environ.get("WHOSTHAT_FUZZ", "6"))
HOST, TOKEN = "http://127.0.0.1", "a-token-of-the-tests"
INSIDE = re.compile(rb'Traceback|File "|\.py\b|site-packages|/tmp/')
KNOWN = {"/v2": "colours"}
"""What stands in an address in every other request: a bundle for its network, else somebody who is enrolled."""

without_end = hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate, hypothesis.Phase.shrink],
)


@pytest.fixture
def fuzzed(people_bundle: Path, save_colours: Callable[..., Path], tmp_path: Path) -> Iterator[TestClient]:
    service = Service([people_bundle, save_colours(tmp_path / "colours")], Limits(threads=2))
    with TestClient(make_app(service, door=Door(token=TOKEN)), base_url=HOST, raise_server_exceptions=False) as client:
        yield client


def operations() -> list[str]:
    """Name every address with its method, as its description does."""
    service = Service([])
    try:
        description = make_app(service).openapi()
    finally:
        service.close()
    return [f"{method.upper()} {path}" for path, methods in description["paths"].items() for method in methods]


def send(client: TestClient, case: Any) -> Any:
    """Send what schemathesis made as the very bytes that its own client would send."""
    sent = requests.Request(**case.as_transport_kwargs(base_url=HOST)).prepare()
    headers = {name: value for name, value in sent.headers.items() if name.lower() not in ("content-length", "authorization")}
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body
    return client.request(sent.method, sent.url, content=body, headers={**headers, "authorization": f"Bearer {TOKEN}"})


@pytest.mark.parametrize("label", operations())
def test_no_request_fails_inside_or_shows_the_inside(fuzzed: TestClient, label: str) -> None:
    description = openapi.from_dict(fuzzed.app.openapi())
    (operation,) = (found.ok() for found in description.get_all_operations() if found.ok().label == label)
    try_out(fuzzed, operation, GenerationMode.POSITIVE)
    if operation.query or operation.body or operation.path_parameters:  # else nothing about it can be wrong
        try_out(fuzzed, operation, GenerationMode.NEGATIVE)


def try_out(client: TestClient, operation: Any, mode: GenerationMode) -> None:
    """Send what the description allows, or what it does not, and look at the answers."""

    @without_end
    @hypothesis.given(operation.as_strategy(generation_mode=mode), strategies.booleans())
    def asked(case: Any, known: bool) -> None:
        if known:
            case.query.pop("bundle", None)
            case.path_parameters |= {name: KNOWN.get(operation.path[:3], "ann") for name in case.path_parameters}
        answer = send(client, case)
        assert answer.status_code < 500, answer.text
        assert not INSIDE.search(answer.content), answer.text
        if answer.status_code >= 400:
            assert set(json.loads(answer.content)) in ({"error"}, {"message", "code"}), answer.text

    asked()


def test_the_fuzzing_finds_a_route_that_fails(fuzzed: TestClient) -> None:
    @fuzzed.app.get("/planted")
    def planted(number: int) -> float:
        return 1 / number if number < 10**6 else 1 / 0

    fuzzed.app.openapi_schema = None
    with pytest.raises(AssertionError):
        test_no_request_fails_inside_or_shows_the_inside(fuzzed, "GET /planted")
