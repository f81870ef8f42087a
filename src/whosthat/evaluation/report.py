"""One self-contained ``report.html`` from the files of a run folder alone, so that it can be made again at any time.

What belongs here: choosing what the report shows and filling the template. What does not: computing figures, drawing.

The page loads nothing: style, script, drawings and photos stand inside it, and a content security policy forbids the rest.
Names of classes and files are whatever folders are called; the template escapes every one of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whosthat.errors import RunError
from whosthat.evaluation.diagnosis import Diagnosis, diagnose
from whosthat.evaluation.face_part import read_face_part
from whosthat.evaluation.metrics import matrix_of
from whosthat.evaluation.network_part import arithmetic, head_parameters, layer_words, read_network, shape_words
from whosthat.evaluation.outcomes import Answer
from whosthat.evaluation.page import MOST_NAMES, template
from whosthat.evaluation.plots import charts
from whosthat.evaluation.plots.architecture import architecture_size, describe_architecture, draw_architecture
from whosthat.evaluation.plots.canvas import inline
from whosthat.evaluation.plots.charts import History
from whosthat.evaluation.plots.flow_chart import flow_of_page
from whosthat.evaluation.plots.page_chart import laid_out
from whosthat.evaluation.plots.writing import HEAT_FILE, flow_captions, read_filters, read_photos, shown_mistakes, write_plots
from whosthat.evaluation.run_facts import RunFacts, read_metrics
from whosthat.evaluation.verdict import suspects_sentence
from whosthat.networks.layers import NetworkLayers
from whosthat.runs.files import HISTORY, REPORT, read_counts, read_environment, read_findings, read_settings, save_file
from whosthat.training.journal import read_history
from whosthat.translation import N_, _

CURVES = ("loss", "accuracy", "val_loss", "val_accuracy")
CONFUSIONS_TOLD = 3
"""So many confusions are told in words above the matrix."""

FEW_ROWS, MOST_ROWS = 30, 2_000
"""Of a longer table so many rows are shown, those first that need a look; so many more are there to be searched and sorted."""

REM_AN_INCH = 5.9
"""The widest drawing of a network just fits the page; narrower ones have words of the same size."""

_WITHOUT_CURVES = N_("Restore it, or delete it to make the report without curves.")


@dataclass(frozen=True, slots=True)
class ShownPhoto:
    """One test photo in the report: its answer, and as base64 JPEG the photo and its heat map, each empty when it was not kept."""

    answer: Answer
    jpeg: str
    heat: str = ""


def write_report(run: Path) -> Path:
    """Write a run's ``report.html`` from the files in its folder, and return it.

    ``metrics.json`` must be there; ``history.csv``, ``split.csv``, ``audit.json``, ``faces.json``, ``network.json``, ``recipe.toml``,
    ``environment.json`` and ``plots`` add their sections.

    Raises:
        RunError: ``metrics.json`` is absent, a file is damaged, or the report cannot be written.
    """
    facts = read_metrics(run)
    return save_file(run / REPORT, template("report.html.j2").render(_content(run, facts)))


def draw_plots(run: Path) -> Path:
    """Draw a run's charts anew, from the files in its folder, as PNG files to use elsewhere; return the folder that holds them.

    Raises:
        RunError: As `write_report`.
    """
    return write_plots(run, read_metrics(run), read_curves(run))


def _content(run: Path, facts: RunFacts) -> dict[str, Any]:
    history = read_curves(run)
    evaluation, photos, faces, network = facts.evaluation, read_photos(run), read_face_part(run), read_network(run)
    suspected = frozenset() if faces is None else faces.suspected
    counts, settings = read_counts(run), read_settings(run)
    diagnosis = diagnosis_of(facts, history)
    return {
        "facts": facts,
        "evaluation": evaluation,
        "verdict": diagnosis.verdict,
        "diagnosis": diagnosis,
        "training": facts.training,
        "run_path": _run_path(run),
        "counts": sorted(counts, key=lambda row: row.total)[:MOST_ROWS] if len(counts) > FEW_ROWS else counts,
        "all_counts": counts,
        "most_names": MOST_NAMES,
        "few_rows": FEW_ROWS,
        "findings": read_findings(run),
        "faces": faces,
        "settings": settings,
        "network": network,
        "layers": [(layer_words(one), shape_words(one.shape), arithmetic(one)) for one in network.layers] if network else [],
        "network_width": round(REM_AN_INCH * architecture_size(network)[0], 1) if network else 0,
        "n_learnt": head_parameters(network, settings) if network else None,
        "environment": read_environment(run),
        "n_named": sum(one.n for one in evaluation.bins),
        "suspected": suspected,
        "suspects": suspects_sentence(evaluation, suspected),
        "mix_ups": evaluation.mix_ups[:CONFUSIONS_TOLD],
        "matrix": matrix_of(evaluation),
        "scores": sorted(evaluation.per_class, key=lambda score: (not score.n, score.f1, score.name))[:MOST_ROWS],
        "mistakes": _with_photos(shown_mistakes(evaluation), photos, read_photos(run, HEAT_FILE)),
        "filters": read_filters(run),
        "grid": _with_photos(evaluation.sample(charts.GRID_PHOTOS), photos),
        "drawings": _drawings(facts, history, network),
        "n_epochs": len(history),
    }


def diagnosis_of(facts: RunFacts, history: History) -> Diagnosis:
    """Return a run's diagnosis in the present language; as it was stored, where curves are gone or judgement was another then."""
    stored = facts.diagnosis
    if bool(history) != bool(facts.training.best_epoch):
        return stored
    anew = diagnose(history, facts.evaluation, facts.training)
    same = (anew.case, anew.path, anew.verdict.grade) == (stored.case, stored.path, stored.verdict.grade)
    return anew if same else stored


