"""The threshold on confidence, below which the answer is "unknown": fitting it and applying it.

What does not belong here: the distances of face embeddings (`face_threshold`); calibration (`calibration`), which comes before.

A network cannot play "each class in turn is the stranger" without being trained again for each class, so only photos of real
strangers can tell how many of them would be named. Those that helped to choose a threshold are poor witnesses for it: whatever is
said of strangers is counted on people who did not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from whosthat.errors import UsageError
from whosthat.proportions import Interval, wilson_interval
from whosthat.translation import N_, _
from whosthat.wording import counted, percent, percent_range

KNOWN_KEPT = 0.9
"""Refusing strangers as strictly as asked for must leave this share of the known photos their name; otherwise a single stranger of whom
the network is very sure would make it refuse everybody."""

HIGHEST = 0.999
"""No threshold is higher. Confidences end in 1, where a photo of a known class and a stranger of whom the network is sure look alike."""

REDRAWN = 300
"""So often are the people drawn anew to find out how far the share of strangers named may lie from what was counted."""

CURVE_STEPS = 100
"""So many steps a curve of thresholds has."""

MOST_TURNS = 500
"""So often is a threshold chosen without some of the strangers, to count them at it."""

OLD_NAMES = {"strangers_named": "fpir", "strangers_low": "fpir_low", "strangers_high": "fpir_high"}
"""What the fields of thresholds were called in bundles of an older whosthat."""

_Rate = Annotated[float, Field(ge=0, le=1)]


class AnyThreshold(BaseModel):
    """From where on a name is given, and what that does to strangers and to known people.

    Attributes:
        value: The number that is compared; equal is enough.
        kind: What is compared.
        how: How the value was found and what to expect of it, in whole sentences.
        fpir: Share of strangers that is expected to get a name; None where that is not known.
        fpir_low: Lower end of its 95 % interval for other strangers.
        fpir_high: Upper end.
        n_strangers: How many photos of strangers, or of known people in their place, it was fitted on.
        fnir: Of the test photos of known people, the share that does not get its own name (false negative identification rate); None
            without test photos.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: float
    kind: str
    how: str
    fpir: _Rate | None = None
    fpir_low: _Rate | None = None
    fpir_high: _Rate | None = None
    n_strangers: Annotated[int, Field(ge=0)] = 0
    fnir: _Rate | None = None

    @model_validator(mode="before")
    @classmethod
    def _with_present_names(cls, document: Any) -> Any:
        """Give the fields of an older bundle their present names; what counted otherwise (``known_refused``) goes."""
        if not isinstance(document, Mapping):
            return document
        return {OLD_NAMES.get(name, name): value for name, value in document.items() if name != "known_refused"}


class Threshold(AnyThreshold):
    """The smallest calibrated probability of the best class that gets a name, and which share of known photos gets one, right or wrong."""

    value: _Rate
    kind: Literal["max-softmax"] = "max-softmax"
    how: Annotated[str, Field(max_length=1000)]
    known_named: _Rate


