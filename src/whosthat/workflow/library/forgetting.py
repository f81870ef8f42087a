"""Forgetting somebody in a library, and forgetting photos that are gone: rows, embeddings, cache, recognisers, contact sheets, free pages.

What belongs here: the order in which it goes, and the receipt. What does not: what is theirs (`library.erasing`), the gallery of a
recogniser (`workflow.people`), the cache (`forgetting`).

A forgetting is written down before it begins; the next one, or a scan, finishes what was stopped. Reasons for what goes and what stays:
``docs/decisions/0033-scanning-and-forgetting.md``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from whosthat.durable import replace_file
from whosthat.errors import BundleError, LibraryError, UsageError, did_you_mean, system_reason
from whosthat.file_names import unused_path
from whosthat.library.erasing import Erasing, begun, erase_missing, give_back, is_erased, missing_digests, note, roots_away
from whosthat.library.facts import key_of, people_of
from whosthat.library.store import Library
from whosthat.progress import SILENT, Progress
from whosthat.translation import N_, _
from whosthat.workflow.forgetting import STOPPED, forget_in_cache, in_groups
from whosthat.workflow.library.answering import answer_again
from whosthat.workflow.library.in_use import OWN, bundle_in_use
from whosthat.workflow.library.metadata import take_out
from whosthat.workflow.people import list_people
from whosthat.workflow.removing import held, remove_person

SHEETS = "groups"
"""In the library's folder: the contact sheet of its groups, with crops of everybody; it can be drawn again."""

KEPT = N_(
    "The photos themselves were not deleted. The next scans pass over photos that show nobody else. Of photos that show others too, the "
    "library keeps the path, and takes no face in this place any more. Changed copies of the photos, other libraries, contact sheets and "
    "sorted photos in other folders, backups, and commands that look at the same photos outside the library may find the person again."
)


@dataclass(frozen=True)
class ForgottenPerson:
    """What was deleted when somebody was forgotten, and when (ISO 8601 in UTC); holds nothing personal but the name.

    Attributes:
        removed: The name.
        library: The name of the library's folder.
        time: When.
        photos: Photos that show nobody else, with all that the library knew of them.
        shared: Photos that show others, too; of these, their faces.
        embeddings: Faces with their embeddings, of both.
        guessed: Of these, faces to which a recogniser or a group alone had given the name.
        facts: What was said of them.
        paths: Paths of shared photos that hold the name; they stay.
        cache_rows: Photos whose facts, faces and embeddings were in the cache.
        cache_files: Files of the cache that were changed or deleted.
        untagged: Sidecars, and photos, that lost the name which whosthat had written there; those that said nothing else are deleted.
        bundles: Recognisers that knew the person, and know them no more.
        kept: What was not deleted, in whole sentences.
    """

    removed: str
    library: str
    time: str
    photos: int
    shared: int
    embeddings: int
    guessed: int
    facts: int
    paths: int
    cache_rows: int
    cache_files: tuple[str, ...]
    untagged: int
    bundles: tuple[str, ...]
    kept: str


@dataclass(frozen=True)
class ForgottenFiles:
    """How many missing files, photos that lie nowhere else, and faces of these were forgotten; ``away`` are folders that were spared."""

    files: int
    photos: int
    faces: int
    away: tuple[Path, ...] = ()


def forget(library: str | Path, name: str, *, progress: Progress = SILENT) -> tuple[ForgottenPerson, Path]:
    """Forget somebody: faces, embeddings, facts, answers and name in the library and its files, in the cache and in the recogniser in use.

    Photos that show nobody else are passed over from now on. A forgetting that is stopped is finished by the same command, or by the next
    scan. ``progress`` is told in how many files the name was looked for, which takes longest.

    Returns:
        The receipt, and the file that holds it: beside the library, in which the name is not to be found any more.

    Raises:
        BundleError: The recogniser in use cannot be changed now.
        CacheError: The cache cannot be changed now.
        LibraryError: The library cannot be changed now; or others read it, and free pages could not be given back yet.
        UsageError: There is no library, or nobody has this name there.
    """
    with Library(library) as opened, opened.alone():
        stopped = finish_forgetting(opened, progress)
        if stopped is not None and key_of(stopped[0].removed) == key_of(name):
            return stopped
        known = _known(opened, name)
        receipt = unused_path(opened.folder.parent, f"forgotten {known}.json").name  # not translated: the name of a file
        return _finish(opened, note(opened, known, receipt), progress, stopped=False)


def finish_forgetting(library: Library, progress: Progress = SILENT) -> tuple[ForgottenPerson, Path] | None:
    """Do what a forgetting that was stopped still has to do, and return what `forget` does; None where nobody's was.

    Whoever calls holds `Library.alone`. Errors as of `forget`.
    """
    erasing = begun(library)
    if erasing is not None:
        return _finish(library, erasing, progress, stopped=True)
    _settle(library)
    return None


