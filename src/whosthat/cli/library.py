"""``whosthat library LIBRARY``: scanning photos into a library, what it holds, whether it is sound, and forgetting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from whosthat.cli import library_metadata
from whosthat.cli.metadata import ReadXmpOption
from whosthat.cli.options import DeviceOption, JsonOption, NounFirst, about, argument, examples, new_app, option
from whosthat.cli.output import SHOWN_ROWS, command_line, say, show_first, show_json, show_side_by_side
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import DatasetError, UsageError
from whosthat.translation import N_, _
from whosthat.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from whosthat.types import SetAside
    from whosthat.workflow.library.status import LibraryStatus

app = new_app()

LibraryArgument = Annotated[Path, argument("LIBRARY", N_("The library's own folder."))]
FoldersArgument = Annotated[list[Path] | None, argument("PHOTOS...", N_("Folders of photos, with folders in them to any depth."))]
NameArgument = Annotated[str | None, argument("NAME", N_("The person's name; with --missing, a scanned folder that is gone for good."))]
_BUNDLE_HELP = N_("A face recogniser, such as runs/latest, that names the faces from now on; its networks find them.")
BundleOption = Annotated[Path | None, option("--bundle BUNDLE", _BUNDLE_HELP)]
MissingOption = Annotated[bool, option("--missing", N_("Forget the files that are gone instead, and photos that lie nowhere else."))]
ReadOption = Annotated[bool, option("--read", N_("Read every file and compare its content, not only sizes and times."))]


@app.callback(
    cls=NounFirst,
    epilog=examples("""
        library family scan photos
        library family status
    """),  # not translated: command lines
)
def library(ctx: typer.Context, library: LibraryArgument) -> None:
    """Keep the library for the command that follows it."""
    ctx.obj = library


@app.command(
    help=about(
        N_("Look at new photos; the library is made when it is not there."),
        N_(
            "The folders are remembered: without any, all are scanned again, and only new and changed photos are looked at. A photo that "
            "was moved or renamed is known again. What is not there stays in the library, so a drive that is not plugged in loses nothing. "
            "Stop at any time: the next scan goes on. No photo is changed."
        ),
        N_("The exit code is 3 when new files cannot be read."),
    ),
    epilog=examples("""
        library family scan photos
        library family scan
        library family scan --bundle runs/latest
    """),  # not translated: command lines
)
def scan(
    ctx: typer.Context,
    photos: FoldersArgument = None,
    bundle: BundleOption = None,
    read_xmp: ReadXmpOption = False,
    device: DeviceOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat library LIBRARY scan``."""
    from whosthat.workflow.library.scanning import scan as scan_photos
    from whosthat.workflow.library.words import scan_sentences

    with terminal_progress() as progress:
        found = scan_photos(ctx.obj, photos or [], bundle=bundle, progress=progress)
    if as_json:
        show_json(found)
    say(*scan_sentences(found, sidecars=not read_xmp), *_first(found.unreadable), *_first(found.crowded))
    is_whole = not (read_xmp and library_metadata.read_and_say(ctx.obj).problems)
    if found.new and not bundle:
        say(_("Next: {command}", command=command_line("discover", ctx.obj)), wrap=False)
    if found.unreadable or not is_whole:
        raise typer.Exit(DatasetError.exit_code)


@app.command(
    help=N_("Say how many photos, faces and people the library holds."),
    epilog=examples("library family status"),  # not translated: a command line
)
def status(ctx: typer.Context, as_json: JsonOption = False) -> None:
    """Answer ``whosthat library LIBRARY status``."""
    from whosthat.workflow.library.status import library_status

    found = library_status(ctx.obj)
    if as_json:
        show_json(found)
        return
    show_side_by_side([_status_cells(found)])
    if found.people:
        columns = (_("person"), _("faces"))
        show_first(columns, sorted(((name, f"{n:,}") for name, n in found.people.items())), right=columns[1:])
    say(
        *(_("{folder} is not there now.", folder=one.path) for one in found.folders if not one.there),
        *_first(found.unreadable),
        *_first(found.crowded),
    )


