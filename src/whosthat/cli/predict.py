"""``whosthat predict``: who is in photos and videos, as text, CSV or JSON, and as copies that are drawn on or sorted."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.answers import show_predictions
from whosthat.cli.metadata import InFilesOption, WriteXmpOption, check_together, say_written
from whosthat.cli.options import BundleArgument, DeviceOption, EngineOption, JsonOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.cluster import LOCAL
from whosthat.cluster import engine as engines
from whosthat.errors import DatasetError, UsageError
from whosthat.progress import Progress
from whosthat.translation import N_, _
from whosthat.wording import not_looked_at

if TYPE_CHECKING:
    from whosthat.cluster import Cluster
    from whosthat.recognition.recogniser import Recogniser
    from whosthat.workflow.prediction import Prediction

app = new_app()

PathsArgument = Annotated[list[Path], argument("PATH", N_("Photos, videos, and folders of photos."))]
_EVERY_HELP = N_("Look at every Nth frame of a video: 5 when left out or, with a network that learnt from clips, as in these.")
CsvOption = Annotated[bool, option("--csv", N_("Write CSV to standard output, one row for each sighting."))]
_DRAW_HELP = N_(
    "Save a copy of each photo with the answer drawn in: boxes with names, or the name and a bar for each "
    "class, with a contact sheet. Of a video, a copy with boxes that follow the faces and with its sound, where "
    "FFmpeg is installed, and up to three pictures of each person."
)
DrawOption = Annotated[Path | None, option("--draw DIR", _DRAW_HELP)]
_SORT_HELP = N_(
    "Copy each photo into a folder of who is in it: one for each person, several people, unknown, nobody, "
    "unreadable. Nothing is moved or overwritten; a CSV file there lists what went where."
)
SortOption = Annotated[Path | None, option("--sort DIR", _SORT_HELP)]
_EXPLAIN_HELP = N_(
    "Save for each photo a picture of where the network looked: the photo beside a heat map (Grad-CAM) of its "
    "answer. Not for face recognisers, which compare faces with enrolled ones."
)
ExplainOption = Annotated[Path | None, option("--explain DIR", _EXPLAIN_HELP)]
_EMBEDDINGS_HELP = N_("Write each face of photos to a Parquet file for other programs: photo, person, box and embedding.")
EmbeddingsOption = Annotated[Path | None, option("--embeddings FILE.parquet", _EMBEDDINGS_HELP)]
EveryOption = Annotated[int | None, option("--every N", _EVERY_HELP, min=1)]
TopOption = Annotated[int, option("--top N", N_("Write the N most probable names of each sighting into --json."), min=1)]
NoCacheOption = Annotated[bool, option("--no-cache", N_("Look at every photo, and remember none of its faces."))]


@app.command(
    help=about(
        N_(
            "A file that cannot be read is named at the end, and the exit code is then 3; all others are answered. In a "
            "video, faces are followed and named by vote, with the times at which each person is seen. Of folders the "
            "photos are taken; name a video itself."
        ),
        N_(
            "A network that learnt from clips looks at several frames of a video together, and says from when to when it "
            "sees which class. A folder of numbered frames (1.png, 2.png) is one clip, and videos in folders are taken."
        ),
        N_("A face recogniser keeps the faces of photos in the cache and does not look at the same photo twice."),
    ),
    epilog=examples("""
        predict runs/latest photo.jpg
        predict runs/latest holiday --csv > names.csv
        predict bundle holiday --draw drawn --sort sorted
        predict bundle party.mp4 --every 10
        predict runs/latest photo.jpg --explain why
        predict runs/latest holiday --embeddings faces.parquet
        predict runs/latest holiday --write-xmp
    """),  # not translated: command lines
)
def predict(  # noqa: PLR0913  typer makes a parameter of each option
    bundle: BundleArgument,
    paths: PathsArgument,
    top: TopOption = 5,
    draw: DrawOption = None,
    sort: SortOption = None,
    explain: ExplainOption = None,
    embeddings: EmbeddingsOption = None,
    write_xmp: WriteXmpOption = False,
    in_files: InFilesOption = False,
    every: EveryOption = None,
    no_cache: NoCacheOption = False,
    engine: EngineOption = LOCAL,
    device: DeviceOption = None,
    as_csv: CsvOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat predict``."""
    if as_csv and as_json:
        raise UsageError("--csv and --json both write to standard output. Choose one.")
    check_together(write=write_xmp, in_files=in_files)
    from whosthat.workflow.predict import find_photos, sees_clips
    from whosthat.workflow.predict import predict as predict_paths

    without = [folder for folder in (draw, sort, explain) if folder is not None]
    failed: list[Prediction] = []
    others: Counter[str] = Counter()
    with terminal_progress() as progress, engines(engine, progress) as cluster:
        recogniser = _opened(bundle, cluster) if cluster is not None or embeddings is not None else bundle
        answers = predict_paths(recogniser, paths, draw=draw, every=every, without=without, remember=not no_cache, progress=progress)
        total = sum(1 for _photo in find_photos(paths, without=without, passed_over=others, clips=sees_clips(bundle)))
        answers = _kept(answers, recogniser, bundle, sort=sort, explain=explain, embeddings=embeddings)
        written = None
        if write_xmp:
            from whosthat.workflow import metadata

            written = metadata.XmpWritten()
            answers = metadata.write_xmp(answers, written, in_files=in_files)
        predictions = _watched(answers, total, failed, progress)
        if as_csv:
            _write_csv(predictions)
        elif as_json:
            from whosthat.workflow.prediction import to_dict

            show_json({"bundle": str(bundle), "predictions": [to_dict(prediction, top=top) for prediction in predictions]})
        else:
            show_predictions(predictions, paths[0] if len(paths) == 1 and paths[0].is_dir() else None)
    if draw is not None and len(failed) < total:
        say(_("Drawn copies are in {folder}.", folder=draw))
    if sort is not None and total:
        say(_("Copies are sorted into {folder}; the CSV file there lists them.", folder=sort))
    if explain is not None and len(failed) < total:
        say(_("Heat maps are in {folder}: red is where the network found its answer.", folder=explain))
    is_whole = written is None or say_written(written)
    say(*not_looked_at(others))
    say(*(_("{path}: {problem}", path=one.path, problem=one.problem) for one in failed))
    if failed or not is_whole:
        raise typer.Exit(DatasetError.exit_code)


