from __future__ import annotations

from pathlib import Path

import pytest

from whosthat.training.design import design_of
from whosthat.training.recipe import make_recipe


@pytest.mark.parametrize(
    ("weights", "wanted"), [("none", "none"), ("imagenet", "imagenet"), ("mine.safetensors", Path("mine.safetensors"))]
)
def test_a_recipe_asks_for_its_network(weights, wanted):
    recipe = make_recipe({"model": "cnn6", "size": 64, "seed": 3, "weights": weights, "network": {"dropout": [0.1, 0.2]}})
    design = design_of(recipe, 5)
    assert (design.n_classes, design.size, design.frames, design.seed) == (5, 64, 1, 3)
    assert (design.weights, design.dropout, design.blocks) == (wanted, (0.1, 0.2), "")
