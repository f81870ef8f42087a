"""Where the data set keeps what it has worked out, readable for its owner alone.

What belongs here: the place and the names of the prepared photos (`cache`) and of the facts about photos (`facts`).
What does not: what those files hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from whosthat import durable
from whosthat.errors import CacheError
from whosthat.settings import cache_folder


def private_file(root: Path, ending: str) -> Path:
    """The file in the cache that belongs to a photo folder.

    Args:
        root: The photo folder. Folders of one name in different places get different files.
        ending: What the file holds, with its suffix ("facts.json").
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


@contextmanager
def changing_facts() -> Iterator[None]:
    """Keep other processes from writing facts, for a moment, and delete what killed ones left half written.

    Raises:
        OSError: The folder is not there, or cannot be written.
    """
    with FileLock(photos_folder() / "facts.lock", mode=0o600):
        durable.sweep(photos_folder())
        yield
