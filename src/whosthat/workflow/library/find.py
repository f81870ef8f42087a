"""Finding photos in a library: who is in them, when they were taken, where they lie, how many faces they show, and who looks alike.

What belongs here: a question as people put it, and what becomes of the answer. What does not: SQL (`library.search`), the words of a query
(`library.query`), measuring likeness (`likeness`), files made of what was found (`found_files`). Nothing heavy is imported at first.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import MAXYEAR, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from whosthat.errors import LibraryError, UsageError, path_given, type_given
from whosthat.library.query import parse
from whosthat.library.search import Question, known_of, search
from whosthat.library.store import Library
from whosthat.translation import _
from whosthat.wording import cut, none_known

if TYPE_CHECKING:
    from whosthat.workflow.library.likeness import Similar

FEW, MANY = 20, 1000
"""Photos that are read together when all are gone through: at first, and then."""

_DATE = re.compile(r"(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?", re.ASCII)
_FACES = re.compile(r"(\d{1,6})(?:(\+)|-(\d{1,6}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class FoundPhoto:
    """A photo that was found.

    Attributes:
        path: Where it lies.
        copies: Where else it lies.
        people: Who each of its faces is, from left to right; None for a face without a name.
        taken: When, by the camera's clock and in its time zone; None where the photo does not say.
        sha256: Of the file's bytes, in hexadecimal.
        distance: Of the face most like the one that was looked for; None where none was.
        is_there: Whether it was there when it was read; ``path`` is where it lay where not.
    """

    path: Path
    copies: tuple[Path, ...]
    people: tuple[str | None, ...]
    taken: datetime | None
    sha256: str
    distance: float | None = None
    is_there: bool = True

    @property
    def who(self) -> str:
        """Who is in it, in words."""
        names = [name for name in self.people if name is not None]
        unknown = len(self.people) - len(names)
        if not names:
            return none_known(unknown) if unknown else _("no face")
        return _(", ").join([*names, _("{n} unknown", n=unknown)] if unknown else names)

    @property
    def when(self) -> str:
        """When it was taken, to the minute; empty where it does not say."""
        return "" if self.taken is None else self.taken.isoformat(" ", "minutes")


@dataclass(frozen=True, slots=True)
class Found:
    """What was found.

    Attributes:
        photos: The photos whose files were there at the last scan: the oldest first and those without a date last; with ``like``, the most
            similar first. Each is read from the library when it is looked at: `len` takes no time, and a few of many take little.
        missing: How many more there would be if their files were there: deleted before the last scan, or on a drive that is not connected.
        undated: How many more there would be if they had a date; 0 where no dates were asked for.
        similar: For each face that was looked for, whom it looks like.
    """

    photos: Sequence[FoundPhoto]
    missing: int = 0
    undated: int = 0
    similar: tuple[Similar, ...] = ()

    def first(self, most: int | None = None) -> tuple[list[FoundPhoto], int]:
        """Return the first photos whose files are there now, ``most`` of them or all, and how many were passed over before the last."""
        there: list[FoundPhoto] = []
        gone = 0
        for photo in self.photos if most != 0 else ():
            if photo.is_there:
                there.append(photo)
            gone += not photo.is_there
            if len(there) == most:
                break
        return there, gone

    def to_dict(self) -> dict[str, Any]:
        """Return all that is there now as plain values, ready for JSON; moments as in ISO 8601, without a time zone."""
        there, gone = self.first()
        photos = [
            {
                "path": str(one.path),
                "copies": [str(path) for path in one.copies],
                "people": list(one.people),
                "taken": None if one.taken is None else one.taken.isoformat(timespec="seconds"),
                "sha256": one.sha256,
                "distance": one.distance,
            }
            for one in there
        ]
        similar = [asdict(one) | {"names": [{"name": name, "faces": faces} for name, faces in one.names]} for one in self.similar]
        return {"photos": photos, "missing": self.missing + gone, "undated": self.undated, "similar": similar}


def find(
    library: str | Path,
    query: str = "",
    *,
    since: str | date | None = None,
    until: str | date | None = None,
    within: str | Path | None = None,
    faces: int | str | None = None,
    like: str | Path | tuple[str | Path, int] | None = None,
) -> Found:
    """Find photos in a library; all that is asked for must be so. Nothing is changed.

    Args:
        library: The library's folder.
        query: Who is in them: names, ``and``, ``or``, ``not`` and brackets; ``unknown`` for a face without a name, ``nobody`` for no face.
            Names that hold such words stand in quotation marks, their own ones doubled. Upper and lower case do not matter.
        since: The first day: a date, or a year, month or day as "2019", "2019-07", "2019-07-31".
        until: The last day, likewise: "2019" is its last day. Photos without a date are not found then.
        within: A folder in which they lie, at any depth; a relative one may also be named as it is called in the library's folders.
        faces: How many faces: 2, "3+", "1-4".
        like: A photo of which any face looks like one in them, or such a photo and the number of a face, from 1, from the left.

    Raises:
        LibraryError: The library cannot be read.
        PhotoError: The photo to compare with cannot be read.
        UsageError: There is no library, the query makes no sense, the library knows nobody of a name, a date is none, the photo to compare
            with shows no face.

    Example:
        for photo in find("library", "anna and not tom", since="2019").photos:
            show(photo.path, photo.taken, photo.people)
    """
    if not isinstance(query, str):
        raise UsageError("A query is text; got {type}.", type=type_given(query))
    if not query and all(one is None for one in (since, until, within, faces, like)):
        raise UsageError('Say what to look for, such as "anna and not tom", or unknown, or --since 2019.')
    question = Question(
        parse(query) if query else None,
        None if since is None else _period(since)[0],
        None if until is None else _period(until)[1],
        None if within is None else path_given(within, _("The folder to search")),
        None if faces is None else _number(faces),
    )
    if question.since and question.before and question.since >= question.before:
        raise UsageError("No day is since {since} and until {until}. Is one of them wrong?", since=since, until=until)
    similar: tuple[Similar, ...] = ()
    distances: dict[int, float] = {}
    with Library(path_given(library, _("The library"))) as opened:
        if like is not None:
            from whosthat.workflow.library.likeness import similar_faces  # numpy and more

            similar, distances = similar_faces(opened, *_photo_and_face(like))
            question = replace(question, rows=tuple(distances))
        hits = search(opened, question)
    rows = sorted(hits.rows, key=distances.__getitem__) if distances else hits.rows
    return Found(_Photos(opened.folder, rows, question.within, distances), hits.missing, hits.undated, similar)


class _Photos(Sequence[FoundPhoto]):
    """Photos of a library by their rows, read when they are looked at; whether their files are there is asked then, too."""

    def __init__(self, library: Path, rows: Sequence[int], within: Path | None, distances: Mapping[int, float]) -> None:
        self._library, self._rows, self._within, self._distances = library, rows, within, distances

    def __len__(self) -> int:
        return len(self._rows)

    def __repr__(self) -> str:
        return f"<{len(self):,} photos>"  # not translated: for those who write programs

    def __iter__(self) -> Iterator[FoundPhoto]:
        yield from self[:FEW]
        for start in range(FEW, len(self), MANY):
            yield from self[start : start + MANY]

    @overload
    def __getitem__(self, at: int) -> FoundPhoto: ...
    @overload
    def __getitem__(self, at: slice) -> tuple[FoundPhoto, ...]: ...
    def __getitem__(self, at: int | slice) -> FoundPhoto | tuple[FoundPhoto, ...]:
        read = self._read(self._rows[at] if isinstance(at, slice) else [self._rows[at]])
        return read if isinstance(at, slice) else read[0]

    def _read(self, rows: Sequence[int]) -> tuple[FoundPhoto, ...]:
        with Library(self._library) as opened:
            hits = known_of(opened, rows, self._within)
        if len(hits) < len(rows):
            raise LibraryError("The library {folder} was changed since the search. Search again.", folder=self._library)
        photos = []
        for hit in hits:
            there = [place for place in hit.places if os.path.isfile(place)]  # noqa: PTH113  a path object takes ten times as long
            first, *copies = map(Path, there or hit.places)
            photos.append(
                FoundPhoto(first, tuple(copies), hit.people, hit.taken, hit.sha256, self._distances.get(hit.row), is_there=bool(there))
            )
        return tuple(photos)


def _photo_and_face(like: object) -> tuple[Path, int | None]:
    photo, face = like if isinstance(like, tuple) and len(like) == 2 else (like, None)
    if face is not None and type(face) is not int:
        raise UsageError("The number of a face is a whole number; got {type}.", type=type_given(face))
    return path_given(photo, _("The photo to compare with")), face


def _period(word: str | date) -> tuple[datetime, datetime]:
    """Return the first moment of a day, month or year, and the first one after it."""
    text = f"{word:%Y-%m-%d}" if isinstance(word, date) else str(word).strip()
    found = _DATE.fullmatch(text)
    try:
        numbers = [int(part) for part in found.groups() if part] if found else [0]
        year, month, day = (*numbers, 1, 1)[:3]
        begin = datetime(year, month, day)
        if begin.year == MAXYEAR:
            return begin, datetime.max
        if len(numbers) == 3:
            return begin, begin + timedelta(days=1)
        later = begin.replace(day=28) + timedelta(days=4)
        return begin, later.replace(day=1) if len(numbers) == 2 else begin.replace(year=begin.year + 1)
    except ValueError:
        raise UsageError(
            "A date is a year, a month or a day, such as 2019, 2019-07 or 2019-07-31; got {word}.", word=cut(text, 40)
        ) from None


def _number(faces: int | str) -> tuple[int, int | None]:
    """Return the smallest and the largest number of faces that are meant."""
    found = _FACES.fullmatch(str(faces).strip())
    if found:
        least = int(found[1])
        most = None if found[2] else int(found[3] or least)
        if most is None or least <= most:
            return least, most
    raise UsageError("A number of faces is one such as 2, 3+ (3 or more) or 1-4; got {faces}.", faces=cut(str(faces), 40))
