import datetime
import hashlib
import io
import os
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image as PillowImage

from whosthat.errors import PhotoError
from whosthat.photos.reading import NO_PIXEL, decode, looks_like_photo, opened, read, sha256_of

LOSSLESS = {"PNG": {}, "BMP": {}, "TIFF": {}, "PPM": {}, "WEBP": {"lossless": True}}


@pytest.fixture
def scene():
    """Four areas of different colour, not square: any turn or mix-up of channels shows."""
    image = np.zeros((24, 40, 3), np.uint8)
    image[:12, :20], image[:12, 20:], image[12:, :20], image[12:, 20:] = (250, 10, 0), (0, 240, 30), (20, 0, 230), (255, 255, 255)
    return image


def encoded(picture, format, **options):
    file = io.BytesIO()
    (PillowImage.fromarray(picture) if isinstance(picture, np.ndarray) else picture).save(file, format, **options)
    return file.getvalue()


def refusal(source):
    with pytest.raises(PhotoError) as caught:
        decode(source)
    return caught.value.reason


# ---------------------------------------------------------------------------------------------------- formats and modes


@pytest.mark.parametrize("format", LOSSLESS)
def test_lossless_formats_keep_every_bit(scene, format):
    photo = decode(encoded(scene, format, **LOSSLESS[format]))
    assert photo.format == format
    np.testing.assert_array_equal(photo.image, scene)


@pytest.mark.parametrize("format", ["JPEG", "GIF", "WEBP"])
def test_lossy_formats_keep_the_colours(scene, format):
    image = read(encoded(scene, format))
    assert (image.dtype, image.shape) == (np.uint8, scene.shape)
    assert np.abs(image[6, 10].astype(int) - scene[6, 10]).max() < 12


@pytest.mark.parametrize("mode", ["RGB", "L", "1", "P", "CMYK", "RGBA", "LA", "I;16"])
def test_every_colour_mode_becomes_rgb_at_once_or_strip_by_strip(scene, mode, monkeypatch):
    deep = np.linspace(0, 65535, 24 * 40).astype(np.uint16).reshape(24, 40)
    content = encoded(deep if mode == "I;16" else PillowImage.fromarray(scene).convert(mode), "TIFF" if mode == "CMYK" else "PNG")
    at_once = read(content)
    assert (at_once.shape, at_once[-1, -1].tolist()) == (scene.shape, [255, 255, 255])
    monkeypatch.setattr("whosthat.photos.reading._STRIP", 3 * 40)
    np.testing.assert_array_equal(read(content), at_once)


def test_transparent_parts_become_white(scene):
    alpha = np.zeros(scene.shape[:2], np.uint8)
    alpha[:, :20] = 255
    image = read(encoded(np.dstack([scene, alpha]), "PNG"))
    np.testing.assert_array_equal(image[:, :20], scene[:, :20])
    assert (image[:, 20:] == 255).all()


def test_half_transparent_red_is_pink():
    assert read(encoded(np.full((2, 2, 4), (255, 0, 0, 128), np.uint8), "PNG"))[0, 0].tolist() == [255, 127, 127]


def test_a_transparent_palette_entry_becomes_white():
    picture = PillowImage.new("P", (4, 4), 1)
    picture.putpalette([0, 0, 0, 200, 30, 40])
    picture.putpixel((0, 0), 0)
    image = read(encoded(picture, "PNG", transparency=bytes([0, 255])))
    assert (image[0, 0].tolist(), image[3, 3].tolist()) == ([255, 255, 255], [200, 30, 40])


@pytest.mark.parametrize("format", ["PNG", "TIFF", "PPM"])
def test_sixteen_bits_are_scaled_to_the_full_range(format):
    deep = np.array([[0, 257 * 100, 257 * 100 + 128, 257 * 100 + 129, 65535]], np.uint16)
    assert read(encoded(deep, format))[0, :, 0].tolist() == [0, 100, 100, 101, 255]


def test_pixels_without_a_known_range_are_refused():
    assert "32-bit numbers" in refusal(encoded(PillowImage.new("F", (2, 2)), "TIFF"))


@pytest.mark.parametrize("format", ["PNG", "GIF", "WEBP"])
def test_of_an_animation_the_first_frame_is_read(scene, format):
    frames = [PillowImage.fromarray(scene), PillowImage.new("RGB", (40, 24), "black")]
    options = {"lossless": True} if format == "WEBP" else {}
    image = read(encoded(frames[0], format, save_all=True, append_images=frames[1:], **options))
    assert image[-1, -1].tolist() == [255, 255, 255]


def test_of_a_multi_picture_jpeg_the_first_is_read(scene):
    content = encoded(PillowImage.fromarray(scene), "MPO", save_all=True, append_images=[PillowImage.new("RGB", (8, 8))])
    assert read(content).shape == scene.shape


