"""Writing that survives a crash: a file is there whole, or it is not there, and only its owner can read it.

What belongs here: the few steps that make bytes durable (flush, fsync, rename, fsync the folder), private files and folders, what killed
writings leave, the hash by which a file is known again. What does not: knowing what is written. This module imports nothing of whosthat.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

UNFINISHED = ".new-"
"""How the name of a file begins that is being written."""

ABANDONED_AFTER = 60.0
"""Seconds after which nobody writes any more to such a file; whoever did would only be told that it is gone."""

_UNFINISHED = re.compile(f"{re.escape(UNFINISHED)}[0-9a-f]{{12}}")


def sha256_of(path: Path) -> str:
    """Return a file's SHA-256, in hexadecimal; OSError where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_private(path: Path) -> BinaryIO:
    """Open a file for writing, emptied, that only its owner can read from the first byte on, whatever the umask."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600), "wb")


def make_private_folder(folder: Path) -> None:
    """Create a folder, and those that lead to it, for their owner alone; those that are there stay as they are.

    On Windows the user's profile already sees to that. OSError where it cannot be created, or is a file.
    """
    if not folder.parent.is_dir():
        make_private_folder(folder.parent)  # what `parents=True` makes, others can read
    folder.mkdir(mode=0o700, exist_ok=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file, overwritten when it exists, and wait until the disk has it; for files in a folder that is renamed as a whole later."""
    with open_private(path) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def unfinished_in(folder: Path) -> Path:
    """Return a name for a file that is being written; `sweep` finds it when the process is killed."""
    return folder / f"{UNFINISHED}{secrets.token_hex(6)}"


def replace_file(path: Path, content: bytes, *, temporary: Path | None = None, mode: int = 0o600) -> None:
    """Replace a file in one step: whoever reads it sees the old content or the new, also after a crash.

    It need not exist, its folder must. It is first written to ``temporary`` in that folder, for whoever keeps others from writing there at
    the same time; None is a new name, which `sweep` finds when the process is killed. ``mode`` says who may read and write it then; the
    owner alone when left out.

    Raises:
        OSError: No room, no permission, no such folder. The old file is then untouched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     replace_file(Path(folder) / "notes.txt", b"whole")
        ...     (Path(folder) / "notes.txt").read_bytes()
        b'whole'
    """
    temporary = temporary or unfinished_in(path.parent)
    try:
        write_file(temporary, content)
        if mode != 0o600:
            temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def move_to_free_name(source: Path, target: Path) -> None:
    """Move a file to a name that nothing has yet; killed at any moment, the whole file is at one of the two names, or at both.

    Where it is at both, they are one file, and moving it again ends that.

    Raises:
        FileExistsError: Something else has the name.
        OSError: It cannot be moved.
    """
    if os.name == "nt":
        source.rename(target)  # refuses a name that is taken
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError:
        if not os.path.samestat(source.lstat(), target.lstat()):
            raise
    except OSError:  # a file system without links
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from None
        source.rename(target)
        return
    source.unlink()


def sweep(folder: Path) -> None:
    """Delete what `replace_file` left when it was killed, in a folder and in those directly inside; OSError where that cannot be.

    Only for whoever keeps others from writing there meanwhile.
    """
    left = f"{UNFINISHED}{'[0-9a-f]' * 12}"
    for path in (*folder.glob(left), *folder.glob(f"*/{left}")):
        path.unlink(missing_ok=True)


def sweep_abandoned(folder: Path, names: Iterable[str], after: float = ABANDONED_AFTER) -> list[Path]:
    """Delete, of the files in a folder to which others write, too, what `replace_file` left when it was killed; return what stays of it.

    That is a regular file with such a name that nobody touched for ``after`` seconds.
    """
    left = [folder / name for name in names if _UNFINISHED.fullmatch(name)]
    for path in left:
        with suppress(OSError):
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < time.time() - after:
                path.unlink()
    return [path for path in left if path.is_file()]


def sync_folder(folder: Path) -> None:
    """Wait until the disk has a folder's names, so that a rename inside it survives a power cut.

    Windows cannot open a folder for this and orders its own metadata; there, nothing is done.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
