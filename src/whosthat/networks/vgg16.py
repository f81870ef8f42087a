"""vgg16 and vgg16-bn1: the sixteen-layer network of Oxford's Visual Geometry Group, pretrained and from scratch.

Only this family belongs here. Where its weights file is found and checked is `pretrained`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import caffe_scaled, photo_input, predictions, rescaled
from whosthat.networks.pretrained import fill_from_keras_file, find_weights
from whosthat.networks.registry import register
from whosthat.translation import N_

if TYPE_CHECKING:
    import keras

VGG16 = NetworkFacts(
    name="vgg16",
    title=N_("VGG16 with ImageNet weights and a new classifier"),
    input_size=224,
    minimum_size=32,
    licence="CC-BY-4.0",
    source=N_("Visual Geometry Group, University of Oxford, ported by keras.applications"),
    paper="Simonyan and Zisserman 2014, https://arxiv.org/abs/1409.1556",  # not translated: a paper
    parameters=14_890_311,
    options=("dropout",),
    weights="imagenet",
    weights_file="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    weights_bytes=58_889_256,
    weights_sha256="bfe5187d0a272bed55ba430631598124cff8e880b98d38c9e56c8d66032abdc1",
    weights_md5="6d6bbae143d832006294945121d1f1fc",
    weights_address="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
)

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Filters and number of convolutions of each block (paper, table 1, column D)."""


@register(
    VGG16,
    N_("The convolutions of VGG16 without its top, flattened, through a relu, into one dense layer of class probabilities."),
)
def vgg16(design: Design) -> keras.Model:
    """Build keras.applications' network, and fill it from its file."""
    file = find_weights(VGG16, design.weights)  # first: an absent file is said at once
    keras = load_keras()
    photo = photo_input(design)
    x = keras.applications.VGG16(include_top=False, weights=None, input_tensor=caffe_scaled(photo)).output
    x = keras.layers.Flatten(name="flatten")(x)
    x = keras.layers.Activation("relu", name="features")(x)
    model = keras.Model(photo, predictions(x, design, dropout=0.0), name="vgg16")
    fill_from_keras_file(model, VGG16, file)
    return model


@register(
    NetworkFacts(
        name="vgg16-bn1",
        title=N_("VGG16's convolutions with one batch normalisation, trained from scratch"),
        input_size=224,
        minimum_size=32,
        learning_rate=1e-4,
        licence="Apache-2.0",
        source=N_("Written for whosthat after the course report it grew from"),
        paper=VGG16.paper,
        parameters=41_462_855,
        options=("dropout", "batch_norm_momentum", "initialiser", "rescale"),
    ),
    N_(
        "The 13 convolutions of VGG16 with batch normalisation after the first pool, then two dense layers of 1,024 with dropout.\n\n"
        "He initialisation is the default: with Glorot's the signal of 13 relu layers without further normalisation fades."
    ),
)
def vgg16_bn1(design: Design) -> keras.Model:
    """Build the thirteen convolutions, then the dense layers."""
    keras = load_keras()
    layers = keras.layers
    dropout = design.dropout_or((0.5, 0.5))
    drawn = design.initialiser or "he_uniform"
    photo = photo_input(design)
    x = rescaled(photo, design)
    for block, (filters, convolutions) in enumerate(BLOCKS, start=1):
        for number in range(1, convolutions + 1):
            name = f"block{block}_conv{number}"
            x = layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer=drawn, name=name)(x)
        x = layers.MaxPooling2D(2, name=f"block{block}_pool")(x)
        if block == 1:
            x = layers.BatchNormalization(momentum=design.batch_norm_momentum or 0.9, name="block1_norm")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dense(1024, activation="relu", kernel_initializer=drawn, name="dense1")(x)
    x = layers.Dropout(dropout[0], name="dense1_dropout")(x)
    x = layers.Dense(1024, activation="relu", kernel_initializer=drawn, name="features")(x)
    x = layers.Dropout(dropout[1], name="features_dropout")(x)
    return keras.Model(photo, predictions(x, design), name="vgg16-bn1")
