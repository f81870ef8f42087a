"""The figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from prometheus_client.parser import text_string_to_metric_families


def figures(ask: Any) -> dict[tuple[str, ...], float]:
    answer = ask.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_photos_are_counted_by_their_answer(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    before = figures(ask)
    for content in (colour_photo(0), colour_photo(1), b"no photo"):
        ask.post("/v1/identify", content=content, headers={"content-type": "image/png"})
    after = figures(ask)
    assert after[("whosthat_photos_total", "known")] - before[("whosthat_photos_total", "known")] == 2
    assert after[("whosthat_photos_total", "unreadable")] - before[("whosthat_photos_total", "unreadable")] == 1


def test_requests_are_counted_by_route_also_those_that_are_refused(ask: Any) -> None:
    ask.get("/v2/models/nobody")
    ask.get("/v2/models/nobody/ready")
    ask.get("/nothing/here")
    ask.get("/v1/bundles", headers={"authorization": "Bearer wrong"})
    found = figures(ask)
    assert found[("whosthat_requests_total", "GET", "/v2/models/{name}", "404")] == 1
    assert found[("whosthat_requests_total", "GET", "/v2/models/{name}/ready", "404")] == 1
    assert found[("whosthat_requests_total", "GET", "(none)", "404")] == 1
    assert found[("whosthat_requests_total", "GET", "(none)", "401")] == 1
    assert found[("whosthat_request_seconds_count", "/v2/models/{name}")] == 1


def test_no_name_of_a_client_becomes_a_figure(ask_people: Any) -> None:
    ask_people.request("BREW", "/v1/people/tom-the-secret")
    ask_people.delete("/v1/people/tom-the-secret")
    ask_people.get("/tom-the-secret")
    text = ask_people.get("/metrics").text
    assert "secret" not in text
    assert "BREW" not in text


def test_each_service_has_figures_of_its_own(ask: Any, ask_people: Any) -> None:
    ask.get("/v2")
    assert ("whosthat_requests_total", "GET", "/v2", "200") not in figures(ask_people)


def test_the_queue_says_how_full_it_is(ask: Any) -> None:
    found = figures(ask)
    assert found[("whosthat_queue_photos",)] == 0
    assert found[("whosthat_queue_room",)] == ask.app.state.service.limits.waiting
