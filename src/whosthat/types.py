"""The words that every part of whosthat shares, as small frozen dataclasses.

What belongs here: shapes of data that cross from one part to another (an image, a box, a sighting). What does not: anything that reads,
computes or decides. This module imports the translation alone.

Everywhere an *image* is an array ``(height, width, 3)``, dtype ``uint8``, colours in the order red, green, blue, values 0 to 255, upright
(EXIF orientation already applied); boxes are ``left, top, right, bottom`` in pixels of that image; probabilities lie between 0 and 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from whosthat.translation import _

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Image: TypeAlias = NDArray[np.uint8]
    FloatArray: TypeAlias = NDArray[np.float32]
    IntArray: TypeAlias = NDArray[np.int64]
else:  # numpy costs a tenth of a second; `whosthat --help` does without it
    Image = FloatArray = IntArray = Any

PARTS = ("train", "validation", "test")
"""The three parts of a split, in the order in which they are used."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in an upright image, in pixels; right and bottom are exclusive.

    Example:
        >>> Box(10, 20, 110, 70).width
        100
    """

    left: float
    top: float
    right: float
    bottom: float

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        return self.left, self.top, self.right, self.bottom

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    def overlap(self, other: Box) -> float:
        """Return which share of what two boxes cover together both cover, 0 to 1.

        Example:
            >>> Box(0, 0, 2, 1).overlap(Box(1, 0, 3, 1))
            0.3333333333333333
        """
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        if across <= 0 or down <= 0:
            return 0.0
        common = across * down
        return common / (self.width * self.height + other.width * other.height - common)


Point: TypeAlias = tuple[float, float]
"""A place in an upright image: pixels from the left, pixels from the top."""


@dataclass(frozen=True, slots=True)
class Face:
    """A face that was found in an upright image.

    Attributes:
        box: Where it is, in pixels; may reach beyond the image's edge.
        landmarks: Five points: the eye on the image's left, the eye on its right, tip of the nose, the corner of the mouth on the
            left, that on the right. Sub-pixel precision.
        score: How sure the detector is, 0 to 1.
    """

    box: Box
    landmarks: tuple[Point, Point, Point, Point, Point]
    score: float

    @classmethod
    def of(cls, box: Box, landmarks: Iterable[Iterable[float]], score: float) -> Face:
        """Make a face of five places in any form; ValueError where there are more or less."""
        left_eye, right_eye, nose, left_mouth, right_mouth = ((x, y) for x, y in landmarks)
        return cls(box, (left_eye, right_eye, nose, left_mouth, right_mouth), score)


@dataclass(frozen=True, slots=True)
class Likeness:
    """An enrolled photo that a face resembles.

    Attributes:
        person: Whose photo it is.
        photo: Its name in the folder it was enrolled from ("anna/beach.jpg").
        distance: Between the two embeddings; below about 0.5 they mostly show the same person.
    """

    person: str
    photo: str
    distance: float


@dataclass(frozen=True, slots=True)
class Sighting:
    """One answer to "who is in this photo?".

    Attributes:
        name: The class or person, or None for "unknown".
        confidence: Calibrated probability of the best class, 0 to 1 (also when the name is None).
        runner_up: The second best class; None when the recogniser knows only one.
        runner_up_confidence: Its probability, 0 to 1.
        box: Where it was seen; None when the whole photo was looked at.
        probabilities: Every class with its probability, best first; of more than 100 enrolled people, the 100 likeliest. For faces,
            what is missing to 1 is the stranger's.
        nearest: The enrolled photos that it resembles most, nearest first; empty when the recogniser keeps none.
        given_to_better: Where the name is None because another face of the photo fits the same person better: that person.
        embedding: Of a face in a photo, float32 (dimensions,), as `Recogniser.embed` gives it; None otherwise, and in no JSON.
        face: What the detector found, with landmarks and score; None where the whole photo was looked at, and in no JSON.
        stranger: Which of the unknown of a video it is, from 1; 0 for everybody else, and in no JSON of a photo.
    """

    name: str | None
    confidence: float
    runner_up: str | None = None
    runner_up_confidence: float = 0.0
    box: Box | None = None
    probabilities: Mapping[str, float] = field(default_factory=dict, repr=False)
    nearest: tuple[Likeness, ...] = field(default=(), repr=False)
    given_to_better: str | None = None
    embedding: FloatArray | None = field(default=None, repr=False, compare=False)
    face: Face | None = field(default=None, repr=False, compare=False)
    stranger: int = field(default=0, repr=False, compare=False)

    def to_dict(self, best: int | None = None) -> dict[str, Any]:
        """Return it as plain values, ready for JSON.

        Args:
            best: How many of the ``probabilities`` to keep, best first; None keeps all.
        """
        unsaid = ("probabilities", "embedding", "face", "stranger")
        facts = {item.name: getattr(self, item.name) for item in fields(self) if item.name not in unsaid}
        facts["box"] = None if self.box is None else asdict(self.box)
        facts["nearest"] = [asdict(like) for like in self.nearest]
        return {**facts, "probabilities": dict(list(self.probabilities.items())[:best])}

    def _repr_html_(self) -> str:
        """Say it in a line, for notebooks."""
        import html

        if self.name is None:
            answer = _("unknown")
        else:
            share = _("{number} %", number=min(99, round(100 * self.confidence)))
            answer = f"<b>{html.escape(self.name)}</b> {share}"
        return _("{answer}, near {photo}", answer=answer, photo=html.escape(self.nearest[0].photo)) if self.nearest else answer


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether two photos show the same person.

    Attributes:
        same: Whether they do: the distance is at most the threshold.
        distance: Between the two embeddings.
        threshold: The largest distance at which two single photos are taken for the same person's.
        confidence: How likely it is that they show the same person, 0 to 1. It may be above a half where ``same`` is False: names are
            given with care.
    """

    same: bool
    distance: float
    threshold: float
    confidence: float


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody whom a recogniser knows: the name, and how many photos of them are enrolled."""

    name: str
    photos: int


@dataclass(frozen=True, slots=True)
class SetAside:
    """A file that was not used, and why, in one sentence a person understands."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Added:
    """What adding somebody did.

    Attributes:
        name: Who was added.
        photos: The photos that were enrolled.
        left: Those that were not, and why.
        threshold: The largest distance that gets a name, which is unchanged.
        notes: A sentence for each photo of whose faces one was chosen, and one about strangers if there are more people than before.
    """

    name: str
    photos: tuple[str, ...]
    left: tuple[SetAside, ...]
    threshold: float
    notes: tuple[str, ...] = ()
