"""``whosthat runs``: which runs there are, and in what they differ."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

from whosthat.cli.commands import COMMANDS
from whosthat.cli.options import JsonOption, RunsOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show, show_json, show_side_by_side, show_table, show_text
from whosthat.translation import N_, _
from whosthat.wording import percent

_COLUMNS = (N_("run"), N_("state"), N_("model"), N_("accuracy"), N_("started"), N_("note"))
"""What is said of every run; the other columns are settings, which are called so in every language."""

app = new_app(COMMANDS["runs"])

HtmlOption = Annotated[Path | None, option("--html FILE", N_("Write a page with the runs as a diary, the oldest first."))]
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
    no_args_is_help=True,
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
