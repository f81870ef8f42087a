"""Photos and videos as they arrive in a folder."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from whosthat.photos import arrivals
from whosthat.photos.arrivals import Arrivals

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 100


def put(path: Path, content: bytes = JPEG, *, at: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, ns=(at, at))
    return path


def polls(found: Arrivals, times: int = 2) -> list[str]:
    return [path.name for _rest in range(times) for path in found.poll() if found.take(path)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_new_photos_come_once_oldest_first_from_any_depth(folder: Path) -> None:
    put(folder / "old.jpg")
    found = Arrivals(folder)
    assert polls(found) == []
    put(folder / "b.jpg", at=2)
    put(folder / "day" / "one" / "a.jpg", at=1)
    assert found.poll() == []
    assert polls(found, 5) == ["a.jpg", "b.jpg"]


def test_a_photo_that_is_being_written_is_waited_for(folder: Path) -> None:
    found = Arrivals(folder)
    polls(found)
    for size in range(1, 5):
        put(folder / "slow.jpg", JPEG * size, at=size)
        assert found.poll() == []
    assert polls(found, 3) == ["slow.jpg"]
    put(folder / "slow.jpg", JPEG * 9, at=9)
    assert polls(found, 3) == ["slow.jpg"]


def test_videos_come_one_by_one_after_the_photos_when_they_have_been_still_for_a_while(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = itertools.count()
    monkeypatch.setattr("time.monotonic", lambda: next(times))
    found = Arrivals(folder, existing=True)
    for name in ("a.mp4", "b.mp4", "c.MKV", "d.jpg"):
        put(folder / name)
    assert polls(found, 5) == ["d.jpg"]
    put(folder / "c.MKV", JPEG * 2)
    assert [polls(found, 1) for _rest in range(3)] == [["a.mp4"], ["b.mp4"], []]
    assert polls(found, 5) == ["c.MKV"]


@pytest.mark.skipif(os.name == "nt", reason="this file system cannot delete a folder that is being read")
def test_what_goes_with_its_folder_before_it_was_taken_comes_again(folder: Path, tmp_path: Path) -> None:
    found = Arrivals(folder, existing=True)
    put(folder / "a.jpg")
    found.poll()
    (given,) = found.poll()
    folder.rename(tmp_path / "away")
    assert not found.take(given)
    assert found.poll() == []
    (tmp_path / "away").rename(folder)
    assert polls(found, 3) == ["a.jpg"]


def test_what_is_empty_hidden_or_no_photo_is_passed_over(folder: Path) -> None:
    found = Arrivals(folder, existing=True)
    for name in (".hidden.jpg", ".day/in.jpg", "notes.txt", "photo.jpg.part"):
        put(folder / name)
    put(folder / "empty.jpg", b"")
    assert polls(found, 4) == []


@pytest.mark.skipif(os.name == "nt", reason="this file system cannot delete a folder that is being read")
def test_a_folder_that_goes_and_comes_back_tells_only_of_what_is_new(folder: Path, tmp_path: Path) -> None:
    put(folder / "a.jpg", at=1)
    found = Arrivals(folder)
    polls(found)
    folder.rename(tmp_path / "away")
    assert polls(found) == []
    assert not found.is_there
    put(tmp_path / "away" / "b.jpg", at=2)
    (tmp_path / "away").rename(folder)
    assert polls(found, 4) == ["b.jpg"]
    assert found.is_there


def test_names_that_are_no_text_arrive_as_well(folder: Path) -> None:
    found = Arrivals(folder)
    polls(found)
    try:
        Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.jpg")).write_bytes(JPEG)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    assert [os.fsencode(path.name) for _rest in range(2) for path in found.poll() if found.take(path)] == [b"caf\xe9.jpg"]


def test_what_is_known_does_not_grow_with_the_photos_that_came_and_went(folder: Path) -> None:
    found = Arrivals(folder)
    polls(found)
    for number in range(200):
        put(folder / f"{number}.jpg", at=number)
        assert polls(found) == [f"{number}.jpg"]
        (folder / f"{number}.jpg").unlink()
    polls(found)
    assert not found._since


def test_a_flood_comes_in_parts_and_a_folder_too_large_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "AT_ONCE", 10)
    monkeypatch.setattr(arrivals, "MOST", 30)
    found = Arrivals(folder)
    polls(found)
    for number in range(25):
        put(folder / f"{number:02}.jpg", at=number)
    assert polls(found, 1) == []
    assert [len(polls(found, 1)) for _rest in range(4)] == [10, 10, 5, 0]
    for number in range(25, 40):
        put(folder / f"{number:02}.jpg", at=number)
    polls(found)
    assert found.is_full


def test_links_to_folders_are_not_followed(folder: Path) -> None:
    try:
        (folder / "loop").symlink_to(folder, target_is_directory=True)
    except OSError:
        pytest.skip("this file system has no links")
    put(folder / "a.jpg")
    assert polls(Arrivals(folder, existing=True), 3) == ["a.jpg"]