def forget_missing(library: str | Path, folder: str | Path | None = None) -> ForgottenFiles:
    """Forget the files that are missing, and the photos that lie nowhere else, with all that was said of them; errors as of `forget`.

    Args:
        library: The library.
        folder: One that was scanned and is gone for good. A folder of which no file was there at the last scan is spared otherwise: its
            drive may not be plugged in.
    """
    with Library(library) as opened, opened.alone():
        finish_forgetting(opened)
        away = roots_away(opened)
        root = next((row for row, path in away.items() if folder is not None and path == Path(folder).resolve()), None)
        if folder is not None and root is None:
            raise UsageError(
                "{folder} is no scanned folder of which all photos were missing at the last scan. {choice}",
                folder=folder,
                choice=did_you_mean(str(folder), map(str, away.values())) if away else _("There is none now."),
            )
        forget_in_cache(missing_digests(opened, root))
        gone = erase_missing(opened, root)
        _settle(opened)
        return ForgottenFiles(*gone, tuple(path for row, path in away.items() if row != root))


def _known(library: Library, name: str) -> str:
    """Return a person's name as the recogniser in use, or the library, has it."""
    names = [one for bundle in _bundles(library) for one in _people_in(bundle)] + list(people_of(library).values())
    by_key = {key_of(one): one for one in names}
    if not by_key:
        raise UsageError("Nobody has a name in the library {folder} yet.", folder=library.folder)
    if key_of(name) not in by_key:
        raise UsageError("Nobody here is named {name!r}. {choice}", name=name, choice=did_you_mean(name, by_key.values()))
    return by_key[key_of(name)]


def _finish(library: Library, erasing: Erasing, progress: Progress, *, stopped: bool) -> tuple[ForgottenPerson, Path]:
    """Do what a forgetting still has to do, which may be all of it; the rows go last, because they say what else is to go."""
    untagged = take_out(library, erasing.person, progress)
    kept = [_(KEPT), *([_(STOPPED)] if stopped else []), *untagged.kept]
    cache_rows, cache_files = forget_in_cache(erasing.digests(library))
    file = library.folder.with_name(erasing.receipt)
    try:
        if (library.folder / SHEETS).exists():  # before the recognisers, whose receipts name what holds the person elsewhere
            shutil.rmtree(library.folder / SHEETS)
        kept += in_groups(erasing.person, set(erasing.digests(library)))
        bundles = [str(bundle) for bundle in _bundles(library) if _forget_in_bundle(library, bundle, erasing.person, kept)]
        receipt = ForgottenPerson(
            removed=erasing.person,
            library=library.folder.name,
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            cache_rows=cache_rows,
            cache_files=cache_files,
            untagged=untagged.files,
            bundles=tuple(bundles),
            kept=" ".join(kept),
            **erasing.counts(library),
        )
        replace_file(file, json.dumps(asdict(receipt), indent=2).encode("ascii"))
    except OSError as error:
        raise LibraryError(
            "{person} was not forgotten completely: {error}. Allow writing in {folder}, and forget them again.",
            person=erasing.person,
            error=system_reason(error),
            folder=library.folder.parent,
        ) from error
    erasing.erase(library)
    _settle(library)
    return receipt, file


def _settle(library: Library) -> None:
    """Do what follows the deleting of rows, where it is still to be done."""
    if is_erased(library):
        with suppress(BundleError):  # then the answers stay as they are: without the person
            answer_again(library)
        give_back(library)


def _bundles(library: Library) -> list[Path]:
    """Return the recogniser in use, and the library's own."""
    own, used = library.folder / OWN, bundle_in_use(library)
    return [*([own] if own.exists() else []), *([used] if used is not None and used != own else [])]


def _people_in(bundle: Path) -> Sequence[str]:
    """Return whom a recogniser knows; nobody where it cannot be opened."""
    try:
        return [one.name for one in list_people(bundle)]
    except BundleError:
        return ()


def _forget_in_bundle(library: Library, bundle: Path, person: str, kept: list[str]) -> bool:
    """Remove somebody from a recogniser, and say whether it knew them; where that cannot be, a sentence says so."""
    own, removed = bundle == library.folder / OWN, None
    if _people_in(bundle):
        with held(bundle) as (_opened, stopped):  # a removal that was stopped is finished: it may be this one
            removed = stopped if stopped is not None and key_of(stopped.receipt.removed) == key_of(person) else None
    people = _people_in(bundle)
    name = next((one for one in people if key_of(one) == key_of(person)), None)
    if own and (not people or (len(people) == 1 and name is not None)):
        from whosthat.workflow.library.recogniser import unlearn  # which needs fitting, and that is rare

        unlearn(library)
        return True
    if not people:
        kept.append(_("The recogniser {bundle} cannot be opened; it may hold {person}.", bundle=bundle, person=person))
    elif name is not None and len(people) == 1:
        kept.append(_("{person} is the only person of the recogniser {bundle}. Delete its folder.", person=person, bundle=bundle))
    elif name is not None:
        removed = remove_person(bundle, name, of_library=True)
    if own and removed is not None:
        removed.file.unlink(missing_ok=True)  # the library's receipt says it
    elif removed is not None:
        kept.append(_("What stays in the run of the recogniser, and in other folders, stands in {receipt}.", receipt=removed.file))
    return removed is not None
