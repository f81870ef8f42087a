"""Clips: which files make one, which frames are taken, and what is said of those that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos import clips
from whosthat.photos.clips import digest_of, is_clip, numbered_frames, picture_of, prepare_clip, read_clip, stamp_of
from whosthat.photos.drawing import save_image
from whosthat.photos.preparing import PrepareSpec
from whosthat.photos.reading import sha256_of


def grey(value: int, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.full((*size, 3), value, np.uint8)


def folder_of(path: Path, values: list[int], name: str = "{}.png") -> Path:
    """Frames of one grey each, numbered from 1."""
    path.mkdir(parents=True)
    for number, value in enumerate(values, start=1):
        save_image(grey(value), path / name.format(number))
    return path


def video_of(path: Path, values: list[int]) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), 25.0, (32, 24))
    for value in values:
        writer.write(grey(value))
    writer.release()
    return path


def shade(frame: np.ndarray) -> np.ndarray:
    return frame[:1, :1]


def shades(clip: clips.Clip) -> list[int]:
    return [int(frame[0, 0, 0]) for frame in clip.frames]


def test_frames_are_in_the_order_of_their_numbers_not_of_their_names(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "clip", list(range(0, 120, 10)))
    assert [path.name for path in numbered_frames(folder)][:3] == ["1.png", "2.png", "3.png"]
    assert [path.name for path in numbered_frames(folder)][-1] == "12.png"


ODD = {"without a number": ["1.png", "cover.png"], "two beginnings": ["a1.png", "b2.png"], "a number twice": ["1.png", "01.png"]}


@pytest.mark.parametrize("names", [*ODD.values(), ["anna.png", "bert.png"], ["notes1.txt"], []])
def test_what_is_no_folder_of_numbered_frames(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_bytes(b"")
    assert numbered_frames(tmp_path) == ()
    assert numbered_frames(tmp_path / "nowhere") == ()


def test_links_and_hidden_files_are_no_frames(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "clip", [0, 50])
    (folder / "3.png").symlink_to(folder / "1.png")
    (folder / ".4.png").write_bytes(b"")
    (folder / "list.txt").write_text("1 2")
    assert [path.name for path in numbered_frames(folder)] == ["1.png", "2.png"]


@pytest.mark.parametrize(("n", "expected"), [(4, [10, 40, 70, 100]), (2, [10, 100]), (1, [10])])
def test_frames_are_taken_evenly_from_the_first_to_the_last(n: int, expected: list[int], tmp_path: Path) -> None:
    values = list(range(10, 110, 10))
    for path in (folder_of(tmp_path / "clip", values, "run {:04}.png"), video_of(tmp_path / "clip.mp4", values)):
        clip = read_clip(path, n, shade)
        assert shades(clip) == pytest.approx(expected, abs=4)
        assert (clip.n_frames, clip.width, clip.height) == (10, 32, 24)


def test_a_short_clip_shows_some_frames_more_than_once(tmp_path: Path) -> None:
    assert shades(read_clip(folder_of(tmp_path / "clip", [10, 90]), 4, shade)) == [10, 10, 90, 90]


def test_a_video_that_announces_another_number_of_frames_is_counted_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video = video_of(tmp_path / "clip.mp4", list(range(10, 110, 10)))
    opened = clips.open_video

    def announcing(path: Path) -> object:
        video = opened(path)
        video.n_announced = 5
        return video

    monkeypatch.setattr(clips, "open_video", announcing)
    assert shades(read_clip(video, 2, shade)) == pytest.approx([10, 100], abs=4)


def test_a_clip_becomes_input_frame_by_frame(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "clip", [10, 50, 90])
    prepared, sha256 = prepare_clip(folder, PrepareSpec(size=8, frames=2))
    assert (prepared.shape, prepared.dtype) == ((2, 8, 8, 3), np.uint8)
    assert (prepared[0] == 10).all()
    assert (prepared[1] == 90).all()
    assert sha256 == digest_of(folder)


def test_a_clip_is_known_by_all_its_frames_in_their_order(tmp_path: Path) -> None:
    forth, back = folder_of(tmp_path / "forth", [10, 50, 90]), folder_of(tmp_path / "back", [90, 50, 10])
    again = folder_of(tmp_path / "again", [10, 50, 90], "other {:03}.png")
    assert digest_of(forth) == digest_of(again) == read_clip(forth, 2, shade).sha256
    assert digest_of(forth) != digest_of(back)
    video = video_of(tmp_path / "clip.mp4", [10, 50])
    assert digest_of(video) == sha256_of(video) == read_clip(video, 2, shade).sha256
    assert digest_of(tmp_path) == ""
    before = stamp_of(forth)
    save_image(grey(51), forth / "2.png")
    assert stamp_of(forth) != before
    assert digest_of(forth) != digest_of(again)


def test_the_frame_in_the_middle_stands_for_a_clip(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "clip", [10, 20, 50, 80, 90])
    assert (picture_of(folder) == 50).all()
    assert (picture_of(folder / "1.png") == 10).all()
    assert [is_clip(folder), is_clip(tmp_path / "CLIP.MP4"), is_clip(folder / "1.png")] == [True, True, False]


def test_what_cannot_be_used_is_said_in_one_sentence(tmp_path: Path, draw_clip: Callable[..., Path]) -> None:
    one = folder_of(tmp_path / "one", [10])
    short = video_of(tmp_path / "one.mp4", [10])
    unlike = folder_of(tmp_path / "unlike", [10, 20])
    save_image(grey(30, (24, 40)), unlike / "3.png")
    damaged = folder_of(tmp_path / "damaged", [10, 20, 30])
    (damaged / "2.png").write_bytes((damaged / "2.png").read_bytes()[:50])
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.mp4").write_text("Dear diary,")
    half = draw_clip(tmp_path / "half.mkv", 0, n_frames=60)
    half.write_bytes(half.read_bytes()[: half.stat().st_size // 2])
    for path, reason in (
        (one, "it is a clip of one frame"),
        (short, "it is a clip of one frame"),
        (unlike, "its frames differ in size: 1.png has 32 x 24 pixels, 3.png 40 x 24"),
        (damaged, "its frame 2.png cannot be read: the file ends too early"),
        (tmp_path / "empty", "this folder holds no numbered frames"),
        (tmp_path / "text.mp4", "this is not a video in a format"),
        (half, "the file is cut off or damaged: only"),
    ):
        with pytest.raises(PhotoError) as caught:
            read_clip(path, 2, shade)
        assert caught.value.reason.startswith(reason)
        assert caught.value.path == path
