"""``whosthat people BUNDLE``: whom a face recogniser knows, and changing that without training again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from whosthat.cli.options import BundleArgument, JsonOption, NounFirst, about, argument, examples, hints, new_app, option
from whosthat.cli.output import face_cells, say, show_json, show_table
from whosthat.cli.terminal import terminal_progress
from whosthat.translation import N_, _
from whosthat.wording import counted

app = new_app()

NameArgument = Annotated[str, argument("NAME", N_("The person's name."))]
NewNameArgument = Annotated[str, argument("NEW_NAME", N_("The name from now on."))]
PathsArgument = Annotated[list[Path], argument("PHOTOS...", N_("Photos of this one person: files and folders."))]
PhotoArgument = Annotated[Path, argument("PHOTO", N_("The photo in which the name is wrong."))]
EnrolledArgument = Annotated[str, argument("PHOTO", N_("The enrolled photo: its file, or its name as photos lists it."))]
ChosenPhotoArgument = Annotated[Path, argument("PHOTO", N_("The file of an enrolled photo."))]
ChosenFaceOption = Annotated[int | None, option("--face N", N_("Enrol the Nth face, counted from left to right, instead."), min=1)]
WhoseOption = Annotated[str | None, option("--name NAME", N_("Whose photo it is, where it is several people's."))]
FaceOption = Annotated[int | None, option("--face N", N_("Enrol the Nth face of the one photo, counted from left to right."), min=1)]
_ANYWAY_HELP = N_(
    "Enrol the photos even if they do not seem to show one person, show somebody who is known already, or the person at another age."
)
AnywayOption = Annotated[bool, option("--anyway", _ANYWAY_HELP)]


@app.callback(
    cls=NounFirst,
    epilog=examples("""
        people runs/latest list
        people runs/latest add anna holiday/anna
    """),  # not translated: command lines
)
def people(ctx: typer.Context, bundle: BundleArgument) -> None:
    """Keep the bundle for the command that follows it."""
    ctx.obj = bundle


@app.command(
    "list",
    help=N_("List the people with the number of their enrolled photos."),
    epilog=examples("people runs/latest list"),  # not translated: a command line
)
def list_them(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Answer ``whosthat people BUNDLE list``."""
    from whosthat.workflow.people import how_searched, list_people

    people = list_people(ctx.obj)
    if as_json:
        show_json(people)
    else:
        columns = (_("person"), _("photos"))
        show_table(columns, [(one.name, f"{one.photos:,}") for one in people], right=columns[1:])
        say(*filter(None, [how_searched(ctx.obj)]))


