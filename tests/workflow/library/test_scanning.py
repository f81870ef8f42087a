"""Scanning a library: only what is new is looked at, nothing is lost, and what was not looked at is said."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from whosthat.errors import LibraryError, UsageError
from whosthat.library import contents, facts, naming
from whosthat.library.store import FILE, Library
from whosthat.workflow.library import scan_batches
from whosthat.workflow.library.answering import Answered, answer_again
from whosthat.workflow.library.scanning import Scan, scan

pytestmark = pytest.mark.usefixtures("painted_reader")


@pytest.fixture
def paint(painted: ModuleType) -> Callable[..., Path]:
    return painted.paint


@pytest.fixture
def photos(tmp_path: Path, paint: Callable[..., Path]) -> Path:
    paint(tmp_path / "photos/2023/beach.png", "anna", "tom")
    paint(tmp_path / "photos/2024/07/party.png", "anna", number=1)
    paint(tmp_path / "photos/sea.png", number=2)
    return tmp_path / "photos"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "library"


def placed(folder: Path, *, missing: bool = False) -> dict[str, int]:
    """Which files of photos are there, or known, and how many faces each shows."""
    with Library(folder) as library:
        faces = [face.photo for face in contents.faces_of(library)]
        places = contents.files_of_photos(library, missing=missing)
    return {path.name: faces.count(photo) for photo, paths in places.items() for path in paths}


def say(folder: Path, photo: Path, person: str = "anna", number: int = 1) -> None:
    """Say who a face is, as corrections do."""
    with Library(folder) as library:
        (row,) = (row for row, paths in contents.files_of_photos(library).items() if photo in paths)
        place = contents.faces_of(library, photos=[row])[number - 1].place
        facts.say(library, [facts.Saying(facts.Place(row, place), "is", person)])


def said(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Who was said to be in which photo, by the files that it lies in."""
    with Library(folder) as library:
        rows = library.rows("SELECT name, photo FROM facts JOIN people ON people.id = person ORDER BY facts.id")
        return [(name, tuple(path.name for path in contents.files_of(library, photo))) for name, photo in rows]


def test_every_photo_at_any_depth_is_looked_at_once(folder: Path, photos: Path, painted_reader: Any) -> None:
    first = scan(folder, photos)
    assert first == Scan(photos=3, files=3, new=3, faces=3, passed_over={})
    assert placed(folder) == {"beach.png": 2, "party.png": 1, "sea.png": 0}
    assert scan(folder) == Scan(photos=3, files=3, passed_over={})
    assert painted_reader.looks == 3


