"""Photos of strangers, people who are in none of the folders: which photos count, whose they are, and what is answered about them.

What belongs here: finding such photos and asking a network about them, as ``predict`` would. What does not: fitting a threshold on the
answers (`recognition.threshold`), faces of strangers (`face_photos`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from whosthat.errors import DatasetError
from whosthat.photos.storage import StoredPhoto, place
from whosthat.progress import SILENT, Progress
from whosthat.translation import _
from whosthat.workflow.known_files import contents_of
from whosthat.workflow.predict import answer_each, counting, find_photos
from whosthat.workflow.prediction import Prediction

if TYPE_CHECKING:
    from whosthat.recognition.recogniser import Recogniser
    from whosthat.types import FloatArray, IntArray


@dataclass(frozen=True)
class StrangerPhotos:
    """Photos of strangers by SHA-256, each once, and whom each shows, int64 (n,), from 0.

    Each folder directly inside counts as a person, each loose photo as one of its own.
    """

    paths: dict[str, Path]
    people: IntArray


def stranger_photos(folder: Path, known: Collection[str] = (), *, clips: bool = False) -> StrangerPhotos:
    """Return every photo of a folder of strangers, at any depth; with ``clips`` also these, as `find_photos` does.

    ``known`` are the SHA-256 of photos of known people: the same photo is no stranger's. Raises DatasetError when the folder does not exist
    or holds no photo that can be used.
    """
    folder = place(folder)
    if not folder.is_dir() and not isinstance(folder, StoredPhoto):
        raise DatasetError("There is no folder {folder}. Choose a folder with photos of strangers.", folder=folder)
    found = [item for item in find_photos([folder], clips=clips) if not isinstance(item, Prediction)]
    if not found:
        raise DatasetError("{folder} holds no photo. Choose a folder with photos of strangers.", folder=folder)
    photos: dict[str, Path] = {}
    for path, digest in zip(found, contents_of(found), strict=True):
        if digest and digest not in known:
            photos.setdefault(digest, path)
    if not photos:
        raise DatasetError(
            "Every photo of {folder} is also in your own folders, or cannot be read. Choose photos of other people.", folder=folder
        )
    return StrangerPhotos(photos, _numbered(folder, list(photos.values())))


def _numbered(folder: Path, paths: Sequence[Path]) -> IntArray:
    """Number the people of stranger photos from 0, int64 (n,)."""
    people: IntArray = np.unique([path.relative_to(folder).parts[0] for path in paths], return_inverse=True)[1]
    return people


def stranger_confidences(
    recogniser: Recogniser, folder: Path, known: Collection[str], *, progress: Progress = SILENT
) -> tuple[FloatArray, IntArray]:
    """Ask a calibrated network about strangers, through the very function that answers ``whosthat predict``.

    Returns the best class's probability for each photo that can be read, float32 (n,), 0 without a face, and whom each shows, int64 (n,).
    ``known`` as in `stranger_photos`. Raises DatasetError when no photo can be used.
    """
    paths = list(stranger_photos(folder, known, clips=recogniser.frames > 1).paths.values())
    used, values = [], []
    for prediction in counting(answer_each(recogniser, paths), _("photos of strangers"), len(paths), progress):
        if not prediction.error:
            used.append(prediction.path)
            values.append(max((sighting.confidence for sighting in prediction.sightings), default=0.0))
    if not used:
        raise DatasetError("No photo of {folder} can be read. Choose photos of other people.", folder=folder)
    if len(used) < len(paths):
        progress.say(_("{n} of {total} photos of strangers cannot be read.", n=len(paths) - len(used), total=len(paths)))
    return np.array(values, np.float32), _numbered(folder, used)
