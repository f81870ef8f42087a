"""A run from its beginning to its report, whichever route trains in it.

What belongs here: what every run folder holds, and the first and last steps that all routes share. What does not: training
(`train_network`, `train_faces`), choosing between them (`train`), listing runs (`runs`).
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from whosthat import durable
from whosthat.checking.costly import CostlyPhotos
from whosthat.cluster import LOCAL
from whosthat.cluster import versions as packages
from whosthat.dataset.audit import Audit, AuditedPhoto
from whosthat.dataset.split import Split, write_split
from whosthat.errors import DatasetError, PhotoError, RecipeError, RunError, system_reason
from whosthat.evaluation.diagnosis import Diagnosis, Training, diagnose
from whosthat.evaluation.face_part import read_face_part
from whosthat.evaluation.learning_curve import LearningCurve
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.plots.writing import keep_photos, write_plots
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import RunFacts, write_metrics
from whosthat.photos.clips import picture_of
from whosthat.photos.storage import place
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import BundleFacts, DataFacts
from whosthat.runs.files import AUDIT, BUNDLE, ENVIRONMENT, METRICS, NOTE, RECIPE, REPORT, SPLIT
from whosthat.runs.folders import discard_run, set_latest
from whosthat.runs.lock import resumable, run_lock, saving
from whosthat.training.recipe import AnyRecipe, read_recipe
from whosthat.translation import _
from whosthat.types import Image
from whosthat.version import __version__


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind.

    Attributes:
        run: The run folder, with the report.
        bundle: The saved recogniser, inside it.
        evaluation: How the photos that took no part in training or choosing were answered; None where there were too few
            photos to keep any for a test, or the test is still to come.
        diagnosis: What that means in words, and what to do next; None likewise.
        notes: What else should be known, in whole sentences.
        costly: Of faces, the training photos without which more of the other training photos would be correct, those of one person
            together, with how many answers they cost.
        hint: What would make the next training better, on this computer; empty where there is nothing to say.
    """

    run: Path
    bundle: Path
    evaluation: Evaluation | None
    diagnosis: Diagnosis | None
    notes: tuple[str, ...] = ()
    hint: str = ""
    costly: tuple[CostlyPhotos, ...] = ()


@dataclass(frozen=True)
class TrainingRun:
    """What a route needs to train: run folder, photo folder, its audit, how the photos were split, and perhaps a folder of strangers.

    Attributes:
        note: What the run is for, in its owner's words.
        features: Where the features of a frozen backbone are kept, to be shared with other runs; None for in the run until it is trained.
        tested: Whether a network is tested when it is trained. `train.resume` tests it later.
        engine: Where faces are found: in this process, or on a Ray cluster (`cluster.ENGINES`).
        hopeless: Asked after each epoch of a network that is not tested, with the validation accuracy of all so far, whether to give up.
    """

    folder: Path
    root: Path
    audit: Audit
    parts: Split
    strangers: Path | None = None
    note: str = ""
    features: Path | None = None
    tested: bool = True
    hopeless: Callable[[Sequence[float]], bool] | None = None
    engine: str = LOCAL

    @property
    def photos_name(self) -> str:
        """Name of the photo folder, without its place on the disk; bytes that are no UTF-8 become escapes."""
        return self.root.resolve().name.encode("utf-8", "backslashreplace").decode("utf-8")[:255]

    def data_facts(self, *, learnt_all: bool = False) -> DataFacts:
        """Say which photos the recogniser has seen, and in which part; when it ``learnt_all`` after its test, none can test it any more."""
        seen = {part: [item.sha256 for item in photos] for part, photos in self.parts.parts.items()}
        if learnt_all:
            seen = {"train": [digest for digests in seen.values() for digest in digests]}
        return DataFacts.of(self.photos_name, seen)


def begin(run: TrainingRun, recipe: AnyRecipe, *, latest: bool) -> None:
    """Write down what is about to be done, so that it can be resumed and repeated.

    With ``latest``, ``runs/latest`` points at it from now on, not only when it is finished: where resuming is worth more than beginning
    anew. Raises RunError when it cannot be written; nothing is left behind.
    """
    environment = {"photos": str(run.root.resolve()), "versions": versions(), "machine": platform.machine(), "system": platform.system()}
    if run.strangers is not None:
        environment["strangers"] = str(run.strangers.resolve())
    try:
        durable.replace_file(run.folder / ENVIRONMENT, json.dumps(environment, indent=2).encode())
        durable.replace_file(run.folder / AUDIT, json.dumps(run.audit.to_dict(), indent=1).encode())
        write_split(run.parts, run.folder / SPLIT)
        if run.note:
            durable.replace_file(run.folder / NOTE, f"{run.note}\n".encode())
        durable.replace_file(run.folder / RECIPE, recipe.to_toml().encode())  # last: with a recipe, a folder is a run
        if latest:
            with run_lock(run.folder):
                set_latest(run.folder)
    except (OSError, DatasetError, RunError) as error:
        discard_run(run.folder)
        why = system_reason(error) if isinstance(error, OSError) else str(error).rstrip(".。")
        raise RunError(
            "No run can be started in {folder}: {why}. Make room there, or choose another folder with --runs.",
            folder=run.folder.parent,
            why=why,
        ) from error


