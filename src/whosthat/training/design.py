"""From a recipe to what a network's function is asked to build.

Nothing else belongs here. Keras is not imported, so that a recipe can be checked against its network before anything is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from whosthat.networks.design import Design
from whosthat.training.recipe import Recipe

_PUBLISHED: dict[str, Literal["none", "imagenet"]] = {"none": "none", "imagenet": "imagenet"}


def design_of(recipe: Recipe, n_classes: int) -> Design:
    """Return the design of a recipe's network.

    Args:
        recipe: What to train and how.
        n_classes: Number of classes.
    """
    weights = _PUBLISHED.get(recipe.weights) or Path(recipe.weights)
    settings = recipe.network.model_dump(exclude_none=True)
    return Design(n_classes, recipe.size, frames=recipe.frames or 1, weights=weights, seed=recipe.seed, **settings)
