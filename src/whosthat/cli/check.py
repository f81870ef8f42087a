"""``whosthat check``: what the data doctor found, as text or JSON, and setting doubtful photos aside."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import EngineOption, JsonOption, PhotosArgument, examples, new_app, option
from whosthat.cli.output import command_line, say, show, show_first, show_json, show_text
from whosthat.cli.terminal import terminal_progress
from whosthat.cluster import LOCAL
from whosthat.errors import DatasetError, UsageError
from whosthat.translation import N_, _, ngettext, pgettext
from whosthat.wording import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from whosthat.checking.face_audit import FaceAudit
    from whosthat.dataset.audit import Audit
    from whosthat.dataset.findings import Finding
    from whosthat.types import SetAside
    from whosthat.workflow.check import Checkup
    from whosthat.workflow.setting_aside import Outcome

app = new_app()

SHOWN_FINDINGS = 6
"""So many findings are shown; the JSON holds all."""

WORST = ("two-names", "wrong-person", "look-alikes-across", "odd-names", "unreadable")
"""Kinds of findings that come first among those of one severity: what they tell of teaches wrong names."""

_SEVERITIES = {
    "problem": (N_("Problem: {finding}"), "red"),
    "warning": (N_("Warning: {finding}"), "yellow"),
    "note": (N_("Note: {finding}"), ""),
}
"""How a finding of each severity is written, and its colour."""

_FACES_HELP = N_("Look for faces, or do not; left out, it is done where nearly every photo shows one.")
FacesOption = Annotated[bool | None, option("--faces/--no-faces", _FACES_HELP)]
_FRAMES_HELP = N_("Look at videos and folders of numbered frames as clips, of each of which a network sees N frames.")
FramesOption = Annotated[int | None, option("--frames N", _FRAMES_HELP, min=2)]
EmbedderOption = Annotated[str, option("--embedder NAME", N_('Which face network of "whosthat models list" compares the faces.'))]
HtmlOption = Annotated[
    Path | None, option("--html FILE", N_("Also write a page: photos and number of each class, and every finding with its photos."))
]
FixOption = Annotated[bool, option("--fix", N_("Plan to set aside photos that cannot be read, show no face or somebody else."))]
YesOption = Annotated[bool, option("--yes", N_("With --fix: move these photos into a folder beside PHOTOS."))]
UndoOption = Annotated[
    Path | None, option("--undo PLAN", N_("Move the photos of a plan back, and do nothing else."), exists=True, dir_okay=False)
]


@app.command(
    help=N_(
        "Files that cannot be read, photos that appear twice or in two folders, classes with few photos, photos that "
        "are too small. In photos of people also: no face, several, small, blurred or cut faces, photos that probably "
        "show somebody else, people who look alike. No photo is moved without --fix and --yes; --fix alone writes a "
        "plan. --json names every photo."
    ),
    epilog=examples("""
        check photos
        check photos --html check.html
        check photos --json > findings.json
        check photos --fix
        check photos --undo photos-set-aside/plan.csv
    """),  # not translated: command lines
)
def check(  # noqa: PLR0913  typer makes a parameter of each option
    photos: PhotosArgument,
    faces: FacesOption = None,
    frames: FramesOption = None,
    embedder: EmbedderOption = "auto",
    engine: EngineOption = LOCAL,
    html: HtmlOption = None,
    fix: FixOption = False,
    yes: YesOption = False,
    undo: UndoOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat check``."""
    if yes and not fix:
        raise UsageError("--yes needs --fix.")
    if faces and frames:
        raise UsageError("--faces looks for faces in photos, and --frames at clips as a whole. Choose one.")
    if undo is not None:
        _undo(undo, photos, as_json=as_json)
        return
    say(_("Looking at the photos in {photos}.", photos=photos))
    from whosthat.workflow.check import check

    with terminal_progress() as progress:
        checkup = check(photos, faces=faces, frames=frames, embedder=embedder, engine=engine, page=html, progress=progress)
    if as_json:
        show_json(checkup)
    else:
        show_audit(checkup.audit, checkup.faces)
    if html is not None:
        say(_("The page is {html}.", html=html))
    if fix:
        _fix(checkup, photos, yes=yes)


