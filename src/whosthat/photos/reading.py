"""From a file, or its bytes, to an image: the only place in whosthat that decodes photos.

What belongs here: reading the bytes once, refusing what is too large before decoding it, turning every colour mode into upright RGB uint8,
and a reason a person understands for each file that cannot be read. What does not: resizing (`preparing`), folders (`dataset`), video.

The reader is chosen by the first bytes and opened directly, not through ``PIL.Image.open``: that would warn about large photos that
whosthat allows, and hide the true reason behind "cannot identify image file". Embedded colour profiles are not applied. Safe in several
threads at once.
"""

from __future__ import annotations

import datetime
import hashlib
import importlib
import io
import math
import os
import stat
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import ExifTags
from PIL import Image as PillowImage
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.PpmImagePlugin import PpmImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from whosthat import durable
from whosthat.errors import PhotoError, system_reason
from whosthat.photos.memory import UNFOLDED
from whosthat.photos.quiet import quiet_pillow
from whosthat.photos.signatures import PHOTO_SUFFIXES, SNIFF_BYTES, format_of, why_not_a_photo
from whosthat.photos.storage import fetch, place, stored
from whosthat.settings import MAX_PHOTO_BYTES, MAX_PHOTO_PIXELS
from whosthat.translation import _
from whosthat.types import Image

_READERS: dict[str, Callable[[Any], Any]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WEBP": WebPImageFile,
    "BMP": BmpImageFile,
    "GIF": GifImageFile,
    "TIFF": TiffImageFile,
    "PPM": PpmImageFile,
}

# What Pillow raises on damaged files. The first four were seen when bytes of half a million drawn files of all formats were flipped, cut
# and inserted (tests/photos/test_reading_damage.py repeats it in small); the others have been reported of its readers, which were not
# written for hostile input: a wrong count in a header ends as whatever Python says about the arithmetic that follows.
DAMAGE = (
    OSError,  # truncated, broken data stream, errors of the codecs
    SyntaxError,  # a header that makes no sense
    ValueError,  # an impossible size, mode or text
    PillowImage.DecompressionBombError,
    LookupError,  # a tag, palette entry or mode that does not exist
    TypeError,
    ArithmeticError,  # zero as a denominator, a size beyond a C integer
    EOFError,
    RuntimeError,  # also NotImplementedError
    MemoryError,
    struct.error,
    zlib.error,
)

NO_PIXEL = 0
"""As ``longest`` of `opened`: what the photo's header tells is enough."""

_ENDS_EARLY = ("truncated", "end of file", "eof")  # not translated: Pillow's words

_STRIP = 1 << 20
"""Pixels of a photo that are turned into RGB at once: whatever its mode, that takes no more memory than the photo itself."""

PillowImage.core.set_block_size(64 << 20)
"""Pillow's own 16 MiB are kept by glibc for each thread when they are freed: 12 photos of 119 megapixels in 8 threads took 4.5 GB."""

_BYTES_A_PIXEL = 8
"""What a pixel takes while a photo is read and looked at: four in Pillow's image, three in ours; or ours, and smaller copies of it."""

# EXIF orientation -> how to turn the stored picture upright (EXIF 2.32, tag 0x0112); 1 and unknown values stay.
_TURNS = {
    2: PillowImage.Transpose.FLIP_LEFT_RIGHT,
    3: PillowImage.Transpose.ROTATE_180,
    4: PillowImage.Transpose.FLIP_TOP_BOTTOM,
    5: PillowImage.Transpose.TRANSPOSE,
    6: PillowImage.Transpose.ROTATE_270,
    7: PillowImage.Transpose.TRANSVERSE,
    8: PillowImage.Transpose.ROTATE_90,
}
SIDEWAYS = (5, 6, 7, 8)  # those that exchange width and height


@dataclass(frozen=True)
class DecodedPhoto:
    """A photo and what its file tells about it."""

    image: Image  # upright RGB uint8 (height, width, 3)
    format: str  # one of `signatures.FORMATS`, or "HEIC"
    sha256: str  # of the file's bytes, in hexadecimal; from the same single read as the image
    size: tuple[int, int]  # width and height of the upright photo, in pixels
    shrunk: int  # so many of its pixels, across and down, became one of the image: 1, 2, 4 or 8
    taken_at: float | None
    """When the shutter opened (EXIF DateTimeOriginal with SubSec), in seconds since 1970 by the camera's own clock: good for differences
    between photos of one camera. None when the file does not say."""


