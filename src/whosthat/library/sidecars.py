"""Which names whosthat wrote into which files beside the photos of a library, so that it can take them out again.

What belongs here: the rows of ``sidecars`` and ``sidecar_names``. What does not: these files (`whosthat.metadata.sidecars`), who is in a
photo.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from whosthat.library.facts import key_of
from whosthat.library.store import Library


@dataclass(frozen=True, slots=True)
class Remembered:
    """What whosthat wrote into a file.

    Attributes:
        sha256: Of the file as it was written, in hexadecimal.
        is_made: There was no such file before.
        names: The names, and among which keywords each was put; among none where only a region was written.
    """

    sha256: str
    is_made: bool
    names: Mapping[str, frozenset[str]] = field(default_factory=dict)


def remembered(library: Library, path: Path) -> Remembered | None:
    """Return what whosthat wrote into a file; None where that is nothing."""
    rows = library.rows("SELECT lower(hex(sha256)), made FROM sidecars WHERE path = ?", (os.fsencode(path),))
    if not rows:
        return None
    names = library.rows("SELECT name, keywords FROM sidecar_names WHERE path = ?", (os.fsencode(path),))
    return Remembered(rows[0][0], bool(rows[0][1]), {name: frozenset(keywords.split()) for name, keywords in names})


def sidecars_with(library: Library, name: str | None = None) -> list[Path]:
    """Return the files into which whosthat wrote a name, in large or small letters; of anybody without one."""
    if name is None:
        return [Path(os.fsdecode(path)) for (path,) in library.rows("SELECT path FROM sidecars ORDER BY path")]
    rows = library.rows("SELECT path, name FROM sidecar_names ORDER BY path")
    return list(dict.fromkeys(Path(os.fsdecode(path)) for path, one in rows if key_of(one) == key_of(name)))


def remember(change: sqlite3.Connection, path: Path, written: Remembered) -> None:
    """Note what stands in a file now, in the place of what stood there; without names, nothing is kept of it."""
    key = os.fsencode(path)
    change.execute("DELETE FROM sidecars WHERE path = ?", (key,))
    if written.names:
        change.execute("INSERT INTO sidecars VALUES (?, ?, ?)", (key, bytes.fromhex(written.sha256), written.is_made))
        rows = [(key, name, " ".join(sorted(keywords))) for name, keywords in written.names.items()]
        change.executemany("INSERT INTO sidecar_names VALUES (?, ?, ?)", rows)


def joined(old: Mapping[str, Collection[str]], new: Mapping[str, Collection[str]]) -> dict[str, frozenset[str]]:
    """Return names with the keywords of both."""
    return {name: frozenset(old.get(name, ())) | frozenset(new.get(name, ())) for name in [*old, *new]}
