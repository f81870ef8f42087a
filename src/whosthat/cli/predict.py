"""``whosthat predict``: one answer a photo, as a table, CSV or JSON."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.options import BundleArgument, JsonOption, examples, new_app
from whosthat.cli.output import percent, say, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError
from whosthat.progress import Progress

if TYPE_CHECKING:
    from whosthat.types import Sighting
    from whosthat.workflow.predict import Prediction

app = new_app()

BAD_DATA = 3

PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH", help="Photos, and folders of photos.", show_default=False)]
CsvOption = Annotated[bool, typer.Option("--csv", help="Write CSV to standard output, one row for each sighting.")]
DrawOption = Annotated[
    Path | None, typer.Option("--draw", metavar="DIR", help="Save a copy of each photo with the answer drawn in.", show_default=False)
]
TopOption = Annotated[int, typer.Option("--top", metavar="N", min=1, help="Show the N most probable names in the table.")]


@app.command(
    epilog=examples("predict runs/latest photo.jpg", "predict runs/latest holiday --csv > names.csv", "predict bundle a.jpg --draw drawn"),
    no_args_is_help=True,
)
def predict(
    bundle: BundleArgument,
    paths: PathsArgument,
    top: TopOption = 2,
    draw: DrawOption = None,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say who or what is in photos.

    A photo that cannot be read is named at the end, and the exit code is then 3; all others are answered.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json both want standard output. Choose one.")
    from whosthat.workflow.predict import find_photos
    from whosthat.workflow.predict import predict as predict_paths

    failed: list[Prediction] = []
    with terminal_progress() as progress:
        predictions = _watched(predict_paths(bundle, paths, draw=draw), sum(1 for _ in find_photos(paths)), failed, progress)
        if as_csv:
            _write_csv(predictions)
        elif as_json:
            _write_json(bundle, predictions)
        else:
            show_predictions(predictions, top)
    if failed:
        say(*(f"{one.path}: {one.error}" for one in failed))
        raise typer.Exit(BAD_DATA)


def _watched(predictions: Iterable[Prediction], total: int, failed: list[Prediction], progress: Progress) -> Iterator[Prediction]:
    """Pass predictions on, count them, and keep those without an answer."""
    for done, prediction in enumerate(predictions, start=1):
        progress.step("photos looked at", done, total)
        if prediction.error:
            failed.append(prediction)
        yield prediction


def _write_csv(predictions: Iterable[Prediction]) -> None:
    from whosthat.workflow.predict import CSV_COLUMNS, csv_rows

    writer = csv.DictWriter(sys.stdout, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for prediction in predictions:
        writer.writerows(csv_rows(prediction))


def _write_json(bundle: Path, predictions: Iterable[Prediction]) -> None:
    from whosthat.workflow.predict import to_dict

    show_json({"bundle": str(bundle), "predictions": [to_dict(prediction) for prediction in predictions]})


def show_predictions(predictions: Iterable[Prediction], top: int = 2) -> None:
    """Write a table of answers.

    Args:
        predictions: Those without an answer are passed over.
        top: How many names to show, the answer included.
    """
    rows = [
        (str(prediction.path), *_name_and_rest(sighting, top))
        for prediction in predictions
        if not prediction.error
        for sighting in prediction.sightings or (None,)
    ]
    if rows:
        show_table(("photo", "name", "sure", "then"), rows, right=("sure",))


def _name_and_rest(sighting: Sighting | None, top: int) -> tuple[str, str, str]:
    """Return the name, how sure it is, and the next names up to the wanted number."""
    if sighting is None:
        return "nobody was seen", "", ""
    ranked = list(sighting.probabilities.items())
    shown = ranked[:top] if sighting.name is None else ranked[1:top]
    rest = ", ".join(f"{name} {percent(share)}" for name, share in shown)
    return sighting.name or "unknown", percent(sighting.confidence), rest
