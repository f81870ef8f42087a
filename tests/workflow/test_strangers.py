"""Strangers: which photos count, whom they show, and that they are asked about as predict asks."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.workflow.strangers import stranger_confidences, stranger_photos


def paint(path: Path, colour: tuple[int, int, int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(np.full((9, 9, 3), colour, np.uint8), path)
    return path


@pytest.fixture
def classifier(bundle: Path) -> ImageClassifier:
    return ImageClassifier.open(open_bundle(bundle))


def test_photos_are_found_at_any_depth_and_folders_are_people(tmp_path: Path) -> None:
    for number, name in enumerate(("zoe/1.png", "loose.png", "zoe/old/2.png")):
        paint(tmp_path / "s" / name, (9, 9, number))
    (tmp_path / "s" / "notes.txt").touch()
    found = stranger_photos(tmp_path / "s")
    people = {path.name: int(person) for path, person in zip(found.paths.values(), found.people, strict=True)}
    assert people["1.png"] == people["2.png"] != people["loose.png"]
    assert sorted(set(people.values())) == [0, 1]


def test_no_folder_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        stranger_photos(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="holds no photo"):
        stranger_photos(tmp_path)


def test_each_photo_counts_once_and_never_when_it_is_in_the_folders(tmp_path: Path, classifier: ImageClassifier) -> None:
    folder = tmp_path / "strangers"
    for name in ("1.png", "2.png"):
        paint(folder / name, (90, 90, 90))
    known = paint(folder / "3.png", (255, 0, 0))
    (folder / "4.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    digest = hashlib.sha256(known.read_bytes()).hexdigest()
    assert stranger_confidences(classifier, folder, {digest})[0] == pytest.approx([1 / 3], abs=1e-6)
    for name in ("1.png", "2.png"):
        (folder / name).unlink()
    with pytest.raises(DatasetError, match="can be read"):
        stranger_confidences(classifier, folder, {digest})
