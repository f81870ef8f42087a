"""Finding photos in a library: by people, dates, folders and numbers of faces, with one SQL statement.

What belongs here: from a question to rows. What does not: reading a question's words (`query`), likeness of faces, whether a file is still
there (`whosthat.workflow.library.find`). Nothing heavy is imported: a search takes less time than starting Python does.

Names and folders are only ever values of the statement, never a part of it.
"""

from __future__ import annotations

import difflib
import json
import os
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from whosthat.errors import UsageError
from whosthat.library.query import OR, UNKNOWN, Faces, Named, Not, Query
from whosthat.library.store import Library
from whosthat.translation import _
from whosthat.wording import listing

EPOCH = datetime(1970, 1, 1)
"""What ``taken_at`` counts from: the camera's local time, of no zone."""

_OF_PERSON = (
    "SELECT faces.photo FROM answers CROSS JOIN faces INDEXED BY faces_of_reader ON faces.id = answers.face AND faces.reader = ? "
    "WHERE answers.person = ?"
)
_WITH_UNKNOWN = (
    "SELECT faces.photo FROM faces LEFT JOIN answers ON answers.face = faces.id WHERE faces.reader = ? "
    "AND answers.person IS NULL AND coalesce(answers.why, '') NOT IN ('fact', 'no_face')"
)
_WITH_FACES = "SELECT photo FROM faces WHERE +reader = ? AND id NOT IN (SELECT face FROM answers WHERE why = 'no_face')"
"""The plus keeps SQLite at the index that begins with the photo, so that nothing is to be sorted."""
_PEOPLE = (
    "SELECT id, name FROM people WHERE EXISTS (SELECT 1 FROM answers WHERE person = people.id) "
    "OR EXISTS (SELECT 1 FROM facts WHERE person = people.id AND undone_at IS NULL)"
)
"""Not those of whom everything was taken back."""

_LOOKED_AT = "EXISTS (SELECT 1 FROM looks WHERE looks.photo = photos.id AND looks.reader = ?)"  # not translated: SQL
_NAMES = (
    "SELECT json_group_array(people.name) FROM faces LEFT JOIN answers ON answers.face = faces.id LEFT JOIN people ON people.id = person "
    "WHERE faces.photo = photos.id AND faces.reader = ? AND answers.why IS NOT 'no_face'"
)
_SELECT = (
    f"SELECT photos.id, photos.sha256, photos.taken_at, files.root, files.name, files.missing_since, ({_NAMES}) FROM photos "  # noqa: S608
    "JOIN files ON files.photo = photos.id WHERE {} ORDER BY photos.taken_at IS NULL, photos.taken_at, files.root, files.name"
)


_MOST_FACES = 1 << 62


@dataclass(frozen=True, slots=True)
class Question:
    """What photos are looked for; all of it must be so.

    Attributes:
        query: Who is in them; None for anybody.
        since: The first moment at which they may be taken, in the camera's time; None for any.
        before: The first moment at which they may not.
        within: A folder in which they lie, at any depth.
        faces: The smallest and the largest number of faces; None for the largest is no limit.
        rows: Their rows in the table ``photos``; None for all.
    """

    query: Query | None = None
    since: datetime | None = None
    before: datetime | None = None
    within: Path | None = None
    faces: tuple[int, int | None] | None = None
    rows: Collection[int] | None = None


@dataclass(slots=True)
class Hit:
    """A photo that answers a question.

    Attributes:
        row: Its row in the table ``photos``.
        sha256: Of its bytes, in hexadecimal.
        taken: When, in the camera's time; None where it does not say.
        people: Who its faces are, from left to right; None for a face without a name.
        places: Where it lay at the last scan, in the folder that was asked for; as `os` writes paths.
    """

    row: int
    sha256: str
    taken: datetime | None
    people: tuple[str | None, ...]
    places: list[str]


