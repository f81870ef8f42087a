"""A folder of photos in storage is read by the rules of any folder, from its listing, and its photos are fetched when new or changed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from whosthat.dataset.audit import audit_folder
from whosthat.dataset.folder import scan
from whosthat.errors import DatasetError, WhosthatError
from whosthat.photos import storage
from whosthat.photos.storage import fetched_once
from whosthat.types import SetAside

ODD = "a b+c%2Fd?e#f&g=é中\"'<>!*()~@$,;:[]{}|^`.png"


@pytest.fixture
def colours(bucket: Any, draw_colours: Callable[..., Path], tmp_path: Path) -> Path:
    """The same photos in storage, as s3://photos/colours, and in a folder of this computer."""
    folder = draw_colours(tmp_path / "colours", each=4)
    (folder / "red" / ".hidden").mkdir()
    (folder / "red" / ".hidden" / "0.png").write_bytes(b"")
    (folder / "red" / "deep" / "er").mkdir(parents=True)
    (folder / "red" / "deep" / "er" / ODD).write_bytes((folder / "red" / "0.png").read_bytes() + b"more")
    (folder / "red" / "folder.jpg").mkdir()
    (folder / "red" / "folder.jpg" / "1.png").write_bytes(b"")
    (folder / "red" / "empty.png").touch()
    (folder / "red" / "party.mp4").write_bytes(b"")
    (folder / "blue").mkdir()
    (folder / "blue" / "notes.txt").write_bytes(b"")
    (folder / "loose.jpg").write_bytes(b"")
    (folder / ".cache").mkdir()
    (folder / ".cache" / "1.png").write_bytes(b"")
    (folder / "readme.md").write_bytes(b"")
    bucket.holds(folder, "photos/colours")
    return folder


def test_the_rules_are_those_of_any_folder(colours: Path, bucket: Any) -> None:
    here, there = scan(colours), scan(Path("s3://photos/colours"))
    assert [photo.name for photo in there.photos] == [photo.name for photo in here.photos]
    assert [str(photo.path) for photo in there.photos] == [f"s3://photos/colours/{photo.name}" for photo in here.photos]
    assert (there.classes, there.root.name) == (here.classes, "colours")
    assert [(one.path.relative_to(there.root), one.reason) for one in there.set_aside] == [
        (one.path.relative_to(colours), one.reason) for one in here.set_aside
    ]
    assert f"red/deep/er/{ODD}" in {photo.name for photo in there.photos}
    assert bucket.fetched == []


def test_the_audit_says_the_same(colours: Path) -> None:
    def told(audit: Any) -> object:
        whole = audit.to_dict()
        root = whole.pop("root")
        return {**whole, "set_aside": [(one["path"].removeprefix(root), one["reason"]) for one in whole["set_aside"]]}

    there = audit_folder("s3://photos/colours")
    assert told(there) == told(audit_folder(colours))
    assert str(there.root) == there.to_dict()["root"] == "s3://photos/colours"
    assert any(one.reason == "the file is empty" for one in there.set_aside)


def test_a_folder_that_is_marked_is_a_class_without_photos(colours: Path, bucket: Any) -> None:
    bucket.files |= {"photos/colours/": b"", "photos/colours/nobody/": b"", "photos/colours/red/": b"", "photos/colours/.git/": b""}
    found = scan(Path("s3://photos/colours"))
    assert found.classes == ("green", "red")
    assert [one.path.name for one in found.set_aside if one.reason == "a folder without photos"] == ["blue", "nobody"]


def test_names_that_no_path_can_hold_are_set_aside(colours: Path, bucket: Any) -> None:
    before = scan(Path("s3://photos/colours")).photos
    bucket.files |= {f"photos/colours/{name}": b"" for name in ("red//0.png", "red/./1.png", "red/2.png?versionId=3.png")}
    found = scan(Path("s3://photos/colours"))
    assert found.photos == before
    assert sum("rename it" in one.reason for one in found.set_aside) == 3


def test_pages_are_read_to_the_end(colours: Path, bucket: Any) -> None:
    whole = scan(Path("s3://photos/colours"))
    bucket.page = 3
    bucket.asked.clear()
    assert scan(Path("s3://photos/colours")) == whole
    assert len(bucket.asked) == -(-len(bucket.files) // 3)


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("s3://photos/colour", "There is nothing at s3://photos/colour"),
        ("s3://photos/colours/red/0.png", "There is nothing at s3://photos/colours/red/0.png"),
        ("s3://photos/colours/blue", "has no sub-folders with photos"),
        ("s3://photos/colours/red/deep/er", r"Found 1 photo\(s\) directly in s3://photos/colours/red/deep/er"),
        ("s3://", "s3:// names no bucket"),
    ],
)
def test_what_is_no_folder_of_photos_is_refused(colours: Path, address: str, why: str) -> None:
    with pytest.raises(WhosthatError, match=why):
        scan(Path(address))


