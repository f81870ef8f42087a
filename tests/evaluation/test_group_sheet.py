import re

from whosthat.evaluation import group_sheet
from whosthat.evaluation.group_sheet import Card, write_group_sheet
from whosthat.types import Box


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
