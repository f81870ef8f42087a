"""Photos that lie in S3-compatible storage: which paths mean them, listing them, and fetching one.

What belongs here: the one place that imports fsspec. What does not: decoding (`reading`), what a folder of photos is (`dataset.folder`).
Nothing is asked for unless somebody names an address that begins with ``s3://``, and nothing there is ever changed. Where the storage is,
and who may read it, is said as everywhere: ``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID`` and so on, or the files in ``~/.aws``.
"""

from __future__ import annotations

import errno
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from whosthat.durable import make_private_folder
from whosthat.errors import UsageError, system_reason
from whosthat.settings import cache_folder
from whosthat.translation import _

if sys.platform == "win32":
    from pathlib import WindowsPath as _Path
else:
    from pathlib import PosixPath as _Path

CONNECT_WITHIN, ANSWER_WITHIN, TRIES = 5, 10, 2
"""Seconds until a connection stands; seconds without a byte of an answer; how often a request is made, which s3fs multiplies by itself for
some errors."""

AT_ONCE = 16
"""So many photos are asked for at once: an answer takes tens of milliseconds to begin, and photos are decoded faster."""

SHARE_KEPT, MOST_KEPT = 0.25, 8 << 30
"""`fetched_once` keeps no more than this share of what is free on the disk, and no more than this many bytes (8 GiB)."""


class StorageError(OSError):
    """The storage does not answer as it should; whether the photo is there nobody knows."""


class StoredPhoto(_Path):
    """The address of a photo or folder in storage, ``s3://bucket/folder/photo.jpg``; nowhere on this computer.

    Attributes:
        stamp: Changes when the photo does, as the listing said in which it stood; empty for an address from elsewhere. Paths that are made
            of this one, and copies in other processes, have none.
    """

    stamp = ""

    def __str__(self) -> str:
        """Return the address; pathlib makes one slash of two."""
        return "s3://" + "/".join(self.parts[1:])

    def absolute(self) -> StoredPhoto:
        """Return it as it is."""
        return self

    def resolve(self, strict: bool = False) -> StoredPhoto:
        """Return it as it is: there are no links in storage."""
        return self

    def relative_to(self, *other: Any) -> Path:  # type: ignore[override]
        """Return the way from a folder, which is no address any more."""
        return Path(*super().relative_to(*other).parts)


def stored(path: Path) -> StoredPhoto | None:
    """Return the address that somebody gave as a path; None for a path of this computer (a folder called ``s3:`` is ``./s3:`` in words).

    Example:
        >>> str(stored(Path("s3://holiday/beach.jpg")))
        's3://holiday/beach.jpg'
    """
    if isinstance(path, StoredPhoto):
        return path
    return StoredPhoto(*path.parts) if path.parts[:1] == ("s3:",) else None


def place(path: str | Path) -> Path:
    """Return a place that somebody named as what it is: an address in storage, or a path of this computer."""
    return stored(Path(path)) or Path(path)


def fetch(photo: StoredPhoto, max_bytes: int) -> bytes:
    """Return a photo's bytes, one more than ``max_bytes`` at most.

    Raises FileNotFoundError and PermissionError where the storage says so, StorageError where it does not answer as it should.
    """
    if (kept := _KEPT.get(str(photo))) is not None:
        return kept[: max_bytes + 1]
    with _reasons():
        try:
            content: bytes = _storage().cat_file(str(photo), start=0, end=max_bytes + 1)
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            content = b""  # an empty file has no byte to begin with
    if len(content) <= max_bytes:
        _KEPT.put(str(photo), content)
    return content


class Listing(NamedTuple):
    """What lies in a folder in storage, at any depth, each sorted by name."""

    files: list[StoredPhoto]
    folders: list[StoredPhoto]
    """Those that are marked, as programs do that show storage as folders; an empty one is known by that alone."""
    unreachable: list[StoredPhoto]
    """Files whose names no path can hold: with an empty folder or a dot as a folder in them. Such a path leads to another file, or none."""


