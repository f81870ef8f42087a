"""What a file is, told by its first bytes and never by its name.

What belongs here: signatures of the formats that whosthat reads, and of what people often have instead of a photo. What does not: opening,
decoding, or any look at more than the first `SNIFF_BYTES`, which every function here wants (or the whole file where it is shorter).
"""

from __future__ import annotations

import re
from pathlib import PurePath

from whosthat.translation import N_, _

SNIFF_BYTES = 64
"""How many bytes from the start of a file are enough for everything here."""

FORMATS: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM")
"""The formats that whosthat reads, plus HEIC where ``pillow_heif`` is installed. JPEG covers MPO (its first picture),
PNG covers APNG (its first frame), PPM covers PBM and PGM."""


def _suffixes(text: str) -> frozenset[str]:
    return frozenset(f".{word}" for word in text.split(","))


PHOTO_SUFFIXES = _suffixes("jpg,jpeg,jpe,jfif,mpo,png,apng,webp,bmp,dib,gif,tif,tiff,ppm,pgm,pbm,pnm,heic,heif")
"""Suffixes, in lower case, of files that are taken for photos when a folder is looked through."""

VIDEO_SUFFIXES = _suffixes("mp4,m4v,mov,mkv,webm,avi,mpg,mpeg")
"""Suffixes, in lower case, of files that are taken for videos."""

_RAW = _suffixes("3fr,arw,cr2,cr3,crw,dng,erf,iiq,kdc,mef,mos,mrw,nef,nrw,orf,pef,raf,raw,rw2,rwl,sr2,srf,srw,x3f")
_OTHER_SUFFIXES = {
    "video": VIDEO_SUFFIXES,
    "sidecar": _suffixes("xmp,aae"),  # what photo programs and phones write beside a photo
    "RAW photo": _RAW,  # not translated: a key
}
"""Suffixes, in lower case, of files that people may take for photos, by what they are, as in `wording.NOUNS`."""

# A BMP starts with no more than "BM", which English does too; the length of its second header settles it.
_BMP = rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\0\0\0"
_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in (
        ("JPEG", rb"\xff\xd8\xff"),
        ("PNG", rb"\x89PNG\r\n\x1a\n"),
        ("WEBP", rb"RIFF.{4}WEBP"),
        ("BMP", _BMP),
        ("GIF", rb"GIF8[79]a"),
        ("TIFF", rb"II[*+]\0|MM\0[*+]"),
        ("PPM", rb"P[1-6][ \t\r\n#]"),
        ("HEIC", rb".{4}ftyp(hei[cmsx]|hev[cmx]|mif1|msf1)"),
    )
)
_VIDEO = re.compile(
    rb"\x1aE\xdf\xa3"  # Matroska, WebM
    rb"|RIFF.{4}AVI "
    rb"|\0\0\x01\xba"  # MPEG program stream
    rb"|.{4}(moov|mdat|wide|free|ftyp(?!avi[fs]|hei[cmsx]|hev[cmx]|mif1|msf1))",  # MP4 and QuickTime, old and new
    re.DOTALL,
)
_NOT_PHOTOS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL | re.IGNORECASE), reason)
    for pattern, reason in (
        (rb"version https://git-lfs", N_('this is a Git LFS pointer, not the photo itself; run "git lfs pull" to fetch it')),
        (rb"\s*(<\?xml.*)?<svg", N_("this is an SVG drawing, not a photo")),
        (rb"\s*<(!doctype html|html|head|body|\?xml|!--)", N_("this is a web page, not a photo")),
        (rb"%PDF-", N_("this is a PDF document, not a photo")),
        (rb"PK\x03\x04", N_("this is a ZIP archive or an office document, not a photo")),
        (rb"8BPS", N_("this is a Photoshop file; export it as JPEG or PNG")),
        (rb".{4}ftypavi[fs]", N_("this is an AVIF photo, which whosthat does not read; export it as JPEG or PNG")),
        (rb".{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ", N_("this is a video, not a photo")),
        (rb"\0+$", N_("the file holds only zeros, as after a broken download or copy")),
    )
)


def kind_of_file(name: str) -> str:
    """Say what a file is that is not taken for a photo, by its suffix: "video", "RAW photo", "sidecar" or "other file", in every language.

    Example:
        >>> kind_of_file("IMG_1.CR2"), kind_of_file("raw")
        ('RAW photo', 'other file')
    """
    suffix = PurePath(name).suffix.lower()
    return next((kind for kind, suffixes in _OTHER_SUFFIXES.items() if suffix in suffixes), "other file")  # not translated: a key


def format_of(first_bytes: bytes) -> str | None:
    r"""Name the photo format that a file starts like: one of `FORMATS`, "HEIC", or None.

    Example:
        >>> format_of(b"\xff\xd8\xff\xe0")
        'JPEG'
    """
    return next((name for name, signature in _SIGNATURES if signature.match(first_bytes)), None)


def is_video(first_bytes: bytes) -> bool:
    r"""Tell whether a file starts like a video: MP4, QuickTime, Matroska, WebM, AVI or MPEG.

    Example:
        >>> is_video(b"\0\0\0\x20ftypisom"), is_video(b"\0\0\0\x18ftypheic")
        (True, False)
    """
    return _VIDEO.match(first_bytes) is not None


def why_not_a_photo(first_bytes: bytes) -> str:
    """Say what a file without a photo's signature is instead.

    Example:
        >>> why_not_a_photo(b"Dear diary, ")
        'this is a text file, not a photo'
    """
    for signature, reason in _NOT_PHOTOS:
        if signature.match(first_bytes):
            return _(reason)
    if _is_text(first_bytes):
        return _("this is a text file, not a photo")
    return _("this is not a photo in a format that whosthat reads ({formats}, HEIC)", formats=_(", ").join(FORMATS))


def _is_text(first_bytes: bytes) -> bool:
    """Whether the bytes are UTF-8 without control characters; a character cut off at the end does not count against it."""
    if re.search(rb"[\x00-\x08\x0e-\x1f\x7f]", first_bytes):
        return False
    try:
        first_bytes.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(first_bytes) - 4 and error.reason == "unexpected end of data"  # not translated: Python's
    return True
