"""Groups of faces that nobody has named yet, or that somebody has: names, mergers and splits as facts about single faces.

What belongs here: the shape of a discovery, and what a name does to it. What does not: finding faces and grouping them (`discover`), the
files in which names are written (`group_files`), the page that shows them (`evaluation.group_sheet`).

A name is kept for each face, not for a number: groups get other numbers when photos come or go, and the face stays Anna's.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.errors import UsageError
from whosthat.faces.finding import crowd_words
from whosthat.recognition.bundle import label_problem
from whosthat.recognition.distances import distances
from whosthat.recognition.grouping import ASIDE, group_faces
from whosthat.translation import _
from whosthat.types import Face, SetAside, Sighting
from whosthat.workflow.guesses import Faces, guesses
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from whosthat.types import FloatArray, IntArray

SMALL_FACE, BLURRED = 30, 8.0
"""Faces with a side of fewer pixels, or less sharp than this, wait aside: they tell too little to be put anywhere."""

NOBODY = "-"
"""The name of somebody whom the user does not know: the group stays as it is, and is asked about no more."""


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
        probably: Who it is most likely, of those who were named or whom a recogniser knows; None where nobody is near enough.
        perhaps: Who of them it is rather than anybody else, where that is less sure.
    """

    number: int
    faces: tuple[FoundFace, ...]
    name: str | None = None
    probably: str | None = None
    perhaps: str | None = None

    @property
    def guess(self) -> str | None:
        """Who it may be, in words; None where nobody can be told."""
        if self.probably:
            return _("probably {name}", name=self.probably)
        return _("perhaps {name}", name=self.perhaps) if self.perhaps else None

    @property
    def vectors(self) -> FloatArray:
        """The embeddings of its faces, float32 (n, dimensions)."""
        return np.stack([face.vector for face in self.faces])

    @property
    def photos(self) -> frozenset[str]:
        """The SHA-256 of the photos that they are in."""
        return frozenset(face.photo for face in self.faces)


