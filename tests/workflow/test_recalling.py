"""A face recogniser does not look at the same photo twice, and answers the same."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.dataset.folder import Photo
from whosthat.faces.finding import CutFaces, SeenFaces
from whosthat.faces.remembered import RememberedSightings
from whosthat.photo_cache import place
from whosthat.photos.drawing import save_image
from whosthat.photos.reading import decode, sha256_of
from whosthat.recognition.face_recogniser import FaceRecogniser
from whosthat.types import Box, Face, Sighting
from whosthat.workflow.evaluate import answer_photos
from whosthat.workflow.forgetting import forget_in_cache
from whosthat.workflow.predict import predict

POINTS = ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5), (0.2, 1.0), (0.8, 1.0))


class Reader:
    """Finds one face in every photo, whose embedding is the photo's colour; counts the photos that it looked at."""

    key = "reader"

    def __init__(self) -> None:
        self.looks = 0

    def cut_file(self, source: Any) -> CutFaces:
        self.looks += 1
        photo = decode(source)
        return CutFaces((Face(Box(0, 0, 5, 5), POINTS, 0.9),), photo.image[None, :5, :5], photo.sha256)

    def see(self, photos: Any) -> list[SeenFaces]:
        return [SeenFaces(photo.faces, photo.crops[:, 0, 0].astype(np.float32)) for photo in photos]


class Namer(FaceRecogniser):
    """Calls a face by the first number of its embedding."""

    labels = tuple(f"{number}.0" for number in range(9))  # type: ignore[assignment]

    def name(self, faces: Any, vectors: Any) -> list[Sighting]:
        return [
            Sighting(str(vector[0]), 0.9, box=face.box, probabilities={str(vector[0]): 0.9})
            for face, vector in zip(faces, vectors, strict=True)
        ]


@pytest.fixture
def recogniser() -> Namer:
    return Namer(Reader(), identifier=None)  # type: ignore[arg-type]


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "cache"))
    paths = [tmp_path / f"{number}.png" for number in range(9)]
    for number, path in enumerate(paths):
        save_image(np.full((12, 9, 3), number, np.uint8), path)
    return paths


def test_the_second_time_nothing_is_looked_at_and_the_answers_are_the_same(recogniser: Namer, photos: list[Path]) -> None:
    first, second = (list(predict(recogniser, photos, remember=True)) for _ in range(2))
    assert first == second
    assert [one.sightings[0].name for one in second] == [f"{number}.0" for number in range(9)]
    assert recogniser.reader.looks == 9


def test_unchanged_files_are_not_even_opened(recogniser: Namer, photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(predict(recogniser, photos, remember=True))
    opened: list[object] = []
    real = io.open
    monkeypatch.setattr(io, "open", lambda file, *rest, **more: [opened.append(file), real(file, *rest, **more)][1])
    assert list(predict(recogniser, photos, remember=True)) == first
    assert opened == []
    save_image(np.full((12, 9, 3), 8, np.uint8), photos[0])
    assert next(predict(recogniser, photos[:1], remember=True)).sightings[0].name == "8.0"  # known by content
    assert recogniser.reader.looks == 9
    assert opened


def test_a_file_that_changes_while_it_is_read_is_read_again(recogniser: Namer, photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    list(predict(recogniser, photos[1:2], remember=True))
    real = sha256_of

    def slow(path: Path) -> str:
        digest = real(path)
        save_image(np.full((12, 9, 3), 1, np.uint8), path)
        return digest

    with monkeypatch.context() as patch:
        patch.setattr("whosthat.workflow.known_files.sha256_of", slow)
        list(predict(recogniser, photos[:1], remember=True))
    assert next(predict(recogniser, photos[:1], remember=True)).sightings[0].name == "1.0"


def test_a_photo_with_other_content_is_looked_at(recogniser: Namer, photos: list[Path]) -> None:
    list(predict(recogniser, photos, remember=True))
    save_image(np.full((12, 9, 3), 99, np.uint8), photos[0])
    list(predict(recogniser, photos, remember=True))
    assert recogniser.reader.looks == 10


def test_a_test_does_not_look_twice_either(recogniser: Namer, photos: list[Path]) -> None:
    known = [Photo(path, f"{number}.0", path.name) for number, path in enumerate(photos)]
    for _ in range(2):
        assert all(answer.correct for answer in answer_photos(recogniser, known).answers)
    assert recogniser.reader.looks == 9


def test_nothing_is_remembered_unless_asked(recogniser: Namer, photos: list[Path], tmp_path: Path) -> None:
    list(predict(recogniser, photos))
    assert not place().exists()


def test_whoever_stops_listening_keeps_what_was_seen(recogniser: Namer, photos: list[Path]) -> None:
    answers = predict(recogniser, photos, remember=True)
    next(answers)
    answers.close()
    with RememberedSightings(recogniser.reader.key) as memory:
        assert sha256_of(photos[0]) in memory.digests()


def test_a_photo_that_cannot_be_read_is_said_as_ever(recogniser: Namer, photos: list[Path]) -> None:
    photos[3].write_bytes(b"")
    for _ in range(2):
        answers = list(predict(recogniser, [*photos, photos[0].with_name("gone.jpg")], remember=True))
        assert [one.path.name for one in answers if one.error] == ["3.png", "gone.jpg"]


def test_without_a_usable_cache_every_photo_is_answered_all_the_same(
    recogniser: Namer, photos: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("WHOSTHAT_CACHE", str(tmp_path / "file"))
    assert [bool(one.sightings) for one in predict(recogniser, photos, remember=True)] == [True] * 9


def test_a_full_disk_ends_remembering_and_not_the_answers(recogniser: Namer, photos: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        from whosthat.errors import CacheError

        raise CacheError("The disk is full.")

    monkeypatch.setattr(RememberedSightings, "put", full)
    monkeypatch.setattr("whosthat.workflow.recalling.KEPT_EVERY", 1)
    assert len(list(predict(recogniser, photos, remember=True))) == 9


def test_somebody_who_is_removed_meanwhile_does_not_come_back_into_the_cache(recogniser: Namer, photos: list[Path]) -> None:
    answers = predict(recogniser, photos, remember=True)
    next(answers)  # seen, and not written down yet
    assert forget_in_cache([sha256_of(photos[0])])[0] == 0
    assert len(list(answers)) == 8
    with RememberedSightings(recogniser.reader.key) as memory:
        assert memory.digests() == []
    list(predict(recogniser, photos[1:], remember=True))
    with RememberedSightings(recogniser.reader.key) as memory:
        assert len(memory.digests()) == 8
        assert len(memory.rows("SELECT * FROM places")) == 8
    forget_in_cache([sha256_of(photos[1])])
    assert photos[1].name.encode() not in place().read_bytes()
