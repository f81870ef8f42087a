"""From folders of photos to a tested recogniser: look, split, prepare, fit, test, save, report.

What belongs here: the order of the steps, and what one hands to the next. What does not: the steps themselves.
The whole way of a run stands in `_carry_out`; training and going on with a stopped run differ only in how they come to it.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat import __version__, durable
from whosthat.dataset.audit import Audit
from whosthat.dataset.batches import Batches
from whosthat.dataset.cache import PreparedPhotos, cache_file, prepare_photos
from whosthat.dataset.split import Split, read_split, split, write_split
from whosthat.errors import DatasetError, ExportError, RunError
from whosthat.evaluation.calibration import fit_temperature
from whosthat.evaluation.diagnosis import Diagnosis, Training, diagnose
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.plots.writing import write_plots
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import METRICS_FILE, RunFacts, write_metrics
from whosthat.networks import registry
from whosthat.photos.augmenting import Augmentation
from whosthat.photos.preparing import PrepareSpec
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import BundleFacts, DataFacts, label_problem, save_bundle
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.training.recipe import Recipe, read_recipe
from whosthat.workflow.check import check
from whosthat.workflow.runs import new_run, set_latest

if TYPE_CHECKING:
    from whosthat.training.fitting import Fitted
    from whosthat.types import FloatArray

RECIPE, SPLIT, ENVIRONMENT, AUDIT, BUNDLE = "recipe.toml", "split.csv", "environment.json", "audit.json", "bundle"
PARITY_PHOTOS = 8
"""Validation photos on which the exported graph must agree with the network."""

ANSWER_BATCH = 32


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind.

    Attributes:
        run: The run folder, with the report.
        bundle: The saved recogniser, inside it.
        evaluation: How the photos that took no part in training or choosing were answered.
        diagnosis: What that means in words, and what to do next.
    """

    run: Path
    bundle: Path
    evaluation: Evaluation
    diagnosis: Diagnosis


def train(photos: str | Path, recipe: Recipe, *, runs: str | Path = "runs", progress: Progress = SILENT) -> TrainResult:
    """Train a recogniser on a folder of photos and test it on photos that it has not seen.

    Args:
        photos: The folder, with one sub-folder per class.
        recipe: What to train and how, from `whosthat.default_recipe` or a file.
        runs: Where the run folder is made; nothing that is there is overwritten.
        progress: Hears what is being done.

    Raises:
        DatasetError: The photos cannot be used.
        NetworkError: The network cannot be built, or its pretrained weights are missing.
        TrainingError: The loss is no longer a number, or memory or disk are full.
        TrainingInterruptedError: Ctrl-C or SIGTERM came; `resume` goes on.
        RunError: The run folder cannot be written.
    """
    root = Path(photos)
    audit = check(root, progress=progress)
    if problem := label_problem(audit.classes):
        raise DatasetError(f"{problem}.")
    parts = split(audit, ratios=recipe.ratios, seed=recipe.seed, pictures_per_class=recipe.pictures_per_class)
    run = new_run(Path(runs), root.resolve().name, recipe.model)
    _begin(run, root, recipe, audit, parts)
    return _carry_out(run, recipe, root, parts, progress=progress, resume=False)


