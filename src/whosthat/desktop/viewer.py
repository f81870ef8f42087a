"""What the window shows and says, and how it changes, without a single widget: the part that tests can hold.

Opening recognisers, reading photos and naming them are jobs for the worker. Errors become the state's message.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from whosthat.desktop.worker import Worker
from whosthat.errors import WhosthatError
from whosthat.photos.drawing import thumbnail
from whosthat.photos.reading import looks_like_photo, read
from whosthat.recognition import load
from whosthat.recognition.recogniser import Recogniser
from whosthat.translation import _
from whosthat.types import Image, Sighting
from whosthat.wording import closed_up, confidence_text, counted, none_known

LARGEST_SIDE = 1600
"""Photos are kept for showing with at most so many pixels on their longer side; the recogniser sees all of them."""

N_BARS = 7
"""Names that get a bar, the most probable first."""

WORTH_NAMING = 0.005
"""Below this share, 0 % would be said of the name that is nearest."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Picture:
    """A photo as it is shown, its longer side at most `LARGEST_SIDE`."""

    path: Path
    image: Image
    scale: float
    """Pixels of ``image`` for one pixel of the photo; boxes are in the photo's."""
    sightings: tuple[Sighting, ...] | None
    """Who or what was seen; None without a recogniser."""


@dataclass(frozen=True)
class State:
    """Everything that the window shows: the opened bundle, the photo, and a message, which may tell of an error."""

    bundle: Path | None = None
    picture: Picture | None = None
    message: str = ""
    failed: bool = False


@dataclass(frozen=True)
class Answer:
    """What to show beside a photo: a headline, which is a name or that it is unknown, a line below it, and bars."""

    headline: str
    detail: str
    known: bool = False
    """Whether the headline is a name."""
    bars: tuple[tuple[str, float], ...] = ()
    """Names with their probabilities (0 to 1), best first."""


class Viewer:
    """Opens recognisers and photos, and keeps the state."""

    def __init__(self, worker: Worker, changed: Callable[[State], None]) -> None:
        self.state = State(message=_("Choose a photo, and a recogniser that names it."))
        self._worker = worker
        self._changed = changed
        self._recogniser: Recogniser | None = None
        self._wanted: Path | None = None
        self._beside: list[Path] = []

    def open_bundle(self, path: Path) -> None:
        """Swap the recogniser; the photo on show is named again. When the bundle cannot be opened, the old one stays."""
        self._show(message=_("Opening {path} ...", path=path), failed=False)
        self._submit(lambda: load(path), lambda recogniser: self._use(path, recogniser))

    def open_photo(self, path: Path) -> None:
        """Show a photo and name it; the arrow keys then go through its folder."""
        self._submit(lambda: _photos_beside(path), self._beside_are)
        self._open(path)

    def step(self, by: int) -> None:
        """Open the photo that stands so many places further in the folder (-1: the one before), around the ends."""
        if self._wanted in self._beside:
            self._open(self._beside[(self._beside.index(self._wanted) + by) % len(self._beside)])

    def tell(self, message: str) -> None:
        """Show an error that arose elsewhere."""
        self._show(message=message, failed=True)

    def _open(self, path: Path) -> None:
        self._wanted = path
        self._show(message=_("Reading {name} ...", name=path.name), failed=False)
        recogniser = self._recogniser

        def job() -> Picture | None:
            return look_at(path, recogniser) if path == self._wanted else None  # a held arrow key asks faster than it can be shown

        def failed() -> None:
            if path == self._wanted:
                self._show(picture=None)

        self._submit(job, self._present, failed)

    def _present(self, picture: Picture | None) -> None:
        if picture is None or picture.path != self._wanted:
            return
        told = picture.path.name
        if picture.path in self._beside:
            told = _("{name}  ({number} of {n})", name=told, number=self._beside.index(picture.path) + 1, n=len(self._beside))
        if picture.sightings is None:
            told = _("{photo}. Choose a recogniser to name it.", photo=told)
        self._show(picture=picture, message=told, failed=False)

    def _use(self, path: Path, recogniser: Recogniser) -> None:
        self._recogniser = recogniser
        self._show(bundle=path, message=_("{path} knows {names}.", path=path, names=counted(len(recogniser.labels), "name")), failed=False)
        if self._wanted is not None:
            self._open(self._wanted)

    def _beside_are(self, photos: list[Path]) -> None:
        self._beside = photos

    def _submit(self, job: Callable[[], Result], then: Callable[[Result], None], failed: Callable[[], None] = lambda: None) -> None:
        def finish(future: Future[Result]) -> None:
            try:
                result = future.result()
            except (WhosthatError, OSError, MemoryError) as error:
                failed()
                self.tell(str(error) or _("There is not enough memory."))
            else:
                then(result)

        self._worker.submit(job, finish)

    def _show(self, **changes: Any) -> None:
        self.state = replace(self.state, **changes)
        self._changed(self.state)


