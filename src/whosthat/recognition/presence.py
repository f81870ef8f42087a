"""Who comes and who goes before a camera: somebody who stands there is one event, not one for each look.

What belongs here: which sightings are one visit, when it is worth telling, when it is over. What does not: reading cameras and folders,
telling (`whosthat.workflow.watching`, `whosthat.notifying`).

Single looks are blurred or turned away, so a name must be seen again before it counts, and a face without a name that is where somebody
was just now, or looks like somebody who is there, is still that one. What is kept does not grow: one visit for each person, and those of
`STRANGERS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.looks import tells_enough
from whosthat.recognition.tracking import nearness
from whosthat.types import Box, Sighting

if TYPE_CHECKING:
    from whosthat.types import FloatArray

STRANGERS = 50
"""Visits of unknown people that are kept; a crowd beyond that is passed over, and `Presence.is_full` says so."""

SOON = 5.0
"""Seconds between two looks that count together, unless it is said otherwise."""

STILL_THERE = 0.3
"""How near a box must be to where somebody was just now (`tracking.nearness`)."""

NAMED, UNNAMED = 2, 3
"""Looks before a name, and before somebody unknown, is told: an unknown face may be a known one turned away."""


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody came, or went.

    Attributes:
        entered: Whether they came; False when they have left.
        name: Who it is; None for somebody unknown.
        stranger: Which of the unknown, from 1 as long as this goes on; 0 for known people, and where they cannot be told apart.
        confidence: The highest with which the name was given, 0 to 1.
        seconds: How long they were there: from the first sighting to the last.
        sighting: The last sighting.
    """

    entered: bool
    name: str | None
    stranger: int
    confidence: float
    seconds: float
    sighting: Sighting


@dataclass
class _Visit:
    name: str | None
    stranger: int
    first: float
    last: float
    sighting: Sighting
    box: Box | None = None
    vectors: FloatArray | None = None
    looks: int = 0
    told: bool = False
    confidence: float = 0.0

    def change(self, *, entered: bool) -> Change:
        return Change(entered, self.name, self.stranger, self.confidence, self.last - self.first, self.sighting)


@dataclass
class Presence:
    """Who is there.

    Args:
        away: Seconds without a sighting after which somebody has left.
        named: Looks before a name is told.
        unnamed: Looks before somebody unknown is told; 0 never tells them.
        soon: Seconds within which somebody must be seen again for the looks to count together.
        alike: Distance of embeddings up to which two faces without a name are one stranger; 0 where there are no embeddings.
        follows: Whether a face where somebody was just now is taken for theirs; not so in photos of different places.

    Attributes:
        is_full: Whether somebody unknown was passed over at the last look, because there are `STRANGERS` already.

    Example:
        >>> presence = Presence(away=30, named=2)
        >>> [len(presence.see(second, [Sighting("Anna", 0.9)])) for second in range(4)]
        [0, 1, 0, 0]
        >>> [(change.name, change.entered, change.seconds) for change in presence.see(40, [])]
        [('Anna', False, 3)]
    """

    away: float
    named: int = NAMED
    unnamed: int = UNNAMED
    soon: float = SOON
    alike: float = 0.0
    follows: bool = True
    is_full: bool = field(default=False, init=False)
    _visits: dict[str | int, _Visit] = field(default_factory=dict)
    _keys: int = 0
    _strangers: int = 0

    def __len__(self) -> int:
        return len(self._visits)

    def see(self, seconds: float, sightings: Sequence[Sighting]) -> list[Change]:
        """Take in one look, at a time in seconds that only grows; return who came and who has left since the look before."""
        changes = self._leavings(seconds)
        self.is_full = False
        seen: set[int] = set()
        for sighting in sorted(sightings, key=lambda sighting: sighting.name is None):  # names first: the unknown may be one of them
            visit = self._visit_of(sighting, seconds, seen)
            if visit is None:
                continue
            seen.add(id(visit))
            self._extend(visit, sighting, seconds)
            needed = self.unnamed if visit.name is None else self.named
            if not visit.told and needed and visit.looks >= needed:
                visit.told = True
                if visit.name is None and visit.box is not None and visit.vectors is not None:
                    self._strangers += 1
                    visit.stranger = self._strangers
                changes.append(visit.change(entered=True))
        return changes

    def end(self) -> list[Change]:
        """Return everybody who is still there, as if they left now: the watching ends."""
        changes = [visit.change(entered=False) for visit in self._visits.values() if visit.told]
        self._visits.clear()
        return changes

    def _leavings(self, seconds: float) -> list[Change]:
        gone = [
            key for key, visit in self._visits.items() if seconds - visit.last > (self.away if visit.told else min(self.soon, self.away))
        ]
        visits = [self._visits.pop(key) for key in gone]
        return [visit.change(entered=False) for visit in visits if visit.told]

    def _visit_of(self, sighting: Sighting, seconds: float, seen: set[int]) -> _Visit | None:
        if sighting.name is not None:
            return self._visits.setdefault(sighting.name, _Visit(sighting.name, 0, seconds, seconds, sighting))
        there = [visit for visit in self._visits.values() if id(visit) not in seen]
        if (visit := self._still_there(sighting, seconds, there) or self._alike(sighting, there)) is not None:
            return visit
        if sighting.box is not None and not self._is_judged(sighting):
            return None
        if sighting.box is not None and sum(visit.name is None for visit in self._visits.values()) >= STRANGERS:
            self.is_full = True
            return None
        self._keys += 1
        return self._visits.setdefault(self._keys, _Visit(None, 0, seconds, seconds, sighting))

    def _still_there(self, sighting: Sighting, seconds: float, visits: Iterable[_Visit]) -> _Visit | None:
        """Find who was at the same place just now."""
        if sighting.box is None:
            return next((visit for visit in visits if visit.name is None and visit.box is None), None)
        if not self.follows:
            return None
        near = [
            (nearness(visit.box, sighting.box), visit)
            for visit in visits
            if visit.box is not None and seconds - visit.last <= self.soon / 3
        ]
        closeness, visit = max(near, key=lambda pair: pair[0], default=(0.0, None))
        return visit if closeness > STILL_THERE else None

    def _alike(self, sighting: Sighting, visits: Iterable[_Visit]) -> _Visit | None:
        """Find who looks the same."""
        if sighting.embedding is None or not self.alike or not self._is_judged(sighting):
            return None
        far = [(float(np.linalg.norm(visit.vectors - sighting.embedding)), visit) for visit in visits if visit.vectors is not None]
        distance, visit = min(far, key=lambda pair: pair[0], default=(np.inf, None))
        return visit if distance <= self.alike else None

    @staticmethod
    def _is_judged(sighting: Sighting) -> bool:
        return sighting.face is None or tells_enough(sighting.face, np.inf)

    def _extend(self, visit: _Visit, sighting: Sighting, seconds: float) -> None:
        if visit.name == sighting.name:
            visit.looks = visit.looks + 1 if seconds - visit.last <= self.soon or visit.told else 1
            visit.confidence = max(visit.confidence, sighting.confidence if sighting.name is not None else 0.0)
            visit.sighting = sighting
        visit.last, visit.box = seconds, sighting.box
        if sighting.embedding is not None:  # the mean of the last few looks
            own = np.asarray(sighting.embedding, np.float32)
            visit.vectors = own if visit.vectors is None else visit.vectors + np.float32(0.2) * (own - visit.vectors)
