"""Training a network on the pixels: prepare, fit, export, calibrate, test, save.

What belongs here: the order of the steps of the cnn route, and what one hands to the next. What does not: the steps themselves, and what
all routes share (`training_run`).
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from whosthat.dataset.batches import Batches
from whosthat.dataset.cache import PreparedPhotos, cache_file, prepare_photos
from whosthat.errors import ExportError
from whosthat.evaluation.diagnosis import Training
from whosthat.evaluation.learning_curve import COUNTS_OF_CLASSES, DRAWS_OF_CLASSES, Draw, LearningCurve, curve_of, draws
from whosthat.evaluation.metrics import Evaluation, evaluate
from whosthat.evaluation.network_part import write_network
from whosthat.evaluation.run_facts import TrialFacts, write_trial
from whosthat.evaluation.threshold_part import ThresholdCurve, write_threshold_curve
from whosthat.networks import registry
from whosthat.networks.layers import layers_of
from whosthat.networks.weights import weights_of
from whosthat.photos.preparing import PrepareSpec
from whosthat.progress import Progress
from whosthat.recognition.bundle import IMAGE_CLASSIFIER, BundleFacts, DataFacts, save_bundle
from whosthat.recognition.calibration import apply_temperature, fit_temperature
from whosthat.recognition.face_classifier import KIND, FaceClassifier
from whosthat.recognition.face_facts import CropFacts, as_bundle_files
from whosthat.recognition.heads import folds_of
from whosthat.recognition.image_classifier import ImageClassifier
from whosthat.recognition.recogniser import Recogniser
from whosthat.recognition.threshold import Threshold, curve_of_confidences, fit_threshold
from whosthat.runs.files import BUNDLE
from whosthat.runs.lock import resumable, run_lock, saving
from whosthat.settings import ONNX_PARITY_TOLERANCE
from whosthat.training.recipe import Recipe
from whosthat.translation import _
from whosthat.types import PARTS
from whosthat.wording import counted
from whosthat.workflow.evaluate import answer_photos
from whosthat.workflow.explaining import keep_insight_of
from whosthat.workflow.face_photos import open_cropper
from whosthat.workflow.strangers import stranger_confidences
from whosthat.workflow.training_run import TrainingRun, TrainResult, bundle_facts, conclude

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.faces.finding import FaceCropper
    from whosthat.training.fitting import Fitted
    from whosthat.types import FloatArray, IntArray

PARITY_PHOTOS = 8
"""Validation photos on which the exported graph must agree with the network."""

ANSWER_BATCH = 32

LEARNT_FROM = ("train", "validation")


def carry_out(run: TrainingRun, recipe: Recipe, *, progress: Progress, resume: bool = False) -> TrainResult:
    """Train, test and save a network."""
    # ---- prepare: every photo once, cut out where asked, to the network's size ----------------------------
    spec = recipe.prepare_spec()
    _show_counts(run, progress)
    cropper, detector_files = (None, {}) if recipe.crop == "photo" else open_cropper(recipe.detector, recipe.size)
    with (
        resumable(run.folder),
        run_lock(run.folder),
        prepare_photos(run.parts, spec, cache_file(run.root, spec, cropper), cropper=cropper, progress=progress) as prepared,
    ):
        for gone in prepared.set_aside:
            progress.say(_("{path} is not used: {reason}.", path=gone.path, reason=_(gone.reason)))

        # ---- fit: training photos teach, validation photos choose -----------------------------------------
        fitted = _fit(run, recipe, prepared, progress, resume=resume)
        write_network(run.folder, layers_of(fitted.model))
        training = _training(recipe, prepared, fitted)
        write_trial(run.folder, TrialFacts(training, tuple(prepared.classes), tuple(map(tuple, fitted.confusion.tolist()))))
        if not run.tested:
            return TrainResult(run.folder, run.folder / BUNDLE, None, None)

        # ---- export: from here on, a graph answers, as it does where it is shipped -------------------------
        progress.say(_("Testing on the test photos."))
        classifier, graph = _export(fitted, prepared, spec)

        # ---- calibrate and refuse: photos that taught it nothing, and strangers, choose ---------------------
        known, truth = _out_of_sample(classifier, fitted, prepared)
        classifier.temperature = fit_temperature(known, truth)
        recogniser = classifier if cropper is None else FaceClassifier(cropper, classifier)
        confidences = apply_temperature(known, classifier.temperature).max(axis=1)
        classifier.fitted_threshold = _threshold(confidences, recogniser, run, progress)

        # ---- test once: as predict answers ------------------------------------------------------------------
        evaluation = _test(recogniser, run, progress)

        # ---- learn from every photo: the head may, once the test is done ----------------------------------
        tested_graph = graph
        if fitted.learns_from_all:
            fitted.learn_from_all()
            _tested, graph = _export(fitted, prepared, spec)

        # ---- save, report ---------------------------------------------------------------------------------
        data = run.data_facts(learnt_all=fitted.learns_from_all)
        facts = _facts(recipe, data, _step(run, spec), classifier, evaluation, cropper, tuple(detector_files))
        notes = _notes(classifier, fitted, prepared)
        with saving(run.folder):
            save_bundle(run.folder / BUNDLE, facts, graph=graph, weights=weights_of(fitted.model), more=as_bundle_files(detector_files))
            curve = None if cropper is not None or run.features else _learning_curve(recipe, classifier, fitted, prepared)
            keep_insight_of(run, evaluation, classifier, tested_graph, cropper)
            return conclude(run, classifier.temperature, training, evaluation, notes, history=fitted.history, learning=curve)


def _show_counts(run: TrainingRun, progress: Progress) -> None:
    counts = {part: Counter(item.photo.class_name for item in run.parts.parts[part]) for part in PARTS}
    rows = [(name, *(f"{counts[part][name]:,}" for part in PARTS)) for name in run.parts.classes]
    totals = (_("all classes"), *(f"{counts[part].total():,}" for part in PARTS))
    progress.table((_("photos of each class"), _("training"), _("validation"), _("test")), [totals, *rows])


def _fit(run: TrainingRun, recipe: Recipe, prepared: PreparedPhotos, progress: Progress, *, resume: bool) -> Fitted:
    progress.say(_("Starting {model}.", model=recipe.model))
    from whosthat.training.fitting import fit  # imports Keras: seconds that nothing before this point has to wait for
    from whosthat.training.refitting import Plan

    def batches(part: str, **settings: Any) -> Batches:
        n_classes, batch_size = len(prepared.classes), recipe.batch_size
        return Batches(prepared.images(part), prepared.labels(part), n_classes=n_classes, batch_size=batch_size, **settings)

    train = batches("train", seed=recipe.seed, shuffle=True, augmentation=recipe.augmentation_of_photos())
    if run.tested:
        draws_of_photos = () if run.features else _draws(recipe, prepared)  # a series compares settings, not numbers of photos
        fewer = [rows for _labels, rows in draws_of_photos]
        plan = Plan(_folds(run, prepared), batches("test"), not recipe.keep_test_out, fewer, run.features)
    else:
        plan = Plan(features=run.features, hopeless=run.hopeless)
    return fit(recipe, train, batches("validation"), run.folder, plan=plan, progress=progress, resume=resume)


def _draws(recipe: Recipe, prepared: PreparedPhotos) -> list[Draw]:
    """Draw training photos for the learning curve."""
    return draws(prepared.labels("train"), COUNTS_OF_CLASSES, DRAWS_OF_CLASSES, recipe.seed)


def _learning_curve(recipe: Recipe, classifier: ImageClassifier, fitted: Fitted, prepared: PreparedPhotos) -> LearningCurve | None:
    """Ask how the test would have gone with fewer training photos of each class; with all of them, it is the test.

    None for a network that learnt as a whole, which would have to learn anew each time.
    """
    if fitted.refitted is None:
        return None
    answers, truth = iter(fitted.refitted.answers_of_fewer), prepared.labels("test")

    def correct(_rows: IntArray) -> NDArray[np.bool_]:
        shares = apply_temperature(next(answers), classifier.temperature)
        right: NDArray[np.bool_] = (shares.argmax(axis=1) == truth) & (shares.max(axis=1) >= (classifier.threshold or 0.0))
        return right

    return curve_of(_draws(recipe, prepared), prepared.labels("train"), truth, classifier.labels, correct, "class")


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
            "The exported graph differs from the network by {difference:.2g}, expected at most "
            "{allowed:g}. The trained weights are kept in the run's checkpoints.",
            difference=difference,
            allowed=ONNX_PARITY_TOLERANCE,
        )
    return ImageClassifier(open_session(graph), tuple(prepared.classes), spec), graph


def _out_of_sample(classifier: ImageClassifier, fitted: Fitted, prepared: PreparedPhotos) -> tuple[FloatArray, IntArray]:
    """Return probabilities, (n, classes), for photos that taught the network nothing, and their labels.

    Those of cross-validation over training and validation photos, where a head was trained on a frozen backbone; otherwise those of the
    validation photos, which are few and have chosen the epoch.
    """
    if fitted.refitted is not None:
        return fitted.refitted.answers, np.concatenate([prepared.labels(part) for part in LEARNT_FROM])
    images = prepared.images("validation")
    pieces = [classifier.probabilities(images[start : start + ANSWER_BATCH]) for start in range(0, len(images), ANSWER_BATCH)]
    return np.concatenate(pieces), prepared.labels("validation")


def _notes(classifier: ImageClassifier, fitted: Fitted, prepared: PreparedPhotos) -> tuple[str, ...]:
    """Say how names are given and refused, and what the saved recogniser has learnt from."""
    notes = []
    if (threshold := classifier.fitted_threshold) is not None:
        share = f"{100 * threshold.value:.3g}"
        confidence = _("{number} %", number=share)
        notes.append(_("Below {confidence} confidence the answer is “unknown”. {how}", confidence=confidence, how=threshold.how))
    if fitted.learns_from_all:
        n = sum(len(prepared.labels(part)) for part in PARTS)
        notes += [
            _("The tested recogniser had not seen the test photos."),
            _("The saved one has learnt from all {photos}.", photos=counted(n, "photo")),
        ]
    return tuple(notes)


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


def _threshold(known: NDArray[np.float64], recogniser: Recogniser, run: TrainingRun, progress: Progress) -> Threshold:
    """Fit from which confidence on an answer is a name, on strangers where there are some."""
    others: tuple[NDArray[Any], ...] = ()
    if run.strangers is not None:
        in_folders = {item.sha256 for item in run.audit.photos}
        others = stranger_confidences(recogniser, run.strangers, in_folders, progress=progress)
    threshold = fit_threshold(known, *others)
    write_threshold_curve(run.folder, ThresholdCurve("confidence", curve_of_confidences(known, *others[:1], chosen=threshold.value)))
    return threshold


def _test(recogniser: Recogniser, run: TrainingRun, progress: Progress) -> Evaluation:
    """Ask about the photos that were kept aside; every one that can be read counts, with a face or without."""
    answered = answer_photos(recogniser, [item.photo for item in run.parts.parts["test"]], progress=progress)
    for gone in answered.left_out:
        progress.say(_("{path} is not used: {reason}.", path=gone.path, reason=_(gone.reason)))
    return evaluate(answered.answers, recogniser.labels)


def _step(run: TrainingRun, spec: PrepareSpec) -> int | None:
    """Return how many frames lie between two that were taken of a training clip, in the median; None where there are no clips."""
    lengths = [item.n_frames for item in run.parts.parts["train"] if item.n_frames > 1]
    return max(1, round((float(np.median(lengths)) - 1) / ((spec.frames or 1) - 1))) if lengths else None


def _facts(
    recipe: Recipe,
    data: DataFacts,
    every: int | None,
    classifier: ImageClassifier,
    evaluation: Evaluation,
    cropper: FaceCropper | None,
    detector_files: tuple[str, ...],
) -> BundleFacts:
    network, threshold, crop = registry.facts(recipe.model), classifier.fitted_threshold, None
    licences = {network.title: network.licence}
    if cropper is not None:
        crop = CropFacts.with_template(cropper.template, detector=cropper.detector.name, detector_files=detector_files)
        licences[cropper.detector.name] = cropper.detector.licence
    return bundle_facts(
        recipe,
        evaluation,
        kind=IMAGE_CLASSIFIER if crop is None else KIND,
        network=recipe.model,
        labels=classifier.labels,
        prepare=classifier.spec.to_dict(),
        crop=crop,
        temperature=classifier.temperature,
        threshold=threshold and threshold.model_copy(update={"fnir": 1 - evaluation.accuracy}),
        data=data,
        every=every,
        licences=licences,
    )
