"""What a library holds of somebody who is to be forgotten, and deleting it for good.

What belongs here: finding their faces and photos, the note by which a forgetting that was stopped goes on, deleting rows. What does not:
cache, recognisers and receipts (`whosthat.workflow.library.forgetting`).

Three steps, each whole or not at all: `note` marks in the table ``forgotten`` what is to go and must not come back, and writes down who it
is; `Erasing.erase` deletes it; `give_back` overwrites the free pages. Whatever else is to be deleted goes between the first two.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from whosthat.library import contents
from whosthat.library.contents import SAME_PLACE, mark_of, set_setting
from whosthat.library.facts import key_of
from whosthat.library.store import Library
from whosthat.types import Box

NOTE = "forgetting"
"""The setting that says what is still to be done."""

_FREE_PAGES = "{}"
"""The note where the rows are gone."""

_FACES = (
    'SELECT faces.id, faces.photo, faces."left" / width, faces.top / height, faces."right" / width, faces.bottom / height FROM faces '
    "JOIN photos ON photos.id = faces.photo WHERE faces.photo IN ({})"
)
_FACTS = 'SELECT photo, "left", top, "right", bottom, what, person FROM facts WHERE undone_at IS NULL AND photo IN ({})'
_ANSWERED = "SELECT face, faces.photo, why FROM answers JOIN faces ON faces.id = face WHERE person = ?"
_SAID = "SELECT photo FROM facts WHERE person = ? AND what = 'is' AND undone_at IS NULL"
_MARK = "INSERT OR IGNORE INTO forgotten (mark) VALUES (?)"
_GONE = (
    "missing_since IS NOT NULL AND root NOT IN (SELECT root FROM files WHERE root IS NOT :away GROUP BY root "
    "HAVING count(*) = count(missing_since))"  # not translated: SQL
)
"""Files that are missing, but not those of a folder that is away as a whole: a drive that is not plugged in, say. ``:away`` is one that is
gone for good."""
_PHOTOS_GONE = f"SELECT id, sha256 FROM photos WHERE id NOT IN (SELECT photo FROM files WHERE photo IS NOT NULL AND NOT ({_GONE}))"  # noqa: S608


@dataclass
class _Photo:
    """A photo that shows somebody: the places of their faces, and of everybody else's, in shares."""

    theirs: list[Box] = field(default_factory=list)
    faces: list[Box] = field(default_factory=list)

    @property
    def shows_others(self) -> bool:
        return any(not _in(box, self.theirs) for box in self.faces)


