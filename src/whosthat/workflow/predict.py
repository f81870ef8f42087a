"""Who is in these photos? Files and folders in, one answer a photo out, in order and without ever holding all of them.

What belongs here: finding the photos, reading ahead in threads, answering in batches, drawn copies, rows for tables.
What does not: answering (`recognition`), writing JSON or CSV to a stream (the command line does that).
"""

from __future__ import annotations

import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whosthat.errors import PhotoError, UsageError
from whosthat.photos.reading import looks_like_photo
from whosthat.recognition import load
from whosthat.recognition.recogniser import Recogniser
from whosthat.types import Sighting

BATCH = 16
READERS = 2
"""Threads that read and prepare photos; decoding releases Python's lock, and more threads only hold more photos."""

NO_PHOTOS = "the folder holds no photos"

CSV_COLUMNS = ("path", "name", "confidence", "runner_up", "runner_up_confidence", "left", "top", "right", "bottom", "drawn", "error")


@dataclass(frozen=True)
class Prediction:
    """The answer for one photo.

    Attributes:
        path: The photo, as it was given or found.
        sightings: Who or what is in it; empty when nothing is, or when it could not be read.
        error: Why there is no answer, in a few words; "" when there is one.
        drawn: The annotated copy; None when none was asked for.
    """

    path: Path
    sightings: tuple[Sighting, ...] = ()
    error: str = ""
    drawn: Path | None = None


def predict(
    bundle: str | Path | Recogniser, paths: Iterable[str | Path], *, draw: Path | None = None, batch_size: int = BATCH
) -> Iterator[Prediction]:
    """Answer for every photo, in order; a photo that cannot be read becomes a prediction with its error.

    Args:
        bundle: A bundle, a run folder, ``runs/latest``, or a loaded recogniser.
        paths: Files and folders. Of folders every photo is taken, at any depth, sorted by name.
        draw: Folder for copies with the names drawn in; made when it is not there. No file in it is ever overwritten.
        batch_size: Photos that the network answers at once; about three times as many prepared ones are in memory.

    Raises:
        BundleError: The bundle cannot be used.
        UsageError: The folder for the copies cannot be written.

    Example:
        for prediction in predict("runs/latest", ["holiday"]):
            show(prediction.path, prediction.sightings)
    """
    recogniser = load(bundle) if isinstance(bundle, str | Path) else bundle
    if draw is not None:
        _make_folder(draw)
    return _answers(recogniser, find_photos(paths), draw, batch_size)


def find_photos(paths: Iterable[str | Path]) -> Iterator[Path | Prediction]:
    """Yield the photos that files and folders mean, or a failed prediction for a path that leads to none.

    A file that is named is always taken; in folders hidden files, and files that do not look like photos, are passed over.
    Links to folders are not followed, so the walk always ends.
    """
    for path in map(Path, paths):
        if not path.is_dir():
            yield path
            continue
        failures: list[OSError] = []
        inside = _photos_below(path, failures.append)
        first = next(inside, None)
        if first is None and not failures:
            yield Prediction(path, error=NO_PHOTOS)
        elif first is not None:
            yield from itertools.chain([first], inside)
        for failure in failures:
            yield Prediction(Path(failure.filename or path), error=f"the folder cannot be listed ({failure.strerror})")


def to_dict(prediction: Prediction) -> dict[str, Any]:
    """Return a prediction as plain values, for JSON: every class with its probability, best first.

    Returns:
        ``path``, ``sightings`` (each ``name``, ``confidence``, ``runner_up``, ``runner_up_confidence``, ``box``,
        ``probabilities``), ``drawn`` and ``error``; what is absent is None.
    """
    return {
        "path": _text(prediction.path),
        "sightings": [_sighting_to_dict(sighting) for sighting in prediction.sightings],
        "drawn": None if prediction.drawn is None else _text(prediction.drawn),
        "error": prediction.error or None,
    }


def csv_rows(prediction: Prediction) -> list[dict[str, str]]:
    """Return a prediction as rows of `CSV_COLUMNS`: one a sighting, or one that says why there is none.

    Cells that a spreadsheet would run as a formula get an apostrophe in front.
    """
    shared = {"path": _cell(_text(prediction.path)), "error": _cell(prediction.error)}
    shared["drawn"] = "" if prediction.drawn is None else _cell(_text(prediction.drawn))
    empty = dict.fromkeys(CSV_COLUMNS, "")
    if not prediction.sightings:
        return [empty | shared]
    return [empty | shared | _sighting_cells(sighting) for sighting in prediction.sightings]


