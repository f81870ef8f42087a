"""Prepared photos in one private HDF5 file, so that every epoch reads arrays instead of decoding photos.

What belongs here: building, trusting and reading that file. What does not: which photo is in which part (`split`), how a photo is prepared
(`photos.preparing`), in which order it is seen (`batches`).

The file holds, for each part, ``X_<part>`` (uint8, one chunk a photo), ``y_<part>`` (int64 labels), ``sha256_<part>`` and ``path_<part>``;
and ``classes``, and ``sha256_without`` for the photos in which there was nothing to cut out. It is written to a temporary file beside it
and renamed when it is complete: who opens it sees a whole file or none. Rows are known by the sha256 of their photo, so a new file takes
over what the old one already has.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock
import h5py
import numpy as np

from whosthat.dataset.audit import AuditedPhoto
from whosthat.dataset.split import IN_PART, Split
from whosthat.dataset.threads import in_order
from whosthat.durable import UNFINISHED, make_private_folder
from whosthat.errors import CacheError, DatasetError, PhotoError, system_reason
from whosthat.hdf5 import replacing
from whosthat.photos.clips import is_clip, prepare_clip
from whosthat.photos.preparing import Cropper, PrepareSpec, prepare
from whosthat.photos.reading import opened
from whosthat.progress import SILENT, Progress
from whosthat.settings import cache_folder
from whosthat.translation import N_, _
from whosthat.types import PARTS, Image, IntArray, SetAside
from whosthat.wording import listing

FORMAT = 2
"""Raised when the layout of the file changes; files of another format are built anew."""

_SPARE_BYTES = 16 * 1024 * 1024
"""Room wanted on the disk beyond the pixels: HDF5's own tables, paths, and something left for others."""

_CHANGED = N_("it has changed since it was checked")

_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError)
"""What h5py raises on files that are damaged, or that hold something else where a data set is expected."""


