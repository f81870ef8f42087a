"""Who is in these photos? Files and folders in, one answer a photo out, in order and without ever holding all of them.

What belongs here: finding the photos, reading and answering batches in threads, drawn copies. What does not: answering (`recognition`),
videos (`predict_video`), rows for tables (`prediction`), folders per person (`sorting`).
"""

from __future__ import annotations

import itertools
import math
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path
from typing import Any, cast

from whosthat.dataset.folder import UNREACHABLE
from whosthat.dataset.threads import in_order
from whosthat.durable import sweep_abandoned
from whosthat.errors import BundleError, PhotoError, UsageError, path_given, system_reason, type_given
from whosthat.photos.clips import numbered_frames, picture_of
from whosthat.photos.headers import exif_of
from whosthat.photos.reading import looks_like_photo
from whosthat.photos.signatures import PHOTO_SUFFIXES, kind_of_file
from whosthat.photos.storage import StoredPhoto, listed, stored
from whosthat.photos.video import looks_like_video
from whosthat.progress import SILENT, Progress
from whosthat.recognition import load
from whosthat.recognition.bundle import open_bundle
from whosthat.recognition.recogniser import Answering, Recogniser
from whosthat.translation import _
from whosthat.types import Sighting
from whosthat.workflow.annotating import how_to_get_ffmpeg
from whosthat.workflow.predict_video import EVERY, predict_video
from whosthat.workflow.prediction import Prediction
from whosthat.workflow.recalling import Remembering, recalling

BATCH = 4
"""Photos that a thread reads and the network answers at once; more are hardly faster."""

SHEET, ON_SHEET, SHEET_SIDE = "contact-sheet.jpg", 25, 160
"""File and number of the photos that are drawn together, and their longest side in pixels."""

FEW = 32
"""Fewer photos than this are handed out in so small batches that no core is left without work at the end."""


def predict(
    bundle: str | Path | Recogniser,
    paths: str | Path | Iterable[str | Path],
    *,
    draw: str | Path | None = None,
    every: int | None = None,
    without: Collection[Path] = (),
    remember: bool = False,
    progress: Progress = SILENT,
) -> Iterator[Prediction]:
    """Answer for every photo, in order; a photo that cannot be read becomes a prediction with its error.

    Args:
        bundle: A bundle, a run folder, ``runs/latest``, or a loaded recogniser.
        paths: Photos, videos and folders. Of folders every photo is taken, at any depth, sorted by name; videos must be named. For a
            recogniser that looks at several frames together, a folder of numbered frames is one clip, and videos in folders are taken.
        draw: Folder for copies with the names drawn in; made when it is not there. Of a video, a copy with boxes that follow the faces
            and with its sound, where FFmpeg is installed, and up to three pictures of each person. Where the whole photo was looked at,
            each class has a bar, and the first photos stand on one contact sheet. A copy replaces an earlier one of the same photo or
            video, and no other file.
        every: Of videos every Nth frame is looked at, 1 or more; None is as in the clips that the recogniser learnt from, else every 5th.
        without: Folders to pass over inside ``paths``, such as one for sorted copies; the one for drawn copies always is.
        remember: Keep the faces of photos in the cache, so that a face recogniser need not look at the same photo twice.
        progress: Is told the frames of videos.

    Raises:
        BundleError: The bundle cannot be used.
        UsageError: ``bundle`` is neither path nor recogniser, ``paths`` are no paths (an image in memory is for
            `Recogniser.identify`), the folder for the copies cannot be written, or ``every`` is below 1.

    Example:
        for prediction in predict("runs/latest", ["holiday"]):
            show(prediction.path, prediction.sightings)
    """
    if every is not None and every < 1:
        raise UsageError("Every how many frames a video is looked at must be 1 or more; it is {every}.", every=every)
    recogniser = cast("Recogniser", bundle) if hasattr(bundle, "identify_prepared") else load(path_given(bundle, _("A saved recogniser")))
    step = every or recogniser.every or EVERY
    places = places_given(paths)
    copies = None if draw is None else path_given(draw, _("The folder for drawn copies"))
    if copies is not None:
        from whosthat.library.store import outside_libraries  # here, for most answers draw nothing

        outside_libraries(copies)
        try:
            copies.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                "{folder} cannot be made: {error}. Name another folder for the drawn copies.", folder=copies, error=system_reason(error)
            ) from error
        without = [*without, copies]
    check_apart(places, without)
    told: list[str] = []

    def finished(path: Path, sightings: tuple[Sighting, ...] | None) -> Prediction:
        """Draw what was seen in a photo, where that was asked for, or look through a video (no sightings yet)."""
        try:
            if sightings is None:
                if copies is not None and (advice := how_to_get_ffmpeg()) and advice not in told:
                    told.append(advice)
                    progress.say(advice)
                return Prediction(path, video=predict_video(recogniser, path, every=step, draw=copies, progress=progress))
            return Prediction(path, sightings, drawn=None if copies is None else _draw(path, sightings, copies))
        except PhotoError as error:
            return Prediction(path, error=error.reason)
        except OSError as error:
            raise _cannot_draw(copies, error) from error

    answering = recalling(recogniser, progress) if remember else nullcontext(recogniser)
    found = find_photos(places, without=without, clips=recogniser.frames > 1)
    answers = _answers(answering, found, finished)
    return answers if copies is None else _with_contact_sheet(answers, copies)


