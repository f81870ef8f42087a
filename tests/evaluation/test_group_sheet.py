import re

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


def test_of_many_faces_the_most_typical_are_shown_and_then_the_least_in_the_order_of_their_numbers(monkeypatch):
    monkeypatch.setattr(group_sheet, "MOST_FACES", 25)
    shown = group_sheet._shown([Card(number, (("a", Box(0, 0, 1, 1)),) * n) for number, n in ((1, 40), (2, 9), (3, 7))])

    assert shown == {0: [*range(6), *range(29, 40)], 1: [], 2: [*range(7)]}


def test_what_is_not_shown_stands_where_its_numbers_are_missing(tmp_path):
    cards = [Card(1, tuple((tmp_path / "gone.jpg", Box(at, 0, 10, 10)) for at in range(40)))]

    page = write_group_sheet(tmp_path / "groups.html", cards, aside=0, names=tmp_path / "groups.toml").read_text(encoding="utf-8")

    row = re.findall(r'<small class="muted">(1\.\d+|and \d+ more)</small>', page)
    assert row == [*(f"1.{n}" for n in range(1, 7)), "and 23 more", *(f"1.{n}" for n in range(30, 41))]


def test_ten_thousand_groups_make_a_page_of_bounded_size(tmp_path):
    cards = [Card(number, ((tmp_path / "gone.jpg", Box(0, 0, 10, 10)),)) for number in range(1, 10_001)]

    page = write_group_sheet(tmp_path / "groups.html", cards, aside=3, names=tmp_path / "groups.toml")

    text = page.read_text(encoding="utf-8")
    assert "and 7,000 more" in text
    assert "3 faces too small" in text
