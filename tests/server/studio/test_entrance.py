from __future__ import annotations

from typing import Any

import pytest

from whosthat.server.studio.studio import Studio


def test_the_link_opens_the_page_once(stranger: Any, studio: Studio) -> None:
    link = studio.entrance.link
    first = stranger.get(link)
    assert (first.status_code, first.headers["location"]) == (303, "/")
    assert "HttpOnly" in first.headers["set-cookie"]
    assert "SameSite=strict" in first.headers["set-cookie"]
    again = stranger.get(link)
    assert again.status_code == 403
    assert "used already" in again.json()["error"]["message"]
    assert studio.entrance.link == "/studio/open?key="
    assert stranger.get("/studio/open?key=").status_code == 403


@pytest.mark.parametrize("key", ["", "x", "ä", "x" * 200])
def test_a_wrong_key_opens_nothing_and_leaves_the_link_good(stranger: Any, studio: Studio, key: str) -> None:
    assert stranger.get("/studio/open", params={"key": key}).status_code == 403
    assert stranger.get(studio.entrance.link).status_code == 303


@pytest.mark.parametrize("path", ["state", "folders", "photo?path=a.jpg", "runs/x", "jobs/x/events", "people", "unknown"])
def test_nothing_is_told_without_the_cookie(stranger: Any, path: str) -> None:
    answer = stranger.get(f"/studio/api/{path}")
    assert answer.status_code == 401
    stranger.cookies.set("whosthat", "guessed")
    assert stranger.get(f"/studio/api/{path}").status_code == 401


def test_the_token_of_programs_opens_no_page(stranger: Any) -> None:
    assert stranger.get("/studio/api/state", headers={"authorization": "Bearer a-token-of-the-tests"}).status_code == 401


def test_the_cookie_of_the_page_is_no_token_for_programs(page: Any) -> None:
    assert page.get("/v1/bundles").status_code == 401


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"origin": ""}, "wrong_origin"),
        ({"origin": "http://evil.example"}, "wrong_origin"),
        ({"origin": "null"}, "wrong_origin"),
        ({"x-whosthat": ""}, "no_header"),
        ({"host": "evil.example"}, "wrong_host"),
    ],
)
def test_a_change_must_come_from_the_page(page: Any, headers: dict[str, str], code: str) -> None:
    answer = page.post("/studio/api/language", json={"lang": "zh-TW"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, code)
    assert page.get("/studio/api/state").json()["language"] == "en"


def test_the_page_may_run_and_load_nothing_of_others(page: Any) -> None:
    policy = page.get("/studio/open").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    from whosthat.server.studio.entrance import PAGE_POLICY, REPORT_POLICY

    assert "unsafe" not in PAGE_POLICY
    assert "sandbox allow-scripts" in REPORT_POLICY
    assert "allow-same-origin" not in REPORT_POLICY


@pytest.mark.parametrize(
    "name", ["%2e%2e/jobs.js", "..%2fentrance.py", "x/%2e%2e/%2e%2e/jobs.py", "nothing.js", "app.css%00", "C:/x.js", "", "..%5cx.js"]
)
def test_only_the_pages_own_files_go_out(stranger: Any, name: str) -> None:
    assert stranger.get(f"/page/{name}").status_code == 404
