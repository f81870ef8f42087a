"""Removing what is left of a person outside the gallery: in the cache, and in the run that made the bundle.

What belongs here: the note by which a removal that was stopped goes on, finding and deleting embeddings, crops and cache entries, and the
receipt. What does not: the gallery (`people`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator, Sequence, Set
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from whosthat import photo_cache
from whosthat.dataset.cache import forget_prepared
from whosthat.dataset.facts import photos_of
from whosthat.dataset.split import COLUMNS, read_rows
from whosthat.durable import replace_file
from whosthat.errors import BundleError, DatasetError, RunError, system_reason
from whosthat.evaluation.face_part import read_face_part, write_face_part
from whosthat.evaluation.plots.writing import PHOTOS_FILE, read_photos
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import read_metrics
from whosthat.file_names import unused_path
from whosthat.photos.storage import place
from whosthat.recognition.bundle import open_bundle
from whosthat.runs.files import AUDIT, BUNDLE, ENVIRONMENT, METRICS, PLOTS, SPLIT
from whosthat.runs.lock import run_lock
from whosthat.settings import cache_folder
from whosthat.translation import N_, _
from whosthat.wording import counted
from whosthat.workflow.group_files import folders_with

GRID = "grid.png"
"""The picture in a run's ``plots`` that shows test photos of everybody; a drawing, so nobody can be cut out of it."""

KEPT = N_(
    "The photos themselves were not deleted. The run's figures and file findings still hold the person's name "
    "and photo names; its face findings do not. Runs in other folders and copies of this bundle may still "
    "hold the person. Names in the metadata of photos stay; whosthat untag NAME PHOTOS takes them out."
)
STOPPED = N_("This removal was interrupted and finished later; what was deleted before is not listed here.")

_Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Erasure(BaseModel):
    """Who is to be removed and where to look, written down before anything is deleted, so that a removal that is killed goes on.

    ``digests`` are the SHA-256 of all their photos that are known, ``alike`` those of others in which their face is recognised, which only
    the cache forgets; ``photos`` are their names in the photo folder, ``receipt`` is the receipt's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    removed: str
    embeddings: int
    digests: frozenset[_Digest]
    alike: frozenset[_Digest]
    photos: frozenset[str]
    receipt: Annotated[str, Field(pattern=r"^removed [^/\\]+\.json$")]


@dataclass(frozen=True)
class Receipt:
    """What was deleted when somebody was removed, and when (ISO 8601 in UTC); holds nothing personal but the name.

    ``embeddings`` were in the bundle; of ``cache_rows`` photos facts, faces and embeddings were in the cache. The files were changed or
    deleted. ``elsewhere`` says which other runs beside it, and which folders of ``discover``, hold the person, ``kept`` what was not
    deleted, in whole sentences.
    """

    removed: str
    bundle: str
    time: str
    embeddings: int
    cache_rows: int
    cache_files: tuple[str, ...]
    run_files: tuple[str, ...]
    elsewhere: tuple[str, ...] = ()
    kept: str = KEPT


def run_of(bundle: Path) -> Path | None:
    """Return the run folder that a bundle lies in; None when it lies elsewhere."""
    run = bundle.parent
    return run if bundle.name == BUNDLE and (run / SPLIT).is_file() else None


def plan_erasure(bundle: Path, name: str, own: Set[str], others: Set[str], alike: Set[str] = frozenset()) -> Erasure:
    """Find what is to be erased of somebody whose enrolled photos are ``own``, all by SHA-256.

    ``others`` are all others that are enrolled, never erased whatever their names; ``alike`` show a face that is recognised as theirs.
    Raises RunError when what the run knows of its photos is damaged.
    """
    run = run_of(bundle)
    photos = photos_in_run(run, name, own, others) if run else {}
    return Erasure(
        removed=name,
        embeddings=len(own),
        digests=frozenset({*own, *photos.values()}),
        alike=frozenset(alike - others),
        photos=frozenset(photos),
        receipt=unused_path(bundle.parent, f"removed {name}.json").name,  # not translated: the name of a file, checked when it is read
    )


def note_erasure(erasure: Erasure, bundle: Path) -> None:
    """Write down what is to be erased, so that `erasure_of` finds it from now on; RunError when it cannot be written."""
    try:
        # ASCII: a file name may hold lone surrogates
        replace_file(_note(bundle), json.dumps(erasure.model_dump(), default=sorted).encode("ascii"), temporary=_draft(bundle))
    except OSError as error:
        raise RunError(
            "Nothing was removed, because {folder} cannot be written: {error}. Make room.", folder=bundle.parent, error=system_reason(error)
        ) from error


def erasure_of(bundle: Path) -> Erasure | None:
    """Return what is still to be erased, because a removal was stopped; BundleError when the note is damaged."""
    try:
        _draft(bundle).unlink(missing_ok=True)
        return Erasure.model_validate(json.loads(_note(bundle).read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:  # ValueError is also what pydantic raises
        raise BundleError(
            "A removal was interrupted, and its record {file} cannot be used ({error}). Delete it and remove again.",
            file=_note(bundle),
            error=type(error).__name__,
        ) from error


def erase(erasure: Erasure, bundle: Path, *, stopped: bool) -> Receipt:
    """Delete what is left outside the bundle, write the receipt and, last, delete the note.

    Raises CacheError or RunError when something cannot be deleted there, RunError also when the receipt cannot be written.
    """
    run, path = run_of(bundle), bundle.with_name(erasure.receipt)
    try:
        with run_lock(run) if run else nullcontext():
            cache_rows, cache_files = forget_in_cache(erasure.digests | erasure.alike)
            run_files = forget_in_run(run, erasure.photos) if run else ()
            elsewhere = (*(_elsewhere(erasure, run) if run else ()), *in_groups(erasure.removed, erasure.digests))
        now = datetime.now(UTC).isoformat(timespec="seconds")
        kept = " ".join([_(KEPT), _(STOPPED)] if stopped else [_(KEPT)])
        receipt = Receipt(erasure.removed, bundle.name, now, erasure.embeddings, cache_rows, cache_files, run_files, elsewhere, kept)
        if not path.exists():
            replace_file(path, json.dumps(asdict(receipt), indent=2, ensure_ascii=False).encode("utf-8"), temporary=_draft(bundle))
        _note(bundle).unlink()
    except OSError as error:
        raise RunError(
            "{person} was not removed completely: {error}. Allow writing there, and remove them again.", person=erasure.removed, error=error
        ) from error
    return receipt


def forget_in_cache(digests: Collection[str]) -> tuple[int, tuple[str, ...]]:
    """Delete faces, embeddings, facts and prepared copies of photos from the cache.

    Returns how many photos were in it, and the files that were changed or deleted. Raises CacheError when something cannot be deleted.
    """
    prepared = forget_prepared(digests)
    n_photos, changed = photo_cache.forget(digests)
    return n_photos, tuple(file.relative_to(cache_folder()).as_posix() for file in (*prepared, *changed))


def photos_in_run(run: Path, person: str, own: Collection[str], others: Collection[str] = ()) -> dict[str, str]:
    """Return the photos of somebody in a run's photo folder, whether they took part or not: name to SHA-256.

    The run may know an older name, by which it then finds photos without a face, too. ``own`` and ``others`` are the SHA-256 of photos that
    are known to be theirs, or somebody else's.
    """
    rows = _rows(run / SPLIT)
    names = {row["class"] for row in rows if row["sha256"] in own}
    names = names or {person} - {row["class"] for row in rows if row["sha256"] in others}  # people are renamed: a name may be taken over
    found = {row["path"]: row["sha256"] for row in rows if row["class"] in names or row["sha256"] in own}
    root = _photo_folder(run)
    found |= photos_of(root, names, {*own, *found.values()}) if root else {}
    return {photo: digest for photo, digest in found.items() if digest not in others}


def forget_in_run(run: Path, photos: Collection[str]) -> tuple[str, ...]:
    """Delete somebody's photos from the split, from the run's pictures and from what was found in faces; write the report again.

    Returns the files that were changed or deleted. Raises RunError when something cannot be read or written.
    """
    changed: list[Path] = []
    try:
        changed += [*_cut_faces(run, photos), *_cut_set_aside(run / AUDIT, photos)]
        if (run / METRICS).is_file():
            changed += [*_delete_pictures(run, photos), write_report(run)]
        changed.append(_cut_split(run / SPLIT, photos))  # last: it says which pictures are to be deleted
    except OSError as error:
        raise RunError(
            "The data of these photos in {run} cannot be deleted: {error}. Allow writing there, and try again.", run=run, error=error
        ) from error
    return tuple(path.relative_to(run).as_posix() for path in changed)


def _note(bundle: Path) -> Path:
    return bundle.with_name(f".{bundle.name}.erasing.json")


def _draft(bundle: Path) -> Path:
    """Where notes and receipts are written before they get their names; the bundle's lock keeps others from it."""
    return bundle.with_name(f".{bundle.name}.erasing.new")


