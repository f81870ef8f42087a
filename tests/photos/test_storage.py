"""Photos in S3-compatible storage: a server on this computer that answers as one does, or badly."""

from __future__ import annotations

import pickle
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from whosthat.cartoons import draw_hero
from whosthat.errors import PhotoError, UsageError
from whosthat.photos import reading, storage
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import decode, read
from whosthat.photos.signatures import why_not_a_photo
from whosthat.photos.storage import StoredPhoto, listed, stored
from whosthat.workflow.predict import find_photos
from whosthat.workflow.prediction import Prediction


@pytest.fixture
def holiday(bucket: Any, tmp_path: Path) -> Any:
    """Storage with a photo, something that is none, and notes."""
    save_image(draw_hero("night_baker", 0, 60), tmp_path / "photo.png")
    photo = (tmp_path / "photo.png").read_bytes()
    bucket.files = {"photos/holiday/b ä.png": photo, "photos/holiday/deep/a.JPG": b"no photo", "photos/holiday/notes.txt": b""}
    return bucket


def test_addresses_are_told_from_paths() -> None:
    assert stored(Path("holiday/s3:/beach.jpg")) is None
    assert stored(Path("./s3x/beach.jpg")) is None
    photo = stored(Path("s3://holiday/a b/beach.jpg"))
    assert photo is not None
    for one in (photo, photo.absolute(), pickle.loads(pickle.dumps(photo)), photo.parent / "beach.jpg", stored(photo)):
        assert str(one) == "s3://holiday/a b/beach.jpg"
    assert not photo.exists()


def test_a_photo_is_fetched_once_and_decoded(holiday: Any, tmp_path: Path) -> None:
    photo = StoredPhoto("s3://photos/holiday/b ä.png")
    assert (read(photo) == read(tmp_path / "photo.png")).all()
    assert decode(Path("s3://photos/holiday/b ä.png")).sha256 == decode(tmp_path / "photo.png").sha256
    assert len(holiday.asked) == 2


def test_a_folder_is_listed(holiday: Any) -> None:
    others: Counter[str] = Counter()
    found = list(find_photos(["s3://photos/holiday", "s3://photos/single.png"], passed_over=others))
    assert [str(photo) for photo in found] == ["s3://photos/holiday/b ä.png", "s3://photos/holiday/deep/a.JPG", "s3://photos/single.png"]
    assert others.total() == 1
    assert [str(one) for one in listed(StoredPhoto("s3://photos")).files][-1] == "s3://photos/holiday/notes.txt"


def test_a_folder_that_cannot_be_listed_or_holds_nothing_is_named(holiday: Any) -> None:
    (nothing,) = find_photos(["s3://photos/empty"])
    assert isinstance(nothing, Prediction)
    assert nothing.error == "the folder holds no photos"
    holiday.refuses = True
    (refused,) = find_photos(["s3://photos/holiday"])
    assert isinstance(refused, Prediction)
    assert (str(refused.path), refused.error) == ("s3://photos/holiday", "the folder cannot be listed (Access Denied)")


def reason(address: str) -> str:
    with pytest.raises(PhotoError) as raised:
        decode(Path(address))
    return raised.value.reason


def test_what_storage_refuses_is_said(holiday: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert reason("s3://photos/gone.jpg") == "not found"
    assert reason("s3://photos/holiday/deep/a.JPG") == why_not_a_photo(b"no photo")
    monkeypatch.setattr(reading, "MAX_PHOTO_BYTES", 100)
    assert "more than" in reason("s3://photos/holiday/b ä.png")
    holiday.refuses = True
    assert reason("s3://photos/holiday/b ä.png") == "no permission to read the file"


def test_half_a_file_is_no_photo(holiday: Any) -> None:
    holiday.halves = True
    assert "the storage does not answer as it should" in reason("s3://photos/holiday/b ä.png")
    assert len(holiday.asked) == storage.TRIES


def test_an_answer_that_does_not_come_is_given_up(holiday: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "ANSWER_WITHIN", 0.3)
    holiday.sleeps = 30.0
    began = time.monotonic()
    assert "Read timeout" in reason("s3://photos/holiday/b ä.png")
    assert time.monotonic() - began < 10
    assert len(holiday.asked) == storage.TRIES**2


def test_storage_that_is_not_there_is_said(holiday: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert "the storage does not answer as it should" in reason("s3://photos/holiday/b ä.png")


def test_without_s3fs_it_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    storage._storage.cache_clear()
    monkeypatch.setattr(storage, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "whosthat\[s3\]"'):
        list(find_photos(["s3://photos"]))
