"""Runs for the page: all of them at a glance, one in words and figures, several side by side.

What belongs here: gathering what a run's files say (`runs`, `evaluation`) in the shape that the page shows. What does not: judging.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from whosthat.errors import RunError
from whosthat.evaluation.metrics import Evaluation
from whosthat.evaluation.page import local_time
from whosthat.evaluation.report import diagnosis_of, read_curves
from whosthat.evaluation.run_facts import RunFacts, read_metrics
from whosthat.evaluation.threshold_part import in_words
from whosthat.evaluation.verdict import TOO_FEW, judge
from whosthat.runs.files import BUNDLE, METRICS, read_counts
from whosthat.runs.folders import RunSummary, compare_runs, list_runs, summarise
from whosthat.server.refusals import not_found
from whosthat.translation import _
from whosthat.wording import duration, percent
from whosthat.workflow.thresholds import run_threshold

MOST_RUNS = 500
"""So many runs are listed, the newest."""

MOST_COMPARED = 8

LONGEST_NAME = 63
"""Characters of a run's name: four bytes each are what a file system takes."""

GOOD = {"very good": "good", "good": "good", "fair": "fair", "poor": "poor", TOO_FEW: "none"}  # not translated: grades
"""How the page marks a grade."""


class Runs:
    """The runs of a folder; what was read of a run is kept until its figures change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._glances: dict[tuple[Path, int], dict[str, Any]] = {}
        self._lock = threading.Lock()

    def place(self, name: str) -> Path:
        """Return a run's folder by its name; `Refusal` where there is none."""
        run = self.folder / name
        known = name and name == Path(name).name and not name.startswith(".") and not {"\\", "\0"} & set(name) and len(name) <= LONGEST_NAME
        if not known or run.is_symlink() or not run.is_dir():
            raise not_found(name[:100])
        return run

    def listed(self) -> list[dict[str, Any]]:
        """Return every run at a glance, the newest first."""
        return [self._glance(run) for run in reversed(list_runs(self.folder)[-MOST_RUNS:])]

    def _glance(self, run: RunSummary) -> dict[str, Any]:
        shown = {
            "name": run.name,
            "model": run.model,
            "made": None if run.started is None else run.started.isoformat(timespec="seconds"),
            "accuracy": run.accuracy,
            "finished": run.state == "finished",  # not translated: a `State`
        }
        return {**shown, **self._counted(run.path)}

    def _counted(self, run: Path) -> dict[str, Any]:
        """Count people and photos; remembered by the time at which the figures were written."""
        try:
            key = run, (run / METRICS).stat().st_mtime_ns
        except OSError:
            key = run, 0
        with self._lock:
            if key in self._glances:
                return self._glances[key]
        try:
            counts = read_counts(run)
        except RunError:
            counts = ()
        found = {"people": len(counts), "photos": sum(one.total for one in counts)}
        with self._lock:
            if key[1]:
                self._glances[key] = found
        return found

    def shown(self, name: str, threshold: float | None) -> dict[str, Any]:
        """Return a run in words and figures, with the threshold that is set now; None for the run's own."""
        run = self.place(name)
        summary, facts = summarise(run), read_metrics(run) if (run / METRICS).is_file() else None
        return {
            **self._glance(summary),
            **(_of_a_test(run, facts) if facts is not None else _UNTESTED),
            "people": _people(run, None if facts is None else facts.evaluation),
            "threshold": threshold_of(run, threshold),
        }

    def compared(self, names: Sequence[str]) -> dict[str, Any]:
        """Return runs side by side: a row for each thing in which they differ."""
        runs = [self.place(name) for name in dict.fromkeys(names)][:MOST_COMPARED]
        rows = compare_runs(runs)
        keys = list(dict.fromkeys(key for row in rows for key in row if key != "run"))
        told = {"state": _("state"), "model": _("model"), "accuracy": _("accuracy"), "started": _("started"), "note": _("note")}
        return {
            "columns": ["", *(run.name for run in runs)],
            "rows": [[told.get(key, key), *(_cell(key, row.get(key)) for row in rows)] for key in keys],
            "sentence": _best(rows),
        }


