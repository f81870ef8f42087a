"""``whosthat correct``: who a face of a library is, is not, that it is nobody or no face; listed, taken back, names changed."""

from __future__ import annotations

import sys
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import OUTPUT, JsonOption, LibraryArgument, about, argument, examples, hints, new_app, option
from whosthat.cli.output import command_line, confirmed, face_cells, say, show_first, show_json, show_table
from whosthat.errors import NameTakenError, UsageError
from whosthat.translation import N_, _, ngettext
from whosthat.wording import counted

if TYPE_CHECKING:
    from whosthat.library.facts import What
    from whosthat.workflow.library.correcting import Corrected, Correction

app = new_app()

_PHOTO_HELP = N_("A photo of the library, also one that is gone; or its SHA-256. With --undo and --redo: the number of a correction.")
PhotoArgument = Annotated[str | None, argument("PHOTO", _PHOTO_HELP)]
FaceOption = Annotated[int | None, option("--face N", N_("Which face, counted from left to right."), min=1)]
IsOption = Annotated[str | None, option("--is NAME", N_("The face is this person."))]
IsNotOption = Annotated[str | None, option("--is-not NAME", N_("The face is not this person."))]
NobodyOption = Annotated[bool, option("--nobody", N_("The face is nobody you know."))]
NoFaceOption = Annotated[bool, option("--no-face", N_("It is no face."))]
_ENROL_HELP = N_("Let the recogniser learn from this correction: the library's own, or the bundle that the library uses.")
EnrolOption = Annotated[bool, option("--enrol", _ENROL_HELP)]
AnywayOption = Annotated[bool, option("--anyway", N_("With --enrol: also when the face looks like somebody else."))]
ListOption = Annotated[bool, option("--list", N_("List what was said, the latest first, and what harms."), OUTPUT)]
UndoOption = Annotated[bool, option("--undo", N_("Take a correction back: the last one, or the one of a number."))]
RedoOption = Annotated[bool, option("--redo", N_("Let a correction hold again that was taken back."))]
RenameOption = Annotated[str | None, option("--rename OLD=NEW", N_("Call a person by another name, everywhere in the library."))]
MergeOption = Annotated[bool, option("--merge", N_("With --rename: make one person of two, where NEW is one already."))]


