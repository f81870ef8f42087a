"""A data set as the course report keeps it: ``dataset.h5`` with the photos, ``labels.h5`` with their labels.

``dataset.h5`` holds ``X_train`` and ``X_test``, uint8 ``(n, height, width, 3)``, RGB; ``labels.h5`` holds ``y_train`` and ``y_test``,
one-hot uint8 ``(n, classes)``. ``classes.txt`` beside them, one name a line, is whosthat's own: the report kept the names in its program.

What belongs here: writing these files from prepared photos, and reading files that anybody may have written. What does not: where the
photos come from or go to (`workflow.dataset_files`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import numpy as np

from whosthat.dataset.cache import PreparedPhotos
from whosthat.durable import replace_file
from whosthat.errors import DatasetError, system_reason
from whosthat.hdf5 import own_numbers, replacing
from whosthat.translation import N_, _
from whosthat.types import Image, IntArray

PHOTOS, LABELS, CLASSES = FILES = ("dataset.h5", "labels.h5", "classes.txt")
FROM_PARTS = {"train": ("train", "validation"), "test": ("test",)}
"""The report knows no validation: what chose the epoch is with the training photos."""

MAX_PHOTOS, MAX_SIDE, MAX_CLASSES = 1_000_000, 4096, 10_000
MAX_CLASSES_BYTES = 1024 * 1024

_ROWS = 1024
"""So many labels are read at once: a small file may hold very many."""

_AGAIN = N_("Copy the files again, or write them again with whosthat export --dataset.")


class LabelledPhoto(NamedTuple):
    """One photo of the files."""

    name: str  # "train-00001": its part and its number there
    label: int  # index into the classes
    image: Image  # RGB uint8 (height, width, 3)


def write_array_files(prepared: PreparedPhotos, folder: Path) -> None:
    """Write prepared photos, without frames, as the three files into a folder that is there; older ones are replaced, each in one step.

    Raises:
        DatasetError: They cannot be written.
    """
    one_hot = np.eye(len(prepared.classes), dtype=np.uint8)
    images = {f"X_{part}": [prepared.images(source) for source in sources] for part, sources in FROM_PARTS.items()}
    labels = {f"y_{part}": [one_hot[prepared.labels(source)] for source in sources] for part, sources in FROM_PARTS.items()}
    try:
        _write(folder / PHOTOS, images)
        _write(folder / LABELS, labels)
        replace_file(folder / CLASSES, "".join(f"{name}\n" for name in prepared.classes).encode())
    except (OSError, RuntimeError) as error:  # RuntimeError: HDF5 closing a file that it could not write
        why = system_reason(error)
        raise DatasetError(
            "The data set cannot be written to {folder}: {why}. Make room, or choose another folder.", folder=folder, why=why
        ) from error


def _write(file: Path, arrays: Mapping[str, list[Any]]) -> None:
    """Write arrays, each made of several, without holding them in memory."""
    with replacing(file) as opened:
        for name, pieces in arrays.items():
            target = opened.create_dataset(name, (sum(map(len, pieces)), *pieces[0].shape[1:]), np.uint8)
            for at, row in enumerate(itertools.chain(*pieces)):
                target[at] = row


class ArrayFiles:
    """The photos of ``dataset.h5`` with the labels beside it, checked before anything is read; made by `open_array_files`."""

    def __init__(self, file: Path, images: Mapping[str, h5py.Dataset], labels: Mapping[str, IntArray], classes: tuple[str, ...]) -> None:
        self._file, self._images, self._labels = file, images, labels
        self.classes = classes  # the index of a name is its label

    def __len__(self) -> int:
        return sum(map(len, self._labels.values()))

    def photos(self) -> Iterator[LabelledPhoto]:
        """Read one photo after the other; DatasetError where the file is damaged."""
        for part, labels in self._labels.items():
            for row, label in enumerate(labels):
                with _told(self._file):
                    image = np.asarray(self._images[part][row])
                yield LabelledPhoto(f"{part}-{row + 1:05d}", int(label), image)


def labels_beside(file: Path) -> Path:
    """Return the file with the labels of a file of photos; the report writes ``Labels.h5`` and calls it ``labels.h5``."""
    names = [file.with_name(LABELS), file.with_name("Labels.h5")]
    return next((name for name in names if name.is_file()), names[0])


@contextmanager
def open_array_files(file: Path) -> Iterator[ArrayFiles]:
    """Open ``dataset.h5`` and the ``labels.h5`` beside it.

    Raises:
        DatasetError: One is absent, damaged, has another layout, or points to numbers in other files; the sentence names file and array.
    """
    with ExitStack() as stack:
        photos_file, labels_file = (_opened(path, stack) for path in (file, labels_beside(file)))
        images, labels, widths = {}, {}, set()
        for part in FROM_PARTS:
            with _told(file):
                images[part] = _images(photos_file, f"X_{part}")
            with _told(labels_beside(file)):
                labels[part], width = _labels(labels_file, f"y_{part}", len(images[part]))
            widths.add(width)
        if len(widths) > 1:
            raise DatasetError(
                "In {file}, y_train and y_test have different numbers of classes. {again}", file=labels_beside(file), again=_(_AGAIN)
            )
        yield ArrayFiles(file, images, labels, _classes(file.with_name(CLASSES), widths.pop()))


def _opened(path: Path, stack: ExitStack) -> h5py.File:
    if not path.is_file():
        raise DatasetError(
            "There is no file {path}. A data set is {photos} with {labels} beside it.", path=path, photos=PHOTOS, labels=LABELS
        )
    with _told(path):
        return stack.enter_context(h5py.File(path, "r", locking=False))


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Say in which file something is wrong."""
    try:
        yield
    except (OSError, RuntimeError, KeyError) as error:  # what h5py raises for damaged files
        raise DatasetError("{path} cannot be read as an HDF5 file: {error}. {again}", path=path, error=error, again=_(_AGAIN)) from error
    except (ValueError, TypeError) as error:
        raise DatasetError("{path} cannot be used: {error}. {again}", path=path, error=error, again=_(_AGAIN)) from error


