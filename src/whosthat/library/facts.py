"""What people said of places in photos: said, taken back, found again among the faces that a reader finds today.

What belongs here: the rows of ``facts`` and ``people``, and what all that was said of one face comes to. What does not: names that change
(`naming`), whether a name can be one (`whosthat.workflow`), who a face is by other reasons, learning from it.

A fact names a place, not a found face: `said_of_faces` finds it again by overlap, so that it outlives detectors and embedders.
"""

from __future__ import annotations

import sqlite3
import time
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from whosthat.errors import UsageError
from whosthat.library.contents import SAME_PLACE
from whosthat.library.store import Library
from whosthat.types import Box

if TYPE_CHECKING:
    from numpy.typing import NDArray

What = Literal["is", "is_not", "nobody", "no_face"]
How = Literal["face", "group", "metadata"]

_LATER = 1e-6
"""Seconds from one step to the next where the clock stands still or goes back: the later step stays the later one."""

_FACTS = (
    'SELECT facts.id, said_at, lower(hex(photos.sha256)), "left", top, "right", bottom, what, people.name, how, enrolled, undone_at '
    "FROM facts JOIN photos ON photos.id = facts.photo LEFT JOIN people ON people.id = person"
)
_PAIRS = (
    "SELECT facts.id, facts.what, facts.person, facts.how = 'face', faces.id, facts.left * width, facts.top * height, "
    "facts.right * width, facts.bottom * height, faces.left, faces.top, faces.right, faces.bottom FROM facts "
    "JOIN photos ON photos.id = facts.photo JOIN faces ON faces.photo = facts.photo AND faces.reader = ? "
    "AND faces.left < facts.right * width AND faces.right > facts.left * width "
    "AND faces.top < facts.bottom * height AND faces.bottom > facts.top * height WHERE (undone_at IS NULL OR ?)"
)
"""Each fact that holds, or each of all, with each face of its photo that it overlaps."""

_LAST_SAID = (
    "SELECT id FROM facts WHERE undone_at IS NULL AND said_at = (SELECT max(said_at) FROM facts WHERE undone_at IS NULL) ORDER BY id"
)
_LAST_STEP = (
    "SELECT max(max(said_at), coalesce(max(undone_at), 0)) FROM "
    "(SELECT said_at, undone_at FROM facts UNION ALL SELECT said_at, undone_at FROM merges)"
)
NEXT_NUMBER = "(SELECT 1 + coalesce(max(id), 0) FROM (SELECT max(id) AS id FROM facts UNION ALL SELECT max(id) FROM merges))"
"""Facts and merges are counted together, so that each number means one of them."""
_LAST_UNDONE = "SELECT id FROM facts WHERE undone_at = (SELECT max(undone_at) FROM facts) ORDER BY id"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a photo.

    Attributes:
        photo: The photo's row in the library.
        box: Its sides as shares of the photo's width and height, 0 to 1; a little beyond where a face is cut off by the edge.
    """

    photo: int
    box: Box


@dataclass(frozen=True, slots=True)
class Saying:
    """Something to be said of a place.

    Attributes:
        place: Where.
        what: ``is`` or ``is_not`` (a person), ``nobody`` (whom the user knows), ``no_face``.
        person: The name, for ``is`` and ``is_not``; one that differs in upper and lower case alone is the same person.
        how: Whether somebody said it of this ``face``, of its ``group``, or other programs in a photo's ``metadata``.
        enrolled: Whether a recogniser may learn from it; what was said of groups and in metadata it always may.
    """

    place: Place
    what: What
    person: str | None = None
    how: How = "face"
    enrolled: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was said.

    Attributes:
        number: Its number in the library.
        said_at: Seconds since 1970; the same for all that was said in one step.
        photo: SHA-256 of the photo, in hexadecimal.
        box: As in `Place`.
        what, person, how, enrolled: As in `Saying`; ``merged`` says that two people are one, and has no photo and an empty box.
        undone_at: When it was taken back, in seconds since 1970; None where it holds.
        was: Who was merged into the ``person``; None for all else.
    """

    number: int
    said_at: float
    photo: str
    box: Box
    what: What | Literal["merged"]
    person: str | None
    how: How
    enrolled: bool
    undone_at: float | None
    was: str | None = None


