"""``whosthat demo``: the usual commands one after the other, on pictures that whosthat draws itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.answers import show_predictions
from whosthat.cli.check import show_audit
from whosthat.cli.commands import COMMANDS
from whosthat.cli.options import about, examples, new_app, option
from whosthat.cli.output import say, show
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import show_result
from whosthat.errors import UsageError
from whosthat.translation import N_, _

app = new_app()

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help=N_("Where pictures and run are kept."))]
LessonOption = Annotated[bool, option("--lesson", N_("Learn how such a recogniser is trained, with questions to answer."))]
YesOption = Annotated[bool, option("--yes", N_("With --lesson: do not wait for answers."))]


@app.command(
    help=about(
        COMMANDS["demo"],
        N_(
            "Draws seven cartoon heroes, checks the pictures, trains a recogniser, tests it, and asks it about heroes it "
            "has not seen in these pictures, and about strangers. Takes less than two minutes on two cores."
        ),
        N_(
            "--lesson explains how a network is trained, in 15 minutes: it stops before each result, so that you can "
            "predict it. Your predictions and all results are then in lesson.html."
        ),
    ),
    epilog=examples("""
        demo
        demo my-demo
        demo --lesson
    """),  # not translated: command lines
)
def demo(folder: FolderArgument = Path("demo"), lesson: LessonOption = False, yes: YesOption = False) -> None:
    """Answer ``whosthat demo``."""
    if yes and not lesson:
        raise UsageError("--yes needs --lesson.")
    if lesson:
        from whosthat.cli.lesson import take_lesson

        take_lesson(folder, ask=not yes and sys.stdin.isatty())
        return
    say(_("Drawing seven cartoon heroes into {folder}.", folder=folder))
    from whosthat.dataset.audit import audit_folder
    from whosthat.workflow.demo import demo_recipe, draw_demo_photos
    from whosthat.workflow.predict import predict
    from whosthat.workflow.train import train

    with terminal_progress() as progress:
        drawn = draw_demo_photos(folder, progress=progress)
        _title("check", drawn.photos)
        show_audit(audit_folder(drawn.photos, progress=progress))
    with terminal_progress() as progress:
        _title("train", drawn.photos, "--strangers", drawn.others)
        result = train(drawn.photos, demo_recipe(), runs=folder / "runs", strangers=drawn.others, progress=progress)
    show_result(result)
    _title("predict", result.run, drawn.heroes[0].parent)
    heroes, strangers = (list(predict(result.bundle, paths)) for paths in (drawn.heroes, drawn.strangers))
    show_predictions([*heroes, *strangers])
    right = sum(one.sightings[0].name == one.path.stem for one in heroes)  # a picture's file name tells who is in it
    unknown = sum(one.sightings[0].name is None for one in strangers)
    outcome = _(
        "Of {n} heroes in new pictures, {correct} correct. Of {n_strangers} strangers ({strangers}), {unknown} unknown.",
        n=len(heroes),
        correct=right,
        n_strangers=len(strangers),
        strangers=_(", ").join(one.path.stem for one in strangers),
        unknown=unknown,
    )
    show("", outcome)
    show("", _("Look at the report: {path}", path=result.run / "report.html"))


def _title(*words: object) -> None:
    """Write the command that does what comes next."""
    show("", " ".join(["$ whosthat", *map(str, words)]), "")