def resume(run: str | Path, *, progress: Progress = SILENT) -> TrainResult:
    """Go on with a run that was stopped, to the same bits as if it had not been.

    Args:
        run: The run folder.
        progress: Hears what is being done.

    Raises:
        RunError: This is no run folder, it is finished, or another process trains in it.
        DatasetError: The photos of the run are gone or changed.
        TrainingError: As in `train`.
    """
    folder = Path(run)
    try:
        recipe = read_recipe(folder / RECIPE, complete=True)
        root = Path(json.loads((folder / ENVIRONMENT).read_text(encoding="utf-8"))["photos"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(f"{folder} is no run that can be resumed: {error}. Name a run folder, such as runs/latest.") from error
    if (folder / METRICS_FILE).exists():
        raise RunError(f"{folder} is finished: it has been tested. Start a new run to train for longer.")
    audit = check(root, progress=progress)
    parts = read_split(folder / SPLIT, audit, ratios=recipe.ratios, seed=recipe.seed)
    return _carry_out(folder, recipe, root, parts, progress=progress, resume=True)


def _begin(run: Path, root: Path, recipe: Recipe, audit: Audit, parts: Split) -> None:
    """Write down what is about to be done, so that it can be resumed and repeated."""
    environment = {"photos": str(root.resolve()), "versions": _versions(), "machine": platform.machine(), "system": platform.system()}
    durable.replace_file(run / RECIPE, recipe.to_toml().encode())
    durable.replace_file(run / ENVIRONMENT, json.dumps(environment, indent=2, ensure_ascii=False).encode())
    durable.replace_file(run / AUDIT, json.dumps(audit.to_dict(), indent=1, ensure_ascii=False).encode())
    write_split(parts, run / SPLIT)
    set_latest(run)


def _carry_out(run: Path, recipe: Recipe, root: Path, parts: Split, *, progress: Progress, resume: bool) -> TrainResult:
    # ---- prepare: every photo once, to the network's size -------------------------------------------------
    spec = PrepareSpec(size=recipe.size, fit=recipe.fit, frames=recipe.frames)
    with prepare_photos(parts, spec, cache_file(root, spec), progress=progress) as prepared:
        # ---- fit: training photos teach, validation photos choose -----------------------------------------
        fitted = _fit(run, recipe, prepared, progress, resume=resume)

        # ---- export: from here on, the graph that is shipped answers --------------------------------------
        progress.say("Testing on the photos that took no part in training.")
        classifier, graph = _export(fitted, prepared, spec)

        # ---- calibrate on validation, test once -----------------------------------------------------------
        temperature = fit_temperature(_answers(classifier, prepared, "validation"), prepared.labels("validation"))
        classifier.temperature = temperature
        evaluation = evaluate(_answers(classifier, prepared, "test"), prepared.labels("test"), prepared.classes, prepared.paths("test"))
        training = _training(recipe, prepared, fitted)
        diagnosis = diagnose(fitted.history, evaluation, training)

        # ---- save, report ---------------------------------------------------------------------------------
        facts = _facts(recipe, root, parts, prepared, spec, temperature, evaluation)
        save_bundle(run / BUNDLE, facts, graph=graph, weights=_weights(fitted))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        tested = RunFacts(root.resolve().name, now, temperature, training, evaluation, diagnosis)
        write_plots(run, tested, fitted.history, prepared.images("test"))
        write_metrics(run, tested)
        write_report(run)
    return TrainResult(run, run / BUNDLE, evaluation, diagnosis)


def _fit(run: Path, recipe: Recipe, prepared: PreparedPhotos, progress: Progress, *, resume: bool) -> Fitted:
    """Train on the prepared photos."""
    progress.say(f"Starting {recipe.model}.")
    from whosthat.training.fitting import fit  # imports Keras: seconds that nothing before this point has to wait for

    settings = recipe.augmentation.model_dump(exclude={"enabled"})
    augmentation = Augmentation(**settings) if recipe.augmentation.enabled else None
    train_batches = Batches(
        prepared.images("train"),
        prepared.labels("train"),
        n_classes=len(prepared.classes),
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        shuffle=True,
        augmentation=augmentation,
    )
    validation = Batches(
        prepared.images("validation"), prepared.labels("validation"), n_classes=len(prepared.classes), batch_size=recipe.batch_size
    )
    return fit(recipe, train_batches, validation, run, progress=progress, resume=resume)


def _export(fitted: Fitted, prepared: PreparedPhotos, spec: PrepareSpec) -> tuple[ImageClassifier, bytes]:
    """Write the network as a graph, make sure that both give the same answers, and open it."""
    from whosthat.inference import open_session
    from whosthat.networks.onnx_writer import parity, write_onnx

    graph = write_onnx(fitted.model)
    difference = parity(fitted.model, graph, prepared.images("validation")[:PARITY_PHOTOS])
    if not difference <= ONNX_PARITY_TOLERANCE:
        raise ExportError(
            f"The exported graph differs from the network by {difference:.2g}; at most {ONNX_PARITY_TOLERANCE:g} was expected. "
            "The trained weights are kept in the run's checkpoints."
        )
    return ImageClassifier(open_session(graph), tuple(prepared.classes), spec), graph


def _answers(classifier: ImageClassifier, prepared: PreparedPhotos, part: str) -> FloatArray:
    """Probabilities for all photos of a part, (n, classes)."""
    images = prepared.images(part)
    pieces = [classifier.probabilities(images[start : start + ANSWER_BATCH]) for start in range(0, len(images), ANSWER_BATCH)]
    return np.concatenate(pieces)


def _weights(fitted: Fitted) -> Mapping[str, Any]:
    from whosthat.networks.weights import weights_of

    return weights_of(fitted.model)


def _training(recipe: Recipe, prepared: PreparedPhotos, fitted: Fitted) -> Training:
    """Say how the training went in the words of the evaluation."""
    return Training(
        model=recipe.model,
        n_train=len(prepared.labels("train")),
        n_validation=len(prepared.labels("validation")),
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        best_epoch=fitted.best_epoch,
        learning_rate=recipe.optimiser.learning_rate,
        pretrained=recipe.weights != "none",
        seconds=fitted.seconds,
        stopped=fitted.stopped,
    )


def _facts(
    recipe: Recipe, root: Path, parts: Split, prepared: PreparedPhotos, spec: PrepareSpec, temperature: float, evaluation: Evaluation
) -> BundleFacts:
    """Gather what a bundle says of itself."""
    network = registry.facts(recipe.model)
    seen = {part: [item.sha256 for item in photos] for part, photos in parts.parts.items()}
    return BundleFacts(
        network=recipe.model,
        labels=tuple(prepared.classes),
        prepare=spec.to_dict(),
        temperature=temperature,
        metrics={"accuracy": evaluation.accuracy, "interval": [evaluation.interval.low, evaluation.interval.high], "n": evaluation.n},
        data=DataFacts.of(root.resolve().name, seen),
        licences={network.title: network.licence},
        versions=_versions(),
        recipe=recipe.model_dump(mode="json", exclude_none=True),
    )


def _versions() -> dict[str, str]:
    """Versions of what decides the outcome."""
    found = {"whosthat": __version__, "python": platform.python_version()}
    for name in ("keras", "tensorflow-cpu", "tensorflow", "numpy", "onnxruntime", "pillow", "opencv-python-headless"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
