"""Checkpoints: everything a training run needs to go on with the same bits, kept so that a crash cannot lose it.

What belongs here: every number that changes while a model is trained as named arrays and back (Keras' own files leave out the states of
dropout's random generators and the running metrics); writing, checking, finding and removing checkpoint folders. What does not: when a
checkpoint is due (`callbacks`).

A checkpoint is a folder ``step-<steps>`` with ``arrays.safetensors``, ``state.json`` and ``manifest.json`` (sha256 of the others). It is
written under another name, every file is flushed to the disk, the manifest last; then the folder is renamed and the rename flushed. So a
folder with the right name is complete, or its manifest says that it is not. The best weights are files beside the folders, written once
and named by the checkpoints that need them.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from whosthat.durable import sha256_of, sync_folder, write_file
from whosthat.errors import RunError, TrainingError, system_reason
from whosthat.progress import SILENT, Progress
from whosthat.training.schedules import PlateauMemory
from whosthat.translation import _

if TYPE_CHECKING:
    import keras

Variable: TypeAlias = "keras.Variable"

Arrays = Mapping[str, NDArray[Any]]
"""Named arrays: variables of a model, an optimiser or a metric."""

KEPT = 2
"""So many checkpoints are kept: if the newest is damaged, the one before it is used."""

_ARRAYS, _STATE, _MANIFEST = "arrays.safetensors", "state.json", "manifest.json"
_UNFINISHED = ".unfinished-"
_SPARE_BYTES = 1024 * 1024


def model_variables(model: keras.Model) -> dict[str, Variable]:
    """Name every variable of a model: weights, running statistics and random generators."""
    return named("model", model.variables)


def named(group: str, variables: Iterable[Variable]) -> dict[str, Variable]:
    """Name variables by their place; Keras' own names count how many models this process has built, and so do not last."""
    return {f"{group}/{place:04}": variable for place, variable in enumerate(variables)}


def read(variables: dict[str, Variable]) -> dict[str, NDArray[Any]]:
    """Read variables into arrays."""
    return {name: variable.numpy() for name, variable in variables.items()}


def restore(variables: dict[str, Variable], arrays: Arrays) -> None:
    """Set every variable to its array.

    Raises:
        RunError: An array is missing or has another shape: the checkpoint is of another network.
    """
    for name, variable in variables.items():
        array = arrays.get(name)
        if array is None or array.shape != tuple(variable.shape):
            raise RunError(
                _("The checkpoint does not fit the network: {name} is missing. Start a new run.", name=name)
                if array is None
                else _(
                    "The checkpoint does not fit the network: {name} has the shape {shape} instead of {expected}. Start a new run.",
                    name=name,
                    shape=array.shape,
                    expected=tuple(variable.shape),
                )
            )
        variable.assign(array)


@dataclass
class Best:
    """The best weights so far: highest validation accuracy, at equal accuracy the lowest validation loss."""

    epoch: int = 0  # after which they were found, from 1; 0 before the first
    accuracy: float = -1.0  # on the validation photos, as is the loss
    loss: float = math.inf
    file: str = ""  # name of the weights file in the checkpoints folder
    sha256: str = ""

    def beaten_by(self, accuracy: float, loss: float) -> bool:
        """Whether these results are better."""
        return (accuracy, -loss) > (self.accuracy, -self.loss)


