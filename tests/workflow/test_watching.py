"""Watching a folder and a camera: from pictures to notices, for as long as it is wanted."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from whosthat.errors import UsageError
from whosthat.faces import finding
from whosthat.photos.camera import Camera
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import read
from whosthat.types import Image
from whosthat.workflow import watching
from whosthat.workflow.telling import notifiers_of, secret_of
from whosthat.workflow.watching import Notice, Watching, source_name, watch

RED, BLUE, GREEN = (250, 0, 0), (0, 0, 250), (0, 250, 0)
SOON = Watching(interval=0.01, away=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def photo(colour: Any, path: Path) -> Path:
    save_image(np.full((32, 32, 3), colour, np.uint8), path)
    return path


def told(notice: Notice) -> str:
    return f"{'+' if notice.change.entered else '-'}{notice.change.name}"


class Steps:
    """Does something each time that the watching asks whether to stop, and then stops it."""

    def __init__(self, *actions: Callable[[], Any], rounds: int = 4) -> None:
        waits = [lambda: None] * rounds
        self.left = list(itertools.chain.from_iterable((action, *waits) for action in (lambda: None, *actions)))
        self.ends = time.monotonic() + 20

    def __call__(self) -> bool:
        if not self.left or time.monotonic() > self.ends:
            return True
        self.left.pop(0)()
        return False


def test_photos_are_named_as_they_arrive(bundle: Path, folder: Path) -> None:
    photo(BLUE, folder / "old.png")
    steps = Steps(lambda: photo(RED, folder / "new.png"), lambda: photo(RED, folder / "again.png"), rounds=12)
    notices = list(watch(bundle, str(folder), SOON, stops=steps))
    assert [told(notice) for notice in notices] == ["+red", "-red"]
    facts = notices[0].to_dict()
    assert (facts["event"], facts["name"], facts["stranger"], facts["photo"]) == ("entered", "red", None, str(folder / "new.png"))
    assert (facts["source"], facts["confidence"] > 0.5, "image" in facts) == ("in", True, False)
    assert "T" in facts["time"]
    assert facts["time"][-6] in "+-"
    assert json.loads(json.dumps(facts)) == facts


def test_photos_that_are_there_and_pictures_where_wanted(bundle: Path, folder: Path) -> None:
    photo(BLUE, folder / "old.png")
    how = Watching(name="hall", interval=0.01, existing=True, image=True)
    (notice, *_rest) = watch(bundle, str(folder), how, stops=Steps(rounds=12))
    assert (told(notice), notice.source) == ("+blue", "hall")
    image = read(base64.b64decode(notice.to_dict()["image"]))
    assert np.abs(image.astype(int) - BLUE).max() < 20


def test_a_photo_that_cannot_be_read_stops_nothing(bundle: Path, folder: Path, heard: Any) -> None:
    def arrive() -> None:
        (folder / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0 no photo at all")
        photo(RED, folder / "b.png")

    notices = list(watch(bundle, str(folder), SOON, stops=Steps(arrive, rounds=12), progress=heard))
    assert [told(notice) for notice in notices] == ["+red", "-red"]
    assert any("a.jpg: " in sentence for sentence in heard.said)


def test_everybody_in_a_video_that_arrives_is_told_as_often_seen_as_before_a_camera(
    bundle: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    monkeypatch.setattr("whosthat.photos.arrivals.STILL", 0.0)
    writer = cv2.VideoWriter(str(folder / "film.avi"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"MJPG"), 10.0, (32, 32))
    for colour in [RED] * 10 + [GREEN] * 5 + [BLUE] * 10:  # every fifth is looked at
        writer.write(np.full((32, 32, 3), colour[::-1], np.uint8))
    writer.release()
    (folder / "broken.mp4").write_bytes(b"\0\0\0\x20ftypisom")
    how = Watching(interval=0.01, existing=True, image=True)
    notices = list(watch(bundle, str(folder), how, stops=Steps(rounds=30), progress=heard))
    assert [told(notice) for notice in notices] == ["+red", "+blue", "-red", "-blue"]
    assert [notice.photo for notice in notices[:2]] == [folder / "film.avi"] * 2
    for notice, colour in zip(notices, (RED, BLUE), strict=False):
        assert np.abs(read(notice.image).astype(int) - colour).max() < 20
    assert any("broken.mp4: the video cannot be opened" in sentence for sentence in heard.said)


@pytest.mark.skipif(os.name == "nt", reason="this file system cannot move a folder that is being read")
def test_a_folder_that_vanishes_is_waited_for(bundle: Path, folder: Path, tmp_path: Path, heard: Any) -> None:
    steps = Steps(
        lambda: folder.rename(tmp_path / "away"),
        lambda: (tmp_path / "away").rename(folder),
        lambda: photo(RED, folder / "new.png"),
        rounds=12,
    )
    notices = list(watch(bundle, str(folder), SOON, stops=steps, progress=heard))
    assert [told(notice) for notice in notices] == ["+red", "-red"]
    assert heard.said[1:] == [f"{folder} is gone. Waiting for it.", f"{folder} is back."]


def test_a_source_that_is_none_is_refused(bundle: Path, tmp_path: Path) -> None:
    for source in (str(tmp_path / "none"), "front door", str(bundle / "bundle.json"), "9" * 30, "-1"):
        with pytest.raises(UsageError, match="is no folder, no camera's number and no address"):
            next(watch(bundle, source))
    with pytest.raises(UsageError, match="begins with rtsp"):
        next(watch(bundle, "file:///etc"))
    for how in (Watching(interval=0), Watching(away=float("nan"))):
        with pytest.raises(UsageError, match="must be more than 0"):
            next(watch(bundle, str(tmp_path), how))


class Capture:
    """OpenCV's answers before a camera: pictures by turns, with breaks where it is unplugged."""

    def __init__(self, images: Iterator[Image | None]) -> None:
        self.images = images

    def grab(self) -> bool:
        time.sleep(0.001)
        return True

    def read(self) -> tuple[bool, Any]:
        image = next(self.images, None)
        return image is not None, None if image is None else image[..., ::-1]

    def release(self) -> None: ...


