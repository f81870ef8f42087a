"""``whosthat report``: the report of a run, written again from what the run kept."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import Annotated

from whosthat.cli.options import JsonOption, argument, examples, new_app, option
from whosthat.cli.output import show, show_json
from whosthat.translation import N_

app = new_app()

RunArgument = Annotated[Path, argument("RUN", N_("A run's folder, or runs/latest."))]
OpenOption = Annotated[bool, option("--open", N_("Open the report in the browser."))]


@app.command(
    help=N_(
        "The report is made from what the run's folder holds, and its charts are drawn as PNG files into the folder plots; nothing is "
        "trained or tested again."
    ),
    epilog=examples("report runs/latest --open"),  # not translated: a command line
)
def report(run: RunArgument, open_it: OpenOption = False, as_json: JsonOption = False) -> None:
    """Answer ``whosthat report``."""
    from whosthat.evaluation.report import draw_plots, write_report
    from whosthat.runs.folders import existing_run
    from whosthat.runs.lock import run_lock

    folder = existing_run(run)
    with run_lock(folder):
        page = write_report(folder)
        plots = draw_plots(folder)
    if as_json:
        show_json({"report": page, "plots": plots})
    else:
        show(str(page))
    if open_it:
        webbrowser.open(page.resolve().as_uri())
