"""Temperature scaling: one number, fitted on validation photos, so that "90 % sure" is right nine times in ten.

What belongs here: fitting and applying that number. It changes no answer, only how sure the recogniser claims to be.
What does not: measuring calibration (`metrics.reliability_bins`), thresholds for strangers.

Source:
    C. Guo et al., "On calibration of modern neural networks", ICML 2017, section 4.2.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from whosthat.proportions import SMALLEST_PROBABILITY

LOWEST_TEMPERATURE, HIGHEST_TEMPERATURE = 0.05, 20.0
"""Bounds of the search. Few or perfect validation photos would otherwise drive the temperature to 0 or to infinity."""

_GOLDEN = (math.sqrt(5) - 1) / 2


def apply_temperature(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    """Soften (temperature above 1) or sharpen (below 1) probabilities; the order of the classes stays.

    Args:
        probabilities: Float array ``(n, c)``, rows summing to 1.
        temperature: Above 0; 1 changes nothing.

    Returns:
        Float array ``(n, c)``, rows summing to 1. A softmax of logits / temperature is the same thing: the
        logarithm of a probability is its logit up to a constant.

    Example:
        >>> apply_temperature(np.array([[0.9, 0.1]]), 2.0).round(2)
        array([[0.75, 0.25]])
    """
    return np.exp(_log_probabilities(probabilities, temperature))


def fit_temperature(probabilities: NDArray[Any], truth: NDArray[Any], tolerance: float = 1e-4) -> float:
    """Find the temperature that minimises the log loss of validation photos, never of test photos.

    Args:
        probabilities: Float array ``(n, c)``.
        truth: Integer array ``(n,)``.
        tolerance: Width, in the logarithm of the temperature, at which the golden-section search stops.

    Returns:
        A temperature between `LOWEST_TEMPERATURE` and `HIGHEST_TEMPERATURE`; 1 when there is no photo to fit it on.
    """
    if len(truth) == 0:
        return 1.0

    def loss(log_temperature: float) -> float:
        scaled = _log_probabilities(probabilities, math.exp(log_temperature))
        return float(-scaled[np.arange(len(truth)), truth].mean())

    # The loss is convex in 1 / temperature, hence has one valley in log temperature: golden section cannot miss it.
    low, high = math.log(LOWEST_TEMPERATURE), math.log(HIGHEST_TEMPERATURE)
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    loss_left, loss_right = loss(left), loss(right)
    while high - low > tolerance:
        if loss_left < loss_right:
            high, right, loss_right = right, left, loss_left
            left = high - _GOLDEN * (high - low)
            loss_left = loss(left)
        else:
            low, left, loss_left = left, right, loss_right
            right = low + _GOLDEN * (high - low)
            loss_right = loss(right)
    best = (low + high) / 2
    # A valley so flat that nothing is gained is no reason to touch the probabilities.
    return math.exp(best) if loss(best) < loss(0.0) - 1e-9 else 1.0


def _log_probabilities(probabilities: NDArray[Any], temperature: float) -> NDArray[np.float64]:
    logits = np.log(np.maximum(np.asarray(probabilities, np.float64), SMALLEST_PROBABILITY)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    normal: NDArray[np.float64] = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return normal
