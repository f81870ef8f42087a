"""Temperature scaling: one number, fitted on photos that trained nothing, so that "90 % sure" is right nine times in ten.

It changes no answer, only how sure the recogniser claims to be. What does not belong here: measuring calibration
(`evaluation.metrics.reliability_bins`), thresholds for strangers.

Source: C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.proportions import SMALLEST_PROBABILITY

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 100.0
"""Bounds of the search. A temperature at one of them was not found there but stopped there, and is not used."""

SHARPENING_COST, SOFTENING_COST = 8.0, 1.0
"""Nats that the square of log(T / expected) costs, below and above what is expected: overconfidence does more harm than underconfidence,
and networks that were trained from scratch on few photos are too sure by a factor of up to ten."""

ENOUGH_TO_SHARPEN = 100
"""Photos from which on a network may be called underconfident: that fewer were answered rightly proves nothing about the next."""

_GOLDEN = (math.sqrt(5) - 1) / 2
_TOLERANCE = 1e-4


def apply_temperature(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """Soften (temperature above 1) or sharpen (below 1) probabilities, float ``(n, c)``; the order of the classes stays.

    A softmax of logits / temperature is the same thing: the logarithm of a probability is its logit up to a constant.

    Example:
        >>> apply_temperature(np.array([[0.9, 0.1]]), 2.0).round(2)
        array([[0.75, 0.25]])
    """
    return np.exp(_log_probabilities(probabilities, temperature))


def fit_temperature(
    probabilities: NDArray[Any], truth: NDArray[Any], *, expected: float = 1.0, sharpen_from: int = ENOUGH_TO_SHARPEN
) -> float:
    """Find the most probable temperature, on photos that trained nothing (out of fold, or of validation); never on test photos.

    Photos that are all answered rightly ask for certainty, a temperature of 0, and answers by chance for an infinite one. A prior
    stands against both: log T is normally distributed around what is expected, closely below and widely above it. So a few photos
    can soften, only hundreds can sharpen, and no number of right answers makes anybody certain.

    Args:
        probabilities: Float array ``(n, c)``.
        truth: Integer array ``(n,)``.
        expected: The temperature before any photo is seen; the answer where there is nothing to fit it on, where the fit runs into a
            bound (`LOWEST_TEMPERATURE`, `HIGHEST_TEMPERATURE`), and where it would sharpen on fewer than ``sharpen_from`` photos.
        sharpen_from: On fewer photos the temperature is never below what is expected.
    """
    if len(truth) == 0:
        return expected

    def loss(log_temperature: float) -> float:
        scaled = _log_probabilities(probabilities, math.exp(log_temperature))
        off = log_temperature - math.log(expected)
        cost = SHARPENING_COST if off < 0 else SOFTENING_COST
        return float(-scaled[np.arange(len(truth)), truth].sum()) + cost * off**2

    lowest, highest = math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    # The log loss is convex in 1 / temperature, hence has one valley in log temperature, as the prior has.
    best = _lowest_point(loss, lowest, highest)
    sharpens_on_few = math.exp(best) < expected and len(truth) < sharpen_from
    at_a_bound = min(best - lowest, highest - best) < 2 * _TOLERANCE
    # A valley so flat that nothing is gained is no reason to touch the probabilities.
    gained = loss(math.log(expected)) - loss(best)
    return expected if sharpens_on_few or at_a_bound or gained < 1e-9 else math.exp(best)


def _lowest_point(loss: Callable[[float], float], low: float, high: float) -> float:
    """Search for the bottom of a single valley by golden sections."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    while high - low > _TOLERANCE:
        if loss_left < loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - _GOLDEN * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + _GOLDEN * (high - low)
            loss_right = loss(right)
    return (low + high) / 2


def _log_probabilities(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST_PROBABILITY)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    normal: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return normal