def read_curves(run: Path) -> History:
    """Read a run's ``history.csv``, one row an epoch; none where there is no file, a RunError where it is damaged."""
    path = run / HISTORY
    try:
        history = read_history(path) if path.exists() else []
    except (OSError, ValueError, TypeError) as error:
        raise RunError("{path} is damaged ({error}). {advice}", path=path, error=error, advice=_(_WITHOUT_CURVES)) from error
    if not all(column in row for row in history for column in CURVES):
        raise RunError(
            "{path} is damaged: it lacks one of the columns {columns}. {advice}",
            path=path,
            columns=_(", ").join(CURVES),
            advice=_(_WITHOUT_CURVES),
        )
    return history


def _run_path(run: Path) -> str:
    """The run as one types it; the folders above are nobody's business."""
    import shlex

    folder = run.resolve()
    return shlex.quote(f"{folder.parent.name}/{folder.name}")


def _with_photos(answers: Sequence[Answer], photos: Mapping[int, str], heat: Mapping[int, str] | None = None) -> list[ShownPhoto]:
    return [ShownPhoto(answer, photos.get(answer.index, ""), (heat or {}).get(answer.index, "")) for answer in answers]


def _drawings(facts: RunFacts, history: History, network: NetworkLayers | None) -> dict[str, Any]:
    """Lay out every drawing that ``chart.html.j2`` writes; that of the network is an ``<svg>`` element already."""
    bins, path, best, learning = facts.evaluation.bins, facts.diagnosis.path, facts.training.best_epoch, facts.learning
    calibration = ("reliability", _("Reliability diagram"), charts.describe_reliability(bins))
    drawings: dict[str, Any] = {
        "reliability": laid_out(charts.reliability_chart(bins), *calibration, (4.7, 3.5)),
        "flow_chart": flow_of_page("", _("Flow chart"), path, flow_captions(facts)),
    }
    if history:
        accuracy = ("accuracy", _("Accuracy by epoch"), charts.describe_curves(history, ("accuracy", "val_accuracy")))
        loss = ("loss", _("Loss by epoch"), charts.describe_curves(history, ("loss", "val_loss")))
        drawings["accuracy"] = laid_out(charts.accuracy_chart(history, best), *accuracy)
        drawings["loss"] = laid_out(charts.loss_chart(history, best), *loss)
    if network is not None:
        words = ("architecture", _("The network"), describe_architecture(network))
        drawings["network"] = inline(architecture_size(network), words, draw_architecture, network)
    if learning is not None:
        title = _("Accuracy by photos per {each}", each=_(learning.each))
        drawings["learning"] = laid_out(charts.learning_chart(learning), "learning", title, charts.describe_learning_curve(learning))
    return drawings
