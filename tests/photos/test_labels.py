import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from whosthat.photos.labels import place_label
from whosthat.types import Box

PICTURE, SIZE = (400, 300), (60, 14)


def overlap(one, other):
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    return max(0, width) * max(0, height)


def test_above_is_usual_and_below_where_the_edge_is_near():
    assert place_label(SIZE, Box(100, 100, 150, 160), PICTURE, [], []).box == Box(100, 86, 160, 100)
    assert place_label(SIZE, Box(100, 5, 150, 60), PICTURE, [], []).box == Box(100, 60, 160, 74)
    assert place_label(SIZE, Box(380, 100, 430, 160), PICTURE, [], []).box == Box(340, 86, 400, 100)


def test_labels_and_faces_in_the_way_are_avoided():
    place = place_label(SIZE, Box(100, 100, 150, 160), PICTURE, [Box(90, 80, 130, 99)], [Box(120, 155, 170, 220)])
    assert place.is_free
    assert place.gap == 0


def test_a_label_without_room_nearby_moves_away_and_says_how_far():
    walls = [Box(0, 0, 400, 200)]
    place = place_label(SIZE, Box(100, 50, 150, 110), PICTURE, walls, [])
    assert place.is_free
    assert place.gap == pytest.approx(90, abs=13)  # half a row of the places that are tried


def test_a_label_of_a_video_stays_on_its_side_until_it_must_move():
    below = place_label(SIZE, Box(100, 5, 150, 60), PICTURE, [], [])
    still = place_label(SIZE, Box(100, 30, 150, 85), PICTURE, [], [Box(90, 95, 110, 120)], below.side)
    assert (still.box, still.is_free) == (Box(100, 85, 160, 99), True)
    assert place_label(SIZE, Box(100, 30, 150, 85), PICTURE, [], [Box(90, 85, 160, 120)], below.side).box == Box(100, 16, 160, 30)
    assert place_label(SIZE, Box(100, 30, 150, 85), PICTURE, [Box(155, 90, 200, 110)], [], below.side).box == Box(100, 16, 160, 30)


def test_a_full_picture_is_told():
    assert not place_label(SIZE, Box(100, 50, 150, 110), PICTURE, [Box(0, 0, 400, 300)], []).is_free
    assert not place_label(SIZE, Box(0, 0, 400, 300), PICTURE, [], [Box(0, 0, 400, 300)]).is_free


NUMBERS = st.floats(-1e6, 1e6)
BOXES = st.builds(Box, NUMBERS, NUMBERS, NUMBERS, NUMBERS)


@given(box=BOXES, labels=st.lists(BOXES, max_size=4), others=st.lists(BOXES, max_size=4))
def test_every_label_lies_inside_the_picture(box, labels, others):
    placed = place_label(SIZE, box, PICTURE, labels, others).box
    assert placed.left >= 0 <= placed.top
    assert placed.right <= PICTURE[0]
    assert placed.bottom <= PICTURE[1]


FACES = st.builds(lambda x, y, side: Box(x, y, x + side, y + side), st.integers(0, 350), st.integers(0, 250), st.integers(10, 50))


@given(faces=st.lists(FACES, min_size=2, max_size=12))
@example(faces=[Box(0, 0, 10, 10)] * 4)
def test_labels_of_a_dozen_faces_never_lie_on_each_other(faces):
    placed = []
    for number, face in enumerate(faces):
        placed.append(place_label(SIZE, face, PICTURE, placed, faces[:number] + faces[number + 1 :]).box)
    assert all(overlap(one, other) == 0 for number, one in enumerate(placed) for other in placed[:number])
