"""``whosthat compare``: several models on one split, one table, and which one to use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli import train_options as options
from whosthat.cli.options import (
    MODEL,
    CustomOption,
    GroupedCommand,
    JsonOption,
    PhotosArgument,
    RunsOption,
    StrangersOption,
    examples,
    load_own_networks,
    new_app,
)
from whosthat.cli.output import say, show, show_json, show_side_by_side, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import ask_about_names, recipe_changes

if TYPE_CHECKING:
    from whosthat.workflow.compare import CompareResult

app = new_app()

MODELS = "faces,cnn6,efficientnet-lite0"

ModelsOption = Annotated[
    str, typer.Option("--models", metavar="A,B,...", help='Names from "whosthat models list", or faces.', rich_help_panel=MODEL)
]


@app.command(
    cls=GroupedCommand,
    epilog=examples(
        "compare photos",
        "compare photos --models faces,cnn6 --epochs 10 --strangers others",
        "compare photos --models cnn6,vgg16 --set augmentation.flip=false",
    ),
    no_args_is_help=True,
)
def compare(  # noqa: PLR0913  typer makes a parameter of each option
    photos: PhotosArgument,
    models: ModelsOption = MODELS,
    strangers: StrangersOption = None,
    crop: options.CropOption = None,
    epochs: options.EpochsOption = None,
    split: options.SplitOption = None,
    pictures_per_class: options.PicturesOption = None,
    seed: options.SeedOption = None,
    settings: options.SetOption = None,
    custom: CustomOption = None,
    runs: RunsOption = Path("runs"),
    as_json: JsonOption = False,
) -> None:
    """Train several models on one split, and say which one to use.

    Each model makes a run of its own, with the same photos for training and test; settings apply to every model that has
    them. The comparison is kept beside the runs, and runs/latest then points at the run of the model to use.
    """
    names = [name.strip() for name in models.split(",") if name.strip()]
    say(f"Comparing {', '.join(names)} on the photos in {photos}.")
    ask_about_names(photos, yes=True)
    load_own_networks(custom)
    given = {"crop": crop, "epochs": epochs, "split": split, "pictures_per_class": pictures_per_class, "seed": seed}
    changes = recipe_changes(given, settings or [])
    from whosthat.workflow.compare import compare as compare_models
    from whosthat.workflow.compare import recipes_for

    with terminal_progress() as progress:
        result = compare_models(photos, recipes_for(names, changes), runs=runs, strangers=strangers, progress=progress)
    _show_json(result) if as_json else _show(result)


def _show_json(result: CompareResult) -> None:
    from whosthat.evaluation.comparison import to_dict

    show_json({"report": result.report, **to_dict(result.comparison)})


def _show(result: CompareResult) -> None:
    """Write the table, which model to use and why, and where it all lies."""
    from whosthat.evaluation.comparison import cells

    show("")
    show_side_by_side([cells(one) for one in result.comparison.contestants])
    show("")
    show_text(*result.comparison.sentences)
    show("", f"Report:  {result.report}")
    show(*(f"Run:     {result.folder.parent / one.run}" for one in result.comparison.contestants))
