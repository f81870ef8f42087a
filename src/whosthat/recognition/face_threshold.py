"""How near is near enough: the distance from which on a face is "unknown", and how sure a distance makes us.

What belongs here: the threshold of recognisers that go by distance, fitting it, and the confidence that follows from a distance.
What does not: distances themselves (`heads`), thresholds on probabilities (`threshold`).

Every distance here is first made comparable (`comparable`): templates of one or two photos lie farther from everybody. All numbers
are on the scale of `faces.embedder.SAME_PERSON`, to which the vectors of every embedder are brought; they were measured with dlib's.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from whosthat.errors import WeightsError
from whosthat.faces.embedder import SAME_PERSON
from whosthat.proportions import wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

DEFAULT_DISTANCE = 0.5
"""The threshold where the photos cannot tell. dlib's own is 0.6 between two single photos, for one false match in about a thousand
pairs; comparing with an average of several photos, and averaging with the mirrored face, shortens distances by a sixth."""

FEW_PHOTOS = 0.06
"""A template of n photos: this share, divided by n squared, is taken off its squared distances. Measured: where 1 % of strangers
come nearest to one of the enrolled people, 0.56 for one photo each, 0.51 for two, 0.50 for three and more."""

SMALLEST_VALUE = 1e-6
"""A threshold is above 0, even where strangers lie on top of known people."""

FARTHEST = 5.0
"""Different people whose faces lie farther apart than this, in the middle, are not on the common scale."""

ENOUGH_PEOPLE, ENOUGH_FACES = 4, 100
"""Fewer people who can play the stranger, or fewer of their photos, say nothing about one stranger in a hundred."""

STEEPEST, FLATTEST = 100.0, 20.0
DEFAULT_STEEPNESS = 60.0
"""How fast confidence falls with the distance: distances of the same person scatter around 0.34, those to the nearest other
person around 0.63, both by about 0.07."""

_Rate = Annotated[float, Field(ge=0, le=1)]


class DistanceThreshold(BaseModel):
    """The largest distance that earns a name, and what it does to strangers and to known people.

    Attributes:
        value: Comparable distance to the person's template; equal is near enough.
        kind: What is compared: ``distance``.
        how: How it was found and what to expect of it, in whole sentences.
        strangers_named: Of the faces that played or were strangers, the share that gets a name; None when it is not known.
        strangers_low: Lower end of the 95 % interval of that share; None likewise.
        strangers_high: Upper end.
        n_strangers: How many such faces there were.
        known_refused: Of the test photos of known people, the share that gets no name; None without test photos.
        centre: Distance at which a known person and a stranger are equally likely, were there as many of both.
        steepness: How fast confidence falls around it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: Annotated[float, Field(gt=0, le=10)]
    kind: Literal["distance"] = "distance"
    how: Annotated[str, Field(max_length=2000)]
    strangers_named: _Rate | None = None
    strangers_low: _Rate | None = None
    strangers_high: _Rate | None = None
    n_strangers: Annotated[int, Field(ge=0)] = 0
    known_refused: _Rate | None = None
    centre: Annotated[float, Field(gt=0, le=10)] = DEFAULT_DISTANCE
    steepness: Annotated[float, Field(ge=FLATTEST, le=STEEPEST)] = DEFAULT_STEEPNESS

    def accepts(self, distance: float) -> bool:
        """Tell whether a comparable distance earns a name."""
        return distance <= self.value

    def confidence(self, distance: NDArray[Any]) -> NDArray[np.float64]:
        """Return how likely it is that a face at this distance is no stranger, 0 to 1; falls with the distance."""
        return 1 / (1 + np.exp(np.clip(self.steepness * (np.asarray(distance, np.float64) - self.centre), -50, 50)))


class Trials(NamedTuple):
    """Comparable distances of faces that should be refused, float32 (n,), and which person each shows, int64 (n,)."""

    distances: FloatArray
    people: IntArray

    @property
    def n_people(self) -> int:
        """How many people they are."""
        return len(np.unique(self.people))


def comparable(distances: FloatArray, counts: IntArray) -> FloatArray:
    """Make distances to templates of different numbers of photos comparable.

    Args:
        distances: float32 (m, people).
        counts: int64 (people,) or (m, people): photos that each template was made of; 0 where there is none.
    """
    allowance = FEW_PHOTOS / np.maximum(counts, 1).astype(np.float32) ** 2
    return np.sqrt(np.maximum(distances**2 - allowance, 0)).astype(np.float32)


def playing_strangers(apart: FloatArray, owners: IntArray) -> Trials:
    """Let each person in turn play the stranger: how near do their photos come to anybody else?

    A photo that is nearer to somebody else than to its own person probably shows that other person, or is unlike all photos of
    its own; it says nothing about strangers and is left out.

    Args:
        apart: float32 (n, people): comparable distances to templates that have not learnt from the photo.
        owners: int64 (n,).
    """
    rows = np.arange(len(owners))
    own = apart[rows, owners]
    others = apart.copy()
    others[rows, owners] = np.inf
    nearest = others.min(axis=1)
    # a person with a single photo has no template without it: nothing can be said about such a photo's own distance
    telling = np.isfinite(nearest) & ((own <= nearest) | ~np.isfinite(own))
    return Trials(nearest[telling], owners[telling])


