"""Sides, orientation and XMP of photos, as programs put them into files, and as vandals do."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PillowImage

from whosthat.errors import PhotoError
from whosthat.photos.headers import LARGEST_XMP, Header, exif_of, header_of
from whosthat.photos.reading import read

PACKET = b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><x:xmpmeta xmlns:x='adobe:ns:meta/'/><?xpacket end='w'?>"
EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"


@pytest.fixture
def photo(tmp_path: Path):
    def save(format: str, *, orientation: int = 1, **options) -> Path:
        exif = PillowImage.Exif()
        exif[0x0112] = orientation
        path = tmp_path / f"photo.{format.lower()}"
        PillowImage.fromarray(np.full((30, 40, 3), 90, np.uint8)).save(path, format, exif=exif, **options)
        return path

    return save


def app1(content: bytes) -> bytes:
    return b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def itxt(text: bytes, *, packed: bool = False) -> bytes:
    return chunk(b"iTXt", b"XML:com.adobe.xmp\0" + (b"\1\0" if packed else b"\0\0") + b"\0\0" + (zlib.compress(text) if packed else text))


def with_segments(path: Path, *segments: bytes) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[:2] + b"".join(segments) + content[2:])
    return path


@pytest.mark.parametrize("format", ["JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_packet_and_orientation(photo, format: str, orientation: int) -> None:
    options = {"tiffinfo": {700: PACKET, 274: orientation}} if format == "TIFF" else {"xmp": PACKET}
    assert header_of(photo(format, orientation=orientation, **options)) == Header((40, 30), orientation, format, (PACKET,))


def test_the_orientation_is_the_one_by_which_the_pixels_are_turned(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 1
    exif.get_ifd(0x8769)[0x0112] = 6  # where it does not belong
    PillowImage.new("RGB", (40, 30)).save(tmp_path / "photo.jpg", exif=exif)
    assert (header_of(tmp_path / "photo.jpg").orientation, read(tmp_path / "photo.jpg").shape) == (1, (30, 40, 3))


def test_heic(tmp_path: Path) -> None:
    heif = pytest.importorskip("pillow_heif")
    heif.from_pillow(PillowImage.new("RGB", (64, 48))).save(tmp_path / "photo.heic", xmp=PACKET)
    header = header_of(tmp_path / "photo.heic")
    assert (header.size, header.orientation, header.packets) == ((64, 48), 1, (PACKET,))


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("behind", [False, True])
def test_png_before_and_behind_the_pixels(photo, packed: bool, behind: bool) -> None:
    path = photo("PNG", orientation=8)
    content = path.read_bytes()
    place = content.index(b"IEND" if behind else b"IDAT") - 4
    path.write_bytes(content[:place] + chunk(b"iTXt", b"Comment\0\0\0\0\0x") + itxt(PACKET, packed=packed) + content[place:])
    assert header_of(path) == Header((40, 30), 8, "PNG", (PACKET,))


def test_an_extended_packet_is_put_together(photo) -> None:
    long = bytes(range(256)) * 500
    pieces = [
        app1(EXTENSION + b"A" * 32 + struct.pack(">II", len(long), at) + long[at : at + 60_000])
        for at in reversed(range(0, len(long), 60_000))
    ]
    other = app1(EXTENSION + b"B" * 32 + struct.pack(">II", 3, 0) + b"new")
    assert header_of(with_segments(photo("JPEG", xmp=PACKET), *pieces, other)).packets == (PACKET, long)


@pytest.mark.parametrize(
    "broken",
    [
        struct.pack(">II", 100, 0) + b"short",
        struct.pack(">II", 5, 7) + b"later",
        struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF) + b"x",
        b"",
    ],
)
def test_an_extended_packet_with_gaps_is_none(photo, broken: bytes) -> None:
    assert header_of(with_segments(photo("JPEG", xmp=PACKET), app1(EXTENSION + b"A" * 32 + broken))).packets == (PACKET,)


def test_a_packed_bomb_is_cut(photo) -> None:
    path = photo("PNG")
    content = path.read_bytes()
    place = content.index(b"IEND") - 4
    path.write_bytes(content[:place] + itxt(b" " * (LARGEST_XMP + 5000) + b"x", packed=True) + content[place:])
    assert sum(map(len, header_of(path).packets)) <= LARGEST_XMP


def test_without_xmp(photo) -> None:
    assert [header_of(photo(format)).packets for format in ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF")] == [()] * 6


def test_what_is_no_photo_says_why(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"no photo")
    os.mkfifo(tmp_path / "pipe.jpg")
    for path in (tmp_path / "photo.jpg", tmp_path / "gone.jpg", tmp_path / "pipe.jpg", tmp_path, Path("s3://photos/a.jpg")):
        with pytest.raises(PhotoError):
            header_of(path)
        assert exif_of(path) == b""


@given(place=st.integers(0, 2000), put=st.binary(min_size=1, max_size=6), format=st.sampled_from(["JPEG", "PNG", "WEBP", "TIFF"]))
def test_damage_is_refused_or_read(tmp_path_factory, place: int, put: bytes, format: str) -> None:
    path = tmp_path_factory.mktemp("damage") / "photo"
    options = {"tiffinfo": {700: PACKET}} if format == "TIFF" else {} if format == "PNG" else {"xmp": PACKET}
    PillowImage.new("RGB", (9, 7)).save(path, format, **options)
    content = path.read_bytes()
    place %= len(content)
    path.write_bytes(content[:place] + put + content[place + len(put) :])
    try:
        header = header_of(path)
    except PhotoError:
        return
    assert header.orientation in range(1, 9)
