"""Photos that lie in S3-compatible storage: which paths mean them, listing them, and fetching one.

What belongs here: the one place that imports fsspec. What does not: decoding (`reading`). Nothing is asked for unless somebody names an
address that begins with ``s3://``. Where the storage is, and who may read it, is said as everywhere: ``AWS_ENDPOINT_URL``,
``AWS_ACCESS_KEY_ID`` and so on, or the files in ``~/.aws``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from whosthat.errors import UsageError
from whosthat.translation import _

if sys.platform == "win32":
    from pathlib import WindowsPath as _Path
else:
    from pathlib import PosixPath as _Path

CONNECT_WITHIN, ANSWER_WITHIN, TRIES = 5, 10, 2
"""Seconds until a connection stands; seconds without a byte of an answer; how often a request is made, which s3fs multiplies by itself for
some errors."""


class StoredPhoto(_Path):
    """The address of a photo or folder in storage, ``s3://bucket/folder/photo.jpg``; nowhere on this computer."""

    def __str__(self) -> str:
        """Return the address; pathlib makes one slash of two."""
        return "s3://" + "/".join(self.parts[1:])

    def absolute(self) -> StoredPhoto:
        """Return it as it is."""
        return self


def stored(path: Path) -> StoredPhoto | None:
    """Return the address that somebody gave as a path; None for a path of this computer (a folder called ``s3:`` is ``./s3:`` in words).

    Example:
        >>> str(stored(Path("s3://holiday/beach.jpg")))
        's3://holiday/beach.jpg'
    """
    return StoredPhoto(*path.parts) if path.parts[:1] == ("s3:",) else None


def fetch(photo: StoredPhoto, max_bytes: int) -> bytes:
    """Return a photo's bytes, one more than ``max_bytes`` at most.

    Raises OSError with the reason: FileNotFoundError and PermissionError where the storage says so.
    """
    with _reasons():
        content: bytes = _storage().cat_file(str(photo), start=0, end=max_bytes + 1)
    return content


def listed(folder: StoredPhoto) -> list[StoredPhoto]:
    """Return what lies in a folder, at any depth, sorted by name; OSError with the reason."""
    with _reasons():
        return [StoredPhoto(f"s3://{name}") for name in sorted(_storage().find(str(folder)))]


@cache
def _storage() -> Any:
    if find_spec("s3fs") is None:
        raise UsageError('Photos in S3 storage need s3fs. Install it: pip install "whosthat[s3]".')
    import fsspec

    patience = {"connect_timeout": CONNECT_WITHIN, "read_timeout": ANSWER_WITHIN, "retries": {"max_attempts": 0}}
    storage = fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=patience)
    storage.retries = TRIES
    return storage


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except (OSError, UsageError):
        raise
    except Exception as error:  # botocore and aiohttp raise dozens of unrelated classes
        raise OSError(_("the storage does not answer as it should: {error}", error=str(error) or type(error).__name__)) from error
