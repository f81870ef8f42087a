"""What becomes of facts when a photo was edited: another content lies where the old one was, and mostly shows the same faces.

What belongs here: which facts the new photo takes over. What does not: noticing that a file has changed (`scanning`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import numpy as np

from whosthat.library import contents
from whosthat.library.contents import SAME_PLACE, LibraryFace
from whosthat.library.facts import NEXT_NUMBER
from whosthat.library.store import Library
from whosthat.types import Box

SAME_FACE = 0.4
"""Largest distance between the embeddings of one face before and after its photo was edited. So near come one in 50,000 pairs of different
people (`recognition.impostors`), and they would also have to stand in the same place."""

_COPY = (
    f"INSERT INTO facts (id, photo, left, top, right, bottom, said_at, what, person, how, enrolled, undone_at) "  # noqa: S608
    f"SELECT {NEXT_NUMBER}, ?, ?, ?, ?, ?, said_at, what, person, how, enrolled, undone_at FROM facts WHERE id = ?"
)


def carry_facts(library: Library, reader: str) -> int:
    """Let photos that were edited take over the facts of those that lay there before; return how many facts that were.

    A fact goes over when the face that it is about is still in the same place with nearly the same embedding, and nothing was said of it in
    the new photo. The others stay with the old photo. An old one that lies nowhere, and of which nothing is said, is deleted.
    """
    edited = library.rows("SELECT DISTINCT was, photo FROM files WHERE was IS NOT NULL AND photo IS NOT NULL")
    carried = 0
    for old, new in edited:
        faces = {photo: contents.faces_of(library, reader, [photo]) for photo in (old, new)}
        with library.changing() as change:
            carried += 0 if old == new else _carry(change, (old, faces[old]), (new, faces[new]))
            change.execute("UPDATE files SET was = NULL WHERE was = ? AND photo = ?", (old, new))
            change.execute(
                "DELETE FROM photos WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM files WHERE photo = ?1 OR was = ?1) "
                "AND NOT EXISTS (SELECT 1 FROM facts WHERE photo = ?1)",
                (old,),
            )
    return carried


def _carry(change: sqlite3.Connection, old: tuple[int, Sequence[LibraryFace]], new: tuple[int, Sequence[LibraryFace]]) -> int:
    (before, old_faces), (after, new_faces) = old, new
    taken = [Box(*row) for row in change.execute("SELECT left, top, right, bottom FROM facts WHERE photo = ?", (after,))]
    is_copied = change.execute("SELECT 1 FROM files WHERE photo = ?", (before,)).fetchone() is not None
    carried = 0
    for fact, *box in change.execute("SELECT id, left, top, right, bottom FROM facts WHERE photo = ?", (before,)).fetchall():
        face = _same_face(Box(*box), old_faces, new_faces)
        if face is None or any(face.place.overlap(place) >= SAME_PLACE for place in taken):
            continue
        copy = change.execute(_COPY, (after, *face.place.sides, fact)).lastrowid
        change.execute("INSERT INTO merged (merge, fact) SELECT merge, ? FROM merged WHERE fact = ? ORDER BY id", (copy, fact))
        if not is_copied:
            change.execute("DELETE FROM facts WHERE id = ?", (fact,))
        carried += 1
    return carried


def _at(place: Box, faces: Sequence[LibraryFace]) -> LibraryFace | None:
    """Return the face that stands in a place."""
    face = max(faces, key=lambda face: face.place.overlap(place), default=None)
    return None if face is None or face.place.overlap(place) < SAME_PLACE else face


def _same_face(place: Box, before: Sequence[LibraryFace], after: Sequence[LibraryFace]) -> LibraryFace | None:
    """Return the face of an edited photo that stood in a place before."""
    face = _at(place, before)
    there = None if face is None else _at(face.place, after)
    return there if face and there and np.linalg.norm(face.vector - there.vector) <= SAME_FACE else None