def listed(folder: StoredPhoto) -> Listing:
    """Return what lies in a folder; UsageError where no bucket is named, OSError with the reason, as of `fetch`."""
    if len(folder.parts) == 1:
        raise UsageError("{address} names no bucket. A folder in storage is s3://bucket/folder.", address=folder)
    with _reasons():
        found = sorted((f"{folder.parts[1]}/{one['Key']}", _stamp(one)) for one in _objects(folder))
    listing = Listing([], [], [])
    for name, stamp in found:
        photo = StoredPhoto(f"s3://{name}")
        photo.stamp = stamp
        if str(photo) == f"s3://{name}" and "?versionId=" not in name:
            listing.files.append(photo)
        else:
            (listing.folders if str(photo) == f"s3://{name}"[:-1] else listing.unreachable).append(photo)
    return listing


def _objects(folder: StoredPhoto) -> Iterator[dict[str, Any]]:
    """Yield what the storage says of each object, a page after the other; `find` of fsspec would hold all of that at once, twice."""
    bucket, *names = folder.parts[1:]
    wanted = {"Bucket": bucket, "Prefix": "".join(f"{name}/" for name in names)}
    while True:
        page = _storage().call_s3("list_objects_v2", **wanted)
        yield from page.get("Contents", ())
        if not page.get("IsTruncated"):
            return
        wanted["ContinuationToken"] = page["NextContinuationToken"]


def _stamp(facts: dict[str, Any]) -> str:
    """Say what changes when an object changes; empty where the storage tells no ETag."""
    return f"{facts['ETag']} {facts['Size']} {facts.get('LastModified', '')}" if facts.get("ETag") else ""


@contextmanager
def fetched_once() -> Iterator[None]:
    """Keep what is fetched while the block runs, as far as there is room, so that nothing is fetched twice.

    It lies in a file without a name in the cache folder, of which nothing is left when the process ends, however it ends. Blocks inside
    one another, and those of several threads, share one.
    """
    with _KEPT.used():
        yield


class _Kept:
    """What was fetched, one photo behind the other in a file without a name, until that is full."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = self._end = self._room = 0
        self._file: Any = None
        self._places: dict[str, tuple[int, int]] = {}

    @contextmanager
    def used(self) -> Iterator[None]:
        with self._lock:
            self._users += 1
        try:
            yield
        finally:
            with self._lock:
                self._users -= 1
                if not self._users and self._file is not None:
                    self._file.close()
                    self._file, self._places = None, {}

    def get(self, address: str) -> bytes | None:
        """Return what was put under an address."""
        with self._lock:
            if address not in self._places:
                return None
            start, size = self._places[address]
            self._file.seek(start)
            content: bytes = self._file.read(size)
            return content

    def put(self, address: str, content: bytes) -> None:
        """Keep something, where somebody wants that and there is room."""
        with self._lock:
            if not self._users or address in self._places:
                return
            try:
                if self._file is None:
                    self._open()
                if self._end + len(content) <= self._room:
                    self._file.seek(self._end)
                    self._file.write(content)
                    self._file.flush()
                    self._places[address] = (self._end, len(content))
                    self._end += len(content)
            except OSError:  # the disk is full, or may not be written: the photo is fetched again
                self._room = 0

    def _open(self) -> None:
        make_private_folder(cache_folder())
        self._file = tempfile.TemporaryFile(dir=cache_folder())  # noqa: SIM115  `used` closes it
        self._end, self._room = 0, min(MOST_KEPT, int(SHARE_KEPT * shutil.disk_usage(cache_folder()).free))


_KEPT = _Kept()


@cache
def _storage() -> Any:
    if find_spec("s3fs") is None:
        raise UsageError('Photos in S3 storage need s3fs. Install it: pip install "whosthat[s3]".')
    import fsspec

    how: dict[str, Any] = {"connect_timeout": CONNECT_WITHIN, "read_timeout": ANSWER_WITHIN, "retries": {"max_attempts": 0}}
    storage = fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=how | {"max_pool_connections": AT_ONCE})
    storage.retries = TRIES
    return storage


@contextmanager
def _reasons() -> Iterator[None]:
    try:
        yield
    except (FileNotFoundError, PermissionError, UsageError):
        raise
    except Exception as error:  # botocore and aiohttp raise dozens of unrelated classes
        why = system_reason(error) if isinstance(error, OSError) else str(error) or type(error).__name__
        raise StorageError(_("the storage does not answer as it should: {error}", error=why)) from error
