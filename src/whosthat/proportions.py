"""Shares of a whole: how sure a counted one is, and how small one may be where a logarithm is taken.

What belongs here: arithmetic on rates that recognisers and their judges share. What does not: what is counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

SMALLEST_PROBABILITY = 1e-7
"""Probabilities are raised to this before a logarithm, so that one sure mistake cannot make the loss infinite."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval of a rate, both ends between 0 and 1."""

    low: float
    high: float


def wilson_interval(n_right: int, n: int) -> Interval:
    """Return the Wilson score interval of ``n_right`` successes (0 to n) in ``n`` trials (1 or more).

    Unlike the usual formula it is sound near 0 and 1 and for few photos.
    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Example:
        >>> interval = wilson_interval(9, 10)
        >>> round(interval.low, 3), round(interval.high, 3)
        (0.596, 0.982)
    """
    z = 1.959963984540054  # the normal quantile of 95 %
    rate = n_right / n
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    # Rounding must not push an end past the rate itself when nothing or everything is right.
    return Interval(min(max(0.0, centre - half), rate), max(min(1.0, centre + half), rate))
