"""All pictures of a run, written into its ``plots`` folder: PNG files to use elsewhere, small photos for the report.

The report is rebuilt from a run folder alone; that is why the few test photos that it shows are kept here, small. It needs no PNG file: its
charts are drawn by the page (`page_chart`).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whosthat.durable import make_private_folder, replace_file
from whosthat.errors import RunError
from whosthat.evaluation.metrics import Evaluation, matrix_of
from whosthat.evaluation.network_part import read_network
from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.plots import charts
from whosthat.evaluation.plots.architecture import picture_of
from whosthat.evaluation.plots.canvas import PRINT, drawn, new_figure, picture_language, png, style
from whosthat.evaluation.plots.chart import draw_chart
from whosthat.evaluation.plots.charts import History
from whosthat.evaluation.plots.flow_chart import HEIGHT, TESTED, TRAINED, WIDTH, draw_flow_chart
from whosthat.evaluation.run_facts import RunFacts
from whosthat.evaluation.small_pictures import BASE64, small_picture
from whosthat.photos.drawing import encode_image
from whosthat.photos.reading import read
from whosthat.runs.files import PLOTS, writing
from whosthat.translation import _, using
from whosthat.types import Image
from whosthat.wording import counted, percent

MISTAKES_SHOWN = 12
"""The report shows at most this many mistakes with their photo."""

LARGE_SIDE = 320
"""Longest side of a kept photo, in pixels."""

PHOTOS_FILE = "photos.json"
"""Holds the few test photos that the report shows."""

HEAT_FILE, FILTERS_FILE = "heat.json", "filters.png"
"""What a network adds: the mistakes once more, with the heat map of the answer over them, and the filters of its first layer."""


def keep_photos(run: Path, evaluation: Evaluation, images: Any) -> None:
    """Keep, for the report, the few test photos that it shows; a RunError says that a file cannot be written.

    ``images`` gives them by `Answer.index`, each RGB uint8 ``(height, width, 3)``, or None where it cannot be read any more.
    """
    shown = {answer.index for answer in (*evaluation.sample(charts.GRID_PHOTOS), *shown_mistakes(evaluation))}
    _write(run / PLOTS, {PHOTOS_FILE: _encoded((index, images[index]) for index in sorted(shown))})


def write_plots(run: Path, facts: RunFacts, history: History) -> Path:
    """Draw every picture of a run, for use elsewhere, into its ``plots`` folder, which is returned.

    The run's folder alone is needed. There are no curves where the history (one row an epoch) has no epoch, no network where the run has no
    ``network.json``, and no grid of photos where one of them is not kept.

    Raises:
        RunError: A file is damaged, or cannot be written.
    """
    pictures = _pictures(facts, history, {index: read(base64.b64decode(encoded)) for index, encoded in read_photos(run).items()})
    if (network := read_network(run)) is not None:
        pictures["network.png"] = picture_of(network, ".png")
    _write(run / PLOTS, pictures)
    return run / PLOTS


def keep_insight(run: Path, heat: Mapping[int, Image], filters: Image | None) -> None:
    """Keep, for the report, mistakes with their heat map by `Answer.index`, and a picture of the filters; RunError as `write_plots`."""
    pictures = {} if filters is None else {FILTERS_FILE: encode_image(filters, "PNG")}
    _write(run / PLOTS, {HEAT_FILE: _encoded(heat.items()), **pictures})


def read_filters(run: Path) -> str:
    """Return the picture of the filters as a PNG in base64; empty when there is none."""
    try:
        return base64.b64encode((run / PLOTS / FILTERS_FILE).read_bytes()).decode("ascii")
    except OSError:
        return ""


def read_photos(run: Path, name: str = PHOTOS_FILE) -> dict[int, str]:
    """Return the kept test photos by `Answer.index`, each a JPEG in base64; empty when none were kept in the file of this name.

    Raises:
        RunError: The file that holds them is damaged.
    """
    path = run / PLOTS / name
    try:
        photos = {int(index): str(encoded) for index, encoded in json.loads(path.read_bytes()).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError, RecursionError) as error:
        raise RunError(
            "{path} cannot be read ({error}). Delete it: the report is then made without photos.", path=path, error=error
        ) from error
    return {index: encoded for index, encoded in photos.items() if BASE64.fullmatch(encoded)}


def shown_mistakes(evaluation: Evaluation) -> tuple[Answer, ...]:
    """Return the mistakes that are shown with their photo, the most confident first."""
    return evaluation.mistakes[:MISTAKES_SHOWN]


def flow_captions(facts: RunFacts) -> Mapping[str, str]:
    """Return this run's numbers for the stations of the flow chart, in a language that can be drawn."""
    training, evaluation = facts.training, facts.evaluation
    n = training.n_train + training.n_validation + evaluation.n
    with using(picture_language()):
        captions = {
            "data": _("{photos}, {classes}", photos=counted(n, "photo"), classes=counted(len(evaluation.labels), "class")),
            "split": _(
                "{train:,} : {validation:,} : {test:,} photos", train=training.n_train, validation=training.n_validation, test=evaluation.n
            ),
            TESTED: percent(evaluation.accuracy),
        }
        learned = facts.diagnosis.numbers.get("training accuracy")  # not translated: a key of `metrics.json`
        return captions if learned is None else {**captions, TRAINED: percent(learned)}


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    with writing(_("The pictures in {folder}", folder=folder)):
        make_private_folder(folder)
        for name, content in files.items():
            replace_file(folder / name, content)


def _encoded(photos: Iterable[tuple[int, Image | None]]) -> bytes:
    texts = {str(index): small_picture(image, LARGE_SIDE) for index, image in photos if image is not None}
    return json.dumps(texts).encode("ascii")


def _pictures(facts: RunFacts, history: History, shown: Mapping[int, Image]) -> dict[str, bytes]:
    evaluation = facts.evaluation
    sample = evaluation.sample(charts.GRID_PHOTOS)
    with using(picture_language()):
        matrix = matrix_of(evaluation)
    pictures = {
        "confusion.png": drawn(charts.confusion_size(matrix), PRINT, png, charts.draw_confusion, matrix),
        "calibration.png": drawn((5, 4), PRINT, png, draw_chart, charts.reliability_chart, evaluation.bins),
        "flow_chart.png": drawn((WIDTH, HEIGHT), PRINT, png, draw_flow_chart, facts.diagnosis.path, flow_captions(facts)),
    }
    if all(answer.index in shown for answer in sample):
        pictures["grid.png"] = drawn(charts.grid_size(len(sample)), PRINT, png, charts.draw_grid, sample, shown)
    if history:
        pictures["curves.png"] = _curves(history, facts.training.best_epoch)
    return pictures


def _curves(history: History, best_epoch: int) -> bytes:
    with style(PRINT):
        figure = new_figure(9, 3.6, PRINT)
        accuracy, loss = figure.subplots(1, 2)
        draw_chart(accuracy, charts.accuracy_chart, history, best_epoch, PRINT)
        draw_chart(loss, charts.loss_chart, history, best_epoch, PRINT)
        return png(figure)
