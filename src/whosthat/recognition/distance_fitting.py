"""Fitting the threshold on distances: what is known of the network, corrected by what the user's own photos say.

What does not belong here: the networks' numbers (`impostors`), what `predict` needs (`face_threshold`), the distances themselves (`heads`).

One number is learnt from a user's photos, by Bayes' rule: the *shift*, by how much farther their strangers lie than those the network
was measured on. The tail, where one stranger in a hundred is, keeps the network's shape: a few photos say nothing about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from whosthat.errors import WeightsError
from whosthat.recognition.face_threshold import FLATTEST, STEEPEST, DistanceThreshold
from whosthat.recognition.impostors import Impostors
from whosthat.recognition.threshold import CURVE_STEPS, CurvePoint, expected_of_strangers
from whosthat.translation import _, ngettext
from whosthat.wording import counted, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from whosthat.types import FloatArray, IntArray

SMALLEST_VALUE = 1e-6
"""A threshold is above 0, even where strangers lie on top of known people."""

FARTHEST = 5.0
"""Different people whose faces lie farther apart than this, in the middle, are not on the common scale."""

ENOUGH_FACES = 100
"""Fewer faces do not tell how far distances scatter."""

SCATTER = 0.07
"""Then this is taken: distances of the same person, and those to the nearest other person, both scatter by about as much."""

ENOUGH_PEOPLE = 20
"""So many strangers speak alone; fewer are joined by the enrolled people."""

FEWEST_MET = 40
"""The interval is for a set of new strangers, at least so many, each with one photo, which gets a name or not. With ten photos each it is
for half as many: of the photos of a stranger who gets a name at all, about half do."""

TIMES_MORE = 10
"""It is said what becomes of the share with so many times as many people."""

GRID = np.arange(0, 1.5, 0.0025)
"""Distances that are tried."""

SHIFTS = np.arange(-0.8, 0.4, 0.005)
"""Shifts that are tried."""

FREEDOM = 4
"""Of Student's distribution of the shifts before a photo is seen: now and then, somebody's people are quite unlike the measured ones."""

QUARTER, TENTH, NEAREST_PEOPLE, STEPS = 0.25, 0.1, 10, 10
"""How near the nearest quarter of faces comes is counted in so many steps of distance, the others are not told apart. Where there are
enough people, it is the nearest tenth, or as many faces as so many people have, as near to the threshold as one can look; but never less
than the share that may be named, for the tail has the network's shape only roughly."""

RESAMPLES, DRAWS = 200, 4000

LEAST_NAMED, MOST_NAMED = 0.0005, 0.3
"""Between these shares of strangers named lie the distances of a curve."""


class ImpostorTrials(NamedTuple):
    """Comparable distances of faces that should be refused, float32 (n,), and which person each shows, int64 (n,)."""

    distances: FloatArray
    people: IntArray

    @property
    def n_people(self) -> int:
        """How many people they are."""
        return len(np.unique(self.people))


class _Evidence(NamedTuple):
    """Trials, of so many people in words, and the share of the enrolled people that each of them met.

    Somebody who is left out does not meet themselves, and two people who meet each other are one pair, not two: this share of what they
    say counts.
    """

    trials: ImpostorTrials
    source: str
    met: float

    def __str__(self) -> str:
        return _("{faces} of {source}", faces=counted(len(self.trials.distances), "face"), source=self.source)


class _Posterior(NamedTuple):
    """What is believed of strangers: weights of `SHIFTS`, (shifts,), and the share named under each at `GRID`, (shifts, distances)."""

    weights: NDArray[np.float64]
    named: NDArray[np.float64]

    def nearest(self, share: float) -> float:
        """Return the distance that this share of strangers is expected not to exceed."""
        return max(float(np.interp(share, self.weights @ self.named, GRID)), SMALLEST_VALUE)

    def rates(self, distance: float) -> NDArray[np.float64]:
        """Return the share of strangers that is as near, under each shift."""
        return np.array([np.interp(distance, GRID, row) for row in self.named])

    def share(self, distance: float) -> float:
        """Return the share of strangers that is expected to be as near."""
        return float(np.interp(distance, GRID, self.weights @ self.named))

    def with_more_people(self, times: int) -> _Posterior:
        """Believe the same of so many times as many people, with as many photos: a stranger meets them one by one."""
        return self._replace(named=1 - (1 - self.named) ** times)

    @property
    def variance(self) -> float:
        """How uncertain the shift is."""
        return float(self.weights @ (SHIFTS - self.weights @ SHIFTS) ** 2)


def leave_one_person_out(own: FloatArray, nearest: FloatArray, labels: IntArray) -> ImpostorTrials:
    """Leave out each person in turn: how near do their photos come to anybody else? The distances are those of `heads.compared`.

    A photo that is nearer to somebody else than to its own person probably shows that other person, or is unlike all photos of its own;
    it says nothing about strangers and is left out.
    """
    # a person with a single photo has no template without it: nothing can be said about such a photo's own distance
    telling = np.isfinite(nearest) & ((own <= nearest) | ~np.isfinite(own))
    return ImpostorTrials(nearest[telling], labels[telling])


