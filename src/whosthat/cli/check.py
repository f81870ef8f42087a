"""``whosthat check``: what the data doctor found, as text or JSON, and setting doubtful photos aside."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.options import JsonOption, PhotosArgument, examples, new_app
from whosthat.cli.output import say, show, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import DatasetError, UsageError
from whosthat.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whosthat.checking.face_audit import FaceAudit
    from whosthat.dataset.audit import Audit
    from whosthat.dataset.findings import Finding
    from whosthat.workflow.check import Checkup
    from whosthat.workflow.setting_aside import Outcome

app = new_app()

FacesOption = Annotated[
    bool | None,
    typer.Option(
        "--faces/--no-faces",
        help="Look for faces, or do not; left out, it is done where nearly every photo shows one.",
        show_default=False,
    ),
]
EmbedderOption = Annotated[
    str, typer.Option("--embedder", metavar="NAME", help='Which face network of "whosthat models list" compares the faces.')
]
FixOption = Annotated[bool, typer.Option("--fix", help="Plan to set aside photos that cannot be read, show no face or somebody else.")]
YesOption = Annotated[bool, typer.Option("--yes", help="With --fix: move these photos into a folder beside PHOTOS.")]
UndoOption = Annotated[
    Path | None,
    typer.Option(
        "--undo",
        metavar="PLAN",
        exists=True,
        dir_okay=False,
        help="Move the photos of a plan back, and do nothing else.",
        show_default=False,
    ),
]


@app.command(
    epilog=examples(
        "check photos", "check photos --json > findings.json", "check photos --fix", "check photos --undo photos-set-aside/plan.csv"
    ),
    no_args_is_help=True,
)
def check(
    photos: PhotosArgument,
    faces: FacesOption = None,
    embedder: EmbedderOption = "dlib-resnet",
    fix: FixOption = False,
    yes: YesOption = False,
    undo: UndoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Look for trouble in a folder of photos.

    Files that cannot be read, photos that appear twice or under two names, classes with few photos, photos that are too
    small. In photos of people also: no face, several, small, blurred or cut faces, photos that probably show somebody
    else, people who look alike. Nothing is changed without --fix and --yes. --json names every photo.
    """
    if yes and not fix:
        raise UsageError("--yes needs --fix.")
    if undo is not None:
        _undo(undo, photos, as_json=as_json)
        return
    say(f"Looking at the photos in {photos}.")
    from whosthat.workflow.check import check

    with terminal_progress() as progress:
        checkup = check(photos, faces=faces, embedder=embedder, progress=progress)
    if as_json:
        show_json(checkup)
    else:
        show_audit(checkup.audit, checkup.faces)
    if fix:
        _fix(checkup, photos, yes=yes)


def show_audit(audit: Audit, faces: FaceAudit | None = None) -> None:
    """Write the photos of each class, then every finding; of faces also tables of suspects and look-alikes."""
    show_table(("class", "photos"), [(name, f"{count:,}") for name, count in audit.counts().items()], right=("photos",))
    show(
        "",
        f"{counted(len(audit.photos), 'photo')} of {counted(len(audit.classes), 'class')} can be used; {_set_aside(len(audit.set_aside))}.",
    )
    from whosthat.checking.face_findings import face_findings

    _show_findings((*audit.findings, *(face_findings(faces) if faces else ())))
    if faces and faces.suspects:
        show("", "Photos that may show somebody else, the most striking first:")
        rows = [
            (one.photo, one.looks_like or "somebody else", _number(one.own_distance), _number(one.nearest_distance))
            for one in faces.suspects
        ]
        show_table(("photo", "looks like", "to its own", "to the nearest other"), rows, right=("to its own", "to the nearest other"))
    if faces and faces.look_alikes:
        show("", "The people who look most alike:")
        pairs = [(pair.first, pair.second, _number(pair.distance), str(pair.confused)) for pair in faces.look_alikes]
        show_table(("person", "and", "distance", "photos confused"), pairs, right=("distance", "photos confused"))


def _show_findings(findings: Sequence[Finding]) -> None:
    from whosthat.dataset.findings import SEVERITIES

    for severity in SEVERITIES:
        for finding in findings:
            if finding.severity == severity:
                show("", f"{severity.capitalize()}: {finding.sentence}")
    if not findings:
        show("", "Nothing to worry about was found.")


def _fix(checkup: Checkup, photos: Path, *, yes: bool) -> None:
    from whosthat.workflow.setting_aside import carry_out, plan_moves, write_plan

    moves = plan_moves(checkup)
    if not moves:
        say("There is nothing to set aside.")
        return
    plan = write_plan(moves, photos)
    if not yes:
        say(f"{counted(len(moves), 'photo')} would be set aside; {plan} says which. Nothing was moved: add --yes to move.")
        return
    outcome = carry_out(plan, photos)
    say(f"{_counted(outcome)} set aside.", f"To move them back: whosthat check {photos} --undo {plan}")
    _refuse_left(outcome)


def _undo(plan: Path, photos: Path, *, as_json: bool) -> None:
    from whosthat.workflow.setting_aside import undo

    outcome = undo(plan, photos)
    say(f"{_counted(outcome)} moved back.")
    if as_json:
        show_json(outcome)
    _refuse_left(outcome)


def _counted(outcome: Outcome) -> str:
    n = len(outcome.moved)
    return f"{counted(n, 'photo')} {'was' if n == 1 else 'were'}"


def _refuse_left(outcome: Outcome) -> None:
    if outcome.left:
        say(*outcome.left)
        raise DatasetError(f"{counted(len(outcome.left), 'photo')} could not be moved.")


def _number(distance: float | None) -> str:
    return "-" if distance is None else f"{distance:.2f}"


def _set_aside(count: int) -> str:
    return "no file was set aside" if count == 0 else f"{count:,} {'file was' if count == 1 else 'files were'} set aside"
