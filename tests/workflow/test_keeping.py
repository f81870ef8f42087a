from __future__ import annotations

import unicodedata
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import read
from whosthat.types import Box
from whosthat.workflow.keeping import keep_photo, place_to_keep

PHOTO = encode_image(np.full((100, 300, 3), 120, np.uint8), "PNG")


def test_a_photo_goes_to_the_persons_folder_under_a_free_name(tmp_path: Path) -> None:
    first = place_to_keep(tmp_path, "Ann", "beach.png")
    assert first == tmp_path / "Ann" / "beach.png"
    keep_photo(first, PHOTO)
    assert first.read_bytes() == PHOTO
    assert place_to_keep(tmp_path, "Ann", "beach.png") == tmp_path / "Ann" / "beach-2.png"


def test_a_folder_that_was_typed_elsewhere_is_found(tmp_path: Path) -> None:
    typed = tmp_path / unicodedata.normalize("NFD", "Zoë")
    typed.mkdir()
    assert place_to_keep(tmp_path, "Zoë", "1.jpg") == typed / "1.jpg"


@pytest.mark.parametrize("name", ["../x", "a/b", "NUL", "x" * 300, " ", "\u202eann", ".hidden", ""])
def test_a_name_that_no_folder_can_have_is_kept_nowhere(tmp_path: Path, name: str) -> None:
    assert place_to_keep(tmp_path, name, "1.jpg") is None


def test_of_several_faces_the_surroundings_of_one_are_kept_and_no_more_than_the_photo_has(tmp_path: Path) -> None:
    keep_photo(tmp_path / "Ann" / "1.jpg", PHOTO, Box(120, 30, 160, 70))
    assert read(tmp_path / "Ann" / "1.jpg").shape == (88, 88, 3)
    keep_photo(tmp_path / "Ann" / "2.jpg", PHOTO, Box(-10, -10, 40, 40))
    assert read(tmp_path / "Ann" / "2.jpg").shape == (70, 70, 3)


def test_what_is_no_photo_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(PhotoError):
        keep_photo(tmp_path / "Ann" / "1.jpg", b"no photo", Box(0, 0, 9, 9))
    assert not (tmp_path / "Ann").exists()
