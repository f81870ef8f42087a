"""Names for files and folders that are made from other people's words: safe on every system, and never one that is taken.

What belongs here: turning any text into one name inside one folder. What does not: writing anything.
"""

from __future__ import annotations

import itertools
import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

LONGEST = 55
"""Characters kept of a name, so that its UTF-8 (up to four bytes each), a number and a suffix fit where 255 bytes are the limit."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]')
"""What Windows refuses, control characters, halves of characters, and marks that turn the direction of writing around."""

_EDGES = re.compile(r"^[\s.]+|[\s.]+$")
"""Dots and white space of every alphabet around a name: Windows drops some of them, and nobody sees the others."""

_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(?=\.|$)", re.IGNORECASE)
"""Names that mean a device on Windows, with any suffix. Source: Microsoft, "Naming Files, Paths, and Namespaces"."""


def is_text(name: str) -> bool:
    """Tell whether a name is Unicode throughout: Linux allows bytes that are not UTF-8, which Python shows as halves of characters."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def safe_name(text: str) -> str:
    """Turn any text into a name that works on Linux, macOS and Windows and leads nowhere else.

    Example:
        >>> safe_name("../../Ann: 1"), safe_name("NUL.jpg"), safe_name("Zoë. ")
        ('_.._Ann_ 1', '_NUL.jpg', 'Zoë')
    """
    name = _EDGES.sub("", _FORBIDDEN.sub("_", unicodedata.normalize("NFC", text))[:LONGEST])
    return f"_{name}" if not name or _DEVICES.match(name) else name


def candidates(name: str) -> Iterator[str]:
    """Yield a file's name, made safe, its suffix kept, then the same with numbers: ``beach.jpg``, ``beach-2.jpg``, ``beach-3.jpg``, ..."""
    path = Path(_FORBIDDEN.sub("_", name))
    suffix = safe_name(path.suffix[1:])[:12] if path.suffix else ""
    ending = f".{suffix}" if suffix else ""
    stem = safe_name(path.stem)
    yield f"{stem}{ending}"
    yield from (f"{stem}-{number}{ending}" for number in itertools.count(2))


def unused_path(folder: Path, name: str) -> Path:
    """Return the first of a name's `candidates` that nothing in a folder has yet."""
    return next(path for path in map(folder.joinpath, candidates(name)) if not os.path.lexists(path))
