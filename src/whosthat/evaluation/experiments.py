"""Runs that each change something, set side by side: which one the validation photos choose, and what its test says.

What belongs here: what such a run is known by, the choice and its words, and the page with its JSON. What does not: training the runs
(`whosthat.workflow.series`), models compared by one and the same test (`comparison`).

The choice is made by validation accuracy. The test figure of the chosen run is told, and no other: the best of many test figures is the
best by luck too, and would promise more than new photos keep.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.page import template
from whosthat.evaluation.report import read_curves
from whosthat.evaluation.run_facts import TrialFacts, read_metrics, read_trial_facts
from whosthat.proportions import Interval, wilson_interval
from whosthat.runs.files import METRICS, REPORT, SPLIT, read_file, save_file
from whosthat.runs.folders import summarise
from whosthat.translation import N_, _
from whosthat.wording import counted, duration, listing, percent, percent_range

FORMAT = 1
"""The version of series.json."""

JSON_FILE, PAGE_FILE = "series.json", "series.html"

_NOT_TOLD = ("seed", "split_seed")
"""Settings that make no column: seeds are repeats."""

MOST_MATRICES, MOST_CLASSES = 24, 30
"""Of so many runs the page shows the confusion matrix, and of runs with so many classes at most."""

ABSENT = "-"
"""Stands in a table for what a run does not have."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run, as far as it has come.

    Attributes:
        run: Its folder.
        state: As in `RunSummary`.
        started: When it began, as ISO 8601; empty when that is not known.
        settings: Its recipe, one dotted key per setting.
        history: One row an epoch.
        best_epoch: Whose weights were kept, from 1; 0 before the end of training and without epochs.
        n_validation: Validation photos; 0 before the end and for models that use none.
        seconds: Time spent training.
    """

    run: Path
    state: str
    model: str
    started: str
    note: str
    settings: Mapping[str, object] = field(default_factory=dict)
    history: Sequence[Mapping[str, float]] = ()
    best_epoch: int = 0
    n_validation: int = 0
    seconds: float = 0.0
    photos: str = ""  # stands for its validation photos: the same for the same photos
    trial: TrialFacts | None = None  # what its validation photos say; None where that was not kept

    @property
    def accuracy(self) -> float | None:
        """Share of correct validation photos, 0 to 1, in the best epoch; None where it is not known."""
        return self.history[self.best_epoch - 1]["val_accuracy"] if self.best_epoch else None

    @property
    def loss(self) -> float:
        """Validation loss in that epoch."""
        return self.history[self.best_epoch - 1]["val_loss"]


@dataclass(frozen=True, slots=True)
class Row:
    """One setting: its runs, one for each seed, and what came of them.

    Attributes:
        name: What it is called in tables.
        why: Why it was tried; empty when nothing was said.
        settings: Its recipe, one dotted key per setting; of the seed, that of its first run.
        trials: Its runs, in the order of their seeds.
        failures: Why a run of it could not be trained, a sentence each.
        waiting: Whether runs of it are still to come.
    """

    name: str
    settings: Mapping[str, object] = field(default_factory=dict)
    why: str = ""
    trials: tuple[Trial, ...] = ()
    failures: tuple[str, ...] = ()
    waiting: bool = False

    @property
    def accuracies(self) -> tuple[float, ...]:
        """Validation accuracy of each run that has one."""
        return tuple(trial.accuracy for trial in self.trials if trial.accuracy is not None)

    @property
    def mean(self) -> float:
        """Mean validation accuracy; -1 where there is none, which is never the best."""
        return fmean(self.accuracies) if self.accuracies else -1.0

    @property
    def interval(self) -> Interval | None:
        """95 % confidence interval of the mean on these validation photos; None where there is none."""
        n = max((trial.n_validation for trial in self.trials), default=0)
        return wilson_interval(round(self.mean * n), n) if n and self.accuracies else None

    @property
    def state(self) -> str:
        """Where a row without validation accuracy stands, in English: it is translated where it is shown."""
        if self.failures:
            return N_("failed")
        unfinished = [trial.state for trial in self.trials if trial.state != "finished"]
        return N_("not yet") if self.waiting else unfinished[0] if unfinished else ABSENT

    @property
    def seconds(self) -> float:
        """Time spent training, all runs together."""
        return sum(trial.seconds for trial in self.trials)


@dataclass(frozen=True, slots=True)
class Experiments:
    """Rows side by side.

    Attributes:
        title: What was tried on which photos.
        rows: In the order in which they were tried.
        differing: Settings in which the runs differ, dotted keys.
        choice: The row to use; None while nothing is trained.
        best: Its run with the highest validation accuracy.
        test: How the test photos were answered by that run.
        sentences: The choice, why, and what limits it.
    """

    title: str
    rows: tuple[Row, ...]
    differing: tuple[str, ...]
    choice: Row | None
    best: Trial | None
    test: Evaluation | None
    sentences: tuple[str, ...]


def read_trial(run: Path) -> Trial:
    """Read what is known of a run, finished or not; a RunError names the file that is damaged."""
    summary = summarise(run)
    started = summary.started.isoformat(timespec="seconds") if summary.started else ""
    known = (run, summary.state, summary.model, started, summary.note, summary.recipe)
    trial = read_trial_facts(run)
    if not (run / METRICS).is_file() and trial is None:
        return Trial(*known)
    training, history = trial.training if trial else read_metrics(run).training, read_curves(run)
    best = min(training.best_epoch, len(history))
    return Trial(*known, history, best, training.n_validation, training.seconds, _validation_photos(run), trial)


def _validation_photos(run: Path) -> str:
    def parse(text: str) -> str:
        rows = csv.DictReader(text.splitlines(), strict=True)
        return hashlib.sha256(" ".join(sorted(row["sha256"] for row in rows if row["part"] == "validation")).encode()).hexdigest()

    return read_file(run / SPLIT, parse, "")


def side_by_side(title: str, rows: Sequence[Row]) -> Experiments:
    """Choose among rows by validation accuracy; the lower validation loss decides between equals.

    A RunError says that the figures of the chosen run cannot be read.
    """
    trained = [row for row in rows if row.accuracies]
    choice = max(trained, key=lambda row: (row.mean, -fmean(trial.loss for trial in row.trials if trial.best_epoch)), default=None)
    best = None if choice is None else max((one for one in choice.trials if one.best_epoch), key=lambda one: (one.accuracy or 0, -one.loss))
    test = read_metrics(best.run).evaluation if best is not None and best.state == "finished" else None
    sentences = [] if choice is None or best is None else _reasons(choice, best, trained)
    sentences += [] if best is None or test is None else _test_reasons(best, test, trained)
    if not trained:
        sentences.append(_("No run has been trained to the end yet, so there is no choice."))
    elif len({trial.photos for row in trained for trial in row.trials}) > 1:
        sentences.append(
            _(
                "The runs did not all have the same validation photos, because a setting that decides the split differs "
                "or photos changed. Part of their difference may come from the photos, or from how many classes there are."
            )
        )
    sentences += [_("{name} failed: {failure}", name=row.name, failure=failure) for row in rows for failure in row.failures]
    return Experiments(title, tuple(rows), _differing(rows), choice, best, test, tuple(sentences))


def _reasons(choice: Row, best: Trial, trained: Sequence[Row]) -> list[str]:
    n, runs = best.n_validation, len(choice.accuracies)
    known = {"name": choice.name, "mean": percent(choice.mean), "photos": counted(n, "validation photo")}  # not translated: a key
    if runs > 1:
        first = _(
            "Use {name}: on average over {runs} seeds, {mean} of {photos} correct ({lowest} to {highest}).",
            **known,
            runs=runs,
            lowest=percent(min(choice.accuracies)),
            highest=percent(max(choice.accuracies)),
        )
    else:
        first = _("Use {name}: {mean} of {photos} correct.", **known)
    sentences = [first]
    interval = choice.interval
    near = [row.name for row in trained if row is not choice and interval is not None and row.mean >= interval.low]
    if 1 < len(near) == len(trained) - 1:
        sentences.append(_("On so few validation photos all others may be as good."))
    elif near:
        sentences.append(_("On so few validation photos these may be as good: {names}.", names=listing(near)))
    return sentences


def _test_reasons(best: Trial, test: Evaluation, trained: Sequence[Row]) -> list[str]:
    sentences = [
        _(
            "Its test, which chose nothing: {accuracy} of {photos} correct ({share} interval {range}).",
            accuracy=percent(test.accuracy),
            photos=counted(test.n, "test photo"),  # not translated: a key
            share=percent(0.95),
            range=percent_range(test.interval.low, test.interval.high),
        )
    ]
    if test.interval.low <= test.baseline:
        sentences.append(
            _(
                "That is not clearly better than the baseline ({baseline}, always the most frequent class). Add photos, "
                "or train for longer.",
                baseline=percent(test.baseline),
            )
        )
    if any(trial.state == "finished" for row in trained for trial in row.trials if trial is not best):
        sentences.append(
            _(
                "Validation photos made the choice, and test photos judged the chosen run once. The other test figures "
                "are not shown: whoever takes the best of several test figures takes the luckiest, and it promises more "
                "than new photos will keep."
            )
        )
    elif len(trained) > 1:
        sentences.append(
            _(
                "Validation photos made the choice, and the chosen run alone was tested: whoever takes the best of several "
                "test figures takes the luckiest, and it promises more than new photos will keep."
            )
        )
    return sentences


def _differing(rows: Sequence[Row]) -> tuple[str, ...]:
    """Name the settings in which the rows differ."""
    settings = [row.settings for row in rows]
    keys = dict.fromkeys(key for one in settings for key in one if key not in _NOT_TOLD)
    return tuple(key for key in keys if len({repr(one.get(key)) for one in settings}) > 1)


def cells(experiments: Experiments, row: Row) -> dict[str, str]:
    """Return a row as short texts, by the heading of their column; the same on the page and on the terminal."""
    interval, trained = row.interval, [trial for trial in row.trials if trial.best_epoch]
    return {
        _("run"): row.name,
        **{key: _setting(row.settings.get(key)) for key in experiments.differing},
        _("validation"): _validation(row),
        _("{share} interval", share=percent(0.95)): ABSENT if interval is None else percent_range(interval.low, interval.high),
        _("best epoch"): _(", ").join(_("{epoch} of {n}", epoch=trial.best_epoch, n=len(trial.history)) for trial in trained) or ABSENT,
        _("training"): duration(row.seconds) if row.seconds else ABSENT,
    }


def _validation(row: Row) -> str:
    if not row.accuracies:
        return _(row.state)
    if len(row.accuracies) == 1:
        return percent(row.mean)
    lowest, highest = percent(min(row.accuracies)), percent(max(row.accuracies))
    return _("{mean} ({lowest} to {highest})", mean=percent(row.mean), lowest=lowest, highest=highest)


def to_dict(experiments: Experiments) -> dict[str, Any]:
    """Return plain values, ready for JSON; of test figures, that of the chosen run alone."""
    return {
        "format": FORMAT,
        "title": experiments.title,
        "choice": None if experiments.choice is None else experiments.choice.name,
        "run": None if experiments.best is None else experiments.best.run.name,
        "test": None
        if experiments.test is None
        else {"accuracy": experiments.test.accuracy, "interval": asdict(experiments.test.interval), "n": experiments.test.n},
        "sentences": list(experiments.sentences),
        "rows": [_row_to_dict(row, experiments.differing) for row in experiments.rows],
    }


def _row_to_dict(row: Row, differing: Sequence[str]) -> dict[str, Any]:
    return {
        "name": row.name,
        "why": row.why,
        "settings": {key: row.settings.get(key) for key in differing},
        "validation": row.mean if row.accuracies else None,
        "interval": None if row.interval is None else asdict(row.interval),
        "runs": [
            {
                "run": trial.run.name,
                "seed": trial.settings.get("seed"),
                "started": trial.started,
                "validation": trial.accuracy,
                "best_epoch": trial.best_epoch,
                "n_validation": trial.n_validation,
                "seconds": trial.seconds,
            }
            for trial in row.trials
        ],
        "failures": list(row.failures),
        "waiting": row.waiting,
    }


def write_page(path: Path, experiments: Experiments) -> Path:
    """Write the page, and return it, with links to the report of each run; a RunError says that it cannot be written."""
    from whosthat.evaluation.plots.overlay import curves, lines

    drawn = lines(experiments)
    page = template("series.html.j2").render(
        experiments=experiments,
        table=[cells(experiments, row) for row in experiments.rows],
        lines=drawn,
        curves=curves(drawn, experiments.choice) if drawn else (),
        matrices=_matrices(experiments),
        zip=zip,
        link=lambda trial: Path(os.path.relpath(trial.run / REPORT, path.parent)).as_posix(),
    )
    return save_file(path, page)


def _matrices(experiments: Experiments) -> list[tuple[str, Trial]]:
    """Return the runs whose answers on the validation photos are shown, with their names, the chosen one first."""
    named = [
        (row.name if len(row.trials) == 1 else _("{name}, seed {seed}", name=row.name, seed=trial.settings.get("seed")), trial)
        for row in experiments.rows
        for trial in row.trials
        if trial.trial is not None and len(trial.trial.labels) <= MOST_CLASSES
    ]
    return sorted(named, key=lambda one: one[1] is not experiments.best)[:MOST_MATRICES]


def write_series(folder: Path, experiments: Experiments, key: str) -> Path:
    """Write page and JSON of a series into its folder beside its runs, and return the page; ``key`` tells it from other series."""
    save_file(folder / JSON_FILE, json.dumps({**to_dict(experiments), "key": key}, allow_nan=False, indent=1))
    return write_page(folder / PAGE_FILE, experiments)


def _setting(value: object) -> str:
    if value is None:
        return ABSENT
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
