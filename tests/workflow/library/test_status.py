"""What a library says of itself: how much it holds, and whether it is sound."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from types import ModuleType

import pytest

from whosthat.errors import UsageError
from whosthat.faces import finding
from whosthat.library.contents import faces_of
from whosthat.library.facts import Place, Saying, say
from whosthat.library.store import FILE, Library
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.scanning import scan
from whosthat.workflow.library.status import ScannedFolder, library_status, verify_library

pytestmark = pytest.mark.usefixtures("painted_reader")


@pytest.fixture
def folder(tmp_path: Path, painted: ModuleType) -> Path:
    painted.paint(tmp_path / "photos/beach.png", "anna", "tom")
    painted.paint(tmp_path / "photos/party.png", "anna", number=1)
    painted.paint(tmp_path / "photos/sea.png", number=2)
    (tmp_path / "photos/broken.png").write_bytes(b"")
    scan(tmp_path / "library", tmp_path / "photos")
    return tmp_path / "library"


def test_status_counts(folder: Path, tmp_path: Path) -> None:
    with Library(folder) as library:
        anna, tom, _again = faces_of(library)
        say(library, [Saying(Place(anna.photo, anna.place), "is", "Anna"), Saying(Place(tom.photo, tom.place), "nobody")])
        answer_again(library)
    (tmp_path / "photos/sea.png").unlink()
    scan(folder)
    found = library_status(folder)
    assert (found.photos, found.files, found.missing, found.waiting) == (3, 2, 1, 0)
    assert (found.faces, found.people, found.unanswered) == (3, {"Anna": 1}, 1)
    assert [(one.path.name, one.reason) for one in found.unreadable] == [("broken.png", "the file is empty")]
    assert found.folders == (ScannedFolder(tmp_path / "photos", there=True),)
    assert found.bytes >= (folder / FILE).stat().st_size
    with pytest.raises(UsageError, match="There is no library"):
        library_status(tmp_path)


def test_a_crowd_is_told_by_scan_and_status(folder: Path, tmp_path: Path, painted: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "MOST_FACES", 3)
    crowd = painted.paint(tmp_path / "photos/crowd.png", "anna", "tom", "bob", number=3)
    for found in (scan(folder), library_status(folder)):
        assert [(one.path, one.reason) for one in found.crowded] == [(crowd, finding.crowd_words(3))]


def test_a_file_that_is_no_photo_is_not_missing_when_its_drive_is_away(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photos").rename(tmp_path / "away")
    assert scan(folder).missing == 3
    assert library_status(folder).missing == 3


def test_what_differs_from_the_disk_is_told_with_what_to_do(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "photos/broken.png").unlink()
    scan(folder)
    assert verify_library(folder).advice == ()
    (tmp_path / "photos/sea.png").unlink()
    os.utime(tmp_path / "photos/party.png", (1, 1))
    found = verify_library(folder)
    assert ([path.name for path in found.changed], [path.name for path in found.gone], found.checked) == (["party.png"], ["sea.png"], 3)
    assert len(found.advice) == 2
    scan(folder)
    assert verify_library(folder).changed == ()
    assert [path.name for path in verify_library(folder).gone] == ["sea.png"]


def test_damage_that_leaves_size_and_times_alone_is_found_by_reading(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photo = tmp_path / "photos/sea.png"
    (stamp,) = (row[0] for row in Library(folder).rows("SELECT stamp FROM files WHERE name = ?", (b"sea.png",)))
    content = bytearray(photo.read_bytes())
    content[-20] ^= 1
    photo.write_bytes(content)
    real = verify_library.__globals__["stamp_of_file"]
    monkeypatch.setitem(verify_library.__globals__, "stamp_of_file", lambda path: stamp if path == photo else real(path))
    assert verify_library(folder).changed == ()
    assert verify_library(folder, read=True).changed == (photo,)


def test_a_damaged_library_is_told(folder: Path) -> None:
    with sqlite3.connect(folder / FILE) as connection:  # foreign keys are off: a hand from outside
        connection.execute("DELETE FROM photos WHERE id = 1")
    connection.close()
    found = verify_library(folder)
    assert any("belongs to nothing" in line for line in found.damage)
    assert "backup" in found.advice[0]
