"""cnn-lstm: a small convolutional network looks at single frames, an LSTM at their order.

Only this family belongs here. A still photo is a series of one frame; `photos.preparing` repeats it.
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


@register(
    NetworkFacts(
        name="cnn-lstm",
        title=N_("Two convolutions on every frame and an LSTM over the frames"),
        input_size=224,
        minimum_size=7,
        loss="mean_squared_error",
        learning_rate=0.01,
        licence="Apache-2.0",
        source=N_("Written for whosthat after the course report it grew from"),
        paper="Donahue et al. 2015 (LRCN), https://arxiv.org/abs/1411.4389",  # not translated: a paper
        parameters=615_579,
        options=("dropout", "batch_norm_momentum", "initialiser", "rescale"),
        frames=True,
    ),
    N_(
        "Two convolutions of one 2 x 2 filter each, shared by all frames, then an LSTM of 50 units and a dense layer.\n\n"
        "The report's sigmoid output is a softmax here, and its dropout after the output is gone: both made probabilities that do not "
        "sum to 1. The squared error is kept. One filter a layer sees little: this network teaches, it does not win."
    ),
)
def cnn_lstm(design: Design) -> keras.Model:
    """Build the convolutions of every frame, then what looks at their order."""
    keras = load_keras()
    layers = keras.layers
    (rate,) = design.dropout_or((0.25,))
    photo = photo_input(design, frames=True)
    x = rescaled(photo, design)
    for number in (1, 2):
        # A single filter that starts below zero everywhere never recovers behind its relu, so it starts as a random blur.
        drawn = design.initialiser or keras.initializers.RandomUniform(0.0, 0.5)
        convolution = layers.Conv2D(1, 2, activation="relu", kernel_initializer=drawn, name=f"frame_conv{number}")
        x = layers.TimeDistributed(convolution, name=f"conv{number}")(x)
        x = layers.TimeDistributed(layers.MaxPooling2D(2), name=f"pool{number}")(x)
    x = layers.BatchNormalization(momentum=design.batch_norm_momentum or 0.9, name="norm")(x)
    x = layers.Dropout(rate, name="dropout")(x)
    x = layers.TimeDistributed(layers.Flatten(), name="flatten")(x)
    x = layers.LSTM(50, name="features")(x)
    return keras.Model(photo, predictions(x, design), name="cnn-lstm")
