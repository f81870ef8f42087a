"""``whosthat demo``: the usual commands one after the other, on pictures that whosthat draws itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.answers import show_predictions
from whosthat.cli.check import show_audit
from whosthat.cli.options import EngineOption, about, examples, new_app, option
from whosthat.cli.output import command_line, say, show, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cli.train import show_result
from whosthat.cluster import LOCAL
from whosthat.cluster import engine as engines
from whosthat.errors import UsageError
from whosthat.translation import N_, _

app = new_app()

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help=N_("Where pictures and run are kept."))]
LessonOption = Annotated[bool, option("--lesson", N_("Learn how such a recogniser is trained, with questions to answer."))]
YesOption = Annotated[bool, option("--yes", N_("With --lesson: do not wait for answers."))]


@app.command(
    help=about(
        N_(
            "Draws seven cartoon heroes, checks the pictures, trains a recogniser, tests it, and asks it about heroes it "
            "has not seen in these pictures, and about strangers. Takes less than two minutes on two cores."
        ),
        N_(
            "--lesson explains how a network is trained, in 15 minutes: it stops before each result, so that you can "
            "predict it. Your predictions and all results are then in lesson.html."
        ),
        N_("--engine ray lets a Ray cluster find the heroes' faces, and trains on these."),
    ),
    epilog=examples("""
        demo
        demo my-demo
        demo --lesson
        demo --engine ray
    """),  # not translated: command lines
)
def demo(folder: FolderArgument = Path("demo"), lesson: LessonOption = False, yes: YesOption = False, engine: EngineOption = LOCAL) -> None:
    """Answer ``whosthat demo``."""
    if yes and not lesson:
        raise UsageError("--yes needs --lesson.")
    if lesson and engine != LOCAL:
        raise UsageError("The lesson trains a network, for which there is no other engine. Leave out --engine, or --lesson.")
    if lesson:
        from whosthat.cli.lesson import take_lesson

        take_lesson(folder, ask=not yes and sys.stdin.isatty())
        return
    say(_("Drawing seven cartoon heroes into {folder}.", folder=folder))
    from whosthat.dataset.audit import audit_folder
    from whosthat.workflow.demo import demo_recipe, draw_demo_photos
    from whosthat.workflow.loading import load
    from whosthat.workflow.predict import predict
    from whosthat.workflow.train import train

    faces = engine != LOCAL
    there = ["--engine", engine] if faces else []
    with terminal_progress() as progress:
        drawn = draw_demo_photos(folder, faces=faces, progress=progress)
        _title("check", drawn.photos)
        show_audit(audit_folder(drawn.photos, progress=progress))
    with engines(engine):  # one for both steps
        _title("train", drawn.photos, "--strangers", drawn.others, *(["--model", "faces", *there] if faces else []))
        recipe = demo_recipe(faces=faces)
        with terminal_progress() as progress:
            result = train(drawn.photos, recipe, runs=folder / "runs", strangers=drawn.others, engine=engine, progress=progress)
        show_result(result)
        _title("predict", result.run, drawn.heroes[0].parent, *there)
        recogniser = load(result.bundle, engine=engine)
        heroes, strangers = (list(predict(recogniser, paths)) for paths in (drawn.heroes, drawn.strangers))
    show_predictions([*heroes, *strangers])
    right = sum(one.names == (one.path.stem,) for one in heroes)  # a picture's file name tells who is in it
    unknown = sum(not any(one.names) for one in strangers)
    outcome = _(
        "Of {n} heroes in new pictures, {correct} correct. Of {n_strangers} strangers ({strangers}), {unknown} unknown.",
        n=len(heroes),
        correct=right,
        n_strangers=len(strangers),
        strangers=_(", ").join(one.path.stem for one in strangers),
        unknown=unknown,
    )
    show("", outcome)
    if faces:
        show_text(
            _("The face networks have learnt photos of people and miss many cartoon faces: this shows that the cluster works, no more.")
        )
    show("", _("Look at the report: {path}", path=result.run / "report.html"))


def _title(*words: object) -> None:
    """Write the command that does what comes next."""
    show("", f"$ {command_line(*words)}", "")
