"""Writing that survives a crash: a file is there whole, or it is not there.

What belongs here: the few steps that make bytes durable (flush, fsync, rename, fsync the folder).
What does not: knowing what is written. This module imports nothing of whosthat.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def write_file(path: Path, content: bytes) -> None:
    """Write a new file and wait until the disk has it; for files in a folder that is renamed as a whole later.

    Args:
        path: The file; overwritten when it exists.
        content: What it holds.

    Raises:
        OSError: No room, no permission, no such folder.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file in one step: whoever reads it sees the old content or the new, also after a crash.

    Args:
        path: The file; it need not exist, its folder must.
        content: What it shall hold.

    Raises:
        OSError: No room, no permission, no such folder. The old file is then untouched.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     replace_file(Path(folder) / "notes.txt", b"whole")
        ...     (Path(folder) / "notes.txt").read_bytes()
        b'whole'
    """
    temporary = path.with_name(f".new-{secrets.token_hex(6)}")
    try:
        write_file(temporary, content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


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
