"""``whosthat compare``: several models on one split, one table, and which one to use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli import options, train_options
from whosthat.cli.output import say, show, show_json, show_side_by_side, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import ask_about_names
from whosthat.cli.train_options import recipe_changes

app = options.new_app()

MODELS = "faces,cnn6,efficientnet-lite0"

ModelsOption = Annotated[str, options.option("--models A,B,...", 'Names from "whosthat models list", or faces.', options.MODEL)]


@app.command(
    cls=options.GroupedCommand,
    epilog=options.examples(
        "compare photos",
        "compare photos --models faces,cnn6 --epochs 10 --strangers others",
        "compare photos --models cnn6,vgg16 --set augmentation.flip=false",
    ),
    no_args_is_help=True,
)
def compare(  # noqa: PLR0913  typer makes a parameter of each option; those that set the recipe are read from the context
    context: typer.Context,
    photos: options.PhotosArgument,
    models: ModelsOption = MODELS,
    strangers: options.StrangersOption = None,
    crop: train_options.CropOption = None,
    epochs: train_options.EpochsOption = None,
    split: train_options.SplitOption = None,
    pictures_per_class: train_options.PicturesOption = None,
    seed: train_options.SeedOption = None,
    settings: train_options.SetOption = None,
    custom: options.CustomOption = None,
    runs: options.RunsOption = Path("runs"),
    as_json: options.JsonOption = False,
) -> None:
    """Train several models on one split, and say which one to use.

    Each model makes a run of its own, with the same photos for training and test; settings apply to every model that has
    them. The comparison is kept beside the runs, and runs/latest then points at the run of the model to use.
    """
    names = [name.strip() for name in models.split(",") if name.strip()]
    say(f"Comparing {', '.join(names)} on the photos in {photos}.")
    ask_about_names(photos, yes=True)
    options.load_own_networks(custom)
    changes = recipe_changes(context)
    from whosthat.workflow.compare import compare as compare_models
    from whosthat.workflow.compare import recipes_for

    with terminal_progress() as progress:
        result = compare_models(photos, recipes_for(names, changes), runs=runs, strangers=strangers, progress=progress)
    from whosthat.evaluation.comparison import figures, to_dict

    if as_json:
        show_json({"report": result.report, **to_dict(result.comparison)})
        return
    show("")
    show_side_by_side(figures(result.comparison))
    show("")
    show_text(*result.comparison.sentences)
    show("", f"Report:  {result.report}")
    show(*(f"Run:     {result.folder.parent / one.run}" for one in result.comparison.contestants))
