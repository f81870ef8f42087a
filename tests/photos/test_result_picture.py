"""The result picture of a whole photo: title, photo, bars."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.photos.drawing import UNKNOWN_COLOUR, colours_of
from whosthat.photos.result_picture import MOST_BARS, SMALLEST_WIDTH, draw_contact_sheet, draw_result
from whosthat.types import Sighting

PHOTO = np.random.default_rng(0).integers(0, 256, (60, 400, 3), np.uint8)
ANN = Sighting("ann", 0.75, "bo", 0.25, probabilities={"ann": 0.75, "bo": 0.25, "cy": 0.0})


def pixels_of(picture: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
    """How many pixels of a colour are in each row."""
    return (picture == colour).all(axis=2).sum(axis=1)


def photo_row(picture: np.ndarray, photo: np.ndarray) -> int:
    """Where the photo begins."""
    left = (picture.shape[1] - photo.shape[1]) // 2
    (row,) = [
        row
        for row in range(len(picture) - len(photo) + 1)
        if np.array_equal(picture[row : row + len(photo), left : left + photo.shape[1]], photo)
    ]
    return row


def test_the_photo_stands_unchanged_between_title_and_bars() -> None:
    picture = draw_result(PHOTO, ANN)
    row = photo_row(picture, PHOTO)
    colour = colours_of([ANN])["ann"]
    assert pixels_of(picture[:row], colour).sum() > 50  # the title
    below = picture[row + len(PHOTO) :]
    assert pixels_of(below, colour).max() == pytest.approx(3 * pixels_of(below, UNKNOWN_COLOUR).max(), rel=0.1)


def test_a_small_photo_stands_in_the_middle() -> None:
    picture = draw_result(PHOTO[:, :50], ANN)
    assert picture.shape[1] == SMALLEST_WIDTH
    photo_row(picture, PHOTO[:, :50])


def test_the_unknown_are_grey() -> None:
    picture = draw_result(PHOTO, Sighting(None, 0.75, probabilities=ANN.probabilities))
    assert pixels_of(picture, colours_of([ANN])["ann"]).sum() == 0
    assert pixels_of(picture, UNKNOWN_COLOUR).max() > 50


def test_many_classes_and_any_name_fit() -> None:
    names = ["王小明", "a" * 255, "\u202eevil", "\ud800", *(f"class{number}" for number in range(2000))]
    shares = dict.fromkeys(names, 1 / len(names))
    picture = draw_result(PHOTO, Sighting(names[0], 1 / len(names), probabilities=shares))
    few = draw_result(PHOTO, Sighting("a", 1.0, probabilities={"a": 1.0}))
    assert len(picture) - len(few) == (MOST_BARS - 1) * round(12 * 1.7)
    assert (picture[:, -3:][photo_row(picture, PHOTO) + len(PHOTO) :] == 255).all()  # nothing reaches the edge


def test_a_contact_sheet_shows_every_photo_with_its_answer() -> None:
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9), (255, 255, 0), (0, 255, 255)]
    photos = [np.full((40, 60 + 20 * number, 3), colour, np.uint8) for number, colour in enumerate(colours)]
    sheet = draw_contact_sheet([(photo, ANN if number else Sighting(None, 0.4)) for number, photo in enumerate(photos)])
    assert [bool(pixels_of(sheet, colour).any()) for colour in colours] == [True] * 6
    assert pixels_of(sheet, UNKNOWN_COLOUR).any()
    assert pixels_of(sheet, colours_of([ANN])["ann"]).any()
    assert len(sheet) == 2 * len(draw_contact_sheet([(photos[0], ANN)])) - 12