def fit_threshold(
    known: NDArray[Any],
    strangers: NDArray[Any] | None = None,
    people: NDArray[Any] | None = None,
    *,
    stranger_rate: float = 0.01,
    known_rate: float = 0.95,
) -> Threshold:
    """Find the threshold on photos that trained nothing; UsageError without one of a kind, or where a confidence is no probability.

    With strangers it is the smallest value at which at most ``stranger_rate`` of others like them are expected to get a name; with few
    strangers, one that none of them reaches. Where that would refuse more than a tenth of the known photos (`KNOWN_KEPT`), it is the
    value at which the share of strangers named and the share of known photos refused are smallest together. Without strangers, nobody
    can say how many of them would be named, and it is the largest value at which ``known_rate`` of the known photos still get a name.

    Args:
        known: Float array ``(n,)``, calibrated confidences of photos of known classes, 0 to 1.
        strangers: Float array ``(m,)``, calibrated confidences of photos of nobody's class; None when there are none.
        people: Integer array ``(m,)``: which stranger each of these photos shows; None where each shows another one. Where all show the
            same, each counts for itself.
        stranger_rate: Largest share of strangers that may be named.
        known_rate: Share of known photos that must be named when there are no strangers.

    Example:
        >>> fit_threshold(np.array([0.9, 0.8, 0.7]), np.array([0.3, 0.5, 0.4, 0.6]), stranger_rate=0.4).fpir
        0.25
    """
    known = _confidences(known, _("known classes"))
    if strangers is None:
        return _without_strangers(known, known_rate)
    strangers = _confidences(strangers, _("strangers"))
    person_of = np.arange(len(strangers)) if people is None or len(set(people.tolist())) == 1 else np.unique(people, return_inverse=True)[1]
    value, lost = _chosen(known, strangers, stranger_rate)
    named, n = _named_of_others(known, strangers, person_of, stranger_rate), len(strangers)
    interval = _interval(known, strangers, person_of, stranger_rate, named / n)
    how = _(
        "{expectation}, estimated by cross-validation on {photos} of {strangers}.",
        expectation=expected_of_strangers(named / n, interval.low, interval.high),
        photos=counted(n, "photo"),
        strangers=counted(int(person_of.max()) + 1, "stranger"),
    )
    return Threshold(
        value=value,
        how=f"{how} {_(_TOO_STRICT, rate=percent(stranger_rate), lost=percent(lost))}" if lost else how,
        known_named=float((known >= value).mean()),
        fpir=named / n,
        fpir_low=interval.low,
        fpir_high=interval.high,
        n_strangers=n,
    )


def _without_strangers(known: NDArray[np.float64], rate: float) -> Threshold:
    value = min(HIGHEST, float(np.sort(known)[math.floor((1 - rate) * len(known) + 1e-9)]))  # 1 - 0.9 is a little less than 0.1
    how = _(
        "Chosen so that about {rate} of known photos get a name ({photos} not used for training). How many "
        "strangers would get a name is not known: add photos of strangers with --strangers.",
        rate=percent(rate),
        photos=counted(len(known), "photo"),
    )
    return Threshold(value=value, how=how, known_named=float((known >= value).mean()))


class CurvePoint(NamedTuple):
    """What a threshold would do: its value, and two shares, 0 to 1, each None where nothing is known of it.

    ``strangers`` would get a name, and ``known_unknown`` of the photos of known people would get none.
    """

    value: float
    strangers: float | None
    known_unknown: float | None


def curve_of_confidences(known: NDArray[Any], strangers: NDArray[Any] | None = None, *, chosen: float = 0.0) -> tuple[CurvePoint, ...]:
    """Return what every threshold from 0 to `HIGHEST` would do to these photos, whose arguments are those of `fit_threshold`.

    The threshold that was ``chosen`` is one of the points.

    It is counted on the photos that the threshold was fitted on: of strangers, a little fewer get a name than of others.

    Example:
        >>> curve_of_confidences(np.array([0.9, 0.4]), np.array([0.3, 0.6]))[50]
        CurvePoint(value=0.5, strangers=0.5, known_unknown=0.5)
    """
    known = _confidences(known, _("known classes"))
    others = None if strangers is None else _confidences(strangers, _("strangers"))
    values = sorted({*(step / CURVE_STEPS for step in range(CURVE_STEPS)), HIGHEST, chosen})
    return tuple(
        CurvePoint(value, None if others is None else float((others >= value).mean()), float((known < value).mean())) for value in values
    )


def expected_of_strangers(share: float, low: float, high: float) -> str:
    """Say which share of strangers would get a name, and the ends of its 95 % interval; the full stop is left to the caller.

    Example:
        >>> expected_of_strangers(0.01, 0.002, 0.031)
        'About 1 % of strangers would get a name (95 % interval: 0.2 % to 3.1 %)'
    """
    return _(
        "About {share} of strangers would get a name ({level} interval: {interval})",
        share=percent(share),
        level=percent(0.95),
        interval=percent_range(low, high),
    )


