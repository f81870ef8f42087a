"""How long training will take, roughly: so that nobody waits for minutes that were not announced.

What belongs here: the cost of each network, measured or reckoned, and what a recipe makes of it. What does not: measuring.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from whosthat.training.recipe import AnyRecipe, Recipe
from whosthat.training.recipe_base import FaceRecipe
from whosthat.translation import _
from whosthat.wording import counted

WORTH_SAYING = 60.0
"""Seconds of training that are announced."""

SECONDS_A_FACE = 0.01
"""To find and embed the face of a photo, on the cores of `CORES`."""

CORES = 2
"""On so many cores the costs were measured."""

SECONDS_A_PHOTO: Mapping[str, tuple[float, int]] = {
    "cnn-lstm": (0.001, 224),
    "cnn6": (0.024, 112),
    "custom": (0.010, 112),
    "efficientnet-lite0": (0.028, 224),
    "efficientnet-lite2": (0.062, 260),  # reckoned from its operations, 2.2 times lite0's
    "resnet50": (0.15, 224),  # reckoned from its operations, a quarter to a third of VGG16's
    "vgg16": (0.45, 224),  # reckoned from vgg16-bn1
    "vgg16-bn1": (0.47, 224),
}
"""What one photo costs in one epoch, and the side in pixels at which that was measured; it grows with the photo's area."""

FORWARD = 1 / 3
"""Share of that which a photo costs when the network only looks at it."""


def expected_seconds(recipe: AnyRecipe, photos: Mapping[str, int]) -> float:
    """Return about how long training takes on this computer, given how many photos each class has; an unknown network counts as cnn6."""
    n = sum(min(count, recipe.pictures_per_class or count) for count in photos.values())
    cores = CORES / (os.cpu_count() or CORES)
    return cores * (SECONDS_A_FACE * n if isinstance(recipe, FaceRecipe) else _seconds_of_network(recipe, n))


def _seconds_of_network(recipe: Recipe, n: int) -> float:
    seconds, side = SECONDS_A_PHOTO.get(recipe.model, SECONDS_A_PHOTO["cnn6"])
    seconds *= (recipe.frames or 1) * (recipe.size / side) ** 2
    n_train = n * recipe.ratios[0] / sum(recipe.ratios)
    if recipe.transfer.enabled:
        return seconds * (FORWARD * n * recipe.transfer.views + n_train * recipe.transfer.fine_tune_epochs)
    return seconds * n_train * recipe.epochs


def time_sentence(recipes: Sequence[AnyRecipe], photos: Mapping[str, int]) -> str:
    """Say how long training several models takes, and which of them takes longest; empty where it is less than a minute."""
    seconds = {recipe.model: expected_seconds(recipe, photos) for recipe in recipes}
    total, longest = sum(seconds.values()), max(seconds, key=seconds.__getitem__)
    if total < WORTH_SAYING:
        return ""
    return _("This takes about {minutes}, most of it for {model}.", minutes=counted(round(total / 60), "minute"), model=longest)
