"""Removing what is left of a person outside the gallery: in the cache, and in the run that made the bundle.

What belongs here: finding and deleting embeddings, crops and cache entries, and the receipt. What does not: the gallery (`people`).
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePath

from whosthat.dataset.forgetting import forget_photos
from whosthat.dataset.split import COLUMNS
from whosthat.durable import replace_file
from whosthat.errors import RunError
from whosthat.evaluation.face_part import read_face_part, write_face_part
from whosthat.evaluation.plots.writing import PHOTOS_FILE, read_photos
from whosthat.evaluation.report import write_report
from whosthat.evaluation.run_facts import METRICS_FILE, read_metrics
from whosthat.faces.remembered import FILE, RememberedFaces
from whosthat.settings import cache_folder
from whosthat.workflow.file_names import unused_path
from whosthat.workflow.training_run import AUDIT, BUNDLE, SPLIT

GRID = "grid.png"
"""The picture in a run's ``plots`` that shows test photos of everybody; a drawing, so nobody can be cut out of it."""

KEPT = (
    "The photos themselves were not touched. The run's figures, and what was found in the files, keep the person's name and the names "
    "of photos; what was found in faces does not. "
    "Other runs, and copies of this bundle, may still hold the person."
)


@dataclass(frozen=True)
class Receipt:
    """What was deleted when somebody was removed; holds nothing personal but the name.

    Attributes:
        removed: The name.
        bundle: From which bundle.
        time: When, ISO 8601 in UTC.
        embeddings: How many were deleted from the bundle.
        cache_rows: How many photos' faces and embeddings were deleted from the cache.
        cache_files: Files of the cache that were changed or deleted.
        run_files: Files of the run that were changed or deleted.
        kept: What was not deleted, in whole sentences.
    """

    removed: str
    bundle: str
    time: str
    embeddings: int
    cache_rows: int
    cache_files: tuple[str, ...]
    run_files: tuple[str, ...]
    kept: str = KEPT


def run_of(bundle: Path) -> Path | None:
    """Return the run folder that a bundle lies in; None when it lies elsewhere."""
    run = bundle.parent
    return run if bundle.name == BUNDLE and (run / SPLIT).is_file() else None


def forget_in_cache(digests: Collection[str]) -> tuple[int, tuple[str, ...]]:
    """Delete faces, embeddings, facts and prepared copies of photos from the cache.

    Returns:
        How many photos' faces there were, and the files that were changed or deleted.

    Raises:
        CacheError: Something cannot be deleted.
    """
    rows, files = 0, list(forget_photos(digests))
    if (cache_folder() / FILE).exists():
        with RememberedFaces("") as remembered:
            rows = remembered.forget(digests)
            files.append(remembered.file)
    return rows, tuple(file.relative_to(cache_folder()).as_posix() for file in files)


def photos_in_split(run: Path, person: str, digests: Collection[str]) -> dict[str, str]:
    """Return the photos of somebody that took part in a run: name in the photo folder to SHA-256.

    Args:
        run: The run folder.
        person: The name; the run may know an older one, by which it then finds photos without a face, too.
        digests: SHA-256 of photos that are known to be theirs.
    """
    rows = _rows(run / SPLIT)
    names = {row["class"] for row in rows if row["sha256"] in digests} or {person}
    return {row["path"]: row["sha256"] for row in rows if row["class"] in names or row["sha256"] in digests}


def forget_in_run(run: Path, photos: Collection[str]) -> tuple[str, ...]:
    """Delete somebody's photos from the split, from the run's pictures and from what was found in faces; write the report again.

    Args:
        run: The run folder.
        photos: Names of the photos, as the split has them.

    Returns:
        The files that were changed or deleted.

    Raises:
        RunError: Something cannot be read or written.
    """
    changed: list[Path] = []
    try:
        changed += [*_cut_faces(run, photos), *_cut_set_aside(run / AUDIT, photos)]
        if (run / METRICS_FILE).is_file():
            changed += [*_delete_pictures(run, photos), write_report(run)]
        changed.append(_cut_split(run / SPLIT, photos))  # last: it says which pictures are to be deleted
    except OSError as error:
        raise RunError(f"What {run} holds of these photos cannot be deleted: {error}. Allow writing there, and try again.") from error
    return tuple(path.relative_to(run).as_posix() for path in changed)


def write_receipt(receipt: Receipt, folder: Path) -> Path:
    """Write a receipt into a folder, beside older ones.

    Raises:
        RunError: It cannot be written.
    """
    try:
        path = unused_path(folder, f"removed {receipt.removed}.json")
        replace_file(path, json.dumps(asdict(receipt), indent=2, ensure_ascii=False).encode("utf-8"))
    except OSError as error:
        raise RunError(f"{receipt.removed} was removed, but the receipt cannot be written to {folder}: {error}.") from error
    return path


def now() -> str:
    """Return the time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


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
        gone = {str(PurePath(document["root"], photo)) for photo in photos}
        kept = [line for line in document["set_aside"] if line["path"] not in gone]
        if len(kept) == len(document["set_aside"]):
            return []
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path} is damaged ({error!r}). Restore it, or delete it.") from error
    replace_file(path, json.dumps({**document, "set_aside": kept}, indent=1).encode("ascii"))
    return [path]


def _delete_pictures(run: Path, names: Collection[str]) -> Sequence[Path]:
    """Delete kept test photos, and the picture of many photos, out of which none can be cut."""
    own = {answer.index for answer in read_metrics(run).evaluation.answers if answer.path in names}
    photos = read_photos(run)
    changed = []
    if own & photos.keys():
        changed.append(run / "plots" / PHOTOS_FILE)
        kept = {str(index): encoded for index, encoded in photos.items() if index not in own}
        replace_file(changed[0], json.dumps(kept).encode("ascii"))
    if (run / "plots" / GRID).exists():
        changed.append(run / "plots" / GRID)
        changed[-1].unlink()
    return changed


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, strict=True))
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"The split {path} cannot be read: {error}.") from error
    if not all(set(row) == set(COLUMNS) for row in rows):
        raise RunError(f"{path} is no split: expected the columns {', '.join(COLUMNS)}.")
    return rows