def look_at(path: Path, recogniser: Recogniser | None) -> Picture:
    """Read a photo, and name who is in it if there is a recogniser."""
    image = read(path)
    small = thumbnail(image, LARGEST_SIDE)
    sightings = None if recogniser is None else tuple(recogniser.identify(image))
    return Picture(path, small, small.shape[1] / image.shape[1], sightings)


def _photos_beside(path: Path) -> list[Path]:
    """Return the photos of a photo's folder, sorted by name without regard to case; empty when the folder cannot be listed."""
    try:
        return sorted(filter(looks_like_photo, path.parent.iterdir()), key=lambda file: (file.name.casefold(), file.name))
    except OSError:
        return []  # the photo itself tells what is wrong


def answer(sightings: tuple[Sighting, ...] | None) -> Answer:
    """Put sightings into words; of several, the surest fills the bars. They are None before a recogniser was asked.

    Of several faces without a name, the headline counts all.

    Example:
        >>> answer((Sighting("Ana", 0.91, "Bo", 0.06, probabilities={"Ana": 0.91, "Bo": 0.06}),)).detail
        'Confidence 91 %. Runner-up: Bo, 6 %.'
    """
    if sightings is None:
        return Answer("", "")
    if not sightings:
        return Answer(_("Nobody"), _("No face was found in this photo."))
    best = max(sightings, key=lambda sighting: (sighting.name is not None, sighting.confidence))
    bars = tuple(list(best.probabilities.items())[:N_BARS])
    if best.name is None:
        many = len(sightings) > 1
        return Answer(none_known(len(sightings)) if many else _("Unknown"), _why_unknown(best, of_many=many), bars=bars)
    told = [_("Confidence {confidence}.", confidence=confidence_text(best.confidence))]
    if best.runner_up:
        told.append(_("Runner-up: {name}, {confidence}.", name=best.runner_up, confidence=confidence_text(best.runner_up_confidence)))
    if len(sightings) > 1:
        told.append(_("{n} faces in all.", n=len(sightings)))
    twice = dict.fromkeys(sighting.given_to_better for sighting in sightings if sighting.given_to_better is not None)
    told += [_("Of several faces that look like {name}, the best got the name.", name=name) for name in twice]
    return Answer(best.name, closed_up(" ".join(told)), known=True, bars=bars)


def _why_unknown(best: Sighting, *, of_many: bool) -> str:
    """Say whom the surest resembles, how likely that is, and why it gets no name all the same: the threshold asks for more."""
    name, share = next(iter(best.probabilities.items()), ("", 0.0))
    if share < WORTH_NAMING:
        return _("Like no enrolled person.")
    shown = confidence_text(share)
    guess = (
        _("One is perhaps {name}, {share}.", name=name, share=shown) if of_many else _("Perhaps {name}, {share}.", name=name, share=shown)
    )
    far, low = _("The distance is above the threshold, so no name is given."), _("That is below the threshold, so no name is given.")
    return closed_up(f"{guess} {far if best.nearest else low}")
