"""What ``metrics.json`` and ``trial.json`` of a run hold: the one definition that their writer (training) and their readers share.

What belongs here: the shape of these files, writing and reading them. What does not: computing any of it.

``metrics.json`` is one JSON object: ``format`` (3), ``outcomes`` (those of the test, at the top for programs) and the fields of `RunFacts`,
dataclasses as objects and tuples as lists.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from whosthat.checking.costly import CostlyPhotos
from whosthat.errors import RunError, system_reason
from whosthat.evaluation.diagnosis import Diagnosis, Training
from whosthat.evaluation.learning_curve import LearningCurve
from whosthat.evaluation.metrics import Evaluation
from whosthat.runs.files import METRICS, TRIAL, checked, read_file, save_file
from whosthat.translation import _

FORMAT = 3
"""The version of metrics.json that is written. Format 2 held the confusion matrix as rows, most of them zeros, and is still read; format 1
counted no outcomes, and cannot be made into format 2."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """A tested run in numbers and words.

    Attributes:
        photos: Name of the photo folder, without its place on the disk.
        created: When the test was made, as ISO 8601 with a time zone.
        temperature: What confidence was calibrated with, fitted on the validation photos; 1 changes nothing.
        notes: How names are given and refused, in whole sentences; empty where everything gets a name.
        learning: Accuracy against photos per person; None where learning anew would take too long.
        costly: Of faces, training photos that cost right answers, as in ``faces.json`` when the run was tested.
    """

    photos: str
    created: str
    temperature: float
    training: Training
    evaluation: Evaluation
    diagnosis: Diagnosis
    notes: tuple[str, ...] = ()
    learning: LearningCurve | None = None
    costly: tuple[CostlyPhotos, ...] = ()


@dataclass(frozen=True, slots=True)
class TrialFacts:
    """A trained network before its test: what its validation photos say.

    Attributes:
        labels: The classes.
        confusion: Counts of validation photos, a row for each class and a column for each likeliest answer.
    """

    training: Training
    labels: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]


def write_trial(run: Path, facts: TrialFacts) -> None:
    """Write the ``trial.json`` of a run, whole or not at all; a `RunError` says that it cannot be written."""
    save_file(run / TRIAL, json.dumps(asdict(facts), allow_nan=False))


def read_trial_facts(run: Path) -> TrialFacts | None:
    """Read a run's ``trial.json``; None where there is none, and a `RunError` where it is damaged."""

    def parse(text: str) -> TrialFacts:
        facts = checked(TrialFacts, json.loads(text))
        if {len(facts.labels), *map(len, facts.confusion)} != {len(facts.confusion)}:
            raise ValueError(f"{len(facts.confusion)} rows for {len(facts.labels)} classes")  # not translated: told as damage
        return facts

    return read_file(run / TRIAL, parse, None)


def write_metrics(run: Path, facts: RunFacts) -> Path:
    """Write the ``metrics.json`` of a run whose folder exists, whole or not at all; a `RunError` says that it cannot be written."""
    document = {"format": FORMAT, "outcomes": asdict(facts.evaluation.outcomes), **asdict(facts)}
    text = json.dumps(document, allow_nan=False, indent=1)  # ASCII: a file name may hold lone surrogates
    return save_file(run / METRICS, text, _("Make room, or choose another folder with --runs."))


def read_metrics(run: Path) -> RunFacts:
    """Read a run's ``metrics.json``.

    Raises:
        RunError: There is no such file yet, it is damaged, or a newer whosthat wrote it.
    """
    from pydantic import TypeAdapter, ValidationError

    path = run / METRICS
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(
            "{path} cannot be read ({error}). A run has it once its test is done; an interrupted run goes on with "
            "whosthat train --resume {run}.",
            path=path,
            error=system_reason(error),
            run=run,
        ) from error
    try:
        document = json.loads(content)
        if document["format"] > FORMAT:
            raise RunError(
                "{path} has format {format}, and this whosthat reads up to {newest}. Install a newer whosthat.",
                path=path,
                format=document["format"],
                newest=FORMAT,
            )
        if document["format"] == 2:
            rows = enumerate(document["evaluation"]["confusion"])
            document["evaluation"]["confusion"] = [(truth, answer, n) for truth, row in rows for answer, n in enumerate(row) if n]
        elif document["format"] < FORMAT:
            raise RunError(
                "{path} is of an older whosthat, which did not count unknown photos and those without a face. Train again.", path=path
            )
        facts = TypeAdapter(RunFacts).validate_python(document)
    except ValidationError as error:
        first = error.errors()[0]
        raise RunError(
            "{path} is damaged: {entry}: {error}. Test the run's bundle again with whosthat evaluate.",
            path=path,
            entry=".".join(map(str, first["loc"])),
            error=first["msg"],
        ) from error
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RunError("{path} is damaged: it is not the JSON object that whosthat writes ({error}).", path=path, error=error) from error
    _check_sizes(facts.evaluation, path)
    return facts


def _check_sizes(evaluation: Evaluation, path: Path) -> None:
    n_classes, n = len(evaluation.labels), evaluation.n
    places = all(0 <= truth < n_classes and 0 <= answer < n_classes + 2 and count > 0 for truth, answer, count in evaluation.confusion)
    sums = (len(evaluation.per_class), len(evaluation.answers), sum(count for *_, count in evaluation.confusion)) == (n_classes, n, n)
    if not (places and sums and evaluation.bins):
        raise RunError(
            "{path} is damaged: its tables do not fit {n_classes} classes and {n} test photos.", path=path, n_classes=n_classes, n=n
        )
