import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.recognition.tracking import Look, Span, Track, Tracker, best_sightings, spans_of, tracks_by_person
from whosthat.types import Box, Sighting


def face(name, left, confidence=0.9, top=0, side=40):
    return Sighting(name, confidence, box=Box(left, top, left + side, top + side))


def followed(*frames, step=0.2, cuts=()):
    tracker = Tracker()
    for index, sightings in enumerate(frames):
        tracker.add(index, index * step, sightings, new_scene=index in cuts)
    return tracker.tracks()


def test_two_faces_that_move_are_two_tracks():
    tracks = followed(*([face("ann", 10 + 20 * step), face("bo", 400 - 20 * step)] for step in range(6)))
    assert [(track.name, track.n_frames) for track in tracks] == [("ann", 6), ("bo", 6)]
    assert [(track.start, track.end) for track in tracks] == [(0, pytest.approx(1.0))] * 2
    assert tracks[1].boxes[5] == Box(300, 0, 340, 40)


def test_the_vote_is_weighted_by_confidence():
    (track,) = followed([face("bo", 0, 0.4)], [face("bo", 0, 0.4)], [face("ann", 0, 0.95)])
    assert (track.name, track.confidence, track.best_frame) == ("ann", 0.95, 2)
    assert track.agreement == pytest.approx(0.95 / 1.75)


def test_unknown_counts_the_more_the_less_likely_the_best_name_is():
    (likely,) = followed([face(None, 0, 0.7)], [face(None, 0, 0.7)], [face("ann", 0, 0.9)])
    (unlikely,) = followed([face(None, 0, 0.2)], [face(None, 0, 0.2)], [face("ann", 0, 0.9)])
    assert (likely.name, unlikely.name) == ("ann", None)


def test_a_person_is_in_a_frame_once():
    tracks = followed(*([face("ann", 0, 0.9), face("ann", 300, 0.6)] for _ in range(3)))
    assert [(track.name, track.agreement, track.confidence) for track in tracks] == [("ann", 1.0, 0.9), (None, 0.0, 0.6)]
    assert [track.name for track in followed([face("ann", 0)], [face("ann", 300)])] == ["ann", "ann"]


def test_a_short_absence_is_bridged_and_a_long_one_is_not():
    for gap, n_tracks in ((4, 1), (9, 2)):
        assert len(followed([face("ann", 0)], *([[]] * gap), [face("ann", 0)])) == n_tracks


def test_looking_seldom_still_follows():
    assert len(followed([face("ann", 0)], [face("ann", 5)], step=10)) == 1


def test_no_face_is_followed_across_a_cut():
    tracks = followed([face("ann", 0)], [face(None, 0, 0.3)], [face(None, 0, 0.3)], cuts=[1])
    assert [(track.name, track.n_frames) for track in tracks] == [("ann", 1), (None, 2)]


def test_jumps_in_place_or_size_begin_a_track():
    assert len(followed([face("ann", 0)], [face("ann", 41)])) == 2
    assert len(followed([face("ann", 0)], [face("ann", 0, side=90)])) == 2


def test_names_decide_when_two_faces_pass_each_other():
    tracks = followed([face("ann", 0), face("bo", 36)], [face("bo", 18), face("ann", 20)], [face("bo", 0), face("ann", 38)])
    assert [(track.name, track.agreement) for track in tracks] == [("ann", 1.0), ("bo", 1.0)]


def test_answers_for_the_whole_picture_become_runs():
    tracks = followed(*([Sighting(name, 0.8)] for name in ("cat", "cat", "dog", None, "cat")))
    assert [(track.name, list(track.boxes.values())) for track in tracks] == [
        ("cat", [None, None]),
        ("dog", [None]),
        (None, [None]),
        ("cat", [None]),
    ]


def test_spans_that_nearly_touch_become_one():
    tracks = followed(*([face("ann", 0)] if step not in (3, 4) else [] for step in range(8)), cuts=[5], step=0.3)
    assert len(tracks) == 2
    assert spans_of(tracks) == (Span(0, pytest.approx(2.1)),)
    far = followed([face("ann", 0)], *([[]] * 20), [face("ann", 0)], [face(None, 0)])
    assert spans_of(far) == (Span(0, 0), Span(pytest.approx(4.2), pytest.approx(4.4)))


def test_tracks_are_put_together_by_person():
    tracks = followed([face(None, 300)], [face("ann", 0)], [face("bo", 0)], [face("ann", 0)], cuts=[1, 2, 3])
    assert {name: [track.start for track in theirs] for name, theirs in tracks_by_person(tracks).items()} == {
        0: [0],
        "ann": [pytest.approx(0.2), pytest.approx(0.6)],
        "bo": [pytest.approx(0.4)],
    }


SIGHTINGS = st.builds(face, st.sampled_from(["ann", "bo", None]), st.integers(0, 200), st.floats(0, 1))


@given(st.lists(st.tuples(st.lists(SIGHTINGS, max_size=4), st.booleans()), max_size=8))
def test_every_sighting_is_in_one_track_and_no_name_twice_in_a_frame(frames):
    tracker = Tracker()
    for index, (sightings, new_scene) in enumerate(frames):
        tracker.add(index, index / 4, sightings, new_scene=new_scene)
    tracks = tracker.tracks()
    assert sum(track.n_frames for track in tracks) == sum(len(sightings) for sightings, _ in frames)
    for index in range(len(frames)):
        names = [track.name for track in tracks if index in track.boxes and track.name is not None]
        assert len(names) == len(set(names))
    assert all(track.start <= track.end and 0 <= track.agreement <= 1 and track.best_frame in track.boxes for track in tracks)


def test_the_best_look_at_each_who_was_seen_often_enough():
    def track(name, stranger, confidence, *qualities):
        looks = tuple(Look(index, index / 5, quality) for index, quality in enumerate(qualities))
        boxes = {look.index: Box(look.index, 0, look.index + 40, 40) for look in looks}
        return Track(name, 1.0, confidence, 0, 0.0, 1.0, boxes, looks, stranger)

    tracks = [track("ann", 0, 0.7, 0.1), track("ann", 0, 0.9, 0.1, 0.8), track("bo", 0, 0.9, 0.5), track(None, 1, 0.1, 0.2, 0.1, 0.1)]
    found = best_sightings([*tracks, track(None, 0, 0.1, 0.9, 0.9, 0.9)], named=2, unnamed=3)
    assert [(one.name, one.confidence, one.box.left, frame) for one, frame in found] == [("ann", 0.9, 1, 1), (None, 0.1, 0, 0)]
