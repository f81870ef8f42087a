"""cnn6: six convolutions and two dense layers, the reference's own network.

Only this family belongs here. How it is trained is the recipe's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import photo_input, predictions, rescaled
from whosthat.networks.registry import register
from whosthat.translation import N_

if TYPE_CHECKING:
    import keras

DROPOUT = (0.1, 0.1, 0.1, 0.1, 0.5)
"""After each of the four pools and before the output. The reference's 0.25, 0.5, 0.5, 0.5, 0.5 learns more slowly."""

BATCH_NORM_MOMENTUM = 0.9
"""Keras' own 0.99 needs hundreds of steps before validation sees useful statistics; 25 steps an epoch are few."""


@register(
    NetworkFacts(
        name="cnn6",
        title=N_("Six convolutions and two dense layers, trained from scratch"),
        input_size=224,
        minimum_size=42,
        learning_rate=6e-4,
        licence="Apache-2.0",
        source=N_("Written for whosthat after the course report it grew from"),
        parameters=79_810_471,
        options=("dropout", "batch_norm_momentum", "initialiser", "rescale"),
        old_keras=True,
    ),
    N_(
        "Six 3 x 3 convolutions in four stages, each ended by pooling, batch normalisation and dropout, then 1,024 dense units.\n\n"
        "Nearly all of its 80 million weights (at 224 pixels) stand in the first dense layer; at 112 pixels it has 17 million."
    ),
)
def cnn6(design: Design) -> keras.Model:
    """Build the four stages, then the dense layers."""
    layers = load_keras().layers
    dropout = design.dropout_or(DROPOUT)
    drawn = design.initialiser or "glorot_uniform"

    def convolution(x: keras.KerasTensor, filters: int, padding: str, name: str) -> keras.KerasTensor:
        return layers.Conv2D(filters, 3, padding=padding, activation="relu", kernel_initializer=drawn, name=name)(x)

    def end_of_stage(x: keras.KerasTensor, stage: int) -> keras.KerasTensor:
        x = layers.MaxPooling2D(2, name=f"stage{stage}_pool")(x)
        x = layers.BatchNormalization(momentum=design.batch_norm_momentum or BATCH_NORM_MOMENTUM, name=f"stage{stage}_norm")(x)
        return layers.Dropout(dropout[stage - 1], name=f"stage{stage}_dropout")(x)

    photo = photo_input(design)
    x = rescaled(photo, design)

    x = convolution(x, 16, "same", "stage1_conv1")
    x = convolution(x, 32, "valid", "stage1_conv2")
    x = end_of_stage(x, 1)

    x = convolution(x, 64, "same", "stage2_conv1")
    x = end_of_stage(x, 2)

    x = convolution(x, 256, "same", "stage3_conv1")
    x = convolution(x, 256, "valid", "stage3_conv2")
    x = end_of_stage(x, 3)

    x = convolution(x, 512, "same", "stage4_conv1")
    x = convolution(x, 512, "valid", "stage4_conv2")
    x = end_of_stage(x, 4)

    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1024, activation="relu", kernel_initializer=drawn, name="features")(x)
    x = layers.Dropout(dropout[4], name="features_dropout")(x)
    return load_keras().Model(photo, predictions(x, design), name="cnn6")
