"""``whosthat discover``: groups of faces in unsorted photos, a contact sheet to name them by, and copies in one folder per person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli.metadata import ContactsOption, InFilesOption, ReadXmpOption, WriteXmpOption, check_together, say_read, say_written
from whosthat.cli.options import DeviceOption, EngineOption, JsonOption, about, argument, examples, new_app, option
from whosthat.cli.output import say, show_first, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.cluster import LOCAL
from whosthat.errors import UsageError
from whosthat.translation import N_, _
from whosthat.wording import counted, not_looked_at

if TYPE_CHECKING:
    from whosthat.workflow.discovery import Discovery, Group
    from whosthat.workflow.group_files import Names

app = new_app()

BAD_DATA = 3

PathsArgument = Annotated[
    list[Path], argument("PHOTOS|LIBRARY", N_("Photos, and folders of photos, with folders in them to any depth; or one library."))
]
_SHEET_HELP = N_(
    "Folder for the contact sheet, groups.html, and the names, groups.toml. When left out: groups, in the library if there is one."
)
SheetOption = Annotated[Path | None, option("--sheet DIR", _SHEET_HELP)]
_NAME_HELP = N_('Name a group: 3=Anna, or one face of it: 3.7=Tom. One name for two groups joins them; "-" is nobody you know. Repeatable.')
NameOption = Annotated[list[str] | None, option("--name NUMBER=NAME", _NAME_HELP)]
_NOT_HELP = N_("Say who a group is not: 3=Anna, or one face of it: 3.7=Tom. Repeatable.")
NotOption = Annotated[list[str] | None, option("--not NUMBER=NAME", _NOT_HELP)]
AcceptOption = Annotated[bool, option("--accept", N_('Take every "probably" for right.'))]
AcceptAllOption = Annotated[bool, option("--accept-all", N_('Take every "probably" and every "perhaps" for right.'))]
_TO_HELP = N_("Copy each photo that shows exactly one person with a name into that person's folder, ready for whosthat train.")
ToOption = Annotated[Path | None, option("--to DIR", _TO_HELP)]
_LINK_HELP = N_("With --to: make links, which take no room, in the place of copies. A link is the same photo: changed, both change.")
LinkOption = Annotated[bool, option("--link", _LINK_HELP)]
_LEARN_HELP = N_("Train a recogniser of the people with a name: a library's own, or with --to one of the photos in DIR, in runs.")
LearnOption = Annotated[bool, option("--learn", _LEARN_HELP)]
_BUNDLE_HELP = N_("A saved recogniser, such as runs/latest, that says who a group may be.")
BundleOption = Annotated[Path | None, option("--bundle BUNDLE", _BUNDLE_HELP)]


@dataclass(frozen=True)
class _Wishes:
    """What the options ask for: names, who is not whom, what to accept; applied after what stands in the folder of the sheet."""

    sheet: Path
    names: dict[str, str]
    never: dict[str, str]
    accept: bool
    perhaps: bool
    read_xmp: bool = False
    contacts: Path | None = None

    def applied(self, found: Discovery, shown: Names) -> Discovery:
        """Return what becomes of a discovery; only guesses that were ``shown`` are accepted."""
        found = found.named(self.names).denied(self.never, numbered=found)
        if not (self.accept or self.perhaps):
            return found
        proposed = shown.proposed(perhaps=self.perhaps)
        if not proposed:
            say(_("No name was proposed before, so none was accepted. Look at the contact sheet first."))
        return found.taking(proposed)


@app.command(
    help=about(
        N_(
            "Faces of one person come into one group; two people in one group are rarer than one person in two. Look at groups.html, write "
            "names into groups.toml, and run the same command again: names stay with the faces, also when photos are added or renamed."
        ),
        N_("Once somebody has a name, groups that look like them are marked as probably or perhaps theirs. No photo is changed or moved."),
        N_("A library keeps the names itself: its faces are taken as they are, and no photo is looked at."),
    ),
    epilog=examples("""
        discover holiday
        discover holiday --name 1=Anna --name 2=Tom --name 7=Anna
        discover holiday --accept --to people --link --learn
        discover holiday --bundle runs/latest
        discover holiday --read-xmp --write-xmp
        discover my-library --name 1=Anna --learn
    """),  # not translated: command lines
    no_args_is_help=True,
)
def discover(  # noqa: PLR0913  typer makes a parameter of each option
    paths: PathsArgument,
    sheet: SheetOption = None,
    name: NameOption = None,
    never: NotOption = None,
    accept: AcceptOption = False,
    accept_all: AcceptAllOption = False,
    to: ToOption = None,
    link: LinkOption = False,
    learn: LearnOption = False,
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
    from whosthat.library.store import is_library
    from whosthat.workflow.group_files import NAMES, write_groups

    library = len(paths) == 1 and is_library(paths[0])
    sheet = sheet or (paths[0] / "groups" if library else Path("groups"))
    names, not_names = _given(name or [], "--name"), _given(never or [], "--not")
    wishes = _Wishes(sheet, names, not_names, accept, accept_all, read_xmp, contacts)
    if library and (bundle is not None or engine != LOCAL):
        raise UsageError("A library has its faces and its recogniser. Leave out --bundle and --engine.")
    check_together(write=write_xmp, in_files=in_files, read=read_xmp, contacts=contacts, library=library)
    if link and to is None:
        raise UsageError("--link needs --to DIR.")
    if learn and to is None and not library:
        raise UsageError("--learn trains on folders of photos. Say with --to where they shall be.")
    if library:
        found = _of_library(paths[0], wishes, learn=learn)
    else:
        found = _of_photos(paths, wishes, [folder for folder in (sheet, to) if folder is not None], bundle=bundle, engine=engine)
    with terminal_progress() as progress:
        page = write_groups(sheet, found, progress=progress)
    show_json(found.to_dict()) if as_json else _show(found)
    say(_("Look at {page}, write names into {names}, and run this again.", page=page, names=sheet / NAMES))
    if to is not None:
        _copy(found, to, link=link, learn=learn)
    if learn and to is not None and not library:
        _train(to)
    is_whole = _write_names(found, in_files=in_files) if write_xmp else True
    say(*(_("{path}: {problem}", path=one.path, problem=one.reason) for one in (*found.unreadable, *found.crowded)))
    if found.unreadable or not is_whole:
        raise typer.Exit(BAD_DATA)


def _of_photos(paths: list[Path], wishes: _Wishes, without: list[Path], *, bundle: Path | None, engine: str) -> Discovery:
    """Group the faces of photos."""
    from whosthat.workflow.discover import discover as discover_paths
    from whosthat.workflow.group_files import read_names
    from whosthat.workflow.metadata import read_xmp

    names, shown = read_names(wishes.sheet)
    others: Counter[str] = Counter()
    with terminal_progress() as progress:
        found = discover_paths(
            paths, bundle=bundle, facts=names.facts, without=without, passed_over=others, engine=engine, progress=progress
        )
    say(*not_looked_at(others, sidecars=not wishes.read_xmp))
    found = replace(found, never=names.never, single=names.single)
    if wishes.read_xmp:
        found, read = read_xmp(found, contacts=wishes.contacts)
        say_read(read)
    return wishes.applied(found, shown)


def _write_names(found: Discovery, *, in_files: bool) -> bool:
    """Write names for other programs; tell whether all could be written."""
    from whosthat.workflow.metadata import write_discovery

    return say_written(write_discovery(found, in_files=in_files))


def _of_library(folder: Path, wishes: _Wishes, *, learn: bool) -> Discovery:
    """Group the faces of a library, and let it keep the names."""
    from whosthat.library.store import Library
    from whosthat.workflow.group_files import read_names, with_edits
    from whosthat.workflow.library.groups import change_groups
    from whosthat.workflow.library.words import changed_sentence

    now, shown = read_names(wishes.sheet)
    with Library(folder) as library:
        named = change_groups(library, lambda found: wishes.applied(with_edits(found, now, shown), shown), learns=learn)
    if named.faces:
        say(_("What you said of {faces} is kept.", faces=counted(named.faces, "face")), changed_sentence(named.answered.changed))
    say(*named.notes)
    return named.discovery


def _given(words: list[str], which: str) -> dict[str, str]:
    names: dict[str, str] = {}
    for word in words:
        number, equals, name = word.partition("=")
        if not equals:
            raise UsageError("{option} is a number and a name, such as 3=Anna; got {word}.", option=which, word=word)
        if names.setdefault(number.strip(), name) != name:
            raise UsageError("{option} names {number} twice. Give one name at a time.", option=which, number=number.strip())
    return names


def _show(found: Discovery) -> None:
    """Show the groups, and how many of what there was."""
    from whosthat.faces.embedder import DLIB
    from whosthat.faces.models import better_network
    from whosthat.workflow.discovery import NOBODY

    def who(group: Group) -> str:
        return _("nobody I know") if group.name == NOBODY else group.name or group.guess or ""

    rows = [(str(group.number), counted(len(group.faces), "face"), who(group)) for group in found.groups]
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
    if found.embedder == DLIB.name and (better := better_network()):
        say(better)
    if guessed := sum(group.guess is not None for group in found.groups):
        say(
            _(
                "{groups} may be somebody who has a name. Look at the contact sheet; --accept and --accept-all take these names.",
                groups=counted(guessed, "group"),
            )
        )


def _copy(found: Discovery, folder: Path, *, link: bool, learn: bool) -> None:
    from whosthat.workflow.sorting import sort_copies

    copied = sum(1 for _photo in sort_copies(found.predictions(), folder, link=link))
    if not copied:
        say(_("No photo was copied: nobody has a name yet."))
        return
    say(_("In {folder}: {photos} of one person each; the CSV file there lists them.", photos=counted(copied, "photo"), folder=folder))
    if not learn:
        say(_("Next: whosthat train {folder}", folder=folder))


def _train(folder: Path) -> None:
    from whosthat.cli.train import show_result
    from whosthat.training.recipe_base import FACES
    from whosthat.workflow.train import train

    with terminal_progress() as progress:
        result = train(folder, FACES, progress=progress)
    show_result(result)
