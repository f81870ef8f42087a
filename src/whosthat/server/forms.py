"""The shapes of the service's answers: what its description (OpenAPI) tells, and what is sent.

What belongs here: pydantic models, made of the dataclasses of `whosthat.types`. What does not: finding an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from whosthat.errors import PhotoError
from whosthat.server.service import outcome
from whosthat.types import Sighting


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class BoxAnswer(_Answer):
    """A rectangle in the upright photo, in pixels; right and bottom are exclusive."""

    left: float
    top: float
    right: float
    bottom: float


class LikenessAnswer(_Answer):
    """An enrolled photo that a face resembles; below a distance of about 0.5 two photos mostly show the same person."""

    person: str
    photo: str
    distance: float


class SightingAnswer(_Answer):
    """One face, or the whole photo where the recogniser looks at no faces."""

    name: str | None = Field(description="The person or class; null is the answer unknown.")
    confidence: float = Field(description="Calibrated probability of the best class, 0 to 1, also when the name is null.")
    runner_up: str | None
    runner_up_confidence: float
    box: BoxAnswer | None = Field(description="Where it was seen; null when the whole photo was looked at.")
    probabilities: dict[str, float] = Field(description="The likeliest classes, best first.")
    nearest: list[LikenessAnswer]
    given_to_better: str | None = Field(description="Who it would be, did not another face of the photo fit that person better.")

    @classmethod
    def of(cls, sighting: Sighting, top: int) -> Self:
        """Keep of a sighting what is sent: the ``top`` likeliest classes."""
        return cls.model_validate(sighting.to_dict(top))


class PhotoAnswer(_Answer):
    """The answer for one photo; the photos stand in the order in which they came."""

    answer: Literal["known", "unknown", "no_face", "unreadable"]
    sightings: list[SightingAnswer]
    error: str | None = Field(default=None, description="Why the photo could not be read; null for every answer but unreadable.")

    @classmethod
    def of(cls, answer: list[Sighting] | PhotoError, top: int) -> Self:
        """Put an answer of `Service.identify` into words for programs."""
        if isinstance(answer, PhotoError):
            return cls(answer="unreadable", sightings=[], error=answer.reason)
        return cls.model_validate({"answer": outcome(answer), "sightings": [SightingAnswer.of(one, top) for one in answer]})


class IdentifyAnswer(_Answer):
    """Who or what is in the photos."""

    bundle: str
    photos: list[PhotoAnswer]

    @classmethod
    def of(cls, bundle: str, answers: Sequence[list[Sighting] | PhotoError], top: int) -> Self:
        """Put answers of `Service.identify` into words for programs."""
        return cls(bundle=bundle, photos=[PhotoAnswer.of(answer, top) for answer in answers])


class VerifyAnswer(_Answer):
    """Whether two photos show the same person."""

    bundle: str
    same: bool
    distance: float
    threshold: float
    confidence: float


class BundleAnswer(_Answer):
    """A bundle that answers."""

    name: str
    kind: str
    network: str
    labels: int = Field(description="How many classes or people it knows.")
    threshold: float | None = Field(
        description="Of faces in a gallery the largest distance that gets a name, else the smallest confidence."
    )
    people: bool = Field(description="Whether people can be added and removed.")
    created: str
    available: bool = Field(description="False where its folder is gone.")


class BundlesAnswer(_Answer):
    """All bundles; the first one answers where a request names none."""

    bundles: list[BundleAnswer]


class Fault(_Answer):
    """What is wrong: a code for programs, a sentence for people."""

    code: str
    message: str


class FaultAnswer(_Answer):
    """The body of every refusal."""

    error: Fault