def answer_each(
    recogniser: Recogniser, paths: Iterable[Path], *, remember: bool = False, progress: Progress = SILENT
) -> Iterator[Prediction]:
    """Answer for photos and clips of a data set as `predict` does, but give each clip one answer, whether it is a video or a folder."""
    answering = recalling(recogniser, progress) if remember else nullcontext(recogniser)
    return _answers(answering, iter(paths), lambda path, sightings: Prediction(path, sightings or ()), slide=False)


def sees_clips(bundle: str | Path) -> bool:
    """Tell whether a saved recogniser looks at several frames together; False also where it cannot be opened: `predict` says why."""
    try:
        frames = open_bundle(bundle).facts.prepare.get("frames")
    except BundleError:
        return False
    return isinstance(frames, int) and frames > 1


def counting(predictions: Iterable[Prediction], what: str, total: int, progress: Progress) -> Iterator[Prediction]:
    """Pass predictions on, and show how many of all there were."""
    for done, prediction in enumerate(predictions, start=1):
        yield prediction
        progress.step(what, done, total)


def places_given(paths: str | Path | Iterable[str | Path]) -> list[Path]:
    """Return paths that somebody gave, be it one or several; UsageError for anything else."""
    if isinstance(paths, str | os.PathLike):
        return [Path(paths)]
    if not isinstance(paths, Iterable):
        raise UsageError("Photos are a path or a list of paths; got {type}.", type=type_given(paths))
    return [path_given(path, _("Each photo")) for path in paths]


def find_photos(
    paths: Iterable[str | Path], *, without: Collection[Path] = (), passed_over: Counter[str] | None = None, clips: bool = False
) -> Iterator[Path | Prediction]:
    """Yield the photos that files and folders mean, or a failed prediction for a path that leads to none.

    A file that is named is always taken; in folders hidden files, and files that do not look like photos, are passed over and counted by
    kind (`photos.signatures.kind_of_file`) in ``passed_over``. Links to folders are not followed, so the walk always ends; nor are folders
    ``without`` entered: what is written there while we walk is no photo of yours. With ``clips``, a folder of numbered frames is one item,
    and so is a video in a folder.
    """
    foreign = {folder.resolve() for folder in without}
    others = Counter[str]() if passed_over is None else passed_over
    for path in map(Path, paths):
        if (place := stored(path)) is not None:
            yield from _in_storage(place, others)
            continue
        if not path.is_dir() or (clips and numbered_frames(path)):
            yield path
            continue
        failures: list[OSError] = []
        is_empty = True
        for photo in _photos_below(path, foreign, others, failures.append, clips=clips):
            is_empty = False
            yield photo
        if is_empty and not failures:
            yield Prediction(path, error=_("the folder holds no photos"))
        for failure in failures:
            yield Prediction(Path(failure.filename or path), error=_("the folder cannot be listed ({error})", error=system_reason(failure)))


def check_apart(paths: Iterable[Path], written: Iterable[Path]) -> None:
    """Raise UsageError where photos lie in a folder that is written to: pictures of them would be taken for photos the next time."""
    folders = [folder.resolve() for folder in written]
    for path in paths:
        if (
            stored(path) is None
            and path.is_dir()
            and (inside := next((folder for folder in folders if path.resolve().is_relative_to(folder)), None))
        ):
            raise UsageError("The photos themselves lie in {folder}. Name another folder for what is written.", folder=inside)


def _in_storage(place: StoredPhoto, others: Counter[str]) -> Iterator[Path | Prediction]:
    """Yield a photo in storage, or those of a folder there."""
    if place.suffix.lower() in PHOTO_SUFFIXES:
        yield place
        return
    try:
        names, _folders, unreachable = listed(place)
    except OSError as error:
        yield Prediction(place, error=_("the folder cannot be listed ({error})", error=system_reason(error)))
        return
    photos = [name for name in names if name.suffix.lower() in PHOTO_SUFFIXES]
    others.update(kind_of_file(name.name) for name in names if name.suffix.lower() not in PHOTO_SUFFIXES)
    yield from photos
    yield from (Prediction(name, error=_(UNREACHABLE)) for name in unreachable)
    if not photos and not unreachable:
        yield Prediction(place, error=_("the folder holds no photos"))


