"""``whosthat discover``: groups of faces in unsorted photos, a contact sheet to name them by, and copies in one folder per person."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.answers import not_looked_at
from whosthat.cli.commands import COMMANDS
from whosthat.cli.metadata import ContactsOption, InFilesOption, ReadXmpOption, WriteXmpOption, check_together, say_read, say_written
from whosthat.cli.options import DeviceOption, EngineOption, JsonOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show_first, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.cluster import LOCAL
from whosthat.errors import UsageError
from whosthat.translation import N_, _
from whosthat.wording import counted

if TYPE_CHECKING:
    from whosthat.workflow.discovery import Discovery

app = new_app()

BAD_DATA = 3

PathsArgument = Annotated[list[Path], argument("PHOTOS", N_("Photos, and folders of photos, with folders in them to any depth."))]
_SHEET_HELP = N_("Folder for the contact sheet, groups.html, and the names, groups.toml; groups when left out.")
SheetOption = Annotated[Path, option("--sheet DIR", _SHEET_HELP)]
_NAME_HELP = N_('Name a group: 3=Anna, or one face of it: 3.7=Tom. One name for two groups joins them; "-" is nobody you know. Repeatable.')
NameOption = Annotated[list[str] | None, option("--name NUMBER=NAME", _NAME_HELP)]
AcceptOption = Annotated[bool, option("--accept", N_('Take every "probably" for right.'))]
_TO_HELP = N_("Copy each photo that shows exactly one person with a name into that person's folder, ready for whosthat train.")
ToOption = Annotated[Path | None, option("--to DIR", _TO_HELP)]
_BUNDLE_HELP = N_("A saved recogniser, such as runs/latest, that says who a group may be.")
BundleOption = Annotated[Path | None, option("--bundle BUNDLE", _BUNDLE_HELP)]


@app.command(
    help=about(
        COMMANDS["discover"],
        N_(
            "Faces of one person come into one group; two people in one group are rarer than one person in two. Look at groups.html, write "
            "names into groups.toml, and run the same command again: names stay with the faces, also when photos are added or renamed."
        ),
        N_("Once somebody has a name, groups that look like them are marked as probably theirs. No photo is changed or moved."),
    ),
    epilog=examples("""
        discover holiday
        discover holiday --name 1=Anna --name 2=Tom --name 7=Anna
        discover holiday --accept --to people
        discover holiday --bundle runs/latest
        discover holiday --read-xmp --write-xmp
    """),  # not translated: command lines
    no_args_is_help=True,
)
def discover(  # noqa: PLR0913  typer makes a parameter of each option
    paths: PathsArgument,
    sheet: SheetOption = Path("groups"),
    name: NameOption = None,
    accept: AcceptOption = False,
    to: ToOption = None,
    bundle: BundleOption = None,
    read_xmp: ReadXmpOption = False,
    contacts: ContactsOption = None,
    write_xmp: WriteXmpOption = False,
    in_files: InFilesOption = False,
    engine: EngineOption = LOCAL,
    device: DeviceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat discover``."""
    from whosthat.workflow.discover import discover as discover_paths
    from whosthat.workflow.group_files import NAMES, read_facts, write_groups
    from whosthat.workflow.metadata import read_discovery, write_discovery

    check_together(write=write_xmp, in_files=in_files, read=read_xmp, contacts=contacts)
    names, facts = _given(name or []), read_facts(sheet)
    others: Counter[str] = Counter()
    without = [folder for folder in (sheet, to) if folder is not None]
    with terminal_progress() as progress:
        found = discover_paths(paths, bundle=bundle, facts=facts, without=without, passed_over=others, engine=engine, progress=progress)
        read = None
        if read_xmp:
            found, read = read_discovery(found, contacts=contacts)
        found = found.named(names)
        found = found.accepted() if accept else found
        page = write_groups(sheet, found, progress=progress)
    if as_json:
        show_json(found.to_dict())
    else:
        _show(found)
    say(_("Look at {page}, write names into {names}, and run this again.", page=page, names=sheet / NAMES))
    if read is not None:
        say_read(read)
    if to is not None:
        _copy(found, to)
    written = write_discovery(found, in_files=in_files) if write_xmp else None
    if written is not None:
        say_written(written)
    say(*not_looked_at(others))
    say(*(_("{path}: {problem}", path=one.path, problem=one.reason) for one in found.unreadable))
    if found.unreadable or (written is not None and written.problems):
        raise typer.Exit(BAD_DATA)


def _given(words: list[str]) -> dict[str, str]:
    names = {}
    for word in words:
        number, equals, name = word.partition("=")
        if not equals:
            raise UsageError("--name is a number and a name, such as 3=Anna; got {word}.", word=word)
        names[number.strip()] = name
    return names


def _show(found: Discovery) -> None:
    """Show the groups, and how many of what there was."""
    from whosthat.workflow.discovery import NOBODY

    def who(name: str | None, probably: str | None) -> str:
        if name is not None:
            return _("nobody I know") if name == NOBODY else name
        return _("probably {name}", name=probably) if probably else ""

    rows = [(str(group.number), counted(len(group.faces), "face"), who(group.name, group.probably)) for group in found.groups]
    if rows:
        show_first((_("number"), _("faces"), _("name")), rows)
    say(
        _(
            "{photos}: {faces} in {groups}, {aside} too small or too blurred; {without} without a face.",
            photos=counted(found.photos, "photo"),
            faces=counted(len(found.faces), "face"),
            groups=counted(len(found.groups), "group"),
            aside=counted(len(found.aside), "face"),
            without=counted(len(found.without_face), "photo"),
        )
    )


def _copy(found: Discovery, folder: Path) -> None:
    from whosthat.workflow.sorting import sort_copies

    copied = sum(1 for _photo in sort_copies(found.predictions(), folder))
    if not copied:
        say(_("No photo was copied: nobody has a name yet."))
        return
    say(
        _("{photos} of one person each are in {folder}; the CSV file there lists them.", photos=counted(copied, "photo"), folder=folder),
        _("Next: whosthat train {folder}", folder=folder),
    )