@app.command(
    help=about(
        N_(
            "A correction counts more than any recogniser, and outlives new scans, recognisers and networks. The later word counts. "
            "Everything is answered again at once, and you are told how many answers changed. Without an option, you see the faces of "
            "the photo."
        ),
        N_("A recogniser learns from a correction only with --enrol. Corrections that cost right answers are shown."),
    ),
    epilog=examples("""
        correct library beach.jpg
        correct library beach.jpg --face 2 --is anna
        correct library beach.jpg --face 1 --is-not tom --enrol
        correct library --list
        correct library --undo 12
        correct library --rename ana=anna --merge
    """),  # not translated: command lines
)
def correct(  # noqa: PLR0913  typer makes a parameter of each option
    library: LibraryArgument,
    photo: PhotoArgument = None,
    face: FaceOption = None,
    is_: IsOption = None,
    is_not: IsNotOption = None,
    nobody: NobodyOption = False,
    no_face: NoFaceOption = False,
    enrol: EnrolOption = False,
    anyway: AnywayOption = False,
    list_them: ListOption = False,
    undo: UndoOption = False,
    redo: RedoOption = False,
    rename: RenameOption = None,
    merge: MergeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat correct``."""
    options: dict[What, str | None] = {"is": is_, "is_not": is_not, "nobody": "" if nobody else None, "no_face": "" if no_face else None}
    given = [(what, value) for what, value in options.items() if value is not None]
    if len(given) + list_them + undo + redo + (rename is not None) > 1:
        raise UsageError("Say one thing at a time: one of --is, --is-not, --nobody, --no-face, --list, --undo, --redo and --rename.")
    if merge and rename is None:
        raise UsageError("--merge needs --rename OLD=NEW.")
    if (face is not None or enrol or anyway) and not given:
        raise UsageError("--face, --enrol and --anyway need one of --is, --is-not, --nobody and --no-face.")
    if photo is not None and (list_them or rename is not None):
        raise UsageError("--list and --rename are about the whole library. Leave out {photo}.", photo=photo)
    if list_them:
        _list(library, as_json=as_json)
    elif undo or redo:
        _take_back(library, photo, redo=redo, as_json=as_json)
    elif rename is not None:
        _rename(library, rename, merge=merge, as_json=as_json)
    elif photo is None:
        raise UsageError("Which photo? whosthat correct {library} PHOTO --is NAME, or --list.", library=library)
    elif not given:
        _show_faces(library, photo, as_json=as_json)
    else:
        from whosthat.workflow.library.correcting import correct as say_it

        what, name = given[0]
        with hints(N_("--anyway enrols it all the same.")):
            done = say_it(library, photo, what, name if what in ("is", "is_not") else None, face=face, enrol=enrol, anyway=anyway)
        _show(library, done, as_json=as_json)


def _take_back(library: Path, number: str | None, *, redo: bool, as_json: bool) -> None:
    from whosthat.workflow.library.correcting import redo_correction, undo_correction

    if number is not None and not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise UsageError("The number of a correction is expected, as --list shows it; got {number!r}.", number=number[:300])
    done = (redo_correction if redo else undo_correction)(library, None if number is None else int(number))
    _show(library, done, as_json=as_json)


def _rename(library: Path, pair: str, *, merge: bool, as_json: bool) -> None:
    from whosthat.workflow.library.correcting import rename_in_library

    name, equals, new_name = pair.partition("=")
    if not equals or not name or not new_name:
        raise UsageError("--rename takes OLD=NEW; got {pair!r}.", pair=pair[:300])
    try:
        done = rename_in_library(library, name, new_name, merge=merge)
    except NameTakenError as question:
        if not sys.stdin.isatty():
            raise UsageError("{question} --merge does it.", question=question) from question
        if not confirmed(str(question)):
            say(_("Nothing was changed."))
            return
        done = rename_in_library(library, name, new_name, merge=True)
    say(_("{name} is now called {new_name}.", name=name, new_name=new_name))
    _show(library, done, as_json=as_json)


def _show_faces(library: Path, photo: str, *, as_json: bool) -> None:
    from whosthat.workflow.library.faces import photo_in
    from whosthat.workflow.library.words import why_sentence

    faces = photo_in(library, photo).faces
    if as_json:
        show_json(faces)
        return
    rows = [(*face_cells(one.number, one.box), one.name or _("unknown"), why_sentence(one.why)) for one in faces]
    if rows:
        show_table((_("face"), _("from"), _("size"), _("person"), _("because")), rows, right=(_("face"),))
    say(_("{faces} in {photo}.", faces=counted(len(faces), "face"), photo=photo))


def _show(library: Path, done: Corrected, *, as_json: bool) -> None:
    """Say what was said, and what came of it."""
    from whosthat.workflow.library.words import changed_sentence, corrected_sentences

    say(*corrected_sentences(done, partial(_way_back, library)))
    if as_json:
        show_json(done)
    elif done.answered is not None:
        say(changed_sentence(done.answered.changed))
        unknown = _("unknown")
        rows = [(str(one.path or one.photo), str(one.face), one.before or unknown, one.after or unknown) for one in done.answered.first]
        if rows:
            show_table((_("photo"), _("face"), _("before"), _("now")), rows, right=(_("face"),), paths=(_("photo"),))


def _way_back(library: Path, number: int) -> str:
    return command_line("correct", library, "--undo", number)


def _list(library: Path, *, as_json: bool) -> None:
    from whosthat.workflow.library.correcting import corrections
    from whosthat.workflow.library.words import effect_sentences

    found = corrections(library)
    if as_json:
        show_json(found)
        return
    columns = (_("number"), _("said"), _("photo"), _("face"), _("what"), _("enrolled"))
    rows = [_row(one) for one in found]
    if rows:
        show_first(columns, rows, right=columns[:1], paths=(_("photo"),))
    say(ngettext("{n} correction.", "{n:,} corrections.", len(found)))
    for one in found:
        if one.effect is not None and (one.effect.harms or one.effect.is_doubtful) and one.fact.undone_at is None:
            say(_("Correction {number}:", number=one.fact.number), *effect_sentences(one.effect, partial(_way_back, library)))


def _row(one: Correction) -> tuple[str, ...]:
    from whosthat.workflow.library.words import what_was_said

    fact = one.fact
    when = datetime.fromtimestamp(fact.said_at).strftime("%Y-%m-%d %H:%M")  # not translated: ISO 8601
    many = N_("{faces} named in other programs") if fact.how == "metadata" else N_("{faces} of groups")
    faces = counted(one.n_faces, "face") if one.n_faces else ""  # what was merged once is not known
    if fact.what == "merged":
        return str(fact.number), when, faces, "", what_was_said(fact), ""
    photo = str(one.path or fact.photo) if one.n_faces == 1 else _(many, faces=faces)
    enrolled = _("yes") if fact.undone_at is None and (fact.enrolled or fact.how != "face") else ""
    return str(fact.number), when, photo, "" if one.n_faces > 1 else str(one.face or ""), what_was_said(fact), enrolled
