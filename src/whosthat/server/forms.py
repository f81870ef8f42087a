"""The shapes of the service's answers: what its description (OpenAPI) tells, and what is sent.

What belongs here: pydantic models, made of the dataclasses of `whosthat.types`. What does not: finding an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from whosthat.errors import PhotoError
from whosthat.server.service import OpenBundle, outcome
from whosthat.types import Sighting


class _Answer(BaseModel):
    model_config = ConfigDict(use_attribute_docstrings=True)


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

    name: str | None
    """The person or class; null is the answer unknown."""
    confidence: float
    """Calibrated probability of the best class, 0 to 1, also when the name is null."""
    runner_up: str | None
    runner_up_confidence: float
    box: BoxAnswer | None
    """Where it was seen; null when the whole photo was looked at."""
    probabilities: dict[str, float]
    """The likeliest classes, best first."""
    nearest: list[LikenessAnswer]
    given_to_better: str | None
    """Who it would be, did not another face of the photo fit that person better."""

    @classmethod
    def of(cls, sighting: Sighting, top: int) -> Self:
        """Keep of a sighting what is sent: the ``top`` likeliest classes."""
        return cls.model_validate(sighting.to_dict(top))


class PhotoAnswer(_Answer):
    """The answer for one photo; the photos stand in the order in which they came."""

    answer: Literal["known", "unknown", "no_face", "unreadable"]
    sightings: list[SightingAnswer]
    error: str | None = None
    """Why the photo could not be read; null for every answer but unreadable."""

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
    labels: int
    """How many classes or people it knows."""
    threshold: float | None
    """Of faces in a gallery the largest distance that gets a name, else the smallest confidence."""
    people: bool
    """Whether people can be added and removed."""
    created: str
    available: bool
    """False where its folder is gone."""

    @classmethod
    def of(cls, bundle: OpenBundle) -> Self:
        """Describe an open bundle."""
        facts, recogniser = bundle.facts, bundle.recogniser
        known = {"kind": facts.kind, "network": facts.network, "people": facts.has_gallery, "created": facts.created}
        answers = {"labels": len(recogniser.labels), "threshold": recogniser.threshold, "available": not bundle.trouble}
        return cls.model_validate({"name": bundle.name, **known, **answers})


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