def _photo_folder(run: Path) -> Path | None:
    try:
        return place(json.loads((run / ENVIRONMENT).read_bytes())["photos"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _elsewhere(erasure: Erasure, run: Path) -> Iterator[str]:
    """Say which other runs of the same folder hold the person."""
    for other in sorted(path for path in run.parent.iterdir() if path.name != run.name and not path.is_symlink()):
        try:
            n = sum(row["sha256"] in erasure.digests for row in _rows(other / SPLIT)) if (other / SPLIT).is_file() else 0
            facts = open_bundle(other / BUNDLE).facts if (other / BUNDLE).is_dir() else None
        except (RunError, BundleError):
            yield _("The run {run} cannot be read; it may hold {person}.", run=other.name, person=erasure.removed)
            continue
        if n:
            yield _("The run {run} was made with {photos} of {person}.", run=other.name, photos=counted(n, "photo"), person=erasure.removed)
        if facts and (erasure.removed in facts.labels or any(map(facts.data.part_of, erasure.digests))):
            yield _("The recogniser in {run} knows {person}, or somebody by that name.", run=other.name, person=erasure.removed)


def in_groups(person: str, digests: Set[str]) -> Iterator[str]:
    """Say which folders of ``whosthat discover`` hold a person: other people's names in them are the user's work, so they stay."""
    for folder, certain in folders_with(person, digests):
        if certain:
            yield _(
                "The folder {folder} of whosthat discover holds pictures or the name of {person}. Delete it.", folder=folder, person=person
            )
        else:
            yield _("The folder {folder} of whosthat discover cannot be read; it may hold {person}.", folder=folder, person=person)


def _cut_split(path: Path, photos: Collection[str]) -> Path:
    kept = [row for row in _rows(path) if row["path"] not in photos]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS)
    writer.writeheader()
    writer.writerows(kept)
    replace_file(path, table.getvalue().encode("utf-8"))
    return path


def _cut_faces(run: Path, photos: Collection[str]) -> Sequence[Path]:
    """Delete every line and picture of these photos, and every line that names somebody of whom no other photo is left."""
    part = read_face_part(run)
    if part is None or not photos:
        return []
    rows = _rows(run / SPLIT)
    others = {row["class"] for row in rows if row["path"] not in photos}
    gone = {row["class"] for row in rows} - others
    return [write_face_part(run, part.without(gone, set(photos)))]


def _cut_set_aside(path: Path, photos: Collection[str]) -> Sequence[Path]:
    """Delete these photos from the files that were set aside: those without a face are there."""
    if not path.is_file():
        return []
    try:
        document = json.loads(path.read_bytes())
        gone = {str(place(document["root"]) / photo) for photo in photos}
        kept = [line for line in document["set_aside"] if line["path"] not in gone]
        if len(kept) == len(document["set_aside"]):
            return []
    except (ValueError, KeyError, TypeError) as error:
        raise RunError("{path} is damaged ({error!r}). Restore it, or delete it.", path=path, error=error) from error
    replace_file(path, json.dumps({**document, "set_aside": kept}, indent=1).encode("ascii"))
    return [path]


def _delete_pictures(run: Path, names: Collection[str]) -> Sequence[Path]:
    """Delete kept test photos, and the picture of many photos, out of which none can be cut."""
    own = {answer.index for answer in read_metrics(run).evaluation.answers if answer.path in names}
    photos = read_photos(run)
    changed = []
    if own & photos.keys():
        changed.append(run / PLOTS / PHOTOS_FILE)
        kept = {str(index): encoded for index, encoded in photos.items() if index not in own}
        replace_file(changed[0], json.dumps(kept).encode("ascii"))
    if (run / PLOTS / GRID).exists():
        changed.append(run / PLOTS / GRID)
        changed[-1].unlink()
    return changed


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        return read_rows(path)
    except DatasetError as error:
        raise RunError(str(error)) from error
