"""From answers for single frames to people in a video: faces followed from frame to frame, and named by vote.

What does not belong here: reading videos (`photos.video`), recognising (`face_recogniser`), how good a look is (`looks`).

A face is followed by place and size, not by what it looks like; its name so far breaks ties. Single frames are often blurred or
turned away, so one answer for the whole track is surer than the answers it is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from whosthat.types import Box, Sighting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from whosthat.types import FloatArray

PATIENCE = 1.0
"""Seconds that a face may be out of sight, behind a hand or between two detections, and still be followed."""

_SIZES_ALIKE = 0.5
"""A face does not halve or double its size between two looks."""

_NAME_WEIGHT = 0.5
"""What a name that agrees adds to the closeness of a sighting and a track, and one that differs takes away. It decides between two
tracks, and keeps a face whose box moved by half its width from taking over another's track."""


KEPT, APART = 12, 1.0
"""So many looks are kept of one track, so many seconds apart: enough to choose from, in a video of any length."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at somebody in a video.

    Attributes:
        index: The frame.
        seconds: When it is shown.
        quality: How well it shows the person: 0 to 1.
        embedding: Of the face, float32 (dimensions,); None where nothing was embedded, or it tells too little.
        small: The frame as grey pixels, float64 (9, 16), 0 to 255; None where it was not kept.
    """

    index: int
    seconds: float
    quality: float
    embedding: FloatArray | None = field(default=None, repr=False, compare=False)
    small: NDArray[np.float64] | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a video: from the first to the last look, in seconds from the start."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Track:
    """One face, or one answer for the whole picture, followed through a video.

    Attributes:
        name: Who it is by vote, or None for "unknown".
        agreement: Share of the votes, weighted by confidence, that the answer got, 0 to 1.
        confidence: The highest with which a single frame, the ``best_frame``, gave this answer, 0 to 1.
        start: When it was first seen, in seconds; ``end``, when it was last seen.
        boxes: Where it was, by frame index, oldest first; None for the whole picture.
        looks: The best looks at it, at most `KEPT`.
        stranger: Which of the unknown it is, from 1, where they could be told apart; 0 for everybody else.
    """

    name: str | None
    agreement: float
    confidence: float
    best_frame: int
    start: float
    end: float
    boxes: Mapping[int, Box | None]
    looks: tuple[Look, ...] = field(default=(), repr=False, compare=False)
    stranger: int = 0

    @property
    def n_frames(self) -> int:
        """In how many of the frames looked at it was seen."""
        return len(self.boxes)


class Tracker:
    """Follows faces through the frames of one video.

    Example:
        >>> tracker = Tracker()
        >>> for index, name in enumerate(["Ann", None, "Ann"]):
        ...     tracker.add(index, index / 5, [Sighting(name, 0.9, box=Box(10 + index, 10, 50 + index, 50))])
        >>> [(track.name, track.n_frames, track.end) for track in tracker.tracks()]
        [('Ann', 3, 0.4)]
    """

    def __init__(self) -> None:
        self._trails: list[_Trail] = []
        self._open: list[_Trail] = []
        self._looked = float("-inf")

    def add(
        self, index: int, seconds: float, sightings: Sequence[Sighting], *, new_scene: bool = False, looks: Sequence[Look] = ()
    ) -> None:
        """Take in what was seen in the next frame, whose index is larger than all before and which is shown after so many seconds.

        A ``new_scene`` begins where the video cut to another picture since the frame before: no face is followed across a cut. ``looks``
        are those at the sightings, in their order, where the best are to be kept.
        """
        still_open = [] if new_scene else [trail for trail in self._open if trail.end >= min(self._looked, seconds - PATIENCE)]
        followed = _follow(still_open, sightings)
        for number, sighting in enumerate(sightings):
            if (trail := followed.get(number)) is None:
                trail = _Trail(seconds)
                self._trails.append(trail)
                still_open.append(trail)
            trail.add(index, seconds, sighting)
            if looks:
                keep(trail.looks, looks[number])
        # An answer for the whole picture ends with the next one that differs; a face may come back.
        self._open = [trail for trail in still_open if trail.box is not None or trail.end == seconds]
        self._looked = seconds

    def tracks(self) -> list[Track]:
        """Return every track, in the order in which they began.

        A person is in a frame once: of tracks that share a frame, the one with the most votes for a name keeps it, and the others
        are unknown. Their next best name would be a guess that most of their own frames speak against.
        """
        taken: dict[str | None, set[int]] = {}
        answers: dict[int, str | None] = {}
        for number, trail in sorted(enumerate(self._trails), key=lambda item: -item[1].votes[item[1].answer]):
            frames = taken.setdefault(trail.answer, set())
            if frames.isdisjoint(trail.boxes):
                answers[number] = trail.answer
                frames.update(trail.boxes)
        return [trail.named(answers.get(number)) for number, trail in enumerate(self._trails)]


def tracks_by_person(tracks: Iterable[Track]) -> dict[str | int, tuple[Track, ...]]:
    """Put together the tracks of each person, by name, and of each stranger, by number, by first appearance.

    Under 0 are all of the unknown that nobody can tell apart.
    """
    people: dict[str | int, list[Track]] = {}
    for track in sorted(tracks, key=lambda track: track.start):
        people.setdefault(track.stranger if track.name is None else track.name, []).append(track)
    return {who: tuple(theirs) for who, theirs in people.items()}


