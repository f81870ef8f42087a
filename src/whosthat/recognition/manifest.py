"""The manifest of a bundle: which files belong to it, how large they are, and their SHA-256.

What belongs here: writing the manifest last, and handing out only bytes that agree with it. What the files mean stands in `bundle`.

The hashes find damage (a broken disk, a half-finished copy, an edited file). They are no signature: whoever can write the
folder can write the manifest too, so everything read from a bundle is checked again where it is used.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from whosthat import durable
from whosthat.errors import BundleError, system_reason
from whosthat.translation import _
from whosthat.version import __version__

FORMAT = 1
"""The bundle format that this whosthat writes, and the only one it reads."""

MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 1 << 20
MAX_FILE_BYTES = (1 << 31) - 1
"""Largest file of a bundle: 2 GiB, the most that one ONNX message can be."""

MAPPED_FROM = 64 << 20
"""Files of this size and more are mapped. A small one is not: on Windows, a bundle with a mapped file cannot be replaced."""

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_LEFT_BY_DESKTOPS = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""Files that Finder and Explorer drop into folders that someone looks at; they do not make a bundle untrue."""


class FileFacts(BaseModel):
    """Size in bytes and SHA-256 (64 hexadecimal digits) of one file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    bytes: Annotated[int, Field(ge=0, le=MAX_FILE_BYTES)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What stands in ``manifest.json``: the bundle's format, the whosthat that made it, and every file but the manifest itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    format: int
    whosthat: Annotated[str, Field(max_length=40)]
    files: dict[str, FileFacts]

    def read(self, folder: Path, name: str, limit: int = MAX_FILE_BYTES) -> bytes:
        """Read one file of a bundle; BundleError where there is none, it has more than ``limit`` bytes, or its content has changed."""
        expected = self._expected(folder, name)
        content = _read_file(folder, name, min(limit, expected.bytes))
        _refuse_changed(folder / name, expected, hashlib.sha256(content).hexdigest())
        return content

    def mapped(self, folder: Path, name: str) -> bytes | mmap.mmap:
        """Return one file of a bundle; a large one mapped, so that it takes memory only where it is looked at. Errors as of `read`."""
        expected = self._expected(folder, name)
        if expected.bytes < MAPPED_FROM:
            return self.read(folder, name)
        try:
            with os.fdopen(os.open(folder / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)), "rb") as file:
                _refuse_changed(folder / name, expected, hashlib.file_digest(file, "sha256").hexdigest())
                return mmap.mmap(file.fileno(), expected.bytes, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise _unreadable(folder / name, error) from error

    def checked_path(self, folder: Path, name: str) -> Path:
        """Return the path of one file of a bundle, for others to read; BundleError where there is none, or its content has changed."""
        path, expected = folder / name, self._expected(folder, name)
        try:
            _refuse_changed(path, expected, durable.sha256_of(path))
        except OSError as error:
            raise _unreadable(path, error) from error
        return path

    def _expected(self, folder: Path, name: str) -> FileFacts:
        if name not in self.files:
            raise BundleError("The bundle {folder} holds no {name}. Train again to get a complete bundle.", folder=folder, name=name)
        return self.files[name]


def write_manifest(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files into an empty folder and then the manifest that vouches for them, each one on disk before the next begins."""
    for name, content in contents.items():
        durable.write_file(folder / name, content)
    facts = {name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()} for name, content in contents.items()}
    text = json.dumps({"format": FORMAT, "whosthat": __version__, "files": facts}, indent=2) + "\n"
    durable.write_file(folder / MANIFEST, text.encode("utf-8"))
    durable.sync_folder(folder)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a folder and compare it with what lies there; no hash is computed yet.

    BundleError where it is missing, damaged or of a newer format, where a name leads out of the folder, and where a file is missing, too
    many, of the wrong size or a link.
    """
    text = _read_file(folder, MANIFEST, MAX_MANIFEST_BYTES)
    _refuse_newer(folder, text)
    try:
        manifest = Manifest.model_validate_json(text)
    except ValidationError as error:
        raise BundleError(
            "{file} is damaged: {complaint} Copy the bundle again, or train again.",
            file=folder / MANIFEST,
            complaint=first_complaint(error),
        ) from error
    try:
        _compare(folder, manifest)
    except OSError as error:  # the folder was replaced a moment ago
        raise _unreadable(folder, error) from error
    return manifest


def _refuse_changed(path: Path, expected: FileFacts, came: str) -> None:
    if came != expected.sha256:
        raise BundleError(
            "{path} is not the file that was saved: expected a SHA-256 that starts with {expected}, got {came}. The "
            "file is damaged or was changed; copy the bundle again, or train again.",
            path=path,
            expected=expected.sha256[:12],
            came=came[:12],
        )


def _unreadable(path: Path, error: OSError | ValueError) -> BundleError:
    return BundleError(
        "{path} cannot be read: {error}. Copy the bundle again, or check who may read it.", path=path, error=system_reason(error)
    )


def first_complaint(error: ValidationError) -> str:
    """Say the first thing that is wrong with a JSON file, as one sentence."""
    complaint = error.errors(include_url=False)[0]
    place = ".".join(str(part)[:60] for part in complaint["loc"]) or _("the whole file")
    return _("{place}: {problem}.", place=place, problem=_(complaint["msg"]))


def _refuse_newer(folder: Path, text: bytes) -> None:
    """Say "update" before complaining about keys that only a newer whosthat knows."""

    class Origin(BaseModel):
        format: int
        whosthat: str = _("another version")

    try:
        origin = Origin.model_validate_json(text)
    except ValidationError as error:
        raise BundleError(
            "{file} is not a bundle manifest: {complaint} Copy the bundle again.", file=folder / MANIFEST, complaint=first_complaint(error)
        ) from error
    if origin.format != FORMAT:
        raise BundleError(
            "The bundle {folder} has format {format} and was made by whosthat {maker!r}; this is whosthat "
            "{version}, which reads format {readable}. Update whosthat, or train the bundle again with this one.",
            folder=folder,
            format=origin.format,
            maker=origin.whosthat[:40],
            version=__version__,
            readable=FORMAT,
        )


def _compare(folder: Path, manifest: Manifest) -> None:
    for name in manifest.files:
        if not _PLAIN_NAME.fullmatch(name) or name == MANIFEST:
            raise BundleError(
                "The manifest of {folder} names the file {name!r}, which is not a plain file name. Do not use this bundle.",
                folder=folder,
                name=name[:100],
            )
    there = {path.name for path in folder.iterdir()} - _LEFT_BY_DESKTOPS - {MANIFEST}
    if missing := sorted(manifest.files.keys() - there):
        raise BundleError(
            "The bundle {folder} is not complete: {files} is missing. Copy the whole folder again.",
            folder=folder,
            files=_(", ").join(missing),
        )
    if extra := sorted(there - manifest.files.keys()):
        raise BundleError(
            "The bundle {folder} holds {file!r}, which does not belong to it. Move that file elsewhere.", folder=folder, file=extra[0]
        )
    for name, facts in manifest.files.items():
        status = (folder / name).lstat()
        if not stat.S_ISREG(status.st_mode):
            raise BundleError("{file} is not a regular file; a bundle holds only regular files. Copy the bundle again.", file=folder / name)
        if status.st_size != facts.bytes:
            raise BundleError(
                "{file} has {n} bytes where {saved} were saved. It is damaged; copy the bundle again.",
                file=folder / name,
                n=status.st_size,
                saved=facts.bytes,
            )


def _read_file(folder: Path, name: str, limit: int) -> bytes:
    """Read a file of at most ``limit`` bytes without following a link at its end."""
    path = folder / name
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with open(handle, "rb") as file:  # noqa: PTH123 - a Path cannot open an already opened file
            content = file.read(limit + 1)
    except OSError as error:
        raise _unreadable(path, error) from error
    if len(content) > limit:
        raise BundleError(
            "{path} is larger than the {limit} bytes allowed. It is damaged or not a bundle; copy it again.", path=path, limit=limit
        )
    return content
