"""``whosthat find``: photos of a library by people, dates, folders, faces; as table, JSON, playlist, contact sheet or links."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from whosthat.cli.options import OUTPUT, JsonOption, LibraryArgument, about, argument, examples, new_app, option
from whosthat.cli.output import SHOWN_ROWS, say, show_first, show_json
from whosthat.cli.terminal import terminal_progress
from whosthat.errors import UsageError
from whosthat.translation import N_, _, ngettext
from whosthat.wording import counted

if TYPE_CHECKING:
    from whosthat.workflow.library.find import Found

app = new_app()

_QUERY_HELP = N_('Who is in the photos, such as "anna and bob and not tom"; anybody when left out.')
QueryArgument = Annotated[str, argument("QUERY", _QUERY_HELP)]
SinceOption = Annotated[str | None, option("--since DATE", N_("Taken on this day or later: 2019, 2019-07 or 2019-07-31."))]
UntilOption = Annotated[str | None, option("--until DATE", N_("Taken on this day or earlier; 2019 is its last day."))]
InOption = Annotated[Path | None, option("--in FOLDER", N_("In this folder, or in folders in it, to any depth."))]
FacesOption = Annotated[str | None, option("--faces N", N_("With so many faces: 2, 3+ (3 or more), 1-4."))]
LikeOption = Annotated[
    Path | None, option("--like PHOTO", N_("With a face similar to one in this photo, which need not be in the library."))
]
FaceOption = Annotated[int | None, option("--face N", N_("With --like: only the face of this number, from the left."), min=1)]
_M3U_HELP = N_("Write a playlist in UTF-8 (.m3u8), with relative paths.")
PlaylistOption = Annotated[Path | None, option("--m3u FILE", _M3U_HELP, OUTPUT)]
SheetOption = Annotated[Path | None, option("--sheet DIR", N_("Write a page with small pictures, found.html, into this folder."), OUTPUT)]
_LINKS_HELP = N_("Make a link to each photo in this new folder; a copy where the system has no links.")
LinksOption = Annotated[Path | None, option("--links DIR", _LINKS_HELP, OUTPUT)]


@app.command(
    help=about(
        N_(
            "The query is made of names, and, or, not and brackets; unknown is a face without a name, nobody a photo without a face. Put "
            "quotation marks around a name that holds such a word: '\"Tom and Jerry\" and not bob'. Upper and lower case do not matter."
        ),
        N_(
            "Who is this, where else? --like shows the photos with a similar face, the most similar first. Answers are as new as the last "
            "scan; no photo is changed."
        ),
    ),
    epilog=examples("""
        find library "anna and bob and not tom"
        find library "anna or unknown" --since 2019-07 --until 2019-08
        find library nobody --in holiday/beach
        find library --like stranger.jpg
        find library anna --faces 3+ --links anna-in-company
    """),  # not translated: command lines
)
def find(  # noqa: PLR0913  typer makes a parameter of each option
    library: LibraryArgument,
    query: QueryArgument = "",
    since: SinceOption = None,
    until: UntilOption = None,
    within: InOption = None,
    faces: FacesOption = None,
    like: LikeOption = None,
    face: FaceOption = None,
    m3u: PlaylistOption = None,
    sheet: SheetOption = None,
    links: LinksOption = None,
    as_json: JsonOption = False,
) -> None:
    """Answer ``whosthat find``."""
    from whosthat.workflow.library.find import find as find_photos

    if face is not None and like is None:
        raise UsageError("--face needs --like PHOTO.")
    if m3u is not None:
        from whosthat.workflow.library.found_files import check_playlist

        check_playlist(m3u)
    wanted = like if like is None or face is None else (like, face)
    found = find_photos(library, query, since=since, until=until, within=within, faces=faces, like=wanted)
    if as_json:
        show_json(found)
    else:
        _show(found)
    options = {"--since": since, "--until": until, "--in": within, "--faces": faces, "--like": like, "--face": face}
    terms = " ".join([query, *(f"{name} {value}" for name, value in options.items() if value is not None)])
    _write_files(found, terms, m3u=m3u, sheet=sheet, links=links)


def _show(found: Found) -> None:
    """Show the first photos, and say how many there are and what is not among them."""
    from whosthat.workflow.library.words import found_sentences

    photos, gone = found.first(SHOWN_ROWS)
    if photos:
        distance = (_("distance"),) if found.similar else ()
        rows = [(str(one.path), one.when, one.who, *(() if one.distance is None else (f"{one.distance:.2f}",))) for one in photos]
        path, n = _("path"), len(found.photos) - gone
        show_first((path, _("taken"), _("people"), *distance), rows, n=n, right=distance, paths=(path,))
    say(*found_sentences(found, gone))


def _write_files(found: Found, terms: str, *, m3u: Path | None, sheet: Path | None, links: Path | None) -> None:
    """Write what was asked for of the photos that were found; ``terms`` say on the contact sheet what was looked for."""
    if m3u is None and sheet is None and links is None:
        return
    from whosthat.workflow.library.found_files import link_photos, write_playlist, write_sheet

    photos, _gone = found.first()
    paths = [one.path for one in photos]
    if m3u is not None:
        write_playlist(m3u, paths)
        say(_("Playlist: {file}", file=m3u))
    if sheet is not None:
        with terminal_progress() as progress:
            page = write_sheet(sheet, photos, terms, progress=progress)
        say(_("Contact sheet: {page}", page=page))
    if links is not None:
        made = link_photos(links, paths)
        if made["copy"]:
            say(_("{photos} copied to {folder}: the system makes no links there.", photos=counted(made["copy"], "photo"), folder=links))
        if made["link"] or not made["copy"]:
            say(ngettext("{n} link is in {folder}.", "{n:,} links are in {folder}.", made["link"], folder=links))
