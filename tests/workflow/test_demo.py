"""The demo's pictures go into the demo's folder and nowhere else."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import Mock

import pytest

from whosthat.cartoons import HEROES, STRANGERS, UNSEEN_STRANGERS
from whosthat.errors import NetworkError, UsageError
from whosthat.workflow import demo


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PHOTOS_EACH", 1)
    monkeypatch.setattr(demo, "STRANGERS_EACH", 1)


def test_pictures_are_drawn_once_and_again_the_same(tmp_path: Path) -> None:
    first, second = (demo.draw_demo_photos(tmp_path / "demo") for _ in range(2))
    assert first == second
    assert {path.name for path in first.photos.iterdir()} == set(HEROES)
    assert [path.stem for path in (*first.heroes, *first.strangers)] == [*HEROES, *UNSEEN_STRANGERS]
    assert all(path.is_file() for path in (*first.heroes, *first.strangers))


def test_the_threshold_is_fitted_on_other_people_than_those_at_the_end(tmp_path: Path) -> None:
    drawn = demo.draw_demo_photos(tmp_path / "demo")
    fitted_on = {path.name for path in drawn.others.iterdir()}
    assert fitted_on == set(STRANGERS)
    assert fitted_on.isdisjoint(path.stem for path in drawn.strangers)


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").touch()
    with pytest.raises(UsageError, match="is not a demo"):
        demo.draw_demo_photos(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "demo").touch()
    with pytest.raises(UsageError, match="is not a demo"):
        demo.draw_demo_photos(tmp_path / "demo")


def test_without_keras_nothing_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "require_keras", Mock(side_effect=NetworkError("keras is not installed")))
    with pytest.raises(NetworkError, match="not installed"):
        demo.draw_demo_photos(tmp_path / "demo")
    assert not (tmp_path / "demo").exists()


def test_the_recipe_is_quick() -> None:
    recipe = demo.demo_recipe()
    assert recipe.transfer.enabled
    assert recipe.size <= 160
