"""Data sets as HDF5 files: a run's photos written as the course report keeps them, and such files unpacked to train on.

What belongs here: where the photos come from and go to. What does not: the files' layout (`dataset.array_files`).

A file is unpacked once, into a folder of PNG photos beside it, and the folder is trained on: so copies are found, the split is honest and a
stopped run goes on, as with any photos. The folder's name holds a digest of the files, so it is made again when they change.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

from whosthat.dataset.array_files import CLASSES, FILES, ArrayFiles, LabelledPhoto, labels_beside, open_array_files, write_array_files
from whosthat.dataset.audit import audit_folder
from whosthat.dataset.cache import cache_file, prepare_photos
from whosthat.dataset.split import read_split
from whosthat.dataset.threads import in_order
from whosthat.durable import UNFINISHED, make_private_folder, open_private, sha256_of, sync_folder
from whosthat.errors import DatasetError, UsageError, system_reason
from whosthat.photos.drawing import encode_image
from whosthat.photos.preparing import PrepareSpec
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import label_problem
from whosthat.runs.files import SPLIT
from whosthat.runs.folders import existing_run
from whosthat.training.recipe import Recipe
from whosthat.translation import _
from whosthat.wording import counted
from whosthat.workflow.face_photos import open_cropper
from whosthat.workflow.training_run import recorded

FACES_SIZE = 224
"""Side of the photos of a run that trained no network, in pixels."""


def export_dataset(run: str | Path, folder: Path, *, overwrite: bool = False, progress: Progress = SILENT) -> Path:
    """Write the photos of a run's split as ``dataset.h5`` and ``labels.h5``, with the names of the classes in ``classes.txt``.

    Photos have the size and the cut that the run's network sees (224 x 224 for a face recogniser). Validation photos are with the training
    photos, because the layout knows no third part.

    Args:
        run: A run folder, or ``runs/latest``; its photos must still be there.
        folder: Where the three files go; made when it is not there.
        overwrite: Whether files of these names may be replaced.
        progress: Where to say what is going on.

    Returns:
        ``folder``.

    Raises:
        UsageError: There is no such run, or a file is there already.
        RunError: The run's records are damaged.
        DatasetError: Photos of the run are gone or changed, or the files cannot be written.
        CacheError: The photos cannot be prepared.
    """
    there = [folder / name for name in FILES if os.path.lexists(folder / name)]
    if there and not overwrite:
        raise UsageError("{file} already exists. Choose another folder, or allow overwriting.", file=there[0])
    of_run = existing_run(Path(run))
    recipe, root, _split = recorded(of_run)
    spec, cropper = PrepareSpec(FACES_SIZE), None
    if isinstance(recipe, Recipe):
        spec = PrepareSpec(recipe.size, recipe.fit)
        cropper = None if recipe.crop == "photo" else open_cropper(recipe.detector, recipe.size)[0]
    parts = read_split(of_run / SPLIT, audit_folder(root, progress=progress))
    with prepare_photos(parts, spec, cache_file(root, spec, cropper), cropper=cropper, progress=progress) as prepared:
        for gone in prepared.set_aside:
            progress.say(_("{path} is not used: {reason}.", path=gone.path, reason=_(gone.reason)))
        try:
            make_private_folder(folder)
        except OSError as error:
            raise DatasetError(
                "{folder} cannot be made: {error}. Choose another folder.", folder=folder, error=system_reason(error)
            ) from error
        write_array_files(prepared, folder)
    return folder


def unpacked(photos: Path, *, progress: Progress = SILENT) -> Path:
    """Return the folder into which an HDF5 file of photos was unpacked, beside it; done once.

    Raises:
        DatasetError: The file is no data set, or cannot be unpacked.
    """
    with open_array_files(photos) as files:
        if problem := label_problem(files.classes) or next(
            (_("{name!r} begins with a dot", name=name) for name in files.classes if name[0] == "."), None
        ):
            raise DatasetError("{problem}. Change the name in {file}.", problem=problem, file=photos.with_name(CLASSES))
        folder = photos.with_name(f"{photos.stem}-photos-{_digest(photos)}")
        if folder.is_dir():
            return folder
        progress.say(
            _(
                "Unpacking {photos} of {file} into {folder}. They are split anew, so that copies stay together.",
                photos=counted(len(files), "photo"),
                file=photos,
                folder=folder,
            )
        )
        unfinished = folder.with_name(f"{UNFINISHED}{folder.name}")
        try:
            _unpack(files, unfinished, progress)
            unfinished.rename(folder)
            sync_folder(folder.parent)
        except OSError as error:
            raise DatasetError(
                "{folder} cannot be written: {error}. Make room, or copy the files to a folder that can be written.",
                folder=folder,
                error=system_reason(error),
            ) from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return folder


def _unpack(files: ArrayFiles, folder: Path, progress: Progress) -> None:
    """Save every photo as a PNG file in the folder of its class, for the owner alone."""
    shutil.rmtree(folder, ignore_errors=True)  # what a killed process left
    for name in files.classes:
        make_private_folder(folder / name)

    def save(photo: LabelledPhoto) -> None:
        with open_private(folder / files.classes[photo.label] / f"{photo.name}.png") as file:
            file.write(encode_image(photo.image, "PNG"))

    for done, _saved in enumerate(in_order(save, files.photos()), start=1):
        progress.step(_("photos unpacked"), done, len(files))


def _digest(photos: Path) -> str:
    """Return eight letters that change with the photos, the labels or the names."""
    files = (photos, labels_beside(photos), photos.with_name(CLASSES))
    return hashlib.sha256("".join(sha256_of(file) for file in files if file.is_file()).encode()).hexdigest()[:8]
