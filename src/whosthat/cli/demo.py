"""``whosthat demo``: the usual commands one after the other, on pictures that whosthat draws itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.answers import show_predictions
from whosthat.cli.check import show_audit
from whosthat.cli.options import examples, new_app
from whosthat.cli.output import say, show
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import show_result

if TYPE_CHECKING:
    from whosthat.workflow.prediction import Prediction

app = new_app()

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where pictures and run are kept.")]


@app.command(epilog=examples("demo", "demo my-demo"))
def demo(folder: FolderArgument = Path("demo")) -> None:
    """See the whole flow on pictures that whosthat draws itself.

    Draws seven cartoon heroes, checks the pictures, trains a recogniser, tests it, and asks it about heroes it has not
    seen in these pictures, and about strangers. Takes less than two minutes on two cores.
    """
    say(f"Drawing seven cartoon heroes into {folder}.")
    from whosthat.dataset.audit import audit_folder
    from whosthat.workflow.demo import demo_recipe, draw_demo_photos
    from whosthat.workflow.predict import predict
    from whosthat.workflow.train import train

    with terminal_progress() as progress:
        drawn = draw_demo_photos(folder, progress=progress)
        _title(f"whosthat check {drawn.photos}")
        show_audit(audit_folder(drawn.photos, progress=progress))
    with terminal_progress() as progress:
        _title(f"whosthat train {drawn.photos} --strangers {drawn.others}")
        result = train(drawn.photos, demo_recipe(), runs=folder / "runs", strangers=drawn.others, progress=progress)
    show_result(result)
    _title(f"whosthat predict {result.run} {drawn.heroes[0].parent}")
    heroes, strangers = (list(predict(result.bundle, paths)) for paths in (drawn.heroes, drawn.strangers))
    show_predictions([*heroes, *strangers])
    show("", _count(heroes, strangers), "", f"Look at the report: {result.run / 'report.html'}")


def _count(heroes: Sequence[Prediction], strangers: Sequence[Prediction]) -> str:
    """Say how many answers are right; a picture's file name tells who is in it."""
    right = sum(prediction.sightings[0].name == prediction.path.stem for prediction in heroes)
    unknown = sum(prediction.sightings[0].name is None for prediction in strangers)
    return (
        f"Of {len(heroes)} heroes in new pictures, {right} correct. "
        f"Of {len(strangers)} strangers ({', '.join(prediction.path.stem for prediction in strangers)}), {unknown} unknown."
    )


def _title(command: str) -> None:
    """Write the command that does what comes next."""
    show("", f"$ {command}", "")