def test_heic_names_the_package_it_needs(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pillow_heif", None)
    assert "pip install pillow-heif" in refusal(b"\0\0\0\x18ftypheic" + bytes(40))


def test_heic_is_read_where_the_package_is(scene):
    pillow_heif = pytest.importorskip("pillow_heif")
    file = io.BytesIO()
    pillow_heif.from_pillow(PillowImage.fromarray(scene)).save(file)
    assert decode(file.getvalue()).image.shape == scene.shape


# ----------------------------------------------------------------------------------------------------------------- exif

UNTURN = {  # how a picture must be stored for each orientation to show it upright
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a),
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),
    8: lambda a: np.rot90(a, -1),
}


@pytest.mark.parametrize("format", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", UNTURN)
def test_every_orientation_comes_out_upright(scene, orientation, format):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    stored = np.ascontiguousarray(UNTURN[orientation](scene))
    np.testing.assert_array_equal(read(encoded(stored, format, exif=exif, **LOSSLESS[format])), scene)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_does_not_exist_turns_nothing(scene, orientation):
    exif = PillowImage.Exif()
    exif[0x0112] = orientation
    np.testing.assert_array_equal(read(encoded(scene, "PNG", exif=exif)), scene)


def test_damaged_exif_does_not_cost_the_photo(scene):
    assert read(encoded(scene, "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")).shape == scene.shape


def taken(text, fraction=None):
    exif = PillowImage.Exif()
    shot = exif.get_ifd(0x8769)
    shot[0x9003] = text
    if fraction is not None:
        shot[0x9291] = fraction
    return decode(encoded(np.zeros((2, 2, 3), np.uint8), "JPEG", exif=exif)).taken_at


def test_the_time_of_the_shot_is_read_to_the_fraction():
    assert taken("1970:01:02 00:00:01", "25") == 86401.25
    assert taken("2021:06:05 10:20:31") - taken("2021:06:05 10:20:30") == 1


@pytest.mark.parametrize("text", ["    :  :     :  :  ", "0000:00:00 00:00:00", "yesterday"])
def test_a_clock_that_was_never_set_gives_no_time(text):
    assert taken(text) is None


# ------------------------------------------------------------------------------------------------------- files, refusals


def test_path_text_and_bytes_give_the_same(tmp_path, scene):
    content = encoded(scene, "JPEG")
    path = tmp_path / "ünïcode 鋼鐵人 🦸.png"  # and a suffix that lies
    path.write_bytes(content)
    for source in (path, str(path), content):
        photo = decode(source)
        assert (photo.format, photo.sha256) == ("JPEG", hashlib.sha256(content).hexdigest())
        np.testing.assert_array_equal(photo.image, read(content))


def test_an_image_can_be_written_to(scene):
    read(encoded(scene, "PNG"))[0, 0] = 7


def test_the_error_names_the_file(tmp_path):
    (tmp_path / "empty.jpg").touch()
    with pytest.raises(PhotoError, match=r"empty\.jpg: the file is empty"):
        read(tmp_path / "empty.jpg")


def test_what_is_not_there_or_not_a_file_is_told_apart(tmp_path):
    assert "not found" in refusal(tmp_path / "gone.jpg")
    assert refusal(tmp_path) == "this is a folder, not a file"
    assert "cannot be read" in refusal("nul\0.jpg")
    assert "cannot be read" in refusal(tmp_path / ("x" * 300))


@pytest.mark.skipif(os.name == "nt", reason="links and pipes need POSIX")
def test_links_that_lead_nowhere_and_pipes_are_refused_at_once(tmp_path):
    (tmp_path / "broken.jpg").symlink_to(tmp_path / "gone.jpg")
    (tmp_path / "loop.jpg").symlink_to(tmp_path / "loop.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    assert "link is broken" in refusal(tmp_path / "broken.jpg")
    assert "cannot be read" in refusal(tmp_path / "loop.jpg")
    assert "not a regular file" in refusal(tmp_path / "pipe.jpg")
    assert [sha256_of(tmp_path / name) for name in ("broken.jpg", "loop.jpg", "pipe.jpg", "nul\0.jpg")] == [""] * 4


def test_a_file_without_permission_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "stat", Mock(side_effect=PermissionError(13, "Permission denied")))
    assert refusal(tmp_path / "secret.jpg") == "no permission to read the file"


def test_too_many_bytes_are_refused_before_reading(tmp_path, scene, monkeypatch):
    path = tmp_path / "large.png"
    path.write_bytes(encoded(scene, "PNG"))
    monkeypatch.setattr("whosthat.photos.reading.MAX_PHOTO_BYTES", 50)
    assert "more than the 0.0 allowed" in refusal(path.read_bytes())
    monkeypatch.setattr(Path, "open", None)
    assert "more than the 0.0 allowed" in refusal(path)


def test_too_many_pixels_are_refused_before_decoding(scene, monkeypatch):
    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", None)
    monkeypatch.setattr("whosthat.photos.reading.MAX_PHOTO_PIXELS", 900)
    assert "has 0.00096 megapixels (40 x 24), more than the 0.0009 allowed" in refusal(encoded(scene, "PNG"))


def test_a_header_that_lies_is_refused_by_its_size():
    header = encoded(np.zeros((1, 1, 3), np.uint8), "BMP")
    lying = header[:18] + (30_000).to_bytes(4, "little") * 2 + header[26:]
    assert refusal(lying) == "has 900 megapixels (30000 x 30000), more than the 120 allowed"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "BMP", "GIF", "TIFF", "PPM"])
