"""What was seen in a photo, in the words and bars that stand beside it. Plain data: no widgets, no files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from whosthat.translation import _
from whosthat.types import Sighting
from whosthat.wording import closed_up, confidence_text, none_known

N_BARS = 7
"""Names that get a bar, the most probable first."""

WORTH_NAMING = 0.005
"""Below this share, 0 % would be said of the name that is nearest."""


@dataclass(frozen=True)
class Answer:
    """What to show beside a photo: a headline, which is a name or that it is unknown, a line below it, and bars."""

    headline: str
    detail: str
    known: bool = False
    """Whether the headline is a name."""
    bars: tuple[tuple[str, float], ...] = ()
    """Names with their probabilities (0 to 1), best first."""


def answer(sightings: Sequence[Sighting] | None, face: int | None = None) -> Answer:
    """Put sightings into words: one that was chosen, by its number from 0, or all of them. They are None before a recogniser was asked.

    Of all, the surest fills the bars; of several faces without a name, the headline counts all.

    Example:
        >>> answer((Sighting("Ana", 0.91, "Bo", 0.06, probabilities={"Ana": 0.91, "Bo": 0.06}),)).detail
        'Confidence 91 %. Runner-up: Bo, 6 %.'
    """
    if sightings is None:
        return Answer("", "")
    if not sightings:
        return Answer(_("Nobody"), _("No face was found in this photo."))
    if face is not None:
        sightings = (sightings[face],)
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
