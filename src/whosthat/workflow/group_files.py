"""The folder of a discovery: a contact sheet to look at, a small file to write names into, and what the numbers in it stand for.

What belongs here: reading and writing these files. What does not: what a name does (`discovery`), how the sheet looks
(`evaluation.group_sheet`).
"""

from __future__ import annotations

import hashlib
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from whosthat.durable import make_private_folder, replace_file
from whosthat.errors import UsageError, system_reason
from whosthat.evaluation.group_sheet import Card, write_group_sheet
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.wording import counted, visible
from whosthat.workflow.discovery import NOBODY, Discovery, Group, checked_name

SHEET, NAMES = "groups.html", "groups.toml"
"""The contact sheet and the names."""

_NUMBERS = re.compile(r"groups-[0-9a-f]{8}\.json")
"""The file with the faces of each number. The names say which it is: a kill between the two leaves the old ones, which belong together."""

FORMAT = 1

LARGEST = 64 << 20
"""Bytes that either file may have: a hundred for each of half a million faces."""


def read_facts(folder: Path) -> dict[str, str]:
    """Return the names that stand in a discovery's folder, by the ids of faces; none where nothing was discovered yet.

    Raises:
        UsageError: A file cannot be read, names a group or a face that is not there, or a name that nobody can have.
    """
    names = folder / NAMES
    if not names.exists():
        return {}
    facts: dict[str, str] = {}
    document = _toml(names)
    groups = _groups_of(folder, document.pop("numbers", None))
    for number, name in _table(document, "groups", names):
        if checked_name(name):
            facts |= dict.fromkeys(_ids(groups, number, names), checked_name(name))
    for number, faces in _table(document, "faces", names):
        if not isinstance(faces, dict):
            raise _cannot_use(names, _('write faces as 3.7 = "Anna": group 3, face 7'))
        for face, name in faces.items():
            ids = _ids(groups, number, names)
            if not (face.isascii() and face.isdecimal() and 1 <= int(face[:9]) <= len(ids)):
                raise _cannot_use(names, _("group {number} has no face {face}", number=number, face=face))
            facts[ids[int(face) - 1]] = checked_name(name)
    return {face: name for face, name in facts.items() if name}


def write_groups(folder: Path, discovery: Discovery, *, progress: Progress = SILENT) -> Path:
    """Write the three files, in the place of older ones, and return the contact sheet. Raises UsageError where they cannot be written."""
    groups = discovery.groups
    faces = {"format": FORMAT, "groups": {str(group.number): [face.id for face in group.faces] for group in groups}}
    content = json.dumps(faces).encode()
    numbers = f"groups-{hashlib.sha256(content).hexdigest()[:8]}.json"
    try:
        make_private_folder(folder)
        replace_file(folder / numbers, content)
        replace_file(folder / NAMES, "".join(_lines(groups, numbers)).encode())
        for old in folder.iterdir():
            if _NUMBERS.fullmatch(old.name) and old.name != numbers:
                old.unlink()
        cards = [
            Card(group.number, tuple((face.paths[0], face.face.box) for face in group.faces), _title(group), group.probably)
            for group in groups
        ]
        return write_group_sheet(folder / SHEET, cards, aside=len(discovery.aside), names=folder / NAMES, progress=progress)
    except OSError as error:
        raise UsageError(
            "{folder} cannot be written: {error}. Choose another folder for the groups.", folder=folder, error=system_reason(error)
        ) from error


def _title(group: Group) -> str | None:
    return _("nobody I know") if group.name == NOBODY else group.name


def _lines(groups: tuple[Group, ...], numbers: str) -> Iterator[str]:
    """Write the names as TOML, with what to do as comments."""
    for line in (
        _('Write names between the quotes, such as 3 = "Anna". groups.html shows the faces of each number.'),
        _('The same name twice joins two groups. "-" is somebody you do not know.'),
        _("Then run the same command again: it reads this file and writes it anew."),
    ):
        yield f"# {line}\n"
    yield f'numbers = "{numbers}"\n\n[groups]\n'
    for group in groups:
        guess = "  " + visible(_("probably {name}", name=group.probably)) if group.probably else ""
        yield f"{group.number} = {_text(group.name or '')}  # {counted(len(group.faces), 'face')}{guess}\n"
    yield "\n# " + _('Faces that are in the wrong group: 3.7 = "Tom" is face 7 of group 3.') + "\n[faces]\n"


def _text(name: str) -> str:
    """Write a text as JSON does, which TOML reads; but for one character both agree."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise _cannot_use(path, _("it is too large"))
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise _cannot_use(path, system_reason(error)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _cannot_use(path, str(error)) from error


def _table(document: Mapping[str, Any], name: str, path: Path) -> Iterator[tuple[str, Any]]:
    if others := set(document) - {"groups", "faces"}:
        raise _cannot_use(path, _("[{table}] is neither [groups] nor [faces]", table=sorted(others)[0]))
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise _cannot_use(path, _("[{table}] must be a table", table=name))
    yield from table.items()


def _groups_of(folder: Path, file: object) -> dict[str, list[str]]:
    """Read the faces of each number."""
    if not (isinstance(file, str) and _NUMBERS.fullmatch(file)):
        raise _cannot_use(folder / NAMES, _("the line that begins with numbers is missing or was changed"))
    path = folder / file
    try:
        if path.stat().st_size > LARGEST:
            raise _cannot_use(path, _("it is too large"))
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise _cannot_use(path, _("another version of whosthat wrote it"))
        groups = {number: [face for face in faces if isinstance(face, str)] for number, faces in document["groups"].items()}
    except OSError as error:
        raise _cannot_use(path, system_reason(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _cannot_use(path, _("it is damaged")) from error
    return groups


def _ids(groups: Mapping[str, list[str]], number: str, path: Path) -> list[str]:
    if number not in groups:
        raise _cannot_use(path, _("there is no group {number}", number=number))
    return groups[number]


def _cannot_use(path: Path, reason: str) -> UsageError:
    return UsageError(
        "The names in {path} cannot be used: {reason}. Correct the file, or delete it to begin again.", path=path, reason=reason
    )
