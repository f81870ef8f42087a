"""What may be given as a photo, and how each of these becomes an upright RGB image. What does not belong here: decoding (`reading`)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from PIL import Image as PillowImage

from whosthat.errors import PhotoError, UsageError, type_given
from whosthat.photos.reading import on_white, opened
from whosthat.settings import MAX_PHOTO_BYTES
from whosthat.translation import N_, _
from whosthat.types import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

PhotoSource: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | PillowImage.Image | NDArray[np.uint8]"
"""A photo: a path, the bytes of its file, a file that is open for reading in binary, a PIL image, or a uint8 array: RGB (height,
width, 3), RGBA (height, width, 4) or grey (height, width), upright."""

ACCEPTED = N_(
    "A photo can be a path, the bytes of a file, a file opened with mode 'rb', a PIL image, or a uint8 array: "
    "RGB (height, width, 3), RGBA (height, width, 4) or grey (height, width)"
)


@contextmanager
def image_of(photo: PhotoSource, *, bgr: bool = False) -> Iterator[Image]:
    """Hold the image of a photo while the block runs: RGB uint8 (height, width, 3), upright.

    An open file is read from its start. ``bgr`` says of an array that its colours are in OpenCV's order: blue, green, red.

    Raises:
        PhotoError: The photo cannot be read.
        UsageError: It is nothing that can be a photo, or ``bgr`` is said of something that is no array.
    """
    if isinstance(photo, np.ndarray):
        yield _of_array(photo, bgr)
        return
    if bgr:
        raise UsageError("bgr=True is for arrays from OpenCV; got {given}. Leave it out.", given=_described(photo))
    if isinstance(photo, PillowImage.Image):
        yield _of_pillow(photo)
        return
    with opened(path_or_bytes(photo)) as read:
        yield read.image


def is_encoded(photo: PhotoSource) -> bool:
    """Tell whether a photo is yet to be decoded; False also for what is no photo."""
    return not isinstance(photo, np.ndarray | PillowImage.Image)


def path_or_bytes(photo: Any) -> Path | bytes:
    """Return where a photo that `is_encoded` lies, or the bytes of its file; errors as for `image_of`."""
    if isinstance(photo, str | os.PathLike):
        return Path(photo)
    if isinstance(photo, bytes | bytearray | memoryview):
        return bytes(photo)
    if callable(getattr(photo, "read", None)):
        return _content(photo)
    raise UsageError("{accepted}; got {given}.", accepted=_(ACCEPTED), given=_described(photo))


def _content(file: Any) -> bytes:
    try:
        if file.seekable():
            file.seek(0)
        content = file.read(MAX_PHOTO_BYTES + 1)
    except (OSError, ValueError, AttributeError) as error:  # ValueError: it is closed
        raise PhotoError(None, "the file object cannot be read ({error}); open the file again", error=error) from error
    if not isinstance(content, bytes):
        raise UsageError("The file gives {type}, not bytes. Open it with mode 'rb'.", type=type(content).__name__)
    return content


def _of_array(array: NDArray[Any], bgr: bool) -> Image:
    channels = 1 if array.ndim == 2 else array.shape[-1] if array.ndim == 3 else 0
    if array.dtype != np.uint8 or channels not in (1, 3, 4) or not array.size:
        text = _("{accepted}; got {given}.", accepted=_(ACCEPTED), given=_described(array))
        if array.dtype.kind == "f":
            more = _("Numbers from 0 to 1 become uint8 by (255 * array).astype('uint8').")
            text = _("{sentence} {more}", sentence=text, more=more)
        raise UsageError(text)
    if channels == 1:
        return np.repeat(array.reshape(*array.shape[:2], 1), 3, axis=2)
    colours = array[..., [2, 1, 0, 3][:channels]] if bgr else array
    return colours if channels == 3 else np.array(on_white(PillowImage.fromarray(np.ascontiguousarray(colours))))


def _of_pillow(picture: PillowImage.Image) -> Image:
    from PIL import ImageOps  # no photo of a file needs it

    if picture.mode.startswith(("I", "F")):
        raise UsageError('A PIL image of the mode "{mode}" has no known range. Convert it to "L" or "RGB" first.', mode=picture.mode)
    try:
        return np.array(on_white(ImageOps.exif_transpose(picture)))
    except (OSError, ValueError) as error:  # it is read from its file only now: closed, or damaged
        raise PhotoError(None, "the PIL image cannot be read ({error})", error=error) from error


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return _("an array of {dtype} {shape}", dtype=value.dtype, shape=value.shape)
    return type_given(value)
