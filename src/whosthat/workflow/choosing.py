"""Which model fits a folder of photos, when nobody names one.

What belongs here: which folder is meant, a look at a sample of its photos, and the choice with its reason. What does not: training.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from whosthat.dataset.facts import known_digests
from whosthat.dataset.folder import PhotoFolder, scan
from whosthat.dataset.threads import in_order
from whosthat.errors import CacheError, PhotoError, WeightsError
from whosthat.faces.detector import Detector
from whosthat.faces.finding import LOOKED_AT, SMALLEST_SHARE
from whosthat.faces.models import AUTO, detector_facts, detector_files
from whosthat.faces.remembered import RememberedLooks
from whosthat.photos.drawing import thumbnail
from whosthat.photos.reading import opened
from whosthat.photos.storage import StoredPhoto, place
from whosthat.progress import SILENT, Progress
from whosthat.training.recipe_base import FACES, FaceRecipe
from whosthat.translation import _

NETWORK = "efficientnet-lite0"
SEQUENCES = "cnn-lstm"
SAMPLE = 40
"""Photos that are looked at, evenly over the folder."""

NEARLY_ALL = 0.85
"""Share of photos with a face from which on they are taken for photos of people."""


def photo_folder(photos: Path, *, progress: Progress = SILENT) -> Path:
    """Return the folder of photos to train on: ``photos`` itself, or the one into which an HDF5 file (.h5, .hdf5) was unpacked.

    Raises DatasetError when the file is no data set, or cannot be unpacked.
    """
    folder = place(photos)
    if folder.suffix.lower() not in (".h5", ".hdf5") or folder.is_dir() or isinstance(folder, StoredPhoto):
        return folder
    from whosthat.workflow.dataset_files import unpacked

    return unpacked(folder, progress=progress)


@dataclass(frozen=True)
class ModelChoice:
    """A model, and why, as a clause."""

    model: str
    reason: str


def choose_model(photos: Path, *, settings: Iterable[str] = (), progress: Progress = SILENT) -> ModelChoice:
    """Choose faces where nearly every photo shows one, else the network whose knowledge comes with the installation.

    Some of the recipe settings that were asked for are of use to a network alone; those decide. Raises DatasetError when the folder cannot
    be used.
    """
    settings = tuple(settings)
    if "frames" in settings:
        return ModelChoice(SEQUENCES, _("it looks at several frames together"))
    if of_networks := [name for name in settings if name not in FaceRecipe.model_fields]:
        return ModelChoice(NETWORK, _('only networks have the setting "{setting}"', setting=of_networks[0]))
    try:
        seen = _sampled(scan(photos), progress)
    except WeightsError as error:
        return ModelChoice(NETWORK, _("faces cannot be detected ({error})", error=error))
    found = sum(seen)
    if seen and found >= NEARLY_ALL * len(seen):
        return ModelChoice(FACES, _("{found} of {n} sampled photos show a face", found=found, n=len(seen)))
    return ModelChoice(
        NETWORK,
        _(
            "{found} of {n} sampled photos show a face, and with its ImageNet weights it learns from few photos within minutes",
            found=found,
            n=len(seen),
        ),
    )


def _sampled(folder: PhotoFolder, progress: Progress) -> list[bool]:
    """Say of a sample of the photos, those that can be read, whether they show a face; what is remembered is not looked at again."""
    facts = detector_facts(AUTO)
    files = detector_files(facts)
    rows = np.linspace(0, len(folder.photos) - 1, min(SAMPLE, len(folder.photos))).round().astype(int)
    sample = {folder.photos[row].name: folder.photos[row].path for row in rows}
    known: dict[str, bool] = {}
    with suppress(CacheError), RememberedLooks(facts.name) as remembered:
        if remembered.was_damaged:
            progress.say(_("The cache is damaged and is rebuilt."))
        digests = known_digests(folder.root, sample)
        looks = remembered.get(digests.values())
        known = {name: looks[digest] for name, digest in digests.items() if digest in looks}
    unknown = [path for name, path in sample.items() if name not in known]
    if not unknown:
        return list(known.values())
    detector = facts.open(files)
    new = [looked for looked in in_order(lambda path: _look(path, detector), unknown) if looked is not None]
    with suppress(CacheError), RememberedLooks(facts.name) as remembered:
        remembered.put(dict(new))
    return [*known.values(), *(shows for _sha256, shows in new)]


def _look(path: Path, detector: Detector) -> tuple[str, bool] | None:
    """Look once, quickly: the photo's SHA-256, and whether it shows a face; None for a photo that cannot be read."""
    try:
        with opened(path) as photo:
            image = thumbnail(photo.image, LOOKED_AT)
    except PhotoError:
        return None
    return photo.sha256, bool(detector.detect(image, smallest=max(20.0, SMALLEST_SHARE * min(image.shape[:2]))))
