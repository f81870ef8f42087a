"""Enrolled photos one by one; the photos are text files, "who:number" for each face from the left."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from whosthat.errors import PhotoError, UsageError
from whosthat.faces.remembered import PhotoFaces
from whosthat.recognition import load
from whosthat.recognition.bundle import DataFacts, open_bundle
from whosthat.recognition.gallery import EnrolledPhoto, Gallery
from whosthat.types import Box, Face
from whosthat.workflow.face_choice import Crowd
from whosthat.workflow.people_photos import choose_face, photos_of, remove_photo

WHO = ("ann", "bo")


def vector_of(word: str) -> np.ndarray:
    who, number = word.split(":")
    scatter = np.random.default_rng(int(number) + 100 * WHO.index(who)).normal(0, 0.05, 16)
    return (0.6 * np.eye(16)[WHO.index(who)] + scatter).astype(np.float32)


def look_again(path: Path, found: PhotoFaces, _reader: Any) -> Crowd:
    return Crowd(path, found.size, found.faces, np.stack([vector_of(word) for word in path.read_text().split()]))


def read_faces(photos: dict[str, Path], _reader: Any, **_: object) -> dict[str, PhotoFaces]:
    found = {}
    for digest, path in photos.items():
        words = path.read_text().split()
        points = ((15, 15), (35, 15), (25, 25), (18, 33), (32, 33))
        faces = tuple(Face(Box(50 * place, 0, 50 * place + 45, 45), points, 0.9) for place in range(len(words)))
        found[digest] = PhotoFaces((50 * len(words), 50), faces, 0, "plain", 300.0, vector_of(words[0]))
    return found


@pytest.fixture
def photos(tmp_path: Path) -> dict[str, Path]:
    """Two photos of ann and two of bo, and one in which bo is left and ann is right, enrolled as ann by bo's face."""
    texts = {"ann/1.jpg": "ann:1", "ann/2.jpg": "ann:2", "ann/party.jpg": "bo:5 ann:5", "bo/1.jpg": "bo:1", "bo/2.jpg": "bo:2"}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return {name: tmp_path / name for name in texts}


@pytest.fixture
def bundle(photos: dict[str, Path], tmp_path: Path, save_people: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("whosthat.workflow.people_photos.faces_of_photos", read_faces)
    monkeypatch.setattr("whosthat.workflow.face_choice.look_again", look_again)
    enrolled = tuple(EnrolledPhoto(name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in photos.items())
    vectors = np.stack([vector_of(path.read_text().split()[0]) for path in photos.values()])
    gallery = Gallery(WHO[:2], vectors, np.array([0, 0, 0, 1, 1]), enrolled)
    seen = DataFacts.of("photos", {"train": [photo.sha256 for photo in enrolled]})
    return save_people(tmp_path / "bundle", gallery, data=seen)


def test_whose_photos_these_are(bundle: Path) -> None:
    assert [photo.name for photo in photos_of(bundle, "ann")] == ["ann/1.jpg", "ann/2.jpg", "ann/party.jpg"]
    with pytest.raises(UsageError, match="Nobody here is named"):
        photos_of(bundle, "tom")


@pytest.mark.parametrize("given", ["file", "name", "whole name", "SHA-256"])
def test_a_photo_is_taken_back_however_it_is_named(bundle: Path, photos: dict[str, Path], given: str) -> None:
    digest = hashlib.sha256(b"bo:5 ann:5").hexdigest()
    names = {"file": photos["ann/party.jpg"], "name": "party.jpg", "whole name": "ann/party.jpg", "SHA-256": digest[:10]}
    assert remove_photo(bundle, "ann", names[given]).name == "ann/party.jpg"
    assert [photo.name for photo in photos_of(bundle, "ann")] == ["ann/1.jpg", "ann/2.jpg"]
    assert len(photos_of(bundle, "bo")) == 2
    assert open_bundle(bundle).facts.data.part_of(digest) is None


def test_what_is_not_enrolled_or_the_last_one_stays(bundle: Path, photos: dict[str, Path]) -> None:
    with pytest.raises(UsageError, match=r"not enrolled as a photo of bo"):
        remove_photo(bundle, "bo", photos["ann/1.jpg"])
    with pytest.raises(UsageError, match=r"Did you mean"):
        remove_photo(bundle, "ann", "prty.jpg")
    remove_photo(bundle, "bo", "1.jpg")
    with pytest.raises(UsageError, match=r"^bo/.* is the only photo of bo"):
        remove_photo(bundle, "bo", "2.jpg")
    assert len(photos_of(bundle, "bo")) == 1


def test_the_enrolled_face_is_shown_and_another_chosen(bundle: Path, photos: dict[str, Path]) -> None:
    party = photos["ann/party.jpg"]
    before = open_bundle(bundle).manifest
    shown = choose_face(bundle, party)
    assert (shown.person, shown.photo) == ("ann", "ann/party.jpg")
    assert [(face.number, face.enrolled) for face in shown.faces] == [(1, True), (2, False)]
    assert open_bundle(bundle).manifest == before
    chosen = choose_face(bundle, party, 2)
    assert [(face.looks_like, face.enrolled) for face in chosen.faces] == [("bo", False), ("ann", True)]
    gallery = load(bundle).identifier.gallery  # type: ignore[attr-defined]
    np.testing.assert_array_equal(gallery.vectors[2], vector_of("ann:5"))
    assert choose_face(bundle, party, 2) == choose_face(bundle, party)


def test_no_such_face_photo_or_person(bundle: Path, photos: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no face 3"):
        choose_face(bundle, photos["ann/party.jpg"], 3)
    (tmp_path / "new.jpg").write_text("ann:7")
    with pytest.raises(UsageError, match="is not enrolled"):
        choose_face(bundle, tmp_path / "new.jpg", 1)
    with pytest.raises(UsageError, match="Nobody here is named"):
        choose_face(bundle, photos["ann/party.jpg"], 1, name="bo")
    with pytest.raises(PhotoError):
        choose_face(bundle, tmp_path / "none.jpg")