def _photos_below(
    folder: Path, foreign: Collection[Path], others: Counter[str], report: Callable[[OSError], None], *, clips: bool
) -> Iterator[Path]:
    for place, folders, files in os.walk(folder, onerror=report):
        inner = sorted(name for name in folders if not name.startswith("."))
        folders[:] = [name for name in inner if not foreign or Path(place, name).resolve() not in foreign]
        if clips:
            series = [name for name in folders if numbered_frames(Path(place, name))]
            yield from (Path(place, name) for name in series)
            folders[:] = [name for name in folders if name not in series]
        sweep_abandoned(Path(place), files)  # what a kill left of a sidecar
        for name in sorted(name for name in files if not name.startswith(".")):
            path = Path(place, name)
            if looks_like_photo(path) or (clips and kind_of_file(name) == "video"):
                yield path
            else:
                others[kind_of_file(name)] += 1


def _answers(
    answering: AbstractContextManager[Answering],
    found: Iterator[Path | Prediction],
    finished: Callable[[Path, tuple[Sighting, ...] | None], Prediction],
    *,
    slide: bool = True,
) -> Iterator[Prediction]:
    """Let threads read and answer whole batches, and give the answers, each finished, in order."""
    few = list(itertools.islice(found, FEW))
    batch_size = BATCH if len(few) == FEW else min(BATCH, math.ceil(len(few) / (2 * (os.cpu_count() or 1))))
    to_come = itertools.chain(few, found)
    batches = iter(lambda: list(itertools.islice(to_come, batch_size)), [])
    with answering as recogniser:
        for batch in _spread(recogniser, batches, slide=slide):
            for answer in batch:
                yield answer if isinstance(answer, Prediction) else finished(*answer)


def _spread(
    recogniser: Answering, batches: Iterator[list[Path | Prediction]], *, slide: bool
) -> Iterator[list[Prediction | tuple[Path, tuple[Sighting, ...] | None]]]:
    """Answer for batches, in order: in threads, or on the recogniser's cluster."""
    if getattr(getattr(recogniser, "reader", None), "cluster", None) is not None:
        from whosthat.workflow.cluster_predict import answered

        return answered(recogniser, batches, slide=slide)
    return in_order(lambda items: _answered(recogniser, items, slide=slide), batches)


def _answered(
    recogniser: Answering, items: Sequence[Path | Prediction], *, slide: bool
) -> list[Prediction | tuple[Path, tuple[Sighting, ...] | None]]:
    """Read some photos, and let the network answer for all of them at once; what cannot be read is a prediction already."""
    read = [item if isinstance(item, Prediction) else _read(recogniser, item, slide=slide) for item in items]
    prepared = [one[1] for one in read if not isinstance(one, Prediction) and one[1] is not None]
    sightings = iter(recogniser.identify_prepared(prepared) if prepared else [])
    return [one if isinstance(one, Prediction) else (one[0], None if one[1] is None else tuple(next(sightings))) for one in read]


def _read(recogniser: Answering, path: Path, *, slide: bool) -> Prediction | tuple[Path, Any]:
    """Return the path of a photo and what the network needs of it: None of a video, which is yet to be looked through, where it is."""
    try:
        if isinstance(recogniser, Remembering) and (seen := recogniser.unchanged(path)) is not None:
            return path, seen
        return path, None if slide and looks_like_video(path) else recogniser.prepare(path)
    except PhotoError as error:
        return Prediction(path, error=error.reason)


def _is_whole(sightings: tuple[Sighting, ...]) -> bool:
    return len(sightings) == 1 and sightings[0].box is None


def _with_contact_sheet(answers: Iterator[Prediction], folder: Path) -> Iterator[Prediction]:
    """Pass answers on, and draw the first photos that were looked at as a whole, two or more, onto one sheet."""
    from whosthat.photos.drawing import thumbnail
    from whosthat.photos.result_picture import draw_contact_sheet
    from whosthat.workflow.drawn_copies import save_copy

    cells: list[tuple[Any, Sighting]] = []
    for answer in answers:
        if answer.drawn is not None and _is_whole(answer.sightings) and len(cells) < ON_SHEET:
            with suppress(PhotoError):  # it has gone meanwhile
                cells.append((thumbnail(picture_of(answer.path), SHEET_SIDE), answer.sightings[0]))
        yield answer
    if len(cells) > 1:
        try:
            source = f"contact sheet in {folder.resolve()}"  # not translated: the sheet is known again by it
            save_copy(draw_contact_sheet(cells), folder, SHEET, source=source)
        except OSError as error:
            raise _cannot_draw(folder, error) from error


def _draw(path: Path, sightings: tuple[Sighting, ...], folder: Path) -> Path:
    from whosthat.photos.result_picture import draw_answer
    from whosthat.workflow.drawn_copies import save_copy

    picture = picture_of(path)
    return save_copy(draw_answer(picture, sightings), folder, f"{path.stem}.jpg", source=str(path.resolve()), exif=exif_of(path))


def _cannot_draw(folder: Path | None, error: OSError) -> UsageError:
    return UsageError(
        "{folder} cannot be written: {error}. Name another folder for the drawn copies.", folder=folder, error=system_reason(error)
    )
