"""A drawn copy replaces the earlier one of the same photo, and nothing else; it keeps what the file told about the shot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags
from PIL import Image as PillowImage

from whosthat.photos.reading import read
from whosthat.workflow.drawn_copies import save_copy
from whosthat.workflow.predict import predict

IMAGE, OTHER = (np.full((12, 9, 3), colour, np.uint8) for colour in (10, 200))


def test_drawing_a_photo_again_replaces_its_copy(tmp_path: Path) -> None:
    assert save_copy(IMAGE, tmp_path, "beach.jpg", source="a/beach.jpg") == tmp_path / "beach.jpg"
    assert save_copy(OTHER, tmp_path, "beach.jpg", source="a/beach.jpg") == tmp_path / "beach.jpg"
    assert read(tmp_path / "beach.jpg")[0, 0, 0] == 200


def test_photos_of_one_name_keep_a_copy_each(tmp_path: Path) -> None:
    for _ in range(2):
        names = [save_copy(IMAGE, tmp_path, "beach.jpg", source=f"{folder}/beach.jpg").name for folder in "abc"]
        assert names == ["beach.jpg", "beach-2.jpg", "beach-3.jpg"]


@pytest.mark.parametrize("change", [lambda content: content + b"!", lambda content: content[:-9], lambda content: b""])
def test_a_copy_that_somebody_changed_is_not_replaced(change: object, tmp_path: Path) -> None:
    copy = save_copy(IMAGE, tmp_path, "beach.jpg", source="beach.jpg")
    copy.write_bytes(changed := change(copy.read_bytes()))
    assert save_copy(OTHER, tmp_path, "beach.jpg", source="beach.jpg").name == "beach-2.jpg"
    assert copy.read_bytes() == changed


def test_a_folder_or_a_link_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "beach.jpg").mkdir()
    assert save_copy(IMAGE, tmp_path, "beach.jpg", source="beach.jpg").name == "beach-2.jpg"


def test_a_copy_keeps_what_the_camera_wrote_and_is_upright(save_colours: object, tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[ExifTags.Base.Orientation] = 6
    exif[ExifTags.Base.Model] = "Box Brownie"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:07:01 10:00:00"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    PillowImage.new("RGB", (40, 24), "red").save(tmp_path / "a.jpg", exif=exif)
    (answer,) = predict(save_colours(tmp_path / "bundle"), [tmp_path / "a.jpg"], draw=tmp_path / "drawn")
    with PillowImage.open(answer.drawn) as drawn:
        kept = drawn.getexif()
        red = (np.asarray(drawn).astype(int) @ [1, -1, -1]) > 200
        assert (red.any(axis=0).sum(), red.any(axis=1).sum()) == pytest.approx(
            (24, 40), abs=3
        )  # JPEG blurs edges; the photo, upright, in a result picture
    assert ExifTags.Base.Orientation not in kept
    assert kept[ExifTags.Base.Model] == "Box Brownie"
    assert kept.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] == "2024:07:01 10:00:00"
    assert kept.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] == "N"