def _sighting_to_dict(sighting: Sighting) -> dict[str, Any]:
    box = sighting.box
    return {
        "name": sighting.name,
        "confidence": sighting.confidence,
        "runner_up": sighting.runner_up,
        "runner_up_confidence": sighting.runner_up_confidence,
        "box": None if box is None else {"left": box.left, "top": box.top, "right": box.right, "bottom": box.bottom},
        "probabilities": dict(sighting.probabilities),
    }


def _sighting_cells(sighting: Sighting) -> dict[str, str]:
    cells = {
        "name": _cell("unknown" if sighting.name is None else sighting.name),
        "confidence": f"{sighting.confidence:.4f}",
        "runner_up": _cell(sighting.runner_up or ""),
        "runner_up_confidence": f"{sighting.runner_up_confidence:.4f}",
    }
    if sighting.box is not None:
        cells |= {side: f"{getattr(sighting.box, side):.1f}" for side in ("left", "top", "right", "bottom")}
    return cells


def _cell(text: str) -> str:
    """Keep a text from being run as a formula.

    Source: OWASP, "CSV Injection".

    Example:
        >>> _cell("=1+1"), _cell("Ana")
        ("'=1+1", 'Ana')
    """
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _text(path: Path) -> str:
    """Return a path as text that every file can hold: bytes that are no UTF-8 become escapes."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _photos_below(folder: Path, report: Callable[[OSError], None]) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=report):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(place, name)
            if not name.startswith(".") and looks_like_photo(path):
                yield path


def _answers(recogniser: Recogniser, found: Iterator[Path | Prediction], draw: Path | None, batch_size: int) -> Iterator[Prediction]:
    """Keep readers two batches ahead of the network, and give the answers in order."""
    with ThreadPoolExecutor(READERS, thread_name_prefix="whosthat-read") as readers:
        ahead: deque[Future[_Read]] = deque()
        try:
            for item in found:
                ahead.append(readers.submit(_read, recogniser, item))
                if len(ahead) == 3 * batch_size:
                    yield from _answer_batch(recogniser, [ahead.popleft().result() for _ in range(batch_size)], draw)
            while ahead:
                yield from _answer_batch(recogniser, [ahead.popleft().result() for _ in range(min(batch_size, len(ahead)))], draw)
        finally:
            readers.shutdown(cancel_futures=True)  # whoever asked may have stopped listening half-way


@dataclass(frozen=True)
class _Read:
    """What a reader leaves of a photo: the network's input, or a prediction that already says why there is none."""

    path: Path
    prepared: Any = None
    failed: Prediction | None = None


def _read(recogniser: Recogniser, item: Path | Prediction) -> _Read:
    if isinstance(item, Prediction):
        return _Read(item.path, failed=item)
    try:
        return _Read(item, recogniser.prepare(item))
    except PhotoError as error:
        return _Read(item, failed=Prediction(item, error=error.reason))


def _answer_batch(recogniser: Recogniser, batch: list[_Read], draw: Path | None) -> Iterator[Prediction]:
    readable = [read for read in batch if read.failed is None]
    answers = iter(recogniser.identify_prepared([read.prepared for read in readable]) if readable else [])
    for read in batch:
        yield read.failed or _answered(read.path, tuple(next(answers)), draw)


def _answered(path: Path, sightings: tuple[Sighting, ...], draw: Path | None) -> Prediction:
    if draw is None:
        return Prediction(path, sightings)
    from whosthat.photos.drawing import draw_sightings, save_image
    from whosthat.photos.reading import read

    try:
        copy = _unused_name(draw, path)
        save_image(draw_sightings(read(path), sightings), copy)
    except PhotoError as error:  # it was there a moment ago
        return Prediction(path, error=error.reason)
    except OSError as error:
        raise UsageError(f"{draw} cannot be written: {error.strerror or error}. Name another folder for the drawn copies.") from error
    return Prediction(path, sightings, drawn=copy)


def _unused_name(folder: Path, photo: Path) -> Path:
    """Return a name for a drawn copy that no file has yet: ``beach.jpg``, ``beach-2.jpg``, ..."""
    stem = _text(Path(photo.stem))[:60]
    names = itertools.chain([f"{stem}.jpg"], (f"{stem}-{number}.jpg" for number in itertools.count(2)))
    return next(path for path in map(folder.joinpath, names) if not os.path.lexists(path))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be made: {error.strerror or error}. Name another folder for the drawn copies.") from error
