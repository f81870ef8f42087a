"""What every recogniser can do, whichever way it learnt: the classes that command line, window, API and tests rely on.

What does not belong here: any one recogniser, telling photos apart (`photos.sources`).
"""

from __future__ import annotations

import math
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from whosthat.errors import BundleError, UsageError, WeightsError, path_given, system_reason
from whosthat.inference import GraphError
from whosthat.photos.sources import PhotoSource, image_of, is_encoded, path_or_bytes
from whosthat.translation import N_, _
from whosthat.types import Added, Enrolled, Image, Sighting, Verification

if TYPE_CHECKING:
    from whosthat.faces.finding import CutFaces, FaceCropper
    from whosthat.inference import Session
    from whosthat.recognition.bundle import Bundle
    from whosthat.types import Face, FloatArray

__all__ = ["Answering", "FaceFinding", "People", "PhotoSource", "Recogniser", "blaming_the_bundle", "image_of"]

_TRAIN_FACES = N_("Train one on photos of people: whosthat.train(photos, model='faces').")


class Answering(Protocol):
    """What answers for many photos, from several threads: a recogniser, or one with a memory in front."""

    def prepare(self, photo: PhotoSource, /) -> Any:
        """Read a photo and keep what the network needs of it."""

    def identify_prepared(self, prepared: Sequence[Any], /) -> list[list[Sighting]]:
        """Answer for what `prepare` gave, one list of sightings a photo, in order."""


class People(Protocol):
    """The people whom a face recogniser knows. Every change is saved to its bundle, and the recogniser answers by it from then on.

    All methods raise BundleError where the bundle is gone, damaged or being changed by another process, or where its recogniser is
    none of faces: a network learnt all its people at once.
    """

    def list(self) -> Sequence[Enrolled]:
        """Return everybody, with the number of photos of each."""

    def add(self, name: str, photos: str | Path | Sequence[str | Path], *, face: int | None = None, anyway: bool = False) -> Added:
        """Enrol photos of somebody, known or new; the threshold is unchanged.

        Args:
            name: Whom the photos show.
            photos: Files and folders.
            face: Which face of the one photo to enrol, from 1, from left to right; None where that is clear.
            anyway: Enrol also photos that do not seem to show one person, or that show somebody who is enrolled under another name.

        Raises:
            UsageError: The name cannot be used, or there is no such face.
            DatasetError: No photo shows a face, or it is not clear which one is meant.
            DoubtError: A DatasetError: the photos seem to show several people, or somebody else; ``anyway`` was not given.
        """

    def remove(self, name: str) -> Path:
        """Remove somebody: embeddings, entries in the cache, pictures in the run.

        Returns:
            The receipt, a file that says what was deleted.

        Raises:
            UsageError: Nobody has this name, or nobody else is left.
            CacheError: Something cannot be deleted from the cache.
            RunError: Something cannot be deleted from the run folder.
        """

    def rename(self, name: str, new_name: str) -> None:
        """Call somebody by another name.

        Raises:
            UsageError: Nobody has the first name, or the second cannot be used.
        """

    def rule_out(self, name: str, photo: str | Path) -> None:
        """Note that the face of a photo that gets somebody's name is not theirs.

        From then on this face, and every face that is nearer to it than to the person, does not get the name. Where the photo is enrolled
        by this face as one of the person, it is no longer.

        Raises:
            UsageError: Nobody has this name, no face of the photo gets it, or it is the only photo by which they are known.
            PhotoError: The photo cannot be read.
        """


