"""Copies of photos in one folder per person, or links to them, and a receipt of what went where.

What belongs here: which folder a photo belongs in, copying and linking without ever moving or overwriting, the receipt. What does not:
who is in it (`predict`).
"""

from __future__ import annotations

import csv
import filecmp
import itertools
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from filelock import BaseFileLock, FileLock, Timeout

from whosthat.durable import move_to_free_name, sweep, unfinished_in, write_file
from whosthat.errors import UsageError, system_reason
from whosthat.file_names import candidates, safe_name, unused_path
from whosthat.library.store import outside_libraries
from whosthat.photos.storage import fetch, fetched_once, stored
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.translation import _
from whosthat.workflow.prediction import Prediction, as_text, csv_cell

SEVERAL, UNKNOWN, NOBODY, UNREADABLE = "several people", "unknown", "nobody", "unreadable"  # not translated: names of folders
"""The folders that are no person's: more than one known person; only faces of strangers; no face at all; no photo that can be read.
Unreadable files are copied too, so that whoever deletes the originals loses nothing."""

LOCK, RECEIPT = ".whosthat-sorted.lock", "whosthat-sorted.csv"
RECEIPT_COLUMNS = ("photo", "folder", "copy", "people", "result")


def sort_copies(predictions: Iterable[Prediction], folder: Path, *, link: bool = False) -> Iterator[Prediction]:
    """Copy each photo into the folder of who is in it, and pass its prediction on, unchanged and in order.

    Files are copied with their times, and never moved; with ``link`` each is a second name of the same file instead (a hard link), which
    takes no room and which `train` takes for a photo; nothing in ``folder`` is overwritten. A photo whose equal copy already lies where it
    belongs is not copied again, so sorting twice changes nothing, also where the first time was killed. Each run writes its own receipt,
    line by line: stopped half-way, it lists what was copied until then; where there was nothing to sort, none is left.

    The folder is made when it is not there, and gets one folder for each person, and `SEVERAL`, `UNKNOWN`, `NOBODY`, `UNREADABLE`; a person
    whose name cannot be a folder's, or is one of these, gets the nearest name that can. Give it to `predict` as one of ``without``, lest
    the copies be found as photos. Raises UsageError when it cannot be written, the disk is full, another process sorts into it, or no links
    can be made there because it lies on another drive, or it lies in a library, which could not forget whom the copies show.
    """
    outside_libraries(folder)
    lock = FileLock(folder / LOCK, thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
        sweep(folder)
        receipt = unused_path(folder, RECEIPT).open("x", encoding="utf-8", newline="")
    except Timeout:
        raise UsageError("Another process is sorting photos into {folder}. Wait until it ends.", folder=folder) from None
    except OSError as error:
        lock.release()
        raise _cannot_write(folder, error) from error
    return _sorted(predictions, _Places(folder, link=link), receipt, lock)


def _sorted(predictions: Iterable[Prediction], places: _Places, receipt: TextIO, lock: BaseFileLock) -> Iterator[Prediction]:
    is_empty = True
    try:
        with receipt:
            rows = csv.DictWriter(receipt, RECEIPT_COLUMNS, lineterminator="\n")
            rows.writeheader()
            receipt.flush()
            for prediction in predictions:
                rows.writerow({column: csv_cell(text) for column, text in _copied(prediction, places).items()})
                receipt.flush()
                is_empty = False
                yield prediction
        if is_empty:
            Path(receipt.name).unlink()
    finally:
        lock.release()


class _Places:
    """The folder of every answer. Two answers never share one, also where letters differ by case alone."""

    def __init__(self, root: Path, *, link: bool) -> None:
        self._root, self.link = root, link
        self._of_people: dict[str, Path] = {}
        self._taken = {special.casefold() for special in (SEVERAL, UNKNOWN, NOBODY, UNREADABLE)}

    def of(self, prediction: Prediction) -> Path:
        """Return where a photo belongs; a stranger beside one known person changes nothing."""
        if prediction.error:
            return self._root / UNREADABLE
        people = [name for name in prediction.names if name is not None]
        if len(people) > 1:
            return self._root / SEVERAL
        if not people:
            return self._root / (UNKNOWN if prediction.names else NOBODY)
        return self._of_person(people[0])

    def _of_person(self, name: str) -> Path:
        if name not in self._of_people:
            wanted = safe_name(name)
            numbered = itertools.chain([wanted], (f"{wanted} ({number})" for number in itertools.count(2)))
            free = next(candidate for candidate in numbered if candidate.casefold() not in self._taken)
            self._taken.add(free.casefold())
            self._of_people[name] = self._root / free
        return self._of_people[name]


@fetched_once()
def _copied(prediction: Prediction, places: _Places) -> dict[str, str]:
    """Copy one photo; return its line of the receipt."""
    place = places.of(prediction)
    people = as_text(", ".join("unknown" if name is None else name for name in prediction.names))
    line = {"photo": as_text(prediction.path), "folder": place.name, "copy": "", "people": people, "result": ""}
    if prediction.path.is_dir() and not prediction.error:
        return line | {"result": _("not copied: a folder of frames")}
    if not _can_be_read(prediction.path):
        return line | {"result": _("not copied: {reason}", reason=prediction.error or _("the file can no longer be read"))}
    try:
        place.mkdir(exist_ok=True)
        copy, is_new = _copy(prediction.path, place, link=places.link)
    except OSError as error:
        raise _cannot_write(place, error) from error
    new = _("linked") if places.link else _("copied")
    return line | {"copy": as_text(copy), "result": new if is_new else _("was there already")}


def _can_be_read(path: Path) -> bool:
    try:
        if (far := stored(path)) is not None:
            return bool(fetch(far, MAX_PHOTO_BYTES))
        if not path.is_file():  # asked first: opening a pipe could wait for ever
            return False
        with path.open("rb"):
            return True
    except (OSError, ValueError):  # absent, a folder, not ours to read, or no path at all
        return False


def _copy(photo: Path, place: Path, *, link: bool) -> tuple[Path, bool]:
    """Copy a photo, or link to it, under the first name that is free, unless a file on the way there holds the same bytes already."""
    temporary, far = unfinished_in(place), stored(photo)
    try:
        if far is not None:
            write_file(temporary, fetch(far, MAX_PHOTO_BYTES))
        here = photo if far is None else temporary
        wanted = map(place.joinpath, candidates(photo.name))
        target = next(path for path in wanted if not os.path.lexists(path) or _is_copy(path, here))
        if os.path.lexists(target):
            return target, False
        if link:
            _link(photo, temporary)
        elif far is None:
            shutil.copyfile(photo, temporary)
            times = photo.stat()
            os.utime(temporary, ns=(times.st_atime_ns, times.st_mtime_ns))
        move_to_free_name(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target, True


def _link(photo: Path, target: Path) -> None:
    try:
        os.link(photo.resolve(), target)
    except OSError as error:
        raise UsageError(
            "No link to {photo} can be made in {folder}: {error}. Copy the photos instead.",
            photo=photo,
            folder=target.parent,
            error=system_reason(error),
        ) from error


def _is_copy(path: Path, photo: Path) -> bool:
    return path.is_file() and filecmp.cmp(path, photo, shallow=False)


def _cannot_write(folder: Path, error: OSError) -> UsageError:
    return UsageError(
        "{folder} cannot be written: {error}. Choose another folder for the sorted copies.", folder=folder, error=system_reason(error)
    )
