"""Requests that hold something else than photos: all are refused with a sentence, none leaves a file."""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

EVIL_NAMES = ["../../etc/passwd", "..\\..\\boot.ini", "C:\\photo.png", "nul\x00l.png", "<b>Anna</b>", "\u202egpj.exe", ""]


def code_of(answer: Any) -> str:
    return answer.json()["error"]["code"]


def form(*parts: tuple[str, bytes], boundary: str = "stop") -> dict[str, Any]:
    """A form whose parts have these headers and contents, byte for byte."""
    body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), content) for head, content in parts)
    return {
        "content": body + b"--%s--\r\n" % boundary.encode(),
        "headers": {"content-type": f"multipart/form-data; boundary={boundary}"},
    }


def bomb() -> bytes:
    """A small PNG of 40,000 times 40,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", 40_000, 40_000, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", zlib.compress(bytes(40_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("name", EVIL_NAMES)
def test_what_a_file_is_called_does_not_matter_and_is_not_told(ask: Any, name: str, colour_photo: Callable[..., bytes]) -> None:
    shown = name.replace("\\", "\\\\")
    answer = ask.post("/v1/identify", **form((f'Content-Disposition: form-data; name="photos"; filename="{shown}"', colour_photo())))
    assert answer.status_code == 200
    assert answer.json()["photos"][0]["answer"] == "known"
    assert not name or name not in answer.text


def test_a_name_that_no_file_can_have_is_refused(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    head = f'Content-Disposition: form-data; name="photos"; filename="{"x" * 10_000}"'
    answer = ask.post("/v1/identify", **form((head, colour_photo())))
    assert (answer.status_code, code_of(answer)) == (422, "malformed_form")


@pytest.mark.parametrize("photo", ["half a JPEG", "an image bomb", "an empty file", "a text", "a web page"])
def test_what_is_no_photo_is_said_so(ask: Any, photo: str, colour_photo: Callable[..., bytes]) -> None:
    jpeg = colour_photo(side=200, suffix="jpg")
    content = {
        "half a JPEG": jpeg[: len(jpeg) // 2],
        "an image bomb": bomb(),
        "an empty file": b"",
        "a text": b"http://127.0.0.1/photo.jpg",
        "a web page": b"<html><script>alert(1)</script>",
    }[photo]
    answer = ask.post("/v1/identify", **form(('Content-Disposition: form-data; name="photos"; filename="a.jpg"', content)))
    assert (answer.status_code, code_of(answer)) == (422, "unreadable_photo")


def test_one_photo_that_cannot_be_read_costs_the_others_nothing(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    files = [("photos", ("a.png", colour_photo())), ("photos", ("b.png", b"no photo"))]
    good, bad = ask.post("/v1/identify", files=files).json()["photos"]
    assert (good["answer"], good["error"]) == ("known", None)
    assert (bad["answer"], bad["sightings"]) == ("unreadable", [])
    assert bad["error"]


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "", "multipart/mixed", "video/mp4"]
)
def test_other_media_types_are_refused(ask: Any, kind: str) -> None:
    answer = ask.post("/v1/identify", content=b'{"url": "http://127.0.0.1/"}', headers={"content-type": kind} if kind else {})
    assert (answer.status_code, code_of(answer)) == (415, "unsupported_type")


def test_an_empty_body_holds_no_photo(ask: Any) -> None:
    assert code_of(ask.post("/v1/identify", headers={"content-type": "image/jpeg"})) == "no_photo"
    assert code_of(ask.post("/v1/identify", **form())) in ("no_photo", "malformed_form")


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n\r\n--x--"),
        ("multipart/form-data; boundary=", b""),
        ("multipart/form-data; boundary=x", b"no form at all"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: attachment\r\n\r\nhm\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\n\r\nhm\r\n--x--\r\n"),
        ("multipart/form-data; boundary=x; charset=idna", b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nhm\r\n--x--\r\n'),
        ("multipart/form-data; boundary=x; charset=zlib", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nhm\r\n--x--\r\n'),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x--"),
    ],
)
def test_broken_forms_are_refused(ask: Any, kind: str, body: bytes) -> None:
    answer = ask.post("/v1/identify", content=body, headers={"content-type": kind})
    assert answer.status_code == 422
    assert code_of(answer) in ("malformed_form", "no_photo", "unknown_field")


@pytest.mark.parametrize("field", ["url", "path", "image_url"])
def test_addresses_and_paths_are_not_taken(ask: Any, field: str, colour_photo: Callable[..., bytes]) -> None:
    answer = ask.post("/v1/identify", files={"photos": ("a.png", colour_photo())}, data={field: "file:///etc/passwd"})
    assert (answer.status_code, code_of(answer)) == (422, "unknown_field")


def test_too_many_photos_are_refused(ask: Any, colour_photo: Callable[..., bytes]) -> None:
    most = ask.app.state.service.limits.photos
    for n in (most + 1, 20 * most):
        answer = ask.post("/v1/identify", files=[("photos", ("a.png", colour_photo()))] * n)
        assert (answer.status_code, code_of(answer)) == (413, "too_many_photos")
    assert ask.post("/v1/identify", files=[("photos", ("a.png", colour_photo()))] * most).status_code == 200


def test_no_photo_is_written_to_disk(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> None:
        pytest.fail("a file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)  # where SpooledTemporaryFile moves to
    answer = ask.post("/v1/identify", **form(('Content-Disposition: form-data; name="photos"; filename="a.jpg"', bytes(5 << 20))))
    assert (answer.status_code, code_of(answer)) == (422, "unreadable_photo")
    with tempfile.SpooledTemporaryFile(max_size=10) as spooled, pytest.raises(pytest.fail.Exception):
        spooled.rollover()  # this test would notice
