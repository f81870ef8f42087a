"""What a photo's file says besides its pixels, which are not decoded: sides, orientation, EXIF, XMP.

What belongs here: taking these out of JPEG, PNG, TIFF, WebP and HEIC, within limits. What does not: what XMP means (`metadata`).

Source: Adobe, "XMP Specification", Part 3 (1.1.3 for JPEG and its extended packets; 1.1.5 PNG); W3C, "PNG", 11.3.3 (iTXt).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags

from whosthat.errors import PhotoError
from whosthat.photos.reading import DAMAGE, opened_header

LARGEST_XMP = 16 << 20
"""Bytes of a packet that are read."""

_LONGEST_EXIF = 65_000
"""Bytes of an EXIF block that JPEG has room for."""

_SIDEWAYS = 5
"""EXIF orientations from this one on exchange width and height."""

_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_PNG, _PNG_XMP = b"\x89PNG\r\n\x1a\n", b"XML:com.adobe.xmp\0"


@dataclass(frozen=True, slots=True)
class Header:
    """What a photo's file says besides its pixels.

    Attributes:
        size: Width and height as it is stored, in pixels.
        orientation: EXIF's, 1 to 8, which turns it upright; 1 where there is none.
        format: One of `signatures.FORMATS`.
        packets: Its XMP: the main packet, then the extended one of a JPEG; empty without.
    """

    size: tuple[int, int]
    orientation: int
    format: str
    packets: tuple[bytes, ...]


def header_of(path: Path) -> Header:
    """Read what a photo's file says besides its pixels.

    Raises:
        PhotoError: The file cannot be read as a photo.
    """
    with opened_header(path) as (name, picture, file):
        orientation = _orientation(picture)
        packets = tuple(_packets(name, picture, file))
        turned = name == "TIFF" and orientation >= _SIDEWAYS  # of TIFF, Pillow tells the sides of the upright photo
        return Header(picture.size[::-1] if turned else picture.size, orientation, name, packets)


def exif_of(path: Path) -> bytes:
    """Return the EXIF block of a photo for an upright copy of it: without orientation and thumbnail; empty where there is none."""
    try:
        with opened_header(path) as (_name, picture, _file):
            exif = picture.getexif()
            exif.pop(ExifTags.Base.Orientation, None)
            shot = exif.get_ifd(ExifTags.IFD.Exif)  # read now, or only where it lay would be written; the same of the place
            exif.get_ifd(ExifTags.IFD.GPSInfo)
            for tag in (ExifTags.Base.ExifImageWidth, ExifTags.Base.ExifImageHeight):
                shot.pop(tag, None)
            block: bytes = exif.tobytes() if exif else b""
        return block if len(block) < _LONGEST_EXIF else b""
    except (*DAMAGE, PhotoError):
        return b""


def _orientation(picture: Any) -> int:
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation)
    except DAMAGE:
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _packets(name: str, picture: Any, file: BinaryIO) -> Iterator[bytes]:
    packet = _png_packet(file) if name == "PNG" else picture.info.get("xmp", b"")
    if isinstance(packet, bytes) and packet.strip(b"\0 "):
        yield packet.rstrip(b"\0")[:LARGEST_XMP]
    if name == "JPEG" and (extended := _extended(picture.applist)):
        yield extended


def _extended(segments: list[tuple[str, bytes]]) -> bytes:
    """Put the pieces of an extended packet together: of the first one that is named, as long as it says, without gaps."""
    pieces: dict[int, bytes] = {}
    named, length = b"", 0
    for _marker, content in segments:
        if not content.startswith(_EXTENSION) or len(content) < len(_EXTENSION) + 40:
            continue
        digest, rest = content[len(_EXTENSION) : len(_EXTENSION) + 32], content[len(_EXTENSION) + 32 :]
        if not named:
            named, length = digest, int.from_bytes(rest[:4], "big")
        if digest == named:
            pieces[int.from_bytes(rest[4:8], "big")] = rest[8:]
    packet = b""
    for offset in sorted(pieces):
        if offset != len(packet):
            return b""
        packet += pieces[offset]
    return packet if len(packet) == length <= LARGEST_XMP else b""


def _png_packet(file: BinaryIO) -> bytes:
    """Find the chunk with XMP, before the pixels or behind them."""
    file.seek(len(_PNG))
    while len(head := file.read(8)) == 8:
        length, kind = int.from_bytes(head[:4], "big"), head[4:]
        if kind == b"iTXt" and length <= LARGEST_XMP and (content := file.read(length)).startswith(_PNG_XMP):
            flag, rest = content[len(_PNG_XMP) : len(_PNG_XMP) + 1], content[len(_PNG_XMP) + 2 :]
            text = rest.split(b"\0", 2)[-1]  # behind the language and the translated keyword
            return _unpacked(text) if flag == b"\1" else text
        file.seek(4 if kind == b"iTXt" and length <= LARGEST_XMP else length + 4, 1)
        if kind == b"IEND":
            break
    return b""


def _unpacked(text: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(text, LARGEST_XMP)
    except zlib.error:
        return b""