def recorded(folder: Path) -> tuple[AnyRecipe, Path, Path | None]:
    """Read what `begin` wrote down: the recipe, the folder of photos and perhaps that of strangers; RunError where it is damaged."""
    if not (folder / RECIPE).is_file():
        raise RunError("{folder} cannot be used: it holds no {file}. Choose a run folder, such as runs/latest.", folder=folder, file=RECIPE)
    try:
        recipe = read_recipe(folder / RECIPE, complete=True)
        environment = json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))
        root, strangers = place(environment["photos"]), environment.get("strangers")
        return recipe, root, None if strangers is None else place(strangers)
    except (OSError, ValueError, KeyError, TypeError, RecipeError) as error:
        raise RunError(
            "{folder} cannot be used, because its records are damaged: {error}. Start a new run.",
            folder=folder,
            error=str(error).rstrip(".。"),
        ) from error


def conclude(
    run: TrainingRun,
    temperature: float,
    training: Training,
    evaluation: Evaluation,
    notes: tuple[str, ...],
    *,
    history: Sequence[Mapping[str, float]] = (),
    learning: LearningCurve | None = None,
) -> TrainResult:
    """Write figures, plots and report of a run whose bundle is saved; from the folder alone the report can be made again.

    The history has one row an epoch. The rest is as in `RunFacts`.
    """
    part = read_face_part(run.folder)
    costly = () if part is None else part.costly
    diagnosis, now = diagnose(history, evaluation, training), datetime.now(UTC).isoformat(timespec="seconds")
    tested = RunFacts(run.photos_name, now, temperature, training, evaluation, diagnosis, notes, learning, costly)
    keep_photos(run.folder, evaluation, _Photos(run.parts.parts["test"]))
    if history:  # a run of faces takes a second or two, and drawing would take as long again: `whosthat report` does it
        write_plots(run.folder, tested, history)
    write_metrics(run.folder, tested)
    write_report(run.folder)
    return result_of(run.folder, tested)


def result_of(run: Path, tested: RunFacts) -> TrainResult:
    """Return what a run left behind, from what its test said."""
    return TrainResult(run, run / BUNDLE, tested.evaluation, tested.diagnosis, tested.notes, costly=tested.costly)


def finish(run: Path, *, progress: Progress = SILENT) -> bool:
    """Do what a run that was stopped after its test still lacks: its report, and that ``latest`` points at it.

    False when the run has not been tested yet. Raises RunError when it cannot be written, or another process works in it.
    """
    if not (run / METRICS).exists():
        return False
    with resumable(run), run_lock(run), saving(run):
        if (run / REPORT).exists():
            progress.say(_("{run} is finished: it has been tested. Start a new run to train for longer.", run=run))
        else:
            write_report(run)
        set_latest(run)
    return True


class _Photos:
    """Photos of a part by row, read when they are asked for; of a clip the frame in its middle. None of what cannot be read any more."""

    def __init__(self, photos: Sequence[AuditedPhoto]) -> None:
        self._photos = photos

    def __getitem__(self, row: int) -> Image | None:
        try:
            return picture_of(self._photos[row].photo.path)
        except PhotoError:
            return None


def bundle_facts(recipe: AnyRecipe, evaluation: Evaluation | None, **others: Any) -> BundleFacts:
    """Gather what a bundle says of itself: recipe, versions and the few figures of its test, beside what a route knows."""
    figures: dict[str, Any] = {}
    if evaluation is not None:
        interval = [evaluation.interval.low, evaluation.interval.high]
        figures = {"accuracy": evaluation.accuracy, "interval": interval, "n": evaluation.n, "outcomes": asdict(evaluation.outcomes)}
    return BundleFacts(metrics=figures, versions=versions(), recipe=recipe.model_dump(mode="json", exclude_none=True), **others)


def versions() -> dict[str, str]:
    """Return the versions of what decides the outcome."""
    found = {"whosthat": __version__, "python": platform.python_version()}
    names = ("keras", "tensorflow-cpu", "tensorflow", "numpy", "onnxruntime", "onnxruntime-gpu", "pillow", "opencv-python-headless")
    return found | {name: installed for name, installed in packages(names).items() if installed is not None}
