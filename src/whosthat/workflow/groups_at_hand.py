"""Groups that somebody is naming, of a folder of photos or of a library: every change is kept at once, and there is a way back.

What belongs here: what a surface asks for while groups are on its screen. What does not: what a name does (`discovery`), where names are
kept (`group_files`, `library.groups`).

Numbers of groups hold until the next change. So whoever changes something says which ``turn`` was seen.
"""

from __future__ import annotations

import threading
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Literal

from whosthat.errors import UsageError
from whosthat.library.store import Library, is_library
from whosthat.workflow.discover import discover
from whosthat.workflow.discovery import NOBODY, Discovery, Group
from whosthat.workflow.group_files import read_names, write_names
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.groups import as_called_now, keep_names
from whosthat.workflow.sorting import sort_copies

Change = Literal["name", "not", "nobody", "accept", "accept-all"]
"""What can be done: give groups and faces a name, say whom they do not show, or that nobody knows them; take guesses for right."""

STEPS_BACK = 50
"""So many changes can be undone."""


class GroupsAtHand:
    """Groups that are being named; may be used from several threads.

    Args:
        place: A folder of photos, or a library.
        sheet: Where the names of a folder are kept (`group_files`); a library keeps them itself.
        bundle: A recogniser that says who groups of a folder may be.
        without: Folders to pass over.

    Attributes:
        found: The groups now.
        turn: How often they were changed.
        renamed: Who was named by an older name in the last change, in whole sentences: a library keeps the name of today.

    Raises:
        WhosthatError: As `discover` does.
    """

    def __init__(self, place: Path, sheet: Path, *, bundle: Path | None = None, without: Collection[Path] = ()) -> None:
        self.place, self.sheet, self.turn = place, sheet, 0
        self.of_library = is_library(place)
        self.renamed: tuple[str, ...] = ()
        self._before: list[Discovery] = []
        self._changing = threading.Lock()
        if self.of_library:
            self.found = discover(place)
        else:
            names, _written = read_names(sheet)
            self.found = replace(discover(place, bundle=bundle, facts=names.facts, without=without), never=names.never, single=names.single)

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to be undone."""
        return bool(self._before)

    def group(self, number: int, turn: int) -> Group:
        """Return a group by its number; UsageError where there is none, or the groups have changed since."""
        self._check(turn)
        return self.found.group(number)

    def change(self, turn: int, what: Change, *, groups: Collection[int] = (), faces: Collection[str] = (), name: str = "") -> None:
        """Change groups, by number, and faces, by id; UsageError where that cannot be, and then nothing has changed.

        One name for several groups makes one person of them; faces with a name of their own leave their group.
        """
        with self._changing:
            members = {face.id for number in groups for face in self.group(number, turn).faces}
            self._check(turn)
            self._keep(_changed(self.found, what, members - {*faces}, {*faces}, name), [*self._before, self.found][-STEPS_BACK:])

    def undo(self, turn: int) -> None:
        """Take the last change back; UsageError where there is none."""
        with self._changing:
            self._check(turn)
            if not self._before:
                raise UsageError("There is nothing to undo.")
            self._keep(self._before[-1], self._before[:-1])

    def sort(self, folder: Path, *, link: bool = False) -> int:
        """Copy the photos of exactly one person with a name, or link to them, and return how many; see `sorting.sort_copies`."""
        return sum(1 for _photo in sort_copies(self.found.predictions(), folder, link=link))

    def _check(self, turn: int) -> None:
        if turn != self.turn:
            raise UsageError("The groups have changed meanwhile. Look again.")

    def _keep(self, after: Discovery, before: list[Discovery]) -> None:
        if self.of_library:
            with Library(self.place) as library, library.alone():
                after, self.renamed = as_called_now(library, after)
                keep_names(library, self.found, after)
                answer_again(library)
        else:
            write_names(self.sheet, after)
        self.found, self._before, self.turn = after, before, self.turn + 1


def _changed(found: Discovery, what: Change, members: set[str], faces: set[str], name: str) -> Discovery:
    if what in ("accept", "accept-all"):
        return found.accepted(perhaps=what == "accept-all")
    if not members and not faces:
        raise UsageError("Say which groups, or which faces.")
    if what == "not":
        return found.not_called(members | faces, name)
    name = NOBODY if what == "nobody" else name
    found = found.called(members, name) if members else found
    return found.called(faces, name, single=True) if faces else found
