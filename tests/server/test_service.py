from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import BundleError, UsageError
from whosthat.server.service import Service, name_of

PNG = {"content-type": "image/png"}


@pytest.mark.parametrize(
    ("path", "name"), [("runs/a-cnn6-1", "a-cnn6-1"), ("runs/a-cnn6-1/bundle", "a-cnn6-1"), ("runs/latest", "latest"), ("own", "own")]
)
def test_a_bundle_is_named_after_its_run(path: str, name: str) -> None:
    assert name_of(Path(path)) == name


def test_two_bundles_need_two_names(tmp_path: Path, save_colours: Callable[..., Path]) -> None:
    folders = [save_colours(tmp_path / place / "colours") for place in ("a", "b")]
    with pytest.raises(UsageError, match="Two bundles are named colours"):
        Service(folders)


def test_a_bundle_that_is_not_there_ends_the_start(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="There is no bundle"):
        Service([tmp_path / "nothing"])


def test_the_first_bundle_answers_unless_another_is_named(ask: Any, tmp_path: Path, save_colours: Any, colour_photo: Any) -> None:
    ask.app.state.service.add(save_colours(tmp_path / "others", labels=("rot", "grün", "blau")))
    answers = [ask.post(f"/v1/identify{query}", content=colour_photo(), headers=PNG).json() for query in ("", "?bundle=others")]
    assert [(one["bundle"], one["photos"][0]["sightings"][0]["name"]) for one in answers] == [("colours", "red"), ("others", "rot")]
    assert [one["name"] for one in ask.get("/v1/bundles").json()["bundles"]] == ["colours", "others"]


@pytest.mark.parametrize("name", ["colour", "..", "../colours", "x" * 200, "a\x00b"])
def test_a_name_of_no_bundle_is_not_found(ask: Any, name: str, colour_photo: Any) -> None:
    answer = ask.post("/v1/identify", params={"bundle": name}, content=colour_photo(), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "no_such_bundle")


def test_a_changed_bundle_is_swapped(ask: Any, tmp_path: Path, save_colours: Any, colour_photo: Any) -> None:
    service = ask.app.state.service
    asyncio.run(service.look())
    before = service.bundle().recogniser
    save_colours(tmp_path / "colours", labels=("rot", "grün", "blau"))
    asyncio.run(service.look())
    answer = ask.post("/v1/identify", content=colour_photo(), headers=PNG)
    assert answer.json()["photos"][0]["sightings"][0]["name"] == "rot"
    assert service.bundle().recogniser is not before
    after = service.bundle().recogniser
    asyncio.run(service.look())
    assert service.bundle().recogniser is after


def test_a_damaged_bundle_leaves_the_old_one_answering(ask: Any, tmp_path: Path, save_colours: Any, colour_photo: Any) -> None:
    save_colours(tmp_path / "colours", labels=("rot", "grün", "blau"))
    (tmp_path / "colours" / "graph.onnx").write_bytes(b"damaged")
    for _ in range(2):
        asyncio.run(ask.app.state.service.look())
        answer = ask.post("/v1/identify", content=colour_photo(), headers=PNG)
        assert answer.json()["photos"][0]["sightings"][0]["name"] == "red"
    assert ask.app.state.service.counts["not_swapped"] == 2


def test_a_bundle_that_is_deleted_answers_no_more_until_it_is_back(ask: Any, tmp_path: Path, save_colours: Any, colour_photo: Any) -> None:
    shutil.rmtree(tmp_path / "colours")
    asyncio.run(ask.app.state.service.look())
    answer = ask.post("/v1/identify", content=colour_photo(), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "bundle_unavailable")
    assert str(tmp_path) not in answer.text
    assert ask.get("/healthz").status_code == 200
    assert ask.get("/readyz").status_code == 503
    assert [one["available"] for one in ask.get("/v1/bundles").json()["bundles"]] == [False]
    save_colours(tmp_path / "colours")
    asyncio.run(ask.app.state.service.look())
    assert ask.post("/v1/identify", content=colour_photo(), headers=PNG).status_code == 200
    assert ask.get("/readyz").status_code == 200


def test_a_latest_run_that_has_no_bundle_yet_leaves_the_one_before(tmp_path: Path, save_colours: Any) -> None:
    save_colours(tmp_path / "a-cnn6-1" / "bundle")
    (tmp_path / "a-cnn6-2").mkdir()
    latest = tmp_path / "latest"
    latest.symlink_to("a-cnn6-1")
    service = Service([latest])
    try:
        first = service.bundle().recogniser
        latest.unlink()
        latest.symlink_to("a-cnn6-2")
        asyncio.run(service.look())
        assert service.bundle("latest").recogniser is first
        save_colours(tmp_path / "a-cnn6-2" / "bundle")
        asyncio.run(service.look())
        assert service.bundle("latest").recogniser is not first
    finally:
        service.close()


def test_while_it_is_stopped_it_takes_no_more(ask: Any, colour_photo: Any) -> None:
    ask.app.state.service.draining = True
    answer = ask.post("/v1/identify", content=colour_photo(), headers=PNG)
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["retry-after"]) == (503, "draining", "1")
    assert [ask.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]


def test_it_looks_at_its_bundles_by_itself(make_service: Any, client_of: Any, monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr("whosthat.server.service.LOOKS_EVERY", 0.01)
    from whosthat.server.app import make_app

    client = client_of(make_app(make_service()))
    assert client.get("/readyz").status_code == 200
    shutil.rmtree(tmp_path / "colours")
    while client.get("/readyz").status_code == 200:  # ends, or the test runs out of time
        pass