def _images(opened: h5py.File, name: str) -> h5py.Dataset:
    images = own_numbers(opened, name)
    shape = images.shape
    if images.dtype != np.uint8 or len(shape) != 4 or shape[3] != 3 or not all(1 <= side <= MAX_SIDE for side in shape[1:3]):
        raise ValueError(
            _(
                "{name!r} is {dtype} of shape {shape}; expected photos, uint8 of shape (n, height, width, 3), at most "
                "{max_side} pixels wide and high",
                name=name,
                dtype=images.dtype,
                shape=shape,
                max_side=MAX_SIDE,
            )
        )
    if shape[0] > MAX_PHOTOS:
        raise ValueError(_("{name!r} holds {n:,} photos; at most {max_photos:,} are read", name=name, n=shape[0], max_photos=MAX_PHOTOS))
    return images


def _labels(opened: h5py.File, name: str, n_photos: int) -> tuple[IntArray, int]:
    """Read one-hot labels as class numbers, and how many classes there are."""
    labels = own_numbers(opened, name)
    shape = labels.shape
    if labels.dtype.kind not in "buif" or len(shape) != 2 or not 2 <= shape[1] <= MAX_CLASSES:
        raise ValueError(
            _(
                "{name!r} is {dtype} of shape {shape}; expected one-hot labels of shape (n, classes), 2 to {max_classes:,}",
                name=name,
                dtype=labels.dtype,
                shape=shape,
                max_classes=MAX_CLASSES,
            )
        )
    if shape[0] != n_photos:
        raise ValueError(_("{name!r} holds {n_labels:,} labels for {n_photos:,} photos", name=name, n_labels=shape[0], n_photos=n_photos))
    numbers = np.empty(shape[0], np.int64)
    for start in range(0, shape[0], _ROWS):
        rows = np.asarray(labels[start : start + _ROWS])
        wrong = np.flatnonzero(~(((rows == 0) | (rows == 1)).all(axis=1) & (rows.sum(axis=1) == 1)))
        if len(wrong):
            came = rows[wrong[0]][:10].tolist()
            raise ValueError(
                _(
                    "row {row} of {name!r} is no one-hot label; expected a single 1 and else 0, got {values}",
                    row=start + wrong[0],
                    name=name,
                    values=came,
                )
            )
        numbers[start : start + _ROWS] = rows.argmax(axis=1)
    return numbers, shape[1]


def _classes(file: Path, n_classes: int) -> tuple[str, ...]:
    """Read the names of the classes; without a file they are class0, class1, ..."""
    if not file.is_file():
        return tuple(f"class{number}" for number in range(n_classes))
    try:
        with file.open("rb") as opened:
            names = tuple(opened.read(MAX_CLASSES_BYTES).decode("utf-8").splitlines())
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(
            "{file} cannot be read: {error}. It holds one name of a class on each line, in UTF-8.", file=file, error=error
        ) from error
    if len(names) != n_classes:
        raise DatasetError(
            "{file} holds {n_names:,} names, and the labels have {n_classes:,} classes. Write one name on each line.",
            file=file,
            n_names=len(names),
            n_classes=n_classes,
        )
    return names
