"""custom: a network of the user's own blocks, such as "conv 64 3, conv 64 3, pool, norm, flatten, dense 128" (`blocks`).

The classifier with its softmax is added. What the language cannot say, a Python file can: `registry.load_custom`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.errors import NetworkError
from whosthat.networks.backend import load_keras
from whosthat.networks.blocks import add_block, parse_blocks
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import photo_input, predictions, rescaled
from whosthat.networks.registry import register

if TYPE_CHECKING:
    import keras

EXAMPLE = "conv 32 3, pool, norm, conv 64 3, pool, norm, conv 128 3, pool, norm, global, dropout 0.25, dense 128"
"""What is built when a recipe gives no blocks."""


@register(
    NetworkFacts(
        name="custom",
        title="Your own blocks, trained from scratch",
        input_size=112,
        minimum_size=8,
        licence="Apache-2.0",
        source="Your recipe",
        parameters=111_559,
        options=("blocks", "batch_norm_momentum", "initialiser", "rescale"),
    )
)
def custom(design: Design) -> keras.Model:
    """The blocks of ``Design.blocks``, such as ``conv 64 3, conv 64 3, pool, flatten, dense 128``, and a classifier."""
    keras = load_keras()
    photo = photo_input(design)
    x = rescaled(photo, design)
    for position, block in enumerate(parse_blocks(design.blocks or EXAMPLE), start=1):
        x = add_block(x, position, block, design)
    if len(x.shape) != 2:
        raise NetworkError(
            f"The blocks end in maps of shape {tuple(x.shape[1:])}, but the classifier needs a vector. Add global or flatten."
        )
    x = keras.layers.Identity(name="features")(x)
    return keras.Model(photo, predictions(x, design), name="custom")
