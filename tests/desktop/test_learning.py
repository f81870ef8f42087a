"""Runs, faces, people, folders, the camera and saved pictures, without a window: a recogniser of faces whose people can be changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.desktop import viewer as viewing
from whosthat.desktop.answers import answer
from whosthat.desktop.viewer import State, Viewer
from whosthat.desktop.worker import Worker
from whosthat.errors import DatasetError, DoubtError, PhotoError, UsageError
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import read
from whosthat.types import Added, Box, SetAside, Sighting

BOXES = (Box(4, 4, 24, 24), Box(40, 8, 60, 28))


class Learning:
    """Sees two faces in every photo; knows who each is by what it was told."""

    def __init__(self) -> None:
        self.names: list[str | None] = ["Ann", None]
        self.known = ["Ann", "Bo"]
        self.people = self
        self.asked: list[tuple[Any, ...]] = []
        self.refusals: list[Exception] = []

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self.known)

    def list(self) -> list[Any]:
        return []

    def identify(self, _photo: Any) -> list[Sighting]:
        return [Sighting(name, 0.8, "Bo", 0.1, box, {name or "Bo": 0.8, "Cy": 0.1}) for name, box in zip(self.names, BOXES, strict=True)]

    def add(self, name: str, photos: Any, *, face: int | None = None, anyway: bool = False) -> Added:
        if self.refusals and not anyway:
            raise self.refusals.pop()
        self.asked.append(("add", name, photos, face, anyway))
        if isinstance(photos, Path):
            assert read(photos).shape == (40, 80, 3)
        if name not in self.known:
            self.known.append(name)
        if face is not None:
            self.names[face - 1] = name
        n = 1 if face else len(photos) - 1
        return Added(
            name, tuple(f"{name}/{i}.png" for i in range(n)), () if face else (SetAside(Path("d/bad.png"), "no face was found"),), 0.5
        )

    def rule_out(self, name: str, photo: Path) -> None:
        assert read(photo).shape == (40, 80, 3)
        self.asked.append(("rule out", name, photo.name))
        self.names[self.names.index(name)] = None


class Screen:
    """A viewer with its worker, opened with a recogniser."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.states: list[State] = []
        self.viewer = Viewer(self.worker, self.states.append)

    @property
    def state(self) -> State:
        return self.viewer.state

    def settle(self, until: Callable[[], bool] | None = None) -> None:
        end = time.monotonic() + 120
        while not until() if until else self.worker.busy:
            assert time.monotonic() < end, self.state
            self.worker.deliver()


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> Learning:
    made = Learning()
    monkeypatch.setattr(viewing, "load", lambda _path: made)
    return made


