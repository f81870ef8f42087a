"""``whosthat train``: from the words of the command line to a recipe, and from the result to a summary."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from whosthat.cli import options, train_options
from whosthat.cli.evaluate import accuracy_sentence, require_accuracy, show_classes
from whosthat.cli.output import command_line, confirmed, say, show, show_json, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train_options import merged, recipe_changes
from whosthat.cluster import LOCAL
from whosthat.errors import QualityError, UsageError
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from whosthat.training.recipe import AnyRecipe
    from whosthat.workflow.train import TrainResult

app = options.new_app()

AUTO = "auto"

_COLOURS = {"poor": "red", "fair": "yellow", "too few to say": "yellow"}  # not translated: grades
"""Of the verdict, by its grade; the others are green."""


@app.command(
    cls=options.GroupedCommand,
    help=N_(
        "Makes a run: a folder with the recipe, the split, checkpoints, plots, the report and the bundle, which is the "
        "saved recogniser. Ctrl-C leaves a run that --resume goes on with."
    ),
    epilog=options.examples("""
        train photos
        train photos --model faces --strangers others
        train photos --model cnn6 --size 112 --epochs 20
        train photos --model cnn6 --crop faces
        train photos --recipe reference-cnn6 --set schedule.name=cosine
        train dataset/dataset.h5 --model cnn6
        train photos --model cnn6 --set network.dropout=[0.1,0.1,0.1,0.1,0.5] --note "less dropout"
        train --resume runs/photos-cnn6-1
    """),  # not translated: command lines
    no_args_is_help=True,
)
def train(  # noqa: PLR0913  typer makes a parameter of each option; those that set the recipe are read from the context
    context: typer.Context,
    photos: train_options.PhotosOrNothing = None,
    model: train_options.ModelOption = None,
    strangers: options.StrangersOption = None,
    recipe: train_options.RecipeOption = None,
    resume: train_options.ResumeOption = None,
    custom: options.CustomOption = None,
    crop: train_options.CropOption = None,
    size: train_options.SizeOption = None,
    epochs: train_options.EpochsOption = None,
    batch_size: train_options.BatchSizeOption = None,
    optimiser: train_options.OptimiserOption = None,
    learning_rate: train_options.LearningRateOption = None,
    split: train_options.SplitOption = None,
    pictures_per_class: train_options.PicturesOption = None,
    yes: train_options.YesOption = False,
    seed: train_options.SeedOption = None,
    weights: train_options.WeightsOption = None,
    frames: train_options.FramesOption = None,
    blocks: train_options.BlocksOption = None,
    no_augment: train_options.NoAugmentOption = False,
    keep_test_out: train_options.KeepTestOutOption = None,
    keep_suspects: train_options.KeepSuspectsOption = None,
    engine: options.EngineOption = LOCAL,
    device: options.DeviceOption = None,
    settings: train_options.SetOption = None,
    runs: options.RunsOption = Path("runs"),
    note: train_options.NoteOption = "",
    min_accuracy: options.MinAccuracyOption = None,
    as_json: options.JsonOption = False,
) -> None:
    """Answer ``whosthat train``."""
    changes = recipe_changes(context)
    if resume is not None:
        if changes or note or any(given is not None for given in (photos, model, recipe, strangers)):
            raise UsageError("--resume uses the photos and the recipe of the run. Leave out PHOTOS and the recipe's options.")
        result = _go_on(resume, custom, engine)
    elif photos is not None:
        photos = _unpacked(photos)
        ask_about_names(photos, yes=yes)
        result = _start(photos, _choose_recipe(photos, model, recipe, custom, changes), runs, strangers, note, engine)
    else:
        raise UsageError('Name the folder of photos: "whosthat train PHOTOS", or a run to go on with: "--resume RUN".')
    show_json(_document(result)) if as_json else show_result(result)
    if result.evaluation is not None:
        require_accuracy(result.evaluation, min_accuracy)
    elif min_accuracy is not None:
        raise QualityError("There were too few photos for a test, so --min-accuracy cannot be checked.")


def _unpacked(photos: Path) -> Path:
    """Unpack an HDF5 file of photos, if that is what was given, and return the folder of photos."""
    if not photos.is_file():
        return photos
    from whosthat.workflow.choosing import photo_folder

    with terminal_progress() as progress:
        return photo_folder(photos, progress=progress)


def ask_about_names(photos: Path, *, yes: bool) -> None:
    """Say which folders have names that are hardly a person's or a class's; unless ``yes``, ask on a terminal, and refuse after a no."""
    from whosthat.dataset.odd_names import odd_names, odd_names_sentence

    odd = odd_names(sorted(path.name for path in photos.iterdir() if path.is_dir())) if photos.is_dir() else ()
    if odd:
        say(odd_names_sentence(odd))
    if odd and not yes and sys.stdin.isatty() and not confirmed(_("Train with these names?")):
        raise UsageError("Nothing was trained. Rename the folders, or name another folder. --yes trains without asking.")


def _choose_recipe(photos: Path, model: str | None, recipe: str | None, custom: Path | None, changes: Mapping[str, Any]) -> AnyRecipe:
    """Return the recipe that the options ask for, and say what was chosen for want of an option."""
    own = options.load_own_networks(custom)
    if recipe is not None:
        if model is not None:
            raise UsageError("The recipe {recipe} names its model already. Leave out --model, or --recipe.", recipe=recipe)
        say(_("Training on the photos in {photos} by the recipe {recipe}.", photos=photos, recipe=recipe))
        from whosthat.training.recipe import make_any_recipe, read_recipe

        return make_any_recipe(
            merged(read_recipe(recipe).model_dump(mode="json", exclude_none=True), changes),
            _("the recipe {recipe}, as changed here", recipe=recipe),
        )
    name = _choose_model(photos, model, own, changes)
    from whosthat.training.recipe import default_recipe

    return default_recipe(name, **changes)


def _choose_model(photos: Path, model: str | None, own: Sequence[str], changes: Mapping[str, Any]) -> str:
    if model is None and len(own) == 1:
        model = own[0]
    if model not in (None, AUTO):
        say(_("Training {model} on the photos in {photos}.", model=model, photos=photos))
        return str(model)
    say(_("Looking at photos in {photos} to choose a model.", photos=photos))
    from whosthat.workflow.choosing import choose_model

    with terminal_progress() as progress:
        choice = choose_model(photos, settings=changes, progress=progress)
    say(
        _(
            "Training {model} on the photos in {photos}: {reason}. --model names another.",
            model=choice.model,
            photos=photos,
            reason=choice.reason,
        )
    )
    return choice.model


def _start(photos: Path, recipe: AnyRecipe, runs: Path, strangers: Path | None, note: str, engine: str) -> TrainResult:
    from whosthat.workflow.train import train as train_on

    with terminal_progress() as progress:
        return train_on(photos, recipe, runs=runs, strangers=strangers, note=note, engine=engine, progress=progress)


def _go_on(run: Path, custom: Path | None, engine: str) -> TrainResult:
    say(_("Going on with {run}.", run=run))
    options.load_own_networks(custom)
    from whosthat.workflow.train import resume

    with terminal_progress() as progress:
        return resume(run, engine=engine, progress=progress)


def _document(result: TrainResult) -> dict[str, object]:
    """Return how training ended, for JSON."""
    return {
        "run": result.run,
        "bundle": result.bundle,
        "report": result.run / "report.html",
        "outcomes": None if result.evaluation is None else result.evaluation.outcomes,
        "evaluation": result.evaluation,
        "diagnosis": result.diagnosis,
        "notes": result.notes,
        "costly": result.costly,
    }


def show_result(result: TrainResult) -> None:
    """Write the verdict, what to do about it, where everything lies, and what to try."""
    diagnosis, evaluation = result.diagnosis, result.evaluation
    show("")
    if evaluation is not None and diagnosis is not None:
        if diagnosis.arithmetic:  # a network, whose lesson is in its figures
            show_classes(evaluation)
            show("", _("Test loss: {loss:.3f}.", loss=evaluation.loss))
        show_text(diagnosis.verdict.sentence, colour=_COLOURS.get(diagnosis.verdict.grade, "green"))
        show_text(accuracy_sentence(evaluation), *diagnosis.verdict.cautions)
    show_text(*result.notes)
    if diagnosis is not None:
        show_text(_("Next: {advice}", advice=diagnosis.next_step.sentence))
    show("", *([_("Report:  {path}", path=result.run / "report.html")] if diagnosis is not None else []))
    show(_("Bundle:  {path}", path=result.bundle), _("Try it:  {command}", command=command_line("predict", result.run, "photo.jpg")))
    if result.hint:
        show_text("", result.hint)
