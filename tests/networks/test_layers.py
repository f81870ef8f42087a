"""The layer tables of the networks against the numbers they are known by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.layers import BLOCK, layers_of, layers_of_design
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


@pytest.mark.parametrize("name", registry.names())
def test_layers_add_up_to_the_network_whether_it_was_built_or_not(name, built, smallest):
    model = built(name)
    layers = layers_of(model)
    unbuilt = layers_of_design(name, smallest(name))
    assert [replace(layer, name="") for layer in layers.layers] == [replace(layer, name="") for layer in unbuilt.layers]
    assert (layers.parameters, layers.trainable) == (model.count_params(), trainable(model))
    assert (layers.layers[0].shape, layers.layers[-1].shape) == (model.input.shape[1:], (3,))
    assert len({layer.name for layer in layers.layers}) == len(layers.layers)


def test_a_design_far_too_large_to_build_has_layers_too():
    assert layers_of_design("cnn6", Design(7, 20_000)).parameters > 10**11


@pytest.mark.parametrize(("name", "n_blocks", "sizes"), [("resnet50", 16, {10, 12}), ("efficientnet-lite0", 16, {5, 8, 9})])
def test_blocks_are_folded_where_a_network_has_shortcuts(name, n_blocks, sizes):
    blocks = [layer for layer in layers_of_design(name, Design(7, 64, weights="none")).layers if layer.kind == BLOCK]
    assert len(blocks) == n_blocks
    assert {len(block.inside) for block in blocks} == sizes
    assert all(block.parameters == sum(layer.parameters for layer in block.inside) for block in blocks)
    assert all(block.shape == block.inside[-1].shape for block in blocks)


def test_a_model_used_as_a_layer_is_one_entry_and_what_changes_nothing_none():
    keras = load_keras()
    inner = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.ReLU(max_value=6.0)], name="inner")
    photo = keras.Input((8, 8, 3), name="photo")
    x = keras.layers.GlobalMaxPooling2D()(inner(keras.layers.Identity()(photo)))
    first, block, pool, last = layers_of(keras.Model(photo, keras.layers.Dense(2, name="predictions")(x))).layers
    assert (first.kind, block.name, block.kind, pool.kind, last.units) == ("InputLayer", "inner", BLOCK, "GlobalMaxPooling2D", 2)
    assert (block.shape, block.parameters) == ((6, 6, 4), 3 * 3 * 3 * 4 + 4)
    assert [layer.activation for layer in block.inside][-1] == "relu6"


def test_frozen_weights_are_not_trainable(built):
    keras = load_keras()
    model = keras.models.clone_model(built("cnn-lstm"))
    model.get_layer("features").trainable = False
    (lstm,) = [layer for layer in layers_of(model).layers if layer.kind == "LSTM"]
    assert (lstm.trainable, lstm.non_trainable) == (0, model.get_layer("features").count_params())