def fit_distance(
    known: FloatArray,
    played: ImpostorTrials,
    strangers: ImpostorTrials | None = None,
    *,
    counts: IntArray,
    network: str,
    rate: float = 0.01,
) -> tuple[DistanceThreshold, tuple[CurvePoint, ...]]:
    """Choose the distance at which ``rate`` of all strangers are expected to be named; ``fnir`` is left to whoever has test photos.

    With it comes what other distances would do: from the one that hardly a stranger keeps to the one that `MOST_NAMED` of them keep, and
    farther, where known people's photos lie farther; the chosen one is among them.

    WeightsError where the distances are on another scale: what was said of the embedder is wrong.

    Args:
        known: Comparable distances of known people's photos to their own templates, which have not learnt from them.
        played: What `leave_one_person_out` found.
        strangers: Distances of real strangers to the nearest person, numbered from 0; None when there are none.
        counts: int64 (people,): photos in each person's template.
        network: Name of the embedder.
        rate: Share of strangers that may be named.
    """
    impostors = Impostors(network)
    expected = impostors.expected(GRID, counts)
    evidence = _evidence(played, strangers, len(counts))
    _check_scale(evidence)
    scatter = impostors.scatter(len(counts))
    posterior = _posterior(evidence, expected, scatter, rate)
    value = posterior.nearest(rate)
    named = posterior.share(value)
    n_met = max(sum(one.trials.n_people for one in evidence), FEWEST_MET)
    low, high = _interval(posterior, value, n_met)
    distances = np.concatenate([one.trials.distances for one in evidence]) if evidence else np.empty(0, np.float32)
    typical = impostors.genuine(counts), posterior.nearest(0.5)
    own = known[np.isfinite(known)]
    centre, steepness = _fit_confidence_curve(own, distances, typical)
    learnt = posterior.variance < 0.5 * _posterior([], expected, scatter, rate).variance
    how = _("{expectation}. {source}", expectation=expected_of_strangers(named, low, high), source=_source(evidence, impostors, learnt))
    threshold = DistanceThreshold(
        value=value,
        how=f"{how} {_of_others(posterior.with_more_people(TIMES_MORE), value, n_met, TIMES_MORE * len(counts))}",
        fpir=named,
        fpir_low=min(low, named),
        fpir_high=max(high, named),
        n_strangers=len(distances),
        centre=centre,
        steepness=steepness,
    )
    return threshold, _curve(posterior, own, value)


def strangers_as_near(
    distances: NDArray[Any], played: ImpostorTrials, *, counts: IntArray, network: str, rate: float
) -> NDArray[np.float64]:
    """Return which shares of strangers are expected to be as near to anybody, of the same shape as the comparable distances.

    ``rate`` is the share that matters most; the other arguments are those of `fit_distance`.
    """
    impostors = Impostors(network)
    evidence = _evidence(played, None, len(counts))
    posterior = _posterior(evidence, impostors.expected(GRID, counts), impostors.scatter(len(counts)), rate)
    shares: NDArray[np.float64] = np.interp(distances, GRID, posterior.weights @ posterior.named)
    return shares


def _curve(posterior: _Posterior, own: FloatArray, chosen: float) -> tuple[CurvePoint, ...]:
    first, last = posterior.nearest(LEAST_NAMED), posterior.nearest(MOST_NAMED)
    if len(own):
        first, last = min(first, float(np.median(own))), max(last, float(np.quantile(own, 0.99)))
    values = sorted({*np.linspace(first, min(last, float(GRID[-1])), CURVE_STEPS + 1).tolist(), chosen})
    shares = np.interp(values, GRID, posterior.weights @ posterior.named).tolist()
    return tuple(
        CurvePoint(value, share, float((own > value).mean()) if len(own) else None) for value, share in zip(values, shares, strict=True)
    )


def _evidence(played: ImpostorTrials, strangers: ImpostorTrials | None, n_people: int) -> list[_Evidence]:
    """Gather what the photos say."""
    evidence = (
        [_Evidence(played, ngettext("{n} known person", "{n:,} known people", played.n_people), 1 - 1 / n_people)]
        if len(played.distances)
        else []
    )
    if strangers is None or not len(strangers.distances):
        return evidence
    real = _Evidence(strangers, counted(strangers.n_people, "stranger"), 1.0)
    return [real] if strangers.n_people >= ENOUGH_PEOPLE else [*evidence, real]


def _check_scale(evidence: list[_Evidence]) -> None:
    middle = max((float(np.median(one.trials.distances)) for one in evidence), default=0.0)
    if middle > FARTHEST:
        raise WeightsError(
            "Faces of different people have a distance of about {middle:.3g}, expected at most {farthest:g}. Check "
            '"same_person", "mean" and "scale" in the description of the embedder.',
            middle=middle,
            farthest=FARTHEST,
        )