def _kept(
    answers: Iterator[Prediction],
    recogniser: Path | Recogniser,
    bundle: Path,
    *,
    sort: Path | None,
    explain: Path | None,
    embeddings: Path | None,
) -> Iterator[Prediction]:
    """Let copies, heat maps and embeddings be written as answers come, where they were asked for."""
    if sort is not None:
        from whosthat.workflow.sorting import sort_copies

        answers = sort_copies(answers, sort)
    if explain is not None:
        from whosthat.workflow.explaining import explain as explain_answers

        answers = explain_answers(answers, bundle, explain)
    if embeddings is not None:
        from whosthat.workflow.embeddings import with_embeddings

        answers = with_embeddings(answers, recogniser, embeddings)
    return answers


def _opened(bundle: Path, cluster: Cluster | None) -> Recogniser:
    if cluster is None:
        from whosthat.recognition import load

        return load(bundle)
    from whosthat.workflow.cluster_predict import load_on

    return load_on(cluster, bundle)


def _watched(predictions: Iterable[Prediction], total: int, failed: list[Prediction], progress: Progress) -> Iterator[Prediction]:
    """Pass predictions on, count them, and keep those without a whole answer."""
    for done, prediction in enumerate(predictions, start=1):
        progress.step(_("photos looked at"), done, total)
        if prediction.problem:
            failed.append(prediction)
        yield prediction


def _write_csv(predictions: Iterable[Prediction]) -> None:
    from whosthat.workflow.prediction import CSV_COLUMNS, csv_rows

    writer = csv.DictWriter(sys.stdout, CSV_COLUMNS, lineterminator="\n")
    writer.writeheader()
    for prediction in predictions:
        writer.writerows(csv_rows(prediction))