def threshold_of(run: Path, value: float | None) -> dict[str, Any] | None:
    """Return a run's threshold with the curve behind it; None where every photo gets a name, or nothing is saved."""
    known = run_threshold(run / BUNDLE) if (run / BUNDLE).is_dir() else None
    if known is None:
        return None
    saved, fitted = known.saved, known.fitted
    now = saved.value if value is None else value
    points = known.curve.points if known.curve is not None else ()
    values = [point.value for point in points] or ([0.05, 2 * fitted.value] if fitted.kind == "distance" else [0.0, 0.999])
    low, high = min(values[0], now), max(values[-1], now)
    return {
        "value": now,
        "saved": saved.value,
        "fitted": fitted.value,
        "kind": "distance" if fitted.kind == "distance" else "confidence",  # not translated: for programs
        "low": low,
        "high": high,
        "step": (high - low) / 200,
        "sentence": in_words(known.at(now)),
        "how": fitted.how,
        "curve": [{**point._asdict(), "sentence": in_words(point)} for point in points],
    }


_UNTESTED: Mapping[str, Any] = {"verdict": None, "figures": [], "facts": [], "cautions": []}


def _of_a_test(run: Path, facts: RunFacts) -> dict[str, Any]:
    evaluation, verdict = facts.evaluation, judge(facts.evaluation)
    outcomes, step = evaluation.outcomes, diagnosis_of(facts, read_curves(run)).next_step
    figures = [
        (percent(evaluation.accuracy), _("correct")),
        (f"{outcomes.wrong:,}", _("wrong")),
        (f"{outcomes.unknown:,}", _("unknown")),
        (f"{outcomes.no_face:,}", _("without a face")),
        *([(percent(evaluation.closed_set), _("closed-set accuracy"))] if len(evaluation.labels) > 1 else []),
    ]
    training = facts.training
    told = [
        (_("photos"), facts.photos),
        (_("tested"), local_time(facts.created)),
        (_("test photos"), f"{evaluation.n:,}"),
        (_("training photos"), f"{training.n_train:,}"),
        (_("time"), duration(training.seconds)),
    ]
    return {
        "verdict": {"grade": GOOD[verdict.grade], "sentence": verdict.sentence, "next": step.sentence},
        "figures": [{"value": value, "label": label} for value, label in figures],
        "facts": [{"label": label, "value": value} for label, value in told],
        "cautions": list(verdict.cautions),
    }


def _people(run: Path, evaluation: Evaluation | None) -> list[dict[str, Any]]:
    """Return how everybody fared in the test, the worst first; before it, how many photos there are."""
    scores = {} if evaluation is None else {score.name: score for score in evaluation.per_class}
    rows = []
    for counts in read_counts(run):
        score = scores.get(counts.name)
        correct = None if score is None else round(score.recall * score.n)
        rows.append({"name": counts.name, "photos": counts.total, "correct": correct, "test": 0 if score is None else score.n})
    return sorted(rows, key=lambda row: (row["correct"] / row["test"] if row["test"] else 2.0, str(row["name"])))


def _cell(key: str, value: object) -> str:
    if value is None:
        return "-"
    if key == "accuracy" and isinstance(value, float):
        return percent(value)
    if key == "started" and isinstance(value, str):
        return local_time(value)
    return _(str(value)) if key == "state" else str(value)


def _best(rows: Sequence[Mapping[str, object]]) -> str:
    """Say which of the runs answered best in its test, and that tests on other photos do not compare."""
    tested = [(float(accuracy), str(row["run"])) for row in rows if isinstance(accuracy := row["accuracy"], float)]
    if len(tested) < 2:
        return _("Fewer than two of these runs were tested.")
    accuracy, name = max(tested)
    return _(
        "{run} has the highest accuracy: {accuracy}. That counts where both were tested on the same photos.",
        run=name,
        accuracy=percent(accuracy),
    )
