"""What every recogniser can do, whichever way it learnt.

What belongs here: the protocol that command line, window, server and tests rely on, and opening what they are asked about.
What does not: any recogniser.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from whosthat.errors import BundleError, WeightsError
from whosthat.inference import GraphError
from whosthat.photos.reading import opened
from whosthat.types import Image, Sighting

PhotoSource: TypeAlias = str | Path | bytes | Image
"""A photo as a path, as the bytes of its file, or as an image (RGB uint8, upright)."""


class Recogniser(Protocol):
    """Answers "who is in this photo?".

    `identify` does for one photo what `prepare` and then `identify_prepared` do for many: a network answers for several prepared
    photos at once. All three may be called from several threads at once.
    """

    @property
    def labels(self) -> tuple[str, ...]:
        """The names that can be answered; the index is the label."""

    def identify(self, photo: PhotoSource) -> list[Sighting]:
        """Answer for one photo.

        Raises:
            PhotoError: The photo cannot be read.
        """

    def prepare(self, photo: PhotoSource) -> Any:
        """Read a photo and keep what the network needs of it.

        Raises:
            PhotoError: The photo cannot be read.
        """

    def identify_prepared(self, prepared: Sequence[Any]) -> list[list[Sighting]]:
        """Answer for what `prepare` gave, one list of sightings a photo, in order."""


@contextmanager
def blaming_the_bundle() -> Iterator[None]:
    """Say that a saved recogniser cannot be used where one of its networks fails, or gives what it should not.

    Raises:
        BundleError: In the place of a GraphError or a WeightsError.
    """
    try:
        yield
    except (GraphError, WeightsError) as error:
        raise BundleError(f"{error} The bundle does not fit together; copy it again, or train again.") from error


@contextmanager
def image_of(photo: PhotoSource) -> Iterator[Image]:
    """Hold the image of a photo while the block runs: RGB uint8 (height, width, 3), upright.

    Raises:
        PhotoError: The photo cannot be read.
    """
    if isinstance(photo, str | Path | bytes):
        with opened(photo) as read:
            yield read.image
    else:
        yield photo
