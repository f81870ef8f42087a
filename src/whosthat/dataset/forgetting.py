"""Deleting from the cache what was worked out from photos: for people who ask to be removed.

What belongs here: the files that `facts` and `cache` keep. What does not: embeddings (`whosthat.faces.remembered`), run folders.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

from whosthat.dataset.cache import PreparedPhotos
from whosthat.dataset.facts import SHA256_COLUMN
from whosthat.durable import replace_file
from whosthat.errors import CacheError
from whosthat.settings import cache_folder
from whosthat.types import PARTS


def forget_photos(digests: Collection[str]) -> tuple[Path, ...]:
    """Delete everything that the cache holds of photos, whichever folders they lie in.

    Facts (with their thumbnails of 32 x 32 pixels) are cut out of their file. A file of prepared photos is deleted whole, as is any that
    cannot be read: the next training builds it again from the photos that are left.

    Args:
        digests: SHA-256 of each photo.

    Returns:
        The files that were changed or deleted.

    Raises:
        CacheError: A file cannot be changed or deleted.
    """
    folder = cache_folder() / "photos"
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    ways = {".json": _cut_out, ".h5": _delete_prepared}
    try:
        return tuple(file for file in files if file.suffix in ways and ways[file.suffix](file, digests))
    except OSError as error:
        raise CacheError(
            f"What is remembered in {folder} cannot be deleted: {error}. End other runs of whosthat, and remove the person again."
        ) from error


def _cut_out(file: Path, digests: Collection[str]) -> bool:
    try:
        document = json.loads(file.read_bytes())
        photos = document["photos"]
        kept = {name: row for name, row in photos.items() if row[SHA256_COLUMN] not in digests}
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        file.unlink()
        return True
    if len(kept) == len(photos):
        return False
    replace_file(file, json.dumps({**document, "photos": kept}).encode("utf-8"))
    return True


def _delete_prepared(file: Path, digests: Collection[str]) -> bool:
    try:
        with PreparedPhotos(file) as prepared:
            held = any(digest in digests for part in PARTS for digest in prepared.hashes(part)) or not prepared.without.isdisjoint(digests)
    except CacheError:
        held = True
    if held:
        file.unlink()
    return held
