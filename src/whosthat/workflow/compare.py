"""Several models on one split, one table, one verdict.

What belongs here: training one after the other on the same split, measuring what a run does not tell, gathering the figures. What does not:
the choice and its words (`evaluation.comparison`), training itself (`train`).
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from whosthat.dataset.audit import Audit, AuditedPhoto, audit_folder
from whosthat.dataset.split import read_split
from whosthat.errors import (
    BundleError,
    CacheError,
    DatasetError,
    ExportError,
    NetworkError,
    RunError,
    TrainingError,
    UsageError,
    path_given,
    type_given,
)
from whosthat.evaluation.comparison import Comparison, Contestant, Failure, write_comparison
from whosthat.evaluation.comparison import compare as choose
from whosthat.photos.storage import fetched_once
from whosthat.progress import SILENT, Progress
from whosthat.proportions import Interval
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.recogniser import FaceFinding, Recogniser
from whosthat.runs.files import SPLIT
from whosthat.runs.folders import new_run, set_latest
from whosthat.training.recipe import AnyRecipe, Recipe, default_recipe
from whosthat.training.recipe_base import FACES, FaceRecipe
from whosthat.translation import _
from whosthat.workflow.choosing import photo_folder
from whosthat.workflow.expected_time import time_sentence
from whosthat.workflow.predict import predict
from whosthat.workflow.strangers import stranger_photos
from whosthat.workflow.train import check_recipe, recipe_of, train
from whosthat.workflow.training_run import TrainResult

TIMED_PHOTOS = 64
"""So many test photos, evenly chosen, are named to measure the speed."""

_ALIKE = {"seed": "seed_of_split", "split": "split", "pictures_per_class": "pictures_per_class"}
"""Settings that decide the split."""

NOT_THIS_MODEL = (NetworkError, DatasetError, TrainingError, ExportError, BundleError, CacheError)
"""What stops one model and not the others; Ctrl-C and a full disk stop all."""


@dataclass(frozen=True)
class CompareResult:
    """A comparison, and where it lies.

    Attributes:
        folder: Holds ``comparison.json`` and the page.
        report: The page.
        comparison: The figures and the choice.
    """

    folder: Path
    report: Path
    comparison: Comparison


def recipes_for(models: Sequence[str], changes: Mapping[str, Any]) -> tuple[AnyRecipe, ...]:
    """Return the own recipe of each model (networks, or ``faces``) with the same changes, where they concern it.

    What only networks have, such as ``epochs``, does not concern faces, and the reverse. Raises RecipeError for a setting that is unknown
    or cannot be used, NetworkError for an unknown network.
    """
    of_faces, of_networks = set(FaceRecipe.model_fields), set(Recipe.model_fields)
    foreign = of_faces - of_networks if FACES in models else set()
    for_faces = {key: value for key, value in changes.items() if key in of_faces or key not in of_networks}
    for_networks = {key: value for key, value in changes.items() if key not in foreign}
    return tuple(default_recipe(model, **(for_faces if model == FACES else for_networks)) for model in models)


@fetched_once()
def compare(
    photos: str | Path,
    models: Sequence[str | AnyRecipe],
    *,
    runs: str | Path = "runs",
    strangers: str | Path | None = None,
    progress: Progress = SILENT,
    **settings: Any,
) -> CompareResult:
    """Train several models on one split and say which one to use; ``runs/latest`` then points at its run.

    Args:
        photos: The folder, with one sub-folder per class, or ``dataset.h5`` as in `train`.
        models: Names, such as ``["faces", "cnn6"]``, or recipes that are alike in seed, split and number of photos.
        runs: Where the runs are made, and beside them ``<photos>-compare-<n>`` with the comparison.
        strangers: A folder with photos of people who are in none of the folders; None when there is none.
        progress: Hears what is being done.
        **settings: Settings to change in each model's recipe that has them.

    Returns:
        The page with the comparison, and its figures.

    Raises:
        UsageError: Fewer than two models, one twice, or recipes that would split the photos differently; ``photos`` is no path.
        RecipeError: A setting cannot be used.
        NetworkError: There is no such network, or the extra ``train`` is not installed; said before a photo is read.
        DatasetError: The photos cannot be used.
        RunError: No model could be trained, or a folder cannot be written.
    """
    root = photo_folder(path_given(photos, _("The folder of photos")), progress=progress)
    recipes = _recipes(models, settings)
    _refuse_unlike(recipes)
    for recipe in recipes:
        check_recipe(recipe)
    if strangers is not None:
        stranger_photos(path_given(strangers, _("The folder of strangers")))
    audit = audit_folder(
        root, frames=getattr(recipes[0], "frames", None), progress=progress
    )  # remembered from here on, so that the first model does not pay for all
    if sentence := time_sentence(recipes, audit.counts()):
        progress.say(sentence)
    contestants: list[Contestant] = []
    failures: list[Failure] = []
    split_text = b""
    for number, recipe in enumerate(recipes, start=1):
        progress.say(_("Model {number} of {n}: {model}.", number=number, n=len(recipes), model=recipe.model))
        began = time.monotonic()
        try:
            result = train(root, recipe, runs=runs, strangers=strangers, progress=progress)
        except NOT_THIS_MODEL as error:
            progress.say(_("{model} could not be trained: {error}", model=recipe.model, error=error))
            failures.append(Failure(recipe.model, str(error)))
            continue
        seconds = time.monotonic() - began
        split_text = _same_split(result, split_text)
        contestants.append(_contestant(recipe, result, audit, seconds))
    if not contestants:
        raise RunError("No model could be trained. {model}: {reason}", model=failures[0].model, reason=failures[0].reason)
    return _concluded(root, Path(runs), choose(root.resolve().name, contestants, failures))


def _recipes(models: Sequence[str | AnyRecipe], settings: Mapping[str, Any]) -> tuple[AnyRecipe, ...]:
    if isinstance(models, str) or not isinstance(models, Sequence):
        raise UsageError('Models are given as a list, such as ["faces", "cnn6"]; got {type}.', type=type_given(models))
    names = [model for model in models if isinstance(model, str)]
    if len(names) == len(models):
        return recipes_for(names, settings)
    return tuple(recipe_of(model, settings) for model in models)


def _refuse_unlike(recipes: Sequence[AnyRecipe]) -> None:
    models = [recipe.model for recipe in recipes]
    if len(set(models)) < 2 or len(set(models)) < len(models):
        given = _(", ").join(models) or _("none")
        raise UsageError("Comparing needs two or more different models, got {models}.", models=given)
    if len({(getattr(recipe, "frames", None) or 1) > 1 for recipe in recipes}) > 1:
        raise UsageError("Some of these models learn from clips and others from photos. Compare models that learn from the same.")
    for key, attribute in _ALIKE.items():
        values = [getattr(recipe, attribute) for recipe in recipes]
        if len(set(values)) > 1:
            raise UsageError('Models are compared on one split, so "{key}" must be the same for all, got {values}.', key=key, values=values)


def _same_split(result: TrainResult, before: bytes) -> bytes:
    """Return the split of a run, having made sure that it is the one before, if there was one."""
    text = (result.run / SPLIT).read_bytes()
    if before and text != before:
        raise RunError("The split of {run} is not that of the models before: the photos changed meanwhile. Compare again.", run=result.run)
    return text


def _contestant(recipe: AnyRecipe, result: TrainResult, audit: Audit, seconds: float) -> Contestant:
    """Gather a model's figures, with one outcome for every test photo of the split."""
    test = read_split(result.run / SPLIT, audit).parts["test"]
    evaluation = result.evaluation
    if evaluation is None or not test:
        raise DatasetError("There are too few photos to keep any for a test, so models cannot be compared. Add photos.")
    correct = {answer.path for answer in evaluation.answers if answer.correct}
    bundle, recogniser = open_bundle(result.bundle), load(result.bundle)
    threshold, fpir, strangers = bundle.facts.threshold, None, None
    if threshold is not None and threshold.fpir_low is not None and threshold.fpir_high is not None:
        fpir, strangers = threshold.fpir, Interval(threshold.fpir_low, threshold.fpir_high)
    return Contestant(
        model=recipe.model,
        run=result.run.name,
        correct=tuple(item.photo.name in correct for item in test),
        outcomes=evaluation.outcomes,
        accuracy=evaluation.accuracy,
        interval=evaluation.interval,
        baseline=evaluation.baseline,
        fpir=fpir,
        strangers=strangers,
        photos_per_second=_photos_per_second(recogniser, test),
        seconds=seconds,
        n_bytes=sum(file.stat().st_size for file in bundle.folder.iterdir()),
        looks_for_faces=isinstance(recogniser, FaceFinding),
    )


def _photos_per_second(recogniser: Recogniser, test: Sequence[AuditedPhoto]) -> float:
    """Measure how many photos are named in a second, from file to name, by a recogniser that is loaded already."""
    rows = np.linspace(0, len(test) - 1, min(TIMED_PHOTOS, len(test))).round().astype(int)
    paths = [test[row].photo.path for row in rows]
    for _answer in predict(recogniser, paths[:1]):
        pass  # the first answer also pays for what is loaded late
    began = time.perf_counter()
    named = sum(1 for _rest in predict(recogniser, paths))
    return named / max(time.perf_counter() - began, 1e-9)


def _concluded(root: Path, runs: Path, comparison: Comparison) -> CompareResult:
    """Write the comparison beside the runs, and let ``latest`` point at the run of the model to use."""
    folder = new_run(runs, root.resolve().name, "compare")
    report = write_comparison(folder, comparison)
    chosen = [one.run for one in comparison.contestants if one.model == comparison.choice]
    if chosen:
        set_latest(runs / chosen[0])
    return CompareResult(folder, report, comparison)
