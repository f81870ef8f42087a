"""``whosthat runs``: which runs there are, and in what they differ."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.options import JsonOption, RunsOption, examples, new_app
from whosthat.cli.output import cell_width, say, show, show_json, show_table, terminal_width
from whosthat.wording import percent

app = new_app("List runs, or set them side by side.")

RunsArgument = Annotated[list[Path], typer.Argument(metavar="RUN", help="Folders of runs; runs/latest is one.", show_default=False)]


@app.command("list", epilog=examples("runs list", "runs list --json"))
def list_them(runs: RunsOption = Path("runs"), as_json: JsonOption = False) -> None:
    """List the runs of a folder, the oldest first."""
    from whosthat.runs.folders import list_runs

    rows = [run.to_dict() for run in list_runs(runs)]
    if as_json:
        show_json(rows)
    elif rows:
        _show_rows(rows)
    else:
        say(f'There is no run in {runs} yet. Train one with "whosthat train PHOTOS".')


@app.command(epilog=examples("runs compare runs/photos-cnn6-1 runs/photos-cnn6-2"), no_args_is_help=True)
def compare(runs: RunsArgument, as_json: JsonOption = False) -> None:
    """Set runs side by side: how they ended, and every setting in which they differ, one a line."""
    from whosthat.runs.folders import compare_runs

    rows = compare_runs(runs)
    if as_json:
        show_json(rows)
    else:
        _show_side_by_side(rows)


def _show_rows(rows: list[dict[str, object]]) -> None:
    columns = list(rows[0])
    show_table(columns, [[_cell(column, row) for column in columns] for row in rows], right=("accuracy",), paths=("run",))


def _show_side_by_side(rows: list[dict[str, object]]) -> None:
    """Write a column for each run; as many tables as it takes to have room for all."""
    settings = [key for key in rows[0] if key != "run"]
    columns = [[str(row["run"]), *(_cell(key, row) for key in settings)] for row in rows]
    widths = [2 + max(map(cell_width, column)) for column in columns]
    room = (terminal_width(sys.stdout) or sum(widths) + 999) - max(map(cell_width, settings))
    first = 0
    while first < len(columns):
        last = next((last for last in range(first + 2, len(columns) + 1) if sum(widths[first:last]) > room), len(columns) + 1) - 1
        names, *cells = zip(["setting", *settings], *columns[first:last], strict=True)
        if first:
            show("")
        show_table(names, cells)
        first = last


def _cell(column: str, row: Mapping[str, object]) -> str:
    value = row[column]
    if value is None:
        return "-"
    if column == "started":
        return f"{datetime.fromisoformat(str(value)).astimezone():%Y-%m-%d %H:%M}"
    return percent(value) if column == "accuracy" and isinstance(value, float) else str(value)