def read(source: str | Path | bytes) -> Image:
    """Read a photo, given as a path or as the bytes of its file, as an upright RGB uint8 image ``(height, width, 3)``.

    Grey, 1-bit, 16-bit, palette and CMYK become RGB; transparent parts become white; of an animation the first frame is read.

    Raises:
        PhotoError: The photo cannot be read; ``reason`` says why.
    """
    return decode(source).image


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a photo's file, in hexadecimal; empty where it cannot be read, as it then cannot be decoded either."""
    try:
        if stored(path) is not None:
            return hashlib.sha256(_file_content(path)).hexdigest()
        return durable.sha256_of(path) if path.is_file() else ""  # a FIFO would never end
    except (_RefusedError, OSError, ValueError):  # ValueError: a NUL character in the path
        return ""


def decode(source: str | Path | bytes) -> DecodedPhoto:
    """Read a photo together with its format, hash and time; where many are read in threads, `opened` bounds their memory.

    A file that is too large is refused before it is read, a photo with too many pixels before it is decoded.

    Raises:
        PhotoError: The photo cannot be read; ``reason`` says why.
    """
    with opened(source) as photo:
        return photo


@contextmanager
def opened(source: str | Path | bytes, *, longest: int | None = None) -> Iterator[DecodedPhoto]:
    """Hold a photo while the block runs: as `decode`, but photos of other threads wait for room. Let go of the image with the block.

    A JPEG that is at least twice as long as ``longest`` pixels comes at a half, a quarter or an eighth of its sides, the longer one not
    below ``longest``; that takes a third of the time. `NO_PIXEL` only glances at it: the image is empty, damage may go unseen, and so may
    the time that a PNG tells behind its pixels.
    """
    path = None if isinstance(source, bytes) else place(source)
    with ExitStack() as room:
        try:
            photo = _decoded(_bytes_of(source), longest, room)
        except _RefusedError as refusal:
            raise PhotoError(path, str(refusal)) from refusal.__cause__
        yield photo


def _decoded(content: bytes, longest: int | None, room: ExitStack) -> DecodedPhoto:
    """Decode a photo when there is room for it, which ``room`` then holds."""
    name = _format(content)
    with quiet_pillow(), _refusing_damage(name):
        picture = _reader(name)(io.BytesIO(content))  # parses the header: knows its size and has decoded no pixel yet
        _check_pixels(picture.size)
        whole = picture.size
        if longest == NO_PIXEL:
            shrunk, image = 1, np.empty((0, 0, 3), np.uint8)
            exif = exif_tags(picture) if name != "PNG" or "exif" in picture.info else {}  # Pillow would decode it to look behind the pixels
        else:
            shrunk = 1 if longest is None else _shrink(picture, longest)
            room.enter_context(UNFOLDED.taken(len(content) + _bytes_to_decode(picture, whole)))
            picture.load()  # all pixels of the first frame; a file that ends early is refused, not filled with grey
            exif = exif_tags(picture)
            image = _rgb(_upright(picture, exif), name)
    size = whole[::-1] if exif.get(ExifTags.Base.Orientation) in SIDEWAYS else whole
    return DecodedPhoto(image, name, hashlib.sha256(content).hexdigest(), size, shrunk, _taken_at(exif))


