"""The faces of a library in groups, and names of groups that the library keeps.

What belongs here: a `Discovery` of what the library holds, without a look at any photo, and its names as facts. What does not: grouping
(`recognition.grouping`), what a name does to groups (`workflow.discovery`), how facts become answers (`answering`).

What was grouped with what stays in the library's table ``groups`` until there are faces that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import numpy as np

from whosthat.errors import UsageError, did_you_mean
from whosthat.library.contents import LibraryFace, faces_of, files_of_photos, photos_by_digest
from whosthat.library.facts import How, Place, Saying, key_of, matched, names_by_key, people_of, said_of_faces, say, undo
from whosthat.library.store import Library
from whosthat.translation import _, ngettext
from whosthat.wording import counted
from whosthat.workflow.discovery import NOBODY, Discovery, FoundFace, grouped
from whosthat.workflow.library.answering import Answered, answer_again
from whosthat.workflow.library.recogniser import Learnt, learn
from whosthat.workflow.library.words import renamed_sentence

if TYPE_CHECKING:
    from whosthat.types import IntArray


@dataclass(frozen=True, slots=True)
class NamedGroups:
    """What came of naming groups of a library.

    Attributes:
        discovery: The groups now.
        faces: Of how many faces something else is said than before.
        answered: How many answers changed.
        learnt: What the library's recogniser has learnt; None where it was not asked to, or nothing may be learnt from.
        renamed: Who was named by an older name, and that there was nothing to learn, in whole sentences: the name of today is kept.
    """

    discovery: Discovery
    faces: int
    answered: Answered
    learnt: Learnt | None = None
    renamed: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was learnt, and what else the user should know, in whole sentences."""
        if self.learnt is None:
            return (*self.renamed, *filter(None, [self.answered.note]))
        people = ngettext("{n} person", "{n:,} people", self.learnt.people)
        known = _("The library's recogniser knows {faces} of {people}.", faces=counted(self.learnt.faces, "face"), people=people)
        return (*self.renamed, known, *self.learnt.notes, *filter(None, [self.answered.note]))


def name_groups(
    library: str | Path,
    names: Mapping[str, str],
    *,
    never: Mapping[str, str] = MappingProxyType({}),
    accept: Literal["probably", "perhaps"] | None = None,
    learns: bool = False,
) -> NamedGroups:
    """Name groups of a library's faces; the names are facts, which outlive everything.

    Args:
        library: The library's folder.
        names: Names of groups ("3") and of single faces ("3.7"), by the numbers that `discover` of the library gives; see
            `Discovery.named`.
        never: Who groups or faces are not; see `Discovery.denied`.
        accept: Take every "probably" of that `discover` for right, or every "perhaps", too.
        learns: Let the library's own recogniser learn from the names, in the place of any other that the library uses.

    Raises:
        BundleError: The recogniser cannot be opened or saved.
        LibraryError: Another process changes the library, or it cannot be written.
        UsageError: There is no library, nothing was scanned yet, or there is no such group or name.

    Example:
        name_groups("family", {"1": "Anna", "2": "Tom", "2.7": "Bo"}, accept="probably")
    """

    def change(found: Discovery) -> Discovery:
        named = found.named(names).denied(never, numbered=found)
        return named if accept is None else named.taking(found.proposed(perhaps=accept == "perhaps"))

    with Library(library) as opened:
        return change_groups(opened, change, learns=learns)


def change_groups(library: Library, change: Callable[[Discovery], Discovery], *, learns: bool = False) -> NamedGroups:
    """Do what `name_groups` does with an open library, but ``change`` names the groups; what it raises is raised, and nothing is kept."""
    with library.alone():
        before = discovery_of(library)
        after, renamed = as_called_now(library, change(before))
        _check_denied(library, before, after)
        n_faces = keep_names(library, before, after)
        learnt = learn(library, replace=True) if learns else None
        if learns and learnt is None:
            renamed = (*renamed, _("There is nothing to learn from yet: nobody has a name."))
        return NamedGroups(after, n_faces, answer_again(library), learnt, renamed)


def _check_denied(library: Library, before: Discovery, after: Discovery) -> None:
    """Raise UsageError where faces are said not to be somebody whom nobody knows: it is a slip of the pen."""
    known = {*people_of(library).values(), *after.facts.values(), *after.known.values()}
    keys = {key_of(name) for name in known}
    for face, names in after.never.items():
        for name in sorted(names - before.never.get(face, frozenset())):
            if key_of(name) not in keys:
                raise UsageError("Nobody here is named {name!r}. {choice}", name=name, choice=did_you_mean(name, known - {NOBODY}))


