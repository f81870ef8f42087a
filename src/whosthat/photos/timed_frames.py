"""Frames with their times as one stream of bytes, for a program that reads them from a pipe: Matroska with uncompressed pictures.

What belongs here: the few elements that such a stream takes. What does not: whoever reads it (`video_writing`).

Raw pictures alone carry no times, and many phones film at a rate that varies. Matroska is the simplest stream that FFmpeg reads from a pipe
and that says of each picture when it is shown. Source: RFC 8794 (EBML), RFC 9559 (Matroska), codec V_UNCOMPRESSED.
"""

from __future__ import annotations

from whosthat.types import Image

_NANOSECONDS = 1000
"""Times are counted in microseconds."""

_RGB = b"RGB\x18"  # red, green, blue, 24 bits: how FFmpeg names it


def stream_head(width: int, height: int, rate: float) -> bytes:
    """Return what stands before frames of this size in pixels; ``rate``, frames a second, says how long the last one stays."""
    kind = _element("1A45DFA3", _element("4282", b"matroska"), _number("4287", 2), _number("4285", 2))
    facts = _element("1549A966", _number("2AD7B1", _NANOSECONDS), _element("4D80", b"whosthat"), _element("5741", b"whosthat"))
    picture = _element("E0", _number("B0", width), _number("BA", height), _element("2EB524", _RGB))
    timing = _number("23E383", round(1e9 / rate))
    track = _element("AE", _number("D7", 1), _number("73C5", 1), _number("83", 1), _element("86", b"V_UNCOMPRESSED"), timing, picture)
    endless = bytes.fromhex("18538067") + b"\x01" + b"\xff" * 7  # a segment whose length nobody knows yet
    return kind + endless + facts + _element("1654AE6B", track)


def frame_head(seconds: float, image: Image) -> bytes:
    """Return what stands before a frame that is shown so many seconds after the start, 0 or more; the frame's RGB bytes follow it."""
    block = b"\x81\0\0\x80"  # of track 1, at the cluster's time, to be understood without any other
    time = _number("E7", round(seconds * 1e9 / _NANOSECONDS))
    length = image.nbytes + len(block)
    return bytes.fromhex("1F43B675") + _length(len(time) + 1 + 8 + length) + time + b"\xa3" + _length(length) + block


def _element(name: str, *contents: bytes) -> bytes:
    content = b"".join(contents)
    return bytes.fromhex(name) + _length(len(content)) + content


def _number(name: str, value: int) -> bytes:
    return _element(name, value.to_bytes(8, "big"))


def _length(value: int) -> bytes:
    return (value | 1 << 56).to_bytes(8, "big")
