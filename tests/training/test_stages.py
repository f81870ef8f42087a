from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"name": "sgd", "momentum": 0.8, "nesterov": False}, {"kind": "SGD", "momentum": 0.8, "nesterov": False}),
        ({"name": "adam", "clip_norm": 2.0}, {"kind": "Adam", "global_clipnorm": 2.0}),
        ({"name": "adamw", "weight_decay": 0.02}, {"kind": "AdamW", "weight_decay": 0.02}),
        ({"name": "rmsprop", "momentum": 0.1}, {"kind": "RMSprop", "momentum": 0.1}),
    ],
)
def test_an_optimiser_has_the_settings_of_its_recipe(tiny, settings, expected):
    from whosthat.training.stages import _optimiser

    optimiser = _optimiser(tiny.recipe(optimiser=settings))
    config = optimiser.get_config() | {"kind": type(optimiser).__name__}
    assert {key: config[key] for key in expected} == expected


def test_biases_and_normalisation_do_not_decay(tiny):
    from whosthat.training.fitting import build_network
    from whosthat.training.stages import compile_model

    recipe = tiny.recipe(optimiser={"name": "adamw"})
    model = build_network(recipe, 3)
    compile_model(model, recipe)
    decaying = [weight.name for weight in model.trainable_weights if model.optimizer._use_weight_decay(weight)]
    assert decaying == ["kernel"] * 3


def test_losses_are_those_of_the_recipe(tiny):
    from whosthat.training.stages import _loss

    assert _loss(tiny.recipe(label_smoothing=0.1)).label_smoothing == 0.1
    assert float(_loss(tiny.recipe(loss="mean_squared_error"))([[0.0, 1.0]], [[0.5, 0.5]])) == 0.25
