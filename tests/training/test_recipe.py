from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whosthat.errors import RecipeError, UsageError
from whosthat.training.recipe import RECIPES, default_recipe, design_of, make_recipe, read_recipe


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 3}, r'There is no key "epoch". Did you mean "epochs"\?'),
        ({"epochs": 0}, r'"epochs": expected greater than or equal to 1, got 0'),
        ({"epochs": "3"}, r"\"epochs\": expected integer, got '3'"),
        ({"epochs": True}, r'"epochs": expected integer, got True'),
        ({"batch_size": -1}, r'"batch_size": .*got -1'),
        *(
            ({"split": text}, rf'"split": expected three numbers above 0.*{text}')
            for text in ("", "8", "8:1", "8:1:1:1", "8:1:x", "8:0:1", "8:-1:1", "nan:1:1", "inf:1:1", "8/1/1")
        ),
        ({"fit": "strech"}, r'"fit": .*Did you mean "stretch"\?'),
        ({"optimiser": {"name": "sdg"}}, r'"optimiser.name" cannot be "sdg". Did you mean "sgd"\?'),
        ({"optimiser": {"name": "adam", "momentum": 0.9}}, r'There is no key "optimiser.momentum". Choose one of: clip_norm'),
        ({"optimiser": {"name": "adam", "learning_rate": float("inf")}}, r'"optimiser.learning_rate": expected a finite number'),
        ({"schedule": {"name": "plateau", "patience": 0}}, r'"schedule.patience": expected greater than or equal to 1'),
        ({"early_stopping": {"patiense": 3}}, r'Did you mean "patience"\?'),
        ({"network": {"dropout": [0.1, 1.0]}}, r'"network.dropout.2": expected less than 1, got 1.0'),
        ({"augmentation": 3}, r'"augmentation": expected a section of settings, got 3'),
        ({"optimiser": 3}, r'"optimiser": expected a section of settings, got 3'),
        ({"weights": ""}, r'"weights": expected a text that is not empty, got'),
        ({"class_weights": 1}, r'"class_weights": expected boolean, got 1'),
        ({"crop": "face"}, r"\"crop\": expected 'photo' or 'faces', got 'face'\. Did you mean \"faces\"\?"),
        ({"seed": 2**32}, r'"seed": expected less than 4294967296'),
        ({"transfer": {"enabled": True}}, r'"transfer" needs pretrained weights'),
        ({"loss": "mean_squared_error", "label_smoothing": 0.1}, r'"label_smoothing" needs the loss'),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_was_expected(settings, message):
    with pytest.raises(RecipeError, match=message):
        make_recipe({"model": "cnn6"} | settings)


def test_every_wrong_key_is_named_at_once():
    with pytest.raises(RecipeError, match=r"epochs.*batch_size"):
        make_recipe({"model": "cnn6", "epochs": 0, "batch_size": 0})


@pytest.mark.parametrize("name", sorted(path.stem for path in RECIPES.glob("*.toml")))
def test_a_shipped_recipe_can_be_read_and_written(name, tmp_path):
    recipe = read_recipe(name)
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    assert read_recipe(tmp_path / "recipe.toml", complete=True) == recipe


def test_the_reference_is_shipped_with_its_own_settings():
    recipe = read_recipe("reference-cnn6")
    assert (recipe.size, recipe.batch_size, recipe.epochs, recipe.pictures_per_class) == (224, 128, 200, 314)
    assert recipe.ratios == (5.6, 1.4, 3)
    assert recipe.optimiser.model_dump() == {
        "learning_rate": 0.02, "clip_norm": 0.0, "decay": 1e-6, "ema": 0.0, "name": "sgd", "momentum": 0.9, "nesterov": True,
    }  # fmt: skip


@given(st.text(max_size=20), st.floats(0, 0.99), st.booleans(), st.integers(0, 2**32 - 1))
def test_toml_brings_every_value_back(blocks, rate, flag, seed):
    recipe = make_recipe({"model": "custom", "class_weights": flag, "seed": seed, "network": {"blocks": blocks, "dropout": [rate, 0.5]}})
    assert tomllib.loads(recipe.to_toml()) == recipe.model_dump(mode="json", exclude_none=True)


def test_the_key_changes_with_any_setting_and_with_nothing_else():
    recipe = make_recipe({"model": "cnn6"})
    assert recipe.key() == make_recipe({"model": "cnn6", "epochs": recipe.epochs}).key()
    assert recipe.key() != make_recipe({"model": "cnn6", "augmentation": {"flip": False}}).key()


def test_an_override_changes_only_the_keys_it_names():
    recipe = default_recipe("cnn6", epochs=2, size=None, early_stopping={"patience": 3}, optimiser={"clip_norm": 1.0})
    assert (recipe.epochs, recipe.early_stopping.enabled, recipe.early_stopping.patience) == (2, True, 3)
    assert recipe.optimiser.learning_rate == default_recipe("cnn6").optimiser.learning_rate
    assert recipe.size == default_recipe("cnn6").size


def test_another_optimiser_starts_from_its_own_defaults():
    assert default_recipe("cnn6", optimiser={"name": "sgd"}).optimiser.learning_rate == 0.01


def test_a_pretrained_network_is_trained_in_two_stages_unless_its_weights_are_refused():
    assert default_recipe("efficientnet-lite0").transfer.enabled
    assert not default_recipe("efficientnet-lite0", weights="none").transfer.enabled


def test_unknown_networks_and_recipes_are_refused_with_the_nearest_name():
    with pytest.raises(UsageError, match='Did you mean "cnn6"'):
        default_recipe("cnn5")
    with pytest.raises(RecipeError, match='Did you mean "reference-cnn6"'):
        read_recipe("reference-cnn5")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"epochs = ", "is not TOML"), (b"\xff\xfe", "is not TOML"), (b"epochs = 3", "which network"), (b"#" * 2_000_000, "larger than")],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path, content, message):
    path = tmp_path / "recipe.toml"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=message):
        read_recipe(path)


def test_reading_a_recipe_does_not_load_keras():
    code = "import sys; from whosthat.training.recipe import read_recipe; read_recipe('reference-cnn6'); sys.exit('keras' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("weights", "wanted"), [("none", "none"), ("imagenet", "imagenet"), ("mine.safetensors", Path("mine.safetensors"))]
)
def test_a_recipe_asks_for_its_network(weights: str, wanted: object) -> None:
    recipe = make_recipe({"model": "cnn6", "size": 64, "seed": 3, "weights": weights, "network": {"dropout": [0.1, 0.2]}})
    design = design_of(recipe, 5)
    assert (design.n_classes, design.size, design.frames, design.seed) == (5, 64, 1, 3)
    assert (design.weights, design.dropout, design.blocks) == (wanted, (0.1, 0.2), "")
