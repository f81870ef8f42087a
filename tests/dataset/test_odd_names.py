"""Days, dates and cameras' folders are no names; people and things are."""

from __future__ import annotations

from whosthat.dataset.odd_names import odd_names, odd_names_sentence

ODD = ["day1", "Day 02", "2024-07", "2024", "20240701", "01.07.2024", "Monday", "July 2024", "2024_July", "IMG_0012", "DSC0001", "DCIM"]
ODD += ["100CANON", "101_PANA", "101APPLE", "Camera Roll", "holiday 2024", "new folder (2)", "2024年7月", "第1天", "week-3"]
NAMES = ["anna", "Tom Holland", "April", "June", "May", "Jan", "Dia", "cat", "0", "7", "0001", "1234", "daisy", "Adams_2x", "Tagore", "p"]
NAMES += ["Day", "Sunny", "Marchetti", "Weeks", "n000002", "2pac", "張偉", "kid_kettle", "Christmas", "party"]


def test_days_dates_and_cameras_are_odd_and_names_are_not() -> None:
    assert odd_names([*NAMES, *ODD]) == tuple(ODD)


def test_the_sentence_names_a_few() -> None:
    assert "day1, day2, day3, day4, day5 and 2 more do" in odd_names_sentence([f"day{number}" for number in range(1, 8)])