def discovery_of(library: Library) -> Discovery:
    """Return a library's faces in groups; whoever calls holds `Library.alone`. No photo is looked at; UsageError where none was scanned."""
    reader = library.setting("reader")
    if reader is None:
        raise UsageError(
            "Nothing was scanned into the library {folder} yet. Scan photos: whosthat library {folder} scan PHOTOS", folder=library.folder
        )
    embedder = (library.setting("networks") or "").rpartition(" ")[2]
    facts_by_row, people = said_of_faces(library, reader), people_of(library)
    places = files_of_photos(library, missing=True) | files_of_photos(library)
    found = list(faces_of(library, reader))
    rows = [one for one in found if one.photo in places and not (one.row in facts_by_row and facts_by_row[one.row].no_face)]
    faces = tuple(FoundFace(one.id, places[one.photo], one.face, one.vector, one.sharpness) for one in rows)
    ids = {one.row: one.id for one in rows}
    heard = {ids[row]: one for row, one in facts_by_row.items() if row in ids}
    facts = {face: NOBODY if one.person is None else people[one.person] for face, one in heard.items() if one.fact}
    never = {face: frozenset(people[person] for person in one.never) for face, one in heard.items() if one.never}
    known = library.rows("SELECT face, name FROM answers JOIN people ON people.id = person WHERE why = 'recogniser'")
    with_face = {one.photo for one in found}
    looked_at = [photo for (photo,) in library.rows("SELECT photo FROM looks WHERE reader = ? ORDER BY photo", (reader,))]
    return Discovery(
        faces,
        _labels(library, rows, faces, embedder),
        embedder,
        facts,
        never=never,
        single=frozenset(face for face, one in heard.items() if one.fact and not one.of_group),
        known={ids[face]: name for face, name in known if face in ids},
        without_face=tuple(places[photo][0] for photo in looked_at if photo in places and photo not in with_face),
    )


def keep_names(library: Library, before: Discovery, after: Discovery) -> int:
    """Make facts of the names that were given or taken back, and return of how many faces; LibraryError where they cannot be written."""
    named = {face for face in {*before.facts, *after.facts} if before.facts.get(face) != after.facts.get(face)}
    denied = {face: names - before.never.get(face, frozenset()) for face, names in after.never.items()}
    changed = named | {face for face, names in denied.items() if names}
    photos = photos_by_digest(library, {face.rpartition("-")[0] for face in changed})
    found = {one.id: one for one in faces_of(library, photos=photos.values()) if one.id in changed}
    earlier = _facts_of(library, {one.row: face for face, one in found.items()}, sorted(photos.values()))
    sayings: list[Saying] = []
    back: list[int] = []
    for face, one in sorted(found.items()):
        place = Place(one.photo, one.place)
        for person in sorted(denied.get(face, ())):
            sayings.append(Saying(place, "is_not", person))
        name = after.facts.get(face)
        if face in named and name is not None:
            single = face in after.single or any(how == "face" for _number, how in earlier.get(face, ()))
            how: How = "face" if single else "group"
            one_name = None if name == NOBODY else name
            sayings.append(Saying(place, "is" if one_name else "nobody", one_name, how, enrolled=single))
        elif face in named and before.facts[face] not in denied.get(face, ()):
            back += [number for number, _how in earlier.get(face, ())]
    if sayings:
        say(library, sayings)
    for number in sorted(set(back)):
        undo(library, number)
    return len(found)


def as_called_now(library: Library, found: Discovery) -> tuple[Discovery, tuple[str, ...]]:
    """Put the names of today in the place of those that people had before they were renamed or merged; also say so."""
    now = names_by_key(library)
    given = {*found.facts.values()}.union(*found.never.values())
    older = {name: now[key_of(name)] for name in given if key_of(now.get(key_of(name), name)) != key_of(name)}
    if not older:
        return found, ()
    facts = {face: older.get(name, name) for face, name in found.facts.items()}
    never = {face: frozenset(older.get(name, name) for name in names) for face, names in found.never.items()}
    return replace(found, facts=facts, never=never), tuple(renamed_sentence(*pair) for pair in sorted(older.items()))


def _facts_of(library: Library, faces: dict[int, str], photos: Sequence[int]) -> dict[str, list[tuple[int, str]]]:
    """Return the facts that say who faces are, or nobody: their numbers, and how they were said, by the faces' ids."""
    found: dict[str, list[tuple[int, str]]] = {}
    how = dict(library.rows("SELECT id, how FROM facts WHERE undone_at IS NULL"))
    for (number, what, _person), row in matched(library, library.setting("reader") or "", photos):
        if row in faces and what in ("is", "nobody"):
            found.setdefault(faces[row], []).append((number, how[number]))
    return found


def _labels(library: Library, rows: Sequence[LibraryFace], faces: Sequence[FoundFace], embedder: str) -> IntArray:
    """Return the group of each face, as the library has it, or group all anew where it does not know some of them."""
    known: dict[int, int] = dict(library.rows("SELECT face, number FROM groups"))
    if any(one.row not in known for one in rows):
        labels = grouped(faces, embedder)
        known = {one.row: label for one, label in zip(rows, labels.tolist(), strict=True)}
        with library.changing() as change:
            change.execute("DELETE FROM groups")
            change.executemany("INSERT INTO groups VALUES (?, ?)", known.items())
    return np.array([known[one.row] for one in rows], np.int64)
