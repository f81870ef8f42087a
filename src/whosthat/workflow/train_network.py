"""Training a network on the pixels: prepare, fit, export, calibrate, test, save.

What belongs here: the order of the steps of the cnn route, and what one hands to the next. What does not: the steps themselves,
and what all routes share (`training_run`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.dataset.batches import Batches
from whosthat.dataset.cache import PreparedPhotos, cache_file, prepare_photos
from whosthat.errors import ExportError
from whosthat.evaluation.diagnosis import Training, diagnose
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.run_facts import RunFacts
from whosthat.networks import registry
from whosthat.photos.preparing import PrepareSpec
from whosthat.progress import Progress
from whosthat.recognition.bundle import IMAGE_CLASSIFIER, BundleFacts, save_bundle
from whosthat.recognition.bundled_detector import as_bundle_files
from whosthat.recognition.calibration import apply_temperature, fit_temperature
from whosthat.recognition.face_classifier import KIND, FaceClassifier
from whosthat.recognition.face_facts import CropFacts
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.recognition.recogniser import Recogniser
from whosthat.recognition.threshold import fit_threshold
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.training.occupation import occupied
from whosthat.training.recipe import Recipe
from whosthat.workflow.evaluate import ask
from whosthat.workflow.face_photos import OpenedCropper, open_cropper
from whosthat.workflow.resuming import resumable, saving
from whosthat.workflow.strangers import StrangerConfidences, stranger_confidences
from whosthat.workflow.training_run import BUNDLE, TrainingRun, TrainResult, conclude, figures, versions

if TYPE_CHECKING:
    from whosthat.training.fitting import Fitted
    from whosthat.types import FloatArray

PARITY_PHOTOS = 8
"""Validation photos on which the exported graph must agree with the network."""

ANSWER_BATCH = 32


def carry_out(run: TrainingRun, recipe: Recipe, *, progress: Progress, resume: bool = False) -> TrainResult:
    """Train, test and save a network.

    Args:
        run: Where and on what.
        recipe: What to train and how.
        progress: Hears what is being done.
        resume: Whether to go on from the run's last checkpoint.
    """
    # ---- prepare: every photo once, cut out where asked, to the network's size ----------------------------
    spec, opened = recipe.prepare_spec(), _opened_cropper(recipe)
    cropper = None if opened is None else opened.cropper
    with (
        resumable(run.folder),
        occupied(run.folder),
        prepare_photos(run.parts, spec, cache_file(run.root, spec, cropper), cropper=cropper, progress=progress) as prepared,
    ):
        for gone in prepared.set_aside:
            progress.say(f"{gone.path} is not used: {gone.reason}.")

        # ---- fit: training photos teach, validation photos choose -----------------------------------------
        fitted = _fit(run.folder, recipe, prepared, progress, resume=resume)

        # ---- export: from here on, the graph that is shipped answers --------------------------------------
        progress.say("Testing on the photos that took no part in training.")
        classifier, graph = _export(fitted, prepared, spec)

        # ---- calibrate and refuse: validation photos, and strangers, choose ---------------------------------
        validated = _answers(classifier, prepared, "validation")
        classifier.temperature = fit_temperature(validated, prepared.labels("validation"))
        recogniser = classifier if cropper is None else FaceClassifier(cropper, classifier)
        others = None if run.strangers is None else _ask_strangers(recogniser, run, run.strangers, progress)
        known = apply_temperature(validated, classifier.temperature).max(axis=1)
        threshold = fit_threshold(known, None if others is None else others.values)
        classifier.threshold = threshold

        # ---- test once: as predict answers ------------------------------------------------------------------
        evaluation = _test(recogniser, run, progress)
        outcomes = evaluation.outcomes
        classifier.threshold = threshold.model_copy(update={"known_refused": (outcomes.unknown + outcomes.no_face) / outcomes.n})
        training = _training(recipe, prepared, fitted)
        diagnosis = diagnose(fitted.history, evaluation, training)

        # ---- save, report ---------------------------------------------------------------------------------
        facts = _facts(recipe, run, classifier, evaluation, opened)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        notes = (f"Below {100 * threshold.value:.4g} % confidence the answer is “unknown”. {threshold.how}",)
        tested = RunFacts(run.photos_name, now, classifier.temperature, training, evaluation, diagnosis, notes)
        with saving(run.folder):
            save_bundle(run.folder / BUNDLE, facts, graph=graph, weights=_weights(fitted), more=_detector_files(opened))
            return conclude(run, tested, fitted.history)


def _opened_cropper(recipe: Recipe) -> OpenedCropper | None:
    return None if recipe.crop == "photo" else open_cropper(recipe.detector, recipe.size)


def _fit(run: Path, recipe: Recipe, prepared: PreparedPhotos, progress: Progress, *, resume: bool) -> Fitted:
    """Train on the prepared photos."""
    progress.say(f"Starting {recipe.model}.")
    from whosthat.training.fitting import fit  # imports Keras: seconds that nothing before this point has to wait for

    train_batches = Batches(
        prepared.images("train"),
        prepared.labels("train"),
        n_classes=len(prepared.classes),
        batch_size=recipe.batch_size,
        seed=recipe.seed,
        shuffle=True,
        augmentation=recipe.augmentation_of_photos(),
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


def _test(recogniser: Recogniser, run: TrainingRun, progress: Progress) -> Evaluation:
    """Ask about the photos that were kept aside; every one that can be read counts, with a face or without."""
    asked = ask(recogniser, [item.photo for item in run.parts.parts["test"]], progress=progress)
    for gone in asked.left_out:
        progress.say(f"{gone.path} is not used: {gone.reason}.")
    return evaluate(asked.answers, recogniser.labels)


def _ask_strangers(recogniser: Recogniser, run: TrainingRun, folder: Path, progress: Progress) -> StrangerConfidences:
    """Ask about photos of strangers; those that are in the folders too are none."""
    return stranger_confidences(recogniser, folder, {item.sha256 for item in run.audit.photos}, progress=progress)


def _facts(
    recipe: Recipe, run: TrainingRun, classifier: ImageClassifier, evaluation: Evaluation, opened: OpenedCropper | None
) -> BundleFacts:
    """Gather what a bundle says of itself."""
    network = registry.facts(recipe.model)
    licences = {network.title: network.licence}
    if opened is not None:
        licences[opened.cropper.detector.name] = opened.cropper.detector.licence
    return BundleFacts(
        kind=IMAGE_CLASSIFIER if opened is None else KIND,
        network=recipe.model,
        labels=classifier.labels,
        prepare=classifier.spec.to_dict(),
        crop=None if opened is None else _crop_facts(opened),
        temperature=classifier.temperature,
        threshold=classifier.threshold,
        metrics=figures(evaluation),
        data=run.data_facts(),
        licences=licences,
        versions=versions(),
        recipe=recipe.model_dump(mode="json", exclude_none=True),
    )


def _crop_facts(opened: OpenedCropper) -> CropFacts:
    detector, template = opened.cropper.detector, opened.cropper.template
    return CropFacts.with_template(template, detector=detector.name, detector_files=tuple(opened.detector_files))


def _detector_files(opened: OpenedCropper | None) -> dict[str, bytes]:
    return {} if opened is None else as_bundle_files(opened.detector_files)