def test_an_unchanged_photo_is_not_even_opened(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(folder, photos)
    monkeypatch.setattr(scan_batches, "sha256_of", lambda path: pytest.fail(f"{path} was read"))
    assert scan(folder).files == 3


def test_what_is_moved_renamed_or_copied_is_the_same_photo(folder: Path, photos: Path, painted_reader: Any) -> None:
    scan(folder, photos)
    say(folder, photos / "2024/07/party.png")
    (photos / "2024/07/party.png").rename(photos / "holiday.png")
    shutil.move(photos / "2023", photos / "old")
    shutil.copy(photos / "sea.png", photos / "sea again.png")
    found = scan(folder)
    assert (found.new, found.moved, found.missing, found.faces, found.photos, found.files) == (0, 2, 0, 0, 3, 4)
    assert painted_reader.looks == 3
    assert placed(folder, missing=True) == {"beach.png": 2, "holiday.png": 1, "sea.png": 0, "sea again.png": 0}
    assert said(folder) == [("anna", ("holiday.png",))]


def test_a_deleted_photo_is_missing_and_known_again_when_it_comes_back(folder: Path, photos: Path, tmp_path: Path) -> None:
    scan(folder, photos)
    (photos / "sea.png").rename(tmp_path / "sea.png")
    assert scan(folder) == Scan(photos=3, files=2, missing=1, passed_over={})
    assert scan(folder).missing == 0  # said once
    assert placed(folder) == {"beach.png": 2, "party.png": 1}
    (tmp_path / "sea.png").rename(photos / "sea.png")
    found = scan(folder)
    assert (found.new, found.files, found.photos) == (0, 3, 3)


@pytest.mark.parametrize("empty", [False, True])
def test_a_drive_that_is_not_there_forgets_nothing(folder: Path, photos: Path, tmp_path: Path, painted_reader: Any, empty: bool) -> None:
    scan(folder, photos)
    photos.rename(tmp_path / "elsewhere")
    if empty:
        photos.mkdir()
    gone = scan(folder)
    assert (gone.not_there, gone.missing, gone.photos, gone.files) == ((photos,), 3, 3, 0)
    assert placed(folder) == {}
    assert len(placed(folder, missing=True)) == 3
    if empty:
        photos.rmdir()
    (tmp_path / "elsewhere").rename(photos)
    assert scan(folder) == Scan(photos=3, files=3, back=3, passed_over={})
    assert painted_reader.looks == 3


def test_a_changed_photo_is_another_one(folder: Path, photos: Path, paint: Callable[..., Path]) -> None:
    scan(folder, photos)
    paint(photos / "sea.png", "bob", "eve", "tom")
    found = scan(folder)
    assert (found.new, found.changed, found.photos, found.files, found.faces) == (1, 1, 3, 3, 3)
    assert placed(folder)["sea.png"] == 3


def test_an_edited_photo_takes_over_what_was_said_of_faces_that_are_still_there(
    folder: Path, photos: Path, paint: Callable[..., Path]
) -> None:
    scan(folder, photos)
    say(folder, photos / "2023/beach.png", "anna", 1)
    say(folder, photos / "2023/beach.png", "tom", 2)
    paint(photos / "2023/beach.png", "anna", "tom", brighter=5)
    assert scan(folder).carried == 2
    assert said(folder) == [("anna", ("beach.png",)), ("tom", ("beach.png",))]
    paint(photos / "2023/beach.png", "anna", "eve", number=9)
    found = scan(folder)
    assert (found.carried, found.photos) == (1, 4)  # the old one is kept with what was said of Tom
    assert said(folder) == [("tom", ()), ("anna", ("beach.png",))]


def test_a_merge_is_taken_back_also_where_a_photo_was_edited_since(folder: Path, photos: Path, paint: Callable[..., Path]) -> None:
    scan(folder, photos)
    say(folder, photos / "2023/beach.png", "anna", 1)
    say(folder, photos / "2023/beach.png", "tom", 2)
    with Library(folder) as library:
        merged, _moved = naming.rename(library, "anna", "tom", merge=True)
    paint(photos / "2023/beach.png", "anna", "tom", brighter=5)
    scan(folder)
    assert [name for name, _files in said(folder)] == ["tom", "tom"]
    with Library(folder) as library:
        naming.part(library, merged.number if merged else 0)
    assert said(folder) == [("anna", ("beach.png",)), ("tom", ("beach.png",))]


def test_an_edited_copy_leaves_the_facts_of_the_original(folder: Path, photos: Path, paint: Callable[..., Path]) -> None:
    scan(folder, photos)
    say(folder, photos / "2024/07/party.png")
    shutil.copy(photos / "2024/07/party.png", photos / "original.png")
    paint(photos / "2024/07/party.png", "anna", number=7)
    assert scan(folder).carried == 1
    assert said(folder) == [("anna", ("original.png",)), ("anna", ("party.png",))]


def test_a_photo_that_is_damaged_for_a_while_keeps_its_facts(folder: Path, photos: Path) -> None:
    scan(folder, photos)
    whole = photos / "2024/07/party.png"
    say(folder, whole)
    content = whole.read_bytes()
    whole.write_bytes(content[:60])
    found = scan(folder)
    assert [one.path for one in found.unreadable] == [whole]
    assert (found.photos, said(folder)) == (3, [("anna", ())])
    whole.write_bytes(content)
    assert scan(folder).unreadable == ()
    assert said(folder) == [("anna", ("party.png",))]


def test_two_photos_that_exchange_their_names_keep_their_facts(folder: Path, photos: Path, tmp_path: Path, painted_reader: Any) -> None:
    scan(folder, photos)
    one, other = photos / "2024/07/party.png", photos / "sea.png"
    say(folder, one)
    one.rename(tmp_path / "x")
    other.rename(one)
    (tmp_path / "x").rename(other)
    assert scan(folder).photos == 3
    assert said(folder) == [("anna", ("sea.png",))]
    assert painted_reader.looks == 3


def test_what_is_not_looked_at_is_said_by_kind(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("film.mp4", "raw.CR2", "notes.txt", "phone.HEIC", "sea.png.xmp", "a.xmp"):
        (photos / name).write_bytes(b"x")
    (photos / "broken.jpg").write_bytes(b"")
    real = importlib.util.find_spec
    monkeypatch.setattr("whosthat.workflow.library.scanning.find_spec", lambda name: None if name == "pillow_heif" else real(name))
    found = scan(folder, photos)
    assert found.passed_over == {"video": 1, "RAW photo": 1, "other file": 1, "HEIC photo": 1, "sidecar": 2}
    assert [(one.path.name, one.reason) for one in found.unreadable] == [("broken.jpg", "the file is empty")]
    again = scan(folder)
    assert (found.unreadable_before, again.unreadable, again.unreadable_before) == (0, (), 1)  # it has not changed, and was named
    monkeypatch.undo()
    assert len(placed(folder)) == 3


def test_the_library_may_lie_inside_the_photos(photos: Path) -> None:
    library = photos / "library"
    assert scan(library, photos).files == 3
    assert scan(library).passed_over == {}
    with pytest.raises(UsageError, match="be the library"):
        scan(library, library)


def test_folders_that_lie_in_each_other_hold_each_photo_once(folder: Path, photos: Path, painted_reader: Any) -> None:
    scan(folder, [photos / "2023", photos / "2024/07"])
    assert scan(folder, [photos / "2023", photos, photos / "2024"]) == Scan(photos=3, files=3, new=1, faces=0, passed_over={})
    assert painted_reader.looks == 3
    with Library(folder) as library:
        assert list(contents.roots_of(library).values()) == [photos]
    (photos / "2023/beach.png").unlink()
    (photos / "sea.png").unlink()
    assert scan(folder, photos / "2023").missing == 1  # only this folder was looked at
    assert scan(folder).missing == 1


def test_names_that_are_no_text_and_clocks_in_the_future(folder: Path, photos: Path) -> None:
    odd = photos / os.fsdecode(b"caf\xe9 {}'\n.png")
    (photos / "sea.png").rename(odd)
    os.utime(odd, (2**33, 2**33))
    scan(folder, photos)
    assert scan(folder).files == 3
    assert odd.name in placed(folder)


def test_two_scans_at_once_and_folders_that_are_none(folder: Path, photos: Path) -> None:
    scan(folder, photos)
    with Library(folder) as library, library.alone(), pytest.raises(LibraryError, match="another process"):
        scan(folder)
    for wrong in (photos / "sea.png", photos / "none", Path("s3://bucket/photos")):
        with pytest.raises(UsageError, match="no folder"):
            scan(folder, wrong)
    with pytest.raises(UsageError, match="There is no library"):
        scan(folder.with_name("another"))
    with Library(folder.with_name("another"), create=True), pytest.raises(UsageError, match="No photos were scanned yet"):
        scan(folder.with_name("another"))


def test_a_full_disk_is_said_and_the_next_scan_goes_on(
    folder: Path, photos: Path, painted_reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = contents.put_faces
    monkeypatch.setattr(scan_batches, "BATCH", 1)

    def full(change: Any, *rest: Any) -> None:
        change.execute("PRAGMA max_page_count = 1")  # SQLite's own full disk
        real(change, *rest)
        change.executemany("INSERT INTO settings VALUES (?, ?)", [(str(n), "x" * 4000) for n in range(50)])

    with monkeypatch.context() as patch:
        patch.setattr(contents, "put_faces", full)
        with pytest.raises(LibraryError, match=r"full.* Make room there"):
            scan(folder, photos)
    assert placed(folder) == {}
    assert scan(folder).files == 3
    assert painted_reader.looks == 3  # the cache had kept the one that was lost


def test_a_file_that_may_not_be_read_is_tried_again(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = scan_batches.sha256_of
    with monkeypatch.context() as patch:
        patch.setattr(scan_batches, "sha256_of", lambda path: "" if path.name == "sea.png" else real(path))
        patch.setattr(scan_batches, "why_unreadable", lambda path: "no permission to read the file")
        assert [one.path.name for one in scan(folder, photos).unreadable] == ["sea.png"]
    assert scan(folder).new == 1


def test_a_file_that_is_too_large_is_not_read(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan_batches, "MAX_PHOTO_BYTES", 150)
    monkeypatch.setattr(scan_batches, "sha256_of", lambda path: pytest.fail(f"{path} was read"))
    for photo in photos.rglob("*.png"):
        photo.write_bytes(photo.read_bytes().ljust(151, b"x"))
    monkeypatch.setattr(scan_batches, "why_unreadable", lambda path: "the file is too large")
    assert len(scan(folder, photos).unreadable) == 3
    assert scan(folder).unreadable == ()


def test_a_library_that_may_only_be_read_is_told(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(folder, photos)
    real = os.open

    def on_a_disc(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_RDWR and str(path).startswith(str(folder)):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", on_a_disc)
    with pytest.raises(LibraryError, match=r"cannot be used: Read-only file system"):
        scan(folder)


def test_whoever_stops_a_scan_is_told_how_to_go_on(
    folder: Path, photos: Path, painted_reader: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(painted_reader, "cut_file", stopped)
        with pytest.raises(KeyboardInterrupt) as stop:
            scan(folder, photos)
    assert stop.value.__notes__ == ["What was found so far is kept. Scan again to go on."]
    assert scan(folder).new == 3


def test_a_scan_that_was_stopped_before_it_answered_is_answered_by_the_next(
    folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def answer(library: Library, rows: Any) -> Answered:
        asked.append(rows)
        if len(asked) == 1:
            raise KeyboardInterrupt
        answer_again(library, rows)
        return Answered(3, 3)

    monkeypatch.setattr("whosthat.workflow.library.scanning.answer_again", answer)
    with pytest.raises(KeyboardInterrupt):
        scan(folder, photos)
    assert scan(folder).answered == 3
    assert scan(folder).answered == 0
    assert asked == [{1, 2, 3}, None]


def test_what_was_said_and_not_answered_is_answered_by_the_next_scan(folder: Path, photos: Path) -> None:
    scan(folder, photos)
    say(folder, photos / "2023/beach.png")
    assert [scan(folder).answered, scan(folder).answered] == [1, 0]


def test_another_reader_looks_at_every_photo_again_also_at_those_that_were_away(
    folder: Path, photos: Path, tmp_path: Path, painted: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan(folder, photos)
    (photos / "2023").rename(tmp_path / "2023")
    scan(folder)
    other = painted.PaintedReader("other")
    monkeypatch.setattr("whosthat.workflow.library.in_use.load", lambda _bundle: type("Recogniser", (), {"reader": other})())
    scan(folder, bundle=tmp_path / "bundle")
    with Library(folder) as library:
        assert (library.setting("reader"), library.setting("bundle")) == ("other", str(tmp_path / "bundle"))
        assert [row[0] for row in library.rows("SELECT reader FROM faces ORDER BY 1")] == ["other", "painted", "painted"]
    (tmp_path / "2023").rename(photos / "2023")
    scan(folder)
    assert other.looks == 3
    with Library(folder) as library:
        assert {row[0] for row in library.rows("SELECT reader FROM faces UNION SELECT reader FROM looks")} == {"other"}


def test_only_a_face_recogniser_can_be_in_use(folder: Path, photos: Path, save_colours: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no face recogniser"):
        scan(folder, photos, bundle=save_colours(tmp_path / "bundle"))


def test_a_folder_that_cannot_be_listed_loses_nothing(folder: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scan(folder, photos)
    real = os.scandir

    def scandir(path: Any) -> Any:
        if str(path).endswith("2024"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = scan(folder)
    assert (found.missing, found.files) == (0, 3)
    assert [one.path.name for one in found.unreadable] == ["2024"]


KILLED = """
import runpy, sys
from whosthat.workflow.library import reader as library_reader, scan_batches, scanning
painted = runpy.run_path(sys.argv[1])
library_reader.open_reader = painted["PaintedReader"](wait=0.01).opened
scan_batches.BATCH = 4
print("begun", flush=True)
scanning.scan(sys.argv[2], sys.argv[3])
"""


def test_killed_at_any_moment_nothing_is_lost_and_nothing_is_there_twice(
    folder: Path, tmp_path: Path, painted: ModuleType, paint: Callable[..., Path], painted_reader: Any
) -> None:
    for number in range(32):
        paint(tmp_path / f"photos/{number % 7}/{number}.png", *list(painted.PEOPLE)[: number % 4], number=number)
    words = [sys.executable, "-c", KILLED, str(Path(painted.__file__)), str(folder), str(tmp_path / "photos")]
    kept = 0
    for after in (0.02, 0.1, 0.15):
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(after)
            process.send_signal(signal.SIGKILL)
        if (folder / FILE).exists():
            with Library(folder, create=True) as library:  # perhaps it was killed while it made the library
                now = library.rows("SELECT count(*) FROM photos")[0][0]
                assert library.rows("PRAGMA integrity_check") == [("ok",)]
                assert library.rows("SELECT id FROM photos EXCEPT SELECT photo FROM looks") == []
            assert now >= kept
            kept = now
    found = scan(folder, tmp_path / "photos")
    assert (found.photos, found.files, found.new) == (32, 32, 32 - kept)
    assert placed(folder) == {f"{number}.png": number % 4 for number in range(32)}
