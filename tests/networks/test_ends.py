"""The backbone that a series keeps: networks built on it start from the same bits as networks that were built anew."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design
from whosthat.networks.ends import backbone, keeping_backbones, photo_input, predictions


def network(seed: int, built: list[int] | None = None, what: str = "small", draw: Any = None) -> Any:
    """A network whose head and backbone both draw their first weights, and whose backbone gets others then."""
    keras = load_keras()
    keras.utils.set_random_seed(seed)
    design = Design(n_classes=3, size=8, seed=seed)

    def build() -> tuple[Any, Any]:
        if built is not None:
            built.append(seed)
        if draw is not None:
            draw()
        photo = photo_input(design)
        x = keras.layers.Conv2D(4, 3)(keras.layers.Rescaling(1 / 255)(photo))
        return photo, keras.layers.GlobalAveragePooling2D(name="features")(keras.layers.Conv2D(6, 3)(x))

    photo, features = backbone(what, build)
    model = keras.Model(photo, predictions(keras.layers.Dropout(0.5)(features), design))
    for weights in model.weights[:4]:
        weights.assign(np.full(weights.shape, 0.1))
    return model


def bits(model: Any) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.variables]  # with the state of the dropout


def test_what_is_built_on_a_kept_backbone_starts_from_the_same_bits() -> None:
    anew = [bits(network(seed)) for seed in (0, 1, 2)]
    built: list[int] = []
    with keeping_backbones():
        kept = [bits(network(seed, built)) for seed in (0, 1, 2)]
    assert built == [0]
    for ours, theirs in zip(anew, kept, strict=True):
        assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))


def test_outside_another_one_or_after_the_block_nothing_is_shared() -> None:
    built: list[int] = []
    network(0, built)
    with keeping_backbones():
        network(1, built)
        network(2, built, what="other")
        network(3, built)
    network(4, built)
    assert built == [0, 1, 2, 3, 4]


def test_a_backbone_that_was_tuned_learns_again_in_the_next_training() -> None:
    with keeping_backbones():
        model = network(0)
        model.trainable = False
        assert all(layer.trainable for layer in network(1).layers)


def test_one_whose_seeds_cannot_be_counted_is_not_kept() -> None:
    built: list[int] = []
    with keeping_backbones():
        for seed in (0, 1):
            network(seed, built, draw=lambda: random.seed(5))
            after = random.random()
            network(seed, draw=lambda: random.seed(5))
            assert random.random() == after
    assert built == [0, 1]
