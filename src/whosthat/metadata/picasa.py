"""People as Picasa kept them: ``.picasa.ini`` in each folder, and the names in ``contacts.xml`` of its own folder.

What belongs here: reading both. What does not: the XMP that newer Picasas write into photos (`xmp`).

    [Contacts2]
    8e62398ebda8c1a5=Anna Example;;
    [photo.jpg]
    faces=rect64(3f845bcb59418507),8e62398ebda8c1a5;rect64(9eb15b8bb1bf7a8b),ffffffffffffffff

A rectangle is four 16-bit numbers in hexadecimal, left, top, right, bottom, of 65,535 to a side, without the zeros that it would begin
with; ``ffffffffffffffff`` is somebody without a name. Source: ExifTool, picasa_faces.config; F. Buchinger, ".picasa.ini decoded".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from whosthat.metadata.regions import cut
from whosthat.metadata.sidecars import read_sidecar
from whosthat.safe_xml import Limits, parsed
from whosthat.types import Box

FILES = (".picasa.ini", "Picasa.ini", "picasa.ini")
"""How Picasa's file in a folder is called; the latter two by Picasa 2."""

NOBODY = "ffffffffffffffff"

_FACE = re.compile(r"rect64\(([0-9a-fA-F]{1,16})\),([0-9a-fA-F]{1,16})")
_MOST_FACES = 2_000
_CONTACTS = Limits(size=16 << 20, elements=100_000, depth=8, attributes=64)


def read_folder(folder: Path, contacts: Mapping[str, str]) -> dict[str, tuple[tuple[Box, str], ...]]:
    """Return the faces of a folder's photos that have a name, by file name: boxes in shares of the stored photo, and names.

    Args:
        folder: The folder.
        contacts: Names by Picasa's number, of `read_contacts`; those in the folder's file count more.

    Raises:
        SidecarError: The folder's file cannot be read.
    """
    path = next((folder / name for name in FILES if (folder / name).exists()), None)
    if path is None:
        return {}
    sections = _sections(read_sidecar(path).packet.decode("utf-8-sig", "replace"))
    names = {**contacts, **{number: entry.split(";")[0] for number, entry in sections.get("Contacts2", {}).items()}}
    names = {number.lower(): name.strip() for number, name in names.items()}
    return {file: faces for file, entries in sections.items() if (faces := _faces(entries.get("faces", ""), names))}


def read_contacts(path: Path) -> dict[str, str]:
    """Return the names in Picasa's ``contacts.xml``, by number.

    Raises:
        SidecarError: It cannot be read.
        XmlError: It is no XML, or larger than allowed.
    """
    root = parsed(read_sidecar(path).packet, _CONTACTS)
    found = [one.settings for one in root.parts if one.tag == "contact"]
    return {one["id"].lower(): one["name"] for one in found if one.get("id") and one.get("name")}


def _sections(text: str) -> dict[str, dict[str, str]]:
    """Read sections of ``key=value``; Picasa writes values that no reader of INI files takes, and sections twice after a crash."""
    sections: dict[str, dict[str, str]] = {}
    entries: dict[str, str] = {}
    for line in text.splitlines():
        if line.startswith("[") and line.rstrip().endswith("]"):
            entries = sections.setdefault(line.strip()[1:-1], {})
        elif "=" in line:
            key, _equals, value = line.partition("=")
            entries[key.strip()] = value
    return sections


def _faces(text: str, names: Mapping[str, str]) -> tuple[tuple[Box, str], ...]:
    found = []
    for rectangle, number in _FACE.findall(text)[:_MOST_FACES]:
        digits, name = rectangle.zfill(16), names.get(number.lower(), "")
        box = cut(*(int(digits[at : at + 4], 16) / 0xFFFF for at in (0, 4, 8, 12)))
        if box is not None and name and number.lower() != NOBODY:
            found.append((box, name))
    return tuple(found)
