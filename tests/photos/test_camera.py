"""The camera, without one: OpenCV's answers are those that it gives where there is one."""

from __future__ import annotations

import http.server
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from whosthat.errors import PhotoError, UsageError
from whosthat.photos import camera as cameras
from whosthat.photos.camera import Camera, LiveCamera, open_camera, open_stream, stream_address
from whosthat.photos.drawing import encode_image


class Capture:
    """What ``cv2.VideoCapture`` gives: blue pictures first to last, then nothing."""

    def __init__(self, *frames: Any) -> None:
        self.frames = list(frames)
        self.released = False

    def isOpened(self) -> bool:
        return True

    def set(self, _name: int, _value: float) -> bool:
        return False

    def read(self) -> tuple[bool, Any]:
        return (True, self.frames.pop(0)) if self.frames else (False, None)

    def grab(self) -> bool:
        time.sleep(0.001)
        return bool(self.frames)

    def release(self) -> None:
        self.released = True


def test_no_camera_is_a_sentence_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(PhotoError, match=r"No camera was found\. Plug one in"):
        open_camera(79)
    assert capfd.readouterr().err == ""


def test_pictures_are_rgb_until_the_camera_is_unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    capture = Capture(np.full((4, 6, 3), (200, 0, 9), np.uint8))
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number, _backend: capture)
    camera = open_camera()
    image = camera.frame()
    assert (image.shape, image[0, 0].tolist(), image.flags.c_contiguous) == ((4, 6, 3), [9, 0, 200], True)
    with pytest.raises(PhotoError, match="gives no picture"):
        camera.frame()
    camera.close()
    assert capture.released


def test_pictures_beyond_every_bound_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda _number, _backend: Capture(np.zeros((4, 6, 3), np.uint8)))
    monkeypatch.setattr(cameras, "MAX_VIDEO_PIXELS", 23)
    with pytest.raises(PhotoError, match="too large"):
        open_camera().frame()


def test_a_file_named_by_a_number_is_no_camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("79").write_bytes(b"RIFF....AVI ")
    with pytest.raises(PhotoError, match="No camera"):
        open_camera(79)


@pytest.mark.parametrize(
    ("text", "password", "address"),
    [
        ("rtsp://10.0.0.7/live", None, "rtsp://10.0.0.7/live"),
        ("rtsp://me@10.0.0.7:554/live?a=1", "p:@/ö", "rtsp://me:%70%3A%40%2F%C3%B6@10.0.0.7:554/live?a=1"),
        ("http://cam.local", "x", "http://:%78@cam.local"),
        ("http://[fe80::1]:81/video", None, "http://[fe80::1]:81/video"),
        ("/srv/uploads", None, None),
        ("0", None, None),
    ],
)
def test_addresses_of_cameras(text: str, password: str | None, address: str | None) -> None:
    assert stream_address(text, password) == address


@pytest.mark.parametrize(
    "text", ["file:///etc/passwd", "ftp://host/x", "rtsp://", "concat://a", "rtsp://host/a b", "RTSP://host/x", "udp://:1"]
)
def test_other_addresses_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="begins with rtsp"):
        stream_address(text)


def test_a_password_on_the_command_line_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError, match="WHOSTHAT_CAMERA_PASSWORD") as refused:
        stream_address("rtsp://me:secret@host/x")
    assert "secret" not in str(refused.value)


class Streaming(http.server.BaseHTTPRequestHandler):
    """A camera of a network, as many are: JPEG after JPEG. Other paths try to lead elsewhere."""

    def do_GET(self) -> None:
        self.server.paths.append(self.path)  # type: ignore[attr-defined]
        if self.path == "/list.m3u8":
            self._begin(200, "Content-Type", "application/vnd.apple.mpegurl")
            self.wfile.write(f"#EXTM3U\n#EXTINF:10,\nhttp://127.0.0.1:{self.server.server_address[1]}/secret.ts\n#EXT-X-ENDLIST\n".encode())
        elif self.path == "/away":
            self._begin(302, "Location", "file:///etc/passwd")
        else:
            self._stream()

    def _begin(self, status: int, header: str, value: str) -> None:
        self.send_response(status)
        self.send_header(header, value)
        self.end_headers()

    def _stream(self) -> None:
        self._begin(200, "Content-Type", "multipart/x-mixed-replace; boundary=frame")
        try:
            for number in range(10_000):
                jpeg = encode_image(np.full((48, 64, 3), (10 * number) % 250, np.uint8))
                self.wfile.write(b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n" % (len(jpeg), jpeg))
                self.server.stopping.wait(0.01)  # type: ignore[attr-defined]
        except OSError:
            self.close_connection = True

    def log_message(self, *_rest: Any) -> None: ...


@pytest.fixture
def network_camera(loopback: None) -> Iterator[Any]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Streaming) as server:
        server.daemon_threads, server.paths, server.stopping = True, [], threading.Event()
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.stopping.set()
        server.shutdown()
        thread.join()


def url(server: Any, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_camera_of_the_network_gives_pictures(network_camera: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENCV_FFMPEG_CAPTURE_OPTIONS", "protocol_whitelist;file")
    camera = open_stream(url(network_camera, "/video"))
    assert [camera.frame().shape for _rest in range(3)] == [(48, 64, 3)] * 3
    camera.close()
    assert os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] == "protocol_whitelist;file"


@pytest.mark.parametrize("path", ["/list.m3u8", "/away"])
def test_a_camera_that_leads_elsewhere_is_refused(network_camera: Any, path: str) -> None:
    with pytest.raises(PhotoError, match="gives no pictures"):
        open_stream(url(network_camera, path))
    assert network_camera.paths == [path]


def test_a_camera_that_goes_away_is_opened_again_and_said_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cameras, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(cameras, "LONGEST_PAUSE", 0.02)
    blue, said, opened = np.full((4, 6, 3), (200, 0, 0), np.uint8), [], []

    def open_one() -> Camera:
        opened.append(1)
        if 2 <= len(opened) <= 5:
            raise PhotoError(None, "No camera was found.")
        return Camera(Capture(blue, blue))

    live = LiveCamera(open_one, said.append)
    images = [image for _rest in range(40) if (image := live.newest(0.2)) is not None]
    live.close()
    assert images
    assert all((image[0, 0] == (0, 0, 200)).all() for image in images)
    assert said[:2] in (
        ["No camera was found.", ""],
        ["The camera gives no picture. It may be unplugged, or another program may be using it.", ""],
    )
    assert len(opened) > 6


def test_who_waits_for_a_camera_that_gives_nothing_gets_nothing() -> None:
    def open_none() -> Camera:
        raise PhotoError(None, "No camera was found.")

    live = LiveCamera(open_none, lambda _problem: None)
    began = time.monotonic()
    assert live.newest(0.1) is None
    live.close()
    assert time.monotonic() - began < 3