@app.command(
    help=about(
        N_("Enrol photos of somebody, new or known."),
        N_(
            "Photos that do not show one person, or show somebody who is enrolled under another name, are refused. Where a "
            "photo shows several faces, the only one that fits the person's other photos is taken; if that is not clear, "
            "the photo is refused with its faces numbered, and --face chooses. Faces less than half as large as the largest "
            "count as bystanders. The threshold is unchanged."
        ),
    ),
    epilog=examples("""
        people runs/latest add anna holiday/anna
        people runs/latest add anna party.jpg --face 2
    """),  # not translated: command lines
)
def add(
    ctx: typer.Context,
    name: NameArgument,
    photos: PathsArgument,
    face: FaceOption = None,
    anyway: AnywayOption = False,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat people BUNDLE add``."""
    from whosthat.workflow.people import add_person

    with terminal_progress() as progress, hints(N_("--anyway enrols them all the same.")):
        added = add_person(ctx.obj, name, photos, face=face, anyway=anyway, progress=progress)
    say(*(_("{path} was not enrolled: {reason}.", path=item.path, reason=_(item.reason)) for item in added.left), *added.notes)
    say(
        _(
            "{photos} of {name} enrolled. The threshold is unchanged (distance {threshold:.3f}).",
            photos=counted(len(added.photos), "photo"),
            name=added.name,
            threshold=added.threshold,
        )
    )
    if as_json:
        show_json(added)


@app.command(
    help=about(
        N_("Remove somebody: embeddings, cache entries, pictures in the run."),
        N_(
            "A receipt beside the bundle says what was deleted. The photos themselves, other runs and copies of the bundle are not touched."
        ),
    ),
    epilog=examples("people runs/latest remove anna"),  # not translated: a command line
)
def remove(ctx: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Answer ``whosthat people BUNDLE remove``."""
    from whosthat.workflow.removing import remove_person

    removed = remove_person(ctx.obj, name)
    receipt = removed.receipt
    say(
        _(
            "{name} was removed: {embeddings} deleted. The threshold is unchanged (distance {threshold:.3f}).",
            name=receipt.removed,
            embeddings=counted(receipt.embeddings, "embedding"),
            threshold=removed.threshold,
        )
    )
    say(_("The receipt is {path}.", path=removed.file), receipt.kept, *receipt.elsewhere)
    if as_json:
        show_json(receipt)


@app.command(
    help=N_("Call somebody by another name."),
    epilog=examples("people runs/latest rename anna anna_k"),  # not translated: a command line
)
def rename(ctx: typer.Context, name: NameArgument, new_name: NewNameArgument) -> None:
    """Answer ``whosthat people BUNDLE rename``."""
    from whosthat.workflow.people import rename_person

    rename_person(ctx.obj, name, new_name)
    say(_("{name} is now called {new_name}.", name=name, new_name=new_name))


@app.command(
    "rule-out",
    help=about(
        N_("Take somebody's name from a face that is not theirs."),
        N_("The face of the photo that gets the name, and faces that are nearer to it than to the person, do not get it any more."),
    ),
    epilog=examples("people runs/latest rule-out anna party.jpg"),  # not translated: a command line
)
def rule_out_face(ctx: typer.Context, name: NameArgument, photo: PhotoArgument) -> None:
    """Answer ``whosthat people BUNDLE rule-out``."""
    from whosthat.workflow.people import rule_out

    rule_out(ctx.obj, name, photo)
    say(_("The face in {photo}, and those like it, are not called {name} any more.", photo=photo, name=name))


@app.command(
    help=N_("List the enrolled photos of somebody."),
    epilog=examples("people runs/latest photos anna"),  # not translated: a command line
)
def photos(ctx: typer.Context, name: NameArgument, as_json: JsonOption = False) -> None:
    """Answer ``whosthat people BUNDLE photos``."""
    from whosthat.workflow.people_photos import photos_of

    enrolled = photos_of(ctx.obj, name)
    if as_json:
        show_json(enrolled)
    else:
        show_table((_("photo"), "SHA-256"), [(photo.name, photo.sha256[:12]) for photo in enrolled])  # not translated: a name


@app.command(
    "remove-photo",
    help=about(
        N_("Take back one enrolled photo of somebody."),
        N_("The person stays, with the other photos. To erase somebody, use remove."),
    ),
    epilog=examples("people runs/latest remove-photo anna party.jpg"),  # not translated: a command line
)
def remove_one_photo(ctx: typer.Context, name: NameArgument, photo: EnrolledArgument) -> None:
    """Answer ``whosthat people BUNDLE remove-photo``."""
    from whosthat.workflow.people_photos import remove_photo

    removed = remove_photo(ctx.obj, name, photo)
    say(_("{photo} is no longer enrolled as a photo of {name}.", photo=removed.name, name=name))


@app.command(
    "choose-face",
    help=about(
        N_("Show which face of an enrolled photo is enrolled, or choose another."),
        N_("Faces are counted from left to right. Without --face, nothing is changed."),
    ),
    epilog=examples("""
        people runs/latest choose-face party.jpg
        people runs/latest choose-face party.jpg --face 2
    """),  # not translated: command lines
)
def choose_a_face(
    ctx: typer.Context,
    photo: ChosenPhotoArgument,
    face: ChosenFaceOption = None,
    name: WhoseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat people BUNDLE choose-face``."""
    from whosthat.workflow.people_photos import choose_face

    with terminal_progress() as progress:
        chosen = choose_face(ctx.obj, photo, face, name=name, progress=progress)
    if as_json:
        show_json(chosen)
        return
    columns = (_("face"), _("from"), _("size"), _("looks like"), _("enrolled"))
    rows = [
        (*face_cells(one.number, one.box), one.looks_like or _("unknown"), chosen.person if one.enrolled else "") for one in chosen.faces
    ]
    show_table(columns, rows, right=columns[:1])
