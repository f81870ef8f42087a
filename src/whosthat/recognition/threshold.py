"""How sure is sure enough: below the threshold the answer is "unknown".

What belongs here: the threshold of a recogniser that answers with probabilities, fitting it and applying it.
What does not: the distances of face embeddings (`face_threshold`); calibration (`whosthat.recognition.calibration`), which comes before.

A network cannot play "each class in turn is the stranger" without being trained again for each class, so only photos of real
strangers can tell how many of them would be named.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from whosthat.errors import UsageError
from whosthat.proportions import wilson_interval

KNOWN_KEPT = 0.9
"""Refusing strangers as strictly as asked for must leave this share of the known photos their name; otherwise a single stranger of whom
the network is very sure would make it refuse everybody."""

_Rate = Annotated[float, Field(ge=0, le=1)]


class Threshold(BaseModel):
    """The smallest confidence that earns a name, and how it was found.

    Attributes:
        value: Calibrated probability of the best class, 0 to 1; equal is enough.
        kind: What is compared: ``max-softmax``, the probability of the best class.
        how: How the value was found and what to expect of it, in whole sentences.
        known_named: Of the validation photos of known classes, the share that gets a name (right or wrong).
        strangers_named: Of the strangers it was fitted on, the share that gets a name; None when there were none.
        strangers_low: Lower end of the 95 % interval of that share; None likewise.
        strangers_high: Upper end.
        n_strangers: How many photos of strangers there were.
        known_refused: Of the test photos of known classes, the share that gets no name; None before the test.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: _Rate
    kind: Literal["max-softmax"] = "max-softmax"
    how: Annotated[str, Field(max_length=1000)]
    known_named: _Rate
    strangers_named: _Rate | None = None
    strangers_low: _Rate | None = None
    strangers_high: _Rate | None = None
    n_strangers: Annotated[int, Field(ge=0)] = 0
    known_refused: _Rate | None = None

    def accepts(self, confidence: float) -> bool:
        """Tell whether a confidence earns a name."""
        return confidence >= self.value


def fit_threshold(
    known: NDArray[Any], strangers: NDArray[Any] | None = None, *, stranger_rate: float = 0.01, known_rate: float = 0.95
) -> Threshold:
    """Find the threshold on photos that trained nothing.

    With strangers it is the smallest value at which at most ``stranger_rate`` of them get a name. Where that would refuse more
    than a tenth of the known photos (`KNOWN_KEPT`), it is the value at which the share of strangers named and the share of known
    photos refused are smallest together. Without strangers, nobody can say how many of them would be named, and it is the
    largest value at which ``known_rate`` of the known photos still get a name.

    Args:
        known: Float array ``(n,)``, calibrated confidences of validation photos, 0 to 1.
        strangers: Float array ``(m,)``, calibrated confidences of photos of nobody's class; None when there are none.
        stranger_rate: Largest share of strangers that may be named.
        known_rate: Share of known photos that must be named when there are no strangers.

    Raises:
        UsageError: There is no confidence to fit on, or one that is no probability.

    Example:
        >>> fit_threshold(np.array([0.9, 0.8, 0.7]), np.array([0.3, 0.6]), stranger_rate=0.5).strangers_named
        0.5
    """
    known = _confidences(known, "known classes")
    if strangers is None:
        value = float(np.sort(known)[math.floor((1 - known_rate) * len(known) + 1e-9)])  # 1 - 0.9 is a little less than 0.1
        how = (
            f"Chosen so that about {100 * known_rate:g} in 100 known photos get a name, on {len(known):,} validation photos. "
            "No photos of strangers were given, so it is not known how many strangers would be named: give some with --strangers."
        )
        return Threshold(value=value, how=how, known_named=float((known >= value).mean()))
    strangers = _confidences(strangers, "strangers")
    strict = _value_that_names_few(strangers, stranger_rate)
    lost = float((known < strict).mean())
    too_strict = lost > 1 - KNOWN_KEPT + 1e-9
    value = _value_of_fewest_mistakes(known, strangers) if too_strict else strict
    named, n = int((strangers >= value).sum()), len(strangers)
    interval = wilson_interval(named, n)
    return Threshold(
        value=value,
        how=f"About {in_100(named / n)} in 100 strangers would be named, between {in_100(interval.low)} and {in_100(interval.high)}: "
        f"{named} of the {n:,} photos of strangers were, on which the threshold was chosen."
        + (f" {_TOO_STRICT.format(rate=in_100(stranger_rate), lost=in_100(lost))}" if too_strict else ""),
        known_named=float((known >= value).mean()),
        strangers_named=named / n,
        strangers_low=interval.low,
        strangers_high=interval.high,
        n_strangers=n,
    )


def refused_sentence(refused: int, n: int) -> str:
    """Say how many known photos get no name.

    Example:
        >>> refused_sentence(3, 110)
        '2.7 in 100 known photos are refused (3 of 110 test photos).'
    """
    return f"{in_100(refused / n)} in 100 known photos are refused ({refused} of {n:,} test photos)."


def in_100(share: float) -> str:
    """Write a share as a number of a hundred.

    Example:
        >>> in_100(0.0271), in_100(0.05)
        ('2.7', '5')
    """
    return f"{100 * share:.1f}".removesuffix(".0")


_TOO_STRICT = (
    "Naming no more than {rate} in 100 would have cost {lost} in 100 known photos their name; instead, the share of strangers named and "
    "the share of known photos refused are as small together as can be."
)


def _value_of_fewest_mistakes(known: NDArray[np.float64], strangers: NDArray[np.float64]) -> float:
    """Return the value at which the two rates of mistakes have the smallest sum (Youden's index is largest); of equals the largest."""
    values = np.unique(known)[::-1]  # between two of them, only more strangers get a name
    refused = np.searchsorted(np.sort(known), values, side="left") / len(known)
    named = 1 - np.searchsorted(np.sort(strangers), values, side="left") / len(strangers)
    return float(values[np.argmin(refused + named)])


def _value_that_names_few(strangers: NDArray[np.float64], rate: float) -> float:
    """Return the smallest value that at most ``rate`` of the confidences reach."""
    may_be_named = math.floor(rate * len(strangers))
    if may_be_named >= len(strangers):
        return 0.0
    first_refused = np.sort(strangers)[::-1][may_be_named]
    return min(1.0, float(np.nextafter(first_refused, 2.0)))


def _confidences(values: NDArray[Any], whose: str) -> NDArray[np.float64]:
    values = np.asarray(values, np.float64).ravel()
    if len(values) == 0 or not ((values >= 0) & (values <= 1)).all():
        raise UsageError(
            f"A threshold needs confidences of {whose} between 0 and 1; {len(values)} values came, some of them not probabilities or none."
        )
    return values