def show_audit(audit: Audit, faces: FaceAudit | None = None) -> None:
    """Write what was found, the worst first; of faces also tables of suspects and look-alikes; then the photos of each class."""
    from whosthat.checking.face_findings import face_findings

    photos, classes = counted(len(audit.photos), "photo"), counted(len(audit.classes), "class")
    show_text(_("{photos} of {classes} can be used; {files}.", photos=photos, classes=classes, files=_set_aside(audit.set_aside)))
    _show_findings((*audit.findings, *(face_findings(faces) if faces else ())))
    if faces and faces.suspects:
        show("", _("Photos that may show somebody else, the most striking first:"))
        photo, *numbers = _("photo"), _("to its own"), _("to the nearest other")
        rows = [
            (one.photo, one.looks_like or _("somebody else"), _number(one.own_distance), _number(one.nearest_distance))
            for one in faces.suspects
        ]
        show_first((photo, _("looks like"), *numbers), rows, right=numbers, paths=(photo,))
    if faces and faces.look_alikes:
        show("", _("The people who look most alike:"))
        pairs = [(pair.first, pair.second, _number(pair.distance), str(pair.confused)) for pair in faces.look_alikes]
        numbers = [_("distance"), _("photos confused")]
        show_first((_("person"), pgettext("heading", "and"), *numbers), pairs, right=numbers)
    show("")
    columns = (_("class"), _("photos"))
    show_first(columns, [(name, f"{count:,}") for name, count in audit.counts().items()], right=columns[1:])


def _show_findings(findings: Sequence[Finding]) -> None:
    from whosthat.dataset.findings import SEVERITIES

    def weight(finding: Finding) -> tuple[int, int]:
        return SEVERITIES.index(finding.severity), WORST.index(finding.kind) if finding.kind in WORST else len(WORST)

    for finding in sorted(findings, key=weight)[:SHOWN_FINDINGS]:
        show("")
        lead, colour = _SEVERITIES[finding.severity]
        show_text(_(lead, finding=finding.sentence), colour=colour)
    if len(findings) > SHOWN_FINDINGS:
        show("", _("And {n} more (--json shows all).", n=len(findings) - SHOWN_FINDINGS))
    if not findings:
        show("")
        show_text(_("No problems found."), colour="green")


def _fix(checkup: Checkup, photos: Path, *, yes: bool) -> None:
    from whosthat.workflow.setting_aside import carry_out, plan_moves, write_plan

    moves = plan_moves(checkup)
    if checkup.faces and (unlike := sum(len(one.photos) for one in checkup.faces.unlike)):
        say(_("Not set aside: {photos}, perhaps of another age. Look, and move what is somebody else.", photos=counted(unlike, "photo")))
    if not moves:
        say(_("There is nothing to set aside."))
        return
    plan = write_plan(moves, photos)
    if not yes:
        say(
            _(
                "{photos} would be set aside; {plan} lists them. Nothing was moved. Add --yes to move them.",
                photos=counted(len(moves), "photo"),
                plan=plan,
            )
        )
        return
    outcome = carry_out(plan, photos)
    n = len(outcome.moved)
    say(ngettext("{photos} was set aside.", "{photos} were set aside.", n, photos=counted(n, "photo")))
    say(_("To move them back: {command}", command=command_line("check", photos, "--undo", plan)), wrap=False)
    _refuse_left(outcome)


def _undo(plan: Path, photos: Path, *, as_json: bool) -> None:
    from whosthat.workflow.setting_aside import undo

    outcome = undo(plan, photos)
    n = len(outcome.moved)
    say(ngettext("{photos} was moved back.", "{photos} were moved back.", n, photos=counted(n, "photo")))
    if as_json:
        show_json(outcome)
    _refuse_left(outcome)


def _refuse_left(outcome: Outcome) -> None:
    if outcome.left:
        say(*outcome.left)
        raise DatasetError("{photos} could not be moved.", photos=counted(len(outcome.left), "photo"))


def _number(distance: float | None) -> str:
    return "-" if distance is None else f"{distance:.2f}"


def _set_aside(files: Sequence[SetAside]) -> str:
    """Say how many files are not used, and how many of them people take for photos."""
    from whosthat.dataset.folder import NO_PHOTO_BUT

    reasons = Counter(file.reason for file in files)
    kinds = [counted(reasons[reason], kind) for kind, reason in NO_PHOTO_BUT.items() if reasons[reason]]
    if not files:
        return _("no file was set aside")
    left = counted(len(files), "file")
    if not kinds:
        return _("{files} set aside", files=left)
    if len(kinds) == 1:
        return _("{files} set aside, among them {kind}", files=left, kind=kinds[0])
    return _("{files} set aside, among them {first} and {second}", files=left, first=kinds[0], second=kinds[1])
