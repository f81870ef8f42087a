"""The odd photos that people really have: each is read rightly, or refused for its own reason."""

import csv
import tracemalloc

import numpy as np
import pytest

from whosthat.errors import PhotoError
from whosthat.photos.preparing import PrepareSpec, prepare
from whosthat.photos.reading import decode, read

pytestmark = pytest.mark.real

REASONS = {
    "bitflipped_middle.jpg": "damaged JPEG",
    "bomb_16000x16000_rgb.png": "has 256 megapixels",
    "bomb_30000x30000_1bit.png": "has 900 megapixels",
    "lying_header_60000x60000.png": "has 3,600 megapixels",
    "git_lfs_pointer.jpg": "Git LFS pointer",
    "html_renamed.jpg": "web page",
    "text_renamed.jpg": "text file",
    "truncated_90pct.jpg": "ends too early",
    "truncated_half.jpg": "ends too early",
    "truncated_header_100B.jpg": "ends too early",
    "zero_byte.jpg": "empty",
    "directory_named.jpg": "folder",
}


@pytest.fixture(scope="module")
def odd(real_data):
    return real_data / "odd_images"


@pytest.fixture(scope="module")
def expected(odd):
    with (odd / "EXPECTED_pillow.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_every_readable_photo_has_its_upright_size(odd, expected):
    readable = [row for row in expected if row["pillow13_result"] == "ok"]
    assert len(readable) > 40
    for row in readable:
        width, height = map(int, row["size"].split("x"))
        lying = (row["exif_orientation"] or "0") in "5678"
        photo = decode(odd / row["file"])
        assert photo.image.shape == ((width, height, 3) if lying else (height, width, 3)), row["file"]
        assert photo.image.dtype == np.uint8


def test_every_other_file_is_refused_for_its_own_reason(odd, expected):
    refused = {row["file"].rpartition("/")[2] for row in expected if row["pillow13_result"] != "ok"}
    assert refused | {"directory_named.jpg"} == set(REASONS)
    for name, reason in REASONS.items():
        with pytest.raises(PhotoError, match=reason):
            read(odd / "made_here" / name)


@pytest.mark.parametrize(
    "family", ["exif_orientation/Landscape_{}.jpg", "exif_orientation/Portrait_{}.jpg", "made_here/face_exif_orientation_{}.jpg"]
)
def test_all_orientations_come_out_alike(odd, family):
    upright = prepare(read(odd / family.format(1)), PrepareSpec(64)).astype(int)
    for orientation in range(2, 9):
        other = prepare(read(odd / family.format(orientation)), PrepareSpec(64))
        assert np.abs(upright - other).mean() < 6, orientation


@pytest.mark.parametrize("name", ["face.bmp", "face.tiff", "png_named_as.jpg", "face_palette.png"])
def test_one_face_in_many_formats_looks_the_same(odd, name):
    original, other = (prepare(read(odd / "made_here" / file), PrepareSpec(64)).astype(int) for file in ("face.JPG", name))
    assert np.abs(original - other).mean() < 6


def test_bombs_are_refused_before_they_take_memory(odd):
    tracemalloc.start()
    for name in ("bomb_16000x16000_rgb.png", "bomb_30000x30000_1bit.png", "lying_header_60000x60000.png"):
        with pytest.raises(PhotoError):
            read(odd / "made_here" / name)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10_000_000
