"""The folder of a discovery: a contact sheet to look at, a small file to write names into, and what the numbers in it stand for.

What belongs here: reading and writing these files. What does not: what a name does (`discovery`), how the sheet looks
(`evaluation.group_sheet`).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from whosthat.durable import make_private_folder, replace_file
from whosthat.errors import UsageError, system_reason
from whosthat.evaluation.group_sheet import Card, write_group_sheet
from whosthat.progress import SILENT, Progress
from whosthat.settings import cache_folder
from whosthat.translation import _
from whosthat.wording import counted, visible
from whosthat.workflow.discovery import NOBODY, Discovery, Group, checked_name

SHEET, NAMES = "groups.html", "groups.toml"
"""The contact sheet and the names."""

_NUMBERS = re.compile(r"groups-[0-9a-f]{8}\.json")
"""The file with the faces of each number. The names say which it is: a kill between the two leaves the old ones, which belong together."""

FORMAT = 1

_NAMED = {"names": "name", "probably": "probably", "perhaps": "perhaps"}
"""Tables of the numbers' file, and what of a `Group` stands in them."""

LARGEST = 64 << 20
"""Bytes that either file may have: a hundred for each of half a million faces."""


class Names(NamedTuple):
    """What stands of names in a discovery's folder: as in `Discovery`, and who faces probably or perhaps are by the contact sheet."""

    facts: dict[str, str]
    never: dict[str, frozenset[str]]
    single: frozenset[str] = frozenset()
    probably: Mapping[str, str] = MappingProxyType({})
    perhaps: Mapping[str, str] = MappingProxyType({})

    def proposed(self, *, perhaps: bool) -> dict[str, str]:
        """Return who the faces are by these guesses, as `Discovery.proposed` does."""
        return {**self.probably, **(self.perhaps if perhaps else {})}


def read_names(folder: Path) -> tuple[Names, Names]:
    """Return the names that stand in a discovery's folder, and those that whosthat wrote there: what differs was written by people since.

    Nothing stands where nothing was discovered yet. Raises UsageError where a file cannot be read, names a group or a face that is not
    there, or a name that nobody can have.
    """
    names = folder / NAMES
    if not names.exists():
        return Names({}, {}), Names({}, {})
    document = _toml(names)
    groups, others, written = _written(folder, document.pop("numbers", None))
    facts, never, single = dict(others), dict(written.never), set[str]()
    for table in ("groups", "faces"):  # not translated: names of tables
        for ids, name in _entries(document, table, groups, names):
            facts |= dict.fromkeys(ids, name)
            never |= {face: never[face] - {name} for face in ids if face in never and written.facts.get(face) != name}
            single |= set(ids if table == "faces" else ())
    for ids, name in _entries(document, "not", groups, names):
        never |= {face: never.get(face, frozenset()) | {name} for face in ids if name}
    told = {face: name for face, name in facts.items() if name and name not in never.get(face, ())}
    single |= {face for face in written.single if told.get(face) == written.facts.get(face)}
    return Names(told, never, frozenset(single)), written


def with_edits(found: Discovery, now: Names, written: Names) -> Discovery:
    """Apply what people wrote into a discovery's folder (`read_names`); what whosthat wrote there itself may be out of date."""
    new = {face for face in {*now.facts, *written.facts} if now.facts.get(face) != written.facts.get(face)}
    for single in (False, True):
        found = found.calling({face: now.facts.get(face, "") for face in new if (face in now.single) == single}, single=single)
    denied: dict[str, set[str]] = {}
    for face, names in now.never.items():
        for name in names - written.never.get(face, frozenset()):
            denied.setdefault(name, set()).add(face)
    for name, faces in denied.items():
        found = found.not_called(faces, name)
    return found


def write_groups(folder: Path, discovery: Discovery, *, progress: Progress = SILENT) -> Path:
    """Write the three files, in the place of older ones, and return the contact sheet. Raises UsageError where they cannot be written."""
    write_names(folder, discovery)
    cards = [
        Card(
            group.number,
            tuple((face.paths[0], face.face.box) for face in group.faces),
            _("nobody I know") if group.name == NOBODY else group.name,
            group.guess,
        )
        for group in discovery.groups
    ]
    try:
        return write_group_sheet(folder / SHEET, cards, aside=len(discovery.aside), names=folder / NAMES, progress=progress)
    except OSError as error:
        raise _not_written(folder, error) from error


def write_names(folder: Path, discovery: Discovery) -> None:
    """Write the names and the faces of each number alone, without the contact sheet; UsageError where they cannot be written."""
    groups = discovery.groups
    ids = {str(group.number): [face.id for face in group.faces] for group in groups}
    others = dict(discovery.facts)  # of photos that are not there now: on a drive that is not plugged in, perhaps
    for face in itertools.chain.from_iterable(ids.values()):
        others.pop(face, None)
    never = {face: sorted(names) for face, names in discovery.never.items() if names}
    named = {table: {str(one.number): getattr(one, what) for one in groups if getattr(one, what)} for table, what in _NAMED.items()}
    content = json.dumps(
        {"format": FORMAT, "groups": ids, "others": others, "not": never, "single": sorted(discovery.single), **named}
    ).encode()
    numbers = f"groups-{hashlib.sha256(content).hexdigest()[:8]}.json"
    try:
        make_private_folder(folder)
        _remember(folder)
        replace_file(folder / numbers, content)
        replace_file(folder / NAMES, "".join(_lines(groups, numbers)).encode())
        for old in folder.iterdir():
            if _NUMBERS.fullmatch(old.name) and old.name != numbers:
                old.unlink()
    except OSError as error:
        raise _not_written(folder, error) from error


