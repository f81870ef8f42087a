"""From folders of photos to a tested recogniser: look, split, and hand over to the route that trains.

What belongs here: the steps before training, which are the same for all models, and which route a recipe means. What does not: the routes
(`train_network`, `train_faces`), what they share (`training_run`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from whosthat.cluster import LOCAL, check_engine
from whosthat.dataset.audit import Audit, audit_folder
from whosthat.dataset.split import Split, read_split, split
from whosthat.errors import CacheError, ClusterError, DatasetError, NetworkError, RecipeError, UsageError, path_given, type_given
from whosthat.evaluation.run_facts import read_metrics
from whosthat.networks import registry
from whosthat.networks.backend import require_keras
from whosthat.photos.storage import fetched_once, place
from whosthat.progress import SILENT, Progress
from whosthat.recognition.bundle import label_problem
from whosthat.runs.files import SPLIT
from whosthat.runs.folders import discard_run, existing_run, new_run, set_latest
from whosthat.runs.lock import run_lock
from whosthat.training.recipe import AnyRecipe, default_recipe, design_of
from whosthat.training.recipe_base import BaseRecipe, FaceRecipe
from whosthat.translation import _
from whosthat.wording import counted
from whosthat.workflow.choosing import choose_model, photo_folder
from whosthat.workflow.strangers import stranger_photos
from whosthat.workflow.training_run import TrainingRun, TrainResult, begin, finish, recorded, result_of

__all__ = ["TrainResult", "resume", "train"]


@fetched_once()
def train(
    photos: str | Path,
    model: str | AnyRecipe | None = None,
    *,
    runs: str | Path = "runs",
    strangers: str | Path | None = None,
    note: str = "",
    engine: str = LOCAL,
    progress: Progress = SILENT,
    **settings: Any,
) -> TrainResult:
    """Train a recogniser on a folder of photos and test it on photos that it has not seen.

    Args:
        photos: The folder, with one sub-folder per class, in storage (``s3://bucket/folder``) too, or an HDF5 file of photos with its
            labels beside it (``dataset.h5``).
        model: ``"faces"``, a network's name such as ``"cnn6"``, or a recipe from `whosthat.default_recipe` or `whosthat.read_recipe`.
            None takes faces where nearly every photo shows one, else a pretrained network.
        runs: Where the run folder is made; nothing that is there is overwritten.
        strangers: A folder with photos of people who are in none of the folders, to fit the threshold on; best one sub-folder a person.
        note: What this run is for, in your words; kept with it.
        engine: Where faces are found: ``"local"``, in this process, or ``"ray"``, on a Ray cluster as in `whosthat.load`; for faces alone.
        progress: Hears what is being done.
        **settings: Settings of the recipe to change, such as ``epochs=20``; sections as mappings.

    Returns:
        The run's folder, its bundle and report, and how the test went.

    Example:
        result = whosthat.train("photos", "faces", strangers="others")
        recogniser = whosthat.load(result.run)

    Raises:
        UsageError: ``photos`` or ``strangers`` is no path, ``model`` is neither name nor recipe, a recipe comes with settings, or the
            engine is none, or not installed, or not for this model.
        ClusterError: The cluster cannot be reached, or its workers cannot do the work.
        RecipeError: A setting cannot be used, or the recipe asks for what its network does not offer; nothing was begun.
        DatasetError: The photos cannot be used.
        NetworkError: There is no such network, it cannot be built, the extra ``train`` is not installed (said before a photo is read),
            or pretrained weights are missing; no run is left behind.
        TrainingError: The loss is no longer a number, or memory or disk are full.
        TrainingInterruptedError: Ctrl-C or SIGTERM came; `resume` goes on.
        RunError: The run folder cannot be written.
    """
    root = photo_folder(path_given(photos, _("The folder of photos")), progress=progress)
    others = None if strangers is None else place(path_given(strangers, _("The folder of strangers")))
    recipe = recipe_of(choose_model(root, settings=settings, progress=progress).model if model is None else model, settings)
    check_recipe(recipe, engine)
    if not isinstance(recipe, FaceRecipe):
        registry.require_weights(recipe.model, design_of(recipe, n_classes=2))
    frames = None if isinstance(recipe, FaceRecipe) else recipe.frames
    if others is not None:
        stranger_photos(others, clips=(frames or 1) > 1)
    audit = audit_folder(root, frames=frames, progress=progress)
    tell_what_is_left_out(audit, root, progress)
    parts = split_of(audit, recipe)
    recipe = settled(recipe)
    folder = new_run(Path(runs), root.resolve().name, recipe.model)
    return start(TrainingRun(folder, root, audit, parts, others, note, engine=engine), recipe, progress)


def start(run: TrainingRun, recipe: AnyRecipe, progress: Progress) -> TrainResult:
    """Train in a new run folder, by a recipe that is `settled`."""
    with begun(run, recipe):
        return _carry_out(run, recipe, progress)


@contextmanager
def begun(run: TrainingRun, recipe: AnyRecipe) -> Iterator[None]:
    """Write down what is about to be done, for the block to do; a folder in which nothing was trained is removed."""
    begin(run, recipe, latest=not isinstance(recipe, FaceRecipe))
    try:
        yield
    except (NetworkError, DatasetError, CacheError, ClusterError):  # nothing was trained, unless it was refused at the very end
        discard_run(run.folder)
        raise


def split_of(audit: Audit, recipe: AnyRecipe) -> Split:
    """Divide the photos as a recipe says; DatasetError where they cannot be."""
    if problem := label_problem(audit.classes):
        raise DatasetError("{problem}. Rename the folder.", problem=problem)
    if isinstance(recipe, FaceRecipe):
        from whosthat.workflow import train_faces

        return train_faces.split_faces(audit, recipe)
    if len(audit.classes) == 1:
        raise DatasetError(
            "{folder} holds one class, {name}, but {model} needs at least two. To find one person among strangers, "
            "train with --model faces.",
            folder=audit.root,
            name=audit.classes[0],
            model=recipe.model,
        )
    classes = audit.classes[: recipe.classes]
    chosen = replace(audit, classes=classes, photos=tuple(item for item in audit.photos if item.photo.class_name in classes))
    return split(chosen, ratios=recipe.ratios, seed=recipe.seed_of_split, pictures_per_class=recipe.pictures_per_class)


@fetched_once()
def resume(
    run: str | Path,
    *,
    features: Path | None = None,
    tested: bool = True,
    hopeless: Callable[[Sequence[float]], bool] | None = None,
    engine: str = LOCAL,
    progress: Progress = SILENT,
) -> TrainResult:
    """Go on with a run that was stopped, to the same bits as if it had not been; ``runs/latest`` then points at it.

    Args:
        run: The run folder, or ``runs/latest``.
        features: As in `TrainingRun`; None keeps them in the run.
        tested: Likewise.
        hopeless: Likewise.
        engine: As in `train`.
        progress: Hears what is being done.

    Raises:
        UsageError: There is no such run, or the engine cannot be used.
        RunError: It is no run, or another process works in it.
        DatasetError: The photos of the run are gone or changed.
        NetworkError: Keras is not installed.
        TrainingError: As in `train`.
    """
    folder = existing_run(Path(run))
    recipe, root, strangers = recorded(folder)
    refuse_engine(recipe, engine)
    if finish(folder, progress=progress):
        return result_of(folder, read_metrics(folder))
    frames = None
    if not isinstance(recipe, FaceRecipe):
        require_keras()
        frames = recipe.frames
    audit = audit_folder(root, frames=frames, progress=progress)
    parts = read_split(folder / SPLIT, audit)
    result = _carry_out(
        TrainingRun(folder, root, audit, parts, strangers, features=features, tested=tested, hopeless=hopeless, engine=engine),
        recipe,
        progress,
        resume=True,
    )
    with run_lock(folder):
        set_latest(folder)  # it may have been killed before it was
    return result


def recipe_of(model: str | AnyRecipe, settings: Mapping[str, Any]) -> AnyRecipe:
    """Return a model's own recipe with some settings changed, or the given recipe.

    Raises UsageError for what is neither name nor recipe, and for a recipe with settings, RecipeError for a setting that cannot be used,
    NetworkError when no network has this name.
    """
    if isinstance(model, str):
        return default_recipe(model, **settings)
    if not isinstance(model, BaseRecipe):
        raise UsageError('A model is a name such as "faces" or "cnn6", or a recipe; got {type}.', type=type_given(model))
    if settings:
        raise UsageError(
            "{settings} cannot be set beside a recipe. Change the recipe: whosthat.default_recipe(MODEL, ...).",
            settings=_(", ").join(settings),
        )
    return model


def check_recipe(recipe: AnyRecipe, engine: str = LOCAL) -> None:
    """Refuse, before anything is read or written, what could only fail later.

    Raises RecipeError when the recipe asks for what its network does not offer, NetworkError when Keras is not installed, UsageError for an
    engine that cannot be used.
    """
    refuse_engine(recipe, engine)
    if isinstance(recipe, FaceRecipe):
        return
    require_keras()
    try:
        registry.check(recipe.model, design_of(recipe, n_classes=2))
    except NetworkError as error:
        raise RecipeError("The recipe cannot be used. {error}", error=error) from error


def refuse_engine(recipe: AnyRecipe, engine: str) -> None:
    """Refuse an engine that does not exist, is not installed, or cannot do what the recipe asks for; UsageError."""
    check_engine(engine)
    if engine != LOCAL and not isinstance(recipe, FaceRecipe):
        raise UsageError(
            'The engine "{engine}" finds faces alone, and {model} is a network. Leave it out, or use --model faces.',
            engine=engine,
            model=recipe.model,
        )


def settled(recipe: AnyRecipe) -> AnyRecipe:
    """Say which detector "auto" means now: a run that is resumed must cut out the very same crops."""
    if isinstance(recipe, FaceRecipe) or recipe.crop == "photo":
        return recipe
    from whosthat.faces.models import detector_facts

    return recipe.model_copy(update={"detector": detector_facts(recipe.detector).name})


def tell_what_is_left_out(audit: Audit, root: Path, progress: Progress) -> None:
    """Say aloud that training has less to go on than was given."""
    for finding in audit.findings:
        if finding.severity == "problem":
            progress.say(finding.sentence)
    if audit.set_aside:
        progress.say(
            _(
                '{files} in {folder} will not be used: "whosthat check" shows which and why.',
                files=counted(len(audit.set_aside), "file"),
                folder=root,
            )
        )


def _carry_out(run: TrainingRun, recipe: AnyRecipe, progress: Progress, *, resume: bool = False) -> TrainResult:
    if isinstance(recipe, FaceRecipe):
        from whosthat.workflow import train_faces  # each route loads what it needs alone

        return train_faces.carry_out(run, recipe, progress)  # seconds: begun anew where it was stopped
    from whosthat.workflow import train_network

    return train_network.carry_out(run, recipe, progress=progress, resume=resume)
