"""Names of a library's people that change, and two people who are made one, and two again.

What belongs here: the rows of ``merges`` and ``merged``. What does not: what was said of faces (`facts`), whether a name can be one
(`whosthat.workflow`).

What was said of the one who is merged is remembered fact by fact, so that merges can be taken back in any order.
"""

from __future__ import annotations

import sqlite3
import unicodedata

from whosthat.errors import NameTakenError, UsageError, did_you_mean
from whosthat.library.facts import NEXT_NUMBER, Fact, by_key, key_of, time_of_step
from whosthat.library.store import Library
from whosthat.types import Box

_MERGES = (
    "SELECT merges.id, said_at, merges.name, people.name, undone_at FROM merges JOIN people ON people.id = person "
    "WHERE merges.id = ?1 OR ?1 IS NULL ORDER BY merges.id"
)
_LAST = (
    "SELECT id, is_merge FROM (SELECT id, 0 AS is_merge, {time} AS time FROM facts WHERE {where} "
    "UNION ALL SELECT id, 1, {time} FROM merges WHERE {where}) ORDER BY time DESC LIMIT 1"
)
_BOTH = (
    "FROM merged AS own JOIN merged AS other ON other.fact = own.fact OR other.alias = own.alias "
    "WHERE own.merge = ? AND other.merge <> own.merge AND other.id"  # not translated: SQL
)
"""What a merge and another one have both moved."""


def rename(library: Library, name: str, new_name: str, *, merge: bool = False) -> tuple[Fact | None, int]:
    """Call a person by another name; where somebody else has it, ``merge`` makes one person of both.

    Return that as a fact, or None, and how many answers are the other person now.

    Who is still called so by a recogniser is this person.

    Raises UsageError where nobody has the first name or it stays as it is, and NameTakenError where somebody else has the second and
    ``merge`` is False.
    """
    number, moved = None, 0
    with library.changing() as change:
        known = by_key(change)
        if key_of(name) not in known:
            names = [each for _row, each in known.values()]
            raise UsageError("Nobody here is named {name!r}. {choice}", name=name[:300], choice=did_you_mean(name, names))
        row, old = known[key_of(name)]
        other, taken = known.get(key_of(new_name), (row, ""))
        if other != row:
            if not merge:
                raise NameTakenError(
                    "{name} is a person of this library already. Make one person of {old} and {name}?", name=taken, old=name
                )
            made = f"INSERT INTO merges (id, said_at, name, person) VALUES ({NEXT_NUMBER}, ?, ?, ?)"  # noqa: S608  # not translated: SQL
            number = int(change.execute(made, (time_of_step(change), old, other)).lastrowid or 0)
            moved = _join(change, number, (row, old), other)
        elif old == new_name:
            raise UsageError("{name} is called so already.", name=old)
        else:
            change.execute("UPDATE people SET name = ? WHERE id = ?", (unicodedata.normalize("NFC", new_name), row))
            change.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (key_of(name), row))
        change.execute("DELETE FROM aliases WHERE name = ?", (key_of(new_name),))
    return None if number is None else merges_of(library, number)[0][0], moved


def merges_of(library: Library, number: int | None = None) -> list[tuple[Fact, int]]:
    """Return all merges, or the one of a number, as facts without a place, each with how many facts it has moved; the oldest first."""
    moved = dict(library.rows("SELECT merge, count(fact) FROM merged GROUP BY merge"))
    return [
        (Fact(row, said_at, "", Box(0, 0, 0, 0), "merged", person, "face", False, undone_at, was), moved.get(row, 0))
        for row, said_at, was, person, undone_at in library.rows(_MERGES, (number,))
    ]


def merge_meant(library: Library, number: int | None, *, undone: bool = False) -> int | None:
    """Return the merge of a number, or the last step that holds, or was taken back, if that is a merge; None where facts are meant."""
    if number is not None:
        known = 0 < number < 1 << 63 and library.rows("SELECT 1 FROM merges WHERE id = ?", (number,))
        return number if known else None
    time, where = ("undone_at", "undone_at IS NOT NULL") if undone else ("said_at", "undone_at IS NULL")  # not translated: SQL
    return next((row for row, is_merge in library.rows(_LAST.format(time=time, where=where)) if is_merge), None)


def part(library: Library, number: int) -> list[Fact]:
    """Take a merge back: who was merged is a person again, with all that was said of that one before.

    What was said since stays with the other. Raises UsageError where that was done already, or somebody else has the name now.
    """
    with library.changing() as change:
        was, undone_at = change.execute("SELECT name, undone_at FROM merges WHERE id = ?", (number,)).fetchone()
        if undone_at is not None:
            raise UsageError("Correction {number} was taken back already.", number=number)
        if key_of(was) in by_key(change):
            raise UsageError("{name} is the name of somebody else now. Rename that person first.", name=was)
        row = int(change.execute("INSERT INTO people (name) VALUES (?)", (was,)).lastrowid or 0)
        change.execute("UPDATE facts SET person = ? WHERE id IN (SELECT fact FROM merged WHERE merge = ?)", (row, number))
        change.execute("UPDATE aliases SET person = ? WHERE name IN (SELECT alias FROM merged WHERE merge = ?)", (row, number))
        change.execute("DELETE FROM aliases WHERE name = ?", (key_of(was),))
        before, later = f"SELECT other.merge {_BOTH} < own.id", f"SELECT other.id {_BOTH} > own.id"  # not translated: SQL
        change.execute(f"UPDATE merges SET person = ? WHERE id IN ({before})", (row, number))  # noqa: S608
        change.execute(f"DELETE FROM merged WHERE id IN ({later})", (number,))  # noqa: S608
        change.execute("DELETE FROM merged WHERE merge = ?", (number,))
        change.execute("UPDATE merges SET undone_at = ?, back = ? WHERE id = ?", (time_of_step(change), row, number))
    return [fact for fact, _moved in merges_of(library, number)]


def join_again(library: Library, number: int) -> tuple[list[Fact], int]:
    """Let a merge that was taken back hold again; return it, and how many answers are the other person now. UsageError where it holds."""
    with library.changing() as change:
        row, person = change.execute("SELECT back, person FROM merges WHERE id = ?", (number,)).fetchone()
        if row is None:
            raise UsageError("Correction {number} was not taken back.", number=number)
        (name,) = change.execute("SELECT name FROM people WHERE id = ?", (row,)).fetchone()
        change.execute("UPDATE merges SET undone_at = NULL, back = NULL, name = ? WHERE id = ?", (name, number))
        moved = _join(change, number, (row, name), person)
    return [fact for fact, _facts in merges_of(library, number)], moved


def _join(change: sqlite3.Connection, number: int, one: tuple[int, str], other: int) -> int:
    """Make one person of two, and remember what is moved; return how many answers. Merges of them that were undone are forgotten."""
    row, name = one
    change.execute("INSERT OR REPLACE INTO aliases VALUES (?, ?)", (key_of(name), row))
    change.execute("INSERT INTO merged (merge, fact) SELECT ?, id FROM facts WHERE person = ?", (number, row))
    change.execute("INSERT INTO merged (merge, alias) SELECT ?, name FROM aliases WHERE person = ?", (number, row))
    answers = change.execute("UPDATE answers SET person = ? WHERE person = ?", (other, row)).rowcount
    moved = (("facts", "person"), ("aliases", "person"), ("merges", "person"), ("merges", "back"))
    for table, column in moved:
        change.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (other, row))  # noqa: S608
    change.execute("DELETE FROM merges WHERE back = person")
    change.execute("DELETE FROM people WHERE id = ?", (row,))
    return answers
