"""Whatever happened to a photo's bytes, either an image comes out or a `PhotoError` that says why not."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PillowImage

from whosthat.errors import PhotoError
from whosthat.photos.reading import read


def drawn(format, mode="RGB", **options):
    colours = np.arange(9 * 13 * 3, dtype=np.uint8).reshape(9, 13, 3)
    file = io.BytesIO()
    PillowImage.fromarray(colours).convert(mode).save(file, format, **options)
    return file.getvalue()


def with_exif(format):
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2021:06:05 10:20:30"
    return drawn(format, exif=exif)


# TIFF is left out here: libtiff tells the terminal about each damaged file, whoever asks it not to.
PHOTOS = {
    "jpeg": with_exif("JPEG"),
    "progressive jpeg": drawn("JPEG", progressive=True),
    "cmyk jpeg": drawn("JPEG", "CMYK"),
    "png": with_exif("PNG"),
    "palette png": drawn("PNG", "P"),
    "transparent png": drawn("PNG", "LA"),
    "deep png": drawn("PNG", "I;16"),
    "apng": drawn("PNG", save_all=True, append_images=[PillowImage.new("RGB", (13, 9))]),
    "webp": with_exif("WEBP"),
    "lossless webp": drawn("WEBP", lossless=True),
    "bmp": drawn("BMP"),
    "palette bmp": drawn("BMP", "P"),
    "gif": drawn("GIF"),
    "ppm": drawn("PPM"),
    "pbm": drawn("PPM", "1"),
    "plain pgm": b"P2 3 2 255  1 2 3 4 5 6",
}


@pytest.mark.parametrize("name", PHOTOS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_damage_gives_an_image_or_a_reason(name, data):
    content = bytearray(PHOTOS[name])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6), label="places"):
        content[place] = data.draw(st.integers(0, 255), label="byte")
    end = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))), label="end")
    image, reason = outcome(bytes(content[:end]))
    assert bool(reason) != (image is not None)
    assert "object at 0x" not in reason
    if image is not None:
        assert (image.dtype, image.ndim, image.shape[2]) == (np.uint8, 3, 3)


@given(content=st.binary(max_size=200))
def test_any_bytes_give_an_image_or_a_reason(content):
    image, reason = outcome(content)
    assert bool(reason) != (image is not None)


def outcome(content):
    try:
        return read(content), ""
    except PhotoError as error:
        return None, error.reason
