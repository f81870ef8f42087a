"""Networks small enough to build in a blink, shared by the tests of this folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

from whosthat.networks import registry
from whosthat.networks.registry import Design


@pytest.fixture(autouse=True, scope="session")
def as_many_threads_as_other_tests(two_threads: None) -> None:
    """Every test here builds networks."""


def _smallest(name: str, **changes: Any) -> Design:
    """The smallest design of a network: three classes, random weights, two frames where it takes frames."""
    known = registry.facts(name)
    fields: dict[str, Any] = {"n_classes": 3, "size": known.minimum_size, "frames": 2 if known.frames else 1, "weights": "none"}
    return Design(**{**fields, **changes})


@cache
def _built(name: str) -> Any:
    """A small network with random biases and the BatchNorm statistics of its photos, so that no two photos score alike."""
    model = registry.build(name, _smallest(name))
    generator = np.random.default_rng(0)
    for variable in model.weights:
        if variable.name in ("beta", "bias"):
            variable.assign(generator.normal(0, 0.1, variable.shape))
    norms = [layer for layer in model.layers if type(layer).__name__ == "BatchNormalization"]
    momenta = [layer.momentum for layer in norms]
    for layer in norms:
        layer.momentum = 0.0
    model(_photos(model, 16), training=True)
    for layer, momentum in zip(norms, momenta, strict=True):
        layer.momentum = momentum
    return model


def _photos(model: Any, n: int = 4) -> np.ndarray:
    """Photos of noise around a colour of their own: with noise alone all would be one photo to a deep network."""
    generator, shape = np.random.default_rng(1), model.input.shape[1:]
    colours = generator.integers(0, 200, (n, *[1] * (len(shape) - 1), 3))
    return (colours + generator.integers(0, 56, (n, *shape))).astype(np.uint8)


@pytest.fixture
def smallest() -> Callable[..., Design]:
    return _smallest


@pytest.fixture
def built() -> Callable[[str], Any]:
    return _built


@pytest.fixture
def photos_for() -> Callable[[Any], np.ndarray]:
    """Random photos that a model takes."""
    return _photos
