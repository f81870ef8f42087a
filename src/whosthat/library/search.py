"""Finding photos in a library: by people, dates, folders and numbers of faces, with one SQL statement.

What belongs here: from a question to rows, and from rows to what is known of them. What does not: reading a question's words (`query`),
likeness of faces, whether a single file is still there (`whosthat.workflow.library.find`). Nothing heavy is imported: a search takes less
time than starting Python does.

Names and folders are only ever values of the statement, never a part of it.
"""

from __future__ import annotations

import difflib
import json
import os
import unicodedata
from collections.abc import Collection, Mapping, Sequence
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
_LOOKED_AT = "SELECT photo FROM looks WHERE reader = ?"
_PEOPLE = (
    "SELECT id, name FROM people WHERE EXISTS (SELECT 1 FROM answers WHERE person = people.id) "
    "OR EXISTS (SELECT 1 FROM facts WHERE person = people.id AND undone_at IS NULL)"
)
"""Not those of whom everything was taken back."""
_BEFORE = "SELECT aliases.name, person FROM aliases"
"""What people were called before, in lower case."""

_FOUND = (
    "SELECT json_group_array(id) FILTER (WHERE gone = 0 AND dated), count(*) FILTER (WHERE gone = 1 AND dated), "
    "count(*) FILTER (WHERE gone IS NOT NULL AND NOT dated) FROM "
    "(SELECT photos.id, {dated} AS dated, {gone} AS gone FROM photos WHERE {where} ORDER BY taken_at NULLS LAST, photos.id)"
)
"""The rows as one text: a hundred thousand rows one by one would take longer than the search. ``gone`` is as in the table ``photos``."""
_GONE = "(SELECT {missing} IS NOT NULL FROM files WHERE photo = photos.id AND {inside} ORDER BY {missing} LIMIT 1)"
"""The same of the files in a folder."""
_NAMES = (
    "SELECT json_group_array(people.name) FROM faces LEFT JOIN answers ON answers.face = faces.id LEFT JOIN people ON people.id = person "
    "WHERE faces.photo = photos.id AND faces.reader = ? AND answers.why IS NOT 'no_face'"
)
_KNOWN = (
    f"SELECT photos.id, sha256, taken_at, root, files.name, ({_NAMES}) FROM photos "  # noqa: S608
    "JOIN files ON files.photo = photos.id WHERE photos.id IN (SELECT value FROM json_each(?)) AND {} ORDER BY root, files.name"
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


@dataclass(frozen=True, slots=True)
class Hits:
    """Which photos answer a question.

    Attributes:
        rows: Their rows in the table ``photos``, the oldest first, those without a date last.
        missing: How many more it would be, had their files been there at the last scan, or were the folder that was scanned there now.
        undated: How many more it would be if they had a date; 0 where no dates were asked for.
    """

    rows: list[int]
    missing: int
    undated: int


@dataclass(frozen=True, slots=True)
class Hit:
    """What is known of a photo that answers a question.

    Attributes:
        row: Its row in the table ``photos``.
        sha256: Of its bytes, in hexadecimal.
        taken: When, in the camera's time; None where it does not say.
        people: Who its faces are, from left to right; None for a face without a name.
        places: Where it lies or lay, in the folder that was asked for; as `os` writes paths.
    """

    row: int
    sha256: str
    taken: datetime | None
    people: tuple[str | None, ...]
    places: list[str]


def search(library: Library, question: Question) -> Hits:
    """Return which photos answer a question.

    Raises:
        LibraryError: The library cannot be read.
        UsageError: It knows nobody of a name, or several, or nothing in a folder.
    """
    roots, reader = _roots(library), library.setting("reader") or ""
    inside, within = _inside(library, question.within, roots)
    where, values = _conditions(library, question, reader)
    if question.within is not None:
        where, values = f"{where} AND {_among(f'SELECT photo FROM files WHERE {inside}')}", [*values, *within]  # noqa: S608  # not translated: SQL
    lost = ", ".join(str(row) for row, folder in roots.items() if not _holds_something(folder))
    missing = f"coalesce(missing_since, CASE WHEN root IN ({lost}) THEN 1 END)" if lost else "missing_since"  # not translated: SQL
    given, gone = ([], "gone") if question.within is None and not lost else (within, _GONE.format(missing=missing, inside=inside))
    dated = "1" if question.since is None and question.before is None else "taken_at IS NOT NULL"  # not translated: SQL
    ((rows, n_missing, undated),) = library.rows(_FOUND.format(dated=dated, gone=gone, where=where), (*given, *values))
    hits = Hits(json.loads(rows), n_missing, undated)
    if hits == Hits([], 0, 0) and question.within is not None:
        _check_folder(library, question.within, roots)
    return hits


def known_of(library: Library, rows: Sequence[int], within: Path | None) -> list[Hit]:
    """Return what is known of photos, in the order of their rows; without those that the library no longer has.

    Places are those in the folder ``within``, None for all.
    """
    roots = _roots(library)
    inside, values = _inside(library, within, roots)
    found: dict[int, Hit] = {}
    given = (library.setting("reader") or "", json.dumps(rows), *values)
    for row, digest, taken_at, root, name, names in library.rows(_KNOWN.format(inside), given):
        if row not in found:
            taken = None if taken_at is None else EPOCH + timedelta(seconds=taken_at)
            found[row] = Hit(row, digest.hex(), taken, tuple(json.loads(names)), [])
        found[row].places.append(os.path.join(roots[root], os.fsdecode(name)))  # noqa: PTH118  a path object takes ten times as long
    return [found[row] for row in rows if row in found]


def _roots(library: Library) -> dict[int, str]:
    return {row: os.fsdecode(path) for row, path in library.rows("SELECT id, path FROM roots")}


def _holds_something(folder: str) -> bool:
    """Tell whether a folder is there; where a drive is not connected, an empty one may stand in its place."""
    try:
        with os.scandir(folder) as items:
            return next(items, None) is not None
    except OSError:
        return False


def _check_folder(library: Library, folder: Path, roots: Mapping[int, str]) -> None:
    """Refuse a folder in which the library knows nothing at all: its name is wrong, most likely."""
    where, values = _inside(library, folder, roots)
    if not library.rows(f"SELECT 1 FROM files WHERE {where} LIMIT 1", values):  # noqa: S608  of constants
        folders = listing(sorted(roots.values()))
        raise UsageError("The library knows no photo in {folder}. It was scanned with: {folders}.", folder=folder, folders=folders)


def _conditions(library: Library, question: Question, reader: str) -> tuple[str, list[Any]]:
    """Return what follows WHERE but for the folder, and the values in it."""
    parts: list[tuple[str, list[Any]]] = []
    if question.query is not None:
        parts.append(_People(library, reader).condition(question.query))
    for sign, moment in ((">=", question.since), ("<", question.before)):
        if moment is not None:
            taken = f"(photos.taken_at {sign} ? OR photos.taken_at IS NULL)"  # not translated: SQL
            parts.append((taken, [(moment - EPOCH).total_seconds()]))
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
        rows = {row for names in self._people.values() for row in names.values()}
        self._before = {_folded(name): {name: row} for name, row in library.rows(_BEFORE) if row in rows}

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
        meant = self._people.get(_folded(name)) or self._before.get(_folded(name), {})
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
    if least > 0:
        return _among(_counted("BETWEEN ? AND ?")), [reader, least, _MOST_FACES if most is None else most]
    if most is None:
        return _among(_LOOKED_AT), [reader]
    more, limit = (_WITH_FACES, []) if most == 0 else (_counted("> ?"), [most])
    in_order = f"{_LOOKED_AT} EXCEPT {more} ORDER BY photo"  # not translated: SQL; sorted, both are read side by side
    return _among(in_order), [reader, reader, *limit]


def _counted(limit: str) -> str:
    return f"{_WITH_FACES} GROUP BY photo HAVING count(*) {limit}"  # not translated: SQL


def _among(statement: str) -> str:
    """Return the condition that a photo is one of those that a statement finds."""
    return f"photos.id IN ({statement})"  # not translated: SQL


def _inside(library: Library, folder: Path | None, roots: Mapping[int, str]) -> tuple[str, list[Any]]:
    """Return the condition for files in a folder, None for any: one that holds roots or lies below one.

    A relative folder that does neither is one below the roots, or, if there is none, any that is called so, in a root or on the way to it.
    """
    if folder is None:
        return "1", []
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
