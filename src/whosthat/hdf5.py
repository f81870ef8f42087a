"""HDF5 files: ours are written whole or not at all; of others', only numbers in the very file are read, and no more than it can hold.

What belongs here: what every writer does, and what every reader of a file of somebody else must ask first. What does not: what the numbers
mean. This module imports leaves alone of whosthat, and h5py only where it is used.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.durable import UNFINISHED, open_private, sync_folder
from whosthat.translation import _

if TYPE_CHECKING:
    import h5py

MOST_COMPRESSED = 1100
"""An array that claims to be more often larger than what is stored of it holds nothing: deflate reaches 1032."""

LARGEST_CHUNK = 256 * 1024 * 1024
"""Bytes of the largest piece that is read at once."""


@contextmanager
def replacing(file: Path) -> Iterator[h5py.File]:
    """Write a private file beside its place while the block runs, then move it there; one that was there stays until then.

    Whoever calls keeps others from writing it at the same time.

    Raises:
        OSError, RuntimeError: It cannot be written; RuntimeError comes of HDF5 closing a file that it could not write.
    """
    import h5py

    temporary = file.with_name(f"{UNFINISHED}{file.name}")
    try:
        open_private(temporary).close()
        # no chunk cache: HDF5 1.14 crashes the process when a full disk stops it from emptying one
        with h5py.File(temporary, "w", locking=False, rdcc_nbytes=0) as opened:
            yield opened
        with temporary.open("rb+") as written:
            os.fsync(written.fileno())
        temporary.replace(file)
        sync_folder(file.parent)
    finally:
        with suppress(PermissionError):  # on Windows, a file that HDF5 could not close cannot be deleted
            temporary.unlink(missing_ok=True)


def own(group: h5py.Group, path: str) -> h5py.Group | h5py.Dataset:
    """Return what stands at a path in this very file: HDF5 can also point into any other file of the machine.

    Raises:
        ValueError: Nothing stands there, or a link to somewhere else.
    """
    import h5py

    at = group
    for part in path.split("/"):
        if not isinstance(at, h5py.Group) or not isinstance(at.get(part, getlink=True), h5py.HardLink):
            raise ValueError(_("{path!r} is missing or refers to numbers elsewhere, which is not allowed", path=path))
        at = at[part]
    return at


def own_numbers(group: h5py.Group, path: str) -> h5py.Dataset:
    """Return the array at a path, which may be read row by row; nothing of it has been read yet.

    Raises:
        ValueError: It is no array, its numbers stand elsewhere, it claims to be far larger than what the file holds of it, or its pieces
            are too large to be read.
    """
    import h5py

    numbers = own(group, path)
    if not isinstance(numbers, h5py.Dataset) or numbers.external or numbers.is_virtual:
        raise ValueError(_("{path!r} is no array, or refers to numbers elsewhere, which is not allowed", path=path))
    size, stored = math.prod(numbers.shape or ()) * numbers.dtype.itemsize, numbers.id.get_storage_size()
    if size > MOST_COMPRESSED * stored:
        raise ValueError(
            _("{path!r} claims to have {size:,} bytes, but the file holds {stored:,} bytes of it", path=path, size=size, stored=stored)
        )
    if numbers.chunks and math.prod(numbers.chunks) * numbers.dtype.itemsize > LARGEST_CHUNK:
        raise ValueError(_("{path!r} is stored in pieces of more than {largest} MiB", path=path, largest=LARGEST_CHUNK // 2**20))
    return numbers
