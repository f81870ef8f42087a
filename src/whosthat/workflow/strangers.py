"""Photos of strangers, people who are in none of the folders: which photos count, and the threshold of a network fitted on them.

What belongs here: finding such photos, asking a network about them, what a run says about refusing. What does not: fitting
itself (`recognition.threshold`), faces of strangers (`face_photos`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import DatasetError, PhotoError
from whosthat.evaluation.metrics import Evaluation
from whosthat.photos.reading import decode
from whosthat.progress import SILENT, Progress
from whosthat.recognition.threshold import Threshold, fit_threshold, refused_sentence
from whosthat.workflow.predict import find_photos
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from whosthat.types import FloatArray, Image, IntArray
    from whosthat.workflow.portraits import Asked

BATCH = 32


@dataclass(frozen=True)
class Refusing:
    """A threshold, and what it does, in whole sentences."""

    threshold: Threshold
    notes: tuple[str, ...]


def stranger_photos(folder: Path) -> tuple[Path, ...]:
    """Return every photo of a folder of strangers, at any depth.

    Raises:
        DatasetError: The folder does not exist or holds no photo.
    """
    if not folder.is_dir():
        raise DatasetError(f"There is no folder {folder}. Name a folder with photos of strangers.")
    found = tuple(item for item in find_photos([folder]) if not isinstance(item, Prediction))
    if not found:
        raise DatasetError(f"{folder} holds no photo. Name a folder with photos of strangers.")
    return found


def whose_photos(folder: Path, photos: Sequence[Path]) -> IntArray:
    """Tell which stranger each photo shows, int64 (n,): each folder directly inside is one (or one kind), each loose photo another."""
    return np.unique([photo.relative_to(folder).parts[0] for photo in photos], return_inverse=True)[1]


def stranger_confidences(
    classifier: Asked, photos: Sequence[Path], known: Collection[str], *, progress: Progress = SILENT
) -> tuple[FloatArray, list[Path]]:
    """Ask a network about strangers.

    Args:
        classifier: Calibrated.
        photos: Photos that show strangers.
        known: SHA-256 of the photos in the folders: the same photo is no stranger's.
        progress: Shows how far it is; is told of photos that cannot be used.

    Returns:
        The probability of the best class for each photo that can be used once, float32 (n,), and these photos.

    Raises:
        DatasetError: No photo can be used.
    """
    seen = set(known)
    inputs, pieces, used = [], [], []
    for number, path in enumerate(photos, start=1):
        prepared = _prepared(path, classifier, seen)
        if prepared is not None:
            inputs.append(prepared)
            used.append(path)
        if inputs and (len(inputs) == BATCH or number == len(photos)):
            pieces.append(classifier.probabilities(np.stack(inputs)).max(axis=1))
            inputs = []
        progress.step("photos of strangers", number, len(photos))
    if left_out := len(photos) - len(used):
        progress.say(
            f"Of {len(photos)} photos of strangers, {left_out} cannot be read, show no face where faces are looked at, "
            "are in your folders too, or are there twice."
        )
    if not pieces:
        raise DatasetError("No photo of a stranger can be used: each is damaged, or is in your folders too. Give photos of other people.")
    return np.concatenate(pieces), used


def _prepared(path: Path, classifier: Asked, seen: set[str]) -> Image | None:
    """Make a photo ready to be asked about, and note its SHA-256; None where it was seen before or cannot be used."""
    try:
        decoded = decode(path)
    except PhotoError:
        return None
    if decoded.sha256 in seen:
        return None
    seen.add(decoded.sha256)
    return classifier.prepare(decoded.image)


def fit_refusing(known: FloatArray, strangers: FloatArray | None, evaluation: Evaluation, people: IntArray | None = None) -> Refusing:
    """Choose from which confidence on a network's answer is a name, and say what that costs.

    Args:
        known: Calibrated probabilities of known photos that taught the network nothing, (n, classes).
        strangers: Confidences of photos of strangers, (m,); None when there are none.
        evaluation: The test, which tells how many known photos are refused.
        people: Which stranger each of the photos shows, (m,); None where each shows another one.
    """
    threshold = fit_threshold(known.max(axis=1), strangers, people)
    refused = [answer for answer in evaluation.answers if not threshold.accepts(answer.confidence)]
    wrong = len(evaluation.mistakes) - sum(not answer.right for answer in refused)
    threshold = threshold.model_copy(update={"known_refused": len(refused) / evaluation.n})
    notes = (
        f"A photo gets a name from a confidence of {100 * threshold.value:.4g} % on; all others are called unknown. {threshold.how}",
        refused_sentence(len(refused), evaluation.n),
        f"Of {evaluation.n:,} test photos, {evaluation.n - len(refused) - wrong:,} get the right name and {wrong:,} a wrong one.",
    )
    return Refusing(threshold, notes)
