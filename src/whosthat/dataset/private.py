"""Where the data set keeps what it has worked out, readable for its owner alone.

What belongs here: the place and the names of the prepared photos (`cache`) and of the facts about photos (`facts`).
What does not: what those files hold.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

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
    return cache_folder() / "photos" / "-".join(part for part in (readable, place, ending) if part)


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner can look into; on Windows the user's profile already sees to that.

    Raises:
        CacheError: It cannot be created.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CacheError(
            f"The folder for prepared photos, {folder}, cannot be created: {error.strerror or error}."
            " Set WHOSTHAT_CACHE to a folder that can be written to."
        ) from error