def cache_file(root: Path, spec: PrepareSpec, cropper: Cropper | None = None) -> Path:
    """The file in which the photos of a folder, by its name and place, are kept, cut out and prepared in this way."""
    real = root.resolve()
    readable = re.sub(r"[^A-Za-z0-9]+", "-", real.name)[:32].strip("-")
    place = hashlib.sha256(str(real).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    return _folder() / "-".join(part for part in (readable, place, f"{_key(spec, cropper)}.h5") if part)


def prepare_photos(
    split: Split, spec: PrepareSpec, file: Path, *, cropper: Cropper | None = None, progress: Progress = SILENT
) -> PreparedPhotos:
    """Prepare all photos of a split, unless the file already holds exactly them, and open the file.

    A photo that is gone, has changed or become unreadable since the audit is set aside, as is one with nothing for the ``cropper`` to cut
    out; it does not stop the run. An older file there gives the rows whose photo is unchanged. Memory does not grow with the number of
    photos.

    Raises:
        DatasetError: A class has no photo left in one of the parts.
        CacheError: The file cannot be written; an older one is then untouched.
    """
    try:
        make_private_folder(file.parent)
    except OSError as error:
        raise CacheError(
            "The cache folder {folder} cannot be created: {error}. Set WHOSTHAT_CACHE to a writable folder.",
            folder=file.parent,
            error=system_reason(error),
        ) from error
    with _alone(file, progress):
        old = _open_trusted(file, spec, _key(spec, cropper), progress)
        if old is not None and old.holds(split):
            if cropper is not None:
                without = (item for _part, item in _wanted(split) if item.sha256 in old.without)
                old.set_aside = tuple(SetAside(item.photo.path, cropper.missing) for item in without)
            return old
        try:
            set_aside = _build(split, _Source(spec, cropper, old), file, progress)
        finally:
            if old is not None:
                old.close()
        return PreparedPhotos(file, set_aside=set_aside)


class PreparedPhotos:
    """An open file of prepared photos; close it, or use it in a ``with`` statement.

    Raises:
        CacheError: The file is damaged or none of whosthat's.
    """

    def __init__(self, file: Path, *, set_aside: Sequence[SetAside] = ()) -> None:
        self.set_aside = tuple(set_aside)  # photos of the split that are not in the file, with their reasons
        try:
            with ExitStack() as unless_sound:
                # no locking: the file never changes once it has its name, and network disks often cannot lock
                self._file = unless_sound.enter_context(h5py.File(file, "r", locking=False))
                _check_layout(self._file)
                self.spec_key = str(self._file.attrs["spec"])
                self.classes: tuple[str, ...] = tuple(self._file["classes"].asstr()[:])
                self.without = frozenset(self._file["sha256_without"].asstr()[:])  # photos in which there was nothing to cut out
                unless_sound.pop_all()
        except _DAMAGE as error:
            raise CacheError(
                "{file} is damaged or is not a cache file: {error}. Delete it; it is rebuilt.", file=file, error=error
            ) from error

    def images(self, part: str) -> h5py.Dataset:
        """The prepared photos of a part: an h5py data set, uint8 ``(n, *spec.shape)``; only what is indexed is read."""
        return self._file[f"X_{part}"]

    def labels(self, part: str) -> IntArray:
        """The labels of a part: int64 ``(n,)``, indices into ``classes``."""
        return np.asarray(self._file[f"y_{part}"][:], dtype=np.int64)

    def paths(self, part: str) -> tuple[str, ...]:
        """The names of a part's photos ("anna/beach.jpg")."""
        return tuple(self._file[f"path_{part}"].asstr()[:])

    def hashes(self, part: str) -> tuple[str, ...]:
        """The sha256 of a part's photos, in hexadecimal."""
        return tuple(self._file[f"sha256_{part}"].asstr()[:])

    def holds(self, split: Split) -> bool:
        """Whether these are exactly the photos of a split that can be prepared, part by part, in its order."""
        wanted = {part: [item for item in split.parts[part] if item.sha256 not in self.without] for part in PARTS}
        return self.classes == split.classes and all(
            self.paths(part) == tuple(item.photo.name for item in wanted[part])
            and self.hashes(part) == tuple(item.sha256 for item in wanted[part])
            for part in PARTS
        )

    def close(self) -> None:
        """Close the file; its data sets cannot be read any more."""
        self._file.close()

    def __enter__(self) -> PreparedPhotos:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def forget_prepared(digests: Collection[str]) -> list[Path]:
    """Delete every file that holds one of some photos, whichever folders they lie in, and every one that cannot be read.

    A file goes whole: the next training builds it again from the photos that are left. Photos are named by their SHA-256; the files that
    were deleted come back.

    Raises:
        CacheError: A file cannot be deleted.
    """
    folder = _folder()
    again = _("Close other whosthat processes, and remove the person again.")
    if not folder.is_dir():
        return []
    try:
        done = _delete_unfinished(folder)
        holding = [file for file in sorted(folder.glob("*.h5")) if not file.name.startswith(UNFINISHED) and _holds_any(file, digests)]
        for file in holding:
            file.unlink()
    except OSError as error:
        raise CacheError("The cache in {folder} cannot be deleted: {error}. {again}", folder=folder, error=error, again=again) from error
    if not done:
        raise CacheError("Another process is preparing photos in {folder}. {again}", folder=folder, again=again)
    return holding


def _holds_any(file: Path, digests: Collection[str]) -> bool:
    try:
        with PreparedPhotos(file) as prepared:
            return not prepared.without.union(*map(prepared.hashes, PARTS)).isdisjoint(digests)
    except CacheError:
        return True


def _delete_unfinished(folder: Path) -> bool:
    """Delete what killed processes left half prepared, and say whether all is gone: what is being prepared right now stays."""
    for path in folder.glob(f"{UNFINISHED}*.h5"):
        with suppress(filelock.Timeout), _lock(path.with_name(path.name.removeprefix(UNFINISHED))).acquire(timeout=0):
            path.unlink(missing_ok=True)
    return not any(folder.glob(f"{UNFINISHED}*.h5"))


def _folder() -> Path:
    return cache_folder() / "photos"


@contextmanager
def _alone(file: Path, progress: Progress) -> Iterator[None]:
    """Keep other processes from building the same file at the same time."""
    lock = _lock(file)
    try:
        try:
            lock.acquire(blocking=False)
        except filelock.Timeout:
            progress.say(_("Another process is preparing the same photos; waiting for it."))
            lock.acquire()
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        yield
    finally:
        lock.release()


def _lock(file: Path) -> filelock.BaseFileLock:
    return filelock.FileLock(file.with_name(file.name + ".lock"), mode=0o600)


def _key(spec: PrepareSpec, cropper: Cropper | None) -> str:
    return spec.key() if cropper is None else f"{spec.key()}-{cropper.key}"


def _open_trusted(file: Path, spec: PrepareSpec, key: str, progress: Progress) -> PreparedPhotos | None:
    """Open an existing file whose rows can be used; None when there is none, or none that can be trusted."""
    if not file.exists():
        return None
    try:
        old = PreparedPhotos(file)
    except CacheError:
        progress.say(_("The cache {file} is damaged or of another version and is rebuilt.", file=file))
        return None
    if old.spec_key == key and all(old.images(part).shape[1:] == spec.shape for part in PARTS):
        return old
    old.close()
    progress.say(_("The preparation changed; the cache {file} is rebuilt.", file=file))
    return None


def _wanted(split: Split) -> list[tuple[str, AuditedPhoto]]:
    """Every photo of a split, with its part."""
    return [(part, item) for part in PARTS for item in split.parts[part]]


def _check_layout(opened: h5py.File) -> None:
    """Raise ValueError unless the file is complete and its tables agree with one another."""
    if opened.attrs["format"] != FORMAT:
        raise ValueError(_("its format is {format}, expected {expected}", format=opened.attrs["format"], expected=FORMAT))
    n_classes = len(opened["classes"])
    for part in PARTS:
        images, labels = opened[f"X_{part}"], opened[f"y_{part}"][:]
        lengths = {len(images), len(labels), len(opened[f"sha256_{part}"]), len(opened[f"path_{part}"])}
        if images.dtype != np.uint8 or len(lengths) != 1 or images.id.get_num_chunks() != len(images):
            raise ValueError(_("the tables of {part} do not match", part=part))
        if len(labels) and not 0 <= labels.min() <= labels.max() < n_classes:
            raise ValueError(_("{part} has labels without a class", part=part))


def _build(split: Split, source: _Source, file: Path, progress: Progress) -> list[SetAside]:
    """Write the file beside its place, then move it there; returns what could not be prepared."""
    _check_room(split, source.spec, file)
    try:
        _delete_unfinished(file.parent)
        with replacing(file) as opened:  # `_alone` keeps all others from it
            set_aside = _write(opened, split, source, progress)
            if source.old is not None:
                source.old.close()  # Windows cannot replace an open file
    except (OSError, RuntimeError) as error:
        raise _unwritable(file, error) from error
    return set_aside


def _write(opened: h5py.File, split: Split, source: _Source, progress: Progress) -> list[SetAside]:
    wanted, shape = _wanted(split), source.spec.shape
    images: dict[str, h5py.Dataset] = {}
    for part in PARTS:
        sizes = {"shape": (len(split.parts[part]), *shape), "maxshape": (None, *shape), "chunks": (1, *shape)}
        images[part] = opened.create_dataset(f"X_{part}", dtype=np.uint8, **sizes)
    filled: dict[str, list[AuditedPhoto]] = {part: [] for part in PARTS}
    set_aside: list[SetAside] = []
    without: list[str] = []
    rows = in_order(source.row, [item for _part, item in wanted])
    for done, ((part, item), row) in enumerate(zip(wanted, rows, strict=True), start=1):
        if isinstance(row, str):
            set_aside.append(SetAside(item.photo.path, row))
            without += [item.sha256] if row == source.missing else []
        else:
            images[part][len(filled[part])] = row
            filled[part].append(item)
        progress.step(_("photos prepared"), done, len(wanted))
    _check_classes(split, filled, set_aside)
    for part, items in filled.items():
        images[part].resize(len(items), axis=0)
        opened[f"y_{part}"] = np.array([split.classes.index(item.photo.class_name) for item in items], dtype=np.int64)
        _write_texts(opened, f"sha256_{part}", [item.sha256 for item in items])
        _write_texts(opened, f"path_{part}", [item.photo.name for item in items])
    _write_texts(opened, "classes", split.classes)
    _write_texts(opened, "sha256_without", sorted(without))
    opened.attrs.update({"format": FORMAT, "spec": source.key})
    return set_aside


class _Source:
    """Where a prepared photo comes from: the old file, or the photo itself."""

    def __init__(self, spec: PrepareSpec, cropper: Cropper | None, old: PreparedPhotos | None) -> None:
        self.spec = spec
        self.old = old
        self.key = _key(spec, cropper)
        self.missing = "" if cropper is None else cropper.missing
        self._cropper = cropper
        self._without = frozenset() if old is None else old.without
        self._old_rows: dict[str, tuple[h5py.Dataset, int]] = {}
        if old is not None:
            for part in PARTS:
                self._old_rows.update({sha256: (old.images(part), row) for row, sha256 in enumerate(old.hashes(part))})

    def row(self, item: AuditedPhoto) -> Image | str:
        """Return the prepared photo, or the reason why there is none."""
        if item.sha256 in self._old_rows:
            images, row = self._old_rows[item.sha256]
            return np.asarray(images[row])
        if item.sha256 in self._without:
            return self.missing
        try:
            if is_clip(item.photo.path):
                prepared, sha256 = prepare_clip(item.photo.path, self.spec)
                return prepared if sha256 == item.sha256 else _CHANGED
            with opened(item.photo.path) as photo:
                if photo.sha256 != item.sha256:
                    return _CHANGED
                crop = photo.image if self._cropper is None else self._cropper.portrait(photo.image)
                return self.missing if crop is None else prepare(crop, self.spec)
        except PhotoError as error:
            return error.reason


def _write_texts(opened: h5py.File, name: str, texts: Sequence[str]) -> None:
    opened.create_dataset(name, data=np.array(texts, dtype=object), dtype=h5py.string_dtype("utf-8"))


def _check_classes(split: Split, filled: dict[str, list[AuditedPhoto]], set_aside: Sequence[SetAside]) -> None:
    counts = {part: Counter(item.photo.class_name for item in items) for part, items in filled.items()}
    lost = [_(IN_PART[part], name=name) for name in split.classes for part in PARTS if counts[part][name] == 0]
    if lost:
        why = listing([_("{name}: {reason}", name=item.path.name, reason=_(item.reason)) for item in set_aside])
        raise DatasetError("No usable photo is left for {lost} ({why}). Add photos to these folders.", lost=listing(lost), why=why)


def _check_room(split: Split, spec: PrepareSpec, file: Path) -> None:
    n_photos = len(_wanted(split))
    needed = n_photos * int(np.prod(spec.shape)) + _SPARE_BYTES
    free = shutil.disk_usage(file.parent).free
    if free < needed:
        raise CacheError(
            "{n_photos:,} prepared photos need {needed:,.0f} MiB in {folder}, and {free:,.0f} MiB are free. Make "
            "room, choose a smaller size, or set WHOSTHAT_CACHE to a folder on another disk.",
            n_photos=n_photos,
            needed=needed / 2**20,
            folder=file.parent,
            free=free / 2**20,
        )


def _unwritable(file: Path, error: Any) -> CacheError:
    return CacheError(
        "The cache {file} cannot be written: {error}. Make room there, close other programs that use the file, or "
        "set WHOSTHAT_CACHE to another folder.",
        file=file,
        error=system_reason(error),
    )
