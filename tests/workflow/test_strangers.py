"""Strangers: which photos count, and what refusing them costs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from whosthat.errors import DatasetError
from whosthat.evaluation.metrics import evaluate
from whosthat.photos.drawing import save_image
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.workflow.strangers import fit_refusing, stranger_confidences, stranger_photos, whose_photos


def paint(path: Path, colour: tuple[int, int, int]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(np.full((9, 9, 3), colour, np.uint8), path)
    return path


@pytest.fixture
def classifier(tmp_path: Path, save_colours: Callable[..., Path]) -> ImageClassifier:
    return ImageClassifier.open(open_bundle(save_colours(tmp_path / "bundle")))


def test_photos_are_found_at_any_depth(tmp_path: Path) -> None:
    paths = [paint(tmp_path / "s" / name, (9, 9, 9)) for name in ("loose.png", "zoe/1.png")]
    (tmp_path / "s" / "notes.txt").touch()
    assert sorted(stranger_photos(tmp_path / "s")) == paths


def test_no_folder_and_an_empty_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="There is no folder"):
        stranger_photos(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match="holds no photo"):
        stranger_photos(tmp_path)


def test_each_photo_counts_once_and_never_when_it_is_in_the_folders(tmp_path: Path, classifier: ImageClassifier) -> None:
    grey, copy = paint(tmp_path / "1.png", (90, 90, 90)), paint(tmp_path / "2.png", (90, 90, 90))
    known = paint(tmp_path / "3.png", (255, 0, 0))
    torn = tmp_path / "4.jpg"
    torn.write_bytes(b"\xff\xd8\xff\xe0")
    digest = hashlib.sha256(known.read_bytes()).hexdigest()
    confidences, used = stranger_confidences(classifier, [grey, copy, known, torn], {digest})
    assert (confidences, used) == (pytest.approx([1 / 3], abs=1e-6), [grey])
    with pytest.raises(DatasetError, match="No photo of a stranger can be used"):
        stranger_confidences(classifier, [known, torn], {digest})


def test_photos_in_one_folder_show_one_person_and_loose_ones_another() -> None:
    names = ("zoe/1.png", "zoe/2/3.png", "loose.png", "ann/1.png", "other.png")
    photos = [Path("s") / name for name in names]
    whose = whose_photos(Path("s"), photos)
    assert (len(set(whose)), whose[0]) == (4, whose[1])


def test_refusing_says_what_it_costs() -> None:
    known = np.array([[0.9, 0.1], [0.8, 0.2]], np.float32)
    truth = np.array([0, 0, 0, 0])
    tested = np.array([[0.9, 0.1], [0.6, 0.4], [0.45, 0.55], [0.2, 0.8]])
    evaluation = evaluate(tested, truth, ["ann", "bo"], list("abcd"))
    refusing = fit_refusing(known, np.array([0.7, 0.5], np.float32), evaluation)
    assert refusing.threshold.value == pytest.approx(0.7)
    assert refusing.threshold.known_refused == 0.5
    assert refusing.notes[1:] == (
        "50 in 100 known photos are refused (2 of 4 test photos).",
        "Of 4 test photos, 1 get the right name and 1 a wrong one.",
    )


def test_without_strangers_their_rate_is_said_to_be_unknown() -> None:
    evaluation = evaluate(np.array([[0.9, 0.1]]), np.array([0]), ["ann", "bo"], ["a"])
    refusing = fit_refusing(np.array([[0.8, 0.2]], np.float32), None, evaluation)
    assert refusing.threshold.strangers_named is None
    assert "it is not known how many strangers would be named: give some with --strangers" in refusing.notes[0]