class Recogniser(ABC):
    """Answers "who is in this photo?".

    A photo may be a path, the bytes of a file, an open file, a PIL image, or a uint8 array: RGB (height, width, 3), RGBA (height,
    width, 4) or grey (height, width). Arrays from OpenCV have their colours the other way round, which cannot be noticed: say
    ``bgr=True``, or faces are recognised less well and nothing tells.

    `identify` does for one photo what `prepare` and then `identify_prepared` do for many: a network answers for several prepared
    photos at once. All three may be called from several threads at once.

    Example:
        recogniser = whosthat.load("runs/latest")
        for sighting in recogniser.identify("photo.jpg"):
            show(sighting.name, sighting.confidence)
    """

    __slots__ = ("_people",)

    @property
    @abstractmethod
    def labels(self) -> tuple[str, ...]:
        """The names that can be answered; the index is the label."""

    @property
    @abstractmethod
    def threshold(self) -> float | None:
        """What a name takes, as a number that can be set: of faces in a gallery the largest distance, of a network the smallest confidence.

        None where every photo gets a name. Setting it changes this object and no file.

        Raises:
            UsageError: It is set to no number, or to one that is no distance or no confidence.
        """

    @threshold.setter
    @abstractmethod
    def threshold(self, value: float) -> None: ...

    @property
    def frames(self) -> int:
        """How many frames it looks at together; 1 unless it is a network of clips, to whose `identify` the path of a clip can be given."""
        return 1

    @property
    def every(self) -> int | None:
        """Every how many frames of a video it looks, where it learnt that from clips; None where it did not."""
        return None

    @property
    def network(self) -> Session:
        """The network alone, for programs that prepare its input and read its output themselves; nothing is calibrated or refused.

        Raises:
            BundleError: This recogniser has none of its own.
        """
        raise BundleError("This recogniser has no network of its own.")

    @abstractmethod
    def prepare(self, photo: PhotoSource, *, bgr: bool = False) -> Any:
        """Read a photo and keep what the network needs of it.

        Raises:
            PhotoError: The photo cannot be read.
            UsageError: It is nothing that can be a photo.
        """

    @abstractmethod
    def identify_prepared(self, prepared: Sequence[Any]) -> list[list[Sighting]]:
        """Answer for what `prepare` gave, one list of sightings a photo, in order."""

    def identify(self, photo: PhotoSource, *, bgr: bool = False) -> list[Sighting]:
        """Answer for one photo: one sighting a face, from left to right, none without a face; or one sighting for the whole photo.

        Of more than 1,000 faces the surest are taken.

        Args:
            photo: The photo.
            bgr: Whether an array has its colours in OpenCV's order.

        Raises:
            PhotoError: The photo cannot be read.
            UsageError: It is nothing that can be a photo.
        """
        return self.identify_prepared([self.prepare(photo, bgr=bgr)])[0]

    def faces(self, photo: PhotoSource, *, bgr: bool = False) -> list[Face]:
        """Find every face: its box, five landmarks and how sure the detector is, from left to right.

        Raises:
            PhotoError: The photo cannot be read.
            UsageError: It is nothing that can be a photo, or the recogniser looks at whole photos.
        """
        raise UsageError("This recogniser looks at whole photos and finds no faces. {advice}", advice=_(_TRAIN_FACES))

    def embed(self, photo: PhotoSource, *, bgr: bool = False) -> FloatArray:
        """Return the embedding of every face, in the order of `faces`.

        Returns:
            float32 (n, dimensions), as the network gives them, not of unit length: compare them by Euclidean distance. Up to about
            0.55 two single photos show the same person.

        Raises:
            PhotoError: The photo cannot be read.
            UsageError: It is nothing that can be a photo, or the recogniser has no embeddings: only face recognisers have.
        """
        _refuse_embedding()

    def verify(self, first: PhotoSource, second: PhotoSource, *, bgr: bool = False) -> Verification:
        """Tell whether two photos show the same person, who need not be enrolled; of several faces in a photo the main one counts.

        The main face is the largest, counted less the nearer it is to a corner.

        Raises:
            PhotoError: A photo cannot be read, or shows no face.
            UsageError: One is nothing that can be a photo, or the recogniser has no embeddings: only face recognisers have.
        """
        _refuse_embedding()

    def draw(self, photo: PhotoSource, to: str | Path | None = None, *, bgr: bool = False) -> Image:
        """Draw the names into a copy of a photo: RGB uint8 (height, width, 3), also where ``bgr`` is set.

        Args:
            photo: The photo.
            to: Where to save the copy too: a path that ends in .jpg, .png or .webp; a file that is there is replaced.
            bgr: Whether an array has its colours in OpenCV's order.

        Raises:
            PhotoError: The photo cannot be read.
            UsageError: It is nothing that can be a photo, or the copy cannot be saved there.
        """
        from whosthat.photos.drawing import draw_sightings, save_image

        with image_of(photo, bgr=bgr) as image:
            drawn = draw_sightings(image, self.identify(image))
        if to is not None:
            try:
                save_image(drawn, path_given(to, _("The picture's file")))
            except OSError as error:
                raise UsageError("The picture cannot be saved as {file}: {error}.", file=to, error=system_reason(error)) from error
        return drawn

    @property
    def people(self) -> People:
        """The enrolled people, to list, add, remove and rename.

        Raises:
            BundleError: The recogniser was not opened by `whosthat.load`, so there is no bundle to change.
        """
        people: People | None = getattr(self, "_people", None)
        if people is None:
            raise BundleError("This recogniser comes from no bundle, so its people cannot be changed. Open one with whosthat.load.")
        return people

    @people.setter
    def people(self, people: People) -> None:
        self._people = people

    def take_people(self, bundle: Bundle) -> None:
        """Take over the people of a bundle that was changed; the threshold stays.

        Raises:
            BundleError: There is no gallery of people, or the bundle is damaged.
        """
        raise BundleError("This recogniser has no gallery. {advice}", advice=_(_TRAIN_FACES))


class FaceFinding(Recogniser):
    """A recogniser that finds faces first, and answers for each."""

    __slots__ = ("_finder",)

    def __init__(self, finder: FaceCropper) -> None:
        self._finder = finder

    def prepare(self, photo: PhotoSource, *, bgr: bool = False) -> CutFaces:
        """Read a photo, find its faces and cut them out; see `Recogniser.prepare`."""
        if is_encoded(photo) and not bgr:
            source = path_or_bytes(photo)
            with blaming_the_bundle():
                return self._finder.cut_file(source)
        with image_of(photo, bgr=bgr) as image, blaming_the_bundle():
            return self._finder.cut(image)

    def faces(self, photo: PhotoSource, *, bgr: bool = False) -> list[Face]:
        """Find every face; see `Recogniser.faces`."""
        return list(self.prepare(photo, bgr=bgr).faces)


def checked_threshold(value: float, most: float, meaning: str) -> float:
    """Return a threshold that somebody sets; raise UsageError, saying its ``meaning``, if it is no number from 0 to ``most``."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or not 0 <= value <= most:
        raise UsageError("The threshold is {meaning}: a number from 0 to {most:g}; got {given!r}.", meaning=meaning, most=most, given=value)
    return float(value)


@contextmanager
def blaming_the_bundle() -> Iterator[None]:
    """Raise BundleError in the place of a GraphError or WeightsError: one of the saved networks fails, or gives what it should not."""
    try:
        yield
    except (GraphError, WeightsError) as error:
        raise BundleError("{error} The bundle does not fit together; copy it again, or train again.", error=error) from error


def _refuse_embedding() -> NoReturn:
    raise UsageError("This recogniser is a network that learnt its classes and has no embeddings. {advice}", advice=_(_TRAIN_FACES))
