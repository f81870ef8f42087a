"""What a photo's file says besides its pixels, which are not decoded: sides, orientation, EXIF, XMP.

What belongs here: taking these out of JPEG, PNG, TIFF, WebP and HEIC, within limits. What does not: what XMP means (`metadata`).

Source: Adobe, "XMP Specification", Part 3 (1.1.3 for JPEG and its extended packets; 1.1.5 PNG); W3C, "PNG", 11.3.3 (iTXt).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from PIL import ExifTags

from whosthat.errors import PhotoError
from whosthat.photos.reading import DAMAGE, SIDEWAYS, exif_tags, opened_header

LARGEST_XMP = 16 << 20
"""Bytes of a packet that are read."""

_LONGEST_EXIF = 65_533
"""Bytes of an EXIF block that JPEG has room for."""

_EXIF = b"Exif\0\0"
_ORDERS = {b"II*\0": "<", b"MM\0*": ">"}
_OF_PICTURE = {int(ExifTags.Base.Orientation), int(ExifTags.Base.ImageWidth), int(ExifTags.Base.ImageLength)}
_OF_SHOT = {int(ExifTags.Base.ExifImageWidth), int(ExifTags.Base.ExifImageHeight)}
_TIFF_TAGS = (256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339, 700)
"""How the pixels of a TIFF lie in its file, and its XMP."""

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
        turned = name == "TIFF" and orientation in SIDEWAYS  # of TIFF, Pillow tells the sides of the upright photo
        return Header(picture.size[::-1] if turned else picture.size, orientation, name, packets)


def exif_of(path: Path) -> bytes:
    """Return the EXIF block of a photo for an upright copy of another size: without orientation, sides and thumbnail; empty without one.

    All else is kept byte for byte where the block lies in the file in one piece, and so are the notes of cameras, whose places in it count.
    """
    try:
        with opened_header(path) as (_name, picture, _file):
            block = _without_frame(picture.info.get("exif", b"")) or _written_anew(picture.getexif())
        return block if len(block) <= _LONGEST_EXIF else b""
    except (*DAMAGE, PhotoError):
        return b""


def _without_frame(block: bytes) -> bytes:
    """Take out of an EXIF block, in its place, what is not true of a copy; empty where it cannot be read so."""
    start = len(_EXIF) if block.startswith(_EXIF) else 0
    data = bytearray(block[start:])
    order = _ORDERS.get(bytes(data[:4]))
    if order is None:
        return b""
    unpack = struct.Struct(f"{order}HHI4s").unpack_from
    places = [struct.unpack_from(f"{order}I", data, 4)[0]]
    for tags, is_first in ((_OF_PICTURE, True), (_OF_SHOT, False)):
        place = places[-1]
        (count,) = struct.unpack_from(f"{order}H", data, place)
        entries = [bytes(data[place + 2 + 12 * n : place + 14 + 12 * n]) for n in range(count)]
        kept = [entry for entry in entries if unpack(entry)[0] not in tags]
        places += [struct.unpack(f"{order}I", entry[8:])[0] for entry in kept if unpack(entry)[0] == ExifTags.IFD.Exif and is_first]
        end = place + 2 + 12 * count
        following = bytes(4) if is_first else bytes(data[end : end + 4])  # behind the first list comes that of the thumbnail
        data[place : end + 4] = (struct.pack(f"{order}H", len(kept)) + b"".join(kept) + following).ljust(6 + 12 * count, b"\0")
        if len(places) == 1:  # nothing is said of the shot
            break
    return _EXIF + bytes(data) if len(data) == len(block) - start else b""


def _written_anew(exif: Any) -> bytes:
    """Write EXIF as Pillow has read it: of TIFF, whose tags lie between others."""
    for tag in (ExifTags.Base.Orientation, *_TIFF_TAGS):
        exif.pop(tag, None)
    shot = exif.get_ifd(ExifTags.IFD.Exif)  # read now, or only where it lay would be written; the same of the place
    place = exif.get_ifd(ExifTags.IFD.GPSInfo)
    for tag in _OF_SHOT:
        shot.pop(tag, None)
    for tags in (exif, shot, place):
        for tag, value in [*tags.items()]:
            if isinstance(value, str) and not value.isascii():
                tags[tag] = value.encode("latin-1", "replace")  # as Pillow read it; it would write question marks
    block: bytes = exif.tobytes() if exif else b""
    return block


def _orientation(picture: Any) -> int:
    orientation = exif_tags(picture).get(ExifTags.Base.Orientation)
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