def _shrink(picture: Any, longest: int) -> int:
    """Let a JPEG be decoded smaller, its longer side not below ``longest`` pixels; return how many times, 1, 2, 4 or 8.

    libjpeg averages blocks of pixels while it decodes, by leaving out the finest waves of each.
    """
    if not isinstance(picture, JpegImageFile):
        return 1
    width, height = picture.size
    times = next((times for times in (8, 4, 2) if max(width, height) >= times * longest), 1)
    if times > 1:
        picture.draft(None, (width // times, height // times))
    shrunk: int = round(max(width, height) / max(picture.size))
    return shrunk


def _bytes_to_decode(picture: Any, whole: tuple[int, int]) -> int:
    """Say what a photo takes while it is decoded; of a progressive JPEG, libjpeg keeps all waves at once, however small the image."""
    image: int = _BYTES_A_PIXEL * math.prod(picture.size)
    return image + 6 * math.prod(whole) if picture.size != whole and picture.info.get("progressive") else image


@contextmanager
def opened_header(path: Path) -> Iterator[tuple[str, Any, BinaryIO]]:
    """Open a photo without decoding it: its format, Pillow's image and the file. PhotoError for what Pillow raises in the block, too."""
    try:
        if stored(path) is not None:
            raise _RefusedError(_("it lies in a storage, where whosthat writes nothing and reads only the photo itself"))
        if not path.is_file():  # a FIFO would never end
            raise _RefusedError(_("not found"))
        _check_bytes(path.stat().st_size)
        with path.open("rb") as file:
            name = _format(file.read(SNIFF_BYTES))
            file.seek(0)
            with quiet_pillow(), _refusing_damage(name):
                yield name, _reader(name)(file), file
    except (_RefusedError, OSError, ValueError) as refusal:  # ValueError: a NUL character in the path
        raise PhotoError(path, str(refusal) if isinstance(refusal, _RefusedError) else system_reason(refusal)) from refusal


def looks_like_photo(path: Path) -> bool:
    """Tell, without decoding, whether a file would be taken for a photo: by its suffix or, without one, by its first bytes.

    Example:
        >>> looks_like_photo(Path("HOLIDAY.JPG")), looks_like_photo(Path("notes.txt"))
        (True, False)
    """
    if path.suffix:
        return path.suffix.lower() in PHOTO_SUFFIXES
    try:
        return format_of(first_bytes(path)) is not None
    except OSError:
        return False  # a file without a suffix that cannot be opened gives no sign of being a photo


def first_bytes(path: Path) -> bytes:
    """Return the first `SNIFF_BYTES` of a file, nothing of what is no regular file; OSError where it cannot be read."""
    if not path.is_file():  # a FIFO would never end
        return b""
    with path.open("rb") as file:
        return file.read(SNIFF_BYTES)


class _RefusedError(Exception):
    """Carries the reason from wherever a photo is refused to `decode`, which knows the path."""


def _bytes_of(source: str | Path | bytes) -> bytes:
    if not isinstance(source, bytes):
        return _file_content(Path(source))
    _check_bytes(len(source))
    return source


def _file_content(path: Path) -> bytes:
    try:
        if (photo := stored(path)) is not None:
            _check_bytes(len(content := fetch(photo, MAX_PHOTO_BYTES)))
            return content
        facts = path.stat()  # before opening: opening a FIFO or a device could wait for ever
        if stat.S_ISDIR(facts.st_mode):
            raise _RefusedError(_("this is a folder, not a file"))
        if not stat.S_ISREG(facts.st_mode):
            raise _RefusedError(_("this is a pipe, socket or device, not a regular file"))
        _check_bytes(facts.st_size)
        with path.open("rb") as file:
            return file.read(facts.st_size)  # no more than was checked, should the file grow meanwhile
    except FileNotFoundError as error:
        gone = _("the link is broken") if os.path.lexists(path) else _("not found")
        raise _RefusedError(gone) from error
    except PermissionError as error:
        raise _RefusedError(_("no permission to read the file")) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        raise _RefusedError(_("the file cannot be read ({error})", error=system_reason(error))) from error


def _check_bytes(size: int) -> None:
    if size > MAX_PHOTO_BYTES:
        raise _RefusedError(
            _("the file has {size:,.1f} MiB, more than the {allowed:,.1f} allowed", size=size / 2**20, allowed=MAX_PHOTO_BYTES / 2**20)
        )


def _format(content: bytes) -> str:
    if not content:
        raise _RefusedError(_("the file is empty"))
    name = format_of(content[:SNIFF_BYTES])
    if name is None:
        raise _RefusedError(why_not_a_photo(content[:SNIFF_BYTES]))
    return name


def _reader(name: str) -> Callable[[Any], Any]:
    if name in _READERS:
        return _READERS[name]
    try:
        reader: Callable[[Any], Any] = importlib.import_module("pillow_heif").HeifImageFile
    except ImportError as error:
        raise _RefusedError(_("HEIC needs the extra package: pip install pillow-heif; or export the photo as JPEG")) from error
    return reader


def _check_pixels(size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PHOTO_PIXELS:
        raise _RefusedError(
            _(
                "has {megapixels:,.4g} megapixels ({width} x {height}), more than the {allowed:,.4g} allowed",
                megapixels=size[0] * size[1] / 1e6,
                width=size[0],
                height=size[1],
                allowed=MAX_PHOTO_PIXELS / 1e6,
            )
        )


@contextmanager
def _refusing_damage(name: str) -> Iterator[None]:
    """Refuse a photo of a format for whatever Pillow raises inside this."""
    try:
        yield
    except DAMAGE as error:
        raise _RefusedError(_damage(error, name)) from error


def _damage(error: BaseException, name: str) -> str:
    """Put what Pillow raised into words."""
    message = str(error)
    if isinstance(error, PillowImage.DecompressionBombError):
        return _("the {name} file has more pixels than allowed ({message})", name=name, message=message)
    if isinstance(error, MemoryError):
        return _("there is not enough memory to decode this {name} file", name=name)
    if isinstance(error, EOFError) or any(sign in message.lower() for sign in _ENDS_EARLY):
        return _("the file ends too early (a truncated {name})", name=name)
    return _("a damaged {name} file ({error})", name=name, error=message or type(error).__name__)


def exif_tags(picture: Any) -> dict[int, Any]:
    """Return the tags of picture and shot; none where they are damaged. Some formats keep them behind the pixels: ask after decoding."""
    try:
        exif = picture.getexif()
        return {**exif.get_ifd(ExifTags.IFD.Exif), **exif}
    except DAMAGE:
        return {}


def _upright(picture: Any, exif: dict[int, Any]) -> Any:
    orientation = exif.get(ExifTags.Base.Orientation)
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    if turn is None:
        return picture
    turned = picture.transpose(turn)
    picture.close()  # or there would be three of a large photo
    return turned


def _rgb(picture: Any, name: str) -> Image:
    """Turn any of Pillow's modes into RGB uint8, strip by strip; what is transparent becomes white."""
    deep = picture.mode.startswith("I;16") or (picture.mode == "I" and name == "PPM")  # Pillow reads deep PGM as 0..65535 in "I"
    if picture.mode in {"I", "F"} and not deep:
        raise _RefusedError(_("its pixels are 32-bit numbers without a known range; export the photo with 8 or 16 bits"))
    width, height = picture.size
    grey = np.asarray(picture)[:, :, None] if deep else None
    pixels = np.empty((height, width, 3), np.uint8)
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        strip = slice(top, min(top + rows, height))
        whole = picture if rows >= height or deep else picture.crop((0, top, width, strip.stop))
        pixels[strip] = on_white(whole) if grey is None else _eight_bits(grey[strip])
    return pixels


def on_white(strip: Any) -> np.ndarray[Any, Any]:
    """Turn a Pillow image of 8 bits, in any mode, into RGB uint8 (height, width, 3); what is transparent becomes white."""
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        strip = PillowImage.alpha_composite(PillowImage.new("RGBA", strip.size, "white"), strip)
    return np.asarray(strip if strip.mode == "RGB" else strip.convert("RGB"))


def _eight_bits(sixteen: np.ndarray[Any, Any]) -> Image:
    """Map 0..65535 onto 0..255, rounding to the nearest: 65535 = 255 * 257."""
    return ((sixteen.astype(np.uint32) + 128) // 257).astype(np.uint8)


def _taken_at(exif: dict[int, Any]) -> float | None:
    try:
        taken = datetime.datetime.strptime(str(exif[ExifTags.Base.DateTimeOriginal]).strip("\0 "), "%Y:%m:%d %H:%M:%S")
    except (KeyError, ValueError):
        return None  # no time, or the "    :  :  " of a camera whose clock was never set
    digits = str(exif.get(ExifTags.Base.SubsecTimeOriginal, "")).strip("\0 ")
    fraction = float(f"0.{digits}") if digits.isascii() and digits.isdigit() else 0.0
    return taken.replace(tzinfo=datetime.UTC).timestamp() + fraction