_TOO_STRICT = N_(
    "Naming at most {rate} of strangers would leave {lost} of known photos without a name, so the threshold "
    "keeps both errors as small as possible."
)


def _chosen(known: NDArray[np.float64], strangers: NDArray[np.float64], rate: float) -> tuple[float, float]:
    """Return the threshold, and the share of known photos that naming few strangers would have refused, where that was too many; else 0."""
    strict = _value_that_names_few(strangers, rate)
    lost = float((known < strict).mean())
    if lost <= 1 - KNOWN_KEPT + 1e-9:
        return strict, 0.0
    return min(_value_of_fewest_mistakes(known, strangers), HIGHEST), lost


def _named_of_others(known: NDArray[np.float64], strangers: NDArray[np.float64], person_of: NDArray[Any], rate: float) -> int:
    """Count, for each stranger in turn (of very many, for some at a time), the photos named at the threshold that the others ask for."""
    named = 0
    turns = person_of % MOST_TURNS
    for turn in range(turns.max() + 1):
        own = turns == turn
        named += int((strangers[own] >= _chosen(known, strangers[~own], rate)[0]).sum())
    return named


def _interval(known: NDArray[np.float64], strangers: NDArray[np.float64], person_of: NDArray[Any], rate: float, share: float) -> Interval:
    """Return where 95 % of the shares lie, when people are drawn anew, choose a threshold, and those not drawn are counted at it.

    Whole people are drawn, for photos of one person are alike; known photos are drawn as well. Both what choosing and what counting
    leave to chance is in it, each with fewer people than there are, so that it is rather too wide than too narrow. A handful of
    people is as good as a handful of photos, however many there are of each.
    """
    generator = np.random.default_rng(0)
    n_people, shares = int(person_of.max()) + 1, [share]
    for _draw in range(REDRAWN):
        times = np.bincount(generator.integers(n_people, size=n_people), minlength=n_people)[person_of]
        drawn_known = known[generator.integers(len(known), size=len(known))]
        value, _lost = _chosen(drawn_known, np.repeat(strangers, times), rate)
        if (others := strangers[times == 0]).size:
            shares.append(float((others >= value).mean()))
    low, high = (float(end) for end in np.quantile(shares, [0.025, 0.975]))
    each_one_photo = wilson_interval(round(share * n_people), n_people)
    return Interval(min(low, share, each_one_photo.low), max(high, share, each_one_photo.high))


def _value_of_fewest_mistakes(known: NDArray[np.float64], strangers: NDArray[np.float64]) -> float:
    """Return the value at which the two rates of mistakes have the smallest sum of squares; of equals the largest.

    Their plain sum (Youden's index) hardly changes where known photos and strangers are hard to tell apart, and its minimum then lies
    anywhere, even where every stranger gets a name.
    """
    values = np.unique(known)[::-1]  # between two of them, only more strangers get a name
    refused = np.searchsorted(np.sort(known), values, side="left") / len(known)
    named = 1 - np.searchsorted(np.sort(strangers), values, side="left") / len(strangers)
    return float(values[np.argmin(refused**2 + named**2)])


def _value_that_names_few(strangers: NDArray[np.float64], rate: float) -> float:
    """Return the smallest value that at most ``rate`` of other strangers are expected to reach.

    Of n + 1 strangers each is equally likely to be the surest, the second surest and so on: above the k-th of n lie k in n + 1.
    """
    may_be_named = max(0, math.floor(rate * (len(strangers) + 1)) - 1)
    if may_be_named >= len(strangers):
        return 0.0
    first_refused = np.sort(strangers)[::-1][may_be_named]
    return min(HIGHEST, float(np.nextafter(first_refused, 2.0)))


def _confidences(values: NDArray[Any], of: str) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64).ravel()
    if len(values) == 0 or not ((values >= 0) & (values <= 1)).all():
        raise UsageError(
            "A threshold needs confidences of {whose} between 0 and 1, got {n} values that are not all probabilities.",
            whose=of,
            n=len(values),
        )
    return values
