"""What is said about a photo: a headline, a line below it, and a bar for each probable name. Words and numbers, no widgets."""

from __future__ import annotations

from dataclasses import dataclass

from whosthat.types import Sighting
from whosthat.wording import confidence_text

N_BARS = 7
"""Names that get a bar, the most probable first."""

WORTH_NAMING = 0.005
"""Below this share, 0 % would be said of the name that is nearest."""


@dataclass(frozen=True)
class Answer:
    """What to show beside a photo.

    Attributes:
        headline: The name, or that it is unknown.
        detail: How sure that is.
        known: Whether the headline is a name.
        bars: Names with their probabilities (0 to 1), best first.
    """

    headline: str
    detail: str
    known: bool = False
    bars: tuple[tuple[str, float], ...] = ()


def answer(sightings: tuple[Sighting, ...] | None) -> Answer:
    """Put sightings into words.

    Args:
        sightings: None before a recogniser was asked; of several, the surest fills the bars.

    Example:
        >>> answer((Sighting("Ana", 0.91, "Bo", 0.06, probabilities={"Ana": 0.91, "Bo": 0.06}),)).detail
        'Confidence 91 %. Runner-up: Bo, 6 %.'
    """
    if sightings is None:
        return Answer("", "")
    if not sightings:
        return Answer("Nobody", "No face was found in this photo.")
    best = max(sightings, key=lambda sighting: (sighting.name is not None, sighting.confidence))
    bars = tuple(list(best.probabilities.items())[:N_BARS])
    others = f" {len(sightings)} faces in all." if len(sightings) > 1 else ""
    twice = dict.fromkeys(sighting.given_to_better for sighting in sightings if sighting.given_to_better is not None)
    others += "".join(f" Of several faces that look like {name}, the best got the name." for name in twice)
    if best.name is None:
        if bars and bars[0][1] < WORTH_NAMING:
            return Answer("Unknown", f"Like no enrolled person.{others}", bars=bars)
        nearest = f" Nearest: {bars[0][0]}, {confidence_text(bars[0][1])}." if bars else ""
        return Answer("Unknown", f"Confidence is too low for a name.{nearest}{others}", bars=bars)
    after = f" Runner-up: {best.runner_up}, {confidence_text(best.runner_up_confidence)}." if best.runner_up else ""
    return Answer(best.name, f"Confidence {confidence_text(best.confidence)}.{after}{others}", known=True, bars=bars)
