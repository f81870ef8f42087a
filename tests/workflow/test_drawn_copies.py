"""A drawn copy replaces the earlier one of the same photo, and nothing else; it keeps what the file told about the shot."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ExifTags
from PIL import Image as PillowImage

from whosthat.photos.headers import exif_of
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


NOTES = b"Panasonic\0\0\0" + bytes(range(200))
WRITTEN = {
    "Make": "Box",
    "Model": "Brownie",
    "Orientation#": "6",
    "DateTimeOriginal": "2024:07:01 10:00:00",
    "OffsetTimeOriginal": "+02:00",
    "ExposureTime": "1/125",
    "FNumber": "2.8",
    "GPSLatitude": "52.5",
    "GPSLatitudeRef": "N",
    "GPSLongitude": "13.4",
    "GPSLongitudeRef": "E",
    "Artist": "Zoë 王",
    "UserComment": "héllo",
    "LensModel": "50 mm",
    "ExifImageWidth": "64",
    "ExifImageHeight": "48",
}
FRAME = {"IFD0:Orientation", "ExifIFD:ExifImageWidth", "ExifIFD:ExifImageHeight"}


@pytest.mark.parametrize("order", ["II", "MM"])
@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "heic"])
def test_every_other_field_of_exif_is_kept(exiftool: Any, tmp_path: Path, suffix: str, order: str) -> None:
    path = tmp_path / f"photo.{suffix}"
    picture = PillowImage.new("RGB", (64, 48))
    if suffix == "heic":
        pytest.importorskip("pillow_heif").from_pillow(picture).save(path)
    else:
        picture.save(path)
    thumbnail = tmp_path / "small.jpg"
    picture.resize((16, 12)).save(thumbnail)
    fields = [f"-{name}={value}" for name, value in WRITTEN.items()]
    more = [f"-ExifByteOrder={order}", f"-ThumbnailImage<={thumbnail}", "-overwrite_original", str(path)]
    subprocess.run(["exiftool", "-config", "", "-q", *fields, *more], check=True, capture_output=True)
    copy = save_copy(np.zeros((64, 48, 3), np.uint8), tmp_path, "drawn.jpg", source="photo", exif=exif_of(path))
    was, now = (exiftool(file, "exif") for file in (path, copy))
    fields_kept = {key for key in was if key.startswith(("ExifIFD", "GPS")) or key.removeprefix("IFD0:") in WRITTEN} - FRAME
    assert len(fields_kept) >= 13
    assert {key: now.get(key) for key in fields_kept} == {key: was[key] for key in fields_kept}
    assert not FRAME & now.keys()
    assert not any(key.startswith("IFD1") or key in ("IFD0:ImageWidth", "IFD0:StripOffsets") for key in now)


def test_the_notes_of_a_camera_stay_where_they_were(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[ExifTags.Base.Orientation] = 8
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.MakerNote] = NOTES
    PillowImage.new("RGB", (40, 24)).save(tmp_path / "a.jpg", exif=exif)
    block = exif_of(tmp_path / "a.jpg")
    assert block.index(NOTES) == exif.tobytes().index(NOTES)
    assert len(block) == len(exif.tobytes())


@given(place=st.integers(0, 200), put=st.binary(min_size=1, max_size=4))
def test_a_damaged_block_is_read_or_left_out(tmp_path_factory: Any, place: int, put: bytes) -> None:
    exif = PillowImage.Exif()
    exif[ExifTags.Base.Model] = "Box Brownie"
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2024:07:01 10:00:00"
    block = exif.tobytes()
    place %= len(block)
    folder = tmp_path_factory.mktemp("damage")
    PillowImage.new("RGB", (9, 7)).save(folder / "a.jpg", exif=block[:place] + put + block[place + len(put) :])
    save_copy(IMAGE, folder, "drawn.jpg", source="a", exif=exif_of(folder / "a.jpg"))