@app.command(
    help=about(
        N_("Check the library's file, and compare what it knows with the photos on the disk."),
        N_("Nothing is changed. The exit code is 3 when something is to be done."),
    ),
    epilog=examples("""
        library family verify
        library family verify --read
    """),  # not translated: command lines
)
def verify(ctx: typer.Context, read: ReadOption = False, as_json: JsonOption = False) -> None:
    """Answer ``whosthat library LIBRARY verify``."""
    from whosthat.workflow.library.status import verify_library

    with terminal_progress() as progress:
        found = verify_library(ctx.obj, read=read, progress=progress)
    if as_json:
        show_json({"ok": not found.advice, **vars(found), "advice": found.advice})
    say(*found.damage)
    for paths, sentence in ((found.changed, N_("{path} has changed.")), (found.gone, N_("{path} is gone."))):
        say(*(_(sentence, path=path) for path in paths[:SHOWN_ROWS]), *_more(len(paths)))
    if found.lost:
        say(_("What was said of {photos} is kept, though they lie nowhere now.", photos=counted(found.lost, "photo")))
    say(*(found.advice or [_("The library is sound; {files} checked.", files=counted(found.checked, "file"))]))
    if found.advice:
        raise typer.Exit(DatasetError.exit_code)


@app.command(
    help=about(
        N_("Forget somebody: faces, embeddings, name and what was said of them, also in the cache and the recogniser in use."),
        N_(
            "Photos that show nobody else are passed over by later scans. A receipt beside the library's folder says what was deleted and "
            "what stays. The photos themselves are not touched."
        ),
        N_(
            "--missing leaves a folder alone that is not there as a whole: its drive may not be plugged in. Name the folder where it is "
            "gone for good."
        ),
    ),
    epilog=examples("""
        library family forget anna
        library family forget --missing
        library family forget --missing photos/2009
    """),  # not translated: command lines
    no_args_is_help=True,
)
def forget(ctx: typer.Context, name: NameArgument = None, missing: MissingOption = False, as_json: JsonOption = False) -> None:
    """Answer ``whosthat library LIBRARY forget``."""
    from whosthat.workflow.library.forgetting import forget as forget_person
    from whosthat.workflow.library.forgetting import forget_missing

    if missing:
        gone = forget_missing(ctx.obj, name)
        numbers = {"files": counted(gone.files, "file"), "photos": counted(gone.photos, "photo"), "faces": counted(gone.faces, "face")}
        say(_("Forgotten: {files}, {photos}, {faces}.", **numbers))
        say(*(_("{folder} is not there, or holds no photos. What the library knows of it stays.", folder=folder) for folder in gone.away))
        if as_json:
            show_json(gone)
        return
    if name is None:
        raise UsageError("Name a person to forget, or say --missing.")
    with terminal_progress() as progress:
        receipt, file = forget_person(ctx.obj, name, progress=progress)
    say(
        _(
            "{name} was forgotten: {embeddings} in {photos}, {alone} of which show nobody else.",
            name=receipt.removed,
            embeddings=counted(receipt.embeddings, "embedding"),
            photos=counted(receipt.photos + receipt.shared, "photo"),
            alone=f"{receipt.photos:,}",
        ),
        _("The receipt is {path}.", path=file),
        receipt.kept,
    )
    if receipt.paths:
        say(_("Kept, because they show others too: {files} whose path holds the name.", files=counted(receipt.paths, "file")))
    if as_json:
        show_json(receipt)


app.add_typer(library_metadata.app)


def _status_cells(found: LibraryStatus) -> dict[str, str]:
    cells = {
        _("library"): str(found.folder),
        _("folders"): _(", ").join(str(one.path) for one in found.folders),
        _("photos"): f"{found.photos:,}",
        _("files"): f"{found.files:,}",
        _("missing"): f"{found.missing:,}",
        _("unreadable"): f"{len(found.unreadable):,}",
        _("faces"): f"{found.faces:,}",
        _("without a name"): f"{found.unanswered:,}",
        _("recogniser"): "-" if found.bundle is None else str(found.bundle),
        _("size"): _("{size:.1f} MiB", size=found.bytes / 2**20),
    }
    return {**cells, _("to be looked at"): f"{found.waiting:,}"} if found.waiting else cells


def _first(files: Iterable[SetAside]) -> list[str]:
    """Name the first files that cannot be read or show too much, and say how many more there are."""
    lines = [_("{path}: {problem}", path=one.path, problem=_(one.reason)) for one in files]
    return [*lines[:SHOWN_ROWS], *_more(len(lines))]


def _more(n: int) -> list[str]:
    return [_("and {n:,} more (--json shows all)", n=n - SHOWN_ROWS)] if n > SHOWN_ROWS else []
