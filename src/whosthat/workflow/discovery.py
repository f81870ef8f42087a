"""Groups of faces that nobody has named yet, or that somebody has: names, mergers and splits as facts about single faces.

What belongs here: the shape of a discovery, and what a name does to it. What does not: finding faces and grouping them (`discover`), the
files in which names are written (`group_files`), the page that shows them (`evaluation.group_sheet`).

A name is kept for each face, not for a number: groups get other numbers when photos come or go, and the face stays Anna's.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import UsageError
from whosthat.recognition.bundle import label_problem
from whosthat.recognition.distances import distances
from whosthat.recognition.face_threshold import corrected
from whosthat.recognition.grouping import ASIDE
from whosthat.recognition.heads import templates_of
from whosthat.recognition.impostors import Impostors
from whosthat.types import Face, SetAside, Sighting
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from whosthat.types import FloatArray, IntArray

NOBODY = "-"
"""The name of somebody whom the user does not know: the group stays as it is, and is asked about no more."""

PROBABLE = 0.03
"""A group is "probably Anna" when no more than so many strangers are as near to somebody who was named; of several faces so much fewer, for
had they been Anna's, they would most likely have been in her group."""


@dataclass(frozen=True, slots=True)
class FoundFace:
    """A face in one of the photos.

    Attributes:
        id: The same for the same face of the same photo, wherever the file lies: "<SHA-256>-<number from the left>".
        paths: The photo, and its copies.
        face: Where it is.
        vector: Its embedding, float32 (dimensions,).
        sharpness: Of its crop; infinite where it was not measured.
    """

    id: str
    paths: tuple[Path, ...]
    face: Face
    vector: FloatArray = field(repr=False, compare=False)
    sharpness: float = float("inf")

    @property
    def photo(self) -> str:
        """The SHA-256 of its photo."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True, slots=True)
class Group:
    """Faces of one person, as far as can be told.

    Attributes:
        number: From 1; those with a name first, then the largest; those whom the user does not know last.
        faces: The most typical one first, the one least like the others last.
        name: Who it is; None while nobody has said so, `NOBODY` where the user does not know.
        probably: Who it may be, of those who were named or whom a recogniser knows; None where nobody is near enough.
    """

    number: int
    faces: tuple[FoundFace, ...]
    name: str | None = None
    probably: str | None = None


@dataclass(frozen=True)
class Discovery:
    """All faces of some photos, in groups.

    Attributes:
        faces: Every face, photo by photo.
        labels: int64 (faces,): what was grouped with what before anybody gave names; `ASIDE` for faces too small or blurred.
        embedder: The network that embedded them.
        facts: Names that were given to faces, by their id.
        known: Names that a recogniser gives to faces, by their id; empty without one.
        without_face: The photos without any.
        unreadable: The files that could not be looked at, and why.
    """

    faces: tuple[FoundFace, ...]
    labels: IntArray = field(repr=False, compare=False)
    embedder: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    without_face: tuple[Path, ...] = ()
    unreadable: tuple[SetAside, ...] = ()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups, those with names first."""
        parts = [(name, self._typical_first(rows)) for name, rows in self._parts()]
        parts.sort(key=lambda part: (part[0] == NOBODY, part[0] is None, -len(part[1]), min(part[1])))
        groups = [Group(number, tuple(self.faces[row] for row in rows), name) for number, (name, rows) in enumerate(parts, start=1)]
        return tuple(_with_guesses(groups, self.known, self.embedder))

    @property
    def aside(self) -> tuple[FoundFace, ...]:
        """The faces that are too small or blurred to be put anywhere."""
        return tuple(self.faces[row] for row in np.flatnonzero(self.labels == ASIDE))

    @property
    def photos(self) -> int:
        """How many different photos were looked at."""
        return len({face.photo for face in self.faces}) + len(self.without_face)

    def named(self, names: Mapping[str, str]) -> Discovery:
        """Give names to groups ("3") and to single faces ("3.7", the seventh of that group), and return what becomes of it.

        The same name twice makes one person of two groups; a face with another name leaves its group. `NOBODY` is somebody whom you do
        not know, and an empty name takes a name back. Raises UsageError where there is no such group or face, or a name cannot be one.
        """
        facts = dict(self.facts)
        for key in sorted(names, key=lambda key: "." in key):  # what is said of a face counts more than what is said of its group
            name = checked_name(names[key])
            for face in self._meant(key):
                facts.pop(face.id, None)
                if name:
                    facts[face.id] = name
        if problem := label_problem(sorted(set(facts.values()) - {NOBODY})):  # "Anna" and "anna"
            raise UsageError("{problem}. Choose another name.", problem=problem)
        return replace(self, facts=facts)

    def accepted(self) -> Discovery:
        """Take every "probably" for right."""
        return self.named({str(group.number): group.probably for group in self.groups if group.probably is not None and group.name is None})

    def predictions(self) -> Iterator[Prediction]:
        """Yield each photo, copies too, that shows exactly one person with a name, with that name."""
        names: dict[str, set[str]] = {}
        shown: dict[str, FoundFace] = {}
        for group in self.groups:
            if group.name not in (None, NOBODY):
                for face in group.faces:
                    names.setdefault(face.photo, set()).add(str(group.name))
                    shown[face.photo] = face
        for photo, people in names.items():
            if len(people) == 1:
                sighting = Sighting(next(iter(people)), 1.0, box=shown[photo].face.box)
                yield from (Prediction(path, (sighting,)) for path in shown[photo].paths)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, ready for JSON: groups with their faces, and what is in none."""

        def plain(face: FoundFace) -> dict[str, Any]:
            return {"id": face.id, "photos": [str(path) for path in face.paths], "box": asdict(face.face.box)}

        groups = [
            {"number": one.number, "name": one.name, "probably": one.probably, "faces": [plain(face) for face in one.faces]}
            for one in self.groups
        ]
        return {
            "groups": groups,
            "aside": [plain(face) for face in self.aside],
            "without_face": [str(path) for path in self.without_face],
            "unreadable": [{"path": str(one.path), "reason": one.reason} for one in self.unreadable],
        }

    def _meant(self, key: str) -> Sequence[FoundFace]:
        number, _point, face = key.partition(".")
        if not (number.isascii() and number.isdecimal() and 1 <= int(number[:9]) <= len(self.groups)):
            raise UsageError("There is no group {number}; there are {n}, numbered from 1.", number=number, n=len(self.groups))
        group = self.groups[int(number) - 1]
        if not _point:
            return group.faces
        if not (face.isascii() and face.isdecimal() and 1 <= int(face[:9]) <= len(group.faces)):
            raise UsageError("There is no face {key}: group {number} has {n}.", key=key, number=number, n=len(group.faces))
        return group.faces[int(face) - 1 : int(face)]

    def _parts(self) -> list[tuple[str | None, list[int]]]:
        """Put faces by name and by label together."""
        parts: dict[tuple[str | None, int], list[int]] = {}
        for label in range(int(self.labels.max(initial=ASIDE)) + 1):
            rows = np.flatnonzero(self.labels == label)
            for row, name in zip(rows.tolist(), self._names_of(rows), strict=True):
                person = name not in (None, NOBODY)
                parts.setdefault((name, ASIDE if person else label), []).append(row)
        return [(name, rows) for (name, _label), rows in parts.items()]

    def _names_of(self, rows: IntArray) -> list[str | None]:
        """Return the names of the faces of one label: one that was not named takes that of the nearest which was."""
        names = [self.facts.get(self.faces[row].id) for row in rows]
        told = [at for at, name in enumerate(names) if name is not None]
        if not told or len(told) == len(names):
            return names
        if len({names[at] for at in told}) == 1:
            return [names[told[0]]] * len(names)
        vectors = np.stack([self.faces[row].vector for row in rows])
        nearest = distances(vectors, vectors[told]).argmin(axis=1)
        return [names[told[at]] if name is None else name for name, at in zip(names, nearest.tolist(), strict=True)]

    def _typical_first(self, rows: Sequence[int]) -> list[int]:
        vectors = np.stack([self.faces[row].vector for row in rows])
        away = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
        return [rows[at] for at in np.argsort(away, kind="stable")]


def checked_name(name: object) -> str:
    """Return a name without spaces around it, empty or one that a person can have; UsageError for any other."""
    if not isinstance(name, str):
        raise UsageError("A name is a text in quotes, got {value}.", value=name)
    name = unicodedata.normalize("NFC", name.strip())
    if name not in ("", NOBODY) and (problem := label_problem([name])):
        raise UsageError("{problem}. Choose another name.", problem=problem)
    return name


def _with_guesses(groups: Sequence[Group], known: Mapping[str, str], embedder: str) -> Iterator[Group]:
    """Say of each group without a name who it may be: whom the recogniser names most of its faces, or who was named and is near."""
    people = [group for group in groups if group.name not in (None, NOBODY)]
    near = _Near(people, embedder) if people else None
    for group in groups:
        if group.name is not None:
            yield group
            continue
        votes = Counter(known.get(face.id) for face in group.faces).most_common(1)
        guess = votes[0][0] if 2 * votes[0][1] > len(group.faces) else None
        yield replace(group, probably=guess or (near.to(group) if near else None))


class _Near:
    """People who were named, as templates."""

    def __init__(self, people: Sequence[Group], embedder: str) -> None:
        vectors = np.stack([face.vector for group in people for face in group.faces])
        self._counts = np.array([len(group.faces) for group in people])
        self._templates = templates_of(vectors, np.repeat(np.arange(len(people)), self._counts), len(people))
        self._names = [group.name for group in people]
        self._photos = [{face.photo for face in group.faces} for group in people]
        self._strangers = Impostors(embedder)

    def to(self, group: Group) -> str | None:
        """Return the person whom a group is nearest to, if hardly a stranger is as near to anybody and no photo shows them already."""
        vectors = np.stack([face.vector for face in group.faces])
        away = corrected(distances(vectors, self._templates), self._counts).mean(axis=0)
        nearest = int(away.argmin())
        in_photo = any(face.photo in self._photos[nearest] for face in group.faces)
        if in_photo or self._strangers.expected(away[nearest], self._counts) > PROBABLE / len(group.faces):
            return None
        return self._names[nearest]