def test_clips_and_closed_folders_are_refused(colours: Path, bucket: Any) -> None:
    with pytest.raises(DatasetError, match="clips are read from folders of this computer"):
        scan(Path("s3://photos/colours"), clips=True)
    bucket.refuses = True
    with pytest.raises(DatasetError, match="s3://photos/colours cannot be listed: Access Denied"):
        scan(Path("s3://photos/colours"))


def test_a_second_look_fetches_what_is_new_or_changed(colours: Path, bucket: Any) -> None:
    first = audit_folder("s3://photos/colours")
    assert sorted(bucket.fetched) == sorted({f"photos/colours/{one.photo.name}" for one in first.photos} | {"photos/colours/red/empty.png"})
    bucket.asked.clear()
    del bucket.files["photos/colours/red/empty.png"]
    assert audit_folder("s3://photos/colours").photos == first.photos
    assert bucket.fetched == []
    bucket.files["photos/colours/red/1.png"] = bucket.files["photos/colours/red/3.png"]
    bucket.files["photos/colours/red/new.png"] = bucket.files["photos/colours/green/1.png"]
    audit_folder("s3://photos/colours")
    assert sorted(bucket.fetched) == ["photos/colours/red/1.png", "photos/colours/red/new.png"]


def test_several_are_asked_for_at_once(colours: Path, bucket: Any) -> None:
    bucket.late = 0.3
    audit_folder("s3://photos/colours")
    assert max(bucket.at_once) > min(os.cpu_count() or 1, 4)  # all ten, where nothing else keeps the computer busy


def test_a_photo_that_is_refused_is_set_aside(colours: Path, bucket: Any) -> None:
    bucket.bad["photos/colours/red/1.png"] = "refused"
    audit = audit_folder("s3://photos/colours")
    assert SetAside(audit.root / "red" / "1.png", "no permission to read the file") in audit.set_aside


@pytest.mark.parametrize("how", ["half", "error"])
def test_storage_that_fails_ends_the_look_and_what_was_seen_is_remembered(colours: Path, bucket: Any, how: str) -> None:
    whole = [one.sha256 for one in audit_folder("s3://photos/colours").photos]
    bucket.files |= {f"photos/colours/red/x{number}.png": bucket.files[f"photos/colours/red/{number}.png"] for number in range(3)}
    bucket.bad["photos/colours/red/x1.png"] = how
    bucket.asked.clear()
    with pytest.raises(DatasetError, match=r"s3://photos/colours/red/x1.png: .*the storage does not answer.*same command again"):
        audit_folder("s3://photos/colours")
    bucket.asked.clear()
    bucket.bad.clear()
    assert {*whole} == {one.sha256 for one in audit_folder("s3://photos/colours").photos}
    assert "photos/colours/red/x1.png" in bucket.fetched
    assert not {f"photos/colours/red/{number}.png" for number in range(4)} & {*bucket.fetched}


def test_what_is_fetched_is_kept_while_a_command_runs_and_no_longer(colours: Path, bucket: Any, tmp_path: Path) -> None:
    photo = storage.StoredPhoto("s3://photos/colours/red/1.png")
    with fetched_once():
        with fetched_once():
            whole = storage.fetch(photo, 1000)
        assert storage.fetch(photo, 1000) == whole == (colours / "red" / "1.png").read_bytes()
        assert storage.fetch(photo, 9) == whole[:10]
        assert len(bucket.fetched) == 1
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert storage.fetch(photo, 9) == whole[:10]
    assert len(bucket.fetched) == 2


def test_what_finds_no_room_is_fetched_again(colours: Path, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (storage.StoredPhoto(f"s3://photos/colours/red/{number}.png") for number in (1, 2))
    monkeypatch.setattr(storage, "MOST_KEPT", len((colours / "red" / "1.png").read_bytes()) + 10)
    with fetched_once():
        for photo in (first, second, first, second):
            assert storage.fetch(photo, 1000)
    assert bucket.fetched.count("photos/colours/red/1.png") == 1
    assert bucket.fetched.count("photos/colours/red/2.png") == 2
