"""``whosthat runs``: which runs there are, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import JsonOption, RunsOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show, show_json, show_side_by_side, show_table, show_text
from whosthat.errors import UsageError
from whosthat.translation import N_, _
from whosthat.wording import percent

if TYPE_CHECKING:
    from whosthat.workflow.thresholds import RunThreshold

SHOWN_POINTS = 10
"""About so many points of a curve are shown; the JSON holds all."""

_COLUMNS = (N_("run"), N_("state"), N_("model"), N_("accuracy"), N_("started"), N_("note"))
"""What is said of every run; the other columns are settings, which are called so in every language."""

app = new_app()

HtmlOption = Annotated[Path | None, option("--html FILE", N_("Write a page with the runs as a diary, the oldest first."))]
RunArgument = Annotated[Path, argument("RUN", N_("A run's folder; runs/latest is one."))]
ValueArgument = Annotated[float | None, argument("VALUE", N_("The largest distance, or the smallest confidence, that is to get a name."))]
FittedOption = Annotated[bool, option("--fitted", N_("Go back to what training chose."))]
RunsArgument = Annotated[list[Path], argument("RUN", N_("Folders of runs; runs/latest is one."))]


@app.command(
    "list",
    help=N_("List the runs of a folder, the oldest first."),
    epilog=examples("""
        runs list
        runs list --json
    """),  # not translated: command lines
)
def list_them(runs: RunsOption = Path("runs"), as_json: JsonOption = False) -> None:
    """Answer ``whosthat runs list``."""
    from whosthat.runs.folders import list_runs

    rows = [run.to_dict() for run in list_runs(runs)]
    if as_json:
        show_json(rows)
    elif rows:
        columns = [column for column in rows[0] if column != "note" or any(row["note"] for row in rows)]
        headings = [_heading(column) for column in columns]
        cells = [[_cell(column, row) for column in columns] for row in rows]
        show_table(headings, cells, right=(_("accuracy"),), paths=(_("run"),))
    else:
        say(_('There is no run in {runs} yet. Train one with "whosthat train PHOTOS".', runs=runs))


@app.command(
    help=about(
        N_("Set runs side by side: how they ended, and every setting in which they differ, one a line."),
        N_("With --html, they become the entries of a diary: dates, notes, validation curves, and which run the validation photos choose."),
    ),
    epilog=examples("""
        runs compare runs/photos-cnn6-1 runs/photos-cnn6-2
        runs compare runs/photos-cnn6-* --html diary.html
    """),  # not translated: command lines
)
def compare(runs: RunsArgument, html: HtmlOption = None, as_json: JsonOption = False) -> None:
    """Answer ``whosthat runs compare``."""
    if html is not None:
        from whosthat.evaluation.experiments import to_dict
        from whosthat.workflow.series import write_diary

        diary = write_diary(runs, html)
        if as_json:
            show_json({"report": html, **to_dict(diary)})
        else:
            show_text(*diary.sentences)
            show("", _("Report:  {path}", path=html))
        return
    from whosthat.runs.folders import compare_runs

    rows = compare_runs(runs)
    if as_json:
        show_json(rows)
    else:
        show_side_by_side([{_heading(column): _cell(column, row) for column in row} for row in rows])


@app.command(
    help=about(
        N_("Show what a recogniser's threshold does to strangers and known people, and what others would do."),
        N_("With VALUE, the threshold is moved for good: the bundle then says what this one does. --fitted takes that back."),
    ),
    epilog=examples("""
        runs threshold runs/latest
        runs threshold runs/latest 0.45
        runs threshold runs/latest --fitted
    """),  # not translated: command lines
)
def threshold(run: RunArgument, value: ValueArgument = None, fitted: FittedOption = False, as_json: JsonOption = False) -> None:
    """Answer ``whosthat runs threshold``."""
    from whosthat.workflow.thresholds import run_threshold, save_threshold

    if fitted and value is not None:
        raise UsageError("--fitted goes back to what training chose. Leave out VALUE.")
    found = run_threshold(run) if value is None and not fitted else save_threshold(run, value)
    if as_json:
        show_json(found)
    elif found is None:
        say(_("This recogniser has no threshold: every photo gets a name."))
    else:
        _show_threshold(found)


def _show_threshold(found: RunThreshold) -> None:
    """Write what a threshold does, and a few others of its curve."""
    from whosthat.evaluation.threshold_part import in_words

    of_distances, value = found.saved.kind == "distance", found.saved.value
    if of_distances:
        show_text(_("The largest distance that gets a name is {value:.3f}.", value=value))
    else:
        show_text(_("The smallest confidence that gets a name is {value:.3f}.", value=value))
    show_text(in_words(found.at(value)))
    if found.saved != found.fitted:
        show_text(_("Training chose {fitted:.3f}.", fitted=found.fitted.value))
    if found.curve is not None:
        points = found.curve.points[:: max(1, len(found.curve.points) // SHOWN_POINTS)]
        columns = (_("distance") if of_distances else _("confidence"), _("strangers that get a name"), _("known people who stay unknown"))
        show("")
        show_table(
            columns, [(f"{point.value:.3f}", _share(point.strangers), _share(point.known_unknown)) for point in points], right=columns
        )


def _share(share: float | None) -> str:
    return "-" if share is None else percent(share)


def _cell(column: str, row: Mapping[str, object]) -> str:
    value = row[column]
    if value is None or value == "":
        return "-"
    if column == "started":
        return f"{datetime.fromisoformat(str(value)).astimezone():%Y-%m-%d %H:%M}"
    if column == "accuracy" and isinstance(value, float):
        return percent(value)
    return _(str(value)) if column == "state" else str(value)


def _heading(column: str) -> str:
    return _(column) if column in _COLUMNS else column