@pytest.fixture
def screen(recogniser: Learning, photos: list[Path]) -> Iterator[Screen]:
    screen = Screen()
    screen.viewer.open_bundle(Path("bundle"))
    screen.viewer.open_photo(photos[0])
    screen.settle()
    yield screen
    screen.worker.close()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    (tmp_path / "photos").mkdir()
    files = [tmp_path / "photos" / name for name in ("a.png", "b.png")]
    for number, file in enumerate(files):
        save_image(np.full((40, 80, 3), 40 * number, np.uint8), file)
    return files


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Three runs, the second without a recogniser; the newest is latest."""
    for number, name in enumerate(("old", "broken", "new")):
        folder = tmp_path / "runs" / name
        (folder if name == "broken" else folder / "bundle").mkdir(parents=True)
        (folder / "recipe.toml").write_text('model = "faces"')
        at = 1_000_000 * (number + 1)
        os.utime(folder / "recipe.toml", (at, at))
    (tmp_path / "runs" / "latest").symlink_to("new")
    return tmp_path / "runs"


def test_without_a_bundle_the_newest_run_is_opened_and_the_others_are_listed(recogniser: Learning, runs: Path) -> None:
    screen = Screen()
    screen.viewer.open_runs(runs)
    screen.settle(lambda: screen.state.bundle is not None)
    assert screen.state.bundle == (runs / "new").resolve()
    assert [run.name for run in screen.state.runs] == ["new", "old"]
    assert screen.state.people == ("Ann", "Bo")
    screen.worker.close()


def test_a_bundle_that_is_given_is_opened_instead(recogniser: Learning, runs: Path) -> None:
    screen = Screen()
    screen.viewer.open_runs(runs, runs / "old")
    screen.settle()
    assert screen.state.bundle == runs / "old"
    screen.worker.close()


def test_a_latest_that_points_nowhere_is_told_and_no_runs_are_no_error(recogniser: Learning, runs: Path, tmp_path: Path) -> None:
    screen = Screen()
    screen.viewer.open_runs(tmp_path / "none")
    screen.settle()
    assert (screen.state.failed, screen.state.runs) == (False, ())
    (runs / "latest").unlink()
    (runs / "latest").symlink_to("gone")
    screen.viewer.open_runs(runs)
    screen.settle()
    assert screen.state.failed
    assert "points to a run that does not exist" in screen.state.message
    screen.worker.close()


def test_a_chosen_face_fills_the_bars(screen: Screen) -> None:
    sightings = screen.state.picture.sightings  # type: ignore[union-attr]
    assert screen.state.face is None
    assert answer(sightings, None).headline == "Ann"
    screen.viewer.choose_face(1)
    assert answer(sightings, screen.state.face).headline == "Unknown"
    assert answer(sightings, screen.state.face).bars == (("Bo", 0.8), ("Cy", 0.1))


def test_keys_go_around_the_faces(screen: Screen) -> None:
    seen = []
    for by in (1, 1, 1, -1, -1):
        screen.viewer.next_face(by)
        seen.append(screen.state.face)
    assert seen == [0, 1, 0, 1, 0]
    screen.viewer.choose_face(None)
    screen.viewer.next_face(-1)
    assert screen.state.face == 1


def test_a_face_is_named_and_the_photo_is_named_again(screen: Screen, recogniser: Learning, photos: list[Path]) -> None:
    screen.viewer.choose_face(1)
    screen.viewer.name_face("  Dee ")
    screen.settle()
    assert recogniser.asked == [("add", "Dee", photos[0], 2, False)]
    assert screen.state.people == ("Ann", "Bo", "Dee")
    assert screen.state.chosen is not None
    assert screen.state.chosen.name == "Dee"
    assert (screen.state.message, screen.state.failed) == ("1 photo was added to Dee.", False)


def test_a_doubt_is_asked_back_and_the_same_name_again_answers_it(screen: Screen, recogniser: Learning) -> None:
    recogniser.refusals = [DoubtError("These photos look like Bo.", "Use --anyway.") for _ in range(3)]
    screen.viewer.choose_face(1)
    screen.viewer.name_face("Dee")
    screen.settle()
    assert screen.state.message == "These photos look like Bo. To add it all the same, press the button again."
    assert (screen.state.doubted, recogniser.asked) == ("Dee", [])
    screen.viewer.name_face("Eve")  # another name is another question
    screen.settle()
    assert (screen.state.doubted, recogniser.asked) == ("Eve", [])
    screen.viewer.choose_face(0)  # and so is another face
    assert screen.state.doubted == ""
    screen.viewer.name_face("Eve")
    screen.settle()
    screen.viewer.name_face("Eve")
    screen.settle()
    assert [(asked[1], asked[3], asked[4]) for asked in recogniser.asked] == [("Eve", 1, True)]
    assert screen.state.doubted == ""


def test_other_errors_ask_nothing_back(screen: Screen, recogniser: Learning) -> None:
    recogniser.refusals = [DatasetError("It is enrolled already.")]
    screen.viewer.choose_face(0)
    screen.viewer.name_face("Dee")
    screen.settle()
    assert (screen.state.message, screen.state.failed, screen.state.doubted) == ("It is enrolled already.", True, "")


@pytest.mark.parametrize(("face", "name", "told"), [(None, "Dee", "Choose a face first"), (0, "  ", "Write a name first")])
def test_what_is_missing_for_a_name_is_told(screen: Screen, recogniser: Learning, face: int | None, name: str, told: str) -> None:
    screen.viewer.choose_face(face)
    screen.viewer.name_face(name)
    assert screen.state.failed
    assert told in screen.state.message
    assert recogniser.asked == []


def test_a_wrong_name_is_taken_back(screen: Screen, recogniser: Learning) -> None:
    screen.viewer.choose_face(1)
    screen.viewer.not_this_person()
    assert "a face that has a name" in screen.state.message
    screen.viewer.choose_face(0)
    screen.viewer.not_this_person()
    screen.settle()
    assert recogniser.asked == [("rule out", "Ann", "a.png")]
    assert screen.state.message == "This face, and those like it, are not called Ann any more."
    assert screen.state.chosen is not None
    assert screen.state.chosen.name is None


def test_photos_of_somebody_are_added_and_what_was_left_out_is_told(screen: Screen, recogniser: Learning, photos: list[Path]) -> None:
    screen.viewer.add_photos(" Dee ", [*photos, Path("d/bad.png")])
    screen.settle()
    assert recogniser.asked[0][:2] == ("add", "Dee")
    assert screen.state.message == "2 photos were added to Dee. bad.png: no face was found."
    screen.viewer.add_photos(" ", photos)
    assert (screen.state.failed, len(recogniser.asked)) == (True, 1)


def test_a_folder_is_opened_at_its_first_photo(screen: Screen, photos: list[Path], tmp_path: Path) -> None:
    screen.viewer.step(1)
    screen.settle()
    screen.viewer.open_folder(tmp_path / "photos")
    screen.settle(lambda: screen.state.message == "a.png  (1 of 2)")
    (tmp_path / "empty").mkdir()
    screen.viewer.open_folder(tmp_path / "empty")
    screen.settle()
    assert screen.state.message == f"There is no photo in {tmp_path / 'empty'}."
    assert screen.state.picture is not None


@pytest.mark.parametrize(("name", "saved"), [("out.png", "out.png"), ("out", "out.jpg")])
def test_the_drawn_picture_is_saved_in_full_size(screen: Screen, tmp_path: Path, name: str, saved: str) -> None:
    screen.viewer.save(tmp_path / name)
    screen.settle()
    assert screen.state.message == f"Saved {tmp_path / saved}."
    drawn = read(tmp_path / saved)
    assert drawn.shape == (40, 80, 3)
    assert drawn.max() > 100  # boxes on a black photo


@pytest.mark.parametrize(("file", "told"), [("no folder/out.png", "cannot be saved as"), ("out.gif", "cannot be saved as")])
def test_a_picture_that_cannot_be_saved_is_told(screen: Screen, tmp_path: Path, file: str, told: str) -> None:
    screen.viewer.save(tmp_path / file)
    screen.settle()
    assert screen.state.failed
    assert told in screen.state.message
    assert list(tmp_path.glob("out*")) == []


class Seeing:
    """A camera with so many pictures."""

    def __init__(self, pictures: int) -> None:
        self.left, self.closed = pictures, False

    def frame(self) -> Any:
        if not self.left:
            raise PhotoError(None, "The camera gives no picture.")
        self.left -= 1
        return np.full((40, 80, 3), self.left % 200, np.uint8)

    def close(self) -> None:
        self.closed = True


def test_the_camera_shows_picture_after_picture_until_a_face_is_clicked_and_named(
    screen: Screen, recogniser: Learning, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = Seeing(100_000)
    monkeypatch.setattr("whosthat.photos.camera.open_camera", lambda: camera)
    screen.viewer.watch()
    assert screen.state.watching
    screen.settle(lambda: camera.left < 99_997 and screen.state.picture is not None)
    screen.viewer.choose_face(1)
    screen.settle()
    picture = screen.state.picture
    assert (screen.state.watching, camera.closed) == (False, True)
    assert picture is not None
    assert picture.path is None
    screen.viewer.name_face("Dee")
    screen.settle()
    ((_add, name, file, face, _anyway),) = recogniser.asked
    assert (name, face, file.exists()) == ("Dee", 2, False)
    assert screen.state.picture is not picture
    assert screen.state.picture.source is picture.source  # type: ignore[union-attr]
    assert screen.state.chosen is not None
    assert screen.state.chosen.name == "Dee"


def test_the_camera_is_switched_off_by_a_photo_and_by_its_button(
    screen: Screen, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    cameras: list[Seeing] = []
    monkeypatch.setattr("whosthat.photos.camera.open_camera", lambda: cameras.append(Seeing(100_000)) or cameras[-1])
    screen.viewer.watch()
    screen.settle(lambda: screen.state.picture is not None and screen.state.picture.path is None)
    screen.viewer.open_photo(photos[1])
    screen.settle()
    assert (screen.state.watching, screen.state.message) == (False, "b.png  (2 of 2)")
    screen.viewer.watch()
    screen.viewer.watch()  # before it is even open
    screen.settle()
    assert [camera.closed for camera in cameras] == [True, True]
    assert not screen.state.watching


def test_a_camera_that_is_not_there_or_goes_is_told(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.photos.camera.open_camera", Mock(side_effect=PhotoError(None, "No camera was found.")))
    screen.viewer.watch()
    screen.settle()
    assert (screen.state.watching, screen.state.failed, screen.state.message) == (False, True, "No camera was found.")
    camera = Seeing(2)
    monkeypatch.setattr("whosthat.photos.camera.open_camera", lambda: camera)
    screen.viewer.watch()
    screen.settle()
    assert (screen.state.watching, screen.state.message) == (False, "The camera gives no picture.")
    assert camera.closed


def test_people_of_a_bundle_that_is_gone_are_told(screen: Screen, recogniser: Learning) -> None:
    recogniser.refusals = [UsageError("There is no bundle any more.")]
    screen.viewer.add_photos("Dee", [Path("a.png")])
    screen.settle()
    assert (screen.state.failed, screen.state.message) == (True, "There is no bundle any more.")
