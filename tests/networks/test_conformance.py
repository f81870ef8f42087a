"""What every network must do. A new network is tested here by being registered."""

from __future__ import annotations

import numpy as np
import pytest

from whosthat import settings
from whosthat.networks import registry
from whosthat.networks.backend import load_keras
from whosthat.networks.onnx_writer import parity, write_onnx
from whosthat.networks.weights import load_weights, save_weights, weights_of

each_network = pytest.mark.parametrize("name", registry.names())


@each_network
def test_facts_are_complete(name):
    known = registry.facts(name)
    assert known.name == name
    for field in ("title", "licence", "source", "optimiser"):
        assert getattr(known, field), field
    assert known.minimum_size <= known.input_size
    assert known.parameters > 0
    assert 0 < known.learning_rate < 1
    if known.weights != "none":
        assert known.weights_file
        assert known.weights_bytes > 0
        assert known.weights_sha256 or known.weights_md5
        assert known.weights_address.startswith("https://")


@each_network
def test_function_is_described(name):
    assert len(registry.describe(name)) > 40


@each_network
def test_predictions_are_probabilities(name, built, photos_for):
    model = built(name)
    probabilities = model.predict_on_batch(photos_for(model))
    assert probabilities.shape == (4, 3)
    assert probabilities.min() >= 0
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert np.ptp(probabilities, axis=0).max() > 1e-4, "all photos score alike"


@each_network
def test_head_after_backbone_is_the_network(name, built, photos_for):
    model = built(name)
    backbone, head = registry.backbone_and_head(model)
    photos = photos_for(model)
    features = np.asarray(backbone(photos, training=False))
    assert features.ndim == 2
    np.testing.assert_array_equal(np.asarray(head(features, training=False)), np.asarray(model(photos, training=False)))
    assert {id(variable) for variable in head.weights} < {id(variable) for variable in model.weights}


@each_network
def test_every_trainable_weight_gets_a_gradient(name, built, photos_for):
    import tensorflow

    model = built(name)
    with tensorflow.GradientTape() as tape:
        loss = tensorflow.reduce_sum(model(photos_for(model), training=False)[:, 0])
    variables = [variable.value for variable in model.trainable_variables]
    for variable, gradient in zip(model.trainable_variables, tape.gradient(loss, variables), strict=True):
        assert gradient is not None, variable.path
        assert np.abs(gradient).max() > 0, variable.path


@each_network
def test_saved_and_loaded_weights_are_equal_to_the_bit(name, built, photos_for, smallest, tmp_path):
    model = built(name)
    save_weights(model, tmp_path / "weights.safetensors")
    other = registry.build(name, smallest(name, seed=1))
    load_weights(other, tmp_path / "weights.safetensors")
    photos = photos_for(model)
    np.testing.assert_array_equal(np.asarray(other(photos, training=False)), np.asarray(model(photos, training=False)))


@each_network
def test_exported_graph_agrees(name, built, photos_for):
    model = built(name)
    assert parity(model, write_onnx(model), photos_for(model)) <= settings.ONNX_PARITY_TOLERANCE


@each_network
def test_one_seed_gives_one_network(name, built, smallest):
    other = weights_of(built(name))
    load_keras().utils.set_random_seed(99)  # what was drawn before must not matter
    first, again = (weights_of(registry.build(name, smallest(name, seed=7))) for _ in range(2))
    assert all(np.array_equal(first[path], again[path]) for path in first)
    assert not np.array_equal(first["predictions/kernel"], other["predictions/kernel"])


@each_network
def test_one_pixel_less_than_the_minimum_is_refused(name, smallest):
    size = registry.facts(name).minimum_size - 1
    with pytest.raises(registry.NetworkError, match=rf"at least {size + 1} x {size + 1} pixels, got size {size}"):
        registry.build(name, smallest(name, size=size))


def planted(violation):
    """A network that breaks one rule of this file, as `built` gives networks."""
    layers = load_keras().layers
    photo = load_keras().Input((8, 8, 3), name="photo")
    x = layers.Rescaling(1 / 255)(photo)
    features = layers.GlobalAveragePooling2D(name="features")(x)
    if violation == "dead weight":
        features = features + 0.0 * layers.Dense(3)(features)
    if violation == "photos unseen":
        features = 0.0 * features
    scores = layers.Dense(3, name="predictions", bias_initializer="uniform")(features)
    return load_keras().Model(photo, scores if violation == "no probabilities" else layers.Softmax()(scores))


@pytest.mark.parametrize(
    ("violation", "rule"),
    [
        ("dead weight", test_every_trainable_weight_gets_a_gradient),
        ("photos unseen", test_predictions_are_probabilities),
        ("no probabilities", test_predictions_are_probabilities),
    ],
)
def test_a_planted_violation_is_found(violation, rule, photos_for):
    with pytest.raises(AssertionError):
        rule("planted", lambda _: planted(violation), photos_for)


def test_a_sound_planted_network_passes(photos_for):
    for rule in (test_every_trainable_weight_gets_a_gradient, test_predictions_are_probabilities):
        rule("planted", lambda _: planted(""), photos_for)


def test_a_planted_graph_that_disagrees_is_found(smallest, photos_for):
    model = registry.build("custom", smallest("custom"))
    graph = write_onnx(model)
    model.get_layer("predictions").bias.assign([1.0, 0.0, 0.0])
    assert parity(model, graph, photos_for(model)) > settings.ONNX_PARITY_TOLERANCE
