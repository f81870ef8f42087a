"""``whosthat compare``: several models, or one model in several settings, on one split; one table, and which one to use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from whosthat.cli import options, train_options
from whosthat.cli.output import say, show, show_json, show_side_by_side, show_table, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import ask_about_names
from whosthat.cli.train_options import recipe_changes, varied
from whosthat.cluster import LOCAL
from whosthat.errors import UsageError
from whosthat.translation import N_, _

if TYPE_CHECKING:
    from whosthat.training.search import Search
    from whosthat.workflow.series import SeriesResult

app = options.new_app()

MODELS = ("faces", "cnn6", "efficientnet-lite0")

NamesArgument = Annotated[
    list[str] | None, options.argument("[MODEL]...", N_('Names from "whosthat models list", or faces.'), options.MODEL)
]
ModelsOption = Annotated[str | None, options.option("--models A,B,...", N_("The same, separated by commas."), options.MODEL)]
VaryOption = Annotated[
    list[str] | None,
    options.option(
        "--vary KEY=A,B,...", N_("Train with each value of a recipe setting; repeatable, for every combination."), options.SERIES
    ),
]
RepeatOption = Annotated[
    int, options.option("--repeat N", N_("Train each setting with N seeds on the same split: mean and spread."), options.SERIES)
]
SeriesOption = Annotated[
    str | None, options.option("--series FILE", N_("A series file, or a series that comes with whosthat: reference-diary."), options.SERIES)
]


EngineOption = Annotated[
    str,
    options.option(
        "--engine NAME",
        N_("Where a series is trained: local, on this computer, or ray, on a Ray cluster (docs/scale.md)."),
        options.SERIES,
        callback=options.engine_named,
    ),
]

TuneOption = Annotated[
    int | None,
    options.option("--tune N", N_("Search: train N times, each time with the settings that promise most."), options.SERIES),
]


@app.command(
    cls=options.GroupedCommand,
    help=N_(
        "Each training makes a run of its own. Models are compared by the same test photos. With --vary, --repeat, "
        "--series or --tune the validation photos choose, and the test judges the chosen run alone; what is trained already is "
        "not trained again, so the same command goes on with a series that was stopped. The comparison is kept beside "
        "the runs, and runs/latest then points at the run to use."
    ),
    epilog=options.examples("""
        compare photos
        compare photos faces cnn6 --epochs 10 --strangers others
        compare photos cnn6 --vary batch_size=16,32 --vary optimiser.learning_rate=0.001,0.02
        compare photos --vary recipe=reference-cnn6,reference-cnn6-step --repeat 3
        compare photos cnn6 --tune 20 --vary optimiser.learning_rate=0.0001..0.1 --vary batch_size=8,16,32
        compare photos --series reference-diary --set size=64
    """),  # not translated: command lines
)
def compare(  # noqa: PLR0913  typer makes a parameter of each option; those that set the recipe are read from the context
    context: typer.Context,
    photos: options.PhotosArgument,
    names: NamesArgument = None,
    models: ModelsOption = None,
    vary: VaryOption = None,
    repeat: RepeatOption = 1,
    series: SeriesOption = None,
    tune: TuneOption = None,
    engine: EngineOption = LOCAL,
    strangers: options.StrangersOption = None,
    crop: train_options.CropOption = None,
    epochs: train_options.EpochsOption = None,
    split: train_options.SplitOption = None,
    pictures_per_class: train_options.PicturesOption = None,
    seed: train_options.SeedOption = None,
    settings: train_options.SetOption = None,
    custom: options.CustomOption = None,
    device: options.DeviceOption = None,
    runs: options.RunsOption = Path("runs"),
    as_json: options.JsonOption = False,
) -> None:
    """Answer ``whosthat compare``."""
    chosen = [*(names or ()), *(name.strip() for name in (models or "").split(",") if name.strip())]
    changes = recipe_changes(context)
    options.load_own_networks(custom)
    if vary or series or repeat != 1 or tune is not None:
        from whosthat.evaluation.experiments import to_dict
        from whosthat.workflow.series import run_series

        steps = _steps(chosen, vary or (), series, changes) if tune is None else _search(chosen, vary or (), changes, tune)
        if tune is not None and (series is not None or repeat != 1):
            raise UsageError("--tune chooses the settings itself and trains each once. Leave out --series and --repeat.")
        n = len(steps) * max(repeat, 1) if isinstance(steps, Sequence) else steps.n_steps
        say(_("Training {n} runs on the photos in {photos}.", n=n, photos=photos))
        ask_about_names(photos, yes=True)
        with terminal_progress() as progress:
            result = run_series(photos, steps, repeat=repeat, runs=runs, strangers=strangers, engine=engine, progress=progress)
        if as_json:
            show_json({"report": result.report, **to_dict(result.experiments)})
        else:
            _show_series(result, settings_in_names=series is None)
    elif engine != LOCAL:
        raise UsageError("A cluster trains a series: say what changes with --vary, --repeat, --series or --tune, or leave out --engine.")
    else:
        chosen = chosen or list(MODELS)
        say(_("Comparing {models} on the photos in {photos}.", models=_(", ").join(chosen), photos=photos))
        ask_about_names(photos, yes=True)
        _show_models(photos, chosen, changes, runs, strangers, as_json)


def _steps(models: Sequence[str], vary: Sequence[str], series: str | None, changes: Mapping[str, Any]) -> Sequence[Any]:
    """Return what a series trains, refused here if it cannot be."""
    from whosthat.training.experiments import grid, read_series

    if series is None:
        return grid(models, varied(vary), changes)
    if vary or models:
        raise UsageError("A series file says itself what is trained. Leave out the models and --vary, or --series.")
    return read_series(series, changes)


def _search(models: Sequence[str], vary: Sequence[str], changes: Mapping[str, Any], n_steps: int) -> Search:
    from whosthat.training.search import Search

    return Search(models, varied(vary), n_steps, changes)


def _show_series(result: SeriesResult, *, settings_in_names: bool) -> None:
    from whosthat.evaluation.experiments import cells

    told = result.experiments.differing if settings_in_names else ()
    rows = [{key: text for key, text in cells(result.experiments, row).items() if key not in told} for row in result.experiments.rows]
    show("")
    show_table(list(rows[0]), [list(row.values()) for row in rows])
    show("")
    show_text(*result.experiments.sentences)
    show("", _("Report:  {path}", path=result.report))
    if result.experiments.best is not None:
        show(_("Run:     {path}", path=result.experiments.best.run))


def _show_models(
    photos: Path, models: Sequence[str], changes: Mapping[str, Any], runs: Path, strangers: Path | None, as_json: bool
) -> None:
    from whosthat.workflow.compare import compare as compare_models
    from whosthat.workflow.compare import recipes_for

    with terminal_progress() as progress:
        result = compare_models(photos, recipes_for(models, changes), runs=runs, strangers=strangers, progress=progress)
    from whosthat.evaluation.comparison import figures, to_dict

    if as_json:
        show_json({"report": result.report, **to_dict(result.comparison)})
        return
    show("")
    show_side_by_side(figures(result.comparison))
    show("")
    show_text(*result.comparison.sentences)
    show("", _("Report:  {path}", path=result.report))
    show(*(_("Run:     {path}", path=result.folder.parent / one.run) for one in result.comparison.contestants))