def _posterior(evidence: list[_Evidence], expected: NDArray[np.float64], scatter: float, rate: float) -> _Posterior:
    """Weigh the shifts: by Bayes' rule, averaged over resamples of whole people.

    A person counts once, however many photos they have: photos of one person say much the same.

    Source: J. Huggins and J. Miller, "Reproducible model selection using bagged posteriors", Bayesian Analysis 18, 2023; people are
    resampled by exponential weights, as in D. Rubin, "The Bayesian bootstrap", Annals of Statistics 9, 1981.
    """
    before = -(FREEDOM + 1) / 2 * np.log1p((SHIFTS / scatter) ** 2 / FREEDOM)
    logs = np.repeat(before[None], RESAMPLES, axis=0)
    chance = np.random.default_rng(0)
    for one in evidence:
        steps, likelihoods = _counted(one, expected, rate)
        logs += chance.exponential(size=(RESAMPLES, len(steps))) @ steps @ likelihoods
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    weights = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
    return _Posterior(weights, -np.expm1(-np.interp(GRID - SHIFTS[:, None], GRID, expected)))


def _counted(evidence: _Evidence, expected: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Count in steps of distance: the share of each person's photos, (people, steps), and its log-likelihood, (steps, shifts)."""
    people, rows = np.unique(evidence.trials.people, return_inverse=True)
    share = QUARTER if len(people) < ENOUGH_PEOPLE else min(TENTH, max(NEAREST_PEOPLE / len(people), rate))
    farthest = np.quantile(evidence.trials.distances, share)
    edges = farthest * np.arange(1, STEPS + 1) / STEPS
    steps = np.zeros((len(people), STEPS + 1))
    np.add.at(steps, (rows, np.searchsorted(edges, evidence.trials.distances)), 1)
    below = -np.expm1(-evidence.met * np.interp(edges[:, None] - SHIFTS, GRID, expected))
    inside = np.diff(below, axis=0, prepend=0, append=1)
    return evidence.met * steps / steps.sum(axis=1, keepdims=True), np.log(np.maximum(inside, 1e-9))


def _interval(posterior: _Posterior, distance: float, n_met: int) -> tuple[float, float]:
    """Return where the share named of a set of so many new strangers lies, with 95 %; what is not known of the threshold is in it."""
    drawn = np.interp((np.arange(DRAWS) + 0.5) / DRAWS, np.cumsum(posterior.weights), posterior.rates(distance))
    named = np.random.default_rng(0).poisson(drawn * n_met) / n_met
    low, high = np.quantile(np.minimum(named, 1), [0.025, 0.975])
    return float(low), float(high)


def _of_others(more: _Posterior, distance: float, n_met: int, n_people: int) -> str:
    """Say for how many strangers the interval is, and what the same distance would do with more people."""
    return _(
        "The interval is for {n_met:,} new strangers. The more people are enrolled, the more strangers look like one of them: with "
        "{n_people:,} people this distance would name about {share} of strangers, and training would choose a smaller one.",
        n_met=n_met,
        n_people=n_people,
        share=percent(more.share(distance)),
    )


def _source(evidence: list[_Evidence], impostors: Impostors, learnt: bool) -> str:
    """Say whether the photos spoke or what is known of the network."""
    if learnt:
        first, *more = map(str, evidence)
        faces = _("{known} and {strangers}", known=first, strangers=more[0]) if more else first
        return _("This is estimated from your photos ({faces}).", faces=faces)
    if impostors.measured:
        return _(
            "This is mostly what was measured before for {network}: you have too few people to estimate it.", network=impostors.network
        )
    return _(
        "This network was never measured and you have too few people to estimate it, so the threshold is strict. "
        "Photos of strangers (--strangers) help."
    )


def _fit_confidence_curve(known: FloatArray, others: FloatArray, typical: tuple[float, float]) -> tuple[float, float]:
    """Fit the curve of confidence: where both kinds are equally likely, and how steep it is there.

    Two normal distributions of the same width, around the medians, give exactly a logistic curve; medians and quartiles do
    not mind a few wrong labels. Where there are too few faces, the medians are the typical ones.
    """
    (near, far), spread = typical, SCATTER
    if len(known) >= ENOUGH_FACES and len(others) >= ENOUGH_FACES:
        near, far = float(np.median(known)), float(np.median(others))
        spread = max(0.5 * (_spread(known) + _spread(others)), 0.02)
    return max((near + far) / 2, SMALLEST_VALUE), float(np.clip((far - near) / spread**2, FLATTEST, STEEPEST))


def _spread(values: NDArray[Any]) -> float:
    """The standard deviation of a normal distribution with these quartiles."""
    low, high = np.quantile(values, [0.25, 0.75])
    return float(high - low) / 1.349
