"""``whosthat doctor``: what this installation can do, as a table or JSON."""

from __future__ import annotations

import typer

from whosthat.cli.options import JsonOption, examples, new_app
from whosthat.cli.output import show_json, show_table
from whosthat.translation import N_, _, pgettext

app = new_app()


@app.command(
    help=N_(
        "Versions, weights, room on the disk, the window, fonts, and whether anything tried to reach the network. The "
        "exit code is 1 when something is wrong that stops most commands."
    ),
    epilog=examples("""
        doctor
        doctor --json
    """),  # not translated: command lines
)
def doctor(as_json: JsonOption = False) -> None:
    """Answer ``whosthat doctor``."""
    from whosthat.workflow.doctor import examine

    facts = examine()
    if as_json:
        show_json(facts)
    else:
        show_table(
            ("", pgettext("heading", "what"), pgettext("heading", "found")),
            [(_(_SIGNS[fact.state]), _(fact.subject), fact.finding) for fact in facts],
        )
    if any(fact.state == "bad" for fact in facts):
        raise typer.Exit(1)


_SIGNS = {"good": N_("ok"), "note": N_("note"), "bad": N_("WRONG")}
