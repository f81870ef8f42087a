"""Clips in a data set: found, counted, compared and prepared as one item each."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from whosthat import photo_cache
from whosthat.dataset import facts as facts_module
from whosthat.dataset.audit import Audit, audit, audit_folder
from whosthat.dataset.cache import cache_file, prepare_photos
from whosthat.dataset.facts import RememberedFacts, read_facts
from whosthat.dataset.folder import scan
from whosthat.dataset.split import split
from whosthat.errors import DatasetError
from whosthat.photo_cache import PhotoCache
from whosthat.photos.preparing import PrepareSpec

DrawClip = Callable[..., Path]
SPEC = PrepareSpec(16, frames=4)


@pytest.fixture
def root(tmp_path: Path, draw_clip: DrawClip) -> Path:
    """Two classes with six clips each: folders of frames, and one video."""
    for label, name in enumerate(("left", "right")):
        for number in range(6):
            suffix = ".mp4" if number == 5 else ""
            draw_clip(tmp_path / "clips" / name / f"take{number}{suffix}", 10 * label + number, left=name == "left")
    return tmp_path / "clips"


def finding(found: Audit, kind: str) -> str:
    return next((item.sentence for item in found.findings if item.kind == kind), "")


def test_a_folder_of_frames_and_a_video_are_one_item_each(root: Path) -> None:
    found = scan(root, clips=True)
    assert [photo.name for photo in found.photos if photo.class_name == "left"] == [f"left/take{n}" for n in range(5)] + ["left/take5.mp4"]
    assert found.set_aside == ()
    frames = scan(root)  # for a network that sees photos
    assert len(frames.photos) == 10 * 8
    assert {item.reason for item in frames.set_aside} == {"a video"}
    assert finding(audit(frames), "left-out").endswith("A network that looks at several frames learns from videos: --frames 8.")


def test_photos_in_the_class_folder_itself_are_no_clip_and_other_files_are_named(root: Path) -> None:
    for number in (1, 2):
        (root / "left" / f"{number}.png").write_bytes((root / "left" / "take0" / f"{number}.png").read_bytes())
    (root / "left" / "take0" / "timing.txt").write_text("8 frames")
    (root / "left" / "take1" / "cover.png").write_bytes((root / "left" / "take1" / "1.png").read_bytes())
    found = scan(root, clips=True)
    names = {photo.name for photo in found.photos}
    assert {"left/1.png", "left/2.png", "left/take0"} <= names
    assert {"left/take1/1.png", "left/take1/cover.png"} <= names  # not all of its photos are numbered: they are photos
    assert [(item.path.name, item.reason) for item in found.set_aside] == [("timing.txt", "not a photo")]


def test_clips_are_counted_and_all_that_is_odd_is_said(root: Path, draw_clip: DrawClip) -> None:
    draw_clip(root / "left" / "short", 90, n_frames=3)
    Image.fromarray(np.full((32, 32, 3), 9, np.uint8)).save(root / "right" / "still.png")
    (root / "right" / "take0" / "3.png").write_bytes(b"")
    draw_clip(root / "right" / "one.mp4", 91, n_frames=1)
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(root / "right" / "take1" / "9.png")
    (root / "right" / "text.mp4").write_text("Dear diary,")
    found = audit_folder(root, frames=4)
    assert found.to_dict()["n_clips"] == 11
    assert finding(found, "clips") == "11 clips can be used; 4 frames of each are looked at, evenly from first to last."
    assert finding(found, "short-clips").startswith("1 clip with fewer than 4 frames: left/short (3).")
    assert finding(found, "photos-beside-clips").startswith("1 photo beside the clips: right/still.png.")
    reasons = {item.path.name: item.reason for item in found.set_aside}
    assert reasons["take0"] == "its frame 3.png cannot be read: the file is empty"
    assert reasons["one.mp4"].startswith("it is a clip of one frame")
    assert reasons["take1"].startswith("its frames differ in size: 1.png has 32 x 32 pixels, 9.png 8 x 8")
    assert reasons["text.mp4"].startswith("this is not a video")
    assert "4 files cannot be read" in finding(found, "unreadable")


def test_photos_where_clips_are_asked_for_are_a_warning(tmp_path: Path) -> None:
    for shade, name in enumerate(("anna", "bert")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.fromarray(np.full((70, 70, 3), shade, np.uint8)).save(tmp_path / "photos" / name / f"{name}.png")
    assert finding(audit_folder(tmp_path / "photos", frames=4), "no-clips").startswith("There are no clips.")
    assert finding(audit_folder(tmp_path / "photos"), "no-clips") == ""


def test_a_folder_of_videos_alone_says_what_learns_from_them(tmp_path: Path, draw_clip: DrawClip) -> None:
    draw_clip(tmp_path / "clips" / "left" / "one.mp4", 1)
    with pytest.raises(DatasetError, match=r"1 video.*--model cnn-lstm --frames 8"):
        scan(tmp_path / "clips")


def test_the_same_clip_saved_again_is_found_and_the_reverse_is_another(root: Path, draw_clip: DrawClip) -> None:
    draw_clip(root / "left" / "again.mp4", 0, left=True)  # take0 as a video
    draw_clip(root / "right" / "back", 0)  # take0 backwards
    draw_clip(root / "left" / "copy", 1, left=True)  # take1 once more
    found = audit_folder(root, frames=4)
    group = {item.photo.name: item.group for item in found.photos}
    assert group["left/again.mp4"] == group["left/take0"] != group["right/back"]
    assert group["left/copy"] == group["left/take1"]
    assert len(set(group.values())) == 13
    assert "left/again.mp4 ~ left/take0" in finding(found, "look-alikes")
    assert "left/copy ~ left/take1" in finding(found, "copies")


def test_one_clip_in_two_folders_is_used_in_none(root: Path, draw_clip: DrawClip) -> None:
    draw_clip(root / "right" / "copy", 1, left=True)
    found = audit_folder(root, frames=4)
    assert {"copy", "take1"} <= {item.path.name for item in found.set_aside}
    assert "left/take1 = right/copy" in finding(found, "two-names")


def test_what_is_known_of_a_clip_is_remembered_until_a_frame_changes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = audit_folder(root, frames=4)
    read: list[str] = []
    monkeypatch.setattr(facts_module, "read_facts", lambda path: read.append(path.name) or read_facts(path))
    assert audit_folder(root, frames=4).photos == before.photos
    assert read == []
    frame = root / "left" / "take2" / "4.png"
    frame.write_bytes((root / "left" / "take2" / "5.png").read_bytes())
    os.utime(frame, ns=(1, 1))
    audit_folder(root, frames=4)
    assert read == ["take2"]


def test_a_cache_of_an_earlier_version_gets_the_new_column(root: Path) -> None:
    place = photo_cache.place()
    place.parent.mkdir(parents=True)
    with sqlite3.connect(place) as old:
        old.execute(
            "CREATE TABLE facts (folder BLOB, name BLOB, reader TEXT, stamp TEXT, sha256 TEXT, width INTEGER, height INTEGER, "
            "taken_at REAL, thumbnail BLOB, PRIMARY KEY (folder, name))"
        )
    old.close()
    memory = RememberedFacts(root)
    assert memory.facts("left/take0", root / "left" / "take0").n_frames == 8
    memory.save()
    with PhotoCache() as cache:
        assert cache.rows("SELECT frames FROM facts") == [(8,)]


def test_clips_are_prepared_once_and_stay_in_one_part(root: Path, draw_clip: DrawClip) -> None:
    Image.fromarray(np.full((32, 32, 3), 90, np.uint8)).save(root / "right" / "still.png")
    found = audit(scan(root, clips=True), frames=4)
    parts = split(found, ratios=(6, 2, 2))
    gone = parts.parts["train"][0].photo.path
    (gone / "1.png").write_bytes((gone / "2.png").read_bytes())
    with prepare_photos(parts, SPEC, cache_file(root, SPEC)) as prepared:
        rows = {name: prepared.images(part)[row] for part in parts.parts for row, name in enumerate(prepared.paths(part))}
        assert [(item.path, item.reason) for item in prepared.set_aside] == [(gone, "it has changed since it was checked")]
    assert len(rows) == 12
    assert {row.shape for row in rows.values()} == {(4, 16, 16, 3)}
    assert (rows["right/still.png"] == 90).all()
    moving = next(row for name, row in rows.items() if name.startswith("right/take"))
    assert all((one != other).any() for one, other in itertools.pairwise(moving))
