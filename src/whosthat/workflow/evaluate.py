"""An honest test of a saved recogniser on other photos: one folder per class, as for training.

What belongs here: which photos may be used for the test, and asking the recogniser about them.
What does not: figures (`whosthat.evaluation.metrics`), showing them.

A photo that trained the recogniser, or chose anything about it, proves nothing; such photos are recognised by the SHA-256 of
their file and left out. That finds exact copies. A copy that was resized or saved again has other bytes and is not found.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whosthat.dataset.folder import Photo, PhotoFolder, scan
from whosthat.errors import DatasetError, PhotoError, did_you_mean
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.metrics import evaluate as judge
from whosthat.photos.reading import decode
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import DataFacts, open_bundle
from whosthat.types import FloatArray, Image, SetAside
from whosthat.workflow.portraits import Asked, asked

BATCH = 16
_PARTS_THAT_CHOSE = ("train", "validation")
"""The parts of the split whose photos shaped the recogniser; its old test photos may be used again."""


def evaluate(bundle: str | Path, photos: Path, *, progress: Progress = SILENT) -> Evaluation:
    """Test a saved recogniser on a folder of photos, one sub-folder per class; classes may be missing.

    Args:
        bundle: A bundle, a run folder or ``runs/latest``.
        photos: The folder. Its class names must be names that the recogniser knows.
        progress: Where to show how far it is, and to say which photos were left out.

    Returns:
        Figures over the bundle's own labels; the threshold for strangers plays no part in them.

    Raises:
        BundleError: The bundle cannot be used.
        DatasetError: The folder cannot be used, holds a class that the recogniser does not know, or no photo is left.
    """
    opened = open_bundle(bundle)
    classifier = asked(opened)
    folder = scan(Path(photos))
    _refuse_unknown_classes(folder.classes, classifier.labels)
    answers = ask(classifier, folder, opened.facts.data, progress=progress)
    _say_what_was_left_out(answers.left_out, progress)
    if not answers.asked:
        raise DatasetError(
            f"No photo of {photos} can be used for a test: all {len(answers.left_out)} were left out, "
            f"the first because {answers.left_out[0].reason}. Choose photos that the recogniser has never seen."
        )
    truth = np.array([classifier.labels.index(photo.class_name) for photo in answers.asked])
    return judge(answers.probabilities, truth, classifier.labels, [photo.name for photo in answers.asked])


@dataclass(frozen=True)
class Answers:
    """What a recogniser said about the photos of a folder.

    Attributes:
        asked: The photos that were used, in the folder's order.
        probabilities: float32 array ``(len(asked), n)``, calibrated.
        left_out: Photos that could not or must not be used, with the reason.
    """

    asked: tuple[Photo, ...]
    probabilities: FloatArray
    left_out: tuple[SetAside, ...]


def ask(classifier: Asked, folder: PhotoFolder, seen: DataFacts, *, progress: Progress = SILENT) -> Answers:
    """Ask a recogniser about every photo of a folder that it has not learnt from.

    Args:
        classifier: The recogniser.
        folder: The photos.
        seen: Which photos the recogniser knows already.
        progress: Where to show how far it is.
    """
    used: list[Photo] = []
    left_out: list[SetAside] = []
    rows: list[FloatArray] = []
    waiting: list[Image] = []
    for number, photo in enumerate(folder.photos, start=1):
        prepared = _prepared(classifier, photo, seen)
        if isinstance(prepared, SetAside):
            left_out.append(prepared)
        else:
            used.append(photo)
            waiting.append(prepared)
        if waiting and (len(waiting) == BATCH or number == len(folder.photos)):
            rows.append(classifier.probabilities(np.stack(waiting)))
            waiting = []
        progress.step("photos tested", number, len(folder.photos))
    probabilities = np.concatenate(rows) if rows else np.empty((0, len(classifier.labels)), np.float32)
    return Answers(tuple(used), probabilities, tuple(left_out))


def _prepared(classifier: Asked, photo: Photo, seen: DataFacts) -> Image | SetAside:
    try:
        decoded = decode(photo.path)
    except PhotoError as error:
        return SetAside(photo.path, error.reason)
    part = seen.part_of(decoded.sha256)
    if part in _PARTS_THAT_CHOSE:
        return SetAside(photo.path, f"the recogniser knows it: it was a {'training' if part == 'train' else part} photo")
    prepared = classifier.prepare(decoded.image)
    return SetAside(photo.path, "no face was found in it") if prepared is None else prepared


def _refuse_unknown_classes(classes: tuple[str, ...], labels: tuple[str, ...]) -> None:
    unknown = [name for name in classes if name not in labels]
    if unknown:
        raise DatasetError(
            f"The recogniser does not know {', '.join(map(repr, unknown[:10]))}: photos of strangers cannot be named rightly. "
            f"{did_you_mean(unknown[0], labels)} Rename the folder, or move it away."
        )


def _say_what_was_left_out(left_out: tuple[SetAside, ...], progress: Progress) -> None:
    """One sentence a reason, with the first photo as an example."""
    for reason, count in Counter(item.reason for item in left_out).most_common():
        example = next(item.path for item in left_out if item.reason == reason)
        progress.say(f"Left out of the test: {count} photo(s), such as {example}, because {reason}.")
