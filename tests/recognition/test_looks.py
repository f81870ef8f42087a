"""The best looks at people in a video, and strangers told apart."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from whosthat.recognition.looks import SHOWN, number_strangers, quality_of, shown_frames, tells_enough
from whosthat.recognition.tracking import KEPT, Look, Tracker, keep
from whosthat.types import Box, Face, Sighting


def face(side: float = 150, nose: float = 75, left: float = 0) -> Face:
    points = ((left + 45, 60), (left + 105, 60), (left + nose, 90), (left + 55, 115), (left + 95, 115))
    return Face(Box(left, 0, left + side, side), points, 0.99)


def look(index: int, quality: float = 0.5, shift: float = 0.0, grey: float = 0.0) -> Look:
    return Look(index, index / 10, quality, np.array([shift, 0, 0, 0], np.float32), np.full((9, 16), grey))


def test_a_good_look_is_large_sharp_and_from_the_front() -> None:
    assert quality_of(face(), 100) == 1
    assert quality_of(face(side=30), 100) < quality_of(face(side=60), 100) < 1
    assert quality_of(face(), 10) < 0.5
    assert quality_of(face(nose=105), 100) == pytest.approx(0.3)
    assert [tells_enough(*one) for one in ((face(), 100), (face(side=20), 100), (face(), 2), (face(nose=105), 100))] == [True, *[False] * 3]


def test_few_looks_are_kept_of_a_track_of_any_length() -> None:
    looks: list[Look] = []
    for index in range(100_000):
        keep(looks, look(index, quality=(index * 7919 % 1000) / 1000))
    assert len(looks) == KEPT
    assert min(one.quality for one in looks) > 0.98
    times = sorted(one.seconds for one in looks)
    assert min(late - early for early, late in itertools.pairwise(times)) >= 1


def followed(*frames: list[tuple[str | None, float, Look]]) -> Any:
    """Tracks of faces, each of a name, a left edge and a look, in frames 10 apart."""
    tracker = Tracker()
    for sightings in frames:
        index = sightings[0][2].index
        seen = [Sighting(name, 0.9, box=Box(left, 0, left + 50, 50)) for name, left, _look in sightings]
        tracker.add(index, index / 10, seen, looks=[look for _name, _left, look in sightings])
    return tracker.tracks()


def test_nearly_the_same_picture_is_shown_once() -> None:
    still = [[("Ann", 0.0, look(index))] for index in range(0, 100, 10)]
    assert len(shown_frames(followed(*still))) == 1
    turning = [[("Ann", 0.0, look(index, shift=index / 100))] for index in range(0, 100, 10)]
    assert len(shown_frames(followed(*turning))) == SHOWN
    elsewhere = [[("Ann", 0.0, look(index, grey=index))] for index in range(0, 100, 10)]
    assert len(shown_frames(followed(*elsewhere))) == SHOWN


def test_the_better_look_is_shown_and_one_picture_serves_two() -> None:
    frames = [[("Ann", 0.0, look(index, quality=0.9 if index == 40 else 0.4))] for index in range(0, 100, 10)]
    assert shown_frames(followed(*frames)) == {40}
    both = [[("Ann", 0.0, look(index)), ("Bo", 300.0, look(index, shift=9, quality=0.5 if index == 0 else 0.6))] for index in (0, 10)]
    assert len(shown_frames(followed(*both))) == 1


def stranger(index: int, left: float, shift: float, *, poor: bool = False) -> tuple[None, float, Look]:
    one = look(index, shift=shift)
    return (None, left, Look(index, one.seconds, 0.1) if poor else one)


def test_strangers_get_a_number_each_and_come_back_with_it() -> None:
    frames = [[stranger(0, 0, 0.0), stranger(0, 300, 5.0)], [stranger(90, 600, 0.05)], [stranger(180, 0, 9.0)]]
    assert [track.stranger for track in number_strangers(followed(*frames), "dlib-resnet")] == [1, 2, 1, 3]


def test_two_in_one_frame_are_two_however_alike() -> None:
    tracks = number_strangers(followed([stranger(0, 0, 0.0), stranger(0, 300, 0.0)]), "dlib-resnet")
    assert [track.stranger for track in tracks] == [1, 2]


def test_who_cannot_be_compared_stands_alone_and_a_short_glimpse_has_no_number() -> None:
    frames = [[stranger(index, 0, 0.0, poor=True)] for index in (0, 5, 10)] + [[stranger(90, 600, 0.0, poor=True)]]
    frames += [[("Ann", 0.0, look(180))]]
    assert [track.stranger for track in number_strangers(followed(*frames), "dlib-resnet")] == [1, 0, 0]


def test_answers_for_whole_pictures_have_no_numbers() -> None:
    tracker = Tracker()
    for index in range(5):
        tracker.add(index, index / 10, [Sighting(None, 0.4)], looks=[look(index)])
    assert [track.stranger for track in number_strangers(tracker.tracks(), "")] == [0]
