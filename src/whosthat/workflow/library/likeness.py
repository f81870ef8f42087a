"""Faces of a library that look like those of a photo: who is this, and where else?

What belongs here: from a photo to the faces near it. What does not: other ways to find photos (`find`), groups (`workflow.discovery`).

All embeddings of the library are compared, a block at a time, so that memory does not grow with them. A face is similar up to a distance at
which, among all faces of the library, one stranger is expected by chance (`recognition.impostors`), and never beyond the one at which two
photos are taken for one person's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import BundleError, UsageError
from whosthat.faces.embedder import SAME_PERSON
from whosthat.library.contents import embeddings
from whosthat.library.store import Library
from whosthat.photos.reading import decode, sha256_of
from whosthat.recognition.distances import distances
from whosthat.recognition.impostors import NETWORKS, Impostors
from whosthat.workflow.library.in_use import bundle_in_use, face_recogniser, networks_in_use

if TYPE_CHECKING:
    from whosthat.types import FloatArray, IntArray

BLOCK = 8192
"""Embeddings that are read at once."""


@dataclass(frozen=True, slots=True)
class Similar:
    """Whom a face of a photo looks like, in the whole library.

    Attributes:
        face: Its number in the photo, from 1, from the left.
        name: Who it is, where the library knows that; None else.
        photos: How many other photos show a similar face.
        names: Who these faces are, and how many of each, the most first; None stands for those without a name.
    """

    face: int
    name: str | None
    photos: int
    names: tuple[tuple[str | None, int], ...]


def similar_faces(library: Library, photo: Path, face: int | None = None) -> tuple[tuple[Similar, ...], dict[int, float]]:
    """Compare the faces of a photo, in the library or not, with all of the library.

    Args:
        library: The library.
        photo: The photo.
        face: The number of one of its faces, from 1, from the left; None is all of them.

    Returns:
        For each face whom it looks like, and the distance of each photo that shows a similar face, by row. The photo itself is not there.

    Raises:
        LibraryError: The library cannot be read, or its embeddings are damaged.
        PhotoError: The photo cannot be read.
        UsageError: It shows no face, or not so many, or nothing was scanned yet.
    """
    reader = library.setting("reader")
    if reader is None:
        raise UsageError(
            "No photo of {library} was scanned yet. Begin with: whosthat library {library} scan PHOTOS", library=library.folder
        )
    own, names, vectors = _faces_of(library, reader, photo)
    if not len(vectors):
        raise UsageError("No face was found in {photo}, so there is nothing to compare with.", photo=photo)
    if face is not None and not 1 <= face <= len(vectors):
        raise UsageError("{photo} has {n} faces, counted from the left; there is no face {face}.", photo=photo, n=len(vectors), face=face)
    chosen = np.arange(len(vectors)) if face is None else np.array([face - 1])
    faces, photos, far = _near(library, reader, vectors[chosen], own)
    similar = tuple(
        Similar(int(row) + 1, names[row], len(set(photos[near].tolist())), _who(library, faces[near]))
        for row, near in ((row, np.flatnonzero(np.isfinite(far[:, column]))) for column, row in enumerate(chosen))
    )
    nearest: dict[int, float] = {}
    for row, distance in zip(photos.tolist(), far.min(axis=1).tolist(), strict=True):
        nearest[row] = min(distance, nearest.get(row, distance))
    return similar, nearest


def similar_within(reader: str, n_faces: int) -> float:
    """Return up to which distance a face is similar, among so many that a reader of this key found."""
    embedder = next((name for name in NETWORKS if f"-{name}-" in reader), "")
    by_chance = Impostors(embedder).nearer_than(np.array([1 / max(n_faces, 2)]))
    return min(SAME_PERSON, float(by_chance[0]))


def _faces_of(library: Library, reader: str, photo: Path) -> tuple[int, list[str | None], FloatArray]:
    """Return the row of a photo (0: it is not in the library), and of its faces the names and embeddings, float32 (n, dimensions)."""
    digest = sha256_of(photo)
    looked = "SELECT id FROM photos JOIN looks ON looks.photo = id AND reader = ? WHERE sha256 = ?"
    if not digest:
        decode(photo)  # says why it cannot be read
    if digest and (found := library.rows(looked, (reader, bytes.fromhex(digest)))):
        rows = library.rows(
            "SELECT people.name, vector FROM faces LEFT JOIN answers ON face = faces.id LEFT JOIN people ON people.id = person "
            "WHERE photo = ? AND reader = ? ORDER BY number",
            (found[0][0], reader),
        )
        return found[0][0], [name for name, _vector in rows], embeddings(library, [vector for _name, vector in rows])
    seen = _look(library, reader, photo)
    return 0, [None] * len(seen), seen


def _look(library: Library, reader: str, photo: Path) -> FloatArray:
    """Look at a photo as the library's reader does, and return the embeddings of its faces, float32 (n, dimensions)."""
    from whosthat.workflow.face_photos import open_reader  # takes a while to import, and most photos are in the library

    bundle, recogniser = bundle_in_use(library), None
    with suppress(BundleError):  # of another version, or gone: the networks alone may be there
        recogniser = None if bundle is None else face_recogniser(bundle)
    opened = open_reader(*networks_in_use(library)).reader if recogniser is None else recogniser.reader
    if opened.key != reader:
        raise UsageError("The photos of {library} were looked at by other networks. Scan it again first.", library=library.folder)
    return opened.see([opened.cut_file(photo)])[0].vectors


def _near(library: Library, reader: str, wanted: FloatArray, own: int) -> tuple[IntArray, IntArray, FloatArray]:
    """Return the rows of similar faces, those of their photos, and their distances to each wanted face, infinite where it is too far.

    int64 (n,), int64 (n,), float32 (n, wanted).
    """
    limit = similar_within(reader, library.rows("SELECT count(*) FROM faces WHERE reader = ?", (reader,))[0][0])
    found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty((0, len(wanted)), np.float32))]
    for faces, photos, vectors in _blocks(library, reader):
        far = distances(vectors, wanted)
        far[far > limit] = np.inf
        near = np.isfinite(far.min(axis=1)) & (photos != own)
        found.append((faces[near], photos[near], far[near]))
    faces, photos, far = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return faces, photos, far


def _blocks(library: Library, reader: str) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
    """Yield the rows of faces, those of their photos, and their embeddings."""
    statement = "SELECT id, photo, vector FROM faces WHERE reader = ? AND id > ? ORDER BY id LIMIT ?"
    last = 0
    while rows := library.rows(statement, (reader, last, BLOCK)):
        faces, photos, vectors = zip(*rows, strict=True)
        yield np.array(faces), np.array(photos), embeddings(library, vectors)
        last = faces[-1]


def _who(library: Library, faces: IntArray) -> tuple[tuple[str | None, int], ...]:
    """Count who some faces are."""
    statement = "SELECT people.name FROM answers JOIN people ON people.id = person WHERE face IN ({})"
    names: Counter[str | None] = Counter(name for (name,) in library.rows_of(statement, faces.tolist()))
    names[None] = len(faces) - names.total()
    return tuple((name, count) for name, count in names.most_common() if count)
