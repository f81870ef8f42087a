"""A series is complete and sound before anything is trained, or refused in a sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from whosthat.errors import RecipeError, UsageError
from whosthat.training.experiments import grid, read_series
from whosthat.training.recipe import default_recipe, read_recipe


def write(tmp_path: Path, *steps: str, first: str = 'model = "cnn6"') -> Path:
    path = tmp_path / "series.toml"
    path.write_text("\n".join([first, *(f"[[step]]\n{step}" for step in steps)]), encoding="utf-8")
    return path


def test_a_grid_holds_every_combination() -> None:
    steps = grid(["cnn6"], {"batch_size": [16, 64], "optimiser.learning_rate": [0.001, 0.02]}, {"epochs": 5})
    assert [step.name for step in steps] == [f"batch_size={size} learning_rate={rate}" for size in (16, 64) for rate in (0.001, 0.02)]
    last = steps[-1]
    assert last.recipe == default_recipe("cnn6", epochs=5, batch_size=64, optimiser={"learning_rate": 0.02})
    assert last.changes == {"batch_size": 64, "optimiser.learning_rate": 0.02}


def test_models_recipes_optimisers_and_dropout_can_be_varied() -> None:
    assert [step.recipe.model for step in grid(["cnn6", "vgg16-bn1"], {"epochs": [3]}, {})] == ["cnn6", "vgg16-bn1"]
    recipes = grid([], {"recipe": ["reference-cnn6", "reference-cnn6-step"]}, {"size": 64})
    assert [(step.name, step.recipe.schedule.name, step.recipe.size) for step in recipes] == [
        ("recipe=reference-cnn6", "constant", 64),
        ("recipe=reference-cnn6-step", "step", 64),
    ]
    sgd, dropped = grid(["cnn6"], {"optimiser.name": ["sgd"], "network.dropout": [[0.1] * 5, [0.5] * 5]}, {})
    assert (sgd.recipe.optimiser.learning_rate, dropped.recipe.network.dropout) == (0.01, (0.5,) * 5)
    assert dropped.name == "name=sgd dropout=[0.5,0.5,0.5,0.5,0.5]"


def test_repeats_have_other_seeds_and_the_same_split() -> None:
    (step,) = grid(["cnn6"], {}, {"seed": 3})
    assert step.name == "cnn6"
    recipes = step.repeated(3)
    assert recipes[0] == step.recipe
    assert [(one.seed, one.seed_of_split) for one in recipes] == [(3, 3), (4, 3), (5, 3)]


@pytest.mark.parametrize(
    ("models", "vary", "sentence"),
    [
        (["cnn6"], {"batchsize": [16]}, r'with batchsize=16 cannot be used\. There is no key "batchsize"\. Did you mean "batch_size"'),
        (["cnn6"], {"optimiser.learning_rat": [0.1]}, 'Did you mean "learning_rate"'),
        (["cnn6"], {"batch_size": ["8..32"]}, r'"batch_size=8\.\.32" is a range\. Say how many of its values to try: --tune 20'),
        (["cnn6"], {"batch_size": [16, 0]}, "The recipe with batch_size=0 cannot be used"),
        (["cnn6"], {"epochs": [3, 3]}, '"epochs=3" and "epochs=3" are the same recipe'),
        ([], {"epochs": [3]}, "Name the model whose settings are varied"),
        (["cnn6"], {"recipe": ["reference-cnn6"]}, "A recipe names its model already"),
        (["cnn6"], {"model": ["vgg16-bn1"]}, r"names the models already\. Leave out cnn6"),
        ([], {"recipe": ["reference-cnn7"]}, 'Did you mean "reference-cnn6"'),
        (["faces"], {"seed": [1, 2]}, "Name a network, such as cnn6"),
        (["cnn5"], {"epochs": [3]}, 'Did you mean "cnn6"'),
    ],
)
def test_what_cannot_be_varied_is_refused(models: list[str], vary: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        grid(models, vary, {})


def test_steps_build_on_the_one_before_or_on_a_named_one(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'name = "a"\nchanges = { epochs = 4 }',
        'name = "b"\nwhy = "Too slow."\nchanges.optimiser.learning_rate = 0.02',
        'name = "c"\nfrom = "a"\nchanges = { batch_size = 8 }',
        'name = "d"\nfrom = "e"\nchanges = { batch_size = 64 }',
        'name = "e"\nchanges = { recipe = "reference-cnn6", epochs = 2 }',
    )
    a, b, c, d, e = read_series(path, {"size": 64})
    assert a.recipe == default_recipe("cnn6", epochs=4, size=64)
    assert (b.recipe.epochs, b.recipe.optimiser.learning_rate, b.why, b.changes) == (
        4,
        0.02,
        "Too slow.",
        {"optimiser.learning_rate": 0.02},
    )
    assert (c.recipe.batch_size, c.recipe.optimiser) == (8, a.recipe.optimiser)
    assert (d.recipe.batch_size, d.recipe.epochs, d.recipe.split) == (64, 2, read_recipe("reference-cnn6").split)
    assert (e.recipe.batch_size, e.recipe.size) == (128, 64)


A, B = 'name = "a"\nchanges = { epochs = 4 }', 'name = "b"\nchanges = { batch_size = 8 }'


@pytest.mark.parametrize(
    ("steps", "sentence"),
    [
        ([A, A], 'has two steps named "a"'),
        ([A, f'from = "b"\n{B}'], "steps build on each other in a circle: b, b"),
        ([f'from = "b"\n{A}', f'from = "a"\n{B}'], "steps build on each other in a circle: [ab], [ab], [ab]"),
        ([A, f'from = "A"\n{B}'], 'Step "b" of the series .* builds on "A", which is no step'),
        ([A, 'name = "b"'], '"a" and "b" are the same recipe'),
        ([A, 'name = "b"\nchanges = { epoch = 8 }'], 'Step "b" of the series .* Did you mean "epochs"'),
        ([A, 'name = "b"\nchanges = { epochs = 0 }'], 'Step "b" of the series .* "epochs"'),
        ([A, 'name = "b"\nchange = { epochs = 8 }'], r'"step\.2\.change".*Did you mean "changes"'),
        ([A, 'nam = "b"'], r'The key "step\.2\.name" is missing.*"step\.2\.nam"\. Did you mean "name"'),
        ([A, 'name = "b"\nchanges = 3'], r'"step\.2\.changes": expected a section of settings, got 3'),
        ([], 'The key "step" is missing'),
        (["name = "], "is not TOML"),
        (['name = "b"\nchanges = { model = "faces" }'], "Name a network"),
    ],
)
def test_a_series_file_that_means_nothing_is_refused(steps: list[str], sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        read_series(write(tmp_path, *steps), {})


def test_a_series_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(RecipeError, match='Did you mean "reference-diary"'):
        read_series("reference-dairy", {})


def test_the_diary_of_the_reference_has_its_seven_days() -> None:
    days = read_series("reference-diary", {})
    told = [(day.name.split()[0], day.recipe.epochs, day.recipe.batch_size, day.recipe.optimiser.learning_rate) for day in days]
    assert told == [
        ("6/8", 200, 128, 0.001),
        ("6/9", 200, 128, 0.001),
        ("6/10", 140, 128, 0.001),
        ("6/11", 100, 256, 0.001),
        ("6/13", 120, 128, 0.02),
        ("6/14", 140, 128, 0.02),
        ("6/15", 200, 128, 0.02),
    ]
    assert [day.recipe.classes for day in days] == [5, 6, 6, 6, 6, 6, 7]
    assert all(day.why for day in days)
    reference = read_recipe("reference-cnn6")
    assert days[-1].recipe == reference.model_copy(update={"classes": 7})
    shorter = read_series("reference-diary", {"epochs": 3})
    assert shorter[1].recipe == shorter[2].recipe
