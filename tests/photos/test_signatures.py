import pytest

from whosthat.photos import signatures
from whosthat.photos.signatures import SNIFF_BYTES, format_of, is_video, why_not_a_photo


@pytest.mark.parametrize(
    ("start", "name"),
    [
        (b"\xff\xd8\xff\xe1", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "PNG"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WEBP"),
        (b"BM" + bytes(12) + b"\x28\0\0\0", "BMP"),
        (b"GIF89a", "GIF"),
        (b"II*\0", "TIFF"),
        (b"P6\n3 2", "PPM"),
        (b"\0\0\0\x18ftypheic", "HEIC"),
    ],
)
def test_each_format_is_known_by_its_first_bytes(start, name):
    assert format_of(start) == name


@pytest.mark.parametrize("text", [b"BMW drivers and their cars", b"P1ain text", b"GIF pictures", b"RIFF raff", b""])
def test_words_that_start_like_a_signature_are_no_photo(text):
    assert format_of(text) is None


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"\n <!DOCTYPE html><html>", "web page"),
        (b"<svg xmlns=", "SVG drawing"),
        (b"%PDF-1.7", "PDF document"),
        (b"\0\0\0\x20ftypisom", "video"),
        (b"\0\0\0\x20ftypavif", "AVIF photo"),
        (b"PK\x03\x04", "ZIP archive"),
        (bytes(SNIFF_BYTES), "only zeros"),
        ("Grüße aus Köln".encode(), "text file"),
        (("x" * 62 + "鋼").encode()[:SNIFF_BYTES], "text file"),
        (b"\x01\x02\xfe\xff", "not a photo in a format that whosthat reads"),
    ],
)
def test_what_is_no_photo_is_called_by_its_name(start, reason):
    assert reason in why_not_a_photo(start)


@pytest.mark.parametrize(
    "start", [b"\0\0\0\x20ftypisom", b"\0\0\0\x14ftypqt  ", b"\0\0\0\x08wide", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI LIST", b"\0\0\x01\xba"]
)
def test_videos_are_known_by_their_first_bytes(start):
    assert is_video(start)
    assert format_of(start) is None


@pytest.mark.parametrize(
    "start", [b"\0\0\0\x18ftypheic", b"\0\0\0\x20ftypavif", b"RIFF\x10\0\0\0WEBPVP8 ", b"#EXTM3U\nhttp://", b"ffconcat version 1.0", b""]
)
def test_photos_and_playlists_are_no_videos(start):
    assert not is_video(start)


def test_reasons_speak_the_language_and_kinds_do_not(monkeypatch):
    monkeypatch.setattr(signatures, "_", lambda text, **values: f"<{text}>")
    assert why_not_a_photo(b"%PDF-1.7") == "<this is a PDF document, not a photo>"
    assert {signatures.kind_of_file(name) for name in ("a.mp4", "a.NEF", "a.txt")} == {"video", "RAW photo", "other file"}