@dataclass(slots=True)
class Said:
    """What all that was said of one face comes to.

    Attributes:
        person: Row of the person who it is, or None.
        never: Rows of the people who it is not.
        nobody: It is nobody whom the user knows.
        no_face: It is no face.
        fact: The number of the fact that says who it is, that it is nobody, or no face; 0 without one.
        of_group: Whether that was said of more than this one face, so that others of its group take the name.
        teaches: Whether a recogniser may learn from it who the person is.
        ruled_out: Those of the people who it is not of whom a recogniser may learn that.
    """

    person: int | None = None
    never: set[int] = field(default_factory=set)
    nobody: bool = False
    no_face: bool = False
    fact: int = 0
    of_group: bool = False
    teaches: bool = False
    ruled_out: set[int] = field(default_factory=set)

    def hear(self, fact: int, what: str, person: int | None, *, of_group: bool = False, teaches: bool = False) -> None:
        """Take in one more fact, from which a recogniser may learn where it ``teaches``; what it contradicts no longer holds."""
        if what == "is_not" and person is not None:
            self.never.add(person)
            if teaches:
                self.ruled_out.add(person)
            if self.person == person:
                self.person, self.fact, self.of_group, self.teaches = None, 0, False, False
            return
        same = what == "is" and self.person == person
        self.of_group = of_group or (same and self.of_group)
        self.teaches = what == "is" and (teaches or (same and self.teaches))
        self.person, self.nobody, self.no_face, self.fact = person, what == "nobody", what == "no_face", fact
        self.never.discard(person or 0)
        self.ruled_out.discard(person or 0)


