"""Videos written through FFmpeg: every frame at its time, in its colours, with the sound of another video."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import stat
import struct
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos import video_writing
from whosthat.photos.video import open_video
from whosthat.photos.video_writing import VideoWriter, find_ffmpeg

RATE = 25


@pytest.fixture
def ffmpeg() -> Any:
    found = find_ffmpeg()
    if found is None:
        pytest.skip("FFmpeg is not installed")
    return found


def make(path: Path, *arguments: str) -> Path:
    """Let FFmpeg make a video of a test picture, by its own words."""
    subprocess.run(["ffmpeg", "-y", "-v", "error", *arguments, f"file:{path}"], check=True, stdin=subprocess.DEVNULL)
    return path


PICTURE = ("-f", "lavfi", "-i", "testsrc=size=64x48:rate=25:duration=1")
TONE = ("-f", "lavfi", "-i", "sine=duration=1")


def told(path: Path, *wanted: str) -> dict[str, Any]:
    probe = ["ffprobe", "-v", "error", "-of", "json", *wanted, f"file:{path}"]
    return json.loads(subprocess.run(probe, check=True, capture_output=True).stdout)


def streams(path: Path) -> list[dict[str, Any]]:
    return told(path, "-show_streams")["streams"]


def times(path: Path) -> list[float]:
    frames = told(path, "-select_streams", "v:0", "-show_entries", "frame=pts_time")["frames"]
    return [float(one["pts_time"]) for one in frames]


def again(ffmpeg: Any, source: Path, target: Path, **more: Any) -> Path:
    with open_video(source) as video:
        frames = list(video.frames())
    assert bool(video.problem) == ("until" in more)  # until when a video that is cut off can be read
    with VideoWriter(ffmpeg, target, source, frames[0].image.shape[1::-1], rate=video.rate, **more) as writer:
        for frame in frames:
            writer.write(frame.image, frame.seconds)
    return target


def images(path: Path) -> list[Any]:
    with open_video(path) as video:
        return [frame.image for frame in video.frames()]


def test_every_frame_is_there_with_the_sound_and_its_colours(ffmpeg: Any, tmp_path: Path) -> None:
    bars = ("-f", "lavfi", "-i", "smptebars=size=128x96:rate=25:duration=1")
    source = make(tmp_path / "film.mp4", *bars, *TONE, "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-metadata", "title=Party")
    copy = again(ffmpeg, source, tmp_path / "copy.mp4")
    assert len(times(copy)) == 25
    video, sound = streams(copy)
    assert (video["codec_name"], sound["codec_name"], video["color_space"]) == ("h264", "aac", "bt709")
    assert told(copy, "-show_format")["format"]["tags"]["title"] == "Party"
    before, after = images(source)[12], images(copy)[12]
    assert np.abs(before.astype(int) - after).mean() < 4


@pytest.mark.parametrize("name", ["phone.mp4", "screen.mkv"])  # Matroska announces as many frames as there would be at one rate
def test_frames_keep_times_that_vary(ffmpeg: Any, name: str, tmp_path: Path) -> None:
    source = make(tmp_path / name, *PICTURE, "-vf", "select='not(mod(n,4))+not(mod(n,7))'", "-fps_mode", "vfr")
    copy = again(ffmpeg, source, tmp_path / "copy.mp4")
    assert len({round(late - early, 3) for early, late in itertools.pairwise(times(source))}) > 2
    assert times(copy) == pytest.approx(times(source), abs=0.001)


def test_an_ffmpeg_without_h264_writes_mpeg4(ffmpeg: Any, tmp_path: Path) -> None:
    source = make(tmp_path / "phone.mp4", *PICTURE, *TONE, "-vf", "select='not(mod(n,4))+not(mod(n,7))'", "-fps_mode", "vfr")
    copy = again(replace(ffmpeg, encoder="mpeg4"), source, tmp_path / "copy.mp4")
    assert [one["codec_name"] for one in streams(copy)] == ["mpeg4", "aac"]
    assert times(copy) == pytest.approx(times(source), abs=0.001)


def test_sound_that_begins_before_the_video_stays_in_step(ffmpeg: Any, tmp_path: Path) -> None:
    plain = make(tmp_path / "plain.mp4", *PICTURE, *TONE)
    source = make(
        tmp_path / "late.mp4", "-i", str(plain), "-itsoffset", "0.5", "-i", str(plain), "-map", "0:a", "-map", "1:v", "-c", "copy"
    )
    copy = again(ffmpeg, source, tmp_path / "copy.mp4")
    starts = {one["codec_type"]: float(one["start_time"]) for one in streams(copy)}
    assert starts["video"] - starts["audio"] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize(
    ("name", "arguments", "sounds"),
    [
        ("silent.mp4", PICTURE, []),
        ("two.mkv", (*PICTURE, *TONE, *TONE, "-map", "0", "-map", "1", "-map", "2", "-c:a", "libmp3lame"), ["mp3", "mp3"]),
        ("raw.avi", (*PICTURE, *TONE, "-c:a", "pcm_s16le"), ["aac"]),
        ("-y.mp4", (*PICTURE, *TONE), ["aac"]),
        ("concat:a%03d|b.mp4", (*PICTURE, *TONE), ["aac"]),
    ],
)
def test_any_sound_and_any_name(ffmpeg: Any, name: str, arguments: Any, sounds: list[str], tmp_path: Path) -> None:
    source = make(tmp_path / name, *arguments)
    copy = again(ffmpeg, source, tmp_path / f"{name}.copy")
    assert [one["codec_name"] for one in streams(copy) if one["codec_type"] == "audio"] == sounds
    assert len(times(copy)) == 25


def test_odd_sizes_lose_no_pixel(ffmpeg: Any, tmp_path: Path) -> None:
    source = make(tmp_path / "film.mp4", *PICTURE)
    frame = np.full((37, 51, 3), 200, np.uint8)
    with VideoWriter(ffmpeg, tmp_path / "odd.mp4", source, (51, 37), rate=RATE) as writer:
        writer.write(frame, 0.0)
    (image,) = images(tmp_path / "odd.mp4")
    assert image.shape == (38, 52, 3)
    assert np.abs(image.astype(int) - 200).max() < 6


def turn_by_90_degrees(path: Path) -> None:
    """Write a quarter turn into the track's matrix (ISO/IEC 14496-12, tkhd), as phones do that are held upright."""
    content = path.read_bytes()
    at = content.index(b"tkhd") + 4 + 40
    path.write_bytes(content[:at] + struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30) + content[at + 36 :])


