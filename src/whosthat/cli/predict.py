"""``whosthat predict``: who is in photos and videos, as tables, CSV or JSON, and as copies that are drawn on or sorted."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.options import BundleArgument, JsonOption, examples, new_app
from whosthat.cli.output import say, show, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError
from whosthat.progress import Progress
from whosthat.wording import confidence_text

if TYPE_CHECKING:
    from whosthat.recognition.tracking import Span
    from whosthat.types import Sighting
    from whosthat.workflow.predict_video import VideoAnswer
    from whosthat.workflow.prediction import Prediction

app = new_app()

BAD_DATA = 3

WORTH_SHOWING = 0.01
"""A name that is less likely is out of the question."""

PathsArgument = Annotated[list[Path], typer.Argument(metavar="PATH", help="Photos, videos, and folders of photos.", show_default=False)]
CsvOption = Annotated[bool, typer.Option("--csv", help="Write CSV to standard output, one row for each sighting.")]
DrawOption = Annotated[
    Path | None,
    typer.Option(
        "--draw",
        metavar="DIR",
        help="Save a copy of each photo with the answer drawn in; of a video, one picture for each face that was followed.",
        show_default=False,
    ),
]
SortOption = Annotated[
    Path | None,
    typer.Option(
        "--sort",
        metavar="DIR",
        help="Copy each photo into a folder of who is in it: one for each person, several people, unknown, nobody, unreadable. "
        "Nothing is moved or overwritten; a CSV file there lists what went where.",
        show_default=False,
    ),
]
EveryOption = Annotated[int, typer.Option("--every", metavar="N", min=1, help="Look at every Nth frame of a video.")]
TopOption = Annotated[int, typer.Option("--top", metavar="N", min=1, help="Show the N most probable names in the table.")]


@app.command(
    epilog=examples(
        "predict runs/latest photo.jpg",
        "predict runs/latest holiday --csv > names.csv",
        "predict bundle holiday --draw drawn --sort sorted",
        "predict bundle party.mp4 --every 10",
    ),
    no_args_is_help=True,
)
def predict(  # noqa: PLR0913  typer makes a parameter of each option
    bundle: BundleArgument,
    paths: PathsArgument,
    top: TopOption = 2,
    draw: DrawOption = None,
    sort: SortOption = None,
    every: EveryOption = 5,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Say who or what is in photos and videos.

    A file that cannot be read is named at the end, and the exit code is then 3; all others are answered. In a video, faces are
    followed and named by vote, with the times at which each person is seen. Of folders the photos are taken; name a video itself.
    """
    if as_csv and as_json:
        raise UsageError("--csv and --json both want standard output. Choose one.")
    from whosthat.workflow.predict import find_photos
    from whosthat.workflow.predict import predict as predict_paths

    without = [folder for folder in (draw, sort) if folder is not None]
    failed: list[Prediction] = []
    with terminal_progress() as progress:
        answers = predict_paths(bundle, paths, draw=draw, every=every, without=without, progress=progress)
        total = sum(1 for _ in find_photos(paths, without=without))
        predictions = _watched(answers if sort is None else _sorted(answers, sort), total, failed, progress)
        if as_csv:
            _write_csv(predictions)
        elif as_json:
            _write_json(bundle, predictions)
        else:
            show_predictions(predictions, top)
    if sort is not None:
        say(f"Copies are sorted into {sort}; the CSV file there lists them.")
    if failed:
        say(*(f"{one.path}: {one.problem}" for one in failed))
        raise typer.Exit(BAD_DATA)


def _sorted(predictions: Iterable[Prediction], folder: Path) -> Iterator[Prediction]:
    from whosthat.workflow.sorting import sort_copies

    return sort_copies(predictions, folder)


def _watched(predictions: Iterable[Prediction], total: int, failed: list[Prediction], progress: Progress) -> Iterator[Prediction]:
    """Pass predictions on, count them, and keep those without a whole answer."""
    for done, prediction in enumerate(predictions, start=1):
        progress.step("photos looked at", done, total)
        if prediction.problem:
            failed.append(prediction)
        yield prediction


def _write_csv(predictions: Iterable[Prediction]) -> None:
    from whosthat.workflow.prediction import CSV_COLUMNS, csv_rows

    writer = csv.DictWriter(sys.stdout, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for prediction in predictions:
        writer.writerows(csv_rows(prediction))


def _write_json(bundle: Path, predictions: Iterable[Prediction]) -> None:
    from whosthat.workflow.prediction import to_dict

    show_json({"bundle": str(bundle), "predictions": [to_dict(prediction) for prediction in predictions]})


def show_predictions(predictions: Iterable[Prediction], top: int = 2) -> None:
    """Write a table of the answers for photos, and one of those for videos.

    Args:
        predictions: Those without an answer are passed over.
        top: How many names to show, the answer included.
    """
    photos: list[tuple[str, ...]] = []
    videos: list[tuple[str, ...]] = []
    for prediction in predictions:
        if prediction.video is not None:
            videos += [(str(prediction.path), *cells) for cells in _people_cells(prediction.video)]
        elif not prediction.error:
            photos += [(str(prediction.path), *_name_and_rest(sighting, top)) for sighting in prediction.sightings or (None,)]
    if photos:
        show_table(("photo", "name", "sure", "then"), photos, right=("sure",))
    if photos and videos:
        show("")
    if videos:
        show_table(("video", "name", "sure", "frames", "seen"), videos, right=("sure", "frames"))


def _people_cells(answer: VideoAnswer) -> list[tuple[str, str, str, str]]:
    """Return a line for each person: name, how sure at best, in how many frames, and when."""
    from whosthat.recognition.tracking import spans_of, tracks_by_name

    return [
        (
            "unknown" if name is None else name,
            "" if name is None else confidence_text(max(track.confidence for track in tracks)),
            str(len({index for track in tracks for index in track.boxes})),
            ", ".join(map(_span, spans_of(tracks))),
        )
        for name, tracks in tracks_by_name(answer.tracks).items()
    ] or [("nobody was seen", "", "", "")]


def _span(span: Span) -> str:
    from whosthat.workflow.predict_video import clock

    start, end = clock(span.start), clock(span.end)
    return start if start == end else f"{start} to {end}"


def _name_and_rest(sighting: Sighting | None, top: int) -> tuple[str, str, str]:
    """Return the name, how sure it is (of "unknown" nobody is), and the next names up to the wanted number."""
    if sighting is None:
        return "nobody was seen", "", ""
    if sighting.given_to_better is not None:
        return "unknown", "", f"{sighting.given_to_better} was given to a better face"
    ranked = list(sighting.probabilities.items())
    shown = ranked[:top] if sighting.name is None else ranked[1:top]
    rest = ", ".join(f"{name} {confidence_text(share)}" for name, share in shown if share >= WORTH_SHOWING)
    return (sighting.name, confidence_text(sighting.confidence), rest) if sighting.name is not None else ("unknown", "", rest)
