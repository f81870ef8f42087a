"""How sure is sure enough: below the threshold the answer is "unknown".

What belongs here: the threshold of a recogniser that answers with probabilities, fitting it and applying it.
What does not: the distances of face embeddings; calibration (`whosthat.evaluation.calibration`), which comes before.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from whosthat.errors import UsageError
from whosthat.evaluation.metrics import wilson_interval

_Rate = Annotated[float, Field(ge=0, le=1)]


class Threshold(BaseModel):
    """The smallest confidence that earns a name, and how it was found.

    Attributes:
        value: Calibrated probability of the best class, 0 to 1; equal is enough.
        kind: What is compared: ``max-softmax``, the probability of the best class.
        how: How the value was found, in whole sentences.
        known_named: Of the validation photos of known classes, the share that gets a name (right or wrong).
        strangers_named: Of the strangers it was fitted on, the share that gets a name; None when there were none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    value: _Rate
    kind: Literal["max-softmax"] = "max-softmax"
    how: Annotated[str, Field(max_length=1000)]
    known_named: _Rate
    strangers_named: _Rate | None = None

    def accepts(self, confidence: float) -> bool:
        """Tell whether a confidence earns a name."""
        return confidence >= self.value


def fit_threshold(
    known: NDArray[Any], strangers: NDArray[Any] | None = None, *, stranger_rate: float = 0.01, known_rate: float = 0.95
) -> Threshold:
    """Find the threshold on photos that trained nothing.

    With strangers it is the smallest value at which at most ``stranger_rate`` of them get a name. Without, nobody can say how
    many strangers would be named, and it is the largest value at which ``known_rate`` of the known photos still get one.

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
        value = float(np.sort(known)[math.floor((1 - known_rate) * len(known))])
        return Threshold(
            value=value,
            how=f"Chosen so that about {known_rate:.0%} of {len(known)} validation photos get a name. "
            "It was fitted without strangers, so it is not known how many of them would be named.",
            known_named=float((known >= value).mean()),
        )
    strangers = _confidences(strangers, "strangers")
    value = _value_that_names_few(strangers, stranger_rate)
    named = int((strangers >= value).sum())
    interval = wilson_interval(named, len(strangers))
    return Threshold(
        value=value,
        how=f"Chosen so that at most {stranger_rate:.1%} of {len(strangers)} photos of strangers get a name; {named} do "
        f"(between {interval.low:.1%} and {interval.high:.1%} of such strangers, with 95 % confidence).",
        known_named=float((known >= value).mean()),
        strangers_named=named / len(strangers),
    )


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