def test_a_turned_video_is_upright_and_its_pixels_keep_their_shape(ffmpeg: Any, tmp_path: Path) -> None:
    source = make(tmp_path / "turned.mp4", *PICTURE, "-vf", "setsar=4/3")
    turn_by_90_degrees(source)
    (video,) = streams(again(ffmpeg, source, tmp_path / "copy.mp4"))
    assert (video["width"], video["height"], video["sample_aspect_ratio"]) == (48, 64, "3:4")
    assert "side_data_list" not in video


def test_a_video_that_is_cut_off_keeps_what_is_there(ffmpeg: Any, tmp_path: Path) -> None:
    source = make(tmp_path / "film.mkv", *PICTURE, *TONE, "-c:v", "mjpeg")
    source.write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    n_frames = len(images(source))
    copy = again(ffmpeg, source, tmp_path / "copy.mp4", until=n_frames / RATE)
    assert 3 < len(times(copy)) == n_frames < 20


def test_a_full_disk_is_said_as_such(ffmpeg: Any, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this file system has no /dev/full")
    source = make(tmp_path / "film.mp4", *PICTURE)
    with pytest.raises(OSError, match="No space left on device"):
        again(ffmpeg, source, Path("/dev/full"))


def pretend(folder: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an FFmpeg first that answers as the real one does, and then does something else in its place."""
    folder.mkdir()
    real = shutil.which("ffmpeg")
    (folder / "ffmpeg").write_text(f'#!/bin/sh\nif [ "$1" = -encoders ]; then exec {real} "$@"; fi\n{ending}\n')
    (folder / "ffmpeg").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("ending", ["exec sleep 60", "cat > /dev/null; exec sleep 60"])
def test_an_ffmpeg_that_stands_still_is_stopped(ffmpeg: Any, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make(tmp_path / "film.mp4", *PICTURE)
    pretend(tmp_path / "bin", ending, monkeypatch)
    monkeypatch.setattr(video_writing, "PATIENCE", 1)
    with pytest.raises(PhotoError, match="FFmpeg stood still for 1 seconds"):
        again(find_ffmpeg(), source, tmp_path / "copy.mp4")


def test_the_last_words_of_an_ffmpeg_that_fails_are_passed_on(ffmpeg: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = make(tmp_path / "film.mp4", *PICTURE)
    pretend(tmp_path / "bin", "echo first >&2; echo 'no such encoder' >&2; exit 1", monkeypatch)
    with pytest.raises(PhotoError, match="FFmpeg failed: no such encoder"):
        again(find_ffmpeg(), source, tmp_path / "copy.mp4")


def test_without_ffmpeg_there_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() is None