@dataclass
class RunState:
    """Where a run stands; with the arrays of its model and optimiser, all that is needed to go on."""

    recipe_key: str
    stage: str
    first_epoch: int = 0  # with which this stage began
    epoch: int = 0  # that is being trained, from 0; also the number of finished epochs
    batch: int = 0  # batches of that epoch that are done
    steps: int = 0  # batches done in all, over all stages
    history: list[dict[str, float]] = field(default_factory=list)  # one row for each finished epoch, as in history.csv
    best: Best = field(default_factory=Best)
    lowest_loss: float = math.inf  # lowest validation loss of this stage, for early stopping
    waited: int = 0  # epochs since then
    plateau: PlateauMemory = field(default_factory=PlateauMemory)
    seconds: float = 0.0  # spent training, over all processes
    epoch_seconds: float = 0.0  # the part of them that was spent in the present epoch
    stopped: str = ""  # why this stage ended, in English with empty places; empty while it has not
    environment: dict[str, str] = field(default_factory=dict)  # versions and threads under which it was trained


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read and found undamaged."""

    state: RunState
    arrays: dict[str, NDArray[Any]]


class Checkpoints:
    """The checkpoints of one run, kept in a folder that is made if absent; ``progress`` hears of damaged ones."""

    def __init__(self, folder: Path, progress: Progress = SILENT) -> None:
        self.folder = folder
        self._progress = progress
        folder.mkdir(parents=True, exist_ok=True)

    def write(self, state: RunState, arrays: Arrays) -> None:
        """Write one checkpoint and remove those that are no longer needed.

        Raises:
            TrainingError: A number is not finite, or the disk is full or refuses; the checkpoints before stay as they are.
        """
        if not all(np.isfinite(array).all() for array in arrays.values()):
            raise TrainingError(
                "Some weights are no longer finite in epoch {epoch}, so no checkpoint was written; the last good one is "
                "kept. Start a new run with a lower learning rate.",
                epoch=state.epoch + 1,
            )
        final = self.folder / f"step-{state.steps:08}"
        with self._becoming(final, f"{_UNFINISHED}{state.steps:08}", arrays) as unfinished:
            _write_folder(unfinished, state, arrays)
            if final.exists():  # a run that went back to an older checkpoint comes past the same step again
                shutil.rmtree(final)
        self._remove_old(state)

    def write_best(self, name: str, arrays: Arrays) -> tuple[str, str]:
        """Write best weights beside the checkpoints, under a name unlike all that a checkpoint may need; return file name and sha256.

        Raises:
            TrainingError: The disk is full or refuses.
        """
        file = self.folder / f"best-{name}.safetensors"
        with self._becoming(file, f"{_UNFINISHED}{file.name}", arrays) as unfinished:
            digest = _write_arrays(unfinished, arrays)
        return file.name, digest

    @contextmanager
    def _becoming(self, final: Path, name: str, arrays: Arrays) -> Iterator[Path]:
        """Make sure of room, and give what was written under another name its own; what cannot be written is removed."""
        needed, free = sum(array.nbytes for array in arrays.values()), shutil.disk_usage(self.folder).free
        if free < needed + _SPARE_BYTES:
            raise TrainingError(
                "The disk is full: a checkpoint in {folder} takes {needed:,.1f} MB, but {free:,.1f} MB are free. Earlier "
                "checkpoints are safe. Make room, then go on with whosthat train --resume.",
                folder=self.folder,
                needed=needed / 1000000.0,
                free=free / 1000000.0,
            )
        unfinished = self.folder / name
        try:
            yield unfinished
            unfinished.replace(final)
            sync_folder(self.folder)
        except OSError as error:
            if unfinished.is_dir():
                shutil.rmtree(unfinished, ignore_errors=True)
            else:
                unfinished.unlink(missing_ok=True)
            raise TrainingError(
                "A checkpoint could not be written to {folder}: {error}. Earlier checkpoints are safe. Make room or allow "
                "writing, then go on with whosthat train --resume.",
                folder=self.folder,
                error=system_reason(error),
            ) from error

    def read_best(self, best: Best) -> dict[str, NDArray[Any]]:
        """Read the best weights.

        Raises:
            RunError: The file is missing or damaged.
        """
        path = self.folder / best.file
        try:
            if not best.file or sha256_of(path) != best.sha256:
                raise RunError("The best weights {path} are damaged: their SHA-256 has changed. Train again.", path=path)
            return load_file(path)
        except (OSError, SafetensorError) as error:
            raise RunError("The best weights {path} cannot be read: {error}. Train again.", path=path, error=error) from error

    def newest(self, recipe_key: str) -> Checkpoint | None:
        """Return the newest checkpoint that is not damaged, or None where there is none at all.

        Raises:
            RunError: It belongs to another recipe, or every checkpoint is damaged.
        """
        found = self._finished()
        for folder in reversed(found):
            try:
                checkpoint = self._read(folder)
            except (OSError, ValueError, KeyError, TypeError, SafetensorError, RunError) as error:
                self._progress.say(
                    _("The checkpoint {name} is damaged ({error}); the one before it is used.", name=folder.name, error=error)
                )
                continue
            if checkpoint.state.recipe_key != recipe_key:
                raise RunError(
                    "The checkpoint {folder} belongs to the recipe {found}, not to {expected}. A run can only be "
                    "resumed with its own recipe; start a new run for another one.",
                    folder=folder,
                    found=checkpoint.state.recipe_key,
                    expected=recipe_key,
                )
            return checkpoint
        if found:
            raise RunError("Every checkpoint in {folder} is damaged. Start a new run.", folder=self.folder)
        return None

    def any_written(self) -> bool:
        """Whether there is a checkpoint, damaged or not."""
        return bool(self._finished())

    def _read(self, folder: Path) -> Checkpoint:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        for name in (_ARRAYS, _STATE):
            if sha256_of(folder / name) != manifest[name]:
                raise RunError("the SHA-256 of {file} has changed", file=name)
        values = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        state = RunState(**values | {"best": Best(**values["best"]), "plateau": PlateauMemory(**values["plateau"])})
        if state.best.file and not (self.folder / state.best.file).is_file():
            raise RunError("the best weights {file} are missing", file=state.best.file)
        return Checkpoint(state, load_file(folder / _ARRAYS))

    def _finished(self) -> list[Path]:
        return sorted(path for path in self.folder.glob("step-*") if path.is_dir())

    def _remove_old(self, state: RunState) -> None:
        """Keep the newest checkpoints up to this one and the best weights that they name."""
        newest = f"step-{state.steps:08}"
        kept = [folder for folder in self._finished() if folder.name <= newest][-KEPT:]
        needed = {state.best.file} | {_best_file(folder) for folder in kept}
        for path in self.folder.iterdir():
            if path.is_dir() and path not in kept and path.name.startswith(("step-", _UNFINISHED)):
                shutil.rmtree(path, ignore_errors=True)
            elif path.name.startswith(("best-", f"{_UNFINISHED}best-")) and path.name not in needed:
                path.unlink(missing_ok=True)


def _write_folder(folder: Path, state: RunState, arrays: Arrays) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    manifest = {_ARRAYS: _write_arrays(folder / _ARRAYS, arrays)}
    text = json.dumps(asdict(state)).encode("utf-8")
    write_file(folder / _STATE, text)
    manifest[_STATE] = hashlib.sha256(text).hexdigest()
    write_file(folder / _MANIFEST, json.dumps(manifest).encode("utf-8"))
    sync_folder(folder)


def _write_arrays(path: Path, arrays: Arrays) -> str:
    """Write arrays, flush them and return the file's sha256."""
    try:
        save_file({name: np.asarray(array, order="C") for name, array in arrays.items()}, path)
    except SafetensorError as error:  # how safetensors reports a full disk
        raise OSError(str(error)) from error
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    return sha256_of(path)


def _best_file(folder: Path) -> str:
    """Name the best weights that a checkpoint needs; a damaged one needs none."""
    try:
        return str(json.loads((folder / _STATE).read_text(encoding="utf-8"))["best"]["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
