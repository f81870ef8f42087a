"""What the window shows, and when, without a window."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from whosthat.desktop import viewer as viewing
from whosthat.desktop.answers import N_BARS, answer
from whosthat.desktop.viewer import State, Viewer
from whosthat.desktop.worker import Worker
from whosthat.errors import BundleError
from whosthat.photos.drawing import save_image
from whosthat.types import Likeness, Sighting

NO_PEOPLE = Mock(**{"list.side_effect": BundleError("A network has no gallery.")})
"""Of a recogniser whose people cannot be changed."""


class Fake:
    """A recogniser that names every photo alike."""

    labels = ("ann", "bo")

    people = NO_PEOPLE

    def __init__(self, name: str) -> None:
        self._name = name

    def identify(self, photo: Any) -> list[Sighting]:
        return [Sighting(self._name, 0.9, "bo", 0.1, None, {self._name: 0.9, "bo": 0.1})]


class Screen:
    """A viewer with its worker, and every state it has been in."""

    def __init__(self) -> None:
        self.worker = Worker()
        self.states: list[State] = []
        self.viewer = Viewer(self.worker, self.states.append)

    @property
    def state(self) -> State:
        return self.viewer.state

    @property
    def name(self) -> str:
        return answer(self.state.picture.sightings if self.state.picture else None).headline

    def settle(self) -> None:
        """Deliver until all jobs are done."""
        end = time.monotonic() + 60
        while self.worker.busy:
            assert time.monotonic() < end
            self.worker.deliver()


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    yield screen
    screen.worker.close()


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    files = [tmp_path / name for name in ("a.png", "B.png", "照片 c.png")]
    for file in files:
        save_image(np.zeros((8, 6, 3), np.uint8), file)
    (tmp_path / "notes.txt").touch()
    return files


@pytest.fixture(autouse=True)
def bundles(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(path: Path) -> Fake:
        if path.name == "broken":
            raise BundleError("There is no bundle at broken.")
        return Fake(path.name)

    monkeypatch.setattr(viewing, "load", load)


def test_a_photo_is_shown_before_there_is_a_recogniser(screen: Screen, photos: list[Path]) -> None:
    screen.viewer.open_photo(photos[0])
    screen.settle()
    assert screen.state.picture is not None
    assert screen.state.picture.image.shape == (8, 6, 3)
    assert screen.state.message == "a.png  (1 of 3). Choose a recogniser to name it."
    assert screen.name == ""


def test_swapping_the_recogniser_names_the_photo_again(screen: Screen, photos: list[Path]) -> None:
    screen.viewer.open_photo(photos[0])
    for name in ("ann", "bo"):
        screen.viewer.open_bundle(Path(name))
        screen.settle()
        assert screen.name == name
        assert screen.state.bundle == Path(name)


def test_a_bundle_that_cannot_be_opened_leaves_the_old_one(screen: Screen, photos: list[Path]) -> None:
    screen.viewer.open_bundle(Path("ann"))
    screen.viewer.open_photo(photos[0])
    screen.settle()
    screen.viewer.open_bundle(Path("broken"))
    screen.settle()
    assert (screen.state.bundle, screen.name) == (Path("ann"), "ann")
    assert (screen.state.failed, screen.state.message) == (True, "There is no bundle at broken.")


def test_arrow_keys_go_around_the_folder(screen: Screen, photos: list[Path]) -> None:
    screen.viewer.open_photo(photos[1])
    screen.settle()
    seen = []
    for by in (1, 1, -1, -1, -1):
        screen.viewer.step(by)
        screen.settle()
        assert screen.state.picture is not None
        seen.append(photos.index(screen.state.picture.path))
    assert seen == [2, 0, 2, 1, 0]


def test_a_held_key_shows_only_where_it_ends(screen: Screen, photos: list[Path]) -> None:
    screen.viewer.open_photo(photos[0])
    screen.settle()
    for _ in range(2):
        screen.viewer.step(1)
    screen.settle()
    assert screen.state.picture is not None
    assert screen.state.picture.path == photos[2]
    assert len({id(state.picture) for state in screen.states}) == 3  # none, the first, the last


def test_a_photo_that_cannot_be_read_is_told_and_can_be_left(screen: Screen, photos: list[Path]) -> None:
    photos[1].write_bytes(b"")
    screen.viewer.open_photo(photos[0])
    screen.settle()
    screen.viewer.step(1)
    screen.settle()
    assert (screen.state.picture, screen.state.failed) == (None, True)
    assert "B.png" in screen.state.message
    screen.viewer.step(1)
    screen.settle()
    assert screen.state.picture is not None
    assert screen.state.picture.path == photos[2]


def test_a_folder_that_is_gone_is_told(screen: Screen, tmp_path: Path) -> None:
    screen.viewer.open_photo(tmp_path / "gone" / "a.png")
    screen.settle()
    assert screen.state.failed
    screen.viewer.step(1)
    assert not screen.worker.busy


def test_a_large_photo_is_kept_small_for_showing(tmp_path: Path) -> None:
    save_image(np.zeros((20, 3200, 3), np.uint8), tmp_path / "wide.png")
    picture = viewing.look_at(tmp_path / "wide.png", None)
    assert picture.image.shape == (10, 1600, 3)
    assert picture.scale == 0.5


@pytest.mark.parametrize(
    ("sightings", "headline", "detail"),
    [
        (None, "", ""),
        ((), "Nobody", "No face was found in this photo."),
        ((Sighting("Ana", 0.9, "Bo", 0.1),), "Ana", "Confidence 90 %. Runner-up: Bo, 10 %."),
        ((Sighting("Ana", 1.0),), "Ana", "Confidence > 99 %."),
        (
            (Sighting(None, 0.4, "Bo", 0.3, None, {"Ana": 0.4}), Sighting(None, 0.3)),
            "2 faces, none known",
            "One is perhaps Ana, 40 %. That is below the threshold, so no name is given.",
        ),
        (
            (Sighting(None, 0.995, probabilities={"Ana": 0.995}, nearest=(Likeness("Ana", "Ana/1.jpg", 0.5),)),),
            "Unknown",
            "Perhaps Ana, > 99 %. The distance is above the threshold, so no name is given.",
        ),
        ((Sighting(None, 0.004, probabilities={"Ana": 0.004}),), "Unknown", "Like no enrolled person."),
        (
            (Sighting("Ana", 0.9), Sighting(None, 0.8, given_to_better="Ana")),
            "Ana",
            "Confidence 90 %. 2 faces in all. Of several faces that look like Ana, the best got the name.",
        ),
    ],
)
def test_an_answer_in_words(sightings: Any, headline: str, detail: str) -> None:
    said = answer(sightings)
    assert (said.headline, said.detail) == (headline, detail)


def test_the_most_probable_names_get_bars() -> None:
    probabilities = {f"person {number}": 1 / (number + 2) for number in range(20)}
    said = answer((Sighting("person 0", 0.5, probabilities=probabilities),))
    assert [name for name, _ in said.bars] == [f"person {number}" for number in range(N_BARS)]


@pytest.mark.usefixtures("marked")
def test_what_the_window_says_is_translated_and_names_are_not(photos: list[Path]) -> None:
    screen = Screen()
    assert screen.state.message == "漢Choose a photo, and a recogniser that names it."
    screen.viewer.open_photo(photos[0])
    screen.settle()
    assert screen.state.message == "漢漢a.png  (1 of 3). Choose a recogniser to name it."
    screen.viewer.open_bundle(Path("ann"))
    screen.settle()
    screen.worker.close()
    assert (screen.name, screen.state.message) == ("ann", "漢a.png  (1 of 3)")
    told = [
        answer(()),
        answer((Sighting(None, 0.4, probabilities={"Ana": 0.4}),)),
        answer((Sighting("Ana", 0.9, "Bo", 0.1), Sighting(None, 0.2))),
    ]
    assert [one.headline for one in told] == ["漢Nobody", "漢Unknown", "Ana"]
    assert all(sentence.startswith("漢") for one in told for sentence in one.detail.split(". "))
