"""resnet50: fifty layers with shortcuts, pretrained on ImageNet.

Only this family belongs here. Where its weights file is found and checked is `pretrained`'s business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from whosthat.networks.backend import load_keras
from whosthat.networks.design import Design, NetworkFacts
from whosthat.networks.ends import caffe_scaled, photo_input, predictions
from whosthat.networks.pretrained import fill_from_keras_file, find_weights
from whosthat.networks.registry import register
from whosthat.translation import N_

if TYPE_CHECKING:
    import keras

RESNET50 = NetworkFacts(
    name="resnet50",
    title=N_("ResNet50 with ImageNet weights and a new classifier"),
    input_size=224,
    minimum_size=32,
    licence="MIT",
    source=N_("Kaiming He's deep-residual-networks, ported by keras.applications"),
    paper="He, Zhang, Ren and Sun 2015, https://arxiv.org/abs/1512.03385",  # not translated: a paper
    parameters=23_602_055,
    options=("dropout",),
    weights="imagenet",
    weights_file="resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
    weights_bytes=94_765_736,
    weights_sha256="66c8b43daff3fcc15bc4f30e3d2a167e21a14d9c9598a5394e5516471f4af504",
    weights_md5="4d473c1dd8becc155b73f8504c6f6626",
    weights_address="https://storage.googleapis.com/tensorflow/keras-applications/resnet/resnet50_weights_tf_dim_ordering_tf_kernels_notop.h5",
)


@register(RESNET50, N_("ResNet50 as in keras.applications, averaged over the image, into one dense layer of class probabilities."))
def resnet50(design: Design) -> keras.Model:
    """Build keras.applications' network, and fill it from its file."""
    file = find_weights(RESNET50, design.weights)  # first: an absent file is said at once
    keras = load_keras()
    photo = photo_input(design)
    x = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=caffe_scaled(photo)).output
    x = keras.layers.GlobalAveragePooling2D(name="features")(x)
    model = keras.Model(photo, predictions(x, design, dropout=0.0), name="resnet50")
    fill_from_keras_file(model, RESNET50, file)
    return model
