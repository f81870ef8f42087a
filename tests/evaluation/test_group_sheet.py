import numpy as np
import pytest

from whosthat.evaluation import group_sheet
from whosthat.evaluation.group_sheet import Card, around, write_group_sheet
from whosthat.types import Box

IMAGE = np.arange(100 * 80 * 3, dtype=np.uint8).reshape(100, 80, 3)


@pytest.mark.parametrize(
    ("box", "shrunk", "shape"),
    [
        (Box(20, 20, 40, 40), 1, (30, 30)),
        (Box(40, 40, 80, 80), 2, (30, 30)),
        (Box(-30, -30, 10, 10), 1, (20, 20)),
        (Box(500, 500, 520, 520), 1, (1, 1)),
        (Box(-500, -500, -480, -480), 1, (1, 1)),
        (Box(10, 10, 10, 10), 1, (1, 1)),
    ],
)
def test_a_square_around_the_face_or_what_of_it_lies_in_the_photo(box, shrunk, shape):
    assert around(IMAGE, box, shrunk).shape[:2] == shape


def test_of_many_faces_the_most_typical_are_shown_and_then_the_least(monkeypatch):
    monkeypatch.setattr(group_sheet, "MOST_FACES", 25)
    shown = group_sheet._shown([Card(1, (("a", Box(0, 0, 1, 1)),) * 40), Card(2, (("a", Box(0, 0, 1, 1)),) * 9)])

    assert shown[0] == [39, 38, 37, 36, 35, 34, *range(12)]
    assert shown[1] == [8, 7, 6, 5, 4, 3, 0]


def test_ten_thousand_groups_make_a_page_of_bounded_size(tmp_path):
    cards = [Card(number, ((tmp_path / "gone.jpg", Box(0, 0, 10, 10)),)) for number in range(1, 10_001)]

    page = write_group_sheet(tmp_path / "groups.html", cards, aside=3, names=tmp_path / "groups.toml")

    text = page.read_text(encoding="utf-8")
    assert "and 7,000 more" in text
    assert "3 faces too small" in text