def say(library: Library, sayings: Sequence[Saying]) -> tuple[int, ...]:
    """Note what somebody said, in one step, and return the numbers of the facts.

    The names were checked before (`workflow.discovery.checked_name`). Answers follow with `workflow.library.answering.answer_again`.

    Raises LibraryError where the library cannot be written, UsageError where a box is none.
    """
    for one in sayings:
        box = one.place.box
        if not (-1 <= box.left < box.right <= 2 and -1 <= box.top < box.bottom <= 2):  # nan is refused, too
            raise UsageError("A box needs left < right and top < bottom, from 0 to 1; got {box}.", box=box)
    with library.changing() as change:
        now = time_of_step(change)
        people = rows_of_people(change, {one.person for one in sayings if one.person})
        numbers = []
        for one in sayings:
            row = (now, one.place.photo, *one.place.box.sides, one.what, one.person and people[one.person], one.how, one.enrolled)
            made = change.execute(
                'INSERT INTO facts (id, said_at, photo, "left", top, "right", bottom, what, person, how, enrolled) '  # noqa: S608
                f"VALUES ({NEXT_NUMBER}, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )
            numbers.append(int(made.lastrowid or 0))
    return tuple(numbers)


def facts_of(library: Library, *, undone: bool = False) -> list[Fact]:
    """Return all facts, the oldest first; ``undone``: those that were taken back, too."""
    where = "" if undone else "WHERE undone_at IS NULL"  # not translated: SQL
    return [_fact(row) for row in library.rows(f"{_FACTS} {where} ORDER BY facts.id")]  # not translated: SQL


def undo(library: Library, *numbers: int) -> list[Fact]:
    """Take facts back, by their numbers, or without any all of the last step that holds; return what was taken back.

    Raises UsageError where there is no such fact, it was taken back already, or nothing is left to take back.
    """
    with library.changing() as change:
        meant, now = _meant(library, numbers, holds=True), time_of_step(change)
        change.executemany("UPDATE facts SET undone_at = ? WHERE id = ?", [(now, one) for one in meant])
    return numbered(library, meant)


def redo(library: Library, *numbers: int) -> list[Fact]:
    """Let facts that were taken back hold again, by their numbers, or all that were taken back last; they count from when they were said.

    Raises UsageError where there is no such fact, it holds already, or nothing was taken back.
    """
    with library.changing() as change:
        meant = _meant(library, numbers, holds=False)
        change.executemany("UPDATE facts SET undone_at = NULL WHERE id = ?", [(one,) for one in meant])
    return numbered(library, meant)


def said_of_faces(library: Library, reader: str, photos: Sequence[int] | None = None) -> dict[int, Said]:
    """Return what was said of the faces that a reader found, by their rows; of all photos, or of some.

    What was said of a single face counts more than what was said of its group or stands in metadata; else the later fact does.
    """
    told: dict[int, Said] = {}
    of_groups = {number for (number,) in library.rows("SELECT id FROM facts WHERE how <> 'face'")}
    teaching = of_groups.union(number for (number,) in library.rows("SELECT id FROM facts WHERE enrolled"))
    for fact, face in matched(library, reader, photos):
        told.setdefault(face, Said()).hear(*fact, of_group=fact[0] in of_groups, teaches=fact[0] in teaching)
    return told


def matched(
    library: Library, reader: str, photos: Sequence[int] | None = None, *, undone: bool = False
) -> Iterator[tuple[tuple[int, str, int | None], int]]:
    """Yield facts, as number, what and person, each with the row of the face that it means; the weightiest last.

    That is the face that overlaps most, by `contents.SAME_PLACE` at least; else the only one whose middle lies in the box. Facts that were
    taken back are among them only where they are asked for (``undone``).
    """
    some = f"{_PAIRS} AND facts.photo IN ({{}})"  # not translated: SQL
    rows = library.rows(_PAIRS, (reader, undone)) if photos is None else list(library.rows_of(some, photos, reader, undone))
    if not rows:
        return
    chosen = _chosen([row[0] for row in rows], np.array([row[5:] for row in rows], np.float64))
    for row in sorted((rows[at] for at in chosen), key=lambda row: (row[3], row[0])):
        yield row[:3], row[4]


def _chosen(facts: Sequence[int], boxes: NDArray[np.float64]) -> list[int]:
    """Choose for each fact the pair of box and found face that belongs together; the boxes, (pairs, 8), are those of both."""
    own, found = boxes[:, :4], boxes[:, 4:]
    common = np.clip(np.minimum(own[:, 2:], found[:, 2:]) - np.maximum(own[:, :2], found[:, :2]), 0, None).prod(axis=1)
    union = (own[:, 2:] - own[:, :2]).prod(axis=1) + (found[:, 2:] - found[:, :2]).prod(axis=1) - common
    overlap = common / np.maximum(union, np.finfo(float).tiny)
    middle = (found[:, :2] + found[:, 2:]) / 2
    inside = np.all((middle >= own[:, :2]) & (middle <= own[:, 2:]), axis=1).tolist()
    best: dict[int, int] = {}
    n_inside: dict[int, int] = {}
    for row, fact in enumerate(facts):
        if fact not in best or overlap[row] > overlap[best[fact]]:
            best[fact] = row
        n_inside[fact] = n_inside.get(fact, 0) + inside[row]
    only = {fact: row for row, fact in enumerate(facts) if inside[row] and n_inside[fact] == 1}
    rows = [row if overlap[row] >= SAME_PLACE else only.get(fact) for fact, row in best.items()]
    return [row for row in rows if row is not None]


def rows_of_people(change: sqlite3.Connection, names: Collection[str]) -> dict[str, int]:
    """Return the rows of people, new or known, by name, inside a `Library.changing` block.

    Case alone makes no other person, and who is called by an older name is known, too.
    """
    known = {**dict(change.execute("SELECT name, person FROM aliases")), **{key: row for key, (row, _name) in by_key(change).items()}}
    for name in names:
        if key_of(name) not in known:
            made = change.execute("INSERT INTO people (name) VALUES (?)", (unicodedata.normalize("NFC", name),))
            known[key_of(name)] = int(made.lastrowid or 0)
    return {name: known[key_of(name)] for name in names}


def people_of(library: Library) -> Mapping[int, str]:
    """Return the names of all people, by their rows."""
    return dict(library.rows("SELECT id, name FROM people ORDER BY name"))


def names_by_key(library: Library) -> dict[str, str]:
    """Return the names of all people by `key_of` of them, and of what they were called before."""
    before = library.rows("SELECT aliases.name, people.name FROM aliases JOIN people ON people.id = person")
    return {**dict(before), **{key_of(name): name for name in people_of(library).values()}}


def by_key(change: sqlite3.Connection) -> dict[str, tuple[int, str]]:
    """Return the rows and names of all people, by `key_of` of the names."""
    return {key_of(name): (row, name) for row, name in change.execute("SELECT id, name FROM people")}


def key_of(name: str) -> str:
    """Return what is the same for names that are the same person's."""
    return unicodedata.normalize("NFC", name).casefold()


def time_of_step(change: sqlite3.Connection) -> float:
    """Return the moment of a new step, in seconds since 1970: later than all that was said or taken back before."""
    last = change.execute(_LAST_STEP).fetchone()[0]
    return max(time.time(), (last or 0.0) + _LATER)


def _fact(row: Sequence[Any]) -> Fact:
    number, said_at, photo, left, top, right, bottom, what, person, how, enrolled, undone_at = row
    return Fact(number, said_at, photo, Box(left, top, right, bottom), what, person, how, bool(enrolled), undone_at)


def numbered(library: Library, numbers: Sequence[int]) -> list[Fact]:
    """Return facts by their numbers, the oldest first."""
    rows = library.rows_of(f"{_FACTS} WHERE facts.id IN ({{}})", numbers)  # not translated: SQL
    return sorted(map(_fact, rows), key=lambda fact: fact.number)


def _meant(library: Library, numbers: Sequence[int], *, holds: bool) -> Sequence[int]:
    """Return the numbers of the facts to be taken back, or brought back."""
    if not numbers:
        found = [row[0] for row in library.rows(_LAST_SAID if holds else _LAST_UNDONE)]
        if not found and holds:
            raise UsageError("There is nothing to take back.")
        if not found:
            raise UsageError("Nothing was taken back.")
        return found
    possible = [number for number in numbers if 0 < number < 1 << 63]
    known = dict(library.rows_of("SELECT id, undone_at IS NULL FROM facts WHERE id IN ({})", possible))
    for number in numbers:
        if number not in known:
            raise UsageError("There is no correction {number}.", number=number)
        if holds and not known[number]:
            raise UsageError("Correction {number} was taken back already.", number=number)
        if not holds and known[number]:
            raise UsageError("Correction {number} was not taken back.", number=number)
    return numbers