def folders_with(person: str, digests: Set[str]) -> Iterator[tuple[Path, bool]]:
    """Yield the folders of discoveries that hold somebody's name, or faces of their photos, by SHA-256, and whether that is certain.

    Those are known that this user's cache remembers, and that are still there; of one whose files cannot be read nothing is certain.
    """
    for note in sorted(_notes().glob("*")):
        folder = Path(os.fsdecode(note.read_bytes()))
        if not (folder / NAMES).is_file():
            continue
        try:
            now, written = read_names(folder)
            groups, *_rest = _written(folder, _toml(folder / NAMES).get("numbers"))
        except UsageError:
            yield folder, False
            continue
        faces = {face.rpartition("-")[0] for face in itertools.chain(now.facts, now.never, written.facts, *groups.values())}
        names = {*now.facts.values(), *written.facts.values(), *written.proposed(perhaps=True).values()}.union(*now.never.values())
        if person in names or not faces.isdisjoint(digests):
            yield folder, True


def _notes() -> Path:
    return cache_folder() / "group-folders"


def _remember(folder: Path) -> None:
    """Note where the folder lies, for whoever has somebody removed."""
    place = os.fsencode(folder.absolute())
    make_private_folder(_notes())
    replace_file(_notes() / hashlib.sha256(place).hexdigest()[:16], place)


def _not_written(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        "{folder} cannot be written: {error}. Choose another folder for the groups.", folder=folder, error=system_reason(error)
    )


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
        guess = "  " + visible(group.guess) if group.guess else ""
        yield f"{group.number} = {_text(group.name or '')}  # {counted(len(group.faces), 'face')}{guess}\n"
    yield "\n# " + _('Faces that are in the wrong group: 3.7 = "Tom" is face 7 of group 3.') + "\n[faces]\n"
    yield "\n# " + _('Who a face or a group is not: 3.7 = "Tom", or 4 = "Tom".') + "\n[not]\n"


def _text(name: str) -> str:
    """Write a text as JSON does, which TOML reads; but for one character both agree."""
    return json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")


def _content(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise _cannot_use(path, _("it is too large"))
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise _cannot_use(path, system_reason(error)) from error
    except UnicodeDecodeError as error:
        raise _cannot_use(path, _("it is damaged")) from error


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_content(path))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _cannot_use(path, str(error)) from error


def _entries(document: Mapping[str, Any], table: str, groups: Mapping[str, list[str]], path: Path) -> Iterator[tuple[Sequence[str], str]]:
    """Yield what stands in a table: the faces of a number, all or one of them, and the name."""
    if others := set(document) - {"groups", "faces", "not"}:
        raise _cannot_use(path, _("[{table}] is not [groups], [faces] or [not]", table=sorted(others)[0]))
    entries = document.get(table, {})
    if not isinstance(entries, dict):
        raise _cannot_use(path, _("[{table}] must be a table", table=table))
    for number, entry in entries.items():
        if number not in groups:
            raise _cannot_use(path, _("there is no group {number}", number=number))
        if isinstance(entry, dict) and table != "groups":
            yield from ((_one(groups[number], number, face, path), checked_name(name)) for face, name in entry.items())
        elif table == "faces":
            raise _cannot_use(path, _('write faces as 3.7 = "Anna": group 3, face 7'))
        else:
            yield groups[number], checked_name(entry)


def _one(ids: Sequence[str], number: str, face: str, path: Path) -> Sequence[str]:
    if not (face.isascii() and face.isdecimal() and 1 <= int(face[:9]) <= len(ids)):
        raise _cannot_use(path, _("group {number} has no face {face}", number=number, face=face))
    return ids[int(face) - 1 : int(face)]


def _written(folder: Path, file: object) -> tuple[dict[str, list[str]], dict[str, str], Names]:
    """Read the faces of each number, the names of faces that were in no photo when they were written, and all names that were written."""
    if not (isinstance(file, str) and _NUMBERS.fullmatch(file)):
        raise _cannot_use(folder / NAMES, _("the line that begins with numbers is missing or was changed"))
    path = folder / file
    try:
        document = json.loads(_content(path))
        if document["format"] != FORMAT:
            raise _cannot_use(path, _("another version of whosthat wrote it"))
        groups = {number: [face for face in faces if isinstance(face, str)] for number, faces in document["groups"].items()}
        others = {face: checked_name(name) for face, name in document["others"].items()}
        told, probably, perhaps = (
            {face: checked_name(name) for number, name in document.get(table, {}).items() for face in groups[number]} for table in _NAMED
        )
        never = {face: frozenset(map(checked_name, names)) for face, names in document.get("not", {}).items()}
        single = frozenset(document.get("single", ()))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _cannot_use(path, _("it is damaged")) from error
    return groups, others, Names(others | told, never, single, probably, perhaps)


def _cannot_use(path: Path, reason: str) -> UsageError:
    return UsageError(
        "The names in {path} cannot be used: {reason}. Correct the file, or delete it to begin again.", path=path, reason=reason
    )
