import os
import struct
import subprocess
import sys

import cv2
import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos.video import looks_like_video, open_video

RED, BLUE = (250, 0, 0), (0, 0, 250)


def save_video(path, frames, *, code="mp4v", rate=25.0):
    """Write RGB frames; OpenCV's writer wants plain letters, so the file is written beside and renamed."""
    plain = path.with_name(f"plain{path.suffix}")
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(plain), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*code), rate, (width, height))
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
    writer.release()
    plain.replace(path)
    return path


def coloured(colour, count=10, size=(48, 64)):
    """Frames whose upper half is white, so that up can be told from down."""
    frame = np.empty((*size, 3), np.uint8)
    frame[:] = colour
    frame[: size[0] // 2] = 255
    return [frame] * count


def turn_by_90_degrees(content):
    """Write a quarter turn into the track's matrix (ISO/IEC 14496-12, tkhd), as phones do that are held upright."""
    at = content.index(b"tkhd") + 4 + 40
    turned = struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30)
    return content[:at] + turned + content[at + 36 :]


@pytest.mark.parametrize(("suffix", "code"), [(".mp4", "mp4v"), (".mov", "mp4v"), (".mkv", "mp4v"), (".avi", "MJPG")])
def test_frames_come_in_rgb_with_their_times(suffix, code, tmp_path):
    path = save_video(tmp_path / f"film{suffix}", coloured(RED), code=code)
    with open_video(path) as video:
        frames = list(video.frames(every=4))
    assert [frame.index for frame in frames] == [0, 4, 8]
    assert [frame.seconds for frame in frames] == pytest.approx([0, 0.16, 0.32], abs=0.001)
    assert frames[0].image.shape == (48, 64, 3)
    assert np.abs(frames[0].image[40, 30].astype(int) - RED).max() < 12
    assert (video.rate, video.n_announced, video.n_read, video.problem) == (25, 10, 10, "")


def test_any_letters_may_stand_in_the_path(tmp_path):
    folder = tmp_path / "été 張偉 %03d"
    folder.mkdir()
    with open_video(str(save_video(folder / "фильм 100%.mp4", coloured(RED, 2)))) as video:
        assert len(list(video.frames())) == 2


def test_a_video_held_upright_comes_upright(tmp_path):
    path = save_video(tmp_path / "phone.mp4", coloured(BLUE))
    path.write_bytes(turn_by_90_degrees(path.read_bytes()))
    with open_video(path) as video:
        image = next(video.frames()).image
    assert image.shape == (64, 48, 3)
    assert image[:, 40].min() > 200  # the white upper half has turned to the right
    assert image[:, 8, 0].max() < 60


def test_cuts_are_told_and_movement_is_none(tmp_path):
    noise = np.random.default_rng(3).integers(0, 255, (2, 6, 16, 3), np.uint8)
    scenes = [cv2.resize(one, (256, 96), interpolation=cv2.INTER_CUBIC) for one in noise]
    moving = [np.roll(scene, 2 * step, axis=1) for scene in scenes for step in range(8)]
    with open_video(save_video(tmp_path / "cut.mp4", moving)) as video:
        assert [frame.index for frame in video.frames(every=3) if frame.new_scene] == [9]  # the cut is before frame 8


def test_a_cut_off_file_gives_what_is_left_and_says_so(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (20, 64, 64, 3), np.uint8)
    path = save_video(tmp_path / "half.mkv", list(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with open_video(path) as video:
        assert 0 < len(list(video.frames())) < 20
        assert "cut off or damaged: only" in video.problem


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"hello there, this is no film", "not a video in a format"),
        (b"#EXTM3U\n#EXTINF:9,\nhttp://localhost:1/a.ts\n", "not a video in a format"),
        (b"ffconcat version 1.0\nfile /etc/hostname\n", "not a video in a format"),
        (b"\0\0\0\x20ftypisom" + bytes(300), "damaged, cut off"),
        (b"\x1aE\xdf\xa3" + bytes(range(256)), "damaged, cut off"),
    ],
)
def test_what_is_no_video_is_refused(content, reason, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(content)
    with pytest.raises(PhotoError, match=reason):
        open_video(path)


def test_what_is_no_file_is_refused(tmp_path):
    with pytest.raises(PhotoError, match="not found"):
        open_video(tmp_path / "gone.mp4")
    with pytest.raises(PhotoError, match="cannot be read"):
        open_video("nul\0.mp4")
    with pytest.raises(PhotoError, match="this is not a file"):
        open_video(tmp_path)


def test_limits_are_kept(tmp_path, monkeypatch):
    path = save_video(tmp_path / "film.mp4", coloured(RED))
    monkeypatch.setattr("whosthat.photos.video.MAX_VIDEO_FRAMES", 4)
    with open_video(path) as video:
        assert len(list(video.frames())) == 4
        assert video.problem == "only the first 4 frames were read"
    monkeypatch.setattr("whosthat.photos.video.MAX_VIDEO_PIXELS", 64 * 48 - 1)
    with pytest.raises(PhotoError, match=r"megapixels \(64 x 48\), more than"):
        open_video(path)


def test_the_content_decides_what_is_a_video(tmp_path):
    video = save_video(tmp_path / "film.mp4", coloured(RED, 1)).read_bytes()
    for name, content, expected in (
        ("a.mp4", video, True),
        ("b", video, True),
        ("c.jpg", video, True),
        ("d.mp4", b"\xff\xd8\xff\xe1 a photo", False),
        ("e.mp4", b"text", True),  # refused as a video, not as a photo
        ("f.txt", b"text", False),
    ):
        (tmp_path / name).write_bytes(content)
        assert looks_like_video(tmp_path / name) is expected, name
    assert looks_like_video(tmp_path / "gone.mp4")


def test_nothing_is_written_to_standard_error(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (10, 64, 64, 3), np.uint8)
    content = bytearray(save_video(tmp_path / "film.mp4", list(noise)).read_bytes())
    for at in range(2000, len(content) // 2, 97):
        content[at] ^= 0xFF
    (tmp_path / "damaged.mp4").write_bytes(content)
    (tmp_path / "junk.mp4").write_bytes(b"\0\0\0\x20ftypisom" + bytes(300))
    program = (
        "import sys\nfrom whosthat.errors import PhotoError\nfrom whosthat.photos.video import open_video\n"
        "for name in sys.argv[1:]:\n"
        "    try:\n        with open_video(name) as video: list(video.frames())\n"
        "    except PhotoError: pass\n"
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    files = [str(tmp_path / name) for name in ("film.mp4", "damaged.mp4", "junk.mp4")]
    told = subprocess.run([sys.executable, "-c", program, *files], capture_output=True, text=True, env=environment, check=True)
    assert told.stderr == told.stdout == ""


@pytest.mark.real
def test_the_real_clip_has_three_cuts(real_data):
    with open_video(real_data / "video" / "short_clip.mp4") as video:
        assert [frame.index for frame in video.frames() if frame.new_scene] == [20, 82, 211]
    assert (video.n_read, video.problem) == (275, "")