def best_sightings(tracks: Iterable[Track], *, named: int, unnamed: int) -> list[tuple[Sighting, int]]:
    """Return the best look at each person and each stranger as a sighting, with its frame, by first appearance.

    A name counts when it was seen in so many looks, as does somebody unknown; a face that was seen too shortly to have a number does not.
    """
    found = []
    for who, theirs in tracks_by_person(tracks).items():
        looks = [(look.embedding is not None, look.quality, look, track) for track in theirs for look in track.looks]
        *_rest, look, track = max(looks, key=lambda found: found[:2])
        box = track.boxes[look.index]
        if sum(track.n_frames for track in theirs) >= (unnamed if track.name is None else named) and (who or box is None):
            confidence = max(track.confidence for track in theirs)
            found.append((Sighting(track.name, confidence, box=box, embedding=look.embedding), look.index))
    return found


def spans_of(tracks: Iterable[Track]) -> tuple[Span, ...]:
    """Say when any of some tracks was to be seen: spans that overlap or lie no more than `PATIENCE` apart become one."""
    spans: list[Span] = []
    for track in sorted(tracks, key=lambda track: track.start):
        if spans and track.start - spans[-1].end <= PATIENCE:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, track.end))
        else:
            spans.append(Span(track.start, track.end))
    return tuple(spans)


@dataclass
class _Trail:
    """A track while it grows."""

    start: float
    end: float = 0.0
    box: Box | None = None
    boxes: dict[int, Box | None] = field(default_factory=dict)
    votes: dict[str | None, float] = field(default_factory=dict)
    best: dict[str | None, tuple[float, int]] = field(default_factory=dict)
    looks: list[Look] = field(default_factory=list)

    def add(self, index: int, seconds: float, sighting: Sighting) -> None:
        name, confidence = sighting.name, sighting.confidence
        self.end, self.box = seconds, sighting.box
        self.boxes[index] = sighting.box
        weight = 1 - confidence if name is None else confidence  # "unknown" is the surer, the less likely the best name is
        self.votes[name] = self.votes.get(name, 0.0) + weight
        self.best[name] = max(self.best.get(name, (-1.0, 0)), (confidence, index), key=lambda seen: seen[0])

    @property
    def answer(self) -> str | None:
        return max(self.votes, key=lambda name: self.votes[name])

    def named(self, answer: str | None) -> Track:
        confidence, best_frame = self.best.get(answer) or max(self.best.values())
        agreement = self.votes.get(answer, 0.0) / (sum(self.votes.values()) or 1.0)
        return Track(answer, agreement, confidence, best_frame, self.start, self.end, dict(self.boxes), tuple(self.looks))


def keep(looks: list[Look], look: Look) -> None:
    """Add a look to the best of a track, in place, if it is one of them: of looks within `APART` seconds the better."""
    near = next((place for place, other in enumerate(looks) if abs(other.seconds - look.seconds) < APART), None)
    if near is not None:
        if look.quality > looks[near].quality:
            looks[near] = look
    elif len(looks) < KEPT:
        looks.append(look)
    else:
        worst = min(range(len(looks)), key=lambda place: looks[place].quality)
        if look.quality > looks[worst].quality:
            looks[worst] = look


def _follow(trails: Sequence[_Trail], sightings: Sequence[Sighting]) -> dict[int, _Trail]:
    """Match sightings, by their numbers, to the trails that they continue, the closest pair first, each at most once."""
    pairs = [
        (closeness, number, place)
        for number, sighting in enumerate(sightings)
        for place, trail in enumerate(trails)
        if (closeness := _closeness(trail, sighting)) > 0
    ]
    matched: dict[int, int] = {}
    for _, number, place in sorted(pairs, key=lambda pair: -pair[0]):
        if number not in matched and place not in matched.values():
            matched[number] = place
    return {number: trails[place] for number, place in matched.items()}


def _closeness(trail: _Trail, sighting: Sighting) -> float:
    """How likely a sighting continues a trail; 0 or less: it does not."""
    name = trail.answer
    if trail.box is None or sighting.box is None:  # the whole picture: a new answer is a new track
        return float(trail.box is sighting.box and name == sighting.name)
    closeness = nearness(trail.box, sighting.box)
    if closeness <= 0 or name is None or sighting.name is None:
        return closeness
    return closeness + (_NAME_WEIGHT if name == sighting.name else -_NAME_WEIGHT)


def nearness(one: Box, other: Box) -> float:
    """Say how likely two boxes hold one face: 1 for the same place, 0 for boxes a whole side apart or of sizes too different.

    Unlike the overlap (intersection over union) it also follows a face that moved by most of its width between two looks.
    """
    sides = sorted((box.width + box.height) / 2 for box in (one, other))
    if sides[0] <= 0 or sides[0] < _SIZES_ALIKE * sides[1]:
        return 0.0
    across = (one.left + one.right - other.left - other.right) / 2
    down = (one.top + one.bottom - other.top - other.bottom) / 2
    return max(0.0, 1 - 2 * float((across**2 + down**2) ** 0.5) / (sides[0] + sides[1]))
