"""Where the boxes of a drawn video are, between the looks at it and beside cuts."""

from __future__ import annotations

from typing import Any

from whosthat.recognition.tracking import Track
from whosthat.types import Box
from whosthat.workflow.annotating import Boxes


def track(*looks: int, step: float = 10.0, name: str | None = "Ann", stranger: int = 0) -> Track:
    boxes = {index: Box(step * index, 0, step * index + 40, 40) for index in looks}
    return Track(name, 1.0, 0.9, looks[0], 0.0, 1.0, boxes, stranger=stranger)


def lefts(boxes: Boxes, n_frames: int, scenes: Any = ()) -> list[list[float]]:
    seen = [boxes.at(index, new_scene=index in scenes) for index in range(n_frames)]
    return [[one.box.left for one in sightings if one.box is not None] for sightings in seen]


def test_a_box_moves_evenly_between_two_looks_also_where_one_missed_it() -> None:
    assert lefts(Boxes([track(0, 4, 12)], 4, ()), 13) == [[10.0 * index] for index in range(13)]


def test_a_box_stays_for_half_of_the_way_where_nobody_was_seen() -> None:
    seen = lefts(Boxes([track(5, 10)], 5, ()), 20)
    assert [index for index, there in enumerate(seen) if there] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
    assert (seen[3], seen[12]) == ([50.0], [100.0])


def test_every_frame_belongs_to_one_of_two_looks() -> None:
    for every in (1, 2, 5, 6):
        seen = lefts(Boxes([track(0), track(every, name="Bo")], every, ()), every + 1)
        assert [len(there) for there in seen] == [1] * (every + 1), every


def test_boxes_begin_and_end_with_the_scene() -> None:
    before, after = track(0, 5), track(10, 15, name="Bo")
    seen = lefts(Boxes([before, after], 5, {10}), 16, scenes={9})
    assert seen[8] == [50.0]
    assert seen[9] == [100.0]
    seen = lefts(Boxes([track(0, 5), track(10, 15, name="Bo")], 5, {10}), 16, scenes={6})
    assert (seen[5], seen[6]) == ([50.0], [100.0])


def test_strangers_keep_their_numbers_and_whole_pictures_have_no_box() -> None:
    (sighting,) = Boxes([track(0, name=None, stranger=3)], 5, ()).at(0, new_scene=False)
    assert (sighting.name, sighting.stranger) == (None, 3)
    whole = Track("red", 1.0, 0.9, 0, 0.0, 1.0, {0: None, 5: None})
    assert [one.box for one in Boxes([whole], 5, ()).at(3, new_scene=False)] == [None]
