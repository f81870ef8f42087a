"""What training will cost is said before it begins, where it is minutes."""

from __future__ import annotations

import pytest

from whosthat.networks import registry
from whosthat.training.recipe import default_recipe
from whosthat.workflow import expected_time
from whosthat.workflow.expected_time import SECONDS_A_PHOTO, expected_seconds, time_sentence

AVENGERS = {"ann": 548, "bo": 548}


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expected_time.os, "cpu_count", lambda: 2)


def test_the_cost_of_every_network_is_known() -> None:
    assert set(SECONDS_A_PHOTO) >= {name for name in registry.names() if registry.facts(name).source}


def test_minutes_are_announced_with_the_model_that_takes_them() -> None:
    recipes = [default_recipe("faces"), default_recipe("cnn6", epochs=36, size=112), default_recipe("efficientnet-lite0")]
    assert time_sentence(recipes, AVENGERS) == "This takes about 13 minutes, most of it for cnn6."


def test_less_than_a_minute_is_not() -> None:
    assert time_sentence([default_recipe("faces"), default_recipe("efficientnet-lite0")], AVENGERS) == ""


@pytest.mark.parametrize(
    ("changes", "times"),
    [({"epochs": 72}, 2.0), ({"size": 224}, 4.0), ({"pictures_per_class": 274}, 0.5), ({"split": "4:3:3"}, 0.5)],
)
def test_it_grows_with_epochs_area_and_photos(changes: dict[str, object], times: float) -> None:
    base = expected_seconds(default_recipe("cnn6", epochs=36, size=112, split="8:1:1"), AVENGERS)
    changed = default_recipe("cnn6", **({"epochs": 36, "size": 112, "split": "8:1:1"} | changes))
    assert expected_seconds(changed, AVENGERS) == pytest.approx(times * base)


def test_a_clip_costs_as_much_as_its_frames() -> None:
    assert expected_seconds(default_recipe("cnn-lstm", frames=8), AVENGERS) == pytest.approx(
        8 * expected_seconds(default_recipe("cnn-lstm"), AVENGERS)
    )
