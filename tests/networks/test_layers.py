"""The layer tables of the networks against the numbers they are known by."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat.networks import registry
from whosthat.networks.registry import Design


def table(model):
    """Output shape and number of weights of every layer that has either a window or weights."""
    kinds = ("Conv2D", "TimeDistributed", "MaxPooling2D", "BatchNormalization", "Flatten", "Dense", "LSTM")
    return [(*layer.output.shape[1:], layer.count_params()) for layer in model.layers if type(layer).__name__ in kinds]


def build(name, size=224, n_classes=7, **options):
    return registry.build(name, Design(n_classes=n_classes, size=size, weights="none", **options))


def trainable(model):
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


@pytest.mark.slow
def test_cnn6_at_224_is_the_reference_table():
    model = build("cnn6")
    assert table(model) == [
        (224, 224, 16, 448),
        (222, 222, 32, 4_640),
        (111, 111, 32, 0),
        (111, 111, 32, 128),
        (111, 111, 64, 18_496),
        (55, 55, 64, 0),
        (55, 55, 64, 256),
        (55, 55, 256, 147_712),
        (53, 53, 256, 590_080),
        (26, 26, 256, 0),
        (26, 26, 256, 1_024),
        (26, 26, 512, 1_180_160),
        (24, 24, 512, 2_359_808),
        (12, 12, 512, 0),
        (12, 12, 512, 2_048),
        (73_728, 0),
        (1024, 75_498_496),
        (7, 7_175),
    ]
    assert (model.count_params(), trainable(model)) == (79_810_471, 79_808_743)
    dropouts = [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"]
    assert len(dropouts) == 5


def test_vgg16_bn1_at_224_is_the_reference_table():
    model = build("vgg16-bn1")
    assert (model.count_params(), trainable(model)) == (41_462_855, 41_462_727)
    norm = model.get_layer("block1_norm")
    assert (norm.output.shape[1:], norm.count_params()) == ((112, 112, 64), 256)
    assert sum(type(layer).__name__ == "Conv2D" for layer in model.layers) == 13
    assert table(model)[-4:] == [(25_088, 0), (1024, 25_691_136), (1024, 1_049_600), (7, 7_175)]


def test_vgg16_at_224_is_the_reference_table():
    model = build("vgg16")
    assert model.count_params() == 14_890_311
    assert model.get_layer("predictions").count_params() == 175_623
    assert [type(layer).__name__ for layer in model.layers[-3:]] == ["Flatten", "Activation", "Dense"]


def test_cnn_lstm_at_224_is_the_reference_table():
    model = build("cnn-lstm")
    assert table(model) == [
        (1, 223, 223, 1, 13),
        (1, 111, 111, 1, 0),
        (1, 110, 110, 1, 5),
        (1, 55, 55, 1, 0),
        (1, 55, 55, 1, 4),
        (1, 3025, 0),
        (50, 615_200),
        (7, 357),
    ]
    assert model.count_params() == 615_579


def test_frames_share_their_weights():
    assert build("cnn-lstm", size=32, frames=5).count_params() == build("cnn-lstm", size=32).count_params()


@pytest.mark.parametrize("name", [name for name in registry.names() if name != "cnn6"])
def test_parameters_of_the_facts_are_those_of_the_network(name):
    known = registry.facts(name)
    assert build(name, size=known.input_size).count_params() == known.parameters


@pytest.mark.parametrize(("size", "n_classes"), [(42, 2), (64, 3), (67, 10)])
def test_cnn6_follows_its_formula_at_other_sizes(size, n_classes):
    side = (((((size - 2) // 2) // 2 - 2) // 2) - 2) // 2
    rest = 79_810_471 - 75_498_496 - 7_175
    expected = rest + (side * side * 512 + 1) * 1024 + 1025 * n_classes
    assert build("cnn6", size=size, n_classes=n_classes).count_params() == expected


@pytest.mark.parametrize(("name", "backbone"), [("vgg16", 14_714_688), ("resnet50", 23_587_712)])
@pytest.mark.parametrize(("size", "n_classes"), [(100, 5)])
def test_pretrained_designs_follow_their_formula_at_other_sizes(name, backbone, size, n_classes):
    features = (size // 32) ** 2 * 512 if name == "vgg16" else 2048
    assert build(name, size=size, n_classes=n_classes).count_params() == backbone + (features + 1) * n_classes


@pytest.mark.parametrize(("name", "weights"), [("efficientnet-lite0", 4_652_008), ("efficientnet-lite2", 6_092_072)])
def test_efficientnet_lite_has_its_published_number_of_weights(name, weights):
    """Trainable ones with ImageNet's 1,000 classes; Google's table says 4.7 M and 6.1 M."""
    assert trainable(build(name, size=32, n_classes=1000)) == weights


def test_caffe_scaled_networks_see_blue_green_red_less_the_mean():
    import keras

    model = build("resnet50", size=32)
    seen = keras.Model(model.input, model.get_layer("subtract_mean").output)
    photos = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = keras.applications.imagenet_utils.preprocess_input(photos.astype(np.float32), mode="caffe")
    np.testing.assert_allclose(np.asarray(seen(photos)), expected, atol=1e-4)