def seen_by_a_camera(monkeypatch: pytest.MonkeyPatch, *images: Any) -> None:
    turns = iter([None if colour is None else np.full((32, 32, 3), colour, np.uint8) for colour in images])

    def opened(number: int) -> Camera:
        assert number == 1
        return Camera(Capture(turns))

    monkeypatch.setattr(watching, "open_camera", opened)
    monkeypatch.setattr("whosthat.photos.camera.FIRST_PAUSE", 0.01)


def test_somebody_before_a_camera_is_told_once(bundle: Path, monkeypatch: pytest.MonkeyPatch, heard: Any) -> None:
    seen_by_a_camera(monkeypatch, *[RED] * 6, BLUE, *[RED] * 3, None, *[BLUE] * 4)
    notices = []
    began = time.monotonic()
    for notice in watch(bundle, "1", SOON, stops=lambda: len(notices) >= 2 or time.monotonic() - began > 20, progress=heard):
        notices.append(told(notice))
    assert notices == ["+red", "+blue", "-red", "-blue"]
    assert heard.said[0] == "Watching camera 1. Stop with Ctrl-C."
    assert any("The camera gives no picture." in sentence and sentence.endswith("Trying again.") for sentence in heard.said)
    assert "camera 1 is back." in heard.said


def test_more_faces_than_are_taken_are_told_of_each_photo_and_of_a_camera_once(
    bundle: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, heard: Any
) -> None:
    monkeypatch.setattr(finding, "MOST_FACES", 1)
    photos = [photo(RED, folder / "a.png"), photo(RED, folder / "b.png")]
    list(watch(bundle, str(folder), Watching(interval=0.01, existing=True), stops=Steps(rounds=12), progress=heard))
    seen_by_a_camera(monkeypatch, *[RED] * 6)
    list(watch(bundle, "1", SOON, stops=Steps(rounds=40), progress=heard))
    assert [said for said in heard.said if "faces" in said] == [f"{who}: {finding.crowd_words(1)}" for who in (*photos, "camera 1")]


def test_a_bundle_that_changes_is_opened_again_and_one_that_is_gone_names_nobody(
    bundle: Path, folder: Path, tmp_path: Path, save_colours: Callable[..., Path], heard: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "BUNDLE_LOOKED_AT", 0.0)
    other = save_colours(tmp_path / "other", labels=("rot", "grün", "blau"))

    def change() -> None:
        shutil.rmtree(bundle)
        other.rename(bundle)

    steps = Steps(
        lambda: photo(RED, folder / "1.png"),
        change,
        lambda: photo(RED, folder / "2.png"),
        lambda: bundle.rename(tmp_path / "away"),
        lambda: photo(BLUE, folder / "3.png"),
        rounds=12,
    )
    notices = list(watch(bundle, str(folder), SOON, stops=steps, progress=heard))
    assert [told(notice) for notice in notices if notice.change.entered] == ["+red", "+rot"]
    assert any("was changed and is opened again" in sentence for sentence in heard.said)
    assert sum("Nobody is named until it is back." in sentence for sentence in heard.said) == 1


class Notes:
    """A notifier that keeps what it is told."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.closed = False

    def tell(self, message: Any) -> None:
        self.got.append(message)

    def close(self) -> None:
        self.closed = True


def test_notifiers_are_told_the_same_and_closed_whatever_happens(bundle: Path, folder: Path) -> None:
    notes, called = Notes(), []
    photo(RED, folder / "old.png")
    how = Watching(name="hall", interval=0.01, existing=True)
    notices = watch(bundle, str(folder), how, notifiers=lambda name: called.append(name) or [notes], stops=Steps(rounds=30))
    first = next(notices)
    assert (notes.got, called, notes.closed) == ([first.to_dict() | {"photo": "old.png"}], ["hall"], False)
    notices.close()
    assert notes.closed


def test_names_of_sources_show_no_password() -> None:
    names = [source_name(source, Watching()) for source in ("0", "/srv/in", "rtsp://me:x@host/live?token=1", "http://host:81/a")]
    assert names == ["camera 0", "in", "rtsp://host/live", "http://host:81/a"]


def test_passwords_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert secret_of("WHOSTHAT_X") is None
    (tmp_path / "file").write_text("from a file\n", encoding="utf-8")
    monkeypatch.setenv("WHOSTHAT_X_FILE", str(tmp_path / "file"))
    assert secret_of("WHOSTHAT_X") == "from a file"
    monkeypatch.setenv("WHOSTHAT_X", "at hand")
    assert secret_of("WHOSTHAT_X") == "at hand"
    monkeypatch.delenv("WHOSTHAT_X")
    (tmp_path / "file").write_bytes(b"\xff\xfe\xff")
    with pytest.raises(UsageError, match="WHOSTHAT_X_FILE cannot be read"):
        secret_of("WHOSTHAT_X")
    monkeypatch.setenv("WHOSTHAT_X_FILE", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="No such file"):
        secret_of("WHOSTHAT_X")


def test_whom_to_tell_is_checked_before_anything_is_opened(heard: Any) -> None:
    assert notifiers_of("hall") == []
    with pytest.raises(UsageError, match="A broker is HOST or HOST:PORT"):
        notifiers_of("hall", ["http://127.0.0.1:9/x"], mqtt_broker="no host", progress=heard)
