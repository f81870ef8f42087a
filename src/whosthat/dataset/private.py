"""Where prepared photos are kept, readable for their owner alone.

What belongs here: the folder and the names of the files. What does not: what they hold (`cache`).
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from whosthat import durable
from whosthat.errors import CacheError
from whosthat.settings import cache_folder


def private_file(root: Path, ending: str) -> Path:
    """The file in the cache that belongs to a photo folder.

    Args:
        root: The photo folder. Folders of one name in different places get different files.
        ending: What the file holds, with its suffix ("crop.h5").
    """
    real = root.resolve()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", real.name)[:32].strip("-")
    place = hashlib.sha256(str(real).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return photos_folder() / "-".join(part for part in (readable, place, ending) if part)


def photos_folder() -> Path:
    """Where all these files lie."""
    return cache_folder() / "photos"


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can look into.

    Raises:
        CacheError: It cannot be created.
    """
    try:
        durable.make_private_folder(folder)
    except OSError as error:
        raise CacheError(
            f"The cache folder {folder} cannot be created: {error.strerror or error}. Set WHOSTHAT_CACHE to a writable folder."
        ) from error
