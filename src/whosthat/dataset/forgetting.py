"""Deleting from the cache what was worked out from photos: for people who ask to be removed.

What belongs here: the files that `facts` and `cache` keep. What does not: embeddings (`whosthat.faces.remembered`), run folders.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from unicodedata import normalize

from whosthat.dataset.cache import PreparedPhotos, delete_unfinished
from whosthat.dataset.facts import SHA256_COLUMN
from whosthat.dataset.private import changing_facts, photos_folder, private_file
from whosthat.durable import UNFINISHED, replace_file
from whosthat.errors import CacheError
from whosthat.types import PARTS

_DAMAGE = (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError)
_AGAIN = "Close other whosthat processes, and remove the person again."


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
    folder = photos_folder()
    if not folder.is_dir():
        return ()
    ways = {".json": _cut_out, ".h5": _delete_prepared}
    try:
        with changing_facts():
            done = delete_unfinished(folder)
            files = [file for file in sorted(folder.iterdir()) if file.suffix in ways and not file.name.startswith(UNFINISHED)]
            changed = tuple(file for file in files if ways[file.suffix](file, digests))
    except OSError as error:
        raise CacheError(f"The cache in {folder} cannot be deleted: {error}. {_AGAIN}") from error
    if not done:
        raise CacheError(f"Another process is preparing photos in {folder}. {_AGAIN}")
    return changed


def photos_of(root: Path, classes: Collection[str], digests: Collection[str]) -> dict[str, str]:
    """Return the photos of a photo folder that lie in some of its folders, and all copies of these and of others, as remembered.

    Args:
        root: The photo folder.
        classes: Names of folders in it.
        digests: SHA-256 of further photos.

    Returns:
        Names ("anna/beach.jpg") to SHA-256; nothing where nothing is remembered.
    """
    try:
        rows = json.loads(private_file(root, "facts.json").read_bytes())["photos"].items()
        photos = {name: row[SHA256_COLUMN] for name, row in rows}
        wanted = {digest for name, digest in photos.items() if normalize("NFC", name.split("/")[0]) in classes}.union(digests)
    except (OSError, *_DAMAGE):
        return {}
    return {name: digest for name, digest in photos.items() if digest in wanted}


def _cut_out(file: Path, digests: Collection[str]) -> bool:
    try:
        document = json.loads(file.read_bytes())
        photos = document["photos"]
        kept = {name: row for name, row in photos.items() if row[SHA256_COLUMN] not in digests}
    except _DAMAGE:
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
