from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from whosthat.server.app import make_app
from whosthat.server.guards import HEADERS, Door


def code_of(answer: Any) -> str:
    return answer.json()["error"]["code"]


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": ""},
        {"authorization": "Bearer wrong"},
        {"authorization": "Bearer"},
        {"authorization": "Basic a-token-of-the-tests"},
        {"authorization": "", "x-api-key": "wrong"},
        {"authorization": "", "x-api-key": "ä".encode("latin-1")},
    ],
)
def test_whoever_shows_no_right_token_gets_401(ask: Any, headers: dict[str, Any]) -> None:
    answer = ask.get("/v1/bundles", headers=headers)
    assert (answer.status_code, code_of(answer)) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


def test_the_token_may_stand_in_either_header(ask: Any) -> None:
    token = ask.headers["authorization"].removeprefix("Bearer ")
    assert ask.get("/v1/bundles", headers={"authorization": "", "x-api-key": token}).status_code == 200
    assert ask.get("/v1/bundles", headers={"authorization": f"bearer  {token}"}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1", "localhost@evil.example", "[::2]:80", ""])
def test_another_name_of_this_computer_is_refused(ask: Any, host: str) -> None:
    answer = ask.get("/healthz", headers={"host": host})
    assert (answer.status_code, code_of(answer)) == (403, "wrong_host")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8770", "127.0.0.1:1", "[::1]:8770", "localhost."])
def test_its_own_names_are_known(ask: Any, host: str) -> None:
    assert ask.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1:9", "http://localhost"])
def test_pages_of_other_addresses_are_refused(ask: Any, origin: str) -> None:
    answer = ask.post("/v1/identify", headers={"origin": origin})
    assert (answer.status_code, code_of(answer)) == (403, "wrong_origin")
    assert "access-control-allow-origin" not in answer.headers


def test_its_own_pages_may_ask(ask: Any) -> None:
    assert ask.get("/v1/bundles", headers={"origin": "http://127.0.0.1"}).status_code == 200


def test_where_it_listens_on_every_address_numbers_are_names(make_service: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    client = client_of(make_app(make_service(), door=Door(token=None, names=("photos.example",), any_address=True)))
    hosts = ("192.0.2.7:80", "photos.example", "evil.example")
    assert [client.get("/healthz", headers={"host": host}).status_code for host in hosts] == [200, 200, 403]


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/v1/bundles"])
def test_every_answer_carries_the_headers(ask: Any, path: str) -> None:
    answer = ask.get(path)
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


def test_a_request_that_says_it_is_too_large_is_refused_unread(make_service: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    client = client_of(make_app(make_service(body=1000)))
    answer = client.post("/v1/identify", content=bytes(1001), headers={"content-type": "image/png"})
    assert (answer.status_code, code_of(answer)) == (413, "too_large")


def test_a_request_that_does_not_say_its_size_is_refused_when_it_is_too_large(
    make_service: Callable[..., Any], client_of: Callable[..., Any]
) -> None:
    client = client_of(make_app(make_service(body=1000)))
    answer = client.post("/v1/identify", content=(bytes(600) for _ in range(2)), headers={"content-type": "image/png"})
    assert (answer.status_code, code_of(answer)) == (413, "too_large")


def test_too_much_at_once_is_refused_and_forgotten(make_service: Callable[..., Any], client_of: Callable[..., Any]) -> None:
    client = client_of(make_app(make_service(arriving=500)))
    for _ in range(2):
        answer = client.post("/v1/identify", content=bytes(501), headers={"content-type": "image/png"})
        assert (answer.status_code, code_of(answer), answer.headers["retry-after"]) == (503, "full", "1")
    assert client.post("/v1/identify", content=bytes(499), headers={"content-type": "image/png"}).status_code == 422


def test_a_failure_inside_shows_nothing_of_itself(
    ask: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, colour_photo: Callable[..., bytes]
) -> None:
    async def fail(*_arguments: Any) -> None:
        raise ZeroDivisionError("secret of Anna")

    monkeypatch.setattr(ask.app.state.service, "identify", fail)
    with caplog.at_level(logging.INFO, "whosthat.server"):
        answer = ask.post("/v1/identify", content=colour_photo(), headers={"content-type": "image/png"})
    assert (answer.status_code, code_of(answer)) == (500, "internal")
    assert "Anna" not in answer.text
    assert "Zero" not in answer.text
    failed = next(record.facts for record in caplog.records if record.msg == "failed")
    assert failed["error"] == "ZeroDivisionError"
    assert "Anna" not in str(failed)


def test_the_log_names_routes_not_what_stands_in_them(ask: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "whosthat.server"):
        ask.get("/v1/bundles?who=Anna")
        ask.get("/Anna/photo.jpg")
    lines = [record.facts for record in caplog.records]
    assert [(line["method"], line["route"], line["status"]) for line in lines] == [("GET", "/v1/bundles", 200), ("GET", None, 404)]
    assert "Anna" not in str(lines)


def test_it_answers_in_the_language_that_is_asked_for(ask: Any, marked: None) -> None:
    asked = {"accept-language": "zh-TW,en;q=0.5", "authorization": ""}
    assert ask.get("/v1/bundles", headers=asked).json()["error"]["message"].startswith("漢")
    assert ask.get("/v1/bundles", headers={**asked, "accept-language": "en"}).json()["error"]["message"].startswith("Send")