def fit_distance(known: FloatArray, played: Trials, strangers: Trials | None = None, *, rate: float = 0.01) -> DistanceThreshold:
    """Choose the distance at which about ``rate`` of all strangers would be named.

    Args:
        known: Comparable distances of known people's photos to their own templates, which have not learnt from them.
        played: What `playing_strangers` found.
        strangers: Distances of real strangers to the nearest person, numbered from 0; None when there are none.
        rate: Share of strangers that may be named.

    Returns:
        The threshold; ``known_refused`` is left to whoever has test photos.

    Raises:
        WeightsError: The distances are on another scale: what was said of the embedder is wrong.
    """
    trials, whose = _trials(played, strangers)
    _check_scale(trials)
    known = known[np.isfinite(known)]
    centre, steepness = _sureness(known, trials.distances)
    if trials.n_people < ENOUGH_PEOPLE or len(trials.distances) < ENOUGH_FACES:
        how = (
            f"There are too few people and photos ({len(trials.distances)} faces of {trials.n_people} people) to find out how many "
            f"strangers would be named. The distance {DEFAULT_DISTANCE:g} is used, which has served well elsewhere; "
            "give photos of strangers with --strangers to fit it to yours."
        )
        return DistanceThreshold(value=DEFAULT_DISTANCE, how=how, centre=centre, steepness=steepness)
    value, named = _chosen(trials, rate)
    n = len(trials.distances)
    interval = wilson_interval(named, n)
    how = (
        f"About {_in_100(named / n)} in 100 strangers would be named, between {_in_100(interval.low)} and {_in_100(interval.high)}: "
        f"counted on {n:,} faces of {trials.n_people} people{whose}, for each person at the distance that the others ask for."
    )
    return DistanceThreshold(
        value=value,
        how=how,
        strangers_named=named / n,
        strangers_low=interval.low,
        strangers_high=interval.high,
        n_strangers=n,
        centre=centre,
        steepness=steepness,
    )


def refused_sentence(refused: int, n: int) -> str:
    """Say how many known faces get no name.

    Example:
        >>> refused_sentence(3, 110)
        '2.7 in 100 known faces are refused (3 of 110 test photos).'
    """
    return f"{_in_100(refused / n)} in 100 known faces are refused ({refused} of {n:,} test photos)."


def _check_scale(trials: Trials) -> None:
    middle = float(np.median(trials.distances)) if len(trials.distances) else 0.0
    if middle > FARTHEST:
        raise WeightsError(
            f"Faces of different people lie about {middle:.3g} apart; at most {FARTHEST:g} was expected, because up to {SAME_PERSON:g} is "
            'the same person. In the description of the embedder, "same_person", "mean" or "scale" cannot be right.'
        )


def _trials(played: Trials, strangers: Trials | None) -> tuple[Trials, str]:
    if strangers is None or not len(strangers.distances):
        return played, ", each in turn playing the stranger"
    if len(strangers.distances) >= ENOUGH_FACES and strangers.n_people >= ENOUGH_PEOPLE:
        return strangers, " who are in none of the folders"
    others = strangers.people + played.people.max(initial=-1) + 1  # nobody is in both
    both = Trials(np.concatenate([strangers.distances, played.distances]), np.concatenate([others, played.people]))
    return both, ", given strangers and each known person in turn"


def _chosen(trials: Trials, rate: float) -> tuple[float, int]:
    """Choose the distance that names this share of the strangers, and count how many it would name of others.

    Whoever helped to choose a distance is a poor witness for it: each person is counted at the distance that all others ask for.
    """
    order = np.argsort(trials.distances)
    ordered = Trials(trials.distances[order], trials.people[order])
    return _just_below(ordered.distances, rate), _named_of_others(ordered, rate)


def _named_of_others(ordered: Trials, rate: float) -> int:
    """Count, for each person in turn, the faces nearer than the distance that names this share of all the others' faces."""
    named = 0
    for person in np.unique(ordered.people):
        own = ordered.people == person
        named += int((ordered.distances[own] <= _just_below(ordered.distances[~own], rate)).sum())
    return named


def _just_below(ordered: FloatArray, share: float) -> float:
    """Return the largest distance that lets no more than a share of these in; they are sorted."""
    return max(float(np.nextafter(ordered[math.floor(share * len(ordered))], np.float32(0))), SMALLEST_VALUE)


def _sureness(known: FloatArray, others: FloatArray) -> tuple[float, float]:
    """Fit the curve of confidence: where both kinds are equally likely, and how steep it is there.

    Two normal distributions of the same width, around the medians, give exactly a logistic curve; medians and quartiles do
    not mind a few wrong labels.
    """
    if len(known) < ENOUGH_FACES or len(others) < ENOUGH_FACES:
        return DEFAULT_DISTANCE, DEFAULT_STEEPNESS
    near, far = float(np.median(known)), float(np.median(others))
    spread = max(0.5 * (_spread(known) + _spread(others)), 0.02)
    if far <= near:
        return DEFAULT_DISTANCE, FLATTEST
    return (near + far) / 2, float(np.clip((far - near) / spread**2, FLATTEST, STEEPEST))


def _spread(values: FloatArray) -> float:
    """The standard deviation of a normal distribution with these quartiles."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 1.349


def _in_100(share: float) -> str:
    return f"{100 * share:.1f}".removesuffix(".0")
