"""Training a network on the pixels: prepare, fit, export, calibrate, test, save.

What belongs here: the order of the steps of the cnn route, and what one hands to the next. What does not: the steps themselves,
and what all routes share (`training_run`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
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
from whosthat.recognition import face_classifier
from whosthat.recognition.bundle import IMAGE_CLASSIFIER, BundleFacts, DataFacts, save_bundle
from whosthat.recognition.bundled_detector import as_bundle_files
from whosthat.recognition.calibration import apply_temperature, fit_temperature
from whosthat.recognition.face_facts import CropFacts
from whosthat.recognition.heads import folds_of
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.training.occupation import occupied
from whosthat.training.recipe import Recipe
from whosthat.types import PARTS
from whosthat.workflow.face_photos import OpenedCropper, open_cropper
from whosthat.workflow.portraits import Asked, with_crops
from whosthat.workflow.resuming import resumable, saving
from whosthat.workflow.strangers import fit_refusing, stranger_confidences, stranger_photos, whose_photos
from whosthat.workflow.training_run import BUNDLE, TrainingRun, TrainResult, conclude, figures, versions

if TYPE_CHECKING:
    from whosthat.training.fitting import Fitted
    from whosthat.types import FloatArray, IntArray

PARITY_PHOTOS = 8
"""Validation photos on which the exported graph must agree with the network."""

ANSWER_BATCH = 32

LEARNT_FROM = ("train", "validation")


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
        fitted = _fit(run, recipe, prepared, progress, resume=resume)

        # ---- export: from here on, a graph answers, as it does where it is shipped -------------------------
        progress.say("Testing on the photos that took no part in training.")
        classifier, graph = _export(fitted, prepared, spec)

        # ---- calibrate on photos that taught it nothing, test once ----------------------------------------
        known, truth = _out_of_sample(classifier, fitted, prepared)
        classifier.temperature = fit_temperature(known, truth)
        evaluation = evaluate(_answers(classifier, prepared, "test"), prepared.labels("test"), prepared.classes, prepared.paths("test"))
        training = _training(recipe, prepared, fitted)
        diagnosis = diagnose(fitted.history, evaluation, training)

        # ---- refuse: strangers choose from which confidence on an answer is a name ------------------------
        others, people = _strangers(with_crops(cropper, classifier), run, progress)
        refusing = fit_refusing(apply_temperature(known, classifier.temperature).astype(np.float32), others, evaluation, people)
        classifier.threshold = refusing.threshold

        # ---- learn from every photo: the head may, once the test is done ----------------------------------
        graph = _learn_from_all(fitted, prepared, spec) or graph

        # ---- save, report ---------------------------------------------------------------------------------
        facts = _facts(recipe, run.data_facts(all_learnt=fitted.learns_from_all), classifier, evaluation, opened)
        now, notes = datetime.now(UTC).isoformat(timespec="seconds"), (*refusing.notes, *_learnt(fitted, prepared))
        tested = RunFacts(run.photos_name, now, classifier.temperature, training, evaluation, diagnosis, notes)
        with saving(run.folder):
            save_bundle(run.folder / BUNDLE, facts, graph=graph, weights=_weights(fitted), more=_detector_files(opened))
            return conclude(run, tested, fitted.history, prepared.images("test"))


def _opened_cropper(recipe: Recipe) -> OpenedCropper | None:
    return None if recipe.crop == "photo" else open_cropper(recipe.detector, recipe.size)


def _fit(run: TrainingRun, recipe: Recipe, prepared: PreparedPhotos, progress: Progress, *, resume: bool) -> Fitted:
    """Train on the prepared photos."""
    progress.say(f"Starting {recipe.model}.")
    from whosthat.training.fitting import fit  # imports Keras: seconds that nothing before this point has to wait for
    from whosthat.training.refitting import Refitting

    def batches(part: str, **settings: Any) -> Batches:
        n_classes, batch_size = len(prepared.classes), recipe.batch_size
        return Batches(prepared.images(part), prepared.labels(part), n_classes=n_classes, batch_size=batch_size, **settings)

    train = batches("train", seed=recipe.seed, shuffle=True, augmentation=recipe.augmentation_of_photos())
    refitting = Refitting(_folds(run, prepared), None if recipe.keep_test_out else batches("test"))
    return fit(recipe, train, batches("validation"), run.folder, refitting=refitting, progress=progress, resume=resume)


def _folds(run: TrainingRun, prepared: PreparedPhotos) -> IntArray:
    """Divide training and validation photos for cross-validation; copies and bursts stay together."""
    group = {item.sha256: item.group for items in run.parts.parts.values() for item in items}
    groups = np.array([group[sha256] for part in LEARNT_FROM for sha256 in prepared.hashes(part)], np.int64)
    return folds_of(np.concatenate([prepared.labels(part) for part in LEARNT_FROM]), groups)


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


def _out_of_sample(classifier: ImageClassifier, fitted: Fitted, prepared: PreparedPhotos) -> tuple[FloatArray, IntArray]:
    """Return probabilities, (n, classes), for photos that taught the network nothing, and their labels.

    Those of cross-validation over training and validation photos, where a head was trained on a frozen backbone; otherwise those of
    the validation photos, which are few and have chosen the epoch.
    """
    if fitted.refitted is None:
        return _answers(classifier, prepared, "validation"), prepared.labels("validation")
    return fitted.refitted.answers, np.concatenate([prepared.labels(part) for part in LEARNT_FROM])


def _answers(classifier: ImageClassifier, prepared: PreparedPhotos, part: str) -> FloatArray:
    """Probabilities for all photos of a part, (n, classes)."""
    images = prepared.images(part)
    pieces = [classifier.probabilities(images[start : start + ANSWER_BATCH]) for start in range(0, len(images), ANSWER_BATCH)]
    return np.concatenate(pieces)


def _learn_from_all(fitted: Fitted, prepared: PreparedPhotos, spec: PrepareSpec) -> bytes | None:
    """Let the network learn from the test photos as well, and write it as a graph; None where it stays as it was tested."""
    if not fitted.learns_from_all:
        return None
    fitted.learn_from_all()
    return _export(fitted, prepared, spec)[1]


def _learnt(fitted: Fitted, prepared: PreparedPhotos) -> tuple[str, ...]:
    """Say from what the saved recogniser has learnt, where that is more than the tested one had seen."""
    n = sum(len(prepared.labels(part)) for part in PARTS)
    sentence = f"The saved recogniser has learnt from all {n:,} photos; the test was made with one that had not seen the test photos."
    return (sentence,) if fitted.learns_from_all else ()


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


def _strangers(classifier: Asked, run: TrainingRun, progress: Progress) -> tuple[FloatArray | None, IntArray | None]:
    """Ask about photos of strangers, and tell which stranger each shows; those that are in the folders too are none."""
    if run.strangers is None:
        return None, None
    known = {item.sha256 for item in run.audit.photos}
    confidences, photos = stranger_confidences(classifier, stranger_photos(run.strangers), known, progress=progress)
    return confidences, whose_photos(run.strangers, photos)


def _facts(
    recipe: Recipe, data: DataFacts, classifier: ImageClassifier, evaluation: Evaluation, opened: OpenedCropper | None
) -> BundleFacts:
    """Gather what a bundle says of itself."""
    network = registry.facts(recipe.model)
    licences = {network.title: network.licence}
    if opened is not None:
        licences[opened.cropper.detector.name] = opened.cropper.detector.licence
    return BundleFacts(
        kind=IMAGE_CLASSIFIER if opened is None else face_classifier.KIND,
        network=recipe.model,
        labels=classifier.labels,
        prepare=classifier.spec.to_dict(),
        crop=None if opened is None else _crop_facts(opened),
        temperature=classifier.temperature,
        threshold=classifier.threshold,
        metrics=figures(evaluation),
        data=data,
        licences=licences,
        versions=versions(),
        recipe=recipe.model_dump(mode="json", exclude_none=True),
    )


def _crop_facts(opened: OpenedCropper) -> CropFacts:
    detector, template = opened.cropper.detector, opened.cropper.template
    return CropFacts.with_template(template, detector=detector.name, detector_files=tuple(opened.detector_files))


def _detector_files(opened: OpenedCropper | None) -> dict[str, bytes]:
    return {} if opened is None else as_bundle_files(opened.detector_files)