def test_a_photo_that_ends_early_is_not_half_grey_but_refused(scene, format):
    content = encoded(scene, format)
    assert format in refusal(content[: len(content) * 6 // 10])


def test_bytes_behind_the_photo_do_no_harm(scene):
    np.testing.assert_array_equal(read(encoded(scene, "PNG") + b"garbage"), scene)


# ------------------------------------------------------------------------------------------------------------- manners


def test_the_limits_and_warnings_of_pillow_stay_as_they_were(scene, monkeypatch):
    monkeypatch.setattr(PillowImage, "MAX_IMAGE_PIXELS", 500)
    before = list(warnings.filters)
    read(encoded(scene, "TIFF"))  # 960 pixels: beyond what Pillow would warn about
    assert (PillowImage.MAX_IMAGE_PIXELS, list(warnings.filters)) == (500, before)


def test_many_threads_read_alike_and_leave_the_warnings_alone(scene):
    content = encoded(scene, "PNG")
    before, barrier = list(warnings.filters), threading.Barrier(4)

    def work(_):
        barrier.wait()
        return [read(content).tobytes() for _ in range(20)]

    with ThreadPoolExecutor(4) as pool:
        images = {image for batch in pool.map(work, range(4)) for image in batch}
    assert images == {scene.tobytes()}
    assert list(warnings.filters) == before


def test_photos_are_told_by_suffix_or_else_by_content(tmp_path, scene):
    (tmp_path / "scan").write_bytes(encoded(scene, "PNG"))
    (tmp_path / "notes").write_text("no photo", encoding="utf-8")
    names = ["a.JPG", "b.jfif", "c.heic", "scan", "notes", "gone", "d.txt", "."]
    assert [name for name in names if looks_like_photo(tmp_path / name)] == ["a.JPG", "b.jfif", "c.heic", "scan"]


@pytest.mark.parametrize(("side", "shrunk"), [(1599, 1), (1600, 2), (3199, 2), (3200, 4), (6400, 8), (7001, 8)])
def test_a_jpeg_is_decoded_no_smaller_than_it_is_needed(tmp_path: Path, side: int, shrunk: int) -> None:
    PillowImage.new("RGB", (side, 40), (200, 30, 40)).save(tmp_path / "wide.jpg")
    with opened(tmp_path / "wide.jpg", longest=800) as photo:
        assert photo.shrunk == shrunk
        assert photo.size == (side, 40)
        assert photo.image.shape == (-(-40 // shrunk), -(-side // shrunk), 3)
        assert np.abs(photo.image.astype(int) - (200, 30, 40)).max() < 4


def test_other_formats_are_decoded_whole(tmp_path: Path) -> None:
    PillowImage.new("RGB", (3200, 40)).save(tmp_path / "wide.png")
    with opened(tmp_path / "wide.png", longest=800) as photo:
        assert (photo.shrunk, photo.image.shape) == (1, (40, 3200, 3))


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_in_any_mode_can_be_decoded_smaller(tmp_path: Path, mode: str, progressive: bool) -> None:
    PillowImage.linear_gradient("L").resize((1024, 1024)).convert(mode).save(tmp_path / "ramp.jpg", progressive=progressive)
    with opened(tmp_path / "ramp.jpg", longest=256) as photo:
        small = photo.image.astype(int)
    averaged = read(tmp_path / "ramp.jpg").reshape(256, 4, 256, 4, 3).mean(axis=(1, 3))
    assert np.abs(small - averaged).max() < 4


def test_a_jpeg_that_ends_early_is_refused_at_any_size(tmp_path: Path) -> None:
    PillowImage.effect_noise((1024, 1024), 80).save(tmp_path / "noise.jpg")
    half = (tmp_path / "noise.jpg").read_bytes()[: (tmp_path / "noise.jpg").stat().st_size // 2]
    with pytest.raises(PhotoError, match="ends too early"), opened(half, longest=128):
        pass


def test_a_glance_tells_size_time_and_content_without_pixels(tmp_path: Path) -> None:
    exif = PillowImage.Exif()
    exif[0x0112] = 6  # on its side
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 10:00:00"
    for name in ("a.jpg", "a.png", "a.webp"):
        PillowImage.new("RGB", (40, 30)).save(tmp_path / name, exif=exif)
        with opened(tmp_path / name) as whole, opened(tmp_path / name, longest=NO_PIXEL) as glance:
            assert (glance.size, glance.taken_at, glance.sha256) == ((30, 40), whole.taken_at, whole.sha256)
            assert glance.taken_at == datetime.datetime(2024, 5, 1, 10, tzinfo=datetime.UTC).timestamp()
            assert glance.image.shape == (0, 0, 3)