@dataclass(frozen=True)
class Discovery:
    """All faces of some photos, in groups.

    Attributes:
        faces: Every face, photo by photo.
        labels: int64 (faces,): what was grouped with what before anybody gave names; `ASIDE` for faces too small or blurred.
        embedder: The network that embedded them.
        facts: Names that were given to faces, by their id.
        never: Names that faces do not have, by their id.
        single: The ids of faces that were named one by one, not with their group: no other face takes their name.
        known: Names that a recogniser gives to faces, by their id; empty without one.
        without_face: The photos without any.
        unreadable: The files that could not be looked at, and why.
    """

    faces: tuple[FoundFace, ...]
    labels: IntArray = field(repr=False, compare=False)
    embedder: str = ""
    facts: Mapping[str, str] = field(default_factory=dict, repr=False)
    never: Mapping[str, frozenset[str]] = field(default_factory=dict, repr=False)
    single: frozenset[str] = field(default=frozenset(), repr=False)
    known: Mapping[str, str] = field(default_factory=dict, repr=False)
    without_face: tuple[Path, ...] = ()
    unreadable: tuple[SetAside, ...] = ()

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """The groups, those with names first."""
        parts = [(name, self._typical_first(rows)) for name, rows in self._parts()]
        parts.sort(key=lambda part: (part[0] == NOBODY, part[0] is None, -len(part[1]), min(part[1])))
        groups = [Group(number, tuple(self.faces[row] for row in rows), name) for number, (name, rows) in enumerate(parts, start=1)]
        people = [Faces(one.vectors, one.photos, one.name) for one in groups if one.name not in (None, NOBODY)]
        unnamed = [one for one in groups if one.name is None]
        near = guesses([Faces(one.vectors, one.photos, never=self._never(one.faces)) for one in unnamed], people, self.embedder)
        proposed = {one.number: self._with_guess(one, guess) for one, guess in zip(unnamed, near, strict=True)}
        return tuple(proposed.get(one.number, one) for one in groups)

    @property
    def aside(self) -> tuple[FoundFace, ...]:
        """The faces that are too small or blurred to be put anywhere."""
        return tuple(self.faces[row] for row in np.flatnonzero(self.labels == ASIDE))

    @property
    def crowded(self) -> tuple[SetAside, ...]:
        """The photos of which only the surest faces were taken, because they show so many."""
        numbers = Counter(face.photo for face in self.faces)
        first = {face.photo: face.paths[0] for face in self.faces}
        return tuple(SetAside(path, words) for photo, path in first.items() if (words := crowd_words(numbers[photo])))

    @property
    def photos(self) -> int:
        """How many different photos were looked at."""
        return len({face.photo for face in self.faces}) + len(self.without_face)

    def named(self, names: Mapping[str, str]) -> Discovery:
        """Give names to groups ("3") and to single faces ("3.7", the seventh of that group), and return what becomes of it.

        The same name twice makes one person of two groups; a face with a name of its own leaves its group, which keeps its own. `NOBODY`
        is somebody whom you do not know, and an empty name takes a name back. Raises UsageError where there is no such group or face, or
        a name cannot be one.
        """
        found = self
        for single in (False, True):  # what is said of a face counts more than what is said of its group
            meant = {face.id: name for key, name in names.items() if ("." in key) == single for face in self._meant(key)}
            found = found.calling(meant, single=single)
        return found

    def calling(self, names: Mapping[str, str], *, single: bool = False) -> Discovery:
        """Give each of these faces, by its id, its own name; see `called`."""
        faces: dict[str, set[str]] = {}
        for face, name in names.items():
            faces.setdefault(name, set()).add(face)
        found = self
        for name, own in faces.items():
            found = found.called(own, name, single=single)
        return found

    def called(self, faces: Set[str], name: str, *, single: bool = False) -> Discovery:
        """Give a name to faces, by their ids, as `named` does; ``single``: to each for itself, not as members of their group."""
        name = checked_name(name)
        others = {face: one for face, one in self.facts.items() if face not in faces}
        facts = others | dict.fromkeys(faces, name) if name else others
        if problem := label_problem(sorted(set(facts.values()) - {NOBODY})):  # "Anna" and "anna"
            raise UsageError("{problem}. Choose another name.", problem=problem)
        never = {face: names - {name} if face in faces else names for face, names in self.never.items()}
        return replace(self, facts=facts, never=never, single=self.single.difference(faces).union(faces if single and name else ()))

    def denied(self, names: Mapping[str, str], numbered: Discovery | None = None) -> Discovery:
        """Say who groups ("3") or single faces ("3.7") are not: faces that had this name lose it, and it is not proposed again.

        The numbers are those of ``numbered`` where names were given since, for groups have other numbers then. Raises UsageError where
        there is no such group or face, or a name cannot be one.
        """
        found = self
        for key, name in names.items():
            found = found.not_called({face.id for face in (numbered or self)._meant(key)}, name)
        return found

    def not_called(self, faces: Set[str], name: str) -> Discovery:
        """Say who faces, by their ids, are not, as `denied` does."""
        name = checked_name(name)
        if name in ("", NOBODY):
            raise UsageError("Say who it is not.")
        facts = {face: one for face, one in self.facts.items() if face not in faces or one != name}
        never = {**self.never, **{face: self.never.get(face, frozenset()) | {name} for face in faces}}
        return replace(self, facts=facts, never=never)

    def accepted(self, *, perhaps: bool = False) -> Discovery:
        """Take every "probably" for right, and with ``perhaps`` every "perhaps", too."""
        return self.taking(self.proposed(perhaps=perhaps))

    def proposed(self, *, perhaps: bool) -> dict[str, str]:
        """Return who each face without a name probably is, by its id, and with ``perhaps`` who it perhaps is."""
        names = [(group, group.probably or (group.perhaps if perhaps else None)) for group in self.groups]
        return {face.id: name for group, name in names if name is not None for face in group.faces}

    def taking(self, proposed: Mapping[str, str]) -> Discovery:
        """Take for right who faces were said to be, by their ids, as `proposed` of what somebody has looked at gives it.

        A face that has got a name since, or of which this was denied, keeps what was said; a name that nobody has any more is not taken.
        """
        there = {*self.facts.values(), *self.known.values()}
        still = {face: name for face, name in proposed.items() if name in there and face not in self.facts}
        return self.calling({face: name for face, name in still.items() if name not in self.never.get(face, ())})

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
            {
                "number": one.number,
                "name": one.name,
                "probably": one.probably,
                "perhaps": one.perhaps,
                "faces": [plain(face) for face in one.faces],
            }
            for one in self.groups
        ]
        return {
            "groups": groups,
            "aside": [plain(face) for face in self.aside],
            "without_face": [str(path) for path in self.without_face],
            **{
                key: [{"path": str(one.path), "reason": one.reason} for one in files]
                for key, files in (("unreadable", self.unreadable), ("crowded", self.crowded))
            },
        }

    def group(self, number: int | str) -> Group:
        """Return a group by its number; UsageError where there is none."""
        text = str(number)
        if not self.groups:
            raise UsageError("There is no group {number}: there are none yet.", number=number)
        if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= len(self.groups)):
            raise UsageError("There is no group {number}; there are {n}, numbered from 1.", number=number, n=len(self.groups))
        return self.groups[int(text) - 1]

    def _meant(self, key: str) -> Sequence[FoundFace]:
        number, point, face = key.partition(".")
        group = self.group(number)
        if not point:
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
        """Return the names of the faces of one label: one that was not named takes that of the nearest which was, if it may.

        What was said of single faces alone names no other.
        """
        ids = [self.faces[row].id for row in rows]
        told = [at for at, face in enumerate(ids) if face in self.facts]
        of_group = {self.facts[ids[at]] for at in told if ids[at] not in self.single}
        if not of_group:
            return [self.facts.get(face) for face in ids]
        nearest = [told[0]] * len(ids)
        if len({self.facts[ids[at]] for at in told}) > 1:
            vectors = np.stack([self.faces[row].vector for row in rows])
            nearest = [told[at] for at in distances(vectors, vectors[told]).argmin(axis=1).tolist()]
        near = [self.facts[ids[at]] for at in nearest]
        names = [self.facts.get(face, name if name in of_group else None) for face, name in zip(ids, near, strict=True)]
        return [None if name in self.never.get(face, ()) else name for face, name in zip(ids, names, strict=True)]

    def _never(self, faces: Sequence[FoundFace]) -> Set[str]:
        return frozenset().union(*(self.never.get(face.id, ()) for face in faces))

    def _with_guess(self, group: Group, near: tuple[str, bool] | None) -> Group:
        """Say of a group without a name who it may be: whom the recogniser names most of its faces, or who was named and is near."""
        name, votes = Counter(self.known.get(face.id) for face in group.faces).most_common(1)[0]
        if name is not None and name not in self._never(group.faces) and 2 * votes > len(group.faces):
            return replace(group, probably=name)
        if near is None:
            return group
        name, is_probable = near
        return replace(group, probably=name) if is_probable else replace(group, perhaps=name)

    def _typical_first(self, rows: Sequence[int]) -> list[int]:
        vectors = np.stack([self.faces[row].vector for row in rows])
        away = np.linalg.norm(vectors - vectors.mean(axis=0), axis=1)
        return [rows[at] for at in np.argsort(away, kind="stable")]


def grouped(faces: Sequence[FoundFace], embedder: str) -> IntArray:
    """Return the group of each face, int64 (n,), as `recognition.grouping.group_faces` does; faces that tell too little wait aside."""
    if not faces:
        return np.empty(0, np.int64)
    usable = np.array([min(one.face.box.width, one.face.box.height) >= SMALL_FACE and one.sharpness >= BLURRED for one in faces])
    photos = np.unique([one.photo for one in faces], return_inverse=True)[1]
    return group_faces(np.stack([one.vector for one in faces]), photos, embedder=embedder, usable=usable)


def checked_name(name: object) -> str:
    """Return a name without spaces around it, empty or one that a person can have; UsageError for any other."""
    if not isinstance(name, str):
        raise UsageError("A name is a text in quotes, got {value}.", value=name)
    name = unicodedata.normalize("NFC", name.strip())
    if name not in ("", NOBODY) and (problem := label_problem([name])):
        raise UsageError("{problem}. Choose another name.", problem=problem)
    return name