class Erasing(BaseModel):
    """A forgetting that was begun.

    Attributes:
        person: The name.
        receipt: The name of the receipt's file.
        alone: Rows of the photos that show nobody else.
        shared: Rows of those that show others, too.
        guessed: How many of the faces had got the name from a recogniser or a group alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    person: str
    receipt: Annotated[str, Field(pattern=r"^forgotten [^/\\]+\.json$")]
    alone: tuple[int, ...]
    shared: tuple[int, ...]
    guessed: int

    def digests(self, library: Library) -> list[str]:
        """Return the SHA-256 of all these photos, in hexadecimal; they are there until `erase`."""
        photos = [*self.alone, *self.shared]
        return [content.hex() for (content,) in library.rows_of("SELECT sha256 FROM photos WHERE id IN ({})", photos)]

    def counts(self, library: Library) -> Mapping[str, int]:
        """Return how much is to go: ``photos``, ``shared``, ``embeddings``, ``guessed`` and ``facts``; and ``paths`` that hold the name."""
        faces, facts = _doomed(library, self)
        paths = [path for paths in contents.files_of_photos(library, self.shared, missing=True).values() for path in paths]
        return {
            "photos": len(self.alone),
            "shared": len(self.shared),
            "embeddings": len(faces),
            "guessed": self.guessed,
            "facts": len(facts),
            "paths": sum(key_of(self.person) in key_of(str(path)) for path in paths),
        }

    def erase(self, library: Library) -> None:
        """Delete the rows; from here on the library `is_erased`."""
        faces, facts = _doomed(library, self)
        with library.changing() as change:
            change.executemany("DELETE FROM faces WHERE id = ?", [(row,) for row in faces])
            change.executemany("DELETE FROM facts WHERE id = ?", [(row,) for row in facts])
            change.executemany("DELETE FROM files WHERE photo = ?", [(row,) for row in self.alone])
            change.executemany("DELETE FROM photos WHERE id = ?", [(row,) for row in self.alone])
            change.executemany("DELETE FROM people WHERE id = ?", [(row,) for row in _rows_of(library, self.person)])
            set_setting(change, NOTE, _FREE_PAGES)


def note(library: Library, person: str, receipt: str) -> Erasing:
    """Mark what is to go when somebody is forgotten, so that it does not come back, and write it down, so that `begun` finds it."""
    rows = _rows_of(library, person)
    photos = _photos_of(library, rows)
    alone = [photo for photo, one in photos.items() if not one.shows_others]
    shared = [photo for photo, one in photos.items() if one.shows_others]
    marks = [mark_of(content) for (content,) in library.rows_of("SELECT sha256 FROM photos WHERE id IN ({})", alone)]
    places = "SELECT roots.path, files.name, stamp FROM files JOIN roots ON roots.id = root WHERE photo IN ({})"
    marks += [mark_of(contents.inside(root), name, stamp) for root, name, stamp in library.rows_of(places, alone)]
    guessed = sum(why != "fact" for row in rows for _face, _photo, why in library.rows(_ANSWERED, (row,)))
    erasing = Erasing(person=person, receipt=receipt, alone=tuple(alone), shared=tuple(shared), guessed=guessed)
    with library.changing() as change:
        change.executemany(_MARK, [(mark,) for mark in marks])
        change.executemany(
            'INSERT INTO forgotten (photo, "left", top, "right", bottom) VALUES (?, ?, ?, ?, ?)',
            [(photo, *box.sides) for photo in shared for box in photos[photo].theirs],
        )
        set_setting(change, NOTE, erasing.model_dump_json())
    return erasing


def begun(library: Library) -> Erasing | None:
    """Return the forgetting that was begun and whose rows are still there; None without one. LibraryError where the note is damaged."""
    text = library.setting(NOTE)
    if text is None or is_erased(library):
        return None
    try:
        return Erasing.model_validate_json(text)
    except ValueError as error:  # also what pydantic raises
        raise library.damaged(type(error).__name__) from error


def roots_away(library: Library) -> dict[int, Path]:
    """Return the folders, by their rows, of which no file was there at the last scan."""
    rows = library.rows("SELECT root FROM files GROUP BY root HAVING count(*) = count(missing_since)")
    return {root: contents.roots_of(library)[root] for (root,) in rows}


def missing_digests(library: Library, away: int | None = None) -> list[str]:
    """Return the SHA-256 of the photos that `erase_missing` deletes."""
    return [content.hex() for _row, content in library.rows(_PHOTOS_GONE, {"away": away})]


def erase_missing(library: Library, away: int | None = None) -> tuple[int, int, int]:
    """Delete the files that are missing and the photos that lie nowhere else; return how many of both, and of their faces.

    Files of a folder that is `roots_away` stay, but for those of the one whose row is ``away``: it goes as a whole.
    """
    with library.changing() as change:
        photos = [(row,) for row, _content in change.execute(_PHOTOS_GONE, {"away": away})]
        files = change.execute(f"DELETE FROM files WHERE {_GONE}", {"away": away}).rowcount  # noqa: S608
        faces = change.executemany("DELETE FROM faces WHERE photo = ?", photos).rowcount
        change.executemany("DELETE FROM photos WHERE id = ?", photos)
        change.execute("DELETE FROM roots WHERE id = ?", (away,))
        set_setting(change, NOTE, _FREE_PAGES)
    return files, len(photos), max(0, faces)


def is_erased(library: Library) -> bool:
    """Tell whether rows were deleted, and `give_back` is still to come."""
    return library.setting(NOTE) == _FREE_PAGES


def give_back(library: Library) -> None:
    """Overwrite and give back the pages of what was deleted; LibraryError where others read them."""
    library.shrink()
    with library.changing() as change:
        set_setting(change, NOTE, None)


def _rows_of(library: Library, person: str) -> list[int]:
    return [row for row, name in library.rows("SELECT id, name FROM people") if key_of(name) == key_of(person)]


def _photos_of(library: Library, people: Sequence[int]) -> dict[int, _Photo]:
    """Return the photos that show somebody, by what was said and by the answers."""
    answered = {face: photo for row in people for face, photo, _why in library.rows(_ANSWERED, (row,))}
    tagged = {photo for row in people for (photo,) in library.rows(_SAID, (row,))}
    rows = sorted({*answered.values(), *tagged})
    photos: dict[int, _Photo] = defaultdict(_Photo)
    for face, photo, *sides in library.rows_of(_FACES, rows):
        (photos[photo].theirs if face in answered else photos[photo].faces).append(Box(*sides))
    for photo, *sides, what, person in library.rows_of(_FACTS, rows):
        if what in ("is", "nobody"):  # a place that was tagged, be there a face for the reader or not
            (photos[photo].theirs if person in people else photos[photo].faces).append(Box(*sides))
    return photos


def _doomed(library: Library, erasing: Erasing) -> tuple[list[int], list[int]]:
    """Return the rows of faces and of facts that are to go: of whole photos, at forgotten places of others, and what names the person."""
    places: dict[int, list[Box]] = defaultdict(list)
    for photo, *sides in library.rows_of('SELECT photo, "left", top, "right", bottom FROM forgotten WHERE photo IN ({})', erasing.shared):
        places[photo].append(Box(*sides))
    whole, both = set(erasing.alone), [*erasing.alone, *erasing.shared]
    faces = [face for face, photo, *sides in library.rows_of(_FACES, both) if photo in whole or _in(Box(*sides), places[photo])]
    select = 'SELECT id, photo, "left", top, "right", bottom FROM facts WHERE photo IN ({})'
    facts = {fact for fact, photo, *sides in library.rows_of(select, both) if photo in whole or _in(Box(*sides), places[photo])}
    facts.update(
        fact for row in _rows_of(library, erasing.person) for (fact,) in library.rows("SELECT id FROM facts WHERE person = ?", (row,))
    )
    return faces, sorted(facts)


def _in(box: Box, places: Sequence[Box]) -> bool:
    return any(box.overlap(place) >= SAME_PLACE for place in places)