def search(library: Library, question: Question) -> tuple[list[Hit], int]:
    """Return the photos that answer a question, the oldest first, those without a date last; and how many more there are without any date.

    The second number is 0 where no dates were asked for.

    Raises:
        LibraryError: The library cannot be read.
        UsageError: It knows nobody of a name, or several, or nothing in a folder.
    """
    roots = {row: os.fsdecode(path) for row, path in library.rows("SELECT id, path FROM roots")}
    reader = library.setting("reader") or ""
    where, values = _conditions(library, question, roots, reader)
    dated = question.since is not None or question.before is not None
    found: dict[int, Hit] = {}
    undated: set[int] = set()
    people: dict[str, tuple[str | None, ...]] = {}
    for row, digest, taken_at, root, name, missing_since, names in library.rows(_SELECT.format(where), (reader, *values)):
        if taken_at is None and dated:
            undated.add(row)
            continue
        hit = found.get(row)
        if hit is None:
            if names not in people:
                people[names] = tuple(json.loads(names))
            hit = found[row] = Hit(row, digest.hex(), _moment(taken_at), people[names], [])
        if missing_since is None:
            hit.places.append(os.path.join(roots[root], os.fsdecode(name)))  # noqa: PTH118  a path object takes ten times as long
    if not found and not undated and question.within is not None:
        _check_folder(library, question.within, roots)
    return list(found.values()), len(undated)


def _check_folder(library: Library, folder: Path, roots: Mapping[int, str]) -> None:
    """Refuse a folder in which the library knows nothing at all: its name is wrong, most likely."""
    where, values = _inside(library, folder, roots)
    if not library.rows(f"SELECT 1 FROM files WHERE {where} LIMIT 1", values):  # noqa: S608  of constants
        folders = listing(sorted(roots.values()))
        raise UsageError("The library knows no photo in {folder}. It was scanned with: {folders}.", folder=folder, folders=folders)


def _conditions(library: Library, question: Question, roots: Mapping[int, str], reader: str) -> tuple[str, list[Any]]:
    """Return what follows WHERE, and the values in it."""
    parts: list[tuple[str, list[Any]]] = []
    if question.query is not None:
        parts.append(_People(library, reader).condition(question.query))
    for sign, moment in ((">=", question.since), ("<", question.before)):
        if moment is not None:
            taken = f"(photos.taken_at {sign} ? OR photos.taken_at IS NULL)"  # not translated: SQL
            parts.append((taken, [(moment - EPOCH).total_seconds()]))
    if question.within is not None:
        parts.append(_inside(library, question.within, roots))
    if question.faces is not None:
        parts.append(_with_faces(reader, *question.faces))
    if question.rows is not None:
        parts.append((_among("SELECT value FROM json_each(?)"), [json.dumps(list(question.rows))]))
    return " AND ".join(sql for sql, _values in parts) or "1", [value for _sql, values in parts for value in values]


class _People:
    """Turns a query into a condition, with the people whom a library knows."""

    def __init__(self, library: Library, reader: str) -> None:
        self._reader = reader
        self._people: dict[str, dict[str, int]] = {}
        for row, name in library.rows(_PEOPLE):
            self._people.setdefault(_folded(name), {})[name] = row

    def condition(self, query: Query) -> tuple[str, list[Any]]:
        """Return the condition of a query, or of a part of it, and its values."""
        if isinstance(query, Named):
            return _among(_OF_PERSON), [self._reader, self._row(query.name)]
        if isinstance(query, Faces):
            return (_among(_WITH_UNKNOWN), [self._reader]) if query.what == UNKNOWN else _with_faces(self._reader, 0, 0)
        if isinstance(query, Not):
            sql, values = self.condition(query.part)
            return f"NOT ({sql})", values  # not translated: SQL
        parts = [self.condition(part) for part in query.parts]
        joined = (" OR " if query.how == OR else " AND ").join(sql for sql, _values in parts)
        return f"({joined})", [value for _sql, values in parts for value in values]

    def _row(self, name: str) -> int:
        """Return the row of the person who is meant: upper and lower case do not matter unless there are two."""
        meant = self._people.get(_folded(name), {})
        exact = meant.get(unicodedata.normalize("NFC", name))
        if exact is None and len(meant) > 1:
            names = listing(sorted(meant))
            raise UsageError('Several people are called "{name}": {names}. Write the one you mean.', name=name, names=names)
        if exact is None and not meant:
            raise UsageError('Nobody in the library is called "{name}". {choice}', name=name, choice=self._choice(name))
        return next(iter(meant.values())) if exact is None else exact

    def _choice(self, name: str) -> str:
        """Say who may be meant."""
        folded = _folded(name)
        if not self._people:
            return _("Nobody has a name yet: see whosthat discover --help.")
        if any(word in name for word in "和且或不非"):
            return _('Key words such as "和" stand apart from names, with blanks around them.')
        near = [other for other in self._people if folded in other] or difflib.get_close_matches(folded, self._people, n=3, cutoff=0.6)
        meant = sorted(one for other in near for one in self._people[other])
        if meant:
            return _('Did you mean "{near}"?', near=meant[0]) if len(meant) == 1 else _("Choose one of: {known}.", known=listing(meant))
        return _("It knows {names}.", names=listing(sorted(one for names in self._people.values() for one in names)))


