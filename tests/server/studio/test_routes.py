"""The way from a folder to a trained run, as the page asks for it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.runs.folders import summarise
from whosthat.server.studio import jobs
from whosthat.server.studio.studio import Studio

Finished = Callable[..., list[tuple[str, dict[str, Any]]]]
API = "/studio/api"


@pytest.fixture
def colours(tmp_path: Path, draw_colours: Callable[..., Path]) -> Path:
    return draw_colours(tmp_path / "studio" / "colours", each=12, side=48)


def test_a_new_studio_tells_what_it_has(page: Any) -> None:
    state = page.get(f"{API}/state").json()
    assert (state["folder"], state["runs"], state["open"], state["job"]) == ("studio", [], None, None)
    assert state["languages"]["zh_TW"] == "正體中文"


def test_a_folder_is_checked_and_its_findings_name_photos_that_can_be_asked_for(page: Any, colours: Path, finished: Finished) -> None:
    (colours / "red" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    (colours / "green" / "copy.png").write_bytes((colours / "red" / "0.png").read_bytes())
    events = finished(page.post(f"{API}/check", json={"folder": "colours"}).json())
    assert events[-1] == ("end", {"state": "done", "message": "", "run": None, "result": {"folder": "colours"}})
    assert ("step", {"what": "photos checked", "done": 26, "total": 26, "note": ""}) in events
    found = page.get(f"{API}/check/colours").json()
    assert [one["name"] for one in found["classes"]] == ["green", "red"]
    by_kind = {one["kind"]: one["photos"] for one in found["findings"]}
    assert sorted(by_kind["two-names"]) == ["colours/green/copy.png", "colours/red/0.png"]
    assert found["doubtful"] == {"colours/red/broken.png": "cannot be read"}
    assert page.get(f"{API}/photo", params={"path": by_kind["two-names"][0], "size": 160}).headers["content-type"] == "image/jpeg"
    broken = page.get(f"{API}/photo", params={"path": "colours/red/broken.png"})
    assert broken.status_code == 422
    assert str(colours) not in broken.text


def test_photos_are_set_aside_and_come_back(page: Any, colours: Path) -> None:
    photos = ["colours/red/0.png", "colours/green/3.png"]
    done = page.post(f"{API}/set-aside", json={"folder": "colours", "photos": photos}).json()
    assert done["sentence"] == "2 photos were set aside."
    assert not (colours / "red" / "0.png").exists()
    back = page.post(f"{API}/set-aside/undo", json={"folder": "colours", "undo": done["undo"]}).json()
    assert back["sentence"] == "2 photos were moved back."
    assert (colours / "red" / "0.png").exists()


@pytest.mark.parametrize("photo", ["other/1.png", "../secret.png", "colours/red/none.png", "colours/red"])
def test_only_photos_of_the_folder_are_set_aside(page: Any, colours: Path, photo: str) -> None:
    (colours.parent / "other").mkdir()
    (colours.parent / "other" / "1.png").write_bytes((colours / "red" / "0.png").read_bytes())
    assert page.post(f"{API}/set-aside", json={"folder": "colours", "photos": ["colours/red/1.png", photo]}).status_code == 404
    assert (colours / "red" / "1.png").exists()


@pytest.mark.parametrize("plan", ["../x.csv", "/etc/passwd", "plan.csv", "..", ""])
def test_only_a_plan_of_the_folder_is_undone(page: Any, colours: Path, plan: str) -> None:
    assert page.post(f"{API}/set-aside/undo", json={"folder": "colours", "undo": plan}).status_code == 404


def test_dropped_photos_make_a_folder_over_several_requests(page: Any, colours: Path, studio: Studio) -> None:
    photo = (colours / "red" / "0.png").read_bytes()
    first = page.post(f"{API}/uploads/party", files=[("photos", ("ann/1.png", photo)), ("photos", ("ann/x.txt", b"text"))]).json()
    assert first == {"folder": "party", "kept": 1, "refused": [{"name": "ann/x.txt", "reason": "not a photo"}]}
    second = page.post(f"{API}/uploads/party", files=[("photos", ("bo/1.png", photo))]).json()
    assert (second["folder"], second["kept"]) == ("party", 1)
    assert page.get(f"{API}/folders", params={"path": "party"}).json()["folders"] == [
        {"name": "ann", "photos": 1, "folders": 0},
        {"name": "bo", "photos": 1, "folders": 0},
    ]
    existing = page.post(f"{API}/uploads/colours", files=[("photos", ("ann/1.png", photo))]).json()
    assert existing["folder"] == "colours-2"


def test_a_browser_gets_a_photo_once(page: Any, colours: Path) -> None:
    first = page.get(f"{API}/photo", params={"path": "colours/red/0.png", "size": 160})
    again = page.get(f"{API}/photo", params={"path": "colours/red/0.png", "size": 160}, headers={"if-none-match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    (colours / "red" / "0.png").write_bytes((colours / "green" / "0.png").read_bytes())
    changed = page.get(f"{API}/photo", params={"path": "colours/red/0.png", "size": 160}, headers={"if-none-match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.content != first.content
    assert page.get(f"{API}/photo", params={"path": "colours/red/0.png", "size": 161}).status_code == 422


def test_the_page_speaks_another_language(page: Any) -> None:
    assert page.post(f"{API}/language", json={"lang": "zh-TW"}).json() == {"language": "zh_TW"}
    assert page.get(f"{API}/state").json()["language"] == "zh_TW"
    texts = page.get(f"{API}/texts", params={"lang": "zh-TW"}).json()
    assert texts["unknown"] == "未知"
    assert texts["{n:,} photos"] == "{n:,} 張照片"
    assert page.post(f"{API}/language", json={"lang": "fr"}).status_code == 404


@pytest.mark.slow
def test_training_tells_its_epochs_and_ends_in_a_run(page: Any, colours: Path, finished: Finished) -> None:
    job = page.post(f"{API}/train", json={"folder": "colours", "model": "cnn6", "settings": {"epochs": 2, "size": 48}}).json()
    assert page.post(f"{API}/check", json={"folder": "colours"}).status_code == 409
    events = finished(job)
    assert [data["n"] for event, data in events if event == "epoch"] == [1, 2]
    assert all(data["of"] == 2 and data["val_loss"] > 0 for event, data in events if event == "epoch")
    assert ("run", {"run": "colours-cnn6-1"}) in events
    assert events[-1][1]["result"]["run"] == "colours-cnn6-1"
    (run,) = page.get(f"{API}/state").json()["runs"]
    assert (run["name"], run["finished"], run["people"], run["photos"]) == ("colours-cnn6-1", True, 2, 24)
    shown = page.get(f"{API}/runs/colours-cnn6-1").json()
    assert shown["verdict"]["grade"] == "none"
    assert shown["figures"][0]["label"] == "correct"
    chosen = [point for point in shown["threshold"]["curve"] if point["value"] == shown["threshold"]["value"]]
    assert shown["threshold"]["sentence"] == chosen[0]["sentence"]
    report = page.get(f"{API}/runs/colours-cnn6-1/report")
    assert "sandbox" in report.headers["content-security-policy"]
    red = (colours / "red" / "0.png").read_bytes()
    answer = page.post(f"{API}/identify", files=[("photos", ("0.png", red))]).json()["photos"][0]
    assert answer["faces"][0]["box"] is None
    assert page.post(f"{API}/identify/name", json={"id": answer["id"], "face": 0, "name": "ann"}).status_code == 409


@pytest.mark.slow
def test_training_stops_when_asked_twice_and_goes_on_later(page: Any, colours: Path, finished: Finished, tmp_path: Path) -> None:
    job = page.post(f"{API}/train", json={"folder": "colours", "model": "cnn6", "settings": {"epochs": 300, "size": 48}}).json()
    ends = time.monotonic() + 300
    while page.get(f"{API}/jobs/{job['id']}").json()["epoch"] is None:
        assert time.monotonic() < ends
        time.sleep(0.1)
    for _twice in range(2):
        assert page.post(f"{API}/jobs/{job['id']}/cancel").json()["stopping"]
    events = finished(job)
    assert events[-1][1]["state"] == "stopped"
    assert str(tmp_path) not in events[-1][1]["message"]
    assert page.post(f"{API}/jobs/{job['id']}/cancel").json()["state"] == "stopped"
    assert summarise(tmp_path / "studio" / "runs" / "colours-cnn6-1").state == "resumable"
    resumed = page.post(f"{API}/resume", json={"run": "colours-cnn6-1"}).json()
    while (epoch := page.get(f"{API}/jobs/{resumed['id']}").json()["epoch"]) is None or epoch["n"] < 2:
        assert time.monotonic() < ends
        time.sleep(0.1)
    page.post(f"{API}/jobs/{resumed['id']}/cancel")
    told = finished(resumed)
    epochs = [data["n"] for event, data in told if event == "epoch"]
    assert epochs == list(range(1, len(epochs) + 1))  # those before the stop are told again, for the curves


def test_events_go_on_where_the_browser_left_off(page: Any, colours: Path, finished: Finished) -> None:
    job = page.post(f"{API}/check", json={"folder": "colours"}).json()
    live = finished(job)
    kept = finished(job)
    assert kept[-1] == live[-1]
    assert len([one for one in kept if one[0] == "step"]) == 1  # of steps of one kind, the last alone is kept
    assert finished(job, **{"last-event-id": "1000000"}) == []
    assert finished(job, **{"last-event-id": "no number"}) == kept
    assert page.get(f"{API}/jobs/none/events").status_code == 404


def test_a_job_whose_process_is_killed_has_failed_and_the_next_can_begin(
    page: Any, colours: Path, finished: Finished, studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "COMMAND", ("sleep", "60"))
    job = page.post(f"{API}/check", json={"folder": "colours"}).json()
    threading.Timer(0.2, lambda: os.kill(studio.jobs._process.pid, signal.SIGKILL)).start()
    assert finished(job)[-1][1]["state"] == "failed"
    assert "ended by itself" in page.get(f"{API}/jobs/{job['id']}").json()["message"]
    monkeypatch.undo()
    assert finished(page.post(f"{API}/check", json={"folder": "colours"}).json())[-1][1]["state"] == "done"


def test_who_listens_does_not_hold_up_the_end(page: Any, colours: Path, studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "COMMAND", ("sleep", "60"))
    job = page.post(f"{API}/check", json={"folder": "colours"}).json()
    threading.Timer(0.2, lambda: setattr(studio.service, "draining", True)).start()
    began = time.monotonic()
    page.get(f"{API}/jobs/{job['id']}/events")
    assert time.monotonic() - began < 10
    os.kill(studio.jobs._process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "form",
    [
        {"folder": "none"},
        {"folder": "../"},
        {"folder": "colours", "strangers": "/etc"},
        {"folder": "colours", "settings": {"engine": "ray"}},
        {"folder": "colours", "settings": {"epochs": 0}},
        {"folder": "colours", "runs": "/tmp"},
        {"folder": ["colours"]},
        {"folder": "colours", "model": "x" * 51},
    ],
)
def test_a_training_that_cannot_be_meant_is_refused(page: Any, colours: Path, form: dict[str, Any]) -> None:
    assert page.post(f"{API}/train", json=form).status_code in (404, 422)
    assert page.get(f"{API}/state").json()["job"] is None


@pytest.mark.parametrize("name", ["none", "..", "latest", "%2e%2e", "a%5cb", "a%00", "x" * 500])
def test_a_run_that_is_none_is_not_found(page: Any, people_run: Path, name: str) -> None:
    for path in (f"runs/{name}", f"runs/{name}/report"):
        assert page.get(f"{API}/{path}").status_code == 404
    assert page.post(f"{API}/runs/{name}/open").status_code == 404


def test_a_video_is_looked_through_in_the_background(
    page: Any, tmp_path: Path, save_colours: Callable[..., Path], draw_clip: Callable[..., Path], finished: Finished, studio: Studio
) -> None:
    run = tmp_path / "studio" / "runs" / "colours-1"
    run.mkdir(parents=True)
    save_colours(run / "bundle")
    (run / "recipe.toml").write_text('model = "colours"\n', encoding="utf-8")
    (run.parent / "latest").symlink_to(run.name)
    clip = draw_clip(tmp_path / "clip.mp4", 3).read_bytes()
    job = page.post(f"{API}/identify/video", files=[("video", ("clip.mp4", clip))]).json()
    result = finished(job)[-1][1]["result"]
    assert (result["error"], result["frames"] > 0) == (None, True)
    assert {track["name"] for track in result["tracks"]} <= {"red", "green", "blue"}
    for picture in result["pictures"]:
        assert page.get(f"{API}/pictures/{picture['id']}").headers["content-type"] == "image/jpeg"
    assert page.get(f"{API}/pictures/none").status_code == 404
    dropped = page.post(f"{API}/identify/video", files=[("video", ("../../x.mp4", b"no video"))]).json()
    end = finished(dropped)[-1][1]
    assert end["result"]["error"]
    assert not any(studio.desk.iterdir())
    assert page.post(f"{API}/identify/video", json={"path": "clip.mp4"}).status_code == 415


def test_runs_stand_side_by_side_in_words(page: Any, tmp_path: Path) -> None:
    for name, epochs in (("a-cnn6-1", 2), ("a-cnn6-2", 3)):
        (tmp_path / "studio" / "runs" / name).mkdir(parents=True)
        (tmp_path / "studio" / "runs" / name / "recipe.toml").write_text(f'model = "cnn6"\nepochs = {epochs}\n', encoding="utf-8")
    found = page.get(f"{API}/runs/compare", params={"names": "a-cnn6-1,a-cnn6-2"}).json()
    assert found["columns"] == ["", "a-cnn6-1", "a-cnn6-2"]
    assert ["epochs", "2", "3"] in found["rows"]
    assert page.get(f"{API}/runs/compare", params={"names": "a-cnn6-1"}).status_code == 422
    assert page.get(f"{API}/runs/compare", params={"names": "a-cnn6-1,none"}).status_code == 404


def test_the_models_are_proposed_and_named_in_words(page: Any, colours: Path) -> None:
    found = page.get(f"{API}/models", params={"folder": "colours"}).json()
    assert found["proposed"] == "efficientnet-lite0"
    assert found["models"][0]["title"] == "Faces"
    assert {"cnn6", "faces", found["proposed"]} <= {one["name"] for one in found["models"]}
    assert page.get(f"{API}/models", params={"folder": "none"}).status_code == 404
    (colours.parent / "empty").mkdir()
    empty = page.get(f"{API}/models", params={"folder": "empty"})
    assert empty.status_code == 422
    assert str(colours.parent) not in empty.text
