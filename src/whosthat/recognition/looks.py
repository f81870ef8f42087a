"""The best looks at somebody in a video: a few that show the person well, none nearly the same; and who is who of the unknown.

What belongs here: how good a look is, which are shown, strangers put together by their looks. What does not: following faces, and which
looks are kept meanwhile (`tracking`), pictures (`whosthat.workflow.annotating`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from whosthat.recognition.grouping import ASIDE, group_faces
from whosthat.recognition.tracking import Look, Track

if TYPE_CHECKING:
    from whosthat.types import Face, FloatArray

SHOWN = 3
"""Pictures of one person."""

LARGE, SHARP = 120, 40.0
"""From these on, a face is not better for being larger (pixels of its shorter side) or sharper (`faces.finding.sharpness`)."""

SMALLEST, BLURRED, TURNED = 30, 8.0, 0.8
"""Faces that are smaller or less sharp (as in `workflow.discover`), or turned further away, tell too little to be compared: the profiles
of two people are as near to each other as two photos of one from the front."""

AMONG, LASTING = 170, 3
"""Strangers are put together as carefully as among so many faces: of the few in a video, every wrong one is seen. One who cannot be
compared gets a number of their own when seen in so many looks; fewer may be no face at all."""

_SAME_PICTURE, _SAME_LOOK = 6.0, 0.30
"""Two frames are near-copies when their grey values, as 16 x 9 pixels, differ by less than the first on average, of 255, and the embeddings
of the face by less than the second: half of `faces.embedder.SAME_PERSON`, which holds for photos of a burst."""


def quality_of(face: Face, sharpness: float) -> float:
    """Say how well a face is to be seen, 0 to 1: large, sharp, turned to the camera."""
    size = min(face.box.width, face.box.height)
    return min(1.0, max(size, 0.0) / LARGE) * min(1.0, sharpness / SHARP) * (1 - 0.7 * _turned(face))


def tells_enough(face: Face, sharpness: float) -> bool:
    """Say whether a face tells enough to be compared with others."""
    return min(face.box.width, face.box.height) >= SMALLEST and sharpness >= BLURRED and _turned(face) < TURNED


def _turned(face: Face) -> float:
    """Say how far a face is turned to a side: 0 from the front, 1 where the nose is before an eye or beyond."""
    left, right, nose, *_mouth = face.landmarks
    between = max(abs(right[0] - left[0]), 1e-6)
    return min(1.0, 2 * abs((left[0] + right[0]) / 2 - nose[0]) / between)


def shown_frames(tracks: Sequence[Track]) -> set[int]:
    """Choose the frames that show everybody: up to `SHOWN` for each person and each stranger, best first, without near-copies.

    Of faces that were seen too shortly to have a number there is no picture; many of them are no faces.
    """
    chosen: dict[int, Look | None] = {}
    people: dict[object, list[Track]] = {}
    for track in tracks:
        if track.name is not None or track.stranger or track.boxes[track.best_frame] is None:
            people.setdefault(track.name or track.stranger, []).append(track)
    for theirs in people.values():
        there = [look for index, look in chosen.items() if look is not None and any(index in track.boxes for track in theirs)]
        for look in _varied(look for track in theirs for look in track.looks):
            shown = next((other for other in there if _same_picture(look, other)), look)  # one picture for two people
            chosen[shown.index] = shown
        if not any(track.looks for track in theirs):
            chosen[max(theirs, key=lambda track: track.confidence).best_frame] = None
    return set(chosen)


def _varied(looks: Iterable[Look]) -> list[Look]:
    found: list[Look] = []
    for look in sorted(looks, key=lambda look: (-look.quality, look.index)):
        if len(found) < SHOWN and not any(_near_copies(look, other) for other in found):
            found.append(look)
    return found


def _near_copies(one: Look, other: Look) -> bool:
    if not _same_picture(one, other):
        return False
    if one.embedding is None or other.embedding is None:
        return True
    return float(np.linalg.norm(one.embedding - other.embedding)) < _SAME_LOOK


def _same_picture(one: Look, other: Look) -> bool:
    if one.small is None or other.small is None:
        return one.index == other.index
    return float(np.abs(one.small - other.small).mean()) < _SAME_PICTURE


def number_strangers(tracks: Sequence[Track], embedder: str) -> list[Track]:
    """Tell the unknown of a video apart: tracks of one stranger get one number, from 1 by first appearance.

    Tracks are put together as faces of unsorted photos are (`grouping`), each by the mean of its looks; nobody is twice in a frame. Those
    whose looks tell too little stand alone. ``embedder`` is the name of the network that embedded the faces.
    """
    unknown = [place for place, track in enumerate(tracks) if track.name is None and track.boxes[track.best_frame] is not None]
    means = {place: mean for place in unknown if (mean := _mean(tracks[place])) is not None}
    strangers: dict[int, int] = {place: -1 - place for place in unknown if tracks[place].n_frames >= LASTING and place not in means}
    if means:
        inside = [set(tracks[place].boxes) for place in means]
        groups = group_faces(np.stack(list(means.values())), inside, embedder=embedder, among=AMONG)
        strangers |= {place: group for place, group in zip(means, groups.tolist(), strict=True) if group != ASIDE}
    numbers: dict[int, int] = {}
    for place in sorted(strangers, key=lambda place: tracks[place].start):
        numbers.setdefault(strangers[place], len(numbers) + 1)
    return [replace(track, stranger=numbers[strangers[place]] if place in strangers else 0) for place, track in enumerate(tracks)]


def _mean(track: Track) -> FloatArray | None:
    embeddings = [look.embedding for look in track.looks if look.embedding is not None]
    return np.mean(embeddings, axis=0, dtype=np.float32) if embeddings else None