def _with_faces(reader: str, least: int, most: int | None) -> tuple[str, list[Any]]:
    """Return the condition for so many faces; a photo that nobody has looked at has no number of faces."""
    if least == 0 and most is None:
        return _LOOKED_AT, [reader]
    if least == 0:
        more, limit = (_WITH_FACES, []) if most == 0 else (_counted("> ?"), [most])
        return f"NOT {_among(more)} AND {_LOOKED_AT}", [reader, *limit, reader]  # not translated: SQL
    return _among(_counted("BETWEEN ? AND ?")), [reader, least, _MOST_FACES if most is None else most]


def _counted(limit: str) -> str:
    return f"{_WITH_FACES} GROUP BY photo HAVING count(*) {limit}"  # not translated: SQL


def _among(statement: str) -> str:
    """Return the condition that a photo is one of those that a statement finds."""
    return f"photos.id IN ({statement})"  # not translated: SQL


def _inside(library: Library, folder: Path, roots: Mapping[int, str]) -> tuple[str, list[Any]]:
    """Return the condition for files in a folder: one that holds roots or lies below one.

    A relative folder that does neither is one below the roots, or, if there is none, any that is called so, in a root or on the way to it.
    """
    within = "(files.root = ? AND files.name >= ? AND files.name < ?)"  # not translated: SQL
    named = "(files.root = ? AND instr(? || files.name, ?) > 0)"  # not translated: SQL
    parts: list[tuple[str, list[Any]]] = []
    for absolute in dict.fromkeys((os.path.abspath(folder), os.path.realpath(folder))):  # noqa: PTH100  pathlib's keeps ".."
        for row, root in roots.items():
            if _below(root, absolute) is not None:
                parts.append(("files.root = ?", [row]))
            elif (inner := _below(absolute, root)) is not None:
                parts.append((within, [row, *_range(inner)]))
    if not parts and not folder.is_absolute():
        below = [(within, [row, *_range(os.path.normpath(folder))]) for row in roots]
        parts = [part for part in below if library.rows(f"SELECT 1 FROM files WHERE {within} LIMIT 1", part[1])]  # noqa: S608
    if not parts and not folder.is_absolute():
        called = os.fsencode(f"{os.sep}{os.path.normpath(folder)}{os.sep}")
        parts = [(named, [row, os.fsencode(os.path.join(root, "")), called]) for row, root in roots.items()]  # noqa: PTH118
    return f"({' OR '.join(sql for sql, _values in parts) or '0'})", [value for _sql, values in parts for value in values]


def _below(path: str, folder: str) -> str | None:
    """Return how a path is called inside a folder, "" for the folder itself; None where it lies elsewhere."""
    if path == folder:
        return ""
    start = os.path.join(folder, "")  # noqa: PTH118  pathlib takes the end off
    return path.removeprefix(start) if path.startswith(start) else None


def _range(inner: str) -> tuple[bytes, bytes]:
    """Return the first name below a folder, and the first one after all of these."""
    start = os.fsencode(inner)
    return start + os.fsencode(os.sep), start + bytes([ord(os.sep) + 1])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)
