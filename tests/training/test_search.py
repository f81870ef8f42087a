"""A search asks for steps that follow from what it was told, the same ones each time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from whosthat.errors import RecipeError, UsageError
from whosthat.training.search import Search, hopeless

SPACE = {"optimiser.learning_rate": ["0.0001..0.1"], "batch_size": ["8..32"], "network.dropout": [[0.1] * 5, [0.5] * 5]}


def searched(n: int, quality: Callable[[Any], float], space: dict[str, Any] = SPACE) -> list[Any]:
    search = Search(["cnn6"], space, n, {"epochs": 3})
    recipes = []
    for _step in range(n):
        recipes.append(search.ask().recipe)
        search.tell([quality(recipes[-1])])
    return recipes


def test_what_is_asked_for_lies_in_the_ranges_and_in_few_digits() -> None:
    recipes = searched(12, lambda _recipe: 0.5)
    assert all(8 <= recipe.batch_size <= 32 and recipe.epochs == 3 for recipe in recipes)
    rates = [recipe.optimiser.learning_rate for recipe in recipes]
    assert all(0.0001 <= rate <= 0.1 and rate == float(f"{rate:.3g}") for rate in rates)
    assert len(set(rates)) == 12
    assert {recipe.network.dropout for recipe in recipes} == {(0.1,) * 5, (0.5,) * 5}


def test_it_goes_where_it_was_better_and_asks_the_same_when_told_the_same() -> None:
    def quality(recipe: Any) -> float:
        return 1 - abs(recipe.batch_size - 27) / 27

    space = {"batch_size": ["1..64"]}
    first = [recipe.batch_size for recipe in searched(40, quality, space)]
    assert sum(abs(size - 27) for size in first[20:]) < sum(abs(size - 27) for size in first[:20])
    assert [recipe.batch_size for recipe in searched(40, quality, space)] == first


def test_what_is_worse_than_most_is_given_up_but_not_at_once() -> None:
    search = Search(["cnn6"], {"batch_size": ["1..64"]}, 9)
    for accuracy in (0.5, 0.7, 0.6):
        search.ask()
        search.tell([accuracy] * 5)
    assert search.bars() == ()
    search.ask()
    search.tell([0.4] * 3)
    bars = search.bars()
    assert bars == pytest.approx((0, 0, 0.55, 0.6, 0.6))
    assert [hopeless(bars, [0.1] * epochs) for epochs in range(1, 7)] == [False, False, True, True, True, False]
    assert not hopeless(bars, [0.1, 0.58, 0.2])
    assert not hopeless((), [0.0])


def test_some_are_asked_for_at_once_and_told_in_their_order() -> None:
    search = Search(["cnn6"], {"batch_size": ["1..64"]}, 9)
    first, second = search.ask(), search.ask()
    search.tell([0.5])
    search.tell([])  # it failed
    assert first.recipe != second.recipe
    assert search.bars() == ()
    assert [trial.value for trial in search._study.trials] == [0.5, None]


@pytest.mark.parametrize(
    ("space", "n", "error", "sentence"),
    [
        ({}, 3, UsageError, "Say what to tune"),
        ({"batch_size": ["8..32"]}, 0, UsageError, "A search has 1 to 1000 steps, got 0"),
        ({"batch_size": ["32..8"]}, 3, RecipeError, 'The range "batch_size=32..8" is empty'),
        ({"batch_size": ["0..8"]}, 3, RecipeError, "The recipe with batch_size=0 cannot be used"),
        ({"network.dropout": ["0.1..0.5"]}, 3, RecipeError, "cannot be used"),
        ({"batchsize": ["8..32"]}, 3, RecipeError, 'Did you mean "batch_size"'),
        ({"batch_size": ["8.."]}, 3, RecipeError, "expected integer, got '8..'"),
        ({"batch_size": ["1.2.3..4"]}, 3, RecipeError, "expected integer, got '1.2.3..4'"),
    ],
)
def test_what_cannot_be_searched_is_refused_before_anything_is_trained(space: Any, n: int, error: type[Exception], sentence: str) -> None:
    with pytest.raises(error, match=sentence):
        Search(["cnn6"], space, n)


def test_without_optuna_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "optuna", None)
    with pytest.raises(UsageError, match=r"whosthat\[tune\]"):
        Search(["cnn6"], SPACE, 3)
