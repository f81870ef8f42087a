"""One photo of the window: how it is read for showing, lent as a file, and saved with its names. Slow: for the worker, not the window."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from whosthat.errors import UsageError, system_reason
from whosthat.photos.drawing import save_image, thumbnail
from whosthat.photos.reading import looks_like_photo, read
from whosthat.types import Image, Sighting

if TYPE_CHECKING:
    from whosthat.recognition.recogniser import Recogniser

LARGEST_SIDE = 1600
"""Photos are kept for showing with at most so many pixels on their longer side; the recogniser sees all of them."""


@dataclass(frozen=True)
class Picture:
    """A photo as it is shown, its longer side at most `LARGEST_SIDE`."""

    source: Path | Image
    """Where the photo lies, or what the camera saw, whole."""
    image: Image
    scale: float
    """Pixels of ``image`` for one pixel of the photo; boxes are in the photo's."""
    sightings: tuple[Sighting, ...] | None
    """Who or what was seen; None without a recogniser."""

    @property
    def path(self) -> Path | None:
        """Where the photo lies; None for what the camera saw."""
        return self.source if isinstance(self.source, Path) else None

    def whole(self) -> Image:
        """Return the image in full size; PhotoError when its file cannot be read any more."""
        return read(self.source) if isinstance(self.source, Path) else self.source


def look_at(photo: Path | Image, recogniser: Recogniser | None) -> Picture:
    """Read a photo, and name who is in it if there is a recogniser."""
    image = read(photo) if isinstance(photo, Path) else photo
    small = thumbnail(image, LARGEST_SIDE)
    sightings = None if recogniser is None else tuple(recogniser.identify(image))
    return Picture(photo, small, small.shape[1] / image.shape[1], sightings)


@contextmanager
def as_file(picture: Picture) -> Iterator[Path]:
    """Give the file of a picture; of what the camera saw, one that is deleted again."""
    if picture.path is not None:
        yield picture.path
        return
    with tempfile.TemporaryDirectory(prefix="whosthat-") as folder:
        file = Path(folder) / f"camera {datetime.now():%Y-%m-%d %H.%M.%S}.png"  # not translated: the name of a file
        save_image(picture.whole(), file)
        yield file


def save_drawn(picture: Picture, file: Path) -> None:
    """Save a picture in full size with its names; PhotoError when the photo is gone, UsageError when it cannot be saved there."""
    from whosthat.photos.result_picture import draw_answer

    try:
        save_image(draw_answer(picture.whole(), picture.sightings or ()), file)
    except OSError as error:
        raise UsageError("The picture cannot be saved as {file}: {error}.", file=file, error=system_reason(error)) from error


def photos_in(folder: Path) -> list[Path]:
    """Return the photos of a folder, sorted by name without regard to case; empty when the folder cannot be listed."""
    try:
        return sorted(filter(looks_like_photo, folder.iterdir()), key=lambda file: (file.name.casefold(), file.name))
    except OSError:
        return []  # the photo itself tells what is wrong
