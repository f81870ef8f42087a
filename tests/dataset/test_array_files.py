"""dataset.h5 and labels.h5: written as the course report lays them out, read with distrust."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from whosthat.dataset.array_files import open_array_files
from whosthat.errors import DatasetError

PHOTOS = np.random.default_rng(0).integers(0, 256, (6, 12, 10, 3), np.uint8)
ONE_HOT = np.eye(2, dtype=np.uint8)[[0, 1, 0, 1, 1, 0]]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A small data set of two classes: four photos for training, two for the test."""
    with h5py.File(tmp_path / "dataset.h5", "w") as photos, h5py.File(tmp_path / "labels.h5", "w") as labels:
        photos["X_train"], photos["X_test"] = PHOTOS[:4], PHOTOS[4:]
        labels["y_train"], labels["y_test"] = ONE_HOT[:4], ONE_HOT[4:]
    return tmp_path / "dataset.h5"


def test_photos_come_with_their_labels(files: Path) -> None:
    with open_array_files(files) as opened:
        read = list(opened.photos())
    assert opened.classes == ("class0", "class1")
    assert len(opened) == len(read) == 6
    assert [one.name for one in read] == [f"train-0000{n}" for n in (1, 2, 3, 4)] + ["test-00001", "test-00002"]
    assert [one.label for one in read] == [0, 1, 0, 1, 1, 0]
    np.testing.assert_array_equal([one.image for one in read], PHOTOS)


def test_names_stand_in_classes_txt(files: Path) -> None:
    files.with_name("classes.txt").write_text("anna\n王小明\n", encoding="utf-8")
    with open_array_files(files) as opened:
        assert opened.classes == ("anna", "王小明")


@pytest.mark.parametrize(
    ("content", "message"), [(b"anna\n", "holds 1 names, and the labels have 2 classes"), (b"\xff\n\xfe\n", "cannot be read")]
)
def test_names_that_do_not_fit_are_refused(files: Path, content: bytes, message: str) -> None:
    files.with_name("classes.txt").write_bytes(content)
    with pytest.raises(DatasetError, match=message), open_array_files(files):
        pass


def test_the_reports_other_spelling_is_found_and_floats_are_labels(files: Path) -> None:
    files.with_name("labels.h5").rename(files.with_name("Labels.h5"))
    replace(files, "Labels.h5", "y_test", ONE_HOT[4:].astype(np.float32))
    with open_array_files(files) as opened:
        assert [one.label for one in opened.photos()] == [0, 1, 0, 1, 1, 0]


def replace(files: Path, file: str, name: str, numbers: Any) -> None:
    with h5py.File(files.with_name(file), "a") as opened:
        del opened[name]
        if numbers is not None:
            opened[name] = numbers


def compressed_by_something_else(files: Path) -> None:
    """Damage the bytes of a compressed photo: the file opens, the photo does not."""
    with h5py.File(files, "a") as opened:
        del opened["X_train"]
        opened.create_dataset("X_train", data=PHOTOS[:4], chunks=(1, 12, 10, 3), compression="gzip")
        place = opened["X_train"].id.get_chunk_info(2)
    content = bytearray(files.read_bytes())
    content[place.byte_offset : place.byte_offset + place.size] = bytes(place.size)
    files.write_bytes(content)


TWO_ONES = np.array([[1, 1], [0, 1], [1, 0], [0, 1]], np.uint8)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda files: files.unlink(), r"There is no file .*dataset\.h5"),
        (lambda files: files.with_name("labels.h5").unlink(), r"There is no file .*labels\.h5"),
        (lambda files: os.truncate(files, 2000), r"dataset\.h5 cannot be read as an HDF5 file: .*truncated"),
        (lambda files: files.with_name("labels.h5").write_bytes(b"no HDF5"), r"labels\.h5 cannot be read as an HDF5 file"),
        (compressed_by_something_else, r"dataset\.h5 cannot be read as an HDF5 file"),
        (lambda files: replace(files, "dataset.h5", "X_test", None), r"dataset\.h5 cannot be used: 'X_test' is missing"),
        (lambda files: replace(files, "dataset.h5", "X_test", PHOTOS[4:, :, :, 0]), r"'X_test' is uint8 of shape \(2, 12, 10\); expected"),
        (lambda files: replace(files, "dataset.h5", "X_test", PHOTOS[4:] / 255), r"'X_test' is float64 of shape"),
        (lambda files: replace(files, "dataset.h5", "X_test", np.zeros((1, 1, 5000, 3), np.uint8)), "at most 4096 pixels"),
        (lambda files: replace(files, "dataset.h5", "X_test", h5py.ExternalLink("other.h5", "/x")), "refers to numbers elsewhere"),
        (lambda files: replace(files, "labels.h5", "y_test", h5py.SoftLink("/y_train")), "refers to numbers elsewhere"),
        (lambda files: replace(files, "labels.h5", "y_train", ONE_HOT), "'y_train' holds 6 labels for 4 photos"),
        (lambda files: replace(files, "labels.h5", "y_train", np.array([0, 1, 0, 1])), r"expected one-hot labels of shape \(n, classes\)"),
        (lambda files: replace(files, "labels.h5", "y_train", np.array([b"a"] * 4)), "expected one-hot labels"),
        (lambda files: replace(files, "labels.h5", "y_train", ONE_HOT[:4] * 7), r"row 0 of 'y_train' is no one-hot label; .*got \[7, 0\]"),
        (lambda files: replace(files, "labels.h5", "y_train", TWO_ONES), r"row 0 of 'y_train' is no one-hot label; .*got \[1, 1\]"),
        (lambda files: replace(files, "labels.h5", "y_train", TWO_ONES * np.nan), "no one-hot label"),
        (lambda files: replace(files, "labels.h5", "y_test", np.eye(3, dtype=np.uint8)[:2]), "different numbers of classes"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(files: Path, spoil: Callable[[Path], None], message: str) -> None:
    spoil(files)
    with pytest.raises(DatasetError, match=message), open_array_files(files) as opened:
        list(opened.photos())


def test_a_huge_claim_is_refused_before_anything_is_read(files: Path) -> None:
    with h5py.File(files, "a") as opened:
        del opened["X_train"]
        opened.create_dataset("X_train", (10**9, 224, 224, 3), np.uint8, chunks=(1, 224, 224, 3))
    with pytest.raises(DatasetError, match=r"'X_train' claims to have 150,528,000,000,000 bytes"), open_array_files(files):
        pass


def test_more_photos_than_a_million_are_refused(files: Path) -> None:
    with h5py.File(files, "a") as opened:
        del opened["X_train"]
        opened.create_dataset("X_train", data=np.zeros((1_000_001, 1, 1, 3), np.uint8), compression="gzip")
    with pytest.raises(DatasetError, match="holds 1,000,001 photos; at most 1,000,000 are read"), open_array_files(files):
        pass


def test_labels_are_read_piece_by_piece(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whosthat.dataset.array_files._ROWS", 3)
    with open_array_files(files) as opened:
        assert [one.label for one in opened.photos()] == [0, 1, 0, 1, 1, 0]
    replace(files, "labels.h5", "y_train", np.array([[1, 0], [0, 1], [1, 0], [0, 0]]))
    with pytest.raises(DatasetError, match=r"row 3 of 'y_train' is no one-hot label; .*got \[0, 0\]"), open_array_files(files):
        pass
